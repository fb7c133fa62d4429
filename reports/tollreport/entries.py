# SPDX-License-Identifier: MIT
"""What pages are made of: entries, rows, tables, figures.  A column of a table holds one kind of evidence: a table that
mixes them cannot be made."""

from dataclasses import dataclass, field
from typing import Optional

from . import text
from .model import EXACT, MEASURED, MODELLED, Cell, Column, verdict, why


@dataclass(frozen=True)
class Entry:
    """One place in a table.  kind: value, none, refused or words; mark: the number of the note that says why."""

    kind: str
    main: str
    sub: str = ""
    mark: int = 0
    evidence: str = ""


@dataclass(frozen=True)
class Head:
    """The head of a column, and what kind of evidence stands below it."""

    text: str
    evidence: str = ""
    note: str = ""


@dataclass
class Row:
    name: str
    entries: list[Entry]
    key: str = ""    # the colour of this row in the picture
    unit: str = ""
    better: str = ""
    strong: bool = False
    about: str = ""  # what the row is of, in words
    group: str = ""  # rows of one group have a head of their own


@dataclass
class Table:
    title: str
    columns: list[Head]
    rows: list[Row]
    first: str = ""    # the head of the rows' names
    caption: str = ""
    folded: bool = False  # shown on demand

    def __post_init__(self) -> None:
        for row in self.rows:
            for head, entry in zip(self.columns, row.entries, strict=True):
                if entry.evidence not in ("", head.evidence):
                    raise ValueError(f"{self.title}: {row.name}: {entry.evidence} below {head.text}, {head.evidence}")

    def is_words(self, number: int) -> bool:
        """Whether a column holds text."""
        return any(row.entries[number].kind == "words" for row in self.rows)

    def begins_group(self, number: int) -> bool:
        """Whether a row is the first of its group."""
        group = self.rows[number].group
        return bool(group) and (number == 0 or self.rows[number - 1].group != group)

    @property
    def kinds(self) -> list[str]:
        return list(dict.fromkeys(head.evidence for head in self.columns if head.evidence))

    @property
    def is_mixed(self) -> bool:
        return len(self.kinds) > 1

    @property
    def told(self) -> str:
        """The caption with what kind of evidence this is."""
        kinds = [kind for kind in self.kinds if kind in (EXACT, MEASURED, MODELLED)] or self.kinds
        said = f"Evidence: {' and '.join(kinds)}{', a column each' if self.is_mixed else ''}." if kinds else ""
        return f"{self.caption} {said}".strip()


def table_of(title: str, columns: list[Head], rows: list[Row], first: str = "", caption: str = "",
             folded: bool = False) -> Optional[Table]:
    """None if there are no rows."""
    return Table(title, columns, rows, first, caption, folded) if rows else None


def heads_of(columns: list[Column], evidence: str) -> list[Head]:
    return [Head(column.label, evidence) for column in columns]


@dataclass
class Figure:
    name: str
    title: str
    alt: str
    caption: str
    data: str = ""  # the SVG, as base64


@dataclass
class Notes:
    """Reasons, numbered in the order in which they are first needed."""

    texts: list[str] = field(default_factory=list)

    def mark(self, note: str) -> int:
        if note not in self.texts:
            self.texts.append(note)
        return self.texts.index(note) + 1


def none() -> Entry:
    return Entry("none", text.NO_VALUE)


def words(said: str) -> Entry:
    return Entry("words", said)


def value(number: Optional[float], evidence: str, sub: str = "") -> Entry:
    return none() if number is None else Entry("value", text.number(number), sub, evidence=evidence)


def of_cell(cell: Optional[Cell], notes: Notes, sub: Optional[str] = None) -> Entry:
    """The cell's number, below it the range of its samples or sub; of one that is not admitted only why."""
    if cell is None:
        return none()
    if not cell.admitted:
        return Entry("refused", verdict(cell), mark=notes.mark(why(cell)))
    return value(cell.value, cell.evidence, text.spread(cell.lo, cell.hi) if sub is None else sub)


def interval(cell: Optional[Cell]) -> str:
    """The 95 % interval of a cell's median."""
    return text.spread(cell.median_lo, cell.median_hi) if cell else ""
