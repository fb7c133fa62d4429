# SPDX-License-Identifier: MIT
"""What counting costs: instructions that only keep a kernel's own counters, and what an image without them saves."""

from typing import Optional

from . import entries, text
from .entries import Entry, Head, Row, Table
from .model import EXACT, MEASURED, Column, Results


def _share(part: float, whole: Optional[float]) -> str:
    return text.share(part / whole) if part and whole else ""


def _difference(with_books: Optional[float], without: Optional[float], evidence: str) -> Entry:
    if with_books is None or without is None:
        return entries.none()
    return entries.value(with_books - without, evidence, _share(with_books - without, without))


def _row(results: Results, workload: str, column: Column, bookless: Optional[Column]) -> Row:
    counting, total = (results.value(workload, column, metric) for metric in ("counting", "instructions_arch"))
    without = results.value(workload, bookless, "instructions_arch") if bookless else None
    cycles_without = results.measured(workload, bookless) if bookless else None
    cycles = results.measured(workload, column) if cycles_without is not None else None
    return Row(f"{column.label}: {workload}", [
        entries.value(total, EXACT), entries.value(counting, EXACT, _share(counting or 0, total)),
        entries.value(without, EXACT), _difference(total, without, EXACT),
        entries.value(cycles, MEASURED), entries.value(cycles_without, MEASURED),
        _difference(cycles, cycles_without, MEASURED)])


def _pairs(results: Results) -> list[tuple[str, Column, Column]]:
    """Workload, column, and the same column without books."""
    return [(workload, column.with_books, column) for column in results.columns if column.is_bookless
            for workload in results.workloads
            if results.value(workload, column, "instructions_arch") is not None
            or results.measured(workload, column) is not None]


def _largest(results: Results, column: Column) -> Optional[str]:
    """The workload of which the books take the largest share."""
    shares = []
    for workload in results.workloads:
        counting, total = (results.value(workload, column, metric) for metric in ("counting", "instructions_arch"))
        if counting and total:
            shares.append((counting / total, workload))
    return max(shares)[1] if shares else None


def _caption(paired: bool, others: bool) -> str:
    said = ["Counting: instructions that only keep the kernel's own counters, found by the emulator's plugin; all "
            "other numbers here have them."]
    if paired:
        said.append("Without books: an image of the same parts whose glue keeps none (books=off); the difference is "
                    "all that counting costs, with what leads to the counters, and its share is of the cost without.")
    if others:
        said.append(f"{'Other structures' if paired else 'Each structure'}: the workload with the largest share.")
    return " ".join(said)


def table(results: Results) -> Optional[Table]:
    """A line for each pair of images with and without books; of other structures that of the largest share."""
    pairs = _pairs(results)
    rows = [_row(results, workload, column, bookless) for workload, column, bookless in pairs]
    paired = {column for _, column, _ in pairs}
    for column in results.columns:
        workload = None if column in paired or column.is_bookless else _largest(results, column)
        if workload:
            rows.append(_row(results, workload, column, None))
    titles = [Head("instructions, arch", EXACT), Head("of these, counting", EXACT), Head("without books", EXACT),
              Head("difference", EXACT), Head("cycles", MEASURED), Head("without books", MEASURED),
              Head("difference of medians", MEASURED)]
    kept = [number for number in range(len(titles)) if any(row.entries[number].kind != "none" for row in rows)]
    return entries.table_of("What counting costs", [titles[number] for number in kept],
                            [Row(row.name, [row.entries[number] for number in kept]) for row in rows],
                            "structure: workload", _caption(bool(pairs), len(rows) > len(pairs)))
