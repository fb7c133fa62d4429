# SPDX-License-Identifier: MIT
"""What it costs that changes survive a crash: the same request under each of the policies of bench.toml's `sync`."""

from typing import Optional

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


def table(results: Results) -> Optional[Table]:
    """A line for each structure and store."""
    rows = []
    columns = [column for column in results.columns if not column.is_bookless]
    for family, workloads in FAMILIES.items():
        if any(workload in results.workloads for workload in workloads[1:]):
            made = [_row(results, family, workloads, column) for column in columns]
            rows += [row for row in made if row]
    heads = [Head(name, EXACT) for name in POLICIES] + [Head(f"interrupts, {name}", EXACT) for name in POLICIES[1:]]
    return entries.table_of("What durability costs", heads, rows, "structure", CAPTION)
