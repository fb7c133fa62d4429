#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares what kernels/README.md says of crossings with tests/counts, whose figures every `make test` measures anew.

Two kinds of tables there, told by their heads:
  | `STRUCTURE` `WORKLOAD` | crossings | ...   a way, one line a stay in a domain (ways.tsv)
  | `WORKLOAD` | KIND | KIND | ...             sums, one line a structure: of its way, and as in crossings.tsv

usage: readme_crossings.py       from the root of the tree; prints "N passed, M failed"
"""
import re
import sys
from pathlib import Path
from typing import Optional

COUNTS = Path("tests/counts")
README = Path("kernels/README.md")
Row = list[str]


def rows_of(name: str) -> list[Row]:
    lines = (COUNTS / name).read_text().splitlines()
    return [line.split("\t") for line in lines if line and not line.startswith("#")]


def tables_of(text: str) -> list[list[Row]]:
    """The tables of a Markdown text, without the line below the head."""
    tables: list[list[Row]] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("|"):
            if not inside:
                tables.append([])
            if not re.fullmatch(r"[-:| ]+", line):
                tables[-1].append([cell.strip() for cell in line.strip().strip("|").split("|")])
        inside = line.startswith("|")
    return tables


def way_of(table: list[Row]) -> str:
    """A table's stays, as ways.tsv has them."""
    stays = []
    for row in table[1:]:
        domain = re.search(r"`(\w+)`", row[0])
        name = domain[1] if domain else row[0]
        stays.append(f"{name} ({row[1]})" if row[1] else name)
    return " > ".join(stays)


def sum_of(way: str, kind: str) -> int:
    return sum(int(n or 1) for n in re.findall(rf"[(, ](?:(\d+) )?{kind}(?=[,)])", way))


class Readme:
    """Its tables against the counts."""

    def __init__(self) -> None:
        self.ways = {(row[0], row[1]): row[2] for row in rows_of("ways.tsv")}
        self.counts = {(row[0], row[1], row[2]): float(row[3]) for row in rows_of("crossings.tsv")}
        self.passed = self.failed = 0

    def check(self, good: bool, text: str) -> None:
        self.passed += good
        self.failed += not good
        if not good:
            print(f"not ok - {README}: {text}")

    def check_way(self, structure: str, workload: str, table: list[Row]) -> None:
        way, counted = way_of(table), self.ways.get((structure, workload))
        self.check(way == counted, f"{structure} {workload}: the table says {way}, ways.tsv {counted}")

    def check_cell(self, key: tuple[str, str, str], text: str) -> None:
        """An average may be rounded to two places; what a way is made of is its sum."""
        structure, workload, kind = key
        way, count = self.ways.get((structure, workload)), self.counts.get(key)
        value = float(text.replace(",", ""))
        if way is not None and kind != "bytes_copied":
            crossed = sum_of(way, kind)
            self.check(value == crossed, f"{structure} {workload}: {kind} {text}, ways.tsv {crossed}")
        if count is not None and (kind == "bytes_copied" or count == int(count)):
            self.check(abs(value - count) < 0.006, f"{structure} {workload}: {kind} {text}, crossings.tsv {count}")
        self.check(way is not None and (count is not None or kind != "bytes_copied"),
                   f"{structure} {workload}: {kind} {text} is not in tests/counts")

    def check_sums(self, workload: str, kinds: Row, table: list[Row]) -> None:
        for row in table[1:]:
            structure = row[0].strip("`")
            for kind, text in zip(kinds, row[1:]):
                self.check_cell((structure, workload, kind), text)
        told, known = {row[0].strip("`") for row in table[1:]}, {s for s, w in self.ways if w == workload}
        self.check(told == known, f"{workload}: the table has {sorted(told)}, ways.tsv {sorted(known)}")

    def check_all(self) -> None:
        found = 0
        for table in tables_of(README.read_text()):
            head: Optional[re.Match[str]] = re.fullmatch(r"`([\w:=]+)` `(\w+)`", table[0][0])
            alone = re.fullmatch(r"`(read_\w+|kv_get)`", table[0][0])
            found += bool(head or alone)
            if head:
                self.check_way(head[1], head[2], table)
            elif alone:
                self.check_sums(alone[1], [kind.strip("`") for kind in table[0][1:]], table)
        self.check(found > 2, "it has no tables of crossings")


def main() -> int:
    readme = Readme()
    readme.check_all()
    print(f"{readme.passed} passed, {readme.failed} failed")
    return 1 if readme.failed else 0


if __name__ == "__main__":
    sys.exit(main())
