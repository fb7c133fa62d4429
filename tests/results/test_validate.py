#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Tests of validate.py and of results/schema: a run as toll writes it fits, and each way of spoiling it is seen."""

import contextlib
import io
import json
import os
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path
from typing import Any, Callable

import validate

ROOT = Path(__file__).resolve().parents[2]
RUN = ROOT / "tests/report/run"
TOLL = ROOT / "build/toll"


class TestSchemas(unittest.TestCase):
    def test_each_is_a_schema_and_names_no_key_twice(self) -> None:
        names = [path.name.removesuffix(".schema.json") for path in validate.SCHEMAS.glob("*.json")]
        self.assertEqual(sorted(names), ["bench", "boot", "host", "memory", "plan", "profile", "rate", "rates", "reference", "results", "sample"])
        for name in names:
            validate.schema_of(name)

    def test_every_object_is_closed(self) -> None:
        def objects(schema: Any) -> Any:
            if isinstance(schema, dict):
                if schema.get("type") == "object" and schema.get("description", "").find("bench.toml") < 0:
                    yield schema
                for value in schema.values():
                    yield from objects(value)
            elif isinstance(schema, list):
                for value in schema:
                    yield from objects(value)

        for path in validate.SCHEMAS.glob("*.json"):
            for one in objects(validate.schema_of(path.name.removesuffix(".schema.json"))):
                open_ended = "additionalProperties" not in one and path.name != "bench.schema.json"
                self.assertFalse(open_ended, f"{path.name}: {json.dumps(one)[:200]}")

    def test_a_key_named_twice_is_refused(self) -> None:
        with self.assertRaisesRegex(ValueError, "names a twice"):
            validate.parse('{"a": 1, "b": {}, "a": 2}')
        with self.assertRaisesRegex(ValueError, "NaN is no number"):
            validate.parse('{"a": NaN}')


@unittest.skipUnless(TOLL.exists(), "build/toll is not built")
class TestRuns(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.run_folder = Path(folder.name, "run")
        shutil.copytree(RUN, self.run_folder)
        shutil.copy(ROOT / "bench.toml", self.run_folder)
        environment = {name: value for name, value in os.environ.items() if name != "TOLL_ROOT"}
        subprocess.run([str(TOLL), "report", "--no-html", str(self.run_folder)], check=True, capture_output=True,
                       env=environment)

    def judge(self, *folders: Path) -> tuple[int, str]:
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            status = validate.main([str(folder) for folder in folders or (self.run_folder,)])
        return status, out.getvalue()

    def spoil(self, name: str, change: Callable[[Any], None]) -> None:
        path = self.run_folder / name
        if name.endswith(".jsonl"):
            first, *others = path.read_text(encoding="utf-8").splitlines()
            value = json.loads(first)
            change(value)
            path.write_text("\n".join([json.dumps(value), *others]) + "\n", encoding="utf-8")
        else:
            value = json.loads(path.read_text(encoding="utf-8"))
            change(value)
            path.write_text(json.dumps(value), encoding="utf-8")

    def test_a_run_fits(self) -> None:
        self.assertEqual(self.judge(), (0, "11 passed, 0 failed\n"))

    def test_unknown_keys_are_seen_everywhere(self) -> None:
        places: list[tuple[str, Callable[[Any], Any]]] = [
            ("plan.json", lambda value: value), ("plan.json", lambda value: value["options"]),
            ("plan.json", lambda value: value["stop"]), ("plan.json", lambda value: value["cells"][0]),
            ("host.json", lambda value: value), ("samples.jsonl", lambda value: value),
            ("results.json", lambda value: value), ("results.json", lambda value: value["host"]),
            ("results.json", lambda value: value["cells"][0]), ("results.json", lambda value: value["model"]),
            ("results.json", lambda value: value["model"]["prices"][0]), ("results.json", lambda value: value["alarms"]),
            ("results.json", lambda value: value["warnings"][0]), ("results.json", lambda value: value["hops"][0]),
            ("boot.json", lambda value: value), ("boot.json", lambda value: value["boots"][0]["parts"]["all"]),
            ("rates.jsonl", lambda value: value), ("rates.json", lambda value: value),
            ("rates.json", lambda value: value["rows"][0]), ("rates.json", lambda value: value["rows"][0]["ratio"]),
            ("rates.json", lambda value: value["claims"][0]),
            ("memory.json", lambda value: value), ("memory.json", lambda value: value["rows"][0]),
            ("memory.json", lambda value: value["rows"][0]["trials"][0])]
        for name, place in places:
            kept = (self.run_folder / name).read_text(encoding="utf-8")
            self.spoil(name, lambda value, place=place: place(value).update(mystery=1))  # type: ignore[misc]
            status, said = self.judge()
            self.assertEqual(status, 1, name)
            self.assertIn("'mystery' was unexpected", said)
            (self.run_folder / name).write_text(kept, encoding="utf-8")

    def test_missing_and_wrong_values_are_seen(self) -> None:
        for name, change, wanted in (
                ("samples.jsonl", lambda value: value.pop("observers"), "'observers' is a required property"),
                ("samples.jsonl", lambda value: value["metrics"].update(syscall=1.5), "metrics/syscall: 1.5"),
                ("samples.jsonl", lambda value: value.update(disk="wet"), "disk: 'wet'"),
                ("plan.json", lambda value: value.pop("stop"), "'stop' is a required property"),
                ("results.json", lambda value: value["cells"][0].update(evidence="guessed"), "evidence: 'guessed'"),
                ("results.json", lambda value: value["cells"][0].update(value=None), "cells/0/value"),
                ("host.json", lambda value: value.update(kind=4), "kind: 4")):
            kept = (self.run_folder / name).read_text(encoding="utf-8")
            self.spoil(name, change)
            status, said = self.judge()
            self.assertEqual(status, 1)
            self.assertIn(wanted, said)
            (self.run_folder / name).write_text(kept, encoding="utf-8")

    def test_memory_that_does_not_follow_from_its_trials(self) -> None:
        def trial(row: int, number: int, **values: Any) -> Callable[[Any], None]:
            return lambda value: value["rows"][row]["trials"][number].update(values)

        for change, wanted in (
                (lambda value: value["rows"][0].update(mib=5), "rows/0: mib 5, but of what was tried 3 is the smallest"),
                (lambda value: value["rows"][2].update(mib=64), "rows/2: mib 64, but of what was tried None"),
                (lambda value: value["rows"][1]["trials"].pop(5), "rows/1: mib 4, but one less was not tried"),
                (lambda value: value["rows"][3].update(image_mib=6), "rows/3: less was tried than holds the image"),
                (trial(1, 0, reason="why"), "rows/1: a trial that passed has a reason"),
                (trial(1, 5, reason=""), "rows/1: a trial that passed has a reason"),
                (lambda value: value["rows"][0].update(image_sha256="0" * 64), "rows/0: is not of the image"),
                (lambda value: value["rows"][0].update(workload="other"), "rows/0: is not of the image"),
                (lambda value: value.update(run="another"), "run: another, where plan.json has")):
            kept = (self.run_folder / "memory.json").read_text(encoding="utf-8")
            self.spoil("memory.json", change)
            status, said = self.judge()
            self.assertEqual(status, 1)
            self.assertIn(wanted, said)
            (self.run_folder / "memory.json").write_text(kept, encoding="utf-8")

    def test_rows_that_are_not_the_cells(self) -> None:
        path = self.run_folder / "results.csv"
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([*lines[:5], lines[5].replace(",1,", ",2,", 1), *lines[6:]]) + "\n", encoding="utf-8")
        self.assertIn("results.csv:6: is not cell 4 of results.json", self.judge()[1])
        path.write_text("\n".join(lines[:-1]) + "\n", encoding="utf-8")
        self.assertIn(f"{len(lines) - 2} rows, where results.json has {len(lines) - 1} cells", self.judge()[1])
        path.write_text("a,b\n", encoding="utf-8")
        self.assertIn("results.csv:1: expected the columns structure,variant", self.judge()[1])

    def test_files_that_do_not_belong(self) -> None:
        (self.run_folder / "notes.txt").write_text("", encoding="utf-8")
        status, said = self.judge()
        self.assertEqual(status, 1)
        self.assertIn("notes.txt: results/README.md names no such file", said)

    def test_logs(self) -> None:
        (self.run_folder / "serial").mkdir()
        self.assertIn("serial: there is no serial/", self.judge()[1])

    def test_settings(self) -> None:
        (self.run_folder / "profile.toml").write_text('name = "x"\nwhat = "y"\n[cost.cpi]\ncycles = 1\n', encoding="utf-8")
        self.assertIn("cost/cpi: 'source' is a required property", self.judge()[1])
        (self.run_folder / "profile.toml").write_text("name = \n", encoding="utf-8")
        self.assertIn("profile.toml: cannot be understood", self.judge()[1])

    def test_files_that_are_cut_off(self) -> None:
        for name in ("plan.json", "results.json", "samples.jsonl"):
            path = self.run_folder / name
            kept = path.read_bytes()
            path.write_bytes(kept[:-30])
            status, said = self.judge()
            self.assertEqual(status, 1)
            self.assertIn(f"{name}: cannot be understood", said)
            path.write_bytes(kept)

    def test_a_folder_without_a_run(self) -> None:
        self.assertEqual(self.judge(self.run_folder / "nothing")[0], 1)


class TestReference(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.reference = Path(folder.name, "reference")
        shutil.copytree(ROOT / "results/reference", self.reference)

    def judge(self) -> str:
        return "\n".join(fault for _, found in validate.file_faults(self.reference) for fault in found)

    def test_the_reference_fits(self) -> None:
        self.assertEqual(self.judge(), "")

    def test_lines_that_are_no_counts(self) -> None:
        path = self.reference / "uni.tsv"
        kept = path.read_text(encoding="utf-8")
        for line, wanted in (("mono\tnull\t1\tinstructions\t5", "expected uni[:variant], workload"),
                             ("uni\tnull\t1\tinstructions\t5.5", "expected uni[:variant], workload"),
                             ("uni\tnull\t1000\tinstructions\t5", "uni null 1000 instructions a second time")):
            path.write_text(f"{kept}{line}\n", encoding="utf-8")
            self.assertIn(wanted, self.judge())


if __name__ == "__main__":
    unittest.main()
