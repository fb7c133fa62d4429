#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of what the report shows of the measurement engine: both lanes, the model, warnings, boots, counting.

run/ is a small run: its exact counts are from real guests, its measured cycles, exits and boots were put in by hand.
build/toll derives its results.json, so these tests also hold the two against each other.
"""

import base64
import json
import math
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any

from support import ROOT, Page, ReportCase, cell
from tollreport.budget import budget_of
from tollreport.entries import Entry, Head, Row, Table
from tollreport.model import Column
from tollreport.reading import load

RUN = Path(__file__).resolve().parent / "run"
TOLL = ROOT / "build/toll"
KNOWN = {"", "exact", "measured", "modelled", "derived"}


def toll(*words: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if name != "TOLL_ROOT"} | {"NO_COLOR": "1"}
    return subprocess.run([str(TOLL), *words], capture_output=True, text=True, check=False, env=environment)


@unittest.skipUnless(TOLL.exists(), "build/toll is not built")
class TestRecordedRun(unittest.TestCase):
    """The page that `toll report` makes of run/."""

    folder: "tempfile.TemporaryDirectory[str]"
    run_folder: Path
    out: Path
    html: str
    summary: str
    page: Page

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.TemporaryDirectory()
        cls.run_folder, cls.out = Path(cls.folder.name, "run"), Path(cls.folder.name, "out")
        shutil.copytree(RUN, cls.run_folder)
        done = toll("report", "-o", str(cls.out), str(cls.run_folder))
        assert done.returncode == 0, done.stderr
        cls.html = (cls.out / "index.html").read_text(encoding="utf-8")
        cls.page = Page(cls.html)
        cls.summary = (cls.out / "summary.md").read_text(encoding="utf-8")

    @classmethod
    def tearDownClass(cls) -> None:
        cls.folder.cleanup()

    def test_its_files_are_as_the_schema_says(self) -> None:
        done = subprocess.run(["/usr/bin/python3", str(ROOT / "tests/results/validate.py"), str(self.run_folder)],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("10 passed, 0 failed", done.stdout)

    def test_everything_is_made_again_byte_for_byte(self) -> None:
        done = toll("report", "--check", "-o", str(self.out), str(self.run_folder))
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(list(self.out.iterdir())) + 3} files are as they would be made now, 0 are not", done.stdout)
        page = self.out / "index.html"
        page.write_text(self.html.replace("2,618.9", "2,618.8"), encoding="utf-8")
        done = toll("report", "--check", "-o", str(self.out), str(self.run_folder))
        page.write_text(self.html, encoding="utf-8")
        self.assertEqual(done.returncode, 1)
        self.assertIn("index.html: differs from byte", done.stdout)

    def test_cycles_warm_and_cold(self) -> None:
        warm = self.page.grid("workload", "uni again (A/A)", "micro")
        self.assertEqual(warm.evidence, ["", "measured", "measured", "measured", "measured"])
        self.assertEqual(warm.rows[1], ["read_hot", "539.1; 538.3 to 542.2", "540.5; 539.1 to 541.1", "732.4; 712 to 762",
                                        "2,618.9; 2,603.6 to 2,623.6"])
        self.assertIn("| read\\_hot | 24,471; 24,184 to 25,057 |", self.summary)
        one = self.page.grid("structure", "warm; 95 % interval below", "cold; first operation")
        self.assertIn(["mono", "131.2; 130.2 to 131.4", "130.2 to 131.7", "9", "precise", "3,449; 3,419 to 3,556"],
                      [[text for text in row if text != "\N{EN DASH}"] for row in one.rows])

    def test_modelled_against_measured(self) -> None:
        grid = self.page.grid("workload: structure", "remainder; measured less modelled")
        self.assertEqual(grid.evidence, ["", "modelled", "measured", "derived"])
        self.assertIn(["read_hot: micro", "3,199.2", "2,618.9; 2,603.6 to 2,623.6", "-580.2; -22.2 %"], grid.rows)
        self.assertIn("| workload | uni, modelled | mono, modelled | mono kpti, only modelled | micro, modelled "
                      "| linux, only modelled |", self.summary)

    def test_the_budget_is_that_of_explain(self) -> None:
        results = load(self.run_folder)
        for structure, variant in (("uni", "default"), ("mono", "kpti"), ("micro", "default"), ("linux", "default")):
            done = toll("explain", "--json", "--run", str(self.run_folder), f"{structure}:{variant}", "read_hot")
            self.assertEqual(done.returncode, 0, done.stderr)
            budget = budget_of(results, "read_hot", Column(structure, variant))
            assert budget is not None
            explained = {term["name"].replace("instructions_arch", "instructions"): term["cycles"]
                         for term in json.loads(done.stdout)["terms"]}
            self.assertEqual(set(budget.terms), set(explained))
            for name, cycles in explained.items():
                self.assertAlmostEqual(budget.terms[name].cycles, cycles, places=6)

    def test_the_budget_of_copies(self) -> None:
        """What REP string instructions moved is priced, or named as not priced, as explain does."""
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder, "run")
            shutil.copytree(RUN, run)
            lines = [json.loads(line) for line in (run / "samples.jsonl").read_text(encoding="utf-8").splitlines()]
            for line in lines:
                if line["lane"] == "exact":
                    line["metrics"] |= {"rep": line["ops"], "rep_bytes": 4096 * line["ops"]}
            (run / "samples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
            with (run / "profile.toml").open("a", encoding="utf-8") as profile:
                profile.write('\n[cost.rep_bytes]\ncycles = 0.0625\nsource = "a manual, a section"\n')
            done = toll("report", "--no-html", str(run))
            self.assertEqual(done.returncode, 0, done.stderr)
            budget = budget_of(load(run), "read_hot", Column("micro", "default"))
            assert budget is not None
            self.assertAlmostEqual(budget.terms["rep_bytes"].cycles, 256)
            self.assertEqual(budget.terms["rep"].count, 1)
            self.assertIn("rep", budget.unpriced)
            self.assertAlmostEqual(budget.cycles, 3199.2 + 256, delta=0.1)
            explained = json.loads(toll("explain", "--json", "--run", str(run), "micro", "read_hot").stdout)
            self.assertEqual({term["name"] for term in explained["terms"]} - {"instructions_arch"},
                             set(budget.terms) - {"instructions"})

    def test_the_budget_is_shown(self) -> None:
        grids = [grid for grid in self.page.grids if any(row[0].startswith("as switch, 247") for row in grid.rows)]
        self.assertEqual(grids[1].heads[2], "mono; modelled")
        self.assertEqual(grids[1].heads[3], "mono kpti; only modelled")
        self.assertIn(["as switch, 247 cycles each", "\N{EN DASH}", "\N{EN DASH}", "494; 2 \N{MULTIPLICATION SIGN}, 21.8 %",
                       "494; 2 \N{MULTIPLICATION SIGN}, 15.4 %", "494; 2 \N{MULTIPLICATION SIGN}, 14.6 %"], grids[1].rows)
        self.assertEqual(grids[1].rows[-1], ["sum", "647.5", "737.2", "2,266.3", "3,199.2", "3,385.2"])

    def test_the_picture_of_the_budget(self) -> None:
        svg = (self.out / "read_hot_budget.svg").read_text(encoding="utf-8")
        self.assertIn("<pattern", svg)  # the hatch that says modelled
        for wanted in ("modelled cycles per operation", "3,199.2, measured 2,618.9", "as switch", "miss l1d"):
            self.assertIn(wanted, svg)
        alt = next(image["alt"] or "" for image in self.page.of("img") if "modelled cycles" in (image["alt"] or ""))
        self.assertIn("profile skylake-client", alt)

    def test_misses(self) -> None:
        grid = [grid for grid in self.page.grids if "dTLB; only modelled" in grid.heads]
        self.assertEqual(set(grid[0].evidence[1:]), {"modelled"})
        self.assertIn(["micro", "0", "73.59", "0.005", "13", "23.25", "36.26"], grid[2].rows)
        self.assertIn(["micro: in fs", "\N{EN DASH}", "67.58", "0.005", "4", "10.25", "14.25"], grid[3].rows)
        self.assertIn(["micro: part base", "\N{EN DASH}", "66.01", "0.003", "1", "2", "3"], grid[3].rows)
        self.assertIn("itlb=128/8", self.summary)

    def test_exits_by_reason(self) -> None:
        grid = self.page.grid("structure", "all", "cr access", "interrupt", "nested page fault")
        self.assertEqual(set(grid.evidence[1:]), {"measured"})
        self.assertIn(["micro", "2.004; 1,229.4 ns", "2; 1,220 ns", "0.003; 7.5 ns", "0.001; 1.9 ns"], grid.rows)

    def test_warnings_have_advice(self) -> None:
        grid = self.page.grid("warning", "numbers", "found", "advice")
        rows = {row[0]: row[1:] for row in grid.rows}
        self.assertEqual(rows["drift"], ["mono/read_hot cycles", "the values rise or fall with time",
                                         "let the host come to rest (heat, turbo, caches of the disk) and measure again"])
        self.assertIn("micro/read_hot cycles", rows["outliers"][0])

    def test_false_alarms(self) -> None:
        grid = self.page.grid("compared", "false alarms")
        self.assertEqual(grid.rows, [["an image with itself, booted again in the same run", "12", "0", "0.0 %", "22.1 %"]])

    def test_boot_latency(self) -> None:
        grid = self.page.grid("structure: workload", "QEMU", "firmware", "kernel", "all")
        self.assertEqual(set(grid.evidence[1:]), {"measured"})
        self.assertIn(["micro: null", "21.5; 20.43 to 22.57", "9.6; 9.12 to 10.08", "11.8; 11.21 to 12.39",
                       "42.9; 40.75 to 45.05"], grid.rows)
        self.assertTrue((self.out / "boot_latency.svg").exists())

    def test_smallest_memory(self) -> None:
        grid = self.page.grid("structure", "read_hot", "call_null")
        self.assertEqual(grid.heads, ["structure", "call_null", "read_hot"])
        self.assertEqual(grid.evidence, ["", "exact", "exact"])
        self.assertEqual(grid.rows, [
            ["uni", "not tried", "3; its image alone"], ["mono", "not tried", "4"],
            ["micro", "9", "none is enough; timeout: the guest was not done within 120 s"]])
        self.assertIn("Unikraft 2, 5, 7, 4 MB", self.page.text)

    def test_every_column_has_one_kind_of_evidence(self) -> None:
        for grid in self.page.grids:
            self.assertEqual(len(grid.evidence), len(grid.heads), grid.heads)
            self.assertLessEqual(set(grid.evidence), KNOWN)
        self.assertEqual({kind for grid in self.page.grids for kind in grid.evidence}, KNOWN)

    def test_it_loads_nothing_and_follows_the_scheme(self) -> None:
        self.assertEqual([], self.page.of("script") + self.page.of("link") + self.page.of("iframe"))
        self.assertNotIn("@import", self.html)
        self.assertIn("prefers-color-scheme: dark", self.html)
        self.assertIn("@media print", self.html)
        self.assertIn('<i style="background:var(--c332288)"></i>posix', self.html)
        for image in self.page.of("img"):
            svg = base64.b64decode((image["src"] or "").partition("base64,")[2]).decode()
            self.assertIn("prefers-color-scheme:dark", svg)
            self.assertNotIn("url(http", svg)
            self.assertNotIn("<image", svg)
            self.assertNotIn("fill: #ffffff", svg)


class TestMade(ReportCase):
    """Runs that are made up."""

    def made(self, cells: list[dict[str, Any]], **further: Any) -> dict[str, Any]:
        return {"schema": "toll/1", "run": "a-run", "host": {}, "cells": cells} | further

    def counting(self) -> list[dict[str, Any]]:
        off, timed = {"variant": "books=off"}, {"lane": "time", "evidence": "measured", "unit": "cycles/op"}
        return [cell("mono", "call_null", "instructions_arch", 42.0), cell("mono", "call_null", "counting", 1),
                cell("mono", "call_null", "instructions_arch", 41.0, audit="none", **off),
                cell("mono", "call_null", "cycles", 120, **timed), cell("mono", "call_null", "cycles", 118.5, **timed, **off),
                cell("mono", "read_hot", "instructions_arch", 100), cell("mono", "read_hot", "counting", 50),
                cell("uni", "call_null", "instructions_arch", 13), cell("uni", "call_null", "counting", 0),
                cell("uni", "read_hot", "instructions_arch", 200), cell("uni", "read_hot", "counting", 5)]

    def test_what_counting_costs(self) -> None:
        page, summary = self.make(self.made(self.counting()))
        grid = page.grid("structure: workload", "without books; exact")
        self.assertEqual(grid.evidence, ["", "exact", "exact", "exact", "exact", "measured", "measured", "measured"])
        self.assertEqual(grid.rows[0], ["mono: call_null", "42", "1; 2.4 %", "41", "1; 2.4 %", "120", "118.5", "1.5; 1.3 %"])
        self.assertEqual(grid.rows[1][:3], ["uni: read_hot", "200", "5; 2.5 %"])
        self.assertEqual(len(grid.rows), 2)
        self.assertNotIn("books=off", summary.partition("## What counting costs")[0])

    def test_counting_without_such_images(self) -> None:
        cells = [each for each in self.counting() if each["variant"] == "default"]
        page, _ = self.make(self.made(cells))
        grid = page.grid("structure: workload", "of these, counting")
        self.assertEqual([row[0] for row in grid.rows], ["uni: read_hot", "mono: read_hot"])
        self.assertEqual(len(grid.heads), 3)

    def test_a_bookless_cell_that_failed_has_no_line(self) -> None:
        cells = self.counting()
        cells[2] |= {"status": "rejected", "value": None, "reason": "it kept books"}
        cells[4] |= {"status": "rejected", "value": None, "reason": "it kept books"}
        page, _ = self.make(self.made(cells))
        self.assertEqual([row[0] for row in page.grid("structure: workload", "of these, counting").rows],
                         ["uni: read_hot", "mono: read_hot"])
        self.assertIn("it kept books", page.text)

    def modelled(self, cycles: float, **further: Any) -> dict[str, Any]:
        cells = [cell("mono", "w", "instructions", 100), cell("mono", "w", "instructions_arch", 100),
                 cell("mono", "w", "syscall", 2), cell("mono", "w", "as_switch", 3), cell("mono", "w", "as_switch_kept", 1),
                 cell("mono", "w", "hlt", 1), cell("mono", "w", "invlpg", 4),
                 cell("mono", "w", "cycles_modelled", cycles, evidence="modelled", unit="cycles/op")]
        prices = {"cpi": 0.5, "syscall": 70, "as_switch": 200, "as_switch_kept": 150, "as_switch_refill": 10, "vm_exit": 1000}
        listed = [{"name": name, "cycles": price, "source": "a paper"} for name, price in prices.items()]
        return self.made(cells + list(further.pop("more", [])), model={"profile": "p", "what": "", "prices": listed})

    def test_the_formula_of_the_budget(self) -> None:
        # 100 x 0.5 + 2 x 70 + 2 x (200 + 10) + 1 x 150 + 1 exit; INVLPG has no price
        _, summary = self.make(self.modelled(1760))
        for row in ("| instructions, 0.5 cycles an instruction (arch) | 50; 2.8 % |",
                    "| syscall, 70 cycles each | 140; 2 \N{MULTIPLICATION SIGN}, 8.0 % |",
                    "| as switch, 200 cycles each | 400; 2 \N{MULTIPLICATION SIGN}, 22.7 % |",
                    "| as switch kept, 150 cycles each | 150; 1 \N{MULTIPLICATION SIGN}, 8.5 % |",
                    "| as switch refill, 10 cycles each | 20; 2 \N{MULTIPLICATION SIGN}, 1.1 % |",
                    "| hlt, 1000 cycles each | 1,000; 1 \N{MULTIPLICATION SIGN}, 56.8 % |",
                    "| invlpg, no price | not priced; 4 times |", "| sum | 1,760 |"):
            self.assertIn(row, summary)

    def test_misses_take_the_place_of_the_refill(self) -> None:
        more = [cell("mono", "w", "miss.stlb", 6, evidence="modelled")]
        run = self.modelled(1740 + 6 * 30, more=more)
        run["model"]["prices"].append({"name": "miss.stlb", "cycles": 30, "source": "a paper"})
        _, summary = self.make(run)
        self.assertIn("| misses in stlb, 30 cycles each | 180; 6 \N{MULTIPLICATION SIGN}, 9.4 % |", summary)
        self.assertNotIn("refill", summary.partition("Prices of profile")[0] + summary.partition("## w")[2])

    def test_a_budget_that_does_not_add_up_is_not_shown(self) -> None:
        _, summary = self.make(self.modelled(1761))
        self.assertIn("| w | 1,761 |", summary)
        self.assertNotIn("Budget", summary)
        self.assertFalse((self.out / "w_budget.svg").exists())

    def test_counters_of_the_core(self) -> None:
        timed = {"lane": "time", "evidence": "measured", "n": 9, "lo": 9, "hi": 11}
        cells = [cell("mono", "w", "cycles", 10, ended="budget", warnings=["wide"], median_lo=9.5, median_hi=10.5, **timed),
                 cell("mono", "w", "pmu.cycles", 8, **timed), cell("mono", "w", "pmu.dtlb_miss", 2, **timed),
                 cell("mono", "w", "instructions", 7), cell("mono", "w", "miss.dtlb", 3, evidence="modelled")]
        page, _ = self.make(self.made(cells))
        grid = page.grid("structure", "core cycles", "dTLB misses")
        self.assertEqual(grid.rows, [["mono", "10; 9.5 to 10.5", "9 to 11", "9", "time spent", "wide", "8", "2"]])
        self.assertIn("dTLB; modelled", [head for each in page.grids for head in each.heads])

    def test_variants_stand_beside_their_default(self) -> None:
        names = ("a", "b", "c")
        cells = [cell("micro", name, "instructions_arch", 100) for name in names]
        cells += [cell("micro", "a", "instructions_arch", 90, variant="path=copy")]
        _, summary = self.make(self.made(cells))
        self.assertIn("| micro path=copy: a | 100 | 90 | \N{MINUS SIGN}10; \N{MINUS SIGN}10.0 % |", summary)
        self.assertIn("| workload | micro |", summary)

    def boot(self, accel: str) -> dict[str, Any]:
        stage = {"ms": 2.0, "lo": 1.5, "hi": 2.5}
        row = {"structure": "uni", "variant": "default", "workload": "null",
               "parts": {name: stage for name in ("qemu", "firmware", "kernel", "all")}, "seconds": {}}
        return {"schema": "toll/1", "accel": accel, "runs": 5, "boots": [row]}

    def test_boots_under_emulation_say_so(self) -> None:
        (self.source / "boot.json").write_text(json.dumps(self.boot("tcg")), encoding="utf-8")
        page, summary = self.make(self.made([cell("uni", "null", "instructions", 2)]))
        self.assertIn("under emulation: the times of no hardware", page.text)
        self.assertIn("Evidence: measured, of the emulator.", summary)
        self.assertEqual(page.grid("structure: workload", "QEMU").evidence[1:], ["derived"] * 4)

    def test_boots_that_are_not_understood(self) -> None:
        for wrong, wanted in (({"schema": "toll/1"}, "expected what `toll boot --json` prints"),
                              (self.boot("kvm") | {"boots": [{"structure": "uni", "parts": {}}]},
                               "boots[0].parts.qemu: expected the numbers ms, lo and hi"),
                              (self.boot("kvm") | {"schema": "toll/9"}, "its schema is 'toll/9'")):
            (self.source / "boot.json").write_text(json.dumps(wrong), encoding="utf-8")
            done = self.run_report(self.made([]))
            self.assertEqual(done.returncode, 2)
            self.assertIn(wanted, done.stderr)

    def rates(self) -> dict[str, Any]:
        middle = {"median": 4.0, "median_lo": 3.5, "median_hi": 4.5, "lo": 3.0, "hi": 5.0, "n": 5}
        row = {"structure": "uni", "variant": "default", "workload": "kv_get", "program": "kv_server", "measure": "get",
               "client": "redis-benchmark", "pipeline": 1, "memory_mib": 64, "failed": 1, "reason": "it <rained>",
               "evidence": "measured", "per_second": middle | {"median": 8000.0}, "ratio": middle,
               "ratio_undefended": None, "cost_us": middle, "busy": middle | {"median": 0.5}}
        lost = row | {"structure": "linux", "failed": 2, "per_second": None, "ratio": None, "cost_us": None, "busy": None}
        claim = {"id": "KV-01", "measure": "get", "structure": "uni", "claimed": 1.74, "what": "w", "source": "s",
                 "against": "default", "here": middle}
        return {"schema": "toll/1", "run": "r", "accel": "tcg", "cpu": "max", "network": "tap", "baseline": "linux",
                "connections": 30, "seconds": 2, "measures": [{"name": "get", "what": "a GET"}], "rows": [row, lost],
                "claims": [claim]}

    def test_rates_stand_apart(self) -> None:
        (self.source / "rates.json").write_text(json.dumps(self.rates()), encoding="utf-8")
        page, summary = self.make(self.made([cell("uni", "null", "instructions", 2)]))
        grid = page.grid("system: server", "times Linux")
        self.assertEqual(grid.evidence[1:6], ["derived"] * 5)
        self.assertEqual(grid.rows[0][:4], ["uni: kv_server", "8,000; 3.5 to 4.5", "4; 3.5 to 4.5", "\N{EN DASH}"])
        self.assertIn("5; 1 failed: it <rained>", grid.rows[0][-1])
        self.assertIn("not measured: it <rained>", grid.rows[1][1])
        self.assertIn("under emulation: the rates of no hardware", summary)
        self.assertIn("Evidence: measured, of the emulator.", summary)
        claims = page.grid("claim", "uni here")
        self.assertEqual(claims.rows[0][:3], ["KV-01: get", "1.74 \N{MULTIPLICATION SIGN}", "4; 3.5 to 4.5"])

    def test_rates_in_the_order_of_structures(self) -> None:
        raw = self.rates()
        names = [("linux", "default"), ("mono", "default"), ("uni", "again"), ("exo", "default"), ("uni", "default")]
        raw["rows"] = [raw["rows"][0] | {"structure": structure, "variant": variant} for structure, variant in names]
        (self.source / "rates.json").write_text(json.dumps(raw), encoding="utf-8")
        page, _ = self.make(self.made([cell("uni", "null", "instructions", 2)]))
        self.assertEqual([row[0].partition(":")[0] for row in page.grid("system: server", "times Linux").rows],
                         ["uni", "uni again", "exo", "mono", "linux"])
        self.assertIn("again: the same image", page.text)

    def test_rates_that_are_not_understood(self) -> None:
        wrongs: list[dict[str, Any]] = [self.rates() | {"rows": [{"structure": "uni"}]}, self.rates() | {"claims": [{}]}]
        for key, number in (("median", math.nan), ("median_hi", math.inf), ("median_lo", -1), ("n", True), ("n", 1e30)):
            wrong = self.rates()
            wrong["rows"][0]["per_second"][key] = number
            wrongs.append(wrong)
        wrongs += [self.rates() | {"connections": math.inf}, self.rates() | {"seconds": "2"}]
        for wrong in wrongs:
            (self.source / "rates.json").write_text(json.dumps(wrong), encoding="utf-8")
            done = self.run_report(self.made([]))
            self.assertEqual(done.returncode, 2)
            self.assertIn("expected what `toll report` derives from rates.jsonl", done.stderr)

    def test_cautions_of_an_older_toll(self) -> None:
        page, _ = self.make(self.made([], cautions=["wide (a/b cycles): too wide; do something"]))
        self.assertIn("wide (a/b cycles): too wide; do something", page.text)

    def test_alarms_that_are_not_understood(self) -> None:
        done = self.run_report(self.made([], alarms={"tests": 0}))
        self.assertEqual(done.returncode, 2)
        self.assertIn("alarms: expected the numbers tests, alarms, share and limit", done.stderr)


class TestTable(unittest.TestCase):
    def test_a_column_of_two_kinds_cannot_be_made(self) -> None:
        Table("t", [Head("a", "exact")], [Row("r", [Entry("value", "1", evidence="exact")])])
        with self.assertRaisesRegex(ValueError, "t: r: measured below a, exact"):
            Table("t", [Head("a", "exact")], [Row("r", [Entry("value", "1", evidence="measured")])])


if __name__ == "__main__":
    unittest.main()
