#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the data files that the workloads read, byte for byte the same on every machine.

Every 4 KiB block starts and ends with a 64-bit number known to the workload: its own index first, then filler
from a linear congruential generator, so that a block read from the wrong place is noticed.
"""
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

WORDS = 512


def filler(seed: int) -> Iterator[int]:
    """An endless sequence of 64-bit words."""
    state = seed
    while True:
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        yield state


def blocks(count: int, seed: int) -> bytes:
    """count numbered blocks."""
    words = filler(seed)
    out = bytearray()
    for index in range(count):
        out += struct.pack(f"<{WORDS}Q", index, *(next(words) for _ in range(WORDS - 1)))
    return bytes(out)


def site(root: Path) -> None:
    """The folder that a web server serves."""
    (root / "sub" / "deep").mkdir(parents=True, exist_ok=True)
    page = b"<!doctype html>\n<title>toll</title>\n<p>A page of 612 bytes.\n"
    (root / "index.html").write_bytes(page.ljust(611, b".") + b"\n")
    for name, count, seed in (("1k.bin", 1, 3), ("64k.bin", 16, 4), ("1m.bin", 256, 5)):
        (root / name).write_bytes(blocks(count, seed)[: 1024 if count == 1 else None])
    (root / "empty.txt").write_bytes(b"")
    (root / "sub" / "index.html").write_bytes(b"sub\n")
    (root / "sub" / "a+b%.css").write_bytes(b"css")


def main() -> int:
    if len(sys.argv) != 2:
        print(f"usage: {sys.argv[0]} DIRECTORY", file=sys.stderr)
        return 2
    root = Path(sys.argv[1])
    (root / "data/dir").mkdir(parents=True, exist_ok=True)
    (root / "tmp").mkdir(exist_ok=True)
    (root / "data/read.bin").write_bytes(blocks(16, 1))
    (root / "data/cold.bin").write_bytes(blocks(1024, 2))
    (root / "data/dir/file").write_bytes(b"a small file, two directories deep\n")
    site(root / "www")
    return 0


if __name__ == "__main__":
    sys.exit(main())
