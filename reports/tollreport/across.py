# SPDX-License-Identifier: MIT
"""Tables that put structures beside each other across workloads: what one protected call costs, what an operation
crosses, and the way of one operation through the domains."""

from typing import Optional

from . import text
from .model import Column, Results, verdict, why
from .entries import Entry, Row, Table

# What is called, in the order of the table.  The columns say what is crossed: a call may be none of the kernel.
PROTECTED = {
    "call_null": "getpid, a call of the system",
    "kernel_call": "the kernel's cheapest call",
    "upcall": "an upcall and the way back",
    "fault_pager": "a page fault that the pager lets go on",
    "ipc_call_0": "a message and its answer",
    "ipc_call_4": "a message of 4 words and its answer",
    "ipc_call_16": "a message of 16 words and its answer",
    "ipc_call_page": "a message with a page of memory",
    "ipc_call_16pages": "a message with 16 pages of memory",
    "ipc_within_0": "a message and its answer, within one address space",
    "ipc_slow_0": "a message and its answer, by the slow path",
    "ipc_notify": "a notification and one back",
}
SYSTEM_CALL = "call_null"
OPENED = "pdf_open"
READ = "read_hot"
KINDS = ("syscall", "exception", "interrupt", "upcall", "ipc", "as_switch", "as_switch_kept", "thread_switch")
REASON_MAX = 160


def is_pictured(workload: str) -> bool:
    """Whether it has a place in the overview and pictures of its own, besides its lines in the tables here."""
    return workload == SYSTEM_CALL or workload not in PROTECTED


def _kinds_of(results: Results, workloads: list[str]) -> list[str]:
    """The kinds of crossings that anybody made there."""
    return [kind for kind in KINDS
            if any(results.value(workload, column, kind) for workload in workloads for column in results.columns)]


def _row(results: Results, name: str, workload: str, column: Column, metrics: list[str]) -> Optional[Row]:
    """One line of numbers, or of the reason for none; nothing where the structure cannot do the workload."""
    refused = results.refusal(workload, column)
    if not results.of(workload, column) or (refused is not None and refused.status == "skip"):
        return None
    if refused is not None:
        said = Entry("refused", verdict(refused), text.clip(why(refused), REASON_MAX))
        return Row(name, [said] + [Entry("none", text.NO_VALUE)] * (len(metrics) - 1))
    values = [results.value(workload, column, metric) for metric in metrics]
    return Row(name, [Entry("none" if value is None else "value", text.number(value)) for value in values])


def protected_call(results: Results) -> Optional[Table]:
    """A line for each structure and each way that it has into another domain."""
    workloads = [workload for workload in PROTECTED if workload in results.workloads]
    kinds = _kinds_of(results, workloads)
    metrics = ["instructions", "instructions_arch", *kinds]
    rows = []
    for column in results.columns:
        for workload in workloads:
            row = _row(results, f"{column.label}: {PROTECTED[workload]}", workload, column, metrics)
            rows += [row] if row else []
    titles = ["instructions", "arch", *(kind.replace("_", " ") for kind in kinds)]
    return Table("One protected call", titles, rows) if rows else None


def crossings_by_structure(results: Results, workload: str, title: str) -> Optional[Table]:
    """A line for each structure: what one operation of the workload crosses."""
    kinds = [*_kinds_of(results, [workload]), "page_fault", "bytes_copied"]
    metrics = ["instructions_arch", *kinds]
    made = [_row(results, column.label, workload, column, metrics) for column in results.columns]
    rows = [row for row in made if row]
    titles = ["instructions, arch", *(kind.replace("_", " ") for kind in kinds)]
    return Table(title, titles, rows) if rows else None


def way_of_read(results: Results) -> Optional[Table]:
    """A line for each stay of one read in a domain."""
    ways = [(column, results.hops[READ, column]) for column in results.columns if (READ, column) in results.hops]
    kinds = [kind for kind in KINDS if any(kind in hop.counts for _, way in ways for hop in way)]
    rows = []
    for column, way in ways:
        for number, hop in enumerate(way, 1):
            counts = [hop.counts.get(metric, 0) for metric in ("instructions_arch", *kinds)]
            name = f"{column.label}, {number}: {hop.domain}" if len(way) > 1 else f"{column.label}: {hop.domain}"
            rows.append(Row(name, [Entry("value", text.number(count)) for count in counts]))
    titles = ["instructions, arch", *(kind.replace("_", " ") for kind in kinds)]
    return Table("One read, from domain to domain", titles, rows) if rows else None


def tables(results: Results) -> list[tuple[Table, str]]:
    """All of them that the run has numbers for, each with what it says."""
    made = [
        (protected_call(results), "Guest instructions and crossings of one call, there and back; the loop around it is "
                                  "counted too."),
        (crossings_by_structure(results, OPENED, "Opening a PDF: what is crossed"),
         "Per document opened and first page extracted."),
        (way_of_read(results), "One pread of 4 KiB from memory (one operation of read_hot): each stay in a domain, one "
                               "after the other, and what was counted there; what is left by SYSCALL counts it."),
    ]
    return [(table, caption) for table, caption in made if table]
