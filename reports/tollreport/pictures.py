# SPDX-License-Identifier: MIT
"""Stacked bars, one per structure, as SVG and PNG.

A colour means the same part, or the same kind of crossing, in every picture.  The colours come from Okabe and Ito's
and from Tol's sets, which people with any common colour blindness can tell apart; white gaps separate neighbours,
and a hatch tells apart what has to share a hue.  What is modelled is hatched in white all over.  Pictures are narrow,
so that a telephone shows them unscaled; the SVG follows the reader's light or dark scheme.
"""

import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import matplotlib  # type: ignore[import]

from . import text

logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
matplotlib.use("Agg")

from matplotlib.backends.backend_agg import FigureCanvasAgg  # type: ignore[import]  # noqa: E402
from matplotlib.figure import Figure  # type: ignore[import]  # noqa: E402
from matplotlib.patches import Patch, Rectangle  # type: ignore[import]  # noqa: E402
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
# What an operation costs in the model: instructions, crossings in their own colours, misses.
BUDGET = {
    "instructions": ("#999999", ""),
    "rep": ("#a8a27a", ""),
    "rep_bytes": ("#c9c39b", ""),
    "syscall": CROSSINGS["syscall"],
    "exception": CROSSINGS["exception"],
    "interrupt": CROSSINGS["interrupt"],
    "upcall": CROSSINGS["upcall"],
    "ipc": CROSSINGS["ipc"],
    "as_switch": CROSSINGS["as_switch"],
    "as_switch_kept": ("#a6dcf7", ""),
    "as_switch_refill": ("#1f7fb5", ""),
    "thread_switch": CROSSINGS["thread_switch"],
    "invlpg": ("#44aa99", ""),
    "wrmsr": ("#661100", ""),
    "port_io": ("#f0e442", ""),
    "mmio": ("#ddcc77", ""),
    "hlt": ("#333333", ""),
    "miss.l1i": ("#cc6677", ""),
    "miss.l1d": ("#ee8866", ""),
    "miss.l2": ("#882255", ""),
    "miss.itlb": ("#aaaa00", ""),
    "miss.dtlb": ("#117733", ""),
    "miss.stlb": ("#332288", ""),
    "the rest": ("#dddddd", ""),
}
BOOT = {"qemu": ("#bbbbbb", ""), "firmware": ("#e69f00", ""), "kernel": ("#0072b2", "")}
# Of colours that would vanish before a dark page: what stands for them there.
DARK = {
    "#ffffff": "#15181c", "#1a1a1a": "#e4e6e8", "#000000": "#e4e6e8", "#595959": "#a8adb3", "#332288": "#8577e0",
    "#661100": "#b5573d", "#882255": "#cf5f96", "#117733": "#37a35c", "#777777": "#8f8f8f", "#333333": "#c0c0c0",
    "#0072b2": "#3f9fdc", "#4477aa": "#6d9fd0", "#666666": "#989898", "#aaaa00": "#b5b52a", "#dddddd": "#4a4f55",
}
UNKNOWN = ("#ffffff", "\\\\\\\\")

WIDTH_INCHES = 4.6
ROW_INCHES = 0.42
LETTER_INCHES = 0.076  # of the widest font that this may be shown in, 9 points
LEGEND_ROW_INCHES = 0.175
INK = "#1a1a1a"


Palette = dict[str, tuple[str, str]]


@dataclass(frozen=True)
class Bar:
    """One line of a picture.  note: what stands there instead of a bar."""

    label: str
    segments: dict[str, float]
    note: str = ""
    measured: Optional[float] = None  # where a diamond says so

    @property
    def total(self) -> float:
        return sum(self.segments.values())

    @property
    def end(self) -> float:
        return max(self.total, self.measured or 0.0)

    @property
    def said(self) -> str:
        """What stands behind the bar."""
        beside = f", measured {text.number(self.measured)}" if self.measured is not None else ""
        return (self.note or text.number(self.total)) + beside


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


def _style(key: str, palette: Palette, modelled: bool) -> dict[str, Any]:
    colour, hatch = palette.get(key, UNKNOWN)
    if modelled:
        return {"facecolor": colour, "hatch": "///", "edgecolor": "white", "linewidth": 0.5}
    if hatch:
        return {"facecolor": colour, "hatch": hatch, "edgecolor": INK, "linewidth": 0.2}
    return {"facecolor": colour, "edgecolor": "white", "linewidth": 0.5}


def _draw_bars(axes: Any, bars: list[Bar], order: list[str], palette: Palette, modelled: bool) -> None:
    for row, bar in enumerate(bars):
        start = 0.0
        for key in order:
            size = bar.segments.get(key, 0.0)
            if size > 0:
                axes.add_patch(Rectangle((start, row - 0.33), size, 0.66, **_style(key, palette, modelled)))
                start += size
        if bar.measured is not None:
            axes.plot([bar.measured], [row], marker="D", markersize=5, color=INK, markeredgecolor="white",
                      markeredgewidth=0.7, clip_on=False)
        axes.annotate(bar.said, (bar.end, row), xytext=(5 if bar.measured is None else 8, 0),
                      textcoords="offset points", va="center",
                      color="#595959" if bar.note else INK, style="italic" if bar.note else "normal")


Place = tuple[float, float, float, float]


def _layout(bars: list[Bar], labels: list[str], legend_rows: int) -> tuple[float, Place, float]:
    """The height in inches, the place of the axes in the figure, and the share of their width left for totals."""
    letters = max(len(line) for label in labels for line in label.split("\n"))
    left = 0.16 + letters * LETTER_INCHES
    below = 0.5 + legend_rows * LEGEND_ROW_INCHES + 0.06
    height = below + ROW_INCHES * len(bars) + 0.08
    width = WIDTH_INCHES - left - 0.1
    totals = max(len(bar.said) for bar in bars) * LETTER_INCHES + 0.16
    place = (left / WIDTH_INCHES, below / height, width / WIDTH_INCHES, ROW_INCHES * len(bars) / height)
    return height, place, min(totals / width, 0.6)


def _legend(figure: Any, order: list[str], names: list[str], palette: Palette, columns: int, modelled: bool) -> None:
    edge = {} if modelled else {"edgecolor": INK, "linewidth": 0.2}
    handles = [Patch(label=name, **(_style(key, palette, modelled) | edge)) for key, name in zip(order, names)]
    figure.legend(handles=handles, loc="lower center", ncol=columns, frameon=False, borderaxespad=0.2, handlelength=1.0,
                  handletextpad=0.4, columnspacing=1.0, labelspacing=0.3)


def _themed(svg: str) -> str:
    """The same SVG, smaller, and with colours that follow the reader's scheme."""
    svg = re.sub(r" <metadata>.*?</metadata>\n", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(?<= d=")[^"]*', lambda path: re.sub(r"(\.\d\d)\d+", r"\1", " ".join(path.group().split())), svg)
    used = [colour for colour in DARK if colour in svg]
    for colour in used:
        svg = re.sub(rf'((?:fill|stroke)(?:: |=")){colour}', rf"\1var(--c{colour[1:]})", svg)
    light = "".join(f"--c{colour[1:]}:{colour};" for colour in used)
    dark = "".join(f"--c{colour[1:]}:{DARK[colour]};" for colour in used)
    style = (f":root{{{light}}}text{{fill:var(--c{INK[1:]})}}"
             f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}")
    return svg.replace("<style type=\"text/css\">", f"<style type=\"text/css\">{style}", 1)


def _draw_axes(figure: Any, place: Place, bars: list[Bar], labels: list[str], reserve: float, axis: str) -> Any:
    axes = figure.add_axes(place)
    axes.set_xlim(0, (max(bar.end for bar in bars) or 1.0) / (1 - reserve))
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.set_yticks(range(len(bars)), labels)
    axes.xaxis.set_major_locator(MaxNLocator(4))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _position: text.short(value)))
    axes.set_xlabel(axis)
    axes.tick_params(axis="y", length=0)
    axes.spines[["top", "right"]].set_visible(False)
    return axes


def draw(stem: Path, bars: list[Bar], palette: Palette, axis: str, modelled: bool = False) -> str:
    """Writes stem.svg and stem.png, and returns the SVG."""
    seen = {key for bar in bars for key, size in bar.segments.items() if size > 0}
    order = [key for key in palette if key in seen] + sorted(seen - set(palette))
    labels = [_two_lines(bar.label) for bar in bars]
    names = [text.clip(key.replace("_", " ").replace("miss.", "miss "), 16) for key in order]
    columns = 3 if any(len(name) > 9 for name in names) else 4
    height, place, reserve = _layout(bars, labels, -(-len(order) // columns))
    with matplotlib.rc_context(_settings()):
        figure = Figure(figsize=(WIDTH_INCHES, height), facecolor="white")
        FigureCanvasAgg(figure)
        axes = _draw_axes(figure, place, bars, labels, reserve, axis)
        _draw_bars(axes, bars, order, palette, modelled)
        if order:
            _legend(figure, order, names, palette, columns, modelled)
        figure.savefig(stem.with_suffix(".svg"), metadata={"Date": None, "Creator": None})
        figure.savefig(stem.with_suffix(".png"), dpi=120, metadata={"Software": None})
    svg = _themed(stem.with_suffix(".svg").read_text(encoding="utf-8"))
    stem.with_suffix(".svg").write_text(svg, encoding="utf-8")
    return svg
