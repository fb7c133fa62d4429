#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Counts lines of code, shared and by structure: what `make loc` prints.

usage: loc.py [KERNELS_DIR]

A line of code holds something besides blanks and comments.  What an image is made of is read from the structure's
image.mk: NAME.PARTS and those of its domains (NAME-DOMAIN.PARTS), the files of machine/ that its OBJECTS choose, the
layer user/ if it has domains, and what it takes from another structure.  A structure's own lines are those of its
folder and the folders in it, image.mk included.  What is generated, the workload and its libraries are not counted.
"""
import re
import sys
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = {".c", ".h", ".S", ".inc", ".ld"}
COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|/\*.*?\*/|//[^\n]*', re.DOTALL)


@dataclass(frozen=True)
class Structure:
    name: str
    parts: set[str]
    chosen: list[str]  # stems of files of machine/ that only this composition takes
    user: bool         # has domains in ring 3, and so the layer that they share
    others: list[str]  # structures that it takes files of


def code_lines(path: Path) -> int:
    text = path.read_text()
    if path.suffix == ".mk":
        text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
    else:
        text = COMMENT.sub(lambda m: m[1] or "", text)
    return sum(1 for line in text.splitlines() if line.strip())


def folder_lines(folder: Path, without: frozenset[str] = frozenset()) -> int:
    return sum(code_lines(path) for path in sorted(folder.rglob("*"))
               if (path.suffix in SUFFIXES or path.suffix == ".mk") and path.stem not in without)


def words_of(text: str, structure: str, variable: str) -> list[str]:
    """The words of that variable of a structure and of all its domains."""
    pattern = rf"^{structure}(?:-[\w-]+)?\.{variable}\s*:?=(.*)$"
    return [word for line in re.findall(pattern, text, re.MULTILINE) for word in line.split()]


def text_of(makefile: Path) -> str:
    return re.sub(r"#.*", "", makefile.read_text().replace("\\\n", " "))


def borrowed_parts(makefile: Path, text: str, domains: list[str], others: list[str]) -> list[str]:
    """The parts of the domains that are another structure's."""
    name, found = makefile.parent.name, []
    for other in others:
        theirs = text_of(makefile.parent.parent / other / "image.mk")
        for domain in domains:
            if not re.search(rf"^{name}-{domain}\.", text, re.MULTILINE):
                found += words_of(theirs, f"{other}-{domain}", "PARTS")
    return found


def structure_of(makefile: Path, names: list[str]) -> Structure:
    name, text = makefile.parent.name, text_of(makefile)
    parts, objects = words_of(text, name, "PARTS"), words_of(text, name, "OBJECTS")
    domains = words_of(text, name, "DOMAINS")
    if not parts or not objects:
        raise ValueError(f"{makefile}: expected lines {name}.PARTS := ... and {name}.OBJECTS := ...")
    chosen = [stem for word in objects for stem in re.findall(r"\bmachine/(\w+)\.\w+\.o", word)]
    others = [other for other in names if other != name and
              re.search(rf"(/|\$\(){other}(/|-[\w-]+\.|\.)[\w*]", text)]
    known = {path.name for path in (makefile.parent.parent / "parts").iterdir()}
    parts += borrowed_parts(makefile, text, domains, others)
    return Structure(name, set(parts) & known, chosen, bool(domains), others)


def structures_of(kernels: Path) -> list[Structure]:
    makefiles = sorted(kernels.glob("*/image.mk"))
    names = [makefile.parent.name for makefile in makefiles]
    found = [structure_of(makefile, names) for makefile in makefiles]
    return sorted(found, key=lambda s: folder_lines(kernels / s.name))


def table(kernels: Path) -> list[tuple[str, list[int]]]:
    """(row, lines for each structure)."""
    structures = structures_of(kernels)
    choices = frozenset(stem for s in structures for stem in s.chosen)
    rows = [("contracts (include/)", [folder_lines(kernels / "include")] * len(structures)),
            ("base", [folder_lines(kernels / "base")] * len(structures)),
            ("machine", [folder_lines(kernels / "machine", choices - set(s.chosen)) for s in structures])]
    user = folder_lines(kernels / "user") if (kernels / "user").exists() else 0
    if any(s.user for s in structures):
        rows.append(("user", [user if s.user else 0 for s in structures]))
    for part in sorted({part for s in structures for part in s.parts}):
        lines = folder_lines(kernels / "parts" / part)
        rows.append((part, [lines if part in s.parts else 0 for s in structures]))
    for other in sorted({other for s in structures for other in s.others}):
        lines = folder_lines(kernels / other)
        rows.append((f"taken from {other}", [lines if other in s.others else 0 for s in structures]))
    shared = [sum(row[1][i] for row in rows) for i in range(len(structures))]
    own = [folder_lines(kernels / s.name) for s in structures]
    rows += [("shared", shared), ("its own", own), ("image", [a + b for a, b in zip(shared, own)])]
    return rows


def show(kernels: Path) -> None:
    names = [s.name for s in structures_of(kernels)]
    rows = table(kernels)
    print(f"{'lines of code':<22}" + "".join(f"{name:>9}" for name in names))
    for row, lines in rows:
        if row in ("shared", "image"):
            print("-" * (22 + 9 * len(names)))
        print(f"{row:<22}" + "".join(f"{n:>9}" if n else f"{'-':>9}" for n in lines))
    own, image = rows[-2][1], rows[-1][1]
    print(f"{'its own share':<22}" + "".join(f"{100 * a / b:>7.1f} %" for a, b in zip(own, image)))


def main(argv: list[str]) -> int:
    if len(argv) > 2:
        print((__doc__ or "").split("\n\n")[1], file=sys.stderr)
        return 2
    try:
        show(Path(argv[1]) if len(argv) == 2 else Path(__file__).resolve().parent.parent)
    except (OSError, ValueError) as error:
        print(f"loc: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
