# SPDX-License-Identifier: MIT
"""What the time lane measured: warm and cold cycles, the counters of the core, VM exits by reason, the stages of a
boot."""

from typing import Optional

from . import entries, text
from .entries import Entry, Head, Notes, Row, Table
from .model import MEASURED, TWIN, Cell, Column, Results, verdict, why

LANE = "time"
ENDED = {"precise": "precise", "limit": "as often as allowed", "budget": "time spent"}
COUNTERS = {"pmu.cycles": "core cycles", "pmu.instructions": "core instructions", "pmu.dtlb_miss": "dTLB misses",
            "pmu.itlb_miss": "iTLB misses", "pmu.cache_miss": "cache misses"}
STAGES = {"qemu": "QEMU", "firmware": "firmware", "kernel": "kernel", "all": "all"}


def _label(column: Column) -> str:
    return f"{column.label} (A/A)" if column.variant == TWIN else column.label


def _columns(results: Results, workload: str) -> list[Column]:
    return [column for column in results.columns if results.of(workload, column, LANE)]


def _entry(cell: Optional[Cell], notes: Notes) -> Entry:
    if cell is not None and cell.admitted and cell.evidence != MEASURED:
        return entries.none()
    return entries.of_cell(cell, notes, entries.interval(cell))


def overview(results: Results, metric: str, title: str, caption: str) -> Optional[Table]:
    """A line for each workload, a column for each structure that the time lane booted."""
    timed = {column for _, column in results.pairs(LANE)}
    columns = [column for column in results.columns if column in timed and not column.is_bookless]
    rows = []
    for workload in results.workloads:
        cells = [results.admitted(workload, column, metric, LANE, MEASURED) for column in columns]
        if any(cells):
            rows.append(Row(workload, [_or_refused(results, workload, column, cell)
                                       for column, cell in zip(columns, cells)]))
    return entries.table_of(title, [Head(_label(column), MEASURED) for column in columns], rows, "workload", caption)


def _or_refused(results: Results, workload: str, column: Column, cell: Optional[Cell]) -> Entry:
    refused = results.refusal(workload, column, LANE)
    if refused:
        return Entry("refused", verdict(refused), text.clip(why(refused), 160))
    return entries.value(cell.value, MEASURED, entries.interval(cell)) if cell else entries.none()


def overviews(results: Results) -> list[Table]:
    beside = "the 95 % interval of the median (bootstrap) stands below."
    made = [overview(results, "cycles", "Cycles per operation, warm",
                     f"Ticks of the guest's TSC, median over fresh boots of a window of many "
                     f"operations, after warming up; {beside} A/A: the same image, booted as a second row."),
            overview(results, "cycles_cold", "Cycles of the first operation, cold",
                     f"The same of the first operation after the boot, median over boots; {beside}")]
    return [table for table in made if table]


def _mask(rows: list[Row], heads: list[Head], always: int) -> tuple[list[Head], list[Row]]:
    """Without columns in which nothing stands, but for the first ones."""
    kept = [number for number in range(len(heads))
            if number < always or any(row.entries[number].kind != "none" for row in rows)]
    return [heads[number] for number in kept], [Row(row.name, [row.entries[number] for number in kept]) for row in rows]


def _cycles_row(results: Results, workload: str, column: Column, notes: Notes) -> Row:
    warm, cold = (results.get(workload, column, metric, LANE) for metric in ("cycles", "cycles_cold"))
    warm = results.refusal(workload, column, LANE) or warm
    good = warm if warm and warm.admitted else None
    made = [_entry(warm, notes), entries.words(text.spread(good.lo, good.hi)) if good else entries.none(),
            Entry("value", str(good.n)) if good else entries.none(),
            entries.words(ENDED.get(good.ended, good.ended)) if good and good.ended else entries.none(),
            entries.words(", ".join(good.warnings)) if good and good.warnings else entries.none(),
            _entry(cold, notes)]
    made += [_entry(results.get(workload, column, metric, LANE), notes) for metric in COUNTERS]
    return Row(_label(column), made)


def cycles(results: Results, workload: str, notes: Notes) -> Optional[Table]:
    """A line for each structure: warm and cold cycles, and what the core's counters say."""
    if results.skipped(LANE) or not _columns(results, workload):
        return None
    rows = [_cycles_row(results, workload, column, notes) for column in _columns(results, workload)]
    heads = [Head("warm", MEASURED, "95 % interval below"), Head("95 % of the boots"), Head("n"), Head("boots ended"),
             Head("warnings"), Head("cold", MEASURED, "first operation")]
    heads += [Head(name, MEASURED) for name in COUNTERS.values()]
    heads, rows = _mask(rows, heads, 3)
    return Table("Cycles per operation", heads, rows, "structure",
                 "Medians over n fresh boots, ticks of the TSC less the timer's own. Warm: a window of many "
                 "operations. Cold: the first operation after the boot, one a boot.")


def _reasons(results: Results, workload: str, columns: list[Column]) -> list[str]:
    """Reasons of exits, the most frequent first."""
    prefix, most = "vm_exit.", {}
    for metric in results.metrics(workload, LANE):
        if metric.startswith(prefix):
            counts = [results.measured(workload, column, metric) or 0.0 for column in columns]
            most[metric[len(prefix):]] = max(counts, default=0.0)
    return [reason for reason in sorted(most, key=lambda reason: (-most[reason], reason)) if most[reason] > 0]


def _exit_entry(results: Results, workload: str, column: Column, suffix: str) -> Entry:
    time = results.measured(workload, column, f"vm_exit_ns{suffix}")
    return entries.value(results.measured(workload, column, f"vm_exit{suffix}"), MEASURED,
                         f"{text.number(time)} ns" if time else "")


def exits(results: Results, workload: str) -> Optional[Table]:
    """A line for each structure, a column for each reason."""
    columns = [column for column in _columns(results, workload)
               if results.measured(workload, column, "vm_exit") is not None]
    suffixes = ["", *(f".{reason}" for reason in _reasons(results, workload, columns))]
    rows = [Row(_label(column), [_exit_entry(results, workload, column, suffix) for suffix in suffixes])
            for column in columns]
    heads = [Head(suffix[1:].replace("_", " ") or "all", MEASURED) for suffix in suffixes]
    return entries.table_of("VM exits per operation, by reason", heads, rows, "structure",
                            "Seen by KVM's tracepoints on the host; below, where it was measured, the time from exit "
                            "to entry, whoever ran meanwhile.")


def boots(results: Results) -> Optional[Table]:
    """A line for each boot that `toll boot` measured: its stages in milliseconds."""
    if not results.boots or not results.boots.rows:
        return None
    emulated = " under emulation: the times of no hardware" if results.boots.emulated else " under KVM"
    evidence = "measured, of the emulator" if results.boots.emulated else MEASURED
    rows = []
    for boot in results.boots.rows:
        made = [entries.value(stage.ms, evidence, text.spread(stage.lo, stage.hi))
                for stage in (boot.parts[name] for name in STAGES)]
        rows.append(Row(f"{boot.column.label}: {boot.workload}", made))
    caption = (f"From the start of QEMU to main(), {results.boots.runs} boots to each stage{emulated}; each part is "
               "the Hodges-Lehmann shift from one stage to the next, its 95 % interval below. QEMU: until the machine "
               "is made; firmware: until the kernel's first instruction; kernel: until main(). From `toll boot`.")
    heads = [Head(name, evidence) for name in STAGES.values()]
    return Table("Boot latency in ms", heads, rows, "structure: workload", caption)
