# SPDX-License-Identifier: MIT
"""A run as it was written to disk: schema toll/1.

results.json is judged strictly, for every number of the report comes from it: what is not understood is an error that
says where.  plan.json and samples.jsonl only tell how the run was made; without them the report says less.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Iterable, Iterator, Optional

SCHEMA = "toll/1"
STRUCTURES = ("uni", "exo", "mono", "hybrid", "micro", "micro1", "linux", "host")
ADMITTED = "ok"
LANES = {"exact": "exact", "time": "measured"}  # and the evidence that is a lane's own
NUMBER_MAX = 1e18  # beyond it, and beyond reason, sums and pictures would fail
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class InputError(Exception):
    """The input is not a run that this report can show; the text is for people."""


@dataclass(frozen=True)
class Column:
    """What is compared: a structure, or a variant of one."""

    structure: str
    variant: str

    @property
    def label(self) -> str:
        return self.structure if self.variant in ("", "default") else f"{self.structure} {self.variant}"


@dataclass(frozen=True)
class Cell:
    """One number, or the reason why there is none."""

    column: Column
    workload: str
    lane: str
    metric: str
    unit: str
    better: str
    evidence: str
    value: Optional[float]
    n: int
    lo: Optional[float]
    hi: Optional[float]
    status: str
    reason: str
    audit: str

    @property
    def admitted(self) -> bool:
        return self.status == ADMITTED and self.value is not None


@dataclass(frozen=True)
class Hop:
    """A stay of one operation in a domain."""

    domain: str
    counts: dict[str, int]


@dataclass(frozen=True)
class Price:
    """What one thing costs, and who says so."""

    name: str
    cycles: float
    source: str


@dataclass(frozen=True)
class Model:
    """The profile that the modelled cycles are made with."""

    profile: str
    what: str
    prices: list[Price]


@dataclass
class Results:
    run: str
    host: dict[str, Any]
    cells: list[Cell]
    facts: dict[str, str] = field(default_factory=dict)
    hops: dict[tuple[str, Column], list[Hop]] = field(default_factory=dict)  # of a workload's exact lane
    model: Optional[Model] = None
    cautions: list[str] = field(default_factory=list)  # what must be told beside measured numbers

    def __post_init__(self) -> None:
        self._index: dict[tuple[str, Column, str, str], Cell] = {}
        for cell in self.cells:
            self._index.setdefault((cell.workload, cell.column, cell.metric, cell.lane), cell)
        self.columns = sorted({cell.column for cell in self.cells}, key=_column_order)
        self.workloads = list(dict.fromkeys(cell.workload for cell in self.cells))

    def get(self, workload: str, column: Column, metric: str, lane: str = "exact") -> Optional[Cell]:
        return self._index.get((workload, column, metric, lane))

    def value(self, workload: str, column: Column, metric: str) -> Optional[float]:
        cell = self.get(workload, column, metric)
        return cell.value if cell and cell.admitted and cell.evidence == "exact" else None

    def of(self, workload: str, column: Column, lane: str = "exact") -> list[Cell]:
        return [cell for cell in self.cells
                if cell.workload == workload and cell.column == column and cell.lane == lane]

    def pairs(self, lane: str) -> list[tuple[str, Column]]:
        """The combinations of a workload and a column that the lane has, admitted or not."""
        return list(dict.fromkeys((cell.workload, cell.column) for cell in self.cells if cell.lane == lane))

    def skipped(self, lane: str) -> str:
        """The reason, if the whole lane was skipped for one; else nothing."""
        said = {(cell.status, why(cell)) for cell in self.cells if cell.lane == lane}
        status, reason = said.pop() if len(said) == 1 else ("", "")
        return reason if status == "skip" else ""

    def refusal(self, workload: str, column: Column, lane: str = "exact") -> Optional[Cell]:
        """The cell that best says why none of this workload on this column was admitted; None if some were."""
        cells = self.of(workload, column, lane)
        if not cells or any(cell.admitted for cell in cells):
            return None
        usual = Counter(why(cell) for cell in cells).most_common(1)[0][0]
        return next(cell for cell in cells if why(cell) == usual)


def verdict(cell: Cell) -> str:
    """What stands in the place of a number that is not there."""
    return {"fail": "failed", "skip": "skipped"}.get(cell.status, "not admitted")


def why(cell: Cell) -> str:
    """Why a cell has no number."""
    if cell.reason:
        return cell.reason
    return "no value was recorded" if cell.status == ADMITTED else f"{cell.status}, without a reason"


def _column_order(column: Column) -> tuple[int, str, bool, str]:
    known = STRUCTURES.index(column.structure) if column.structure in STRUCTURES else len(STRUCTURES)
    return known, column.structure, column.variant not in ("", "default"), column.variant


def _number(raw: object) -> Optional[float]:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)):
        return None
    return float(raw) if abs(raw) <= NUMBER_MAX else None


def _clean(raw: Any) -> Any:
    """The same without characters that no page or picture can hold: guests say what they like."""
    if isinstance(raw, str):
        return UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", raw)
    if isinstance(raw, list):
        return [_clean(item) for item in raw]
    if isinstance(raw, dict):
        return {_clean(key): _clean(value) for key, value in raw.items()}
    return raw


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def _cell(raw: object, where: str) -> Cell:
    if not isinstance(raw, dict):
        raise InputError(f"{where}: expected an object")
    for key in ("structure", "workload", "status"):
        if not _text(raw, key):
            raise InputError(f"{where}: expected a text under the key {key!r}")
    value, n = _number(raw.get("value")), _number(raw.get("n"))
    lane = _text(raw, "lane") or ("time" if _text(raw, "evidence") == LANES["time"] else "exact")
    if lane not in LANES:
        raise InputError(f"{where}: expected one of {', '.join(LANES)} under the key 'lane', found {lane!r}")
    return Cell(
        column=Column(_text(raw, "structure"), _text(raw, "variant") or "default"),
        workload=_text(raw, "workload"), lane=lane, metric=_text(raw, "metric"), unit=_text(raw, "unit"),
        better=_text(raw, "better"), evidence=_text(raw, "evidence"), value=value, n=int(n or 0),
        lo=_number(raw.get("lo")), hi=_number(raw.get("hi")),
        status=_text(raw, "status"), reason=_text(raw, "reason"), audit=_text(raw, "audit"),
    )


def _hop(line: object) -> Optional[Hop]:
    domain, *words = line.split() if isinstance(line, str) and line.strip() else [""]
    pairs = [word.partition("=")[::2] for word in words]
    counts = {name: int(count) for name, count in pairs if name and count.isdecimal() and len(count) < 19}
    return Hop(domain, counts) if domain and len(counts) == len(pairs) else None


def _ways(raw: object) -> dict[tuple[str, Column], list[Hop]]:
    """Ways that are not understood are left out: no number of the report but theirs comes from them."""
    ways = {}
    for item in raw if isinstance(raw, list) else []:
        if not isinstance(item, dict) or not isinstance(item.get("hops"), list):
            continue
        hops = [_hop(line) for line in item["hops"]]
        column = Column(_text(item, "structure"), _text(item, "variant") or "default")
        if hops and _text(item, "lane") == "exact" and None not in hops:
            ways[_text(item, "workload"), column] = [hop for hop in hops if hop]
    return ways


def _model(raw: object, where: str) -> Optional[Model]:
    if raw is None:
        return None
    listed = raw.get("prices") if isinstance(raw, dict) else None
    if not isinstance(raw, dict) or not _text(raw, "profile") or not isinstance(listed, list):
        raise InputError(f"{where}: expected an object with a profile and prices")
    prices = []
    for number, item in enumerate(listed):
        cycles = _number(item.get("cycles")) if isinstance(item, dict) else None
        if cycles is None or not _text(item, "name") or not _text(item, "source"):
            raise InputError(f"{where}.prices[{number}]: expected a name, cycles and a source")
        prices.append(Price(_text(item, "name"), cycles, _text(item, "source")))
    return Model(_text(raw, "profile"), _text(raw, "what"), prices)


def _read(path: Path) -> Any:
    try:
        return _clean(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; `toll report` makes it from the samples of a run") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    except (OSError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"{path}: cannot be read: {error}") from None


def _samples(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            sample = _clean(json.loads(line))
        except (json.JSONDecodeError, RecursionError):
            continue
        if isinstance(sample, dict):
            yield sample


def _sample_facts(samples: Iterable[dict[str, Any]]) -> dict[str, str]:
    """The QEMU options that guests were booted with, and the features of the processor that they found."""
    options: dict[str, None] = {}
    features: dict[str, dict[str, None]] = {}
    for sample in samples:
        if _text(sample, "options") and _text(sample, "status") != "skip":
            options.setdefault(_text(sample, "options"))
        if _text(sample, "cpu_features"):
            features.setdefault(_text(sample, "cpu_features"), {}).setdefault(_text(sample, "structure"))
    facts = {"QEMU options" if number == 0 else f"QEMU options, also ({number + 1})": text
             for number, text in enumerate(options)}
    return facts | {f"processor features found by {', '.join(who)}": text for text, who in features.items()}


def _facts(folder: Path) -> dict[str, str]:
    facts = {}
    try:
        plan = _clean(json.loads((folder / "plan.json").read_text(encoding="utf-8")))
        for key, value in plan.items():
            if isinstance(value, (str, int, float)) and key not in ("schema", "run"):
                facts["guests planned" if key == "guests" else key.replace("_", " ")] = str(value)
    except (OSError, ValueError, AttributeError, RecursionError):
        pass
    try:
        with open(folder / "samples.jsonl", encoding="utf-8", errors="replace") as samples:
            facts |= _sample_facts(_samples(samples))
    except OSError:
        pass
    return facts


def load(folder: Path) -> Results:
    """Reads the run in folder.  InputError if it is not one of schema toll/1."""
    path = folder / "results.json"
    raw = _read(path)
    if not isinstance(raw, dict):
        raise InputError(f"{path}: expected an object")
    if raw.get("schema") != SCHEMA:
        raise InputError(f"{path}: its schema is {raw.get('schema')!r}, this report understands {SCHEMA!r}: "
                         "use the version of toll that made it")
    if not isinstance(raw.get("cells"), list):
        raise InputError(f"{path}: expected a list under the key 'cells'")
    host = raw.get("host")
    cells = [_cell(item, f"{path}: cells[{number}]") for number, item in enumerate(raw["cells"])]
    return Results(str(raw.get("run") or folder.name), host if isinstance(host, dict) else {}, cells, _facts(folder),
                   _ways(raw.get("hops")), _model(raw.get("model"), f"{path}: model"), [str(text) for text in raw.get("cautions") or []])
