# SPDX-License-Identifier: MIT
"""The budget of an operation in modelled cycles: counts at the prices of a profile, as `toll explain` prints it.

The terms are made here once more from the counts and the prices in results.json (harness/model.h has the formula).
Where they do not add up to the run's own cycles_modelled nothing is shown.
"""

from dataclasses import dataclass
from typing import Optional

from .model import Column, Model, Results

INSTRUCTIONS = "instructions"
REFILL = "as_switch_refill"
KINDS = ("rep", "rep_bytes", "syscall", "exception", "interrupt", "upcall", "ipc", "as_switch", "as_switch_kept", REFILL,
         "thread_switch", "invlpg", "wrmsr", "port_io", "mmio", "hlt")
EXITS = ("port_io", "mmio", "hlt")  # under a hypervisor at least an exit, which prices them if nothing else does
MISSES = tuple(f"miss.{array}" for array in ("l1i", "l1d", "l2", "itlb", "dtlb", "stlb"))
TERMS = (INSTRUCTIONS, *KINDS, *MISSES)
TOLERANCE = 1e-6
REST = "the rest"
SMALL = 0.01  # of a budget; what is smaller in all of them is shown together


@dataclass(frozen=True)
class Term:
    """One kind of event: how many an operation has, and what one costs; None where the profile has no price."""

    name: str
    count: float
    price: Optional[float]

    @property
    def cycles(self) -> float:
        return self.count * (self.price or 0.0)


@dataclass(frozen=True)
class Budget:
    terms: dict[str, Term]
    cycles: float

    @property
    def unpriced(self) -> list[str]:
        return [term.name for term in self.terms.values() if term.price is None]


def _count(results: Results, workload: str, column: Column, name: str, with_misses: bool) -> float:
    def exact(metric: str) -> float:
        return results.value(workload, column, metric) or 0.0

    if name == INSTRUCTIONS:
        return exact("instructions_arch")
    if name in MISSES:
        return results.modelled(workload, column, name) or 0.0
    if name == REFILL and with_misses:
        return 0.0
    return exact("as_switch") - exact("as_switch_kept") if name in ("as_switch", REFILL) else exact(name)


def _price(model: Model, name: str) -> Optional[float]:
    prices = {price.name: price.cycles for price in model.prices}
    price = prices.get("cpi" if name == INSTRUCTIONS else name)
    return prices.get("vm_exit") if price is None and name in EXITS else price


def budget_of(results: Results, workload: str, column: Column) -> Optional[Budget]:
    """None if there is no profile, the cell is not admitted, or the terms are not the run's own sum."""
    cycles = results.modelled(workload, column)
    if results.model is None or cycles is None:
        return None
    with_misses = any(results.modelled(workload, column, name) is not None for name in MISSES)
    terms = {}
    for name in TERMS:
        count, price = _count(results, workload, column, name, with_misses), _price(results.model, name)
        if count > 0 and not (name == REFILL and price is None):
            terms[name] = Term(name, count, price)
    total = sum(term.cycles for term in terms.values())
    return Budget(terms, cycles) if abs(total - cycles) <= TOLERANCE * max(abs(cycles), 1.0) else None
