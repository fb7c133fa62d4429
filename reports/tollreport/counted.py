# SPDX-License-Identifier: MIT
"""What the exact lane counted: the overview of all workloads, and the tables of one."""

from collections import Counter
from typing import Iterator, Optional

from . import across, entries, families, figures, text
from .entries import Entry, Head, Notes, Row, Table
from .model import EXACT, LANES, Cell, Column, Results, verdict, why

INCLUDED = ("as_switch_kept",)  # counted under another kind as well
FURTHER = ("page_fault", "bytes_copied")
DISK = ("disk_read", "disk_write", "disk_flush")
AUDITS = {"ok": ", audit ok", "none": ", no audit"}
REASON_MAX = 160
GLANCE = ("call_null", "read_hot", "read_cold", "file_open", "file_write", "switch_pingpong", "fault_anon", "spawn_wait",
          "pdf_open", "kv_get", "kv_get_p16", "web_1k", "db_insert_auto", "db_insert_tx")


def shown(results: Results, workload: str, lane: str = "exact") -> list[Column]:
    return [column for column in results.columns if results.of(workload, column, lane)]


def _overview_entry(results: Results, workload: str, column: Column) -> Entry:
    cell = results.refusal(workload, column) or results.get(workload, column, "instructions")
    if not results.of(workload, column):
        return Entry("none", "not run")
    if cell is not None and not cell.admitted:
        return Entry("refused", verdict(cell), text.clip(why(cell), REASON_MAX))
    value = results.value(workload, column, "instructions")
    arch = results.value(workload, column, "instructions_arch")
    differs = value is not None and arch is not None and abs(arch - value) > 0.005 * value
    return entries.value(value, EXACT, f"{text.number(arch)} arch" if differs else "")


def _columns(results: Results) -> list[Column]:
    """Those of the overview, and structures that have not run there."""
    counted = across.heads(results)
    structures = {column.structure for column in counted}
    return [column for column in results.columns
            if column in counted or (column.is_plain and column.structure not in structures)]


def overview(results: Results) -> Table:
    columns = _columns(results)
    rows = [Row(workload, [_overview_entry(results, workload, column) for column in columns],
                about=families.ABOUT.get(workload, ""), group=families.family(workload))
            for workload in results.workloads if across.is_pictured(workload)]
    return Table("Instructions per operation", entries.heads_of(columns, EXACT), rows, "workload",
                 "Guest instructions. The second line says arch where that differs: a repeated string instruction "
                 "counts once.")


def _glance_entry(results: Results, workload: str, column: Column, first: Column) -> Entry:
    value, base = (results.value(workload, each, "instructions_arch") for each in (column, first))
    if value is None:
        refused = results.refusal(workload, column)
        return Entry("refused" if refused and refused.status != "skip" else "none", verdict(refused) if refused else
                     text.NO_VALUE)
    return entries.value(value, EXACT, text.times(value / base) if base and column != first else "")


def glance(results: Results) -> Optional[Table]:
    """What a reader wants to see first: one operation of each kind, and how many times the first structure's."""
    columns = across.heads(results)
    rows = [Row(families.ABOUT[workload], [_glance_entry(results, workload, column, columns[0]) for column in columns],
                about=workload)
            for workload in GLANCE if workload in results.workloads]
    if len(rows) < 2:
        return None
    return Table("At a glance", entries.heads_of(columns, EXACT), rows, "operation",
                 f"Guest instructions, arch: a repeated string instruction counts once. Below: how many times those of "
                 f"{columns[0].label}.")


def floor(results: Results) -> Optional[Table]:
    """What an image costs before it does anything, taken from the emptiest workload."""
    if not results.workloads:
        return None
    workload = "null" if "null" in results.workloads else results.workloads[0]
    names = [("boot_instructions", "instructions from the kernel's entry to main()", ""),
             ("image_bytes", "bytes loaded to boot: kernel with program, or kernel and initramfs", "")]
    columns = _columns(results)
    rows = _rows(results, workload, columns, names, Notes())
    return entries.table_of(f"Boot and size ({workload})", entries.heads_of(columns, EXACT), rows)


def state(results: Results, workload: str, columns: list[Column], notes: Notes, lane: str = "exact") -> Row:
    """Whether each column was admitted."""
    made = []
    for column in columns:
        cells = results.of(workload, column, lane)
        refused = [cell for cell in cells if not cell.admitted]
        none = results.refusal(workload, column, lane)
        if none:
            made.append(Entry("refused", verdict(none), mark=notes.mark(why(none))))
        elif refused:
            said = f"{len(cells) - len(refused)} of {len(cells)} admitted"
            made.append(Entry("refused", said, mark=notes.mark(why(refused[0]))))
        else:
            samples = [cell.n for cell in cells]
            n = text.spread(min(samples), max(samples)) or samples[0]
            made.append(Entry("value", "admitted", f"n = {n}{AUDITS.get(cells[0].audit, '')}"))
    return Row("admission", made)


def _rows(results: Results, workload: str, columns: list[Column], names: list[tuple[str, str, str]], notes: Notes,
          zeros: bool = True) -> list[Row]:
    """names: metric, shown name, key of its colour.  zeros: whether a row of zeros is worth a line."""
    rows = []
    for metric, name, key in names:
        cells = [results.get(workload, column, metric) for column in columns]
        if any(cell is not None and (zeros or cell.value or not cell.admitted) for cell in cells):
            exact = [cell if cell is None or cell.evidence == EXACT or not cell.admitted else None for cell in cells]
            made = [entries.of_cell(cell, notes) for cell in exact]
            rows.append(Row(name, made, key, strong=metric == "instructions"))
    return rows


def _domains(results: Results, workload: str) -> list[str]:
    """The protection domains that the workload ran in, the usual ones first."""
    prefix, usual = "instructions_", ("kernel", "user", "library", "image")
    found = {name[len(prefix):] for name in results.metrics(workload) if name.startswith(prefix) and "." not in name}
    found = {name for name in found if name != "arch" and not name.startswith("arch_")}
    return [name for name in usual if name in found] + sorted(found - set(usual))


def _the(domain: str) -> str:
    """A domain with its article; servers go by their names."""
    return f"the {domain}" if domain in ("user", "library", "kernel", "image", "other") else f"server {domain}"


def _head(results: Results, workload: str, column: Column) -> Head:
    """Another program than ours is named, with its version."""
    servers = [cell.server for cell in results.of(workload, column, "exact") if cell.server]
    return Head(column.label, EXACT, servers[0] if servers else "")


def instructions(results: Results, workload: str, columns: list[Column], notes: Notes) -> Table:
    names = figures.part_names(results, workload, "instructions.")
    parts = [(name, name.partition(".")[2], name.partition(".")[2]) for name in names]
    totals = [("instructions", "all", ""), ("instructions_arch", "all, arch", "")]
    domains = [(f"instructions_{name}", f"of all: in {_the(name)}", "") for name in _domains(results, workload)]
    rows = [state(results, workload, columns, notes), *_rows(results, workload, columns, totals, notes)]
    rows += _rows(results, workload, columns, domains + parts, notes, zeros=False)
    return Table("Instructions per operation", [_head(results, workload, column) for column in columns], rows)


def crossings(results: Results, workload: str, columns: list[Column], notes: Notes) -> Optional[Table]:
    kinds = [(kind, kind.replace("_", " "), kind) for kind in figures.CROSSINGS]
    kept = [(kind, f"of these, {kind.replace('_', ' ')}", "") for kind in INCLUDED]
    further = [(kind, kind.replace("_", " "), "") for kind in FURTHER]
    rows = _rows(results, workload, columns, kinds, notes) + _rows(results, workload, columns, kept, notes, zeros=False)
    asked = [(kind, kind.replace("_", " "), "") for kind in DISK]
    rows += _rows(results, workload, columns, further, notes)
    rows += _rows(results, workload, columns, asked, notes, zeros=False)
    return entries.table_of("Crossings per operation", entries.heads_of(columns, EXACT), rows)


def _usual(results: Results, workload: str, columns: list[Column], lane: str) -> int:
    """The usual number of samples."""
    counts = Counter(cell.n for column in columns for cell in results.of(workload, column, lane) if cell.admitted)
    return counts.most_common(1)[0][0] if counts else 0


def _samples(cell: Optional[Cell], usual: int) -> str:
    if cell is None:
        return ""
    return f"{text.spread(cell.lo, cell.hi)}{'' if cell.n == usual else f' n = {cell.n}'}".strip()


def _recorded(cells: list[Optional[Cell]], usual: int, notes: Notes) -> Iterator[tuple[str, Row]]:
    """Of the cells of one metric: a row for each kind of evidence and unit that is not zero everywhere."""
    for evidence, unit in dict.fromkeys((cell.evidence, cell.unit) for cell in cells if cell):
        same = [cell if cell and (cell.evidence, cell.unit) == (evidence, unit) else None for cell in cells]
        shown = [cell for cell in same if cell and (cell.value or not cell.admitted)]
        if shown:
            made = [entries.of_cell(cell, notes, _samples(cell, usual)) for cell in same]
            yield evidence, Row(shown[0].metric, made, unit=unit, better=shown[0].better)


def everything(results: Results, workload: str, notes: Notes) -> list[Table]:
    """A table for each lane and kind of evidence."""
    columns = [column for column in results.columns if any(results.of(workload, column, lane) for lane in LANES)]
    usual = {lane: _usual(results, workload, columns, lane) for lane in LANES}
    grouped: dict[tuple[str, str], list[Row]] = {}
    for lane in LANES:
        for metric in sorted(filter(None, results.metrics(workload, lane))) if not results.skipped(lane) else ():
            cells = [results.get(workload, column, metric, lane) for column in columns]
            for evidence, row in _recorded(cells, usual[lane], notes):
                grouped.setdefault((lane, evidence), []).append(row)
    return [Table(f"Recorded in the {lane} lane", entries.heads_of(columns, evidence), rows, "metric",
                  f"n = {usual[lane]} where nothing else is said. Without what is zero everywhere; the files below "
                  "have all of it.", folded=True)
            for (lane, evidence), rows in sorted(grouped.items())]
