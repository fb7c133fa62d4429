#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Writes the numbers of README.md anew: readme.py [RUN], from the root of the tree; readme.py --check writes nothing.

Its tables and the figures of its sentences come from results/reference, exact counts of this tree; what the reference does
not have, Linux's and the smallest memory, from RUN, if one is named.  Rows are found by their words: one that is not
known here, and a sentence that is not found, is an error.  --check says what differs and prints "N passed, M failed".
"""

import json
import re
import sys
from pathlib import Path
from typing import Callable, Iterator, Optional

README, REFERENCE = Path("README.md"), Path("results/reference")
COLUMNS = {"uni": "uni", "exo": "exo", "mono": "mono", "hybrid": "hybrid", "micro": "micro", "micro1": "micro1",
           "Linux 6.1": "linux", "Linux, `mitigations=off`": "linux:mitigations=off"}
ARCH = "instructions_arch"
MEMORY = "memory"
# The first words of a row of the first table: workload and metric.
OPERATIONS = {
    "`getpid`": ("call_null", ARCH), "`pread` of 4 KiB from the cache": ("read_hot", ARCH),
    "the same from the disk": ("read_cold", ARCH), "`open` and `close` a file": ("file_open", ARCH),
    "one byte to another process": ("switch_pingpong", ARCH), "first touch of a page": ("fault_anon", ARCH),
    "start a program": ("spawn_wait", ARCH), "create, write, sync": ("file_write", ARCH), "open a PDF": ("pdf_open", ARCH),
    "system calls": ("pdf_open", "syscall"), "messages": ("pdf_open", "ipc"), "page-table loads": ("pdf_open", "as_switch"),
    "answer a GET from a key-value store": ("kv_get", ARCH), "sixteen of them sent at once": ("kv_get_p16", ARCH),
    "the store's smallest memory": ("kv_get", MEMORY), "answer a GET of 1 KiB": ("web_1k", ARCH),
    "commit an INSERT": ("db_insert_auto", ARCH), "one of 5,000": ("db_insert_tx", ARCH),
    "kernel's entry to": ("null", "boot_instructions"),
}
# The rows of the second, by structure and first words: workload, and the metrics of its three numbers.
CALLS = {
    ("uni", "a call"): "call_null", ("mono", "a system call"): "call_null", ("mono:kpti", "the same"): "call_null",
    ("exo", "the cheapest call"): "kernel_call", ("exo", "an exception told"): "upcall",
    ("micro", "the cheapest call"): "kernel_call", ("micro", "a message to another"): "ipc_call_4",
    ("micro", "16 words"): "ipc_call_16", ("micro", "within one"): "ipc_within_0", ("micro", "with a deadline"): "ipc_slow_0",
    ("micro", "a notification"): "ipc_notify", ("micro", "a page fault"): "fault_pager",
    ("micro1", "a system call"): "call_null", ("linux", "a system call"): "call_null",
}
CALL_METRICS = ("instructions", ARCH, "as_switch")
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?: [kM])?")
Counts = dict[tuple[str, str, str], float]


def reference_counts() -> Counts:
    """Structure (with its variant), workload, metric: per operation, but for boots."""
    counts: Counts = {}
    for path in sorted(REFERENCE.glob("*.tsv")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith("#"):
                structure, workload, operations, metric, count = line.split("\t")
                per = 1 if metric == "boot_instructions" else int(operations)
                counts[structure, workload, metric] = int(count) / per
                for absent in ("syscall", "ipc", "as_switch"):  # a count that is 0 has no line
                    counts.setdefault((structure, workload, absent), 0.0)
    return counts


def run_counts(folder: Path, known: Counts) -> Counts:
    """Those of a run that the reference does not have."""
    counts: Counts = {}
    for cell in json.loads((folder / "results.json").read_text(encoding="utf-8"))["cells"]:
        structure = cell["structure"] + ("" if cell["variant"] == "default" else f":{cell['variant']}")
        if cell["status"] == "ok" and cell["evidence"] == "exact" and cell["structure"] == "linux":
            counts[structure, cell["workload"], cell["metric"]] = cell["value"]
    memory = folder / "memory.json"
    for row in json.loads(memory.read_text(encoding="utf-8"))["rows"] if memory.exists() else []:
        if row["variant"] == "default" and row["mib"]:
            counts[row["structure"], row["workload"], MEMORY] = row["mib"]
    return {key: value for key, value in counts.items() if key not in known}


def shown(value: float, metric: str) -> str:
    if metric != "boot_instructions":
        return f"{round(value):,}"
    return f"{round(value / 1e6):,} M" if value >= 1e7 else f"{round(value / 1e3):,} k"


def words_of(cell: str) -> str:
    """A cell without its emphasis and its indent."""
    return cell.replace("*", "").replace("&emsp;", "").strip()


def value_of(text: str) -> Optional[float]:
    found = NUMBER.fullmatch(words_of(text))
    scale = {"k": 1e3, "M": 1e6}.get(text.strip(" *")[-1:], 1.0)
    return float(found[0].split()[0].replace(",", "")) * scale if found else None


class Readme:
    """The text, changed line by line; what differed, and what was not understood."""

    def __init__(self, text: str, counts: Counts) -> None:
        self.text, self.counts = text, counts
        self.told: Counts = {}  # what the tables say, for the sentences
        self.passed = 0
        self.faults: list[str] = []

    def judge(self, where: str, now: str, wanted: str) -> str:
        self.passed += now == wanted
        if now != wanted:
            self.faults.append(f"{where}: {now}, and {wanted} is right")
        return wanted

    def cell(self, text: str, key: tuple[str, str, str], where: str) -> str:
        """A cell with the number that belongs there; as it was, if nobody knows one."""
        bare, value = words_of(text), self.counts.get(key)
        if value is not None:
            text = text.replace(bare, self.judge(f"{where}, {key[0]}", bare, shown(value, key[2])))
        elif key[0].partition(":")[0] != "linux" and key[2] != MEMORY and value_of(bare) is not None:
            self.faults.append(f"{where}, {key[0]}: {bare}, which {REFERENCE} does not have")
        number = value_of(text)
        if number is not None:
            self.told[key] = self.counts.get(key, number)
        return text

    def operation(self, cells: list[str], columns: list[str]) -> list[str]:
        words = words_of(cells[0])
        known = next((key for start, key in OPERATIONS.items() if words.startswith(start)), None)
        if not known:
            self.faults.append(f"the row {words}: nobody knows whose numbers it has")
            return cells
        return cells[:1] + [self.cell(text, (column, *known), words) for text, column in zip(cells[1:], columns)]

    def call(self, cells: list[str]) -> list[str]:
        structure = words_of(cells[0]).lower().replace(" `kpti`", ":kpti")
        words = words_of(cells[1])
        known = next((workload for (whose, start), workload in CALLS.items()
                      if whose == structure and words.startswith(start)), None)
        if not known:
            self.faults.append(f"the row {structure}, {words}: nobody knows whose numbers it has")
            return cells
        return cells[:2] + [self.cell(text, (structure, known, metric), words)
                            for text, metric in zip(cells[2:], CALL_METRICS)] + cells[5:]

    def lines(self) -> Iterator[str]:
        """The text with the tables' numbers as they should be."""
        columns: list[str] = []
        kind = ""
        for line in self.text.split("\n"):
            cells = line.strip("|").split("|")
            if not line.startswith("|"):
                kind = ""
            elif not kind:
                heads = [words_of(cell) for cell in cells]
                kind = {"operation": "operations", "": "calls"}.get(heads[0], "other")
                kind = "other" if kind == "calls" and "page-table loads" not in heads else kind
                columns = [COLUMNS.get(head, head) for head in heads[1:]]
            elif kind != "other" and not set(line) <= set("|-: "):
                made = self.operation(cells, columns) if kind == "operations" else self.call(cells)
                line = f"|{'|'.join(made)}|"
            yield line

    def sentence(self, pattern: str, wanted: str) -> None:
        """The figure that the pattern's group holds, wherever the lines break."""
        found = re.search(pattern.replace(" ", r"\s+"), self.text)
        if not found:
            self.faults.append(f"there is no sentence {pattern}")
            return
        self.judge(f"the sentence {' '.join(found[0].split())}", found[1], wanted)
        self.text = self.text[:found.start(1)] + wanted + self.text[found.end(1):]

    def ratio(self, whose: str, workload: str) -> float:
        return self.told[whose, workload, ARCH] / self.told["uni", workload, ARCH]

    def sentences(self) -> None:
        times: Callable[[str, str], str] = lambda whose, workload: f"{self.ratio(whose, workload):.1f}"
        more: Callable[[str], str] = lambda whose: f"{100 * (self.ratio(whose, 'pdf_open') - 1):.1f}"
        self.sentence(r"pays ([\d.]+) % for a monolithic kernel", more("mono"))
        self.sentence(r"([\d.]+) % for an exokernel", more("exo"))
        self.sentence(r"([\d.]+) % for a microkernel", more("micro"))
        self.sentence(r"(\d+) messages are few", shown(self.told["micro", "pdf_open", "ipc"], "ipc"))
        self.sentence(r"`pread` takes ([\d.]+) times", times("micro", "read_hot"))
        self.sentence(r"a GET ([\d.]+) times as many", times("micro", "kv_get"))
        self.sentence(r"message of whose (\d+) is", shown(self.counts.get(("micro", "kv_get", "ipc"), 0), "ipc"))
        self.sentence(r"Linux takes ([\d.]+) times the unikernel's for the PDF", times("linux", "pdf_open"))
        self.sentence(r"for the PDF, ([\d.]+) for the GET", times("linux", "kv_get"))
        self.sentence(r"for the GET and ([\d.]+) for the INSERT", times("linux", "db_insert_auto"))

    def correct(self) -> str:
        self.text = "\n".join(self.lines())
        known = {key[:2] for key in self.told}
        self.faults += [f"there is no row for {workload}" for workload in {key for key, _ in OPERATIONS.values()}
                        if ("uni", workload) not in known and ("mono", workload) not in known]
        if not self.faults or ("linux", "db_insert_auto", ARCH) in self.told:
            self.sentences()
        return self.text


def main(words: list[str]) -> int:
    if len(words) > 1 or (words and words[0].startswith("-") and words[0] != "--check"):
        print("usage: readme.py [--check | RUN]", file=sys.stderr)
        return 2
    check = words == ["--check"]
    try:
        counts = reference_counts()
        if words and not check:
            counts |= run_counts(Path(words[0]), counts)
        text = README.read_text(encoding="utf-8")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        print(f"readme: not understood: {error!r}", file=sys.stderr)
        return 2
    readme = Readme(text, counts)
    made = readme.correct()
    if not check and made != text:
        README.write_text(made, encoding="utf-8")
    for fault in readme.faults:
        print(f"{'not ok - ' if check else ''}{README}: {fault}")
    if check:
        print(f"{readme.passed} passed, {len(readme.faults)} failed")
    return 1 if check and readme.faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
