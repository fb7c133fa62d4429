# SPDX-License-Identifier: MIT
"""The pictures of a run, as bars: instructions by part, crossings by kind, the budget in modelled cycles, a boot."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from . import pictures, text
from .budget import REST, SMALL, budget_of
from .entries import Figure
from .model import Column, Results, verdict

CROSSINGS = tuple(pictures.CROSSINGS)
UNDIVIDED = "undivided"


def part_names(results: Results, workload: str, prefix: str) -> list[str]:
    """The metrics that begin so, in the order of the stack."""
    order = list(pictures.PARTS)

    def place(name: str) -> tuple[int, str]:
        part = name[len(prefix):]
        return (order.index(part) if part in order else len(order)), name

    return sorted({name for name in results.metrics(workload) if name.startswith(prefix)}, key=place)


def _parts(results: Results, workload: str, column: Column) -> dict[str, float]:
    """Instructions by part; what the parts leave of the total is its own segment."""
    prefix = "instructions."
    parts = {name[len(prefix):]: results.value(workload, column, name) or 0.0
             for name in part_names(results, workload, prefix)}
    rest = (results.value(workload, column, "instructions") or 0.0) - sum(parts.values())
    if rest > 0.005:
        parts[UNDIVIDED] = rest
    return {key: size for key, size in parts.items() if size > 0}


def _counted(results: Results, workload: str, columns: list[Column], metrics: tuple[str, ...],
             by_part: bool) -> list[pictures.Bar]:
    bars = []
    for column in columns:
        values = {name: results.value(workload, column, name) for name in metrics}
        if all(value is None for value in values.values()):
            refused = results.refusal(workload, column)
            bars.append(pictures.Bar(column.label, {}, verdict(refused) if refused else "not recorded"))
        elif by_part:
            bars.append(pictures.Bar(column.label, _parts(results, workload, column)))
        else:
            bars.append(pictures.Bar(column.label, {name: value for name, value in values.items() if value}))
    return bars


def _merged(bars: list[pictures.Bar]) -> list[pictures.Bar]:
    """With what is small in every bar as one segment, if that is more than one kind."""
    small = {key for bar in bars for key in bar.segments}
    small -= {key for bar in bars for key, size in bar.segments.items() if size >= SMALL * bar.total}
    if len(small) < 2:
        return bars
    merged = []
    for bar in bars:
        rest = sum(size for key, size in bar.segments.items() if key in small)
        kept = {key: size for key, size in bar.segments.items() if key not in small}
        merged.append(pictures.Bar(bar.label, kept | ({REST: rest} if rest else {}), bar.note, bar.measured))
    return merged


def _budgets(results: Results, workload: str, columns: list[Column]) -> list[pictures.Bar]:
    bars = []
    for column in columns:
        budget = budget_of(results, workload, column)
        if budget:
            segments = {name: term.cycles for name, term in budget.terms.items() if term.cycles > 0}
            bars.append(pictures.Bar(column.label, segments, measured=results.measured(workload, column)))
    return _merged(bars)


@dataclass(frozen=True)
class _Plot:
    """How bars are shown: the file's name, what is drawn in words, the title, the caption and the axis."""

    name: str
    what: str
    title: str
    caption: str
    axis: str
    palette: pictures.Palette
    modelled: bool = False


def _figure(out: Path, plot: _Plot, bars: list[pictures.Bar]) -> Optional[Figure]:
    if not any(bar.segments for bar in bars):
        return None
    svg = pictures.draw(out / plot.name, bars, plot.palette, plot.axis, plot.modelled)
    alt = f"Bar chart: {plot.what}: {'; '.join(f'{bar.label} {bar.said}' for bar in bars)}. The table has the numbers."
    return Figure(plot.name, plot.title, alt, plot.caption, base64.b64encode(svg.encode()).decode())


def _boots(results: Results, workload: str, columns: list[Column], lane: str, metric: str) -> str:
    """How many boots a number is of."""
    counts = [cell.n for column in columns if (cell := results.get(workload, column, metric, lane)) and cell.admitted]
    return f"n = {text.spread(min(counts), max(counts)) or counts[0]}" if counts else "n = 0"


def _budget_plot(results: Results, workload: str, anchor: str, columns: list[Column],
                 bars: list[pictures.Bar]) -> _Plot:
    profile = results.model.profile if results.model else ""
    any_measured = any(bar.measured is not None for bar in bars)
    measured = f"diamond: measured, median, {_boots(results, workload, columns, 'time', 'cycles')}"
    return _Plot(f"{anchor}_budget", f"modelled cycles per operation of {workload}, profile {profile}",
                 "Budget in modelled cycles",
                 f"modelled (hatched), profile {profile}; {measured if any_measured else 'not measured'}",
                 "modelled cycles per operation", pictures.BUDGET, modelled=True)


def of_workload(results: Results, workload: str, anchor: str, columns: list[Column], out: Path) -> list[Figure]:
    """Those for which there is something to draw."""
    names = ("instructions", *part_names(results, workload, "instructions."))
    exact = f"exact, {_boots(results, workload, columns, 'exact', 'instructions')}"
    parts = _Plot(f"{anchor}_instructions", f"instructions by part per operation of {workload}", "Instructions by part",
                  exact, "instructions per operation", pictures.PARTS)
    kinds = _Plot(f"{anchor}_crossings", f"crossings by kind per operation of {workload}", "Crossings by kind", exact,
                  "crossings per operation", pictures.CROSSINGS)
    bars = _budgets(results, workload, columns)
    made = [_figure(out, parts, _counted(results, workload, columns, names, True)),
            _figure(out, kinds, _counted(results, workload, columns, CROSSINGS, False)),
            _figure(out, _budget_plot(results, workload, anchor, columns, bars), bars)]
    return [figure for figure in made if figure]


def of_boots(results: Results, out: Path) -> Optional[Figure]:
    if not results.boots:
        return None
    bars = [pictures.Bar(boot.column.label, {name: max(boot.parts[name].ms, 0.0) for name in pictures.BOOT})
            for boot in results.boots.rows]
    evidence = "of the emulator" if results.boots.emulated else "measured"
    plot = _Plot("boot_latency", "milliseconds of a boot by stage", "Boot latency by stage",
                 f"{evidence}, n = {results.boots.runs} boots to each stage", "ms from the start of QEMU",
                 pictures.BOOT)
    return _figure(out, plot, bars)
