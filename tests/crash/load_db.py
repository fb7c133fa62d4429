# SPDX-License-Identifier: MIT
"""db_sqlite inserts rows, each in a transaction of its own, and tells on the console which it has committed.

Afterwards the same image with load=check opens the database, which undoes what was half done: every row that had been
told as committed must be there and right, and none that was never inserted; PRAGMA integrity_check must find nothing.
"""

from __future__ import annotations

import random
import re
import subprocess
import time
from pathlib import Path

from power import STATUS_OK, Boot, Crash, drive_logged, drive_plain, log_bytes, log_entries, qemu

PROGRAM = "db_sqlite"
WAIT_S = 1.5  # at most, from the first commit to the kill
PATIENCE_S = 600  # a host can be slow


def told(serial: Path) -> int:
    """The last row that was told as committed; a line that the kill cut short does not count."""
    lines = re.findall(rb"^db: committed (\d+)\r?\n", serial.read_bytes(), re.MULTILINE)
    return int(lines[-1]) if lines else 0


def write_and_kill(folder: Path, image: Path, sync: str, dice: random.Random) -> Boot:
    """Runs until so long after the first row, then kills."""
    serial, wait_s = folder / "serial", dice.uniform(0, WAIT_S)
    words = f"db_sqlite dir=tmp load=auto tell=1 ops=1000000 sync={sync}"
    seen: list[tuple[int, int]] = []
    with serial.open("wb") as out:
        guest = subprocess.Popen(qemu(image, drive_logged(folder), words), stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT)  # fmt: skip
        end = time.monotonic() + PATIENCE_S
        while guest.poll() is None and time.monotonic() < end:
            rows = told(serial)
            if rows and not seen:
                end = time.monotonic() + wait_s
            if rows and (not seen or seen[-1][0] != rows):
                seen.append((rows, log_bytes(folder)))
            time.sleep(0.002)
        ended = guest.poll() is not None
        guest.kill()
        guest.wait()
    if ended or not seen:
        raise Crash(f"the guest did not insert until it was killed: {serial.read_text(errors='replace')[-300:]}")
    entries, last = log_entries(folder), told(serial)
    return Boot([*seen, (last, entries[-1][3])], last + 1, entries)


def check(folder: Path, image: Path, boot: Boot, promised: int, dice: random.Random) -> None:
    """Looks at what is there."""
    del dice
    command = qemu(image, drive_plain(folder), "db_sqlite dir=tmp load=check")
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        raise Crash(f"the check hangs: {(error.stdout or b'')[-300:]!r}") from error
    said = done.stdout.decode(errors="replace")
    found = re.search(r"^db: rows (\d+)", said, re.MULTILINE)
    if done.returncode != STATUS_OK or not found or "TOLL1 done db_sqlite ok" not in said:
        raise Crash(f"the check failed: {said[-400:]}")
    if not promised <= int(found[1]) <= boot.most:
        raise Crash(f"{promised} rows were told as committed, {boot.most} at most were inserted, and {found[1]} are there")
