# SPDX-License-Identifier: MIT
"""Stacked bars, one per structure, as SVG and PNG.

A colour means the same part, or the same kind of crossing, in every picture.  The colours come from Okabe and Ito's
and from Tol's sets, which people with any common colour blindness can tell apart; white gaps separate neighbours,
and a hatch tells apart what has to share a hue.  Pictures are narrow, so that a telephone shows them unscaled.
"""

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib  # type: ignore[import]

from . import text

logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
matplotlib.use("Agg")

from matplotlib.backends.backend_agg import FigureCanvasAgg  # type: ignore[import]  # noqa: E402
from matplotlib.figure import Figure  # type: ignore[import]  # noqa: E402
from matplotlib.patches import Patch  # type: ignore[import]  # noqa: E402
from matplotlib.ticker import FuncFormatter, MaxNLocator  # type: ignore[import]  # noqa: E402

# In the order of the stack: the program first, then from the call inwards.  name: (colour, hatch)
PARTS = {
    "app": ("#bbbbbb", ""),
    "libc": ("#777777", ""),
    "zlib": ("#bbbbbb", "////"),
    "gate": ("#ddcc77", "////"),
    "glue": ("#ddcc77", ""),
    "posix": ("#332288", ""),
    "fs": ("#117733", ""),
    "net": ("#44aa99", ""),
    "blk": ("#88ccee", ""),
    "nic": ("#88ccee", "////"),
    "pager": ("#cc6677", ""),
    "alloc": ("#882255", ""),
    "sched": ("#aa4499", ""),
    "console": ("#999933", ""),
    "machine": ("#ee7733", ""),
    "base": ("#661100", ""),
    "kernel": ("#4477aa", ""),
}
CROSSINGS = {
    "syscall": ("#0072b2", ""),
    "exception": ("#d55e00", ""),
    "interrupt": ("#e69f00", ""),
    "upcall": ("#cc79a7", ""),
    "ipc": ("#009e73", ""),
    "as_switch": ("#56b4e9", ""),
    "thread_switch": ("#666666", ""),
    "vm_exit": ("#f0e442", ""),
}
UNKNOWN = ("#ffffff", "\\\\\\\\")

WIDTH_INCHES = 4.6
ROW_INCHES = 0.42
LETTER_INCHES = 0.076  # of the widest font that this may be shown in, 9 points
LEGEND_ROW_INCHES = 0.175
INK = "#1a1a1a"


@dataclass(frozen=True)
class Bar:
    """One line of a picture.  note: what stands there instead of a bar."""

    label: str
    segments: dict[str, float]
    note: str = ""

    @property
    def total(self) -> float:
        return sum(self.segments.values())


def _settings() -> dict[str, Any]:
    settings = dict(matplotlib.rcParamsDefault)
    for key in ("backend", "backend_fallback", "date.epoch"):
        settings.pop(key, None)
    settings.update({
        "svg.hashsalt": "toll", "svg.fonttype": "none", "text.parse_math": False, "font.size": 9.0,
        "font.family": ["DejaVu Sans", "sans-serif"], "text.color": INK, "axes.labelcolor": INK, "xtick.color": INK,
        "ytick.color": INK, "hatch.linewidth": 0.7,
    })
    return settings


def _two_lines(label: str) -> str:
    first, _, second = label.partition(" ")
    return "\n".join(text.clip(line, 17) for line in (first, second) if line)


def _draw_bars(axes: Any, bars: list[Bar], order: list[str], palette: dict[str, tuple[str, str]]) -> None:
    for row, bar in enumerate(bars):
        start = 0.0
        for key in order:
            size = bar.segments.get(key, 0.0)
            if size > 0:
                colour, hatch = palette.get(key, UNKNOWN)
                edge = {"edgecolor": INK, "linewidth": 0.2} if hatch else {"edgecolor": "white", "linewidth": 0.5}
                axes.barh(row, size, left=start, height=0.66, color=colour, hatch=hatch, **edge)
                start += size
        label = bar.note or text.number(bar.total)
        axes.annotate(label, (start, row), xytext=(4, 0), textcoords="offset points", va="center",
                      color="#595959" if bar.note else INK, style="italic" if bar.note else "normal")


Place = tuple[float, float, float, float]


def _layout(bars: list[Bar], labels: list[str], legend_rows: int) -> tuple[float, Place, float]:
    """The height in inches, the place of the axes in the figure, and the share of their width left for totals."""
    letters = max(len(line) for label in labels for line in label.split("\n"))
    left = 0.16 + letters * LETTER_INCHES
    below = 0.5 + legend_rows * LEGEND_ROW_INCHES + 0.06
    height = below + ROW_INCHES * len(bars) + 0.08
    width = WIDTH_INCHES - left - 0.1
    totals = max(len(bar.note or text.number(bar.total)) for bar in bars) * LETTER_INCHES + 0.12
    place = (left / WIDTH_INCHES, below / height, width / WIDTH_INCHES, ROW_INCHES * len(bars) / height)
    return height, place, min(totals / width, 0.6)


def draw(stem: Path, bars: list[Bar], palette: dict[str, tuple[str, str]], axis: str) -> str:
    """Writes stem.svg and stem.png, and returns the SVG."""
    seen = {key for bar in bars for key, size in bar.segments.items() if size > 0}
    order = [key for key in palette if key in seen] + sorted(seen - set(palette))
    labels = [_two_lines(bar.label) for bar in bars]
    names = [text.clip(key.replace("_", " "), 14) for key in order]
    columns = 3 if any(len(name) > 9 for name in names) else 4
    height, place, reserve = _layout(bars, labels, -(-len(order) // columns))
    with matplotlib.rc_context(_settings()):
        figure = Figure(figsize=(WIDTH_INCHES, height), facecolor="white")
        FigureCanvasAgg(figure)
        axes = figure.add_axes(place)
        _draw_bars(axes, bars, order, palette)
        axes.set_xlim(0, (max(bar.total for bar in bars) or 1.0) / (1 - reserve))
        axes.set_ylim(len(bars) - 0.5, -0.5)
        axes.set_yticks(range(len(bars)), labels)
        axes.xaxis.set_major_locator(MaxNLocator(4))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: text.short(value)))
        axes.set_xlabel(axis)
        axes.tick_params(axis="y", length=0)
        axes.spines[["top", "right"]].set_visible(False)
        if order:
            handles = [Patch(facecolor=palette.get(key, UNKNOWN)[0], hatch=palette.get(key, UNKNOWN)[1],
                             edgecolor=INK, linewidth=0.2, label=name) for key, name in zip(order, names)]
            figure.legend(handles=handles, loc="lower center", ncol=columns, frameon=False, borderaxespad=0.2,
                          handlelength=1.0, handletextpad=0.4, columnspacing=1.0, labelspacing=0.3)
        figure.savefig(stem.with_suffix(".svg"), metadata={"Date": None, "Creator": None})
        figure.savefig(stem.with_suffix(".png"), dpi=144, metadata={"Software": None})
    return stem.with_suffix(".svg").read_text(encoding="utf-8")
