# SPDX-License-Identifier: MIT
"""The smallest memory with which each structure does its work, as `toll memory` found it."""

from typing import Optional

from . import entries, text
from .entries import Entry, Row, Table
from .model import EXACT, Column, Memory, Results

REASON_MAX = 80
# The authors' raw data for figure 11, of which the article gives the lowest that worked.
PUBLISHED = ("Published for other programs on hardware (Kuenzer et al., EuroSys 2021, figure 11; hello, nginx, Redis, "
             "SQLite): Unikraft 2, 5, 7, 4 MB; Linux in a micro-VM 29, 29, 30, 29 MB.")


def _entry(found: Optional[Memory]) -> Entry:
    if found is None:
        return Entry("none", "not tried")
    if found.mib is None:
        return Entry("refused", "none is enough", text.clip(found.reason, REASON_MAX))
    return entries.value(found.mib, EXACT, "its image alone" if found.mib == found.image_mib else "")


def table(results: Results) -> Optional[Table]:
    """A line for each structure, a column for each workload."""
    workloads = [name for name in results.workloads if any(found.workload == name for found in results.memory)]
    workloads += sorted({found.workload for found in results.memory} - set(workloads))
    known: dict[tuple[Column, str], Memory] = {(found.column, found.workload): found for found in results.memory}
    columns = list(dict.fromkeys(found.column for found in results.memory))
    columns.sort(key=results.order)
    rows = [Row(column.label, [_entry(known.get((column, workload))) for workload in workloads]) for column in columns]
    said = [f"The least MiB of QEMU's -m with which a guest does its work as it does with all of its memory, found by "
            f"halving, one boot a try; one MiB less fails. {PUBLISHED}"]
    if not any(column.structure == "linux" for column in columns):
        said.append("`make memory` tries Linux too, which takes some minutes.")
    return entries.table_of("Smallest memory in MiB", [entries.Head(name, EXACT) for name in workloads], rows,
                            "structure", " ".join(said))
