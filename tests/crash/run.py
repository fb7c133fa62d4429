#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Power goes while a database is written to.

An image with db_sqlite inserts rows, each in a transaction of its own, and tells on the console which it has committed.
At a random instant QEMU is killed.  Its log of the guest's writes and flushes (QEMU's driver blklogwrites) then gives
several disks on which the guest can find itself again:
  - killed: everything that was written, as after a crash of the guest alone;
  - power:  everything until the last flush before a random place in the log, and of what was written between that flush
            and that place any choice of blocks.

e2fsck then mends the volume, as the start of any system with ext2 does, for it has no journal; a volume that was not
unmounted is mounted read-only.  It may find only what the order of writes allows (kernels/parts/fs/commit.c): space that
nobody uses, wrong counts, files without names.  Then the same image with load=check opens the database, which undoes what was
half done: every row that had been told as committed must be there and right, and none that was never inserted; PRAGMA
integrity_check must find nothing; and e2fsck must find the volume clean.

usage: run.py [-n CRASHES] [-j JOBS] [-s SEED] [--sync interval] [STRUCTURE...]     so many crashes of each structure;
all, by default.  With --sync interval some of them lose the last commit: that is what the test is for.
"""
import argparse
import concurrent.futures
import dataclasses
import os
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "build/disk.img"
BLOCK = 4096
STATUS_OK = 33
# In e2fsck's words: what the order of writes must keep from ever being on the disk.
FORBIDDEN = re.compile(r"multiply|illegal|corrupt|deleted/unused|duplicate|salvage", re.IGNORECASE)
LOG_MAGIC = 0x6A736677736872
LOG_FLUSH = 1
PER_BOOT = 10  # crashes


class Crash(Exception):
    """What was found wrong."""


def qemu(image: Path, drive: list[str], words: str) -> list[str]:
    return [
        "qemu-system-x86_64",
        *("-M", "microvm,pit=off,pic=off,rtc=off,isa-serial=on,acpi=off", "-global", "virtio-mmio.force-legacy=false"),
        *("-accel", "tcg,thread=single", "-cpu", "max", "-m", "64", "-nodefaults", "-no-user-config"),
        *("-display", "none", "-no-reboot", "-serial", "stdio", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"),
        *("-rtc", "clock=vm", *drive, "-device", "virtio-blk-device,drive=d0"),
        *("-kernel", str(image), "-append", f"seed=1 epoch=1704067200 -- db_sqlite dir=tmp {words}"),
    ]


def told(serial: Path) -> int:
    """The last row that was told as committed; a line that the kill cut short does not count."""
    lines = re.findall(rb"^db: committed (\d+)\r?\n", serial.read_bytes(), re.MULTILINE)
    return int(lines[-1]) if lines else 0


@dataclasses.dataclass
class Boot:
    """What a guest had done when it was killed."""

    base: Path  # the disk before, as a file
    told: list[tuple[int, int]]  # rows told as committed, and how long the log was by then
    entries: list[tuple[int, int, bytes, int]]  # of the log: flags, first byte on the disk, data, where it ends in the log

    def promised(self, end: int) -> int:
        """Rows that had been told when the log was that long."""
        return max((rows for rows, length in self.told if length <= end), default=0)


def insert_and_kill(folder: Path, image: Path, sync: str, wait_s: float) -> Boot:
    """Runs until so long after the first row, then kills."""
    disk, log, serial = folder / "disk", folder / "log", folder / "serial"
    shutil.copyfile(BASE, disk)
    log.touch()
    drive = [
        *("-blockdev", f"driver=file,node-name=f0,filename={disk}", "-blockdev", f"driver=file,node-name=l0,filename={log}"),
        *("-blockdev", "driver=blklogwrites,node-name=d0,file=f0,log=l0,log-sector-size=512"),
    ]
    seen: list[tuple[int, int]] = []
    with serial.open("wb") as out:
        guest = subprocess.Popen(qemu(image, drive, f"load=auto tell=1 ops=1000000 sync={sync}"), stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT)  # fmt: skip
        end = time.monotonic() + 60
        while guest.poll() is None and time.monotonic() < end:
            rows = told(serial)
            if rows and not seen:
                end = time.monotonic() + wait_s
            if rows and (not seen or seen[-1][0] != rows):
                seen.append((rows, log.stat().st_size))
            time.sleep(0.002)
        ended = guest.poll() is not None
        guest.kill()
        guest.wait()
    if ended or not seen:
        raise Crash(f"the guest did not insert until it was killed: {serial.read_text(errors='replace')[-300:]}")
    entries = log_entries(log.read_bytes())
    return Boot(BASE, [*seen, (told(serial), entries[-1][3])], entries)


def log_entries(log: bytes) -> list[tuple[int, int, bytes, int]]:
    """Without an entry that the kill cut short."""
    magic, _, _, sector = struct.unpack_from("<QQQI", log)
    if magic != LOG_MAGIC:
        raise Crash("QEMU's log of writes begins with something else")
    entries, at = [], sector
    while at + sector <= len(log):
        where, count, flags, _ = struct.unpack_from("<QQQQ", log, at)
        data = log[at + sector : at + sector + count * sector]
        if (count == 0 and flags == 0) or len(data) < count * sector:
            break
        at += sector + len(data)
        entries.append((flags, where * sector, data, at))
    return entries


def lose_power(folder: Path, boot: Boot, dice: random.Random) -> tuple[int, int]:
    """Makes the disk what the log allows; the rows that must be there, and how many blocks were lost."""
    start = next(i for i, entry in enumerate(boot.entries) if entry[3] >= boot.told[0][1])
    cut = dice.randint(min(start, len(boot.entries) - 1), len(boot.entries) - 1)
    stable = max((i for i in range(cut) if boot.entries[i][0] & LOG_FLUSH), default=0)
    shutil.copyfile(boot.base, folder / "disk")
    lost, keep = 0, dice.choice((0.0, 0.5, 0.9))
    with (folder / "disk").open("r+b") as disk:
        for i, (_, where, data, _) in enumerate(boot.entries[:cut]):
            for at in range(0, len(data), BLOCK):
                if i >= stable and dice.random() >= keep:
                    lost += 1
                    continue
                disk.seek(where + at)
                disk.write(data[at : at + BLOCK])
    return boot.promised(boot.entries[cut - 1][3]), lost


def fsck(folder: Path, how: str) -> tuple[int, str]:
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    done = subprocess.run(["e2fsck", how, folder / "disk"], capture_output=True, text=True, check=False,
                          env=os.environ | {"PATH": path, "LC_ALL": "C"})  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def check_after(folder: Path, image: Path, rows: int, most: int) -> None:
    status, text = fsck(folder, "-fy")
    if status not in (0, 1) or FORBIDDEN.search(text):
        raise Crash(f"e2fsck found what no crash may leave: {text}")
    drive = ["-drive", f"id=d0,file={folder / 'disk'},format=raw,if=none"]
    try:
        done = subprocess.run(qemu(image, drive, "load=check"), stdin=subprocess.DEVNULL, capture_output=True, check=False,
                              timeout=60)  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise Crash(f"the check hangs: {(error.stdout or b'')[-300:]!r}") from error
    said = done.stdout.decode(errors="replace")
    found = re.search(r"^db: rows (\d+)", said, re.MULTILINE)
    if done.returncode != STATUS_OK or not found or "TOLL1 done db_sqlite ok" not in said:
        raise Crash(f"the check failed: {said[-400:]}")
    if not rows <= int(found[1]) <= most:
        raise Crash(f"{rows} rows were told as committed, {most} at most were inserted, and {found[1]} are there")
    status, text = fsck(folder, "-fn")
    if status:
        raise Crash(f"the volume is not clean after the check: {text}")


def crashes(work: Path, structure: str, number: int, count: int, options: argparse.Namespace) -> list[tuple[str, int]]:
    """So many crashes of one boot: what was wrong with each, or nothing, and the blocks that were lost."""
    dice = random.Random(f"{options.s} {structure} {number}")
    folder, image = work / f"{structure}-{number}", ROOT / f"build/images/{structure}/db_sqlite.elf"
    folder.mkdir()
    results = []
    try:
        boot = insert_and_kill(folder, image, options.sync, dice.uniform(0, 1.5))
        most = boot.told[-1][0]
    except Crash as error:
        return [(f"{structure}, boot {number}: {error}", 0)] * count
    for which in range(count):
        rows, lost, wrong = most, 0, ""
        try:
            if which:
                rows, lost = lose_power(folder, boot, dice)
            check_after(folder, image, rows, most + 1)
        except Crash as error:
            wrong = f"{structure}, boot {number}, {f'power {which}' if which else 'killed'}: {error}"
        results.append((wrong, lost))
    shutil.rmtree(folder)
    return results


def structures() -> list[str]:
    return sorted(f.parent.name for f in ROOT.glob("kernels/*/image.mk"))


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("-n", type=int, default=5)
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("-s", type=int, default=1)
    parser.add_argument("--sync", choices=("interval", "commit"), default="commit")
    parser.add_argument("structure", nargs="*")
    options = parser.parse_args()
    passed = failed = lost = lossy = 0
    with tempfile.TemporaryDirectory() as scratch, concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        jobs = [
            pool.submit(crashes, Path(scratch), structure, first, min(PER_BOOT, options.n - first), options)
            for first in range(0, options.n, PER_BOOT)
            for structure in options.structure or structures()
        ]
        for job in concurrent.futures.as_completed(jobs):
            for wrong, blocks in job.result():
                if wrong:
                    print(f"not ok - {wrong}", flush=True)
                failed += wrong != ""
                passed += wrong == ""
                lost += blocks
                lossy += blocks > 0
    print(f"{lost} blocks that were not flushed were lost, in {lossy} crashes")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
