# SPDX-License-Identifier: MIT
"""What pages are made of: entries, rows, tables."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One place in a table.  kind: value, none or refused; mark: the number of the note that says why."""

    kind: str
    main: str
    sub: str = ""
    mark: int = 0


@dataclass
class Row:
    name: str
    entries: list[Entry]
    key: str = ""    # the colour of this row in the picture
    unit: str = ""
    evidence: str = ""
    better: str = ""
    strong: bool = False


@dataclass
class Table:
    title: str
    columns: list[str]
    rows: list[Row]
