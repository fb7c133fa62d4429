# SPDX-License-Identifier: MIT
"""Misses of the plugin's model of caches and TLBs: what crossings cost indirectly."""

from typing import Optional

from . import entries
from .entries import Entry, Head, Row, Table
from .model import MODELLED, Column, Results

ARRAYS = {"l1i": "L1I", "l1d": "L1D", "l2": "L2", "itlb": "iTLB", "dtlb": "dTLB", "stlb": "sTLB"}
LEAST = 0.005  # misses an operation; less is not worth a line
COUNTERS = {"itlb": "pmu.itlb_miss", "dtlb": "pmu.dtlb_miss"}  # what the time lane measures of them


def _heads(results: Results, workload: str, columns: list[Column]) -> list[Head]:
    def is_measured(array: str) -> bool:
        metric = COUNTERS.get(array, "")
        return any(results.measured(workload, column, metric) is not None for column in columns)

    return [Head(name, MODELLED, "modelled" if is_measured(array) else "only modelled")
            for array, name in ARRAYS.items()]


def _entries(results: Results, workload: str, column: Column, suffix: str) -> list[Entry]:
    return [entries.value(results.modelled(workload, column, f"miss.{array}{suffix}"), MODELLED) for array in ARRAYS]


def _is_worth(results: Results, workload: str, column: Column, suffix: str) -> bool:
    return any((results.modelled(workload, column, f"miss.{array}{suffix}") or 0.0) >= LEAST for array in ARRAYS)


def by_structure(results: Results, workload: str, columns: list[Column]) -> Optional[Table]:
    """A line for each structure."""
    made = [Row(column.label, _entries(results, workload, column, "")) for column in columns]
    rows = [row for row in made if any(entry.kind != "none" for entry in row.entries)]
    sizes = f" (size/ways: {results.sizes.replace(',', ', ')})" if results.sizes else ""
    caption = (f"Misses per operation in the model of caches and TLBs{sizes}. They say how much state a crossing "
               "displaces; they are counted in a model, not in a processor.")
    return entries.table_of("Cache and TLB misses", _heads(results, workload, columns), rows, "structure", caption)


def _suffixes(results: Results, workload: str) -> list[tuple[str, str]]:
    """How the metrics of domains and of parts end, with what they are called."""
    found: dict[str, str] = {}
    for metric in results.metrics(workload):
        prefix, _, rest = metric.partition(".")
        array = next((array for array in ARRAYS if rest.startswith(array)), None)
        suffix = rest[len(array):] if array else ""
        if prefix != "miss" or not suffix or (suffix[0] == "_" and "." in suffix):
            continue
        found[suffix] = f"{'in' if suffix[0] == '_' else 'part'} {suffix[1:]}"
    return sorted(found.items(), key=lambda item: (item[0][0] != "_", item[0]))


def by_part(results: Results, workload: str, columns: list[Column]) -> Optional[Table]:
    """A line for each domain and each part of each structure that missed anything."""
    rows = []
    for column in columns:
        for suffix, name in _suffixes(results, workload):
            if _is_worth(results, workload, column, suffix):
                rows.append(Row(f"{column.label}: {name}", _entries(results, workload, column, suffix)))
    caption = (f"Per operation, where any array missed {LEAST:g} times or more. Domains divide all misses once (in), "
               "parts once more (part).")
    return entries.table_of("Cache and TLB misses by domain and by part", _heads(results, workload, columns), rows,
                            "structure", caption, folded=True)


def tables(results: Results, workload: str, columns: list[Column]) -> list[Table]:
    return [table for table in (by_structure(results, workload, columns), by_part(results, workload, columns)) if table]
