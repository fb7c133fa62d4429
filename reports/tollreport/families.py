# SPDX-License-Identifier: MIT
"""Workloads in the order in which a reader meets them: families, and what one operation of each is.  A workload that is
not named here has a place too: that of its first word, or the last."""

from fnmatch import fnmatchcase

FAMILIES = {
    "Calls and messages": ("null", "call_*", "kernel_call", "upcall", "fault_pager", "ipc_*"),
    "Processes and memory": ("switch_*", "fault_*", "spawn_*"),
    "Files and console": ("read_*", "file_*", "console_*"),
    "Documents": ("pdf_*",),
    "Network": ("net_*",),
    "Key-value store": ("kv_*",),
    "Web server": ("web_*",),
    "Database": ("db_*",),
}
OTHERS = "Further workloads"

ABOUT = {
    "null": "nothing: the floor",
    "call_null": "getpid",
    "kernel_call": "the kernel's cheapest call",
    "upcall": "an upcall and the way back",
    "fault_pager": "a page fault that the pager lets go on",
    "ipc_call_0": "a message and its answer",
    "ipc_call_4": "a message of 4 words and its answer",
    "ipc_call_16": "a message of 16 words and its answer",
    "ipc_call_page": "a message with a page of memory",
    "ipc_call_16pages": "a message with 16 pages of memory",
    "ipc_within_0": "a message and its answer within one address space",
    "ipc_slow_0": "a message and its answer by the slow path",
    "ipc_notify": "a notification and one back",
    "switch_pingpong": "a byte to another process or thread and back, by pipes",
    "fault_anon": "first touch of a page of memory",
    "spawn_wait": "start a program and wait for it",
    "read_hot": "pread of 4 KiB from the cache",
    "read_cold": "pread of 4 KiB from the disk",
    "file_open": "open and close a file",
    "file_write": "create, write, sync, rename, unlink a file",
    "console_write": "a line to the console",
    "pdf_open": "open a PDF: parse, inflate, extract page 1",
    "net_echo": "64 bytes to a TCP server and back",
    "net_echo_busy": "64 bytes to a TCP server and back, 16 clients, never waits",
    "net_echo_udp": "64 bytes to a UDP server and back",
    "net_stream_in": "64 KiB taken over TCP",
    "net_stream_out": "64 KiB sent over TCP",
    "kv_get": "GET of 64 bytes from a key-value store, RESP over TCP",
    "kv_get_p16": "GET of 64 bytes, one of 16 sent at once",
    "kv_set": "SET of 64 bytes, kept in memory only",
    "kv_set_interval": "SET, on disk once a second",
    "kv_set_commit": "SET, on disk before the answer",
    "kv_mixed_busy": "9 GET to 1 SET, 50 clients, never waits",
    "web_1k": "GET of 1 KiB from a web server",
    "web_612": "HTTP GET of 612 bytes",
    "web_64k": "HTTP GET of 64 KiB",
    "web_1k_busy": "HTTP GET of 1 KiB, 50 clients, never waits",
    "db_insert_auto": "commit an INSERT in SQLite on stable storage",
    "db_insert_full": "commit an INSERT, not waiting for the journal's removal",
    "db_insert_none": "commit an INSERT, not waiting for the disk",
    "db_insert_tx": "an INSERT, one of 5,000 in a transaction",
    "db_mixed": "a mix of reads and committed writes",
}


def family(workload: str) -> str:
    for name, patterns in FAMILIES.items():
        if any(fnmatchcase(workload, pattern) for pattern in patterns):
            return name
    return OTHERS


def ordered(workloads: list[str]) -> list[str]:
    """Family by family, in each as they were."""
    names = [*FAMILIES, OTHERS]
    return sorted(workloads, key=lambda workload: names.index(family(workload)))
