# SPDX-License-Identifier: MIT
"""Turns a run into index.html, summary.md and pictures.

Everything shown goes through _entry, which alone decides between a number and the reason for none: a cell that was
not admitted never shows its value.  Texts of the run are escaped by the template (HTML) or by text.markdown.
"""

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import jinja2

from . import across, modelled, pictures, text
from .model import LANES, Cell, Column, Results, verdict, why
from .entries import Entry, Row, Table

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
RAW_FILES = ("results.json", "results.csv", "samples.jsonl", "plan.json", "host.json", "serial")
CROSSINGS = tuple(pictures.CROSSINGS)
INCLUDED = ("as_switch_kept",)  # counted under another kind as well
FURTHER = ("page_fault", "bytes_copied")
UNDIVIDED = "undivided"
FACTS = {"kind": "kind of host", "cpu_features": "processor features of the host", "kind_reason": "KVM", "memory_mib": "memory in MiB", "kernel": "kernel of the host"}
AUDITS = {"ok": ", audit ok", "none": ", no audit"}
REASON_MAX = 160


@dataclass
class Figure:
    name: str
    alt: str
    data: str = ""


@dataclass
class Block:
    """One table with its picture.  All of it is of one lane, and so of one kind of evidence."""

    table: Table
    state: list[Row]
    evidence: str
    figure: Optional[Figure] = None
    pictured: bool = True


@dataclass
class Section:
    workload: str
    anchor: str
    blocks: list[Block] = field(default_factory=list)
    everything: Optional[Table] = None
    notes: list[str] = field(default_factory=list)
    blocks_notes: int = 0  # how many of the notes, the first, are those of the blocks

    def mark(self, note: str) -> int:
        if note not in self.notes:
            self.notes.append(note)
        return self.notes.index(note) + 1


def _entry(cell: Optional[Cell], section: Section, sub: str = "") -> Entry:
    if cell is None:
        return Entry("none", text.NO_VALUE)
    if not cell.admitted:
        return Entry("refused", verdict(cell), mark=section.mark(why(cell)))
    samples = text.spread(cell.lo, cell.hi)
    return Entry("value", text.number(cell.value), sub or samples)


def _colour(key: str) -> str:
    palette = {**pictures.PARTS, **pictures.CROSSINGS}
    return palette.get(key, pictures.UNKNOWN)[0]


def _shown(results: Results, workload: str, lane: str) -> list[Column]:
    return [column for column in results.columns if results.of(workload, column, lane)]


def _metric_names(results: Results, workload: str, prefix: str) -> list[str]:
    found = {cell.metric for cell in results.cells if cell.workload == workload and cell.metric.startswith(prefix)}
    order = list(pictures.PARTS)

    def place(name: str) -> tuple[int, str]:
        part = name[len(prefix):]
        return (order.index(part) if part in order else len(order)), name

    return sorted(found, key=place)


def _rows(results: Results, section: Section, columns: list[Column], names: list[tuple[str, str, str]],
          zeros: bool = True) -> list[Row]:
    """names: metric, shown name, key of its colour.  zeros: whether a row of zeros is worth a line."""
    rows = []
    for metric, name, key in names:
        cells = [results.get(section.workload, column, metric) for column in columns]
        if any(cell is not None and (zeros or cell.value or not cell.admitted) for cell in cells):
            exact = [cell if cell is None or cell.evidence == "exact" or not cell.admitted else None for cell in cells]
            rows.append(Row(name, [_entry(cell, section) for cell in exact], key, strong=metric == "instructions"))
    return rows


def _segments(results: Results, workload: str, column: Column) -> dict[str, float]:
    """Instructions by part; what the parts leave of the total is its own segment."""
    prefix = "instructions."
    parts = {name[len(prefix):]: results.value(workload, column, name) or 0.0
             for name in _metric_names(results, workload, prefix)}
    rest = (results.value(workload, column, "instructions") or 0.0) - sum(parts.values())
    if rest > 0.005:
        parts[UNDIVIDED] = rest
    return {key: size for key, size in parts.items() if size > 0}


def _bars(results: Results, workload: str, columns: list[Column], crossings: bool) -> list[pictures.Bar]:
    bars = []
    for column in columns:
        metrics = CROSSINGS if crossings else ("instructions", *_metric_names(results, workload, "instructions."))
        values = {name: results.value(workload, column, name) for name in metrics}
        if all(value is None for value in values.values()):
            refused = results.refusal(workload, column)
            bars.append(pictures.Bar(column.label, {}, verdict(refused) if refused else "not recorded"))
        elif crossings:
            bars.append(pictures.Bar(column.label, {name: value for name, value in values.items() if value}))
        else:
            bars.append(pictures.Bar(column.label, _segments(results, workload, column)))
    return bars


def _alt(what: str, workload: str, bars: list[pictures.Bar]) -> str:
    said = [f"{bar.label} {bar.note or text.number(bar.total)}" for bar in bars]
    return f"Bar chart: {what} per operation of {workload}: {'; '.join(said)}. The table has the numbers."


def _figure(results: Results, section: Section, columns: list[Column], out: Path, crossings: bool) -> Optional[Figure]:
    bars = _bars(results, section.workload, columns, crossings)
    if all(bar.note for bar in bars):
        return None
    what = "crossings by kind" if crossings else "instructions by part"
    name = f"{section.anchor}_{'crossings' if crossings else 'instructions'}"
    palette = pictures.CROSSINGS if crossings else pictures.PARTS
    svg = pictures.draw(out / name, bars, palette, f"{what.split()[0]} per operation")
    return Figure(name, _alt(what, section.workload, bars), base64.b64encode(svg.encode()).decode())


def _state(results: Results, section: Section, columns: list[Column], lane: str) -> Row:
    entries = []
    for column in columns:
        cells = results.of(section.workload, column, lane)
        refused = [cell for cell in cells if not cell.admitted]
        none = results.refusal(section.workload, column, lane)
        if none:
            entries.append(Entry("refused", verdict(none), mark=section.mark(why(none))))
        elif refused:
            said = f"{len(cells) - len(refused)} of {len(cells)} admitted"
            entries.append(Entry("refused", said, mark=section.mark(why(refused[0]))))
        else:
            samples = [cell.n for cell in cells]
            n = text.spread(min(samples), max(samples)) or samples[0]
            entries.append(Entry("value", "admitted", f"n = {n}{AUDITS.get(cells[0].audit, '')}"))
    return Row("admission", entries)


def _samples(cell: Optional[Cell]) -> str:
    return f"{text.spread(cell.lo, cell.hi)} n = {cell.n}".strip() if cell else ""


def _everything(results: Results, section: Section, columns: list[Column]) -> Table:
    kinds = dict.fromkeys((cell.lane, cell.metric, cell.unit, cell.evidence) for cell in results.cells
                          if cell.workload == section.workload and cell.metric and not results.skipped(cell.lane))
    rows = []
    for lane, metric, unit, evidence in sorted(kinds):
        entries, better = [], ""
        for column in columns:
            cell = next((cell for cell in results.of(section.workload, column, lane)
                         if (cell.metric, cell.unit, cell.evidence) == (metric, unit, evidence)), None)
            better = better or (cell.better if cell else "")
            entries.append(_entry(cell, section, _samples(cell)))
        shown = evidence if evidence == LANES[lane] else f"{evidence}, {lane} lane"
        rows.append(Row(metric, entries, unit=unit, evidence=shown, better=better))
    return Table("Everything that was recorded", [column.label for column in columns], rows)


def _domains(results: Results, workload: str) -> list[str]:
    """The protection domains that the workload ran in, the usual ones first."""
    prefix, usual = "instructions_", ("kernel", "user", "library", "image")
    found = {cell.metric[len(prefix):] for cell in results.cells
             if cell.workload == workload and cell.metric.startswith(prefix) and "." not in cell.metric}
    found = {name for name in found if name != "arch" and not name.startswith("arch_")}
    return [name for name in usual if name in found] + sorted(found - set(usual))


def _the(domain: str) -> str:
    """A domain with its article; servers go by their names."""
    return f"the {domain}" if domain in ("user", "library", "kernel", "image", "other") else f"server {domain}"


def _exact_blocks(results: Results, section: Section, out: Path) -> list[Block]:
    workload = section.workload
    columns = _shown(results, workload, "exact")
    labels = [column.label for column in columns]
    state = [_state(results, section, columns, "exact")]
    names = _metric_names(results, workload, "instructions.")
    parts = [(name, name.partition(".")[2], name.partition(".")[2]) for name in names]
    totals = [("instructions", "all", ""), ("instructions_arch", "all, arch", "")]
    domains = [(f"instructions_{name}", f"of all: in {_the(name)}", "") for name in _domains(results, workload)]
    rows = _rows(results, section, columns, totals) + _rows(results, section, columns, domains + parts, zeros=False)
    pictured = across.is_pictured(workload)
    figure = _figure(results, section, columns, out, False) if pictured else None
    instructions = Block(Table("Instructions per operation", labels, rows), state, "exact", figure, pictured)
    kinds = [(kind, kind.replace("_", " "), kind) for kind in CROSSINGS]
    kept = [(kind, f"of these, {kind.replace('_', ' ')}", "") for kind in INCLUDED]
    further = [(kind, kind.replace("_", " "), "") for kind in FURTHER]
    figure = _figure(results, section, columns, out, True) if pictured else None
    table = Table("Crossings per operation", labels, _rows(results, section, columns, kinds) +
                  _rows(results, section, columns, kept, zeros=False) + _rows(results, section, columns, further))
    return [instructions, Block(table, state, "exact", figure, pictured)]


def _time_block(results: Results, section: Section) -> Block:
    columns = _shown(results, section.workload, "time")
    cells = [results.get(section.workload, column, "cycles", "time") for column in columns]
    row = Row("cycles", [_entry(cell, section, _samples(cell)) for cell in cells], strong=True)
    return Block(Table("Cycles per operation", [column.label for column in columns], [row]),
                 [_state(results, section, columns, "time")], LANES["time"], pictured=False)


def _section(results: Results, workload: str, anchor: str, out: Path) -> Section:
    section = Section(workload, anchor)
    if _shown(results, workload, "exact"):
        section.blocks += _exact_blocks(results, section, out)
    if _shown(results, workload, "time") and not results.skipped("time"):
        section.blocks.append(_time_block(results, section))
    section.blocks_notes = len(section.notes)
    columns = [column for column in results.columns if any(results.of(workload, column, lane) for lane in LANES)]
    section.everything = _everything(results, section, columns)
    return section


def _overview_entry(results: Results, workload: str, column: Column) -> Entry:
    cell = results.refusal(workload, column) or results.get(workload, column, "instructions")
    if not results.of(workload, column):
        return Entry("none", "not run")
    if cell is not None and not cell.admitted:
        return Entry("refused", verdict(cell), text.clip(why(cell), REASON_MAX))
    value = results.value(workload, column, "instructions")
    if value is None:
        return Entry("none", text.NO_VALUE)
    arch = results.value(workload, column, "instructions_arch")
    differs = arch is not None and abs(arch - value) > 0.005 * value
    return Entry("value", text.number(value), f"{text.number(arch)} arch" if differs else "")


def _counted(results: Results) -> list[Column]:
    """All but variants that only the time lane runs, of structures that the exact lane ran."""
    ran = {column for _, column in results.pairs("exact")}
    structures = {column.structure for column in ran}
    return [column for column in results.columns if column in ran or column.structure not in structures]


def _overview(results: Results) -> Table:
    columns = _counted(results)
    rows = [Row(workload, [_overview_entry(results, workload, column) for column in columns])
            for workload in results.workloads if across.is_pictured(workload)]
    return Table("Instructions per operation", [column.label for column in columns], rows)


def _floor(results: Results) -> Optional[Table]:
    """What an image costs before it does anything, taken from the emptiest workload."""
    if not results.workloads:
        return None
    workload = "null" if "null" in results.workloads else results.workloads[0]
    section = Section(workload, "")
    names = [("boot_instructions", "instructions from the kernel's entry to main()", ""),
             ("image_bytes", "bytes loaded to boot: kernel with program, or kernel and initramfs", "")]
    columns = _counted(results)
    rows = _rows(results, section, columns, names)
    return Table(f"Boot and size ({workload})", [column.label for column in columns], rows) if rows else None


def _lanes(results: Results) -> list[str]:
    """A sentence for each lane that was asked for: what was admitted, or why nothing was run."""
    said = []
    for lane, evidence in LANES.items():
        pairs = results.pairs(lane)
        admitted = sum(results.refusal(*pair, lane) is None for pair in pairs)
        if results.skipped(lane):
            said.append(f"The {lane} lane was skipped: {results.skipped(lane)}.")
        elif pairs or lane == "exact":
            said.append(f"{admitted} of {len(pairs)} combinations of a workload and a structure were admitted in the "
                        f"{lane} lane (evidence: {evidence}).")
    return said + [f"{caution}." for caution in results.cautions]


def _flatten(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_flatten(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flatten(item)}" for key, item in value.items())
    return "unknown" if value is None or value == "" else str(value)


def _links(source: Path, out: Path) -> list[tuple[str, str]]:
    here = os.path.relpath(source.resolve(), out.resolve())
    return [(name, Path(here, name).as_posix()) for name in RAW_FILES if (source / name).exists()]


def _environment(escape: bool) -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=escape, trim_blocks=True,
                              lstrip_blocks=True, undefined=jinja2.StrictUndefined)


def write_report(results: Results, source: Path, out: Path) -> None:
    """Writes the whole report into out, which is made if need be."""
    out.mkdir(parents=True, exist_ok=True)
    for stale in (path for what in ("instructions", "crossings") for path in out.glob(f"*_{what}.???")):
        stale.unlink()
    taken: set[str] = set()
    sections = [_section(results, workload, text.file_name(workload, taken), out) for workload in results.workloads]
    facts = {FACTS.get(key, key.replace("_", " ")): _flatten(value)
             for key, value in results.host.items() if key != "schema"} | results.facts
    values = {
        "run": results.run, "facts": facts, "overview": _overview(results), "floor": _floor(results),
        "across": across.tables(results), "modelled": modelled.tables(results), "model": results.model, "sections": sections, "links": _links(source, out), "lanes": _lanes(results),
        "host": _flatten(results.host.get("cpu", "")), "qemu": _flatten(results.host.get("qemu", "")),
        "colour": _colour,
    }
    page = _environment(True)
    plain = _environment(False)
    plain.filters["md"] = text.markdown
    (out / "index.html").write_text(page.get_template("index.html.j2").render(values), encoding="utf-8")
    (out / "summary.md").write_text(plain.get_template("summary.md.j2").render(values), encoding="utf-8")
