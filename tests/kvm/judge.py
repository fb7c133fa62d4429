# SPDX-License-Identifier: MIT
"""judge.py: what L1 reported (steps), against what must hold in the time lane.

usage: judge.py VERDICT REPORT STRUCTURES WORKLOADS MACHINES [small]      STRUCTURES and so on are lists of words

VERDICT is run.sh's on L1: "whole" (all steps were to be done), "slow" (the time was over) or "still" (L1 stood still
too often).  With the last two, checks of steps that were not done are skipped; guests that failed are failures.
"""

import json
import sys
from dataclasses import dataclass, field
from typing import Any

Sample = dict[str, Any]
UNDONE = -1  # the status of a step that has not ended
GUEST_FAILED = 4  # toll's
STILL_MAX = 2  # guests that may stand still where there was no time to boot them again
SKIPPED = {"slow": "not reached in time", "still": "the emulated processor stood still"}


@dataclass
class Step:
    """One step's exit status and what it wrote."""

    status: int
    lines: list[str] = field(default_factory=list)


class Tally:
    """Counts and prints checks."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed = 0

    def skip(self, name: str, why: str) -> None:
        print(f"skipped - {name}: {why}")

    def check(self, name: str, holds: bool, detail: str = "") -> None:
        if holds:
            self.passed += 1
            print(f"ok - {name}")
        else:
            self.failed += 1
            print(f"not ok - {name}{': ' if detail else ''}{detail}")


def read_steps(path: str) -> dict[str, Step]:
    steps: dict[str, Step] = {}
    current: Step | None = None
    with open(path, encoding="utf-8", errors="replace") as report:
        for line in report.read().replace("\r", "").split("\n"):
            if line.startswith("STEP "):  # another L1 may have begun it before
                current = steps[line.split()[1]] = Step(UNDONE)
            elif line == "STALL":
                current = None
            elif line.startswith("STATUS ") and current:
                current.status = int(line.split()[1])
                current = None
            elif current:
                current.lines.append(line)
    return steps


def said(step: Step) -> str:
    """The end of what a step wrote to standard error, for a failed check."""
    return " | ".join(line[4:] for line in step.lines if line.startswith("ERR "))[-600:]


def samples_of(step: Step | None) -> list[Sample]:
    samples: list[Sample] = []
    for line in step.lines if step else []:
        try:
            samples.append(json.loads(line))
        except ValueError:
            continue
    return samples


def check_doctor(tally: Tally, step: Step | None) -> None:
    text = "\n".join(line for line in step.lines if not line.startswith("ERR ")) if step else ""
    try:
        host: dict[str, Any] = json.loads(text)
    except ValueError:
        host = {}
    tally.check("doctor says kind 1", host.get("kind") == 1, str(host.get("kind_reason")) + (said(step) if step else ""))
    findings = {f["name"]: f for f in host.get("findings", [])}
    for name in ("exits", "bpf"):
        tally.check(f"doctor finds {name} usable", findings.get(name, {}).get("state") == "ok", str(findings.get(name)))
    pmu = findings.get("pmu", {})
    tally.check("doctor misses a PMU and says what would help", pmu.get("state") == "note" and bool(pmu.get("remedy")))


def check_exits(tally: Tally, name: str, sample: Sample, timed: bool) -> None:
    metrics = sample.get("metrics", {})
    by_reason = {k.split(".", 1)[1]: v for k, v in metrics.items() if k.startswith("vm_exit.")}
    total = metrics.get("vm_exit", -1)
    tally.check(f"{name}: exits by reason add up", total >= 0 and total == sum(by_reason.values()), f"{total} {by_reason}")
    if timed:
        spent = sum(v for k, v in metrics.items() if k.startswith("vm_exit_ns."))
        tally.check(f"{name}: exits took time", metrics.get("vm_exit_ns", -1) == spent and (spent > 0) == (total > 0))


def check_cell(tally: Tally, name: str, found: list[Sample], workload: str) -> None:
    ok = len(found) == 1 and found[0]["status"] == "ok"
    tally.check(f"{name}: boots and passes its checks", ok, str(found[0].get("reason") if found else "no sample"))
    if not ok:
        return
    sample = found[0]
    metrics = sample["metrics"]
    tally.check(f"{name}: cycles, cold and warm", metrics.get("cycles", 0) > 0 and metrics.get("cycles_cold", 0) > 0)
    tally.check(f"{name}: pinned", "pinned to processor 1" in sample["observers"], sample["observers"])
    tally.check(
        f"{name}: exits by BPF and by tracepoints", "exits: by BPF and by tracepoints" in sample["observers"], sample["observers"]
    )
    check_exits(tally, name, sample, True)
    if workload == "file_write":  # the disk is reached by exits: port, memory, or a page fault of the second kind
        tally.check(f"{name}: the disk shows in exits", metrics.get("vm_exit", 0) > 0)


# What `toll calibrate` has its guest measure; the emulated processor has no PCID.
CALIBRATED = {"syscall", "exception", "as_switch", "invlpg", "vm_exit", "wrmsr", "port_io", "mmio", "interrupt", "hlt"}


def check_calibrate(tally: Tally, step: Step) -> None:
    try:
        values = json.loads("\n".join(line for line in step.lines if not line.startswith("ERR ")))["values"]
    except (ValueError, KeyError, TypeError):
        values = []
    measured = {value["name"] for value in values if value["where"] == "kvm" and "cycles" in value}
    tally.check("toll calibrate measures under KVM", step.status == 0 and CALIBRATED <= measured,
                f"without {CALIBRATED - measured}: {said(step)}")


def run_of(tally: Tally, steps: dict[str, Step], name: str) -> list[Sample]:
    """The samples of a run, with those that later runs have of guests that had stood still; checks how the runs ended."""
    cells: dict[tuple[str, str, str], Sample] = {}
    rounds = [name + "+" * i for i in range(3) if f"run-{name}{'+' * i}" in steps] or [name]
    for each in rounds:
        for s in samples_of(steps.get(f"samples-{each}")):
            cell = (s["structure"], s["workload"], s["variant"])
            if cell in cells:
                print(f"{each}: {'/'.join(cell)} stood still and was booted again: {s['status']}")
            cells[cell] = s
    *before, last = (steps.get(f"run-{each}", Step(UNDONE)) for each in rounds)
    ended = last.status == 0 and all(run.status == GUEST_FAILED for run in before)
    tally.check(f"{name}: toll run leaves with 0", ended, said(last))
    return list(cells.values())


def check_machine(tally: Tally, steps: dict[str, Step], machine: str, structures: list[str], workloads: list[str]) -> None:
    samples = run_of(tally, steps, machine)
    for structure in structures:
        for workload in workloads:
            cell = (structure, workload, "default")
            found = [s for s in samples if (s["structure"], s["workload"], s["variant"]) == cell]
            check_cell(tally, f"{machine} {structure}/{workload}", found, workload)
    twins = [s for s in samples if s["variant"] == "again"]
    tally.check(f"{machine}: the twin's row is there", len(twins) == len(workloads))
    report = steps.get(f"report-{machine}", Step(UNDONE))
    text = "\n".join(report.lines)
    tally.check(f"{machine}: the report has the time lane", "time lane (measured), per operation" in text, text[-800:])


def check_way(tally: Tally, steps: dict[str, Step], way: str, words: str) -> None:
    found = [s for s in run_of(tally, steps, way) if s["variant"] == "default"]
    ok = len(found) == 1 and found[0]["status"] == "ok" and words in found[0]["observers"]
    tally.check(f"--exits {way}: counted that way", ok, str(found[:1]))
    if ok:
        check_exits(tally, f"--exits {way}", found[0], way == "bpf")


def is_done(tally: Tally, verdict: str, steps: dict[str, Step], name: str, last: str) -> bool:
    """Whether the steps of a group, named by its first and its last, can be judged; says so if they cannot."""
    if verdict == "whole" or steps.get(last, Step(UNDONE)).status != UNDONE:
        return True
    begun = steps.get(name, Step(UNDONE)).lines
    failed = [line[4:] for line in begun if line.startswith("ERR ") and ": fail in " in line]
    still = [line for line in failed if ": timeout: " in line]
    if verdict == "slow" and (len(failed) > len(still) or len(still) > STILL_MAX):
        tally.check(f"{name}: guests end well", False, " | ".join(failed)[-600:])
    else:
        tally.skip(name, SKIPPED[verdict])
    return False


def main() -> int:
    tally = Tally()
    verdict, path = sys.argv[1:3]
    steps = read_steps(path)
    structures, workloads, machines = (words.split() for words in sys.argv[3:6])
    if is_done(tally, verdict, steps, "doctor", "doctor"):
        check_doctor(tally, steps.get("doctor"))
    for machine in machines:
        if is_done(tally, verdict, steps, f"run-{machine}", f"report-{machine}"):
            check_machine(tally, steps, machine, structures, workloads)
    for way, words in (("tracepoints", "exits: by tracepoints, without times"), ("bpf", "exits: by BPF")):
        if is_done(tally, verdict, steps, f"run-{way}", f"samples-{way}"):
            check_way(tally, steps, way, words)
    if len(sys.argv) == 6 and is_done(tally, verdict, steps, "calibrate", "calibrate"):
        check_calibrate(tally, steps.get("calibrate", Step(UNDONE)))
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or (verdict == "whole" and not tally.passed) else 0


if __name__ == "__main__":
    sys.exit(main())
