# SPDX-License-Identifier: MIT
"""What a reader of measured numbers must be told: warnings with their advice, and the share of false alarms."""

from typing import Optional

from . import entries
from .entries import Entry, Head, Row, Table
from .model import Results

SHOWN = 6
CAPTION = ("About measured numbers. Of values that scatter normally the tests of modes and of drift give a false alarm in at "
           "most one of a hundred cells, that of outliers in about one of ten.")


def warnings(results: Results) -> Optional[Table]:
    """A line for each kind of warning: which numbers have it, what it means, what to do."""
    rows = []
    for caution in results.cautions:
        names = [f"{cell.column.label}/{cell.workload} {cell.metric}" for cell in results.cells
                 if caution.name in cell.warnings]
        more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
        said = ", ".join(names[:SHOWN]) + more if names else ""
        rows.append(Row(caution.name or "note", [entries.words(said), entries.words(caution.text),
                                                 entries.words(caution.advice)]))
    heads = [Head("numbers"), Head("found"), Head("advice")]
    return entries.table_of("Warnings", heads, rows, "warning", CAPTION)


def false_alarms(results: Results) -> Optional[Table]:
    """The A/A row: how often a test found a difference where there is none."""
    alarms = results.alarms
    if not alarms:
        return None
    what = "booted again in the same run" if alarms.twins else "odd repetitions with even ones"
    row = Row(f"an image with itself, {what}", [
        Entry("value", said) for said in (str(alarms.tests), str(alarms.alarms), f"{100 * alarms.share:.1f} %",
                                          f"{100 * alarms.limit:.1f} %")])
    heads = [Head("comparisons"), Head("found to differ"), Head("false alarms"), Head("at most, 95 % sure")]
    return Table("False alarms of this report (A/A)", heads, [row], "compared",
                 "The test that toll compare uses, at 5 %; what differs here differs by chance or by the host. Where "
                 "the share is far above 5 %, small differences in the measured tables mean nothing.")


def tables(results: Results) -> list[Table]:
    return [table for table in (warnings(results), false_alarms(results)) if table]
