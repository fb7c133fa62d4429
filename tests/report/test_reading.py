#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of what a reader of the report meets first: what is at a glance, the families, what is crossed, whose the
instructions are, what durability costs, and the smallest memory."""

import json
import unittest
from typing import Any

from support import ROOT, ReportCase, cell
from tollreport import durability, families, text

NONE = "\N{EN DASH}"
TIMES = "\N{MULTIPLICATION SIGN}"


def run_of(cells: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schema": "toll/1", "run": "a-run", "host": {}, "cells": cells}


class TestOrder(ReportCase):
    def test_families_come_in_their_order(self) -> None:
        names = ["db_mixed", "kv_get", "odd", "fault_anon", "fault_pager", "web_1k", "null", "kv_set"]
        self.assertEqual(families.ordered(names),
                         ["fault_pager", "null", "fault_anon", "kv_get", "kv_set", "web_1k", "db_mixed", "odd"])

    def test_what_is_described_is_there(self) -> None:
        stanzas = [line[len("[workload."):-1] for line in (ROOT / "bench.toml").read_text(encoding="utf-8").splitlines()
                   if line.startswith("[workload.") and line.count(".") == 1]
        self.assertGreater(len(stanzas), 30)
        self.assertEqual(set(families.ABOUT) - set(stanzas), set())
        for workloads in durability.FAMILIES.values():
            self.assertLessEqual(set(workloads), set(stanzas))

    def test_sections_stand_below_their_family(self) -> None:
        cells = [cell("uni", name, "instructions", 7) for name in ("web_1k", "kv_get", "kv_set", "odd")]
        page, summary = self.make(run_of(cells))
        anchors = [tag["id"] for tag in page.of("h2") + page.of("h3") if tag.get("id")]
        self.assertEqual([name for name in anchors if name and name.startswith("f-")], ["f-1", "f-2", "f-3"])
        self.assertEqual([name for name in anchors if name and name.startswith("w-")],
                         ["w-kv_get", "w-kv_set", "w-web_1k", "w-odd"])
        links = {link["href"] for link in page.of("a")}
        self.assertLessEqual({"#f-1", "#f-3", "#w-odd", "#meaning", "#not", "#made"}, links)
        ids = [attributes["id"] for _, attributes in page.tags if attributes.get("id")]
        self.assertEqual({link for link in links if link and link.startswith("#")} - {f"#{name}" for name in ids}, set())
        self.assertIn("| **Key-value store** | |", summary)

    def test_structures_are_named(self) -> None:
        page, _ = self.make(run_of([cell("exo", "null", "instructions", 7)]))
        self.assertIn("an exokernel", page.text)
        self.assertNotIn("a unikernel", page.text)


class TestGlance(ReportCase):
    def test_operations_and_how_many_times(self) -> None:
        cells = [cell("uni", "call_null", "instructions_arch", 13.028), cell("mono", "call_null", "instructions_arch", 42.028),
                 cell("uni", "kv_get", "instructions_arch", 5700), cell("mono", "kv_get", "instructions_arch", 5757),
                 cell("uni", "spawn_wait", "", None, status="skip", reason="no processes"),
                 cell("mono", "spawn_wait", "instructions_arch", 20082),
                 cell("mono", "null", "", None, status="fail", reason="it hung"),
                 cell("mono", "file_open", "", None, status="fail", reason="it hung")]
        page, _ = self.make(run_of(cells))
        grid = page.grid("operation", "uni", "mono")
        self.assertEqual(grid.rows, [
            ["getpid; call_null", "13.03", f"42.03; 3.23 {TIMES}"], ["open and close a file; file_open", NONE, "failed"],
            ["start a program and wait for it; spawn_wait", "skipped", "20,082"],
            ["GET of 64 bytes from a key-value store, RESP over TCP; kv_get", "5,700", f"5,757; 1.01 {TIMES}"]])

    def test_shares(self) -> None:
        self.assertEqual([text.share(value) for value in (0, 0.0004, -0.0004, 0.0006, 0.1234, -0.5)],
                         ["0.0 %", "< 0.1 %", "> -0.1 %", "0.1 %", "12.3 %", "-50.0 %"])

    def test_one_operation_is_no_glance(self) -> None:
        page, _ = self.make(run_of([cell("uni", "call_null", "instructions_arch", 13)]))
        self.assertNotIn("At a glance", page.text)

    def test_digits(self) -> None:
        self.assertEqual([text.times(value) for value in (0.9333, 9.994, 48.128, 627.4)],
                         [f"0.93 {TIMES}", f"9.99 {TIMES}", f"48.1 {TIMES}", f"627 {TIMES}"])


class TestAcross(ReportCase):
    def test_crossings_and_parts_of_each_operation(self) -> None:
        cells = []
        for workload, ipc in (("pdf_open", 84), ("kv_get", 7)):
            cells += [cell("micro", workload, "instructions_arch", 1000), cell("micro", workload, "ipc", ipc),
                      cell("micro", workload, "instructions_arch.app", 600), cell("micro", workload, "instructions_arch.net", 0),
                      cell("uni", workload, "instructions_arch", 900), cell("uni", workload, "instructions_arch.app", 600)]
        cells.append(cell("micro", "kv_get", "instructions_arch.odd", 3))
        page, _ = self.make(run_of(cells))
        crossed = page.grid("structure", "instructions, arch", "ipc")
        self.assertEqual([row[:3] for row in crossed.rows], [
            ["Opening a PDF (pdf_open)"], ["uni", "900", NONE], ["micro", "1,000", "84"],
            ["A GET from the key-value store (kv_get)"], ["uni", "900", NONE], ["micro", "1,000", "7"]])
        parts = page.grid("structure", "app", "odd")
        self.assertEqual(parts.heads, ["structure", "app", "odd"])
        self.assertEqual(parts.rows[-1], ["micro", "600", "3"])


class TestDurability(ReportCase):
    def cells(self) -> list[dict[str, Any]]:
        made = []
        for workload, cost, interrupts in (("kv_set", 5000, 1), ("kv_set_interval", 6250, 3.5), ("kv_set_commit", 11000, 5)):
            made += [cell("uni", workload, "instructions_arch", cost), cell("uni", workload, "interrupt", interrupts)]
        made += [cell("mono", "kv_set", "instructions_arch", 5100), cell("mono", "kv_set", "interrupt", 1),
                 cell("mono", "kv_set_commit", "", None, status="fail", reason="no disk"),
                 cell("micro", "kv_set", "", None, status="skip", reason="not here"),
                 cell("mono", "db_insert_none", "instructions_arch", 30), cell("mono", "db_insert_auto", "instructions_arch", 60)]
        return made

    def test_each_policy_beside_none(self) -> None:
        page, _ = self.make(run_of(self.cells()))
        grid = page.grid("structure", "none", "interval", "commit")
        self.assertEqual(grid.heads[4:], ["interrupts, interval", "interrupts, commit"])
        self.assertEqual(grid.rows, [
            ["SET in a key-value store"], ["uni", "5,000", f"6,250; 1.25 {TIMES}", f"11,000; 2.20 {TIMES}", "2.5", "4"],
            ["mono", "5,100", NONE, "failed", NONE, NONE],
            ["INSERT in SQLite"], ["mono", "30", NONE, f"60; 2.00 {TIMES}", NONE, NONE]])
        self.assertEqual(set(grid.evidence[1:]), {"exact"})

    def test_what_the_disk_is_asked(self) -> None:
        page, _ = self.make(run_of(self.cells() + [
            cell("uni", "kv_set_commit", "disk_read", 0), cell("uni", "kv_set_commit", "disk_write", 2.04),
            cell("uni", "kv_set_commit", "disk_flush", 2)]))
        grid = page.grid("structure", "reads, none", "writes, none", "flushes, none")
        self.assertEqual(grid.heads[-3:], ["reads, commit", "writes, commit", "flushes, commit"])
        self.assertEqual(grid.rows, [["SET in a key-value store"], ["uni", *6 * [NONE], "0", "2.04", "2"]])
        self.assertIn("/proc/diskstats", page.text)

    def test_without_durable_workloads(self) -> None:
        page, _ = self.make(run_of([cell("uni", "kv_set", "instructions_arch", 5000)]))
        self.assertNotIn("What durability", page.text)


class TestMemory(ReportCase):
    def memory(self, **further: Any) -> dict[str, Any]:
        row = {"structure": "linux", "variant": "default", "workload": "kv_get", "image_mib": 50, "mib": 74,
               "trials": [{"mib": 256, "passed": True, "reason": ""}]}
        return {"schema": "toll/1", "run": "a-run", "options": "-M x", "rows": [row | further]}

    def refused(self, document: Any) -> str:
        (self.source / "memory.json").write_text(json.dumps(document), encoding="utf-8")
        done = self.run_report(run_of([cell("uni", "null", "instructions", 2)]))
        self.assertEqual(done.returncode, 2)
        return done.stderr

    def test_is_shown_with_what_is_not_in_the_run(self) -> None:
        (self.source / "memory.json").write_text(json.dumps(self.memory()), encoding="utf-8")
        page, summary = self.make(run_of([cell("uni", "null", "instructions", 2)]))
        self.assertEqual(page.grid("structure", "kv_get").rows, [["linux", "74"]])
        self.assertIn("## Smallest memory in MiB", summary)
        self.assertNotIn("make memory", summary)
        self.assertIn("memory.json", [link["href"] and link["href"].rpartition("/")[2] for link in page.of("a")])

    def test_says_how_to_get_linux(self) -> None:
        (self.source / "memory.json").write_text(json.dumps(self.memory(structure="uni")), encoding="utf-8")
        _, summary = self.make(run_of([cell("uni", "null", "instructions", 2)]))
        self.assertIn("make memory", summary)

    def test_is_judged(self) -> None:
        self.assertIn("memory.json: expected what `toll memory --run a-run` wrote", self.refused(self.memory() | {"run": "b"}))
        changes: list[dict[str, Any]] = [{"mib": 7.5}, {"mib": "7"}, {"image_mib": None}, {"trials": 3}]
        for wrong in changes:
            self.assertIn("rows[0]: expected mib, image_mib and trials", self.refused(self.memory(**wrong)))
        incomplete = self.memory()
        del incomplete["rows"][0]["mib"]
        self.assertIn("rows[0]: expected mib, image_mib and trials", self.refused(incomplete))
        self.assertIn("schema", self.refused({}))


if __name__ == "__main__":
    unittest.main()
