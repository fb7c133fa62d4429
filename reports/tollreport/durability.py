# SPDX-License-Identifier: MIT
"""What it costs that changes survive a crash: the same request under each of the policies of bench.toml's `sync`."""

from typing import Callable, Optional

from . import entries, text
from .entries import Entry, Head, Row, Table
from .model import EXACT, Column, Results, verdict

POLICIES = ("none", "interval", "commit")
# Workloads that differ in nothing but the policy, in the order above.
FAMILIES = {
    "SET in a key-value store": ("kv_set", "kv_set_interval", "kv_set_commit"),
    "INSERT in SQLite": ("db_insert_none", "db_insert_full", "db_insert_auto"),
}
CAPTION = ("One request under each policy, instructions arch; below, how many times the cost of none. Interrupts: those "
           "more than under none, by which the disk says that requests are done, one or several. none: nothing waits for the disk; commit: "
           "the change is on the disk before it is answered; interval: the store syncs once a second, and no such "
           "moment falls into the window; SQLite (synchronous=FULL) syncs as for commit, but does not wait for the "
           "removal of its journal. QEMU's disk answers at once: what a flush costs a real disk is not in here.")
ASKED = {"reads": "disk_read", "writes": "disk_write", "flushes": "disk_flush"}
ASKED_CAPTION = ("Requests that the disk's driver gave the disk, for one request of a client: those of the kernels' own "
                 "books when they are started, Linux's of /proc/diskstats when they are done. A write is on the disk "
                 "for sure only after a flush. Linux drives the same volume with ext4, which without a journal leaves "
                 "out the flush, and the file's inode, of most fsyncs: what its commit says to be on the disk may be "
                 "in the disk's own memory yet.")

RowMaker = Callable[[Results, str, tuple[str, ...], Column], Optional[Row]]


def _cost(now: Optional[float], plain: Optional[float]) -> Entry:
    share = text.times(now / plain) if now and plain and now != plain else ""
    return entries.value(now, EXACT, share)


def _row(results: Results, family: str, workloads: tuple[str, ...], column: Column) -> Optional[Row]:
    refused = [results.refusal(workload, column) for workload in workloads]
    if all(cell is not None and cell.status == "skip" or not results.of(workload, column)
           for cell, workload in zip(refused, workloads)):
        return None
    costs = [results.value(workload, column, "instructions_arch") for workload in workloads]
    interrupts = [results.value(workload, column, "interrupt") for workload in workloads]
    made = [Entry("refused", verdict(cell)) if cell else _cost(cost, costs[0]) for cell, cost in zip(refused, costs)]
    for count in interrupts[1:]:
        known = count is not None and interrupts[0] is not None
        made.append(entries.value(max((count or 0) - (interrupts[0] or 0), 0.0) if known else None, EXACT))
    return Row(column.label, made, group=family)


def _asked_row(results: Results, family: str, workloads: tuple[str, ...], column: Column) -> Optional[Row]:
    made = [entries.value(None if results.refusal(workload, column) else results.value(workload, column, metric), EXACT)
            for workload in workloads for metric in ASKED.values()]
    return Row(column.label, made, group=family) if any(entry.kind == "value" for entry in made) else None


def _table(results: Results, title: str, heads: list[Head], caption: str, row_of: RowMaker) -> Optional[Table]:
    """A line for each structure and store."""
    rows = []
    columns = [column for column in results.columns if not column.is_bookless]
    for family, workloads in FAMILIES.items():
        if any(workload in results.workloads for workload in workloads[1:]):
            made = [row_of(results, family, workloads, column) for column in columns]
            rows += [row for row in made if row]
    return entries.table_of(title, heads, rows, "structure", caption)


def tables(results: Results) -> list[Optional[Table]]:
    """What it costs in instructions, and what the disk is asked for it."""
    costs = [Head(name, EXACT) for name in POLICIES] + [Head(f"interrupts, {name}", EXACT) for name in POLICIES[1:]]
    asked = [Head(f"{what}, {name}", EXACT) for name in POLICIES for what in ASKED]
    return [_table(results, "What durability costs", costs, CAPTION, _row),
            _table(results, "What durability asks of the disk", asked, ASKED_CAPTION, _asked_row)]
