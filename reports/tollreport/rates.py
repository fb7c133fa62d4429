# SPDX-License-Identifier: MIT
"""Requests a second that real clients got of servers in guests, and what papers claim of the same: from rates.json,
which `toll report` derives from rates.jsonl.  All of it is measured; nothing of it stands beside a count."""

from dataclasses import dataclass
from typing import Any, Optional

from . import entries, text
from .entries import Entry, Head, Row, Table
from .model import MEASURED, NUMBER_MAX, TWIN, Column, InputError, Results

EMULATED = "measured, of the emulator"


@dataclass(frozen=True)
class Middle:
    """A median with its 95 % interval."""

    median: float
    lo: float
    hi: float
    n: int


@dataclass(frozen=True)
class Rate:
    """One system in one measure."""

    column: Column
    measure: str
    program: str
    client: str
    failed: int
    reason: str
    per_second: Optional[Middle]
    ratio: Optional[Middle]
    ratio_undefended: Optional[Middle]
    cost_us: Optional[Middle]
    busy: Optional[Middle]


@dataclass(frozen=True)
class Claim:
    """What a paper reports, times Linux in a guest."""

    name: str
    measure: str
    claimed: float
    against: str
    what: str
    source: str
    here: Middle


@dataclass(frozen=True)
class Rates:
    emulated: bool
    network: str
    connections: int
    seconds: int
    measures: dict[str, str]  # by name, what each is
    rows: list[Rate]
    claims: list[Claim]


def _number(raw: Any) -> float:
    if isinstance(raw, bool) or not isinstance(raw, (int, float)) or not 0 <= raw <= NUMBER_MAX:
        raise ValueError(f"{raw} is no number that can be shown")
    return float(raw)


def _middle(raw: Any) -> Optional[Middle]:
    if raw is None:
        return None
    return Middle(_number(raw["median"]), _number(raw["median_lo"]), _number(raw["median_hi"]), int(_number(raw["n"])))


def _row(raw: Any) -> Rate:
    made = {name: _middle(raw[name]) for name in ("per_second", "ratio", "ratio_undefended", "cost_us", "busy")}
    return Rate(Column(str(raw["structure"]), str(raw["variant"])), str(raw["measure"]), str(raw["program"]),
                str(raw["client"]), int(_number(raw["failed"])), str(raw["reason"]), **made)


def _claim(raw: Any) -> Claim:
    here = _middle(raw["here"])
    if here is None:
        raise ValueError("here")
    return Claim(str(raw["id"]), str(raw["measure"]), _number(raw["claimed"]), str(raw["against"]), str(raw["what"]),
                 str(raw["source"]), here)


def of_document(raw: dict[str, Any], where: str) -> Rates:
    """InputError if it is not what `toll report` derives."""
    try:
        return Rates(raw["accel"] != "kvm", str(raw["network"]), int(_number(raw["connections"])), int(_number(raw["seconds"])),
                     {str(item["name"]): str(item["what"]) for item in raw["measures"]},
                     [_row(item) for item in raw["rows"]], [_claim(item) for item in raw["claims"]])
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{where}: expected what `toll report` derives from rates.jsonl ({error})") from None


def _entry(middle: Optional[Middle], evidence: str, scale: float = 1.0) -> Entry:
    if middle is None:
        return entries.none()
    return entries.value(scale * middle.median, evidence, text.spread(scale * middle.lo, scale * middle.hi))


def _line(rate: Rate, evidence: str) -> Row:
    name = f"{rate.column.label}: {rate.program}"
    if rate.per_second is None:
        return Row(name, [entries.words(f"not measured: {rate.reason}"), *[entries.none()] * 5])
    said = str(rate.per_second.n) + (f"; {rate.failed} failed: {rate.reason}" if rate.failed else "")
    return Row(name, [_entry(rate.per_second, evidence), _entry(rate.ratio, evidence),
                      _entry(rate.ratio_undefended, evidence), _entry(rate.cost_us, evidence),
                      _entry(rate.busy, evidence, 100), entries.words(said)])


def _measure(rates: Rates, name: str, what: str) -> Optional[Table]:
    rows = sorted((rate for rate in rates.rows if rate.measure == name), key=lambda rate: Results.order(rate.column))
    evidence = EMULATED if rates.emulated else MEASURED
    heads = [Head("requests a second", evidence), Head("times Linux", evidence),
             Head("times Linux without mitigations", evidence), Head("\N{MICRO SIGN}s of QEMU for each", evidence),
             Head("QEMU busy, %", evidence), Head("boots")]
    way = "under emulation: the rates of no hardware, so look at the ratios" if rates.emulated else "under KVM"
    caption = (f"{what[:1].upper()}{what[1:]}, by {rows[0].client if rows else ''}, {rates.connections} connections, "
               f"{rates.seconds} s each, network {rates.network}, {way}. Medians with their 95 % intervals; a ratio is of "
               "two guests of one round. The processor time that QEMU's threads had for each request depends less on what "
               "else the host did; below 100 % busy the host, the network or the client held it up.")
    if any(rate.column.variant == TWIN for rate in rows):
        caption += f" {TWIN}: the same image, booted as a second row; what it differs by is chance."
    return entries.table_of(f"Requests a second: {name}", heads, [_line(rate, evidence) for rate in rows],
                            "system: server", caption)


def _claims(rates: Rates) -> Optional[Table]:
    evidence = EMULATED if rates.emulated else MEASURED
    rows = [Row(f"{claim.name}: {claim.measure}",
                [entries.words(text.times(claim.claimed)),
                 entries.value(claim.here.median, evidence, text.spread(claim.here.lo, claim.here.hi)),
                 entries.words(f"{claim.here.n}"), entries.words(f"linux {claim.against}"),
                 entries.words(f"{claim.what}. {claim.source}.")]) for claim in rates.claims]
    heads = [Head("claimed"), Head("uni here", evidence), Head("boots"), Head("against"), Head("what was claimed")]
    return entries.table_of("Requests a second that a paper claims", heads, rows, "claim",
                            "Times Linux in a guest; here against the better of Linux with and without its mitigations. "
                            "Theirs: another program, another machine, with KVM.")


def tables(rates: Optional[Rates]) -> list[Table]:
    """A table for each measure, and the claims."""
    if not rates:
        return []
    made = [*(_measure(rates, name, what) for name, what in rates.measures.items()), _claims(rates)]
    return [table for table in made if table]
