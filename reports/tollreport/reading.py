# SPDX-License-Identifier: MIT
"""Reads a run that was written to disk: schema toll/1.

results.json is judged strictly, for every number of the report comes from it: what is not understood is an error that
says where.  boot.json, memory.json and rates.json are judged likewise where they are there.  plan.json and samples.jsonl only tell how the run was
made; without them the report says less.
"""

import json
import re
from pathlib import Path
from typing import Any, Optional

from .facts import Facts, facts_of
from .model import (LANES, NUMBER_MAX, SCHEMA, Alarms, Boot, Boots, Caution, Cell, Column, Hop, InputError, Memory,
                    Model, Price, Results, Stage)
from .rates import Rates, of_document

STAGES = ("qemu", "firmware", "kernel", "all")
UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


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


def _texts(raw: object) -> list[str]:
    return [item for item in raw if isinstance(item, str)] if isinstance(raw, list) else []


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
        median_lo=_number(raw.get("median_lo")), median_hi=_number(raw.get("median_hi")),
        warnings=tuple(_texts(raw.get("warnings"))), ended=_text(raw, "ended"),
        server=_text(raw, "server"),
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


def _cautions(raw: object, sentences: object) -> list[Caution]:
    """The kinds of warnings with their advice; of runs that an older toll derived, what its sentences say."""
    if not isinstance(raw, list):
        return [Caution("", text, "") for text in _texts(sentences)]
    return [Caution(_text(item, "name"), _text(item, "text"), _text(item, "advice"))
            for item in raw if isinstance(item, dict) and _text(item, "name")]


def _alarms(raw: object, where: str) -> Optional[Alarms]:
    if raw is None:
        return None
    numbers = [_number(raw.get(key)) for key in ("tests", "alarms", "share", "limit")] if isinstance(raw, dict) else []
    if not isinstance(raw, dict) or not numbers or None in numbers or not numbers[0]:
        raise InputError(f"{where}: expected the numbers tests, alarms, share and limit")
    tests, alarms, share, limit = (number or 0.0 for number in numbers)
    return Alarms(int(tests), int(alarms), share, limit, raw.get("twins") is True)


def _stage(raw: object, where: str) -> Stage:
    numbers = [_number(raw.get(key)) for key in ("ms", "lo", "hi")] if isinstance(raw, dict) else [None]
    if None in numbers:
        raise InputError(f"{where}: expected the numbers ms, lo and hi")
    ms, lo, hi = (number or 0.0 for number in numbers)
    return Stage(ms, lo, hi)


def _boots(path: Path) -> Optional[Boots]:
    if not path.exists():
        return None
    raw = _document(path)
    rows = []
    runs = _number(raw.get("runs"))
    if not isinstance(raw.get("boots"), list) or not runs or raw.get("accel") not in ("kvm", "tcg"):
        raise InputError(f"{path}: expected what `toll boot --json` prints")
    for number, item in enumerate(raw["boots"]):
        where = f"{path}: boots[{number}]"
        parts = item.get("parts") if isinstance(item, dict) else None
        if not isinstance(item, dict) or not isinstance(parts, dict) or not _text(item, "structure"):
            raise InputError(f"{where}: expected a structure and its parts")
        stages = {name: _stage(parts.get(name), f"{where}.parts.{name}") for name in STAGES}
        column = Column(_text(item, "structure"), _text(item, "variant") or "default")
        rows.append(Boot(column, _text(item, "workload"), stages))
    return Boots(raw["accel"] == "tcg", int(runs), rows)


def _whole(raw: object) -> Optional[int]:
    number = _number(raw)
    return int(number) if number is not None and number >= 1 and number == int(number) else None


def _memory(path: Path, run: str) -> list[Memory]:
    if not path.exists():
        return []
    raw = _document(path)
    rows = []
    if not isinstance(raw.get("rows"), list) or raw.get("run") != run:
        raise InputError(f"{path}: expected what `toll memory --run {run}` wrote")
    for number, item in enumerate(raw["rows"]):
        tried = item.get("trials") if isinstance(item, dict) else None
        image = _whole(item.get("image_mib")) if isinstance(item, dict) else None
        least = _whole(item.get("mib")) if isinstance(item, dict) else None
        if not isinstance(tried, list) or image is None or (least is None and item.get("mib", 0) is not None):
            raise InputError(f"{path}: rows[{number}]: expected mib, image_mib and trials")
        reason = _text(tried[0], "reason") if tried and isinstance(tried[0], dict) else ""
        column = Column(_text(item, "structure"), _text(item, "variant") or "default")
        rows.append(Memory(column, _text(item, "workload"), least, image, reason))
    return rows


def _read(path: Path) -> Any:
    try:
        return _clean(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; `toll report` makes it from the samples of a run") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{path}:{error.lineno}:{error.colno}: not JSON: {error.msg}") from None
    except (OSError, ValueError, RecursionError) as error:  # not UTF-8, a number of thousands of digits
        raise InputError(f"{path}: cannot be read: {error}") from None


def _document(path: Path) -> dict[str, Any]:
    raw = _read(path)
    if not isinstance(raw, dict):
        raise InputError(f"{path}: expected an object")
    if raw.get("schema") != SCHEMA:
        raise InputError(f"{path}: its schema is {raw.get('schema')!r}, this report understands {SCHEMA!r}: "
                         "use the version of toll that made it")
    return raw


def _rates(path: Path) -> Optional[Rates]:
    return of_document(_document(path), str(path)) if path.exists() else None


def load(folder: Path) -> Results:
    """Reads the run in folder.  InputError if it is not one of schema toll/1."""
    path = folder / "results.json"
    raw = _document(path)
    if not isinstance(raw.get("cells"), list):
        raise InputError(f"{path}: expected a list under the key 'cells'")
    host = raw.get("host")
    facts: Facts = facts_of(folder, _clean)
    return Results(
        run=str(raw.get("run") or folder.name), host=host if isinstance(host, dict) else {},
        cells=[_cell(item, f"{path}: cells[{number}]") for number, item in enumerate(raw["cells"])],
        facts=facts.said, sizes=facts.sizes, hops=_ways(raw.get("hops")),
        model=_model(raw.get("model"), f"{path}: model"),
        cautions=_cautions(raw.get("warnings"), raw.get("cautions")),
        alarms=_alarms(raw.get("alarms"), f"{path}: alarms"),
        boots=_boots(folder / "boot.json"),
        rates=_rates(folder / "rates.json"),
        memory=_memory(folder / "memory.json", str(raw.get("run") or folder.name)),
    )
