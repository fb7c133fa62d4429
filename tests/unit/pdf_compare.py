#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""pdf_compare.py [FILE...]: compares the text that build/tests/pdf_text (pdf_text.c) finds on the first page of each
file, the committed inputs unless others are named, with what pdftotext and mutool find there, whichever are installed.

Blanks do not count, nor does the form of a character (ligatures are taken apart), nor the order in which mutool
gives the lines.
"""
import shutil
import subprocess
import sys
import unicodedata
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PDF_TEXT = ROOT / "build/tests/pdf_text"
INPUTS = ROOT / "workloads/pdf/inputs"


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8", "replace")


def letters(text: str) -> str:
    """The text without blanks and compatibility forms."""
    normal = unicodedata.normalize("NFKC", text)
    return "".join(c for c in normal if not c.isspace() and unicodedata.category(c) != "Cc")


def agrees(ours: str, path: str) -> list[str]:
    """The names of the programs that find something else."""
    other: list[str] = []
    if shutil.which("pdftotext"):
        if letters(output_of("pdftotext", "-raw", "-l", "1", path, "-")) != letters(ours):
            other.append("pdftotext")
    if shutil.which("mutool"):
        theirs = output_of("mutool", "draw", "-q", "-F", "txt", path, "1")
        if Counter(letters(theirs)) != Counter(letters(ours)):
            other.append("mutool")
    return other


def main() -> int:
    files = sys.argv[1:] or sorted(str(path) for path in INPUTS.glob("*.pdf"))
    if not shutil.which("pdftotext") and not shutil.which("mutool"):
        print("neither pdftotext nor mutool is installed: nothing compared", file=sys.stderr)
        return 0
    failed = 0
    for path in files:
        other = agrees(output_of(str(PDF_TEXT), path), path)
        failed += bool(other)
        print(f"{path}: {'differs from ' + ' and '.join(other) if other else 'same text'}")
    print(f"{len(files) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
