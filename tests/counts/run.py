#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Exact counts, asserted exactly.

Runs the matrix of the kernels of this project twice and checks that
  - every cell is admitted, and its audit held,
  - crossings per operation are those of crossings.tsv, to the last one,
  - instructions per operation stay within limits.tsv,
  - the second run gives the same numbers: equal where no disk is in the window, else within 0.1 %.

usage: run.py [--only STRUCTURE/WORKLOAD]      from the root of the tree, with build/toll built
"""
import json
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
DISK = {"read_cold", "file_write"}
DISK_TOLERANCE = 0.001
Key = tuple[str, str, str]


class Checks:
    """Counts what holds; says what does not."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def check(self, good: bool, text: str) -> None:
        self.passed += good
        self.failed += not good
        if not good:
            print(f"not ok - {text}")


def run(out: Path, only: str) -> dict[Key, dict[str, object]]:
    """The cells of a new run, by structure, workload and metric."""
    subprocess.run(["build/toll", "run", "--lane", "exact", "--reps", "1", "--only", only, "-o", str(out)], check=True,
                   stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    subprocess.run(["build/toll", "report", "--no-html", str(out)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    cells = json.loads((out / "results.json").read_text())["cells"]
    return {(c["structure"], c["workload"], c["metric"]): c for c in cells if c["lane"] == "exact"}


def table(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text().splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def check_tables(checks: Checks, cells: dict[Key, dict[str, object]]) -> None:
    for structure, workload, metric, value in table("crossings.tsv"):
        cell = cells.get((structure, workload, metric))
        got = cell["value"] if cell else None
        checks.check(got == float(value), f"{structure}/{workload}: {metric} {got} per operation, expected {value}")
    for structure, workload, metric, limit in table("limits.tsv"):
        cell = cells.get((structure, workload, metric))
        got = cell["value"] if cell else None
        checks.check(isinstance(got, (int, float)) and got <= float(limit),
                     f"{structure}/{workload}: {metric} {got}, expected at most {limit}")


def check_admitted(checks: Checks, cells: dict[Key, dict[str, object]]) -> None:
    for structure, workload in sorted({key[:2] for key in cells}):
        cell = cells[structure, workload, "instructions"]
        skipped = cell["status"] == "skip"
        checks.check(skipped or (cell["status"] == "ok" and cell["audit"] == "ok"),
                     f"{structure}/{workload}: {cell['status']} {cell['reason']}, audit {cell['audit']}")


def check_repeat(checks: Checks, first: dict[Key, dict[str, object]], second: dict[Key, dict[str, object]]) -> None:
    checks.check(first.keys() == second.keys(), "two runs have the same cells")
    for key in sorted(first.keys() & second.keys()):
        a, b = first[key]["value"], second[key]["value"]
        if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
            continue
        if key[1] not in DISK:
            checks.check(a == b, f"{'/'.join(key)}: {a}, then {b}")
        elif key[2] in ("instructions", "instructions_arch"):
            checks.check(abs(a - b) <= DISK_TOLERANCE * a, f"{'/'.join(key)}: {a}, then {b}: more than 0.1 % apart")


def main(argv: list[str]) -> int:
    only = argv[2] if len(argv) == 3 and argv[1] == "--only" else "uni/*,mono/*"
    checks = Checks()
    with tempfile.TemporaryDirectory() as scratch:
        first = run(Path(scratch) / "first", only)
        second = run(Path(scratch) / "second", only)
    check_admitted(checks, first)
    check_tables(checks, first)
    check_repeat(checks, first, second)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
