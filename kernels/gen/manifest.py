#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes an image's manifest: what it was put together from, by content.

usage: manifest.py OUT STRUCTURE WORKLOAD IMAGE WORKLOAD_OBJECT OBJECT...

OUT is JSON: structure, workload, objects {name: SHA-256}, workload_sha256, image_sha256, image_bytes.  Parts and
workloads are compiled once, so an object has one hash in all structures; the harness and `make check` compare them.
"""
import hashlib
import json
import sys
from pathlib import Path


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(argv: list[str]) -> int:
    if len(argv) < 6:
        print((__doc__ or "").split("\n\n")[1], file=sys.stderr)
        return 2
    out, structure, workload, image, workload_object = argv[1:6]
    manifest = {
        "structure": structure,
        "workload": workload,
        "objects": {Path(name).stem: digest(Path(name)) for name in argv[6:]},
        "workload_sha256": digest(Path(workload_object)),
        "image_sha256": digest(Path(image)),
        "image_bytes": Path(image).stat().st_size,
    }
    Path(out).write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
