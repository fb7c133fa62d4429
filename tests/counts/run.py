#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Exact counts, asserted exactly.

Runs the matrix of the kernels of this project (those of bench.toml that are built from kernels/) twice and checks that
  - every cell is admitted, and its audit held,
  - crossings per operation are those of crossings.tsv, to the last one,
  - one operation goes from domain to domain as ways.tsv says, and crosses there what that says,
  - instructions per operation stay within limits.tsv,
  - they are those of results/reference (toll compare: exactly, or within 0.5 % where interrupts fall into the window,
    or within the stanza's repeats_within);
    where QEMU or the tools are not those of the reference, this is skipped,
  - a program and its libraries execute as many instructions in one structure as in any other, to the last one,
  - an image without books (books=off) does the same work: it crosses as often, and parts, program and libraries execute
    as many instructions; where only assembly keeps books, what is left out is what the metric `counting` says,
  - every file of the run is as results/schema says,
  - the second run gives the same numbers: equal, or instructions within the stanza's repeats_within where it has one.

usage: run.py [--only STRUCTURE/WORKLOAD]      from the root of the tree, with build/toll built; patterns, as for toll run
"""
import fnmatch
import json
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

HERE = Path(__file__).parent
# Where assembly keeps all books that the window has, or none are kept.
ASSEMBLY = {*((name, "call_null") for name in ("uni", "exo", "mono", "micro")), ("micro", "ipc_call_0")}
Key = tuple[str, str, str]
Ways = dict[tuple[str, str], str]
KINDS = ("syscall", "exception", "interrupt", "upcall", "ipc", "as_switch", "as_switch_kept", "thread_switch")


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


def structures() -> str:
    """The kernels that are built here, as patterns for toll run."""
    names = tomllib.loads(Path("bench.toml").read_text())["structure"]
    return ",".join(f"{name}/*" for name in names if Path("kernels", name, "image.mk").exists())


def name_of(cell: dict[str, object]) -> str:
    """STRUCTURE, or STRUCTURE:VARIANT for one that is not the default."""
    variant = cell["variant"]
    return str(cell["structure"]) if variant == "default" else f"{cell['structure']}:{variant}"


def is_selected(only: str, name: str, workload: str) -> bool:
    """Whether toll run --only runs that cell."""
    for pattern in only.split(","):
        left, _, right = pattern.partition("/")
        structure = name.partition(":")[0]
        full = name if ":" in name else f"{name}:default"
        if fnmatch.fnmatchcase(full if ":" in left else structure, left) and fnmatch.fnmatchcase(workload, right):
            return True
    return False


def way_of(hops: list[str]) -> str:
    """The lines of one operation's hops, "DOMAIN KIND=N ...", as ways.tsv has them."""
    stays = []
    for hop in hops:
        domain, *words = hop.split()
        counts = dict(word.split("=") for word in words)
        crossings = [kind if counts[kind] == "1" else f"{counts[kind]} {kind}" for kind in KINDS if kind in counts]
        stays.append(domain + (f" ({', '.join(crossings)})" if crossings else ""))
    return " > ".join(stays)


def run(out: Path, only: str) -> tuple[dict[Key, dict[str, object]], Ways]:
    """The cells of a new run, by structure (with its variant), workload and metric; the ways, without the metric."""
    subprocess.run(["build/toll", "run", "--lane", "exact", "--reps", "1", "--only", only, "-o", str(out)], check=True,
                   stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    subprocess.run(["build/toll", "report", "--no-html", str(out)], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)
    results = json.loads((out / "results.json").read_text())
    cells = {(name_of(c), c["workload"], c["metric"]): c for c in results["cells"] if c["lane"] == "exact"}
    ways = {(name_of(w), w["workload"]): way_of(w["hops"]) for w in results["hops"] if w["lane"] == "exact"}
    return cells, ways


def table(name: str) -> list[list[str]]:
    lines = (HERE / name).read_text().splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def value_of(cells: dict[Key, dict[str, object]], structure: str, workload: str, metric: str) -> float | None:
    value = cells.get((structure, workload, metric), {}).get("value")
    return float(value) if isinstance(value, (int, float)) else None


def limit_of(cells: dict[Key, dict[str, object]], text: str, workload: str, metric: str) -> float | None:
    """A limit's number; FACTOR*STRUCTURE takes that of the structure."""
    factor, star, structure = text.partition("*")
    if not star:
        return float(text)
    value = value_of(cells, structure, workload, metric)
    return None if value is None else float(factor) * value


def check_tables(checks: Checks, cells: dict[Key, dict[str, object]], only: str) -> None:
    for structure, workload, metric, value in table("crossings.tsv"):
        if is_selected(only, structure, workload):
            got = value_of(cells, structure, workload, metric)
            checks.check(got == float(value), f"{structure}/{workload}: {metric} {got} per operation, expected {value}")
    for structure, workload, metric, text in table("limits.tsv"):
        if is_selected(only, structure, workload):
            got, limit = value_of(cells, structure, workload, metric), limit_of(cells, text, workload, metric)
            checks.check(got is not None and limit is not None and got <= limit,
                         f"{structure}/{workload}: {metric} {got}, expected at most {text} ({limit})")


def check_ways(checks: Checks, ways: Ways, only: str) -> None:
    for structure, workload, way in table("ways.tsv"):
        if is_selected(only, structure, workload):
            got = ways.get((structure, workload))
            checks.check(got == way, f"{structure}/{workload}: the way is {got}, expected {way}")


def check_admitted(checks: Checks, cells: dict[Key, dict[str, object]]) -> None:
    for structure, workload in sorted({key[:2] for key in cells}):
        cell = cells[structure, workload, "instructions"]
        skipped = cell["status"] == "skip"
        audit = "none" if is_bookless(structure) else "ok"
        checks.check(skipped or (cell["status"] == "ok" and cell["audit"] == audit),
                     f"{structure}/{workload}: {cell['status']} {cell['reason']}, audit {cell['audit']}")


def check_programs(checks: Checks, cells: dict[Key, dict[str, object]]) -> None:
    """The same objects do the same work: where they were counted otherwise, the counting is wrong.  What a server does
    depends on what has come when it looks, and that on the system."""
    first: dict[tuple[str, str], tuple[str, float]] = {}
    stanzas = tomllib.loads(Path("bench.toml").read_text())["workload"]
    for name, workload, metric in sorted(key for key in cells if "load" not in stanzas[key[1]]):
        value = value_of(cells, name, workload, metric)
        if value is not None and metric in ("instructions.app", "instructions.libc", "instructions.zlib"):
            other, expected = first.setdefault((workload, metric), (name, value))
            checks.check(value == expected, f"{name}/{workload}: {metric} {value}, in {other} {expected}")


def is_bookless(name: str) -> bool:
    return name.endswith(":books=off")


def check_bookless(checks: Checks, cells: dict[Key, dict[str, object]]) -> None:
    for name, workload in sorted({key[:2] for key in cells if is_bookless(key[0])}):
        structure = name.partition(":")[0]
        if (structure, workload, "instructions") not in cells:
            continue
        for metric in sorted({key[2] for key in cells if key[:2] in ((name, workload), (structure, workload))}):
            part = metric.startswith("instructions.") and metric not in ("instructions.glue", "instructions.machine")
            if metric in KINDS or part:
                with_books, without = (value_of(cells, s, workload, metric) for s in (structure, name))
                checks.check(with_books == without, f"{name}/{workload}: {metric} {without}, with books {with_books}")
        counting, left = (value_of(cells, s, workload, "counting") for s in (structure, name))
        with_books, without = (value_of(cells, s, workload, "instructions_arch") for s in (structure, name))
        checks.check(left == 0, f"{name}/{workload}: {left} instructions that keep books")
        if with_books is None or without is None or counting is None:
            checks.check(False, f"{name}/{workload}: no counts")
            continue
        cost = with_books - without
        exactly = (structure, workload) in ASSEMBLY
        checks.check(abs(cost - counting) < 1e-6 if exactly else cost >= 0,
                     f"{name}/{workload}: counting costs {cost} instructions, {counting} are on books")


def check_repeat(checks: Checks, first: dict[Key, dict[str, object]], second: dict[Key, dict[str, object]]) -> None:
    checks.check(first.keys() == second.keys(), "two runs have the same cells")
    stanzas = tomllib.loads(Path("bench.toml").read_text())["workload"]
    for key in sorted(first.keys() & second.keys()):
        a, b = first[key]["value"], second[key]["value"]
        if not isinstance(a, (int, float)) or not isinstance(b, (int, float)):
            continue
        within = stanzas[key[1]].get("repeats_within")
        if within is None:
            checks.check(a == b, f"{'/'.join(key)}: {a}, then {b}")
        elif key[2] in ("instructions", "instructions_arch"):
            checks.check(abs(a - b) <= within / 100 * a, f"{'/'.join(key)}: {a}, then {b}: more than {within} % apart")


def check_reference(checks: Checks, folder: Path, only: str) -> None:
    """What grew, says toll itself; a full run must also have the reference's cells, and no others."""
    done = subprocess.run(["build/toll", "compare", "reference", str(folder), "--only", only], capture_output=True,
                          text=True, check=False)
    if done.returncode == 3 and not done.stdout:
        print(f"skipped: counts against results/reference: {done.stderr}")
        return
    output = done.stdout + done.stderr
    alike = "only before" not in output and all(f"{word} 0" in output for word in ("better", "unclear"))
    checks.check(done.returncode == 0 and alike,
                 "counts are those of results/reference; if they were meant to change: make reference, and commit it\n"
                 + output)


def check_schema(checks: Checks, folder: Path) -> None:
    done = subprocess.run(["/usr/bin/python3", "tests/results/validate.py", str(folder)], capture_output=True, text=True,
                          check=False)
    checks.check(done.returncode == 0, f"the run's files are as results/schema says\n{done.stdout}{done.stderr}")


def main(argv: list[str]) -> int:
    only = argv[2] if len(argv) == 3 and argv[1] == "--only" else structures()
    checks = Checks()
    with tempfile.TemporaryDirectory() as scratch:
        first, ways = run(Path(scratch) / "first", only)
        second, _ = run(Path(scratch) / "second", only)
        check_reference(checks, Path(scratch) / "first", only)
        check_schema(checks, Path(scratch) / "first")
    check_admitted(checks, first)
    check_tables(checks, first, only)
    check_ways(checks, ways, only)
    check_programs(checks, first)
    check_bookless(checks, first)
    check_repeat(checks, first, second)
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 1 if checks.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
