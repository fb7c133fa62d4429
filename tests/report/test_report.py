#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of reports/report.py, from a made results.json to the files that it writes."""

import json
import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any, Optional

from support import REPORT, ReportCase, cell, run_main
from tollreport import text  # support.py knows where it is


def small_run() -> dict[str, Any]:
    """Two workloads: one with everything, one of which mono failed and Linux's instructions are missing."""
    cells = [
        cell("uni", "read_hot", "instructions", 300, n=2, lo=299, hi=301),
        cell("uni", "read_hot", "instructions.fs", 200),
        cell("uni", "read_hot", "instructions.posix", 60),
        cell("uni", "read_hot", "syscall", 0),
        cell("mono", "read_hot", "instructions", 450.5),
        cell("mono", "read_hot", "instructions_arch", 120),
        cell("mono", "read_hot", "syscall", 1),
        cell("mono", "read_hot", "cycles", None, evidence="measured", status="skip", reason="no KVM here"),
        cell("linux", "read_hot", "instructions", 5383, variant="mitigations=off"),
        cell("uni", "file_open", "instructions", 1000),
        cell("mono", "file_open", "instructions", 987654321, status="fail", reason="audit: 3 system calls against 4"),
        cell("linux", "file_open", "syscall", 2),
    ]
    return {"schema": "toll/1", "run": "a-run", "host": {"cpu": "Some CPU", "qemu": "QEMU 7.2", "list": [1, {"a": None}]},
            "cells": cells}


def several_domains() -> dict[str, Any]:
    """A structure with servers and messages beside one with neither."""
    def micro(workload: str, metric: str, value: Any, **further: Any) -> dict[str, Any]:
        return cell("micro", workload, metric, value, **further)

    cells = [
        cell("uni", "call_null", "instructions", 13),
        cell("uni", "call_null", "ipc", 0),
        micro("call_null", "instructions", 33),
        cell("uni", "ipc_call_0", "instructions", None, status="skip", reason="no messages here"),
        micro("ipc_call_0", "instructions", 240),
        micro("ipc_call_0", "ipc", 2),
        micro("ipc_call_0", "as_switch", 2),
        micro("ipc_call_0", "instructions", 987654321, variant="path=copy", status="fail", reason="it hangs"),
        micro("ipc_notify", "instructions", 777, variant="path=copy"),
        cell("uni", "read_hot", "instructions", 300),
        micro("read_hot", "instructions", 900),
        micro("read_hot", "instructions_user", 100),
        micro("read_hot", "instructions_fs", 300),
        micro("read_hot", "instructions_arch_fs", 300),
        micro("read_hot", "instructions.alloc", 70),
        micro("read_hot", "instructions_fs.alloc", 50),
        micro("read_hot", "as_switch", 2),
        micro("read_hot", "as_switch_kept", 1),
        cell("uni", "pdf_open", "instructions_arch", 1000),
        micro("pdf_open", "instructions_arch", 1234),
        micro("pdf_open", "ipc", 84),
    ]
    way = ["user instructions=90 instructions_arch=80 syscall=1", "fs instructions=600 instructions_arch=60 ipc=1 mystery=2"]
    hops = [{"structure": "micro", "workload": "read_hot", "variant": "default", "lane": "exact", "hops": way},
            {"structure": "uni", "workload": "read_hot", "variant": "default", "lane": "exact", "hops": ["image x"]},
            {"structure": "uni"}, 3]
    return {"schema": "toll/1", "run": "a-run", "host": {}, "cells": cells, "hops": hops}


def modelled_run(measured: bool) -> dict[str, Any]:
    """One workload with modelled cycles, and measured ones if asked for."""
    cells = [
        cell("uni", "read_hot", "instructions", 300, lane="exact"),
        cell("uni", "read_hot", "cycles_modelled", 128.25, lane="exact", unit="cycles/op", evidence="modelled"),
    ]
    if measured:
        cells.append(cell("uni", "read_hot", "cycles", 160.5, lane="time", unit="cycles/op", evidence="measured"))
    prices = [{"name": "cpi", "cycles": 0.57, "source": "A <paper>, table 1"}]
    return {"schema": "toll/1", "run": "a-run", "host": {}, "cells": cells,
            "model": {"profile": "some-cpu", "what": "A processor", "prices": prices}}


class TestPage(ReportCase):
    def test_shows_numbers_and_facts(self) -> None:
        page, summary = self.make(small_run())
        for wanted in ("a-run", "Some CPU", "QEMU 7.2", "450.5", "5,383", "299 to 301", "n = 2", "mitigations=off"):
            self.assertIn(wanted, page.text)
        self.assertIn("| read\\_hot | 300 | 450.5; 120 arch | not run | 5,383 |", summary)

    def test_names_the_profile_of_modelled_cycles(self) -> None:
        page, summary = self.make(modelled_run(False))
        for wanted in ("prices of profile some-cpu", "128.2", "cpi: 0.57 cycles", "A <paper>, table 1"):
            self.assertIn(wanted, page.text)
        self.assertIn("| workload | uni, only modelled |", summary)
        self.assertIn("| read\\_hot | 128.2 |", summary)
        self.assertNotIn("remainder", page.text)

    def test_shows_what_the_model_leaves(self) -> None:
        page, summary = self.make(modelled_run(True))
        self.assertIn("| workload | uni, modelled |", summary)
        self.assertIn("| read\\_hot: uni | 128.2 | 160.5 | 32.25; 20.1 % |", summary)
        self.assertNotIn("only modelled", page.text)

    def test_refuses_a_price_without_a_source(self) -> None:
        run = modelled_run(False)
        run["model"]["prices"][0]["source"] = ""
        done = self.run_report(run)
        self.assertEqual(done.returncode, 2)
        self.assertIn("model.prices[0]: expected a name, cycles and a source", done.stderr)

    def test_puts_structures_beside_each_other(self) -> None:
        page, summary = self.make(several_domains())
        for row in ("| uni: getpid, a call of the system | 13 | – | 0 | – |",
                    "| micro: a message and its answer | 240 | – | 2 | 2 |",
                    "| micro path=copy: a message and its answer | failed; it hangs | – | – | – |",
                    "| micro path=copy: a notification and one back | 777 | – | – | – |",
                    "| micro | 1,234 | 84 | – | – |",
                    "| micro | 140 | 2 | user 80 (syscall) \N{RIGHTWARDS ARROW} fs 60 (ipc) |",
                    "| of all: in the user | – | 100 |",
                    "| of all: in server fs | – | 300 |",
                    "| of these, as switch kept | – | 1 |"):
            self.assertIn(row, summary)
        self.assertNotIn("uni: a message", summary)
        self.assertNotIn("uni: image", summary)
        self.assertNotIn("987,654,321", page.text + summary)
        self.assertIn("One read, from domain to domain", page.text)
        overview = summary.partition("## One protected call")[0]
        self.assertIn("call\\_null", overview)
        self.assertNotIn("ipc", overview)

    def test_needs_nothing_beside_it(self) -> None:
        (self.source / "samples.jsonl").write_text("{}\n", encoding="utf-8")
        page, _ = self.make(small_run())
        html = (self.out / "index.html").read_text(encoding="utf-8")
        self.assertEqual([], page.of("script") + page.of("link") + page.of("iframe"))
        self.assertNotIn("url(", html)
        for image in page.of("img"):
            self.assertTrue((image["src"] or "").startswith("data:image/svg+xml;base64,"))
            self.assertIn("per operation of", image["alt"] or "")
        targets = [link["href"] or "" for link in page.of("a")]
        self.assertTrue(all(not target.startswith(("http", "/")) for target in targets), targets)
        for target in targets:
            if not target.startswith("#"):
                self.assertTrue((self.out / target).exists(), target)

    def test_same_input_same_bytes(self) -> None:
        self.make(small_run())
        first = {path.name: path.read_bytes() for path in self.out.iterdir()}
        self.make(small_run())
        self.assertEqual(first, {path.name: path.read_bytes() for path in self.out.iterdir()})
        for workload in ("read_hot", "file_open"):
            for suffix in ("svg", "png"):
                self.assertIn(f"{workload}_instructions.{suffix}", first)

    def test_refused_cells_show_the_reason_only(self) -> None:
        page, summary = self.make(small_run())
        everything = page.text + summary + "".join(path.read_text(encoding="utf-8") for path in self.out.glob("*.svg"))
        everything += "".join(image["alt"] or "" for image in page.of("img"))
        self.assertNotIn("987,654,321", everything)
        self.assertNotIn("987654321", everything)
        self.assertIn("audit: 3 system calls against 4", page.text)
        self.assertIn("failed", page.text)
        self.assertIn("no KVM here", page.text)
        self.assertIn("5 of 6 combinations", page.text)
        self.assertIn("The time lane was skipped: no KVM here.", page.text)
        self.assertEqual(page.text.count("no KVM here"), 1)

    def test_kinds_of_evidence_stay_apart(self) -> None:
        run = small_run()
        run["cells"] = [cell("uni", "w", "instructions", 111, evidence="measured"), cell("mono", "w", "instructions", 222)]
        _, summary = self.make(run)
        self.assertIn("| w | not run | 222 |", summary)

    def two_lanes(self) -> dict[str, Any]:
        """A workload that both lanes have; in the time lane mono failed."""
        timed = {"lane": "time", "n": 3}
        cells = [cell("uni", "w", "instructions", 111, lane="exact"), cell("uni", "w", "image_bytes", 5000, lane="exact"),
                 cell("uni", "w", "cycles", 777, evidence="measured", lo=770, hi=790, **timed),
                 cell("uni", "w", "image_bytes", 5000, **timed),
                 cell("mono", "w", "instructions", 222, lane="exact"),
                 cell("mono", "w", "cycles", None, evidence="measured", status="fail", reason="it hung", lane="time", n=0)]
        return small_run() | {"cells": cells}

    def test_lanes_have_their_own_tables(self) -> None:
        _, summary = self.make(self.two_lanes())
        self.assertIn("| admission | admitted; n = 1 | admitted; n = 1 |", summary)
        self.assertIn("| uni | 777 | 770 to 790 | 3 |", summary)
        self.assertIn("| mono | failed (1) | \N{EN DASH} | \N{EN DASH} |", summary)
        self.assertNotIn("n = 1 to 3", summary)
        self.assertIn("1 of 2 combinations of a workload and a structure were admitted in the time lane", summary)
        exact, _, timed = summary.partition("### Cycles per operation")
        self.assertNotIn("measured", exact.partition("## w\n")[2])
        self.assertNotIn("Evidence: exact", timed)

    def test_notes_are_referred_to(self) -> None:
        run = self.two_lanes()
        run["cells"].append(cell("mono", "w", "odd", None, status="fail", reason="only in the full table"))
        page, summary = self.make(run)
        for number in range(1, 9):
            if f"\n({number}) " in summary:
                self.assertIn(f"({number}) |", summary)
        self.assertIn("(2) it hung", summary)
        self.assertIn("only in the full table", page.text)

    def test_features_of_the_processor(self) -> None:
        lines = [{"structure": name, "status": "ok", "cpu_features": found, "options": "-M x"}
                 for name, found in (("uni", "nx smep"), ("mono", "nx smep"), ("linux", ""))]
        (self.source / "samples.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
        _, summary = self.make(small_run())
        self.assertIn("processor features found by uni, mono: nx smep\n", summary)

    def test_parts_that_do_not_sum_up_leave_a_rest(self) -> None:
        self.make(small_run())
        picture = (self.out / "read_hot_instructions.svg").read_text(encoding="utf-8")
        for wanted in ("posix", "undivided", "300", "450.5"):
            self.assertIn(wanted, picture)


class TestEdges(ReportCase):
    def test_windows_of_zero(self) -> None:
        cells = [cell("uni", "null", name, 0) for name in ("instructions", "instructions.app", "syscall", "interrupt")]
        page, summary = self.make(small_run() | {"cells": cells})
        self.assertEqual([], page.of("img"))
        self.assertIn("| syscall | 0 |", summary)

    def test_no_cells(self) -> None:
        page, _ = self.make(small_run() | {"cells": []})
        self.assertIn("0 of 0", page.text)

    def test_nothing_admitted(self) -> None:
        cells = [cell("uni", "null", "", None, status="fail", reason="timeout after 5 s", evidence="")]
        page, summary = self.make(small_run() | {"cells": cells})
        self.assertEqual([], page.of("img"))
        self.assertIn("timeout after 5 s", page.text)
        self.assertIn("timeout after 5 s", summary)

    def test_values_that_are_none(self) -> None:
        cells = [cell("uni", "w", f"m{index}", value) for index, value in enumerate((None, True, "7", 10**400))]
        raw = json.dumps(small_run() | {"cells": cells}).replace('"7"', "NaN")
        done = self.run_report(None, raw)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("no value was recorded", (self.out / "index.html").read_text(encoding="utf-8"))

    def test_hostile_texts(self) -> None:
        bad = "</td><script>alert(1)</script>&\"'$x^{$ ../../evil \u0000\ud800 |`[a](b)"
        cells = [cell(bad, bad, "instructions", 1), cell(bad, bad, "instructions." + bad, 1, unit=bad),
                 cell("uni", bad, "syscall", 1, status="fail", reason=bad), cell("uni", "../../evil", "instructions", 5),
                 cell("uni", "..", "instructions", 5)]
        run = {"schema": "toll/1", "run": bad, "host": {bad: bad}, "cells": cells}
        page, summary = self.make(run)
        self.assertEqual([], page.of("script"))
        self.assertNotIn("<script", summary)
        self.assertIn("alert(1)", page.text)
        for path in self.out.glob("*.svg"):
            self.assertNotIn("<script", path.read_text(encoding="utf-8"))
        beside = {path.name for path in Path(self._folder.name).rglob("*")} - {path.name for path in self.out.iterdir()}
        self.assertEqual(beside, {"run", "report", "out", "results.json"})

    def test_pictures_of_an_earlier_report(self) -> None:
        self.out.mkdir(parents=True)
        mine = [self.out / name for name in ("my_budget.csv", "my_budget.svg", "my_latency.png")]
        for path in mine:
            path.write_text("mine", encoding="utf-8")
        self.make({"schema": "toll/1", "run": "r", "host": {}, "cells": [cell("uni", "null", "instructions", 5)]})
        self.assertTrue(all(path.exists() for path in mine))  # there was no report here
        self.make({"schema": "toll/1", "run": "r", "host": {}, "cells": [cell("uni", "pdf_open", "instructions", 5)]})
        self.assertFalse(list(self.out.glob("null_*")))
        self.assertTrue(list(self.out.glob("pdf_open_instructions.svg")))
        self.assertTrue(mine[0].exists())

    def test_twelve_workloads(self) -> None:
        parts = ("app", "libc", "glue", "posix", "fs", "blk", "pager", "alloc", "sched", "machine", "base")
        cells = []
        for workload in range(12):
            for structure in ("uni", "mono", "linux"):
                cells += [cell(structure, f"w{workload}", f"instructions.{part}", 10) for part in parts]
                cells += [cell(structure, f"w{workload}", "instructions", 110), cell(structure, f"w{workload}", "syscall", 2)]
        page, _ = self.make(small_run() | {"cells": cells})
        self.assertEqual(len(page.of("section")), 12)
        self.assertEqual(len(page.of("img")), 24)


class TestErrors(ReportCase):
    def refuse(self, wanted: str, results: Any, raw: Optional[str] = None) -> None:
        done = self.run_report(results, raw)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertIn(wanted, done.stderr)
        self.assertNotIn("Traceback", done.stderr)
        self.assertFalse(self.out.exists())

    def test_unknown_schema(self) -> None:
        self.refuse("its schema is 'toll/9'", small_run() | {"schema": "toll/9"})
        self.refuse("its schema is None", {})

    def test_not_a_run(self) -> None:
        self.refuse("results.json:2:1: not JSON", None, "{\n")
        self.refuse("results.json: cannot be read: Exceeds the limit", None, f'{{"cells": {"9" * 5000}}}')
        self.refuse("expected an object", [])
        self.refuse("expected a list under the key 'cells'", {"schema": "toll/1"})
        self.refuse("expected one of exact, time under the key 'lane'", small_run() | {"cells": [cell("a", "b", "c", 1, lane="x")]})
        self.refuse("cells[0]: expected an object", small_run() | {"cells": [7]})
        self.refuse("cells[0]: expected a text under the key 'workload'", small_run() | {"cells": [{"structure": "uni"}]})

    def test_no_file_and_wrong_usage(self) -> None:
        done = run_main(str(self.source), str(self.out))
        self.assertEqual((done.returncode, "no such file" in done.stderr), (2, True))
        ended = subprocess.run([sys.executable, str(REPORT)], capture_output=True, text=True, check=False)
        self.assertEqual((ended.returncode, "usage" in ended.stderr), (2, True))

    def test_output_that_cannot_be_written(self) -> None:
        self.out.parent.write_text("in the way", encoding="utf-8")
        done = self.run_report(small_run())
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot write the report", done.stderr)


class TestText(unittest.TestCase):
    def test_number(self) -> None:
        cases = {0: "0", 14.0: "14", 0.5: "0.5", 0.0001: "< 0.001", 1.23456: "1.235", 45.678: "45.68", 450.5: "450.5",
                 5383.0: "5,383", 12345.6: "12,346", 1396000000: "1,396,000,000", -2.5: "-2.5", -0.0001: "> -0.001"}
        for value, wanted in cases.items():
            self.assertEqual(text.number(value), wanted)
        self.assertEqual(text.number(None), text.NO_VALUE)

    def test_file_name(self) -> None:
        taken: set[str] = set()
        self.assertEqual([text.file_name(name, taken) for name in ("a/b", "a b", "..", "A_B")], ["a_b", "a_b_2", "workload", "A_B_3"])

    def test_markdown(self) -> None:
        self.assertEqual(text.markdown("a|b\n<i>_x_"), "a\\|b &lt;i&gt;\\_x\\_")


if __name__ == "__main__":
    unittest.main()
