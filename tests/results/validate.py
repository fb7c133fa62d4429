#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the files of runs, or of a reference, against results/schema.

usage: validate.py FOLDER...      folders of runs, or results/reference; from the root of the tree

Prints a line for each thing that does not fit, and "N passed, M failed": one test a file.
"""
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import jsonschema

SCHEMAS = Path(__file__).resolve().parents[2] / "results/schema"
DOCUMENTS = ("plan", "host", "results", "reference")


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def faults(name: str, place: str, value: object) -> Iterator[str]:
    for error in validator(name).iter_errors(value):
        where = "/".join(str(part) for part in error.absolute_path)
        yield f"{place}: {where or 'the whole'}: {error.message[:300]}"


def file_faults(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """Each file of a folder that has a schema, and what is wrong with it."""
    for name in DOCUMENTS:
        path = folder / f"{name}.json"
        if path.exists():
            yield str(path), list(faults(name, str(path), json.loads(path.read_text())))
    samples = folder / "samples.jsonl"
    if samples.exists():
        lines = samples.read_text().splitlines()
        yield str(samples), [fault for number, line in enumerate(lines, 1)
                             for fault in faults("sample", f"{samples}:{number}", json.loads(line))]


def main(folders: list[str]) -> int:
    passed = failed = 0
    for folder in folders:
        found = list(file_faults(Path(folder)))
        if not found:
            print(f"not ok - {folder}: no file that has a schema")
            failed += 1
        for _, wrong in found:
            passed += not wrong
            failed += bool(wrong)
            for fault in wrong[:20]:
                print(f"not ok - {fault}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not folders else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
