#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the map by which the counting plugin tells domains and parts apart.

usage: map_gen.py OUT DOMAIN ELF [DOMAIN ELF ...]

Symbols __part_NAME_start and __part_NAME_end bound a part's code; boot_entry is where a kernel starts.  Other symbols
are the places where a crossing is counted, whichever domain they are in: each execution of the instruction there is
one (CROSSINGS).  A name that several domains have is counted together.  A kernel maps all memory in pages of 2 MiB.
"""
import re
import subprocess
import sys
from pathlib import Path

CROSSINGS = [
    (re.compile(r"entry_exception_\d+"), "exception"),
    (re.compile(r"entry_interrupt_\d+"), "interrupt"),
    (re.compile(r"upcall_entry(_\w+)?"), "upcall"),
    (re.compile(r"ipc_message_\w+"), "ipc"),
    (re.compile(r"paging_load_keep(_\w+)?"), "as_switch_kept"),
    (re.compile(r"switch_stacks|switch_fast(_\w+)?"), "thread_switch"),
]

# A domain's own counters: the kernel's symbol, and books of struct domain_info (machine/domain.h) in the page that a
# domain in ring 3 shares with it.
KERNEL_BOOKS, DOMAIN_PAGE, DOMAIN_BOOKS, BOOKS_BYTES = "books", "user_info", 40, 104
DIRECT_MAP = "large ffff800000000000 ffffc00000000000"  # from DIRECT_BASE to DEVICE_BASE of machine/layout.h


def symbols(elf: str) -> list[tuple[int, int, str, str]]:
    """(address, size, type, name) of every symbol."""
    out = subprocess.run(["nm", "-n", "-S", elf], check=True, capture_output=True, text=True).stdout
    found = []
    for line in out.splitlines():
        words = line.split()
        if len(words) == 4:
            found.append((int(words[0], 16), int(words[1], 16), words[2], words[3]))
        elif len(words) == 3 and words[1] != "U":
            found.append((int(words[0], 16), 0, words[1], words[2]))
    return found


def crossing_of(name: str) -> str | None:
    """The kind of crossing that begins at a symbol of this name."""
    return next((kind for pattern, kind in CROSSINGS if pattern.fullmatch(name)), None)


def lines_of(domain: str, elf: str) -> list[str]:
    starts: dict[str, int] = {}
    ranges, entries, functions = [], [], []
    for address, size, kind, name in symbols(elf):
        part = re.match(r"__part_(\w+)_(start|end)$", name)
        crossing = crossing_of(name)
        if part and part[2] == "start":
            starts[part[1]] = address
        elif part and address > starts.get(part[1], address):
            ranges.append(f"range {starts[part[1]]:x} {address:x} {domain} {part[1]}")
        elif crossing:
            entries.append(f"entry {address:x} {crossing} {name}")
        elif name == "boot_entry":
            entries += [f"boot {address & 0x7fffffff:x}", DIRECT_MAP]
        if name in (KERNEL_BOOKS, DOMAIN_PAGE):
            start = address + (DOMAIN_BOOKS if name == DOMAIN_PAGE else 0)
            entries.append(f"books {start:x} {start + BOOKS_BYTES:x}")
        if kind in "tTwW" and not part:
            functions.append(f"symbol {address:x} {size:x} {name}")
    return ranges + entries + functions


def main(argv: list[str]) -> int:
    if len(argv) < 4 or len(argv) % 2:
        print((__doc__ or "").split("\n\n")[1], file=sys.stderr)
        return 2
    lines = ["toll-map 1"]
    for domain, elf in zip(argv[2::2], argv[3::2]):
        lines += lines_of(domain, elf)
    Path(argv[1]).write_text("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
