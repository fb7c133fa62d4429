# SPDX-License-Identifier: MIT
"""Modelled cycles: exact counts at the prices of a profile.  They have tables of their own, whose heads name the
profile; beside measured cycles they stand only to show what the model leaves."""

from typing import Optional

from . import text
from .entries import Entry, Row, Table
from .model import Column, Results

METRIC = "cycles_modelled"


def _value(results: Results, workload: str, column: Column, metric: str, lane: str) -> Optional[float]:
    cell = results.get(workload, column, metric, lane)
    return cell.value if cell and cell.admitted else None


def _columns(results: Results) -> list[Column]:
    return [column for column in results.columns
            if any(_value(results, workload, column, METRIC, "exact") is not None for workload in results.workloads)]


def _head(results: Results, column: Column, profile: str) -> str:
    measured = any(_value(results, workload, column, "cycles", "time") is not None for workload in results.workloads)
    return f"{column.label}, {'modelled' if measured else 'only modelled'}, {profile}"


def _entry(value: Optional[float]) -> Entry:
    return Entry("none" if value is None else "value", text.number(value))


def by_structure(results: Results, profile: str) -> Optional[Table]:
    """A line for each workload, a column for each structure."""
    columns = _columns(results)
    rows = []
    for workload in results.workloads:
        values = [_value(results, workload, column, METRIC, "exact") for column in columns]
        if any(value is not None for value in values):
            rows.append(Row(workload, [_entry(value) for value in values]))
    return Table("Modelled cycles per operation", [_head(results, column, profile) for column in columns],
                 rows) if rows else None


def against_measured(results: Results, profile: str) -> Optional[Table]:
    """A line for each combination that has both; the remainder is what the model does not explain."""
    rows = []
    for workload in results.workloads:
        for column in results.columns:
            modelled = _value(results, workload, column, METRIC, "exact")
            measured = _value(results, workload, column, "cycles", "time")
            if modelled is None or measured is None:
                continue
            share = f"{100 * (measured - modelled) / measured:.1f} %" if measured else ""
            rows.append(Row(f"{workload}: {column.label}", [_entry(modelled), _entry(measured),
                                                            Entry("value", text.number(measured - modelled), share)]))
    return Table("Modelled against measured cycles", [f"modelled, {profile}", "measured", "remainder"],
                 rows) if rows else None


def tables(results: Results) -> list[tuple[Table, str]]:
    """Both tables with what they say; nothing if the run has no profile."""
    if not results.model:
        return []
    profile = results.model.profile
    made = [
        (by_structure(results, profile),
         f"Exact counts at the prices of profile {profile} ({results.model.what}); the sum of what each costs by itself. "
         "`toll explain` shows the sum of each number. Evidence: modelled."),
        (against_measured(results, profile), "The same beside the time lane of this host. The remainder is what the "
                                             "model does not explain. Evidence: modelled and measured, a column each."),
    ]
    return [(table, caption) for table, caption in made if table]
