# SPDX-License-Identifier: MIT
"""A run, as the report sees it: cells and what is told beside them.  reading.py makes it from files."""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Optional

from .families import ordered

if TYPE_CHECKING:
    from .rates import Rates

SCHEMA = "toll/1"
STRUCTURES = ("uni", "exo", "mono", "hybrid", "micro", "micro1", "linux", "host")
ADMITTED = "ok"
EXACT, MEASURED, MODELLED = "exact", "measured", "modelled"
LANES = {"exact": EXACT, "time": MEASURED}  # and the evidence that is a lane's own
PLAIN = "default"
TWIN = "again"           # the variant that boots the default's image once more
NUMBER_MAX = 1e18        # beyond it, and beyond reason, sums and pictures would fail
BOOKLESS = "books=off"   # the word of a variant whose image keeps no books


class InputError(Exception):
    """The input is not a run that this report can show; the text is for people."""


@dataclass(frozen=True)
class Column:
    """What is compared: a structure, or a variant of one."""

    structure: str
    variant: str

    @property
    def label(self) -> str:
        return self.structure if self.is_plain else f"{self.structure} {self.variant}"

    @property
    def is_plain(self) -> bool:
        return self.variant in ("", PLAIN)

    @property
    def plain(self) -> "Column":
        """The structure itself, of which this may be a variant."""
        return Column(self.structure, PLAIN)

    @property
    def is_bookless(self) -> bool:
        return BOOKLESS in self.variant.split()

    @property
    def with_books(self) -> "Column":
        """What a variant without books is compared with."""
        rest = " ".join(word for word in self.variant.split() if word != BOOKLESS)
        return Column(self.structure, rest or PLAIN)


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
    median_lo: Optional[float] = None
    median_hi: Optional[float] = None
    warnings: tuple[str, ...] = ()
    ended: str = ""
    server: str = ""  # the distribution's that ran in the place of our program, with its version

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


@dataclass(frozen=True)
class Caution:
    """A kind of warning about measured numbers."""

    name: str
    text: str
    advice: str


@dataclass(frozen=True)
class Alarms:
    """A/A tests: comparisons of an image with itself."""

    tests: int
    alarms: int
    share: float
    limit: float
    twins: bool


@dataclass(frozen=True)
class Stage:
    """A part of a boot, in milliseconds, with its 95 % interval."""

    ms: float
    lo: float
    hi: float


@dataclass(frozen=True)
class Boot:
    column: Column
    workload: str
    parts: dict[str, Stage]  # qemu, firmware, kernel, all


@dataclass(frozen=True)
class Boots:
    """What `toll boot --json` said."""

    emulated: bool
    runs: int
    rows: list[Boot]


@dataclass(frozen=True)
class Memory:
    """The smallest memory with which a workload passed; mib is None if none was enough, and reason says why."""

    column: Column
    workload: str
    mib: Optional[int]
    image_mib: int  # what its image takes
    reason: str


@dataclass
class Results:
    run: str
    host: dict[str, Any]
    cells: list[Cell]
    facts: dict[str, str] = field(default_factory=dict)
    hops: dict[tuple[str, Column], list[Hop]] = field(default_factory=dict)  # of a workload's exact lane
    model: Optional[Model] = None
    sizes: str = ""  # of the caches and TLBs that were modelled
    cautions: list[Caution] = field(default_factory=list)
    alarms: Optional[Alarms] = None
    boots: Optional[Boots] = None
    rates: Optional["Rates"] = None  # of rates.py
    memory: list[Memory] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._index: dict[tuple[str, Column, str, str], Cell] = {}
        self._of: dict[tuple[str, Column, str], list[Cell]] = defaultdict(list)
        self._metrics: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
        for cell in self.cells:
            self._index.setdefault((cell.workload, cell.column, cell.metric, cell.lane), cell)
            self._of[cell.workload, cell.column, cell.lane].append(cell)
            self._metrics[cell.workload, cell.lane].setdefault(cell.metric)
        self.columns = sorted({cell.column for cell in self.cells}, key=_column_order)
        self.workloads = ordered(list(dict.fromkeys(cell.workload for cell in self.cells)))

    @staticmethod
    def order(column: Column) -> tuple[int, str, bool, str]:
        """What columns are sorted by."""
        return _column_order(column)

    def get(self, workload: str, column: Column, metric: str, lane: str = "exact") -> Optional[Cell]:
        return self._index.get((workload, column, metric, lane))

    def admitted(self, workload: str, column: Column, metric: str, lane: str, evidence: str) -> Optional[Cell]:
        """The cell, if it has a number of that evidence."""
        cell = self.get(workload, column, metric, lane)
        return cell if cell and cell.admitted and cell.evidence == evidence else None

    def value(self, workload: str, column: Column, metric: str) -> Optional[float]:
        cell = self.admitted(workload, column, metric, "exact", EXACT)
        return cell.value if cell else None

    def modelled(self, workload: str, column: Column, metric: str = "cycles_modelled") -> Optional[float]:
        cell = self.admitted(workload, column, metric, "exact", MODELLED)
        return cell.value if cell else None

    def measured(self, workload: str, column: Column, metric: str = "cycles") -> Optional[float]:
        cell = self.admitted(workload, column, metric, "time", MEASURED)
        return cell.value if cell else None

    def of(self, workload: str, column: Column, lane: str = "exact") -> list[Cell]:
        return self._of.get((workload, column, lane), [])

    def metrics(self, workload: str, lane: str = "exact") -> list[str]:
        """The metrics that any column has of a workload."""
        return list(self._metrics.get((workload, lane), ()))

    def pairs(self, lane: str) -> list[tuple[str, Column]]:
        """The combinations of a workload and a column that the lane has, admitted or not."""
        return [(workload, column) for workload, column, name in self._of if name == lane]

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


def _column_order(column: Column) -> tuple[int, str, bool, str]:
    known = STRUCTURES.index(column.structure) if column.structure in STRUCTURES else len(STRUCTURES)
    return known, column.structure, not column.is_plain, column.variant


def verdict(cell: Cell) -> str:
    """What stands in the place of a number that is not there."""
    return {"fail": "failed", "skip": "skipped"}.get(cell.status, "not admitted")


def why(cell: Cell) -> str:
    """Why a cell has no number."""
    if cell.reason:
        return cell.reason
    return "no value was recorded" if cell.status == ADMITTED else f"{cell.status}, without a reason"
