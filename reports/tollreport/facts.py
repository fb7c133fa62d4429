# SPDX-License-Identifier: MIT
"""How a run was made: from plan.json and samples.jsonl.  What is missing there is not told; no number comes from it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Iterable, Iterator

NUMBERED_MAX = 4  # of different texts of one kind


@dataclass
class Facts:
    said: dict[str, str] = field(default_factory=dict)
    sizes: str = ""  # of the caches and TLBs that were modelled


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    return value if isinstance(value, str) else ""


def _samples(lines: Iterable[str], clean: Callable[[Any], Any]) -> Iterator[dict[str, Any]]:
    for line in lines:
        try:
            sample = clean(json.loads(line))
        except (ValueError, RecursionError):
            continue
        if isinstance(sample, dict):
            yield sample


def _numbered(name: str, texts: Iterable[str]) -> dict[str, str]:
    listed = list(texts)
    said = {name if number == 0 else f"{name}, also ({number + 1})": text
            for number, text in enumerate(listed[:NUMBERED_MAX])}
    more = len(listed) - NUMBERED_MAX
    return said | ({f"{name}, and more": f"{more} others, in samples.jsonl"} if more > 0 else {})


def _of_samples(samples: Iterable[dict[str, Any]]) -> Facts:
    """The QEMU options that guests were booted with, what was observed of them, the features that they found."""
    options: dict[str, None] = {}
    observers: dict[str, None] = {}
    sizes: dict[str, None] = {}
    features: dict[str, dict[str, None]] = {}
    for sample in samples:
        if _text(sample, "status") != "skip":
            for kept, key in ((options, "options"), (observers, "observers"), (sizes, "model")):
                if _text(sample, key):
                    kept.setdefault(_text(sample, key))
        if _text(sample, "cpu_features"):
            features.setdefault(_text(sample, "cpu_features"), {}).setdefault(_text(sample, "structure"))
    said = _numbered("QEMU options", options) | _numbered("time lane", observers)
    said |= _numbered("caches and TLBs of the model, size/ways", sizes)
    return Facts(said | {f"processor features found by {', '.join(who)}": text for text, who in features.items()},
                 "; ".join(sizes))


def _of_plan(path: Path, clean: Callable[[Any], Any]) -> dict[str, str]:
    try:
        plan = clean(json.loads(path.read_text(encoding="utf-8")))
        return {"guests planned" if key == "guests" else key.replace("_", " "): str(value)
                for key, value in plan.items() if isinstance(value, (str, int, float)) and key not in ("schema", "run")}
    except (OSError, ValueError, AttributeError, RecursionError):
        return {}


def facts_of(folder: Path, clean: Callable[[Any], Any]) -> Facts:
    """clean makes texts of guests fit to be shown."""
    said = _of_plan(folder / "plan.json", clean)
    try:
        with open(folder / "samples.jsonl", encoding="utf-8", errors="replace") as lines:
            facts = _of_samples(_samples(lines, clean))
    except OSError:
        return Facts(said)
    return Facts(said | facts.said, facts.sizes)
