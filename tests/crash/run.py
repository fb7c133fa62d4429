#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Power goes while something durable is written: load_db.py, load_kv.py.

An image writes, and tells what it has committed.  At a random instant QEMU is killed.  Of what it has written several
disks are made (power.py).  e2fsck may find on each only what the order of writes allows (kernels/parts/fs/commit.c):
space that nobody uses, wrong counts, files without names.  Then the same image looks at what is there: all that had been
told as committed, and nothing that was never written; and e2fsck must find the volume clean.

usage: run.py [-w db|kv] [-n CRASHES] [-j JOBS] [-s SEED] [-k FILE] [--sync interval] [STRUCTURE...]

So many crashes of each structure; all, by default.  With -k boots that passed are kept in FILE, and not done again while
the image is the same.  With --sync interval some crashes lose the last commits: that is what the test is for.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TextIO

import load_db
import load_kv
from power import ROOT, Crash, is_clean, lose_power, mend

PER_BOOT = 10  # crashes
LOADS = {"db": load_db, "kv": load_kv}
PROGRESS_S = 60

Result = tuple[str, int]  # what was wrong, or nothing; blocks that were lost


def crashes(work: Path, structure: str, number: int, count: int, options: argparse.Namespace) -> list[Result]:
    """So many crashes of one boot."""
    load = LOADS[options.w]
    dice = random.Random(f"{options.s} {structure} {number}")
    folder, image = work / f"{structure}-{number}", image_of(options.w, structure)
    folder.mkdir()
    results: list[Result] = []
    try:
        boot = load.write_and_kill(folder, image, options.sync, dice)
    except (Crash, OSError) as error:
        return [(f"{structure}, boot {number}: {error}", 0)] * count
    for which in range(count):
        told, lost, wrong = boot.told[-1][0], 0, ""
        try:
            if which:
                told, lost = lose_power(folder, boot, dice)
            mend(folder)
            load.check(folder, image, boot, told, dice)
            is_clean(folder)
        except (Crash, OSError) as error:
            wrong = f"{structure}, boot {number}, {f'power {which}' if which else 'killed'}: {error}"
        results.append((wrong, lost))
    shutil.rmtree(folder)
    return results


def image_of(load: str, structure: str) -> Path:
    return ROOT / f"build/images/{structure}/{LOADS[load].PROGRAM}.elf"


def structures() -> list[str]:
    return sorted(f.parent.name for f in ROOT.glob("kernels/*/image.mk"))


class Kept:
    """Boots that passed, a line each: what was done, and the blocks that each of its crashes lost."""

    def __init__(self, path: Path | None) -> None:
        self.lines = dict(line.split(": ") for line in path.read_text().splitlines()) if path and path.exists() else {}
        self.file: TextIO | None = None
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.file = path.open("a")

    def find(self, key: str) -> list[Result] | None:
        return [("", int(n)) for n in self.lines[key].split()] if key in self.lines else None

    def put(self, key: str, results: list[Result]) -> None:
        if self.file and not any(wrong for wrong, _ in results):
            print(f"{key}: {' '.join(str(lost) for _, lost in results)}", file=self.file, flush=True)


class Sum:
    """What is known so far."""

    def __init__(self, total: int) -> None:
        self.total, self.kept, self.begun, self.said = total, 0, time.monotonic(), time.monotonic()
        self.passed = self.failed = self.lost = self.lossy = 0

    def add(self, results: list[Result], kept: bool) -> None:
        for wrong, blocks in results:
            if wrong:
                print(f"not ok - {wrong}", flush=True)
            self.failed += wrong != ""
            self.passed += wrong == ""
            self.lost += blocks
            self.lossy += blocks > 0
        self.kept += len(results) if kept else 0

    def progress(self) -> None:
        done, now = self.passed + self.failed, time.monotonic()
        if done == self.kept or now - self.said < PROGRESS_S:
            return
        self.said = now
        left = (self.total - done) * (now - self.begun) / (done - self.kept)
        print(f"{done} of {self.total} crashes, {self.failed} failed, {left / 60:.0f} min left", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("-w", choices=LOADS, default="db")
    parser.add_argument("-n", type=int, default=5)
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("-s", type=int, default=1)
    parser.add_argument("-k", type=Path)
    parser.add_argument("--sync", choices=("interval", "commit"), default="commit")
    parser.add_argument("structure", nargs="*")
    options = parser.parse_args()
    wanted = options.structure or structures()
    total, kept = Sum(options.n * len(wanted)), Kept(options.k)
    images = {s: hashlib.sha256(image_of(options.w, s).read_bytes()).hexdigest() for s in wanted}
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        jobs = {}
        for first in range(0, options.n, PER_BOOT):
            for structure in wanted:
                count = min(PER_BOOT, options.n - first)
                key = f"{options.w} {structure} {images[structure]} {options.s} {options.sync} {first} {count}"
                if results := kept.find(key):
                    total.add(results, True)
                else:
                    jobs[pool.submit(crashes, Path(scratch), structure, first, count, options)] = key
        for job in concurrent.futures.as_completed(jobs):
            total.add(job.result(), False)
            kept.put(jobs[job], job.result())
            total.progress()
    print(f"{total.lost} blocks that were not flushed were lost, in {total.lossy} crashes; {total.kept} crashes were done before")
    print(f"{total.passed} passed, {total.failed} failed")
    return total.failed > 0


if __name__ == "__main__":
    sys.exit(main())
