#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Images of the variant `books=off` hold no instruction that keeps books, and differ in nothing else.

Looks at the code of one such image of each structure and of its domains, and of the same image with books:
  - no instruction reads or writes what the image's map calls books; with books some do,
  - parts, program and libraries lie at the same addresses,
  - objects that both were put together from are the same, and only the machine is another one.

usage: bookless.py      from the root of the tree, with the images built
"""
import functools
import json
import re
import subprocess
import sys
from pathlib import Path

IMAGES = Path("build/images")
WORKLOAD = "read_hot"
# An operand relative to rip, as objdump shows it; LEA takes an address and touches nothing.
OPERAND = re.compile(r"\t(\w+) .*\(%rip\).*# ([0-9a-f]+)")
Spans = list[tuple[int, int]]


def spans_of(image: Path) -> Spans:
    lines = image.with_suffix(".map").read_text().splitlines()
    words = [line.split() for line in lines if line.startswith("books ")]
    return [(int(start, 16), int(end, 16)) for _, start, end in words]


def code_of(image: Path) -> list[Path]:
    """The image and, with their symbols, the domains that it carries."""
    system = Path("build", *image.parent.relative_to(IMAGES).parts)
    return [image, *sorted(system.glob("*.elf"))]


@functools.cache
def operands_of(file: Path) -> list[int]:
    """The addresses that instructions of the file read and write."""
    code = subprocess.run(["objdump", "-d", "--no-show-raw-insn", file], check=True, capture_output=True,
                          text=True).stdout
    operands = (OPERAND.search(line) for line in code.splitlines() if "(%rip)" in line)
    return [int(operand[2], 16) for operand in operands if operand and operand[1] != "lea"]


def books_kept(image: Path) -> int:
    """Instructions on books."""
    return sum(start <= address < end for file in code_of(image) for address in operands_of(file)
               for start, end in spans_of(image))


def places_of(image: Path) -> list[str]:
    """Where each part's code begins and ends, in each domain."""
    out = []
    for file in code_of(image):
        symbols = subprocess.run(["nm", file], check=True, capture_output=True, text=True).stdout.splitlines()
        out += [f"{file.name} {symbol}" for symbol in sorted(symbols) if re.search(r" __part_\w+_(start|end)$", symbol)]
    return out


def objects_of(image: Path) -> dict[str, str]:
    manifest = json.loads(image.with_suffix(".json").read_text())
    return {**manifest["objects"], "workload": manifest["workload_sha256"]}


def check(good: bool, text: str) -> bool:
    if not good:
        print(f"not ok - {text}")
    return good


def check_image(without: Path) -> list[bool]:
    image = without.parent.parent / without.name
    a, b = objects_of(image), objects_of(without)
    kept, left = books_kept(image), books_kept(without)
    same = {name for name in a if a[name] == b.get(name)}
    return [
        check(bool(spans_of(without)) and spans_of(without) == spans_of(image), f"{without}: has the memory for books"),
        check(kept > 0, f"{image}: instructions on books are found ({kept})"),
        check(left == 0, f"{without}: {left} instructions on books, expected none"),
        check(places_of(without) == places_of(image), f"{without}: code lies where it does in {image}"),
        check(a.keys() - same == {"machine"} and b.keys() - same == {"books-off/machine"},
              f"{without}: other objects than in {image}: {', '.join(sorted((a.keys() | b.keys()) - same))}"),
    ]


def main() -> int:
    images = sorted(IMAGES.glob(f"*/books-off/{WORKLOAD}.elf"))
    done = [good for image in images for good in check_image(image)]
    if not images:
        print("not ok - there are images without books in build/images: run make test")
    print(f"{sum(done)} passed, {len(done) - sum(done) + (not images)} failed")
    return 0 if images and all(done) else 1


if __name__ == "__main__":
    sys.exit(main())
