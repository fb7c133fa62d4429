# SPDX-License-Identifier: MIT
"""Numbers and names as people read them."""

import re
from typing import Optional

NO_VALUE = "\N{EN DASH}"


def number(value: Optional[float]) -> str:
    """At most four significant digits behind a decimal point, all digits before it, groups of three."""
    if value is None:
        return NO_VALUE
    if value == int(value):
        return f"{int(value):,}"
    size = abs(value)
    if size < 0.0005:
        return "< 0.001" if value > 0 else "> -0.001"
    digits = 3 if size < 10 else 2 if size < 100 else 1 if size < 10000 else 0
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def times(value: float) -> str:
    """How many times something is something else: three digits."""
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} \N{MULTIPLICATION SIGN}"


def share(value: float) -> str:
    """Per cent, one digit; what would be shown as none of it is not."""
    if value and abs(value) < 0.0005:
        return "< 0.1 %" if value > 0 else "> -0.1 %"
    return f"{100 * value:.1f} %"


def short(value: float) -> str:
    """For the ticks of an axis."""
    for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{suffix}"
    return f"{value:g}"


def spread(lo: Optional[float], hi: Optional[float]) -> str:
    """The range of the samples; empty if they were all equal."""
    if lo is None or hi is None or lo == hi:
        return ""
    return f"{number(lo)} to {number(hi)}"


def file_name(name: str, taken: set[str]) -> str:
    """A plain file name for name, unlike those taken already, which it joins."""
    base = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:60] or "workload"
    unique, count = base, 2
    while unique.lower() in taken:
        unique, count = f"{base}_{count}", count + 1
    taken.add(unique.lower())
    return unique


def clip(text: str, size: int) -> str:
    return text if len(text) <= size else text[: size - 1] + "\N{HORIZONTAL ELLIPSIS}"


def markdown(text: object) -> str:
    """Arbitrary text within a line or a table of Markdown: nothing in it acts."""
    flat = " ".join(str(text).split())
    flat = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]#|!~$@])", r"\\\1", flat)
