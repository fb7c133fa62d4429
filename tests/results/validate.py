#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Holds the files of runs, or of a reference, against results/schema and against each other.

usage: validate.py FOLDER...      folders of runs, or results/reference; from the root of the tree

JSON may not name a key twice, and a folder may hold nothing that results/README.md does not name.  Prints a line for
each thing that does not fit, and "N passed, M failed": one test a file.
"""
import csv
import json
import sys
import tomllib
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Callable

import jsonschema

SCHEMAS = Path(__file__).resolve().parents[2] / "results/schema"
CSV_COLUMNS = ["structure", "variant", "workload", "lane", "metric", "unit", "better", "evidence", "value", "n", "lo",
               "hi", "status", "reason", "audit", "median_lo", "median_hi", "warnings"]
CSV_NUMBERS = ("value", "n", "lo", "hi", "median_lo", "median_hi")
FAULTS_SHOWN = 20


def pairs_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of a JSON object; ValueError if a key is named twice, of which Python would keep the last."""
    names = [name for name, _ in pairs]
    twice = sorted({name for name in names if names.count(name) > 1}) if len(set(names)) < len(names) else []
    if twice:
        raise ValueError(f"names {', '.join(twice)} twice")
    return dict(pairs)


def refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number of JSON")


def parse(text: str) -> Any:
    return json.loads(text, object_pairs_hook=pairs_once, parse_constant=refuse_constant)


@cache
def schema_of(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = parse((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


@cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # its successor is not in Debian 12's jsonschema
        resolver = jsonschema.RefResolver("", {}, {"host.schema.json": schema_of("host")})
    return jsonschema.Draft202012Validator(schema_of(name), resolver=resolver)


def faults(name: str, place: str, value: object) -> Iterator[str]:
    for error in validator(name).iter_errors(value):
        where = "/".join(str(part) for part in error.absolute_path)
        yield f"{place}: {where or 'the whole'}: {error.message[:300]}"


def document(name: str) -> Callable[[Path], Iterator[str]]:
    def judge(path: Path) -> Iterator[str]:
        yield from faults(name, str(path), parse(path.read_text(encoding="utf-8")))
    return judge


def settings(name: str) -> Callable[[Path], Iterator[str]]:
    def judge(path: Path) -> Iterator[str]:
        yield from faults(name, str(path), tomllib.loads(path.read_text(encoding="utf-8")))
    return judge


def judge_samples(path: Path) -> Iterator[str]:
    logs = path.parent / "serial"
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        sample = parse(line)
        yield from faults("sample", f"{path}:{number}", sample)
        log = sample.get("serial") if isinstance(sample, dict) else ""
        if log and logs.is_dir() and not (path.parent / log).is_file():
            yield f"{path}:{number}: serial: there is no {log}"


def csv_number(text: str) -> Any:
    return float(text) if text else None


def judge_csv(path: Path) -> Iterator[str]:
    """The same rows as results.json, to the digits that both write."""
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file, strict=True))
    if not rows or rows[0] != CSV_COLUMNS:
        yield f"{path}:1: expected the columns {','.join(CSV_COLUMNS)}"
        return
    cells = parse((path.parent / "results.json").read_text(encoding="utf-8"))["cells"]
    if len(cells) != len(rows) - 1:
        yield f"{path}: {len(rows) - 1} rows, where results.json has {len(cells)} cells"
    for number, (row, cell) in enumerate(zip(rows[1:], cells), 2):
        said = dict(zip(CSV_COLUMNS, row))
        texts = {key: said[key] for key in said if key not in (*CSV_NUMBERS, "warnings")}
        alike = len(row) == len(CSV_COLUMNS) and texts == {key: cell[key] for key in texts}
        alike = alike and said["warnings"].split() == cell["warnings"]
        for key in CSV_NUMBERS if alike else ():
            value = csv_number(said[key])
            alike = alike and (value == cell[key] or (None not in (value, cell[key]) and
                                                      abs(value - cell[key]) <= 1e-11 * abs(cell[key])))
        if not alike:
            yield f"{path}:{number}: is not cell {number - 2} of results.json"


def judge_counts(path: Path) -> Iterator[str]:
    """A table of the reference: five columns, no line twice, the file's own structure."""
    seen = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("#"):
            continue
        columns = line.split("\t")
        whole = len(columns) == 5 and all(columns) and columns[2].isdecimal() and columns[4].isdecimal()
        if not whole or columns[0].partition(":")[0] != path.stem:
            yield f"{path}:{number}: expected {path.stem}[:variant], workload, operations, metric, count"
        elif tuple(columns[:4]) in seen:
            yield f"{path}:{number}: {' '.join(columns[:4])} a second time"
        seen.add(tuple(columns[:4]))


def row_faults(row: dict[str, Any], images: dict[str, Any]) -> Iterator[str]:
    """Of memory.json: the answer must follow from the trials, and be of an image of the run."""
    tried = {trial["mib"]: trial["passed"] for trial in row["trials"]}
    least = min((mib for mib, passed in tried.items() if passed), default=None)
    bookless = ":books=off" if row["variant"] == "books=off" else ""
    if row["mib"] != least:
        yield f"mib {row['mib']}, but of what was tried {least} is the smallest that passed"
    elif least is not None and least != row["image_mib"] and tried.get(least - 1) is not False:
        yield f"mib {least}, but one less was not tried"
    if any(mib < row["image_mib"] for mib in tried):
        yield "less was tried than holds the image"
    if any(trial["passed"] == bool(trial["reason"]) for trial in row["trials"]):
        yield "a trial that passed has a reason, or one that did not has none"
    if row["image_sha256"] != images.get(f"{row['structure']}{bookless}/{row['workload']}"):
        yield "is not of the image that plan.json names"


def judge_memory(path: Path) -> Iterator[str]:
    value = parse(path.read_text(encoding="utf-8"))
    wrong = list(faults("memory", str(path), value))
    yield from wrong
    plan = parse((path.parent / "plan.json").read_text(encoding="utf-8"))
    if not wrong and value["run"] != plan["run"]:
        yield f"{path}: run: {value['run']}, where plan.json has {plan['run']}"
    for number, row in enumerate([] if wrong else value["rows"]):
        yield from (f"{path}: rows/{number}: {fault}" for fault in row_faults(row, plan["images"]))


def judge_rates(path: Path) -> Iterator[str]:
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        yield from faults("rate", f"{path}:{number}", parse(line))


def judge_log(path: Path) -> Iterator[str]:
    if not path.is_file() or path.suffix != ".log":
        yield f"{path}: expected a serial log"


JUDGES: dict[str, Callable[[Path], Iterator[str]]] = {
    "plan.json": document("plan"), "host.json": document("host"), "results.json": document("results"),
    "boot.json": document("boot"), "memory.json": judge_memory, "bench.toml": settings("bench"), "profile.toml": settings("profile"),
    "samples.jsonl": judge_samples, "results.csv": judge_csv, "rates.jsonl": judge_rates, "rates.json": document("rates"),
}


def judge_of(folder: Path, path: Path) -> Callable[[Path], Iterator[str]]:
    if (folder / "reference.json").exists():
        return document("reference") if path.name == "reference.json" else judge_counts
    return judge_log if path.parent.name == "serial" else JUDGES[path.name]


def is_known(folder: Path, path: Path) -> bool:
    if (folder / "reference.json").exists():
        return path.name == "reference.json" or path.suffix == ".tsv"
    return path.parent != folder or path.name in JUDGES


def file_faults(folder: Path) -> Iterator[tuple[Path, list[str]]]:
    """Each file of a folder, and what is wrong with it."""
    paths = sorted(folder.iterdir()) if folder.is_dir() else []
    logs = folder / "serial"
    for path in [path for path in paths if path != logs] + (sorted(logs.iterdir()) if logs.is_dir() else []):
        if not is_known(folder, path):
            yield path, [f"{path}: results/README.md names no such file"]
            continue
        try:
            yield path, list(judge_of(folder, path)(path))
        except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
            yield path, [f"{path}: cannot be understood: {error}"]


def main(folders: list[str]) -> int:
    passed = failed = 0
    for folder in folders:
        found = list(file_faults(Path(folder)))
        if not found:
            print(f"not ok - {folder}: no file that has a schema")
            failed += 1
        for _, wrong in found:
            passed += not wrong
            failed += bool(wrong)
            for fault in wrong[:FAULTS_SHOWN]:
                print(f"not ok - {fault}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not folders else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
