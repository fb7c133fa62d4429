#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares what the counting plugin wrote with what a test guest's source says that it must write (guest.h)."""

import json
import sys
from pathlib import Path
from typing import Any


def look_up(event: dict[str, Any], path: str) -> Any:
    """The value at a dotted path, of which a number counts in a list; raises LookupError where there is none."""
    value: Any = event
    for key in path.split("."):
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def expected_value(event: dict[str, Any], text: str) -> Any:
    """A number, null, NUMBER*PATH, or a word."""
    if text == "null":
        return None
    factor, star, path = text.partition("*")
    if star:
        return int(factor) * look_up(event, path)
    return int(text) if text.isdigit() else text


def check_line(line: str, events: list[dict[str, Any]]) -> str | None:
    """What is wrong with the expectation in line, or None."""
    kind, index, path, text = line.split()[1:5]
    chosen = [event for event in events if event["event"] == kind]
    if len(chosen) <= int(index):
        return f"{line}: there are only {len(chosen)} such events"
    event = chosen[int(index)]
    try:
        got, wanted = look_up(event, path), expected_value(event, text)
    except LookupError as missing:
        return None if text == "absent" else f"{line}: no {missing} in {json.dumps(event)}"
    return None if got == wanted else f"{line}: got {got}"


def main() -> int:
    source, output = Path(sys.argv[1]), Path(sys.argv[2])
    events = [json.loads(line) for line in output.read_text().splitlines()]
    lines = [line for line in source.read_text().splitlines() if line.startswith("//? ")]
    wrong = [text for text in (check_line(line, events) for line in lines) if text]
    print("\n".join(wrong) if wrong else f"{len(lines)} numbers agree")
    return 1 if wrong or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
