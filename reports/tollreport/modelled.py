# SPDX-License-Identifier: MIT
"""Modelled cycles: exact counts at the prices of a profile.  Their heads say where nothing was measured beside them;
beside measured cycles they stand only to show what the model leaves."""

from typing import Optional

from . import across, entries, families, text
from .budget import INSTRUCTIONS, REST, SMALL, TERMS, Budget, budget_of
from .entries import Entry, Head, Row, Table
from .model import MEASURED, MODELLED, Column, Results

REMAINDER = "measured less modelled"
CYCLES = "cycles"


def _head(results: Results, column: Column, workloads: list[str]) -> Head:
    measured = any(results.measured(workload, column) is not None for workload in workloads)
    return Head(column.label, MODELLED, "modelled" if measured else "only modelled")


def by_structure(results: Results, profile: str) -> Optional[Table]:
    """A line for each workload, a column for each structure."""
    columns = [column for column in across.heads(results)
               if any(results.modelled(workload, column) is not None for workload in results.workloads)]
    rows = []
    for workload in results.workloads:
        values = [results.modelled(workload, column) for column in columns]
        if any(value is not None for value in values):
            rows.append(Row(workload, [entries.value(value, MODELLED) for value in values],
                            group=families.family(workload)))
    what = results.model.what if results.model else ""
    caption = (f"Exact counts at the prices of profile {profile} ({what}): the sum of what each costs by itself, for "
               "nothing overlaps in the model. Below, each workload has its sum as a picture and as a table.")
    heads = [_head(results, column, results.workloads) for column in columns]
    return entries.table_of("Modelled cycles per operation", heads, rows, "workload", caption)


def against_measured(results: Results, profile: str) -> Optional[Table]:
    """A line for each combination that has both; the remainder is what the model does not explain."""
    rows = []
    for workload in results.workloads:
        for column in results.columns:
            modelled = results.modelled(workload, column)
            cell = results.admitted(workload, column, CYCLES, "time", MEASURED)
            if modelled is None or cell is None or cell.value is None:
                continue
            left = cell.value - modelled
            share = f"{100 * left / cell.value:.1f} %" if cell.value else ""
            rows.append(Row(f"{workload}: {column.label}", [
                entries.value(modelled, MODELLED), entries.value(cell.value, MEASURED, entries.interval(cell)),
                entries.value(left, REMAINDER, share)]))
    heads = [Head(f"modelled, {profile}", MODELLED), Head("measured", MEASURED, "95 % interval below"),
             Head("remainder", REMAINDER)]
    return entries.table_of("Modelled against measured cycles", heads, rows, "workload: structure",
                            "Cycles per operation, warm: of the model, and of the time lane on this host. The "
                            "remainder is what the model does not explain, and its share of the measured.")


def tables(results: Results) -> list[Table]:
    """Both tables; nothing if the run has no profile."""
    if not results.model:
        return []
    made = [by_structure(results, results.model.profile), against_measured(results, results.model.profile)]
    return [table for table in made if table]


def _term_name(name: str, price: Optional[float]) -> str:
    shown = name.replace("miss.", "misses in ").replace("_", " ")
    unit = "cycles each" if name != INSTRUCTIONS else "cycles an instruction (arch)"
    return f"{shown}, {'no price' if price is None else f'{price:g} {unit}'}"


def _term_entry(budget: Optional[Budget], name: str) -> Entry:
    term = budget.terms.get(name) if budget else None
    if budget is None or term is None:
        return entries.none()
    if term.price is None:
        return Entry("value", "not priced", f"{text.number(term.count)} times", evidence=MODELLED)
    count = "" if name == INSTRUCTIONS else f"{text.number(term.count)} \N{MULTIPLICATION SIGN}, "
    return entries.value(term.cycles, MODELLED, count + _share(term.cycles, budget))


def _share(cycles: float, budget: Budget) -> str:
    return text.share(cycles / budget.cycles) if budget.cycles else ""


def _rest_entry(budget: Optional[Budget], names: list[str]) -> Entry:
    if budget is None:
        return entries.none()
    cycles = sum(budget.terms[name].cycles for name in names if name in budget.terms)
    return entries.value(cycles, MODELLED, _share(cycles, budget))


def _is_small(budgets: list[Budget], name: str) -> bool:
    """Whether no structure pays more than a trifle for it, though it has a price."""
    terms = [(budget.terms[name], budget) for budget in budgets if name in budget.terms]
    return all(term.price is not None and term.cycles < SMALL * budget.cycles for term, budget in terms)


def budget_table(results: Results, workload: str, columns: list[Column]) -> Optional[Table]:
    """A line for each kind of event, a column for each structure: what it costs, how often it is, and its share."""
    budgets = {column: budget_of(results, workload, column) for column in columns}
    shown = [column for column in columns if budgets[column]]
    known = [budget for budget in budgets.values() if budget]
    named = [name for name in TERMS if any(name in budget.terms for budget in known)]
    small = [name for name in named if _is_small(known, name)]
    if not shown or not results.model:
        return None
    rows = []
    for name in named:
        price = next(budget.terms[name].price for budget in known if name in budget.terms)
        if name not in small:
            rows.append(Row(_term_name(name, price), [_term_entry(budgets[column], name) for column in shown], name))
    if any(term.cycles for budget in known for term in budget.terms.values() if term.name in small):
        rows.append(Row(REST, [_rest_entry(budgets[column], small) for column in shown], REST))
    sums = [entries.value(results.modelled(workload, column), MODELLED) for column in shown]
    rows.append(Row("sum", sums, strong=True))
    return Table("Budget in modelled cycles", [_head(results, column, [workload]) for column in shown], rows, "",
                 f"Per operation, profile {results.model.profile}; `toll explain` prints the same with the sources of "
                 f"the prices. The rest: what takes less than {100 * SMALL:g} % everywhere, and what costs nothing by "
                 "itself.")
