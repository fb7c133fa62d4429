# SPDX-License-Identifier: MIT
"""Power that goes: a guest that is killed, and the disks on which it can find itself again.

QEMU's driver blklogwrites keeps a log of the guest's writes and flushes.  From it come
  - killed: everything that was written, as after a crash of the guest alone;
  - power:  everything until the last flush before a random place in the log, and of what was written between that flush
            and that place any choice of blocks.
"""

from __future__ import annotations

import dataclasses
import os
import random
import re
import shutil
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BASE = ROOT / "build/disk.img"
BLOCK = 4096
STATUS_OK = 33
# In e2fsck's words: what the order of writes must keep from ever being on the disk.
FORBIDDEN = re.compile(r"multiply|illegal|corrupt|deleted/unused|duplicate|salvage", re.IGNORECASE)
LOG_MAGIC = 0x6A736677736872
LOG_FLUSH = 1


class Crash(Exception):
    """What was found wrong."""


@dataclasses.dataclass
class Boot:
    """What a guest had done when it was killed."""

    told: list[tuple[int, int]]  # so much was told as committed, and how long the log was by then
    most: int  # so much can have been committed
    entries: list[tuple[int, int, bytes, int]]  # of the log: flags, first byte on the disk, data, where it ends in the log

    def promised(self, end: int) -> int:
        """What had been told when the log was that long."""
        return max((told for told, length in self.told if length <= end), default=0)


def qemu(image: Path, drive: Sequence[str], words: str, network: Sequence[str] = (), kernel: str = "") -> list[str]:
    """The command; words are the program's and kernel the kernel's."""
    return [
        "qemu-system-x86_64",
        *("-M", "microvm,pit=off,pic=off,rtc=off,isa-serial=on,acpi=off", "-global", "virtio-mmio.force-legacy=false"),
        *("-accel", "tcg,thread=single", "-cpu", "max", "-m", "64", "-nodefaults", "-no-user-config"),
        *("-display", "none", "-no-reboot", "-serial", "stdio", "-device", "isa-debug-exit,iobase=0xf4,iosize=4"),
        *("-rtc", "clock=vm", *drive, "-device", "virtio-blk-device,drive=d0", *network),
        *("-kernel", str(image), "-append", f"seed=1 epoch=1704067200 {kernel} -- {words}"),
    ]


def drive_logged(folder: Path) -> list[str]:
    """A copy of the disk as it is at first, and the log of what is written to it."""
    disk, log = folder / "disk", folder / "log"
    shutil.copyfile(BASE, disk)
    log.write_bytes(b"")
    return [
        *("-blockdev", f"driver=file,node-name=f0,filename={disk}", "-blockdev", f"driver=file,node-name=l0,filename={log}"),
        *("-blockdev", "driver=blklogwrites,node-name=d0,file=f0,log=l0,log-sector-size=512"),
    ]


def drive_plain(folder: Path) -> list[str]:
    """The disk as the crash has left it."""
    return ["-drive", f"id=d0,file={folder / 'disk'},format=raw,if=none"]


def log_bytes(folder: Path) -> int:
    """How long the log is by now."""
    return (folder / "log").stat().st_size


def log_entries(folder: Path) -> list[tuple[int, int, bytes, int]]:
    """Without an entry that the kill cut short."""
    log = (folder / "log").read_bytes()
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
    """Makes the disk what the log allows; what must be there, and how many blocks were lost."""
    start = next((i for i, entry in enumerate(boot.entries) if entry[3] >= boot.told[0][1]), len(boot.entries) - 1)
    cut = dice.randint(start, len(boot.entries) - 1)
    stable = max((i for i in range(cut) if boot.entries[i][0] & LOG_FLUSH), default=0)
    shutil.copyfile(BASE, folder / "disk")
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
    """e2fsck's status and what it says."""
    path = os.environ["PATH"] + ":/usr/sbin:/sbin"
    done = subprocess.run(["e2fsck", how, folder / "disk"], capture_output=True, text=True, check=False,
                          env=os.environ | {"PATH": path, "LC_ALL": "C"})  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def mend(folder: Path) -> None:
    """As the start of any system with ext2 does, for it has no journal."""
    status, text = fsck(folder, "-fy")
    if status not in (0, 1) or FORBIDDEN.search(text):
        raise Crash(f"e2fsck found what no crash may leave: {text}")


def is_clean(folder: Path) -> None:
    """After the guest has unmounted it."""
    status, text = fsck(folder, "-fn")
    if status:
        raise Crash(f"the volume is not clean after the check: {text}")
