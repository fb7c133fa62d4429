# SPDX-License-Identifier: MIT
"""Tables that put structures beside each other across workloads: what one protected call costs, what an operation
crosses, the way of one operation through the domains, and what variants change."""

from typing import Optional

from . import entries, families, pictures, text
from .entries import Entry, Head, Row, Table
from .model import EXACT, MODELLED, TWIN, Column, Hop, Results, verdict, why

# What is called, in the order of the table.  The columns say what is crossed: a call may be none of the kernel.
SYSTEM_CALL = "call_null"
PROTECTED = {name: families.ABOUT[name] for name in (
    SYSTEM_CALL, "kernel_call", "upcall", "fault_pager", "ipc_call_0", "ipc_call_4", "ipc_call_16", "ipc_call_page",
    "ipc_call_16pages", "ipc_within_0", "ipc_slow_0", "ipc_notify")}
PROTECTED[SYSTEM_CALL] += ", a call of the system"
CROSSED = {
    "pdf_open": "Opening a PDF",
    "kv_get": "A GET from the key-value store",
    "web_1k": "A GET of 1 KiB from the web server",
    "db_insert_auto": "Committing an INSERT in SQLite",
}
READ = "read_hot"
KINDS = ("syscall", "exception", "interrupt", "upcall", "ipc", "as_switch", "as_switch_kept", "thread_switch")
REASON_MAX = 160
MINUS = "\N{MINUS SIGN}"


def is_pictured(workload: str) -> bool:
    """Whether it has a place in the overview and pictures of its own, besides its lines in the tables here."""
    return workload == SYSTEM_CALL or workload not in PROTECTED


def heads(results: Results) -> list[Column]:
    """The columns of tables over all workloads: structures, and those variants that ran at least half of what their
    structure ran.  Other variants, and those that are only for comparing with, have tables of their own."""
    ran: dict[Column, int] = {}
    for _, column in results.pairs("exact"):
        ran[column] = ran.get(column, 0) + 1
    return [column for column in results.columns if column in ran and not column.is_bookless and column.variant != TWIN
            and 2 * ran[column] >= ran.get(column.plain, 0)]


def _kinds_of(results: Results, workloads: list[str], columns: list[Column]) -> list[str]:
    """The kinds of crossings that anybody made there."""
    return [kind for kind in KINDS
            if any(results.value(workload, column, kind) for workload in workloads for column in columns)]


def _row(results: Results, name: str, workload: str, column: Column, metrics: list[str]) -> Optional[Row]:
    """One line of numbers, or of the reason for none; nothing where the structure cannot do the workload."""
    refused = results.refusal(workload, column)
    if not results.of(workload, column) or (refused is not None and refused.status == "skip"):
        return None
    if refused is not None:
        said = Entry("refused", verdict(refused), text.clip(why(refused), REASON_MAX))
        return Row(name, [said] + [entries.none()] * (len(metrics) - 1))
    return Row(name, [entries.value(results.value(workload, column, metric), EXACT) for metric in metrics])


def _heads(names: list[str]) -> list[Head]:
    return [Head(name.replace("_", " "), EXACT) for name in names]


def _shown(results: Results) -> list[Column]:
    return [column for column in results.columns if not column.is_bookless and column.variant != TWIN]


def protected_call(results: Results) -> Optional[Table]:
    """A line for each structure and each way that it has into another domain."""
    workloads = [workload for workload in PROTECTED if workload in results.workloads]
    kinds = _kinds_of(results, workloads, _shown(results))
    made = [_row(results, f"{column.label}: {PROTECTED[workload]}", workload, column,
                 ["instructions", "instructions_arch", *kinds])
            for column in _shown(results) for workload in workloads]
    rows = [row for row in made if row]
    caption = "Guest instructions and crossings of one call, there and back; the loop around it is counted too."
    return entries.table_of("One protected call", _heads(["instructions", "arch", *kinds]), rows, caption=caption)


def crossings(results: Results) -> Optional[Table]:
    """A line for each structure and each operation of CROSSED: what is crossed."""
    workloads = [workload for workload in CROSSED if workload in results.workloads]
    kinds = [*_kinds_of(results, workloads, _shown(results)), "page_fault", "bytes_copied"]
    rows = _grouped(results, workloads, _shown(results), ["instructions_arch", *kinds])
    return entries.table_of("What an operation crosses", _heads(["instructions, arch", *kinds]), rows, "structure",
                            "Crossings of protection domains, address spaces and threads, per operation.")


def _grouped(results: Results, workloads: list[str], columns: list[Column], metrics: list[str]) -> list[Row]:
    """The lines of each workload under a head of their own."""
    rows = []
    for workload in workloads:
        for column in columns:
            made = _row(results, column.label, workload, column, metrics)
            if made:
                made.group = f"{CROSSED[workload]} ({workload})"
                rows.append(made)
    return rows


def _part_names(results: Results, workloads: list[str]) -> list[str]:
    """The parts that have instructions there, in the order of the stack."""
    prefix = "instructions_arch."
    found = {name[len(prefix):] for workload in workloads for name in results.metrics(workload)
             if name.startswith(prefix) and any(results.value(workload, column, name) for column in heads(results))}
    return [name for name in pictures.PARTS if name in found] + sorted(found - set(pictures.PARTS))


def parts(results: Results) -> Optional[Table]:
    """A line for each structure and each operation of CROSSED: whose the instructions are."""
    workloads = [workload for workload in CROSSED if workload in results.workloads]
    names = _part_names(results, workloads)
    rows = _grouped(results, workloads, heads(results), [f"instructions_arch.{name}" for name in names])
    return entries.table_of("Whose the instructions are", _heads(names), rows, "structure",
                            "Instructions by part, arch, wherever the part runs; app is the program, glue the "
                            "structure's own code. Linux's kernel is one part.") if names else None


def _stay(hop: Hop) -> str:
    crossed = [f"{kind}{f' {count}' if count > 1 else ''}" for kind in KINDS if (count := hop.counts.get(kind, 0))]
    said = f"{hop.domain} {text.number(hop.counts.get('instructions_arch', 0))}"
    return f"{said} ({', '.join(crossed)})" if crossed else said


def way_of_read(results: Results) -> Optional[Table]:
    """A line for each structure: the stays of one read in domains, one after the other."""
    rows = []
    for column in _shown(results):
        way = results.hops.get((READ, column), [])
        if way:
            total = sum(hop.counts.get("instructions_arch", 0) for hop in way)
            rows.append(Row(column.label, [entries.value(total, EXACT), entries.value(len(way), EXACT),
                                           entries.words(" \N{RIGHTWARDS ARROW} ".join(map(_stay, way)))]))
    caption = ("One pread of 4 KiB from memory, the third operation of read_hot: each stay in a domain, the "
               "instructions there (arch), and what was crossed there; what is left by SYSCALL counts it.")
    heads = [Head("arch", EXACT), Head("stays", EXACT), Head("way")]
    return entries.table_of("One read, from domain to domain", heads, rows, caption=caption)


def _change(now: Optional[float], before: Optional[float], evidence: str) -> Entry:
    if now is None or before is None:
        return entries.none()
    share = text.share((now - before) / before).replace("-", MINUS) if before else ""
    share = f"+{share}" if share[:1].isdigit() else share
    shown = text.number(now - before).replace("-", MINUS)
    return Entry("value", shown, share if now != before else "", evidence=evidence)


def variants(results: Results) -> Optional[Table]:
    """A line for each workload that a variant without a column of its own ran: what the variant changes."""
    rows = []
    own = heads(results)
    any_modelled = False
    for column in _shown(results):
        if column.is_plain or column in own:
            continue
        for workload in results.workloads:
            now, before = (results.value(workload, each, "instructions_arch") for each in (column, column.plain))
            cycles, cycles_before = (results.modelled(workload, each) for each in (column, column.plain))
            if now is None:
                continue
            any_modelled |= cycles is not None
            rows.append(Row(f"{column.label}: {workload}", [
                entries.value(before, EXACT), entries.value(now, EXACT), _change(now, before, EXACT),
                entries.value(cycles_before, MODELLED), entries.value(cycles, MODELLED),
                _change(cycles, cycles_before, MODELLED)]))
    titles = [Head("default, instructions arch", EXACT), Head("variant", EXACT), Head("difference", EXACT),
              Head("default, cycles", MODELLED), Head("variant", MODELLED), Head("difference", MODELLED)]
    if not any_modelled:
        titles = titles[:3]
        rows = [Row(row.name, row.entries[:3]) for row in rows]
    return entries.table_of("What variants change", titles, rows, "variant: workload",
                            "Each beside the default of its structure, per operation.")


def tables(results: Results) -> list[Table]:
    """All of them that the run has numbers for."""
    made = [protected_call(results), crossings(results), parts(results), way_of_read(results), variants(results)]
    return [table for table in made if table]
