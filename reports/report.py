#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the report of one run: report.py RESULTS_DIR OUT_DIR.

Reads RESULTS_DIR/results.json, boot.json and memory.json (and, for facts about the run only, plan.json and samples.jsonl) and writes
to OUT_DIR index.html, which needs nothing beside it, summary.md, and the pictures of both as SVG and PNG.  The
same input gives the same bytes.  Exit codes: 0; 2 if the input is missing or not understood, 1 if the output
cannot be written.
"""

import sys
from pathlib import Path

from tollreport.model import InputError
from tollreport.page import write_report
from tollreport.reading import load


def main(arguments: list[str]) -> int:
    if len(arguments) != 2 or arguments[0].startswith("-"):
        print("usage: report.py RESULTS_DIR OUT_DIR", file=sys.stderr)
        return 2
    source, out = Path(arguments[0]), Path(arguments[1])
    try:
        results = load(source)
    except InputError as error:
        print(f"report: {error}", file=sys.stderr)
        return 2
    try:
        write_report(results, source, out)
    except OSError as error:
        print(f"report: cannot write the report: {error}", file=sys.stderr)
        return 1
    print(f"report: {out / 'index.html'}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
