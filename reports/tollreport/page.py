# SPDX-License-Identifier: MIT
"""Turns a run into index.html, summary.md and pictures.

Everything shown goes through entries.of_cell or the values of Results, which give a number only of admitted cells: one
that was not admitted never shows its value.  Texts of the run are escaped by the template (HTML) or by text.markdown.
"""

import itertools
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jinja2

from . import (across, cautions, counted, counting, durability, families, figures, memory, misses, modelled, pictures,
               rates, text, timed)
from .entries import Figure, Notes, Table
from .model import LANES, MODELLED, Results

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
RAW_FILES = ("results.json", "results.csv", "samples.jsonl", "plan.json", "host.json", "boot.json", "memory.json",
             "rates.jsonl", "rates.json", "bench.toml", "profile.toml", "serial")
FACTS = {"kind": "kind of host", "cpu_features": "processor features of the host", "kind_reason": "KVM",
         "memory_mib": "memory in MiB", "kernel": "kernel of the host"}
STRUCTURES = {
    "uni": "a unikernel: all in ring 0, a system call is a call",
    "exo": "an exokernel: the parts are a library of the application",
    "mono": "a monolithic kernel: all parts in the kernel",
    "hybrid": "the microkernel with file system and disk in it",
    "micro": "a microkernel: a server for each of files, disk, network, driver, console, memory",
    "micro1": "the microkernel with one server that holds all parts",
    "linux": "Debian's kernel with the same program objects; it does more, so it is a baseline and not a structure of these parts",
}
PICTURES = ("instructions", "crossings", "budget", "latency")


@dataclass
class Section:
    """All of one workload."""

    workload: str
    anchor: str
    family: str
    about: str
    figures: list[Figure] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    everything: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    tables_notes: int = 0  # how many of the notes, the first, are those of the tables


def _colour(key: str) -> str:
    """The colour of a row, as in the pictures: of those that have another in the dark, the name of their variable."""
    palette = {**pictures.PARTS, **pictures.BUDGET, **pictures.CROSSINGS}
    colour = palette.get(key, pictures.UNKNOWN)[0]
    return f"var(--c{colour[1:]})" if colour in pictures.DARK else colour


def _section(results: Results, workload: str, anchor: str, out: Path) -> Section:
    section, notes = Section(workload, anchor, families.family(workload), families.ABOUT.get(workload, "")), Notes()
    columns = [column for column in counted.shown(results, workload) if not column.is_bookless]
    if columns:
        if across.is_pictured(workload):
            section.figures = figures.of_workload(results, workload, anchor, columns, out)
        made = [counted.instructions(results, workload, columns, notes),
                counted.crossings(results, workload, columns, notes),
                modelled.budget_table(results, workload, columns), *misses.tables(results, workload, columns)]
        section.tables = [table for table in made if table]
    timed_tables = [timed.cycles(results, workload, notes), timed.exits(results, workload)]
    section.tables += [table for table in timed_tables if table]
    section.tables_notes = len(notes.texts)
    section.everything = counted.everything(results, workload, notes)
    section.notes = notes.texts
    return section


def _by_family(sections: list[Section]) -> list[tuple[str, list[Section]]]:
    """The sections are in the order of the families."""
    return [(family, list(of)) for family, of in itertools.groupby(sections, key=lambda section: section.family)]


def _lanes(results: Results) -> list[str]:
    """A sentence for each lane that was asked for: what was admitted, or why nothing was run."""
    said = []
    for lane, evidence in LANES.items():
        pairs = results.pairs(lane)
        admitted = sum(results.refusal(*pair, lane) is None for pair in pairs)
        if results.skipped(lane):
            said.append(f"The {lane} lane was skipped: {results.skipped(lane)}.")
        elif pairs or lane == "exact":
            said.append(f"{admitted} of {len(pairs)} combinations of a workload and a structure were admitted in the "
                        f"{lane} lane (evidence: {evidence}).")
    return said


def _general(results: Results) -> list[Table]:
    """The tables over all workloads, in their order."""
    made = [counted.glance(results), counted.overview(results), *timed.overviews(results), *across.tables(results),
            *durability.tables(results), memory.table(results), *modelled.tables(results), *cautions.tables(results),
            counting.table(results), counted.floor(results), *rates.tables(results.rates), timed.boots(results)]
    return [table for table in made if table]


def _flatten(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_flatten(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_flatten(item)}" for key, item in value.items())
    return "unknown" if value is None or value == "" else str(value)


def _links(source: Path, out: Path) -> list[tuple[str, str]]:
    here = os.path.relpath(source.resolve(), out.resolve())
    return [(name, Path(here, name).as_posix()) for name in RAW_FILES if (source / name).exists()]


def _environment(escape: bool) -> jinja2.Environment:
    return jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=escape, trim_blocks=True,
                              lstrip_blocks=True, undefined=jinja2.StrictUndefined)


def _values(results: Results, source: Path, out: Path) -> dict[str, Any]:
    taken: set[str] = {text.file_name("boot", set())}
    sections = [_section(results, workload, text.file_name(workload, taken), out) for workload in results.workloads]
    facts = {FACTS.get(key, key.replace("_", " ")): _flatten(value)
             for key, value in results.host.items() if key != "schema"} | results.facts
    return {
        "run": results.run, "facts": facts, "general": _general(results), "model": results.model, "sections": sections,
        "families": _by_family(sections), "structures": {name: said for name, said in STRUCTURES.items()
                                                         if any(name == column.structure for column in results.columns)},
        "links": _links(source, out), "lanes": _lanes(results), "boot": figures.of_boots(results, out),
        "host": _flatten(results.host.get("cpu", "")), "qemu": _flatten(results.host.get("qemu", "")),
        "colour": _colour, "modelled": MODELLED, "kinds": (*LANES.values(), MODELLED),
        "dark": pictures.DARK,
    }


def _stale(out: Path) -> list[Path]:
    """The pictures of an earlier report; where there is none, nothing in the folder is ours."""
    if not (out / "index.html").exists() or not (out / "summary.md").exists():
        return []
    return [path for what in PICTURES for end in ("svg", "png") for path in out.glob(f"*_{what}.{end}")]


def write_report(results: Results, source: Path, out: Path) -> None:
    """Writes the whole report into out, which is made if need be."""
    out.mkdir(parents=True, exist_ok=True)
    for stale in _stale(out):
        stale.unlink()
    values = _values(results, source, out)
    page = _environment(True)
    plain = _environment(False)
    plain.filters["md"] = text.markdown
    (out / "index.html").write_text(page.get_template("index.html.j2").render(values), encoding="utf-8")
    (out / "summary.md").write_text(plain.get_template("summary.md.j2").render(values), encoding="utf-8")
