# SPDX-License-Identifier: MIT
"""What the tests of the report share: cells and runs that are made up, and how a page is read again."""

import contextlib
import io
import json
import sys
import tempfile
import unittest
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Optional

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "reports" / "report.py"
sys.path.insert(0, str(ROOT / "reports"))

import report  # noqa: E402


def cell(structure: str, workload: str, metric: str, value: Any, **further: Any) -> dict[str, Any]:
    made = {"structure": structure, "workload": workload, "variant": "default", "metric": metric, "unit": "1/op",
            "better": "lower", "evidence": "exact", "value": value, "n": 1, "lo": value, "hi": value, "status": "ok", "reason": ""}
    return made | further


@dataclass
class Done:
    """How a run of the report ended."""

    returncode: int
    stdout: str
    stderr: str


def run_main(*arguments: str) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = report.main(list(arguments))
    return Done(status, out.getvalue(), err.getvalue())


@dataclass
class Grid:
    """A table of a page: the evidence of each column, as the page is styled by, its heads, and its rows."""

    evidence: list[str] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)


class Page(HTMLParser):
    """What a browser would see of a page: tags with their attributes, tables, and the text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, Optional[str]]]] = []
        self.text = ""
        self.grids: list[Grid] = []
        self._cells: Optional[list[str]] = None
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, Optional[str]]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "table":
            self.grids.append(Grid())
        elif tag == "col":
            self.grids[-1].evidence.append(dict(attrs).get("class") or "")
        elif tag == "tr":
            self._cells = []
            heads = self.grids[-1].heads
            if heads:
                self.grids[-1].rows.append(self._cells)
            else:
                self.grids[-1].heads = self._cells
        elif tag in ("td", "th") and self._cells is not None:
            self._cells.append("")
        elif tag == "small" and self._cells:
            self._cells[-1] += "; "

    def handle_endtag(self, tag: str) -> None:
        if tag == "table":
            self._cells = None

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._cells:
            self._cells[-1] += data.strip()

    def of(self, tag: str) -> list[dict[str, Optional[str]]]:
        return [attributes for name, attributes in self.tags if name == tag]

    def grid(self, first: str, *heads: str) -> Grid:
        """The first table whose rows' names have that head, and that has those columns."""
        for grid in self.grids:
            if grid.heads[:1] == [first] and all(head in grid.heads for head in heads):
                return grid
        raise AssertionError(f"no table {first!r} with {heads}: {[grid.heads for grid in self.grids]}")


class ReportCase(unittest.TestCase):
    def setUp(self) -> None:
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.source = Path(self._folder.name, "run")
        self.out = Path(self._folder.name, "report", "out")
        self.source.mkdir()

    def run_report(self, results: Any, raw: Optional[str] = None) -> Done:
        content = json.dumps(results) if raw is None else raw
        (self.source / "results.json").write_text(content, encoding="utf-8")
        return run_main(str(self.source), str(self.out))

    def make(self, results: Any) -> tuple[Page, str]:
        done = self.run_report(results)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout, "")
        html = (self.out / "index.html").read_text(encoding="utf-8")
        return Page(html), (self.out / "summary.md").read_text(encoding="utf-8")
