#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes an image's manifest: what it was put together from, by content.

usage: manifest.py OUT STRUCTURE WORKLOAD IMAGE WORKLOAD_OBJECT [DOMAIN:] OBJECT...

OUT is JSON: structure, workload, objects {name: SHA-256}, domains {domain: names of its objects}, workload_sha256,
image_sha256, image_bytes.  A word DOMAIN: says whose the objects after it are; those before any are only listed.  Parts
and workloads are compiled once, so an object has one hash in all domains and in all structures; the harness and `make
check` compare them.
image_bytes is what is loaded: the bytes that the image's segments have in the file, without debugging information.
"""
import hashlib
import json
import struct
import sys
from pathlib import Path

PT_LOAD = 1


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def loaded_bytes(path: Path) -> int:
    """Bytes of all PT_LOAD segments of an ELF file for 64 bits (System V gABI, program header)."""
    data = path.read_bytes()
    table, size, count = struct.unpack_from("<Q", data, 32)[0], *struct.unpack_from("<HH", data, 54)
    total = 0
    for i in range(count):
        kind, = struct.unpack_from("<I", data, table + i * size)
        if kind == PT_LOAD:
            total += struct.unpack_from("<Q", data, table + i * size + 32)[0]
    return total


def name_of(path: Path) -> str:
    """build/parts/books-off/machine.o is books-off/machine."""
    return "/".join(path.with_suffix("").parts[2:])


def objects_of(words: list[str]) -> tuple[dict[str, str], dict[str, list[str]]]:
    """({object: SHA-256}, {domain: objects}) of the words of the command line."""
    objects: dict[str, str] = {}
    domains: dict[str, list[str]] = {}
    mine: list[str] = []
    for word in words:
        if word.endswith(":"):
            mine = domains.setdefault(word[:-1], [])
            continue
        name, sha256 = name_of(Path(word)), digest(Path(word))
        if objects.setdefault(name, sha256) != sha256:
            raise ValueError(f"{word}: another object of this image is called {name} and is not the same")
        mine.append(name)
    return objects, domains


def main(argv: list[str]) -> int:
    if len(argv) < 6:
        print((__doc__ or "").split("\n\n")[1], file=sys.stderr)
        return 2
    out, structure, workload, image, workload_object = argv[1:6]
    try:
        objects, domains = objects_of(argv[6:])
    except ValueError as error:
        print(f"manifest: {error}", file=sys.stderr)
        return 1
    manifest = {
        "structure": structure,
        "workload": workload,
        "objects": objects,
        "domains": domains,
        "workload_sha256": digest(Path(workload_object)),
        "image_sha256": digest(Path(image)),
        "image_bytes": loaded_bytes(Path(image)),
    }
    Path(out).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
