# SPDX-License-Identifier: MIT
"""kv_server changes keys for a client that comes through a forwarded port; a change is answered when it is durable.

One client sends changes, some at once, and counts the answers.  Afterwards the same image reads its log again: the keys
must be those after some number of the changes: no fewer than were answered, no more than were sent.  In half of the boots
values are so large that the server writes its log anew meanwhile, under another name, again and again.
"""

from __future__ import annotations

import dataclasses
import random
import select
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from power import STATUS_OK, Boot, Crash, drive_logged, drive_plain, log_bytes, log_entries, qemu

PROGRAM = "kv_server"
WAIT_S = 1.5  # at most, from the first answer to the kill
PATIENCE_S = 600  # a host can be slow
PORTS_TRIED = 20  # one that was free may be another's by the time QEMU wants it
KEYS = 40
COUNTERS = 8
SMALL, LARGE = 200, 60000  # bytes of a value, at most

State = dict[bytes, bytes]


@dataclasses.dataclass
class Changes(Boot):
    """With what the changes were made from."""

    seed: str = ""
    value_bytes: int = SMALL


def changes(seed: str, value_bytes: int) -> Iterator[tuple[list[bytes], State]]:
    """Commands without end, each with the keys as they are then: always the same object."""
    dice = random.Random(seed)
    keys: State = {}
    while True:
        key, what = b"key:%d" % dice.randrange(KEYS), dice.random()
        value = dice.randbytes(dice.randrange(value_bytes))
        if what < 0.1:
            words = [b"DEL", key]
            keys.pop(key, None)
        elif what < 0.2:
            words = [b"APPEND", key, value[: value_bytes // 8]]
            keys[key] = keys.get(key, b"") + words[2]
        elif what < 0.3:
            key = b"counter:%d" % dice.randrange(COUNTERS)
            words = [b"INCR", key]
            keys[key] = b"%d" % (int(keys.get(key, b"0")) + 1)
        elif what < 0.4:
            words = [b"SET", key, value, b"EX", b"100000"]
            keys[key] = value
        else:
            words = [b"SET", key, value]
            keys[key] = value
        yield words, keys


def array(words: list[bytes]) -> bytes:
    """A request."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


class Guest:
    """A booted server with one client."""

    def __init__(self, image: Path, drive: list[str], words: str, serial: Path) -> None:
        self.serial = serial
        for _ in range(PORTS_TRIED):
            self.boot(image, drive, words)
            if self.listens():
                break
            self.kill()
            if "host forwarding rule" not in self.said():
                raise Crash(f"the server does not listen: {self.said()}")
        self.client = self.connect()

    def boot(self, image: Path, drive: list[str], words: str) -> None:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = int(s.getsockname()[1])
        network = ["-netdev", f"user,id=n0,hostfwd=tcp:127.0.0.1:{self.port}-:6379", "-device", "virtio-net-device,netdev=n0"]
        command = qemu(image, drive, f"kv_server dir=tmp {words}", network, "ip=10.0.2.15/24,10.0.2.2")
        with self.serial.open("wb") as out:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)

    def said(self) -> str:
        return self.serial.read_text(errors="replace")[-300:]

    def listens(self) -> bool:
        end = time.monotonic() + PATIENCE_S
        while "TOLL1 listen" not in self.serial.read_text(errors="replace"):
            if self.process.poll() is not None or time.monotonic() > end:
                return False
            time.sleep(0.01)
        return True

    def connect(self) -> socket.socket:
        client = socket.create_connection(("127.0.0.1", self.port), timeout=PATIENCE_S)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def answers(data: bytes) -> tuple[int, bytes]:
    """How many one-line answers are whole, and what follows them."""
    lines = data.split(b"\r\n")
    for line in lines[:-1]:
        if line[:1] not in b"+:":
            raise Crash(f"a change was answered by {line!r}")
    return len(lines) - 1, lines[-1]


def write_and_kill(folder: Path, image: Path, sync: str, dice: random.Random) -> Boot:
    """Runs until so long after the first answer, then kills."""
    seed, value_bytes = str(dice.random()), dice.choice((SMALL, LARGE))
    depth, wait_s = dice.choice((1, 4, 16)), dice.uniform(0, WAIT_S)
    guest = Guest(image, drive_logged(folder), f"sync={sync}", folder / "serial")
    source, seen = changes(seed, value_bytes), [(0, log_bytes(folder))]
    sent = told = 0
    rest = out = b""
    end = time.monotonic() + PATIENCE_S
    guest.client.setblocking(False)
    while time.monotonic() < end and guest.process.poll() is None:
        while sent - told < depth:
            out += array(next(source)[0])
            sent += 1
        readable, writable, _ = select.select([guest.client], [guest.client] if out else [], [], 0.01)
        if writable:
            out = out[guest.client.send(out) :]
        if readable:
            count, rest = answers(rest + guest.client.recv(65536))
            if not told and count:
                end = time.monotonic() + wait_s
            told += count
            seen.append((told, log_bytes(folder)))
    ended = guest.process.poll() is not None
    guest.kill()
    try:
        while data := guest.client.recv(65536):  # answers that were on their way
            count, rest = answers(rest + data)
            told += count
    except OSError:
        pass
    guest.client.close()
    if ended or not told:
        raise Crash(f"the guest did not answer until it was killed: {guest.said()}")
    entries = log_entries(folder)
    return Changes([*seen[1:], (told, entries[-1][3])], sent, entries, seed, value_bytes)


def read_keys(client: socket.socket, keys: list[bytes]) -> State:
    """All that are there."""
    client.sendall(b"".join(array([b"GET", key]) for key in keys))
    found: State = {}
    stream = client.makefile("rb")
    for key in keys:
        line = stream.readline()
        if line == b"$-1\r\n":
            continue
        if line[:1] != b"$":
            raise Crash(f"GET {key!r} is answered by {line!r}")
        found[key] = stream.read(int(line[1:]) + 2)[:-2]
    return found


def check(folder: Path, image: Path, boot: Boot, promised: int, dice: random.Random) -> None:
    """Looks at what is there."""
    del dice
    assert isinstance(boot, Changes)
    keys = [b"key:%d" % i for i in range(KEYS)] + [b"counter:%d" % i for i in range(COUNTERS)]
    guest = Guest(image, drive_plain(folder), f"sync=commit ops={len(keys)}", folder / "serial")
    try:
        found = read_keys(guest.client, keys)
        guest.client.close()
        status = guest.process.wait(PATIENCE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Crash(f"the check: {error}: {guest.said()}") from error
    finally:
        guest.kill()
    if status != STATUS_OK or "TOLL1 done kv_server ok" not in guest.said():
        raise Crash(f"the check failed: {guest.said()}")
    if promised == 0 and not found:
        return
    for number, (_, state) in enumerate(changes(boot.seed, boot.value_bytes), 1):
        if number > boot.most:
            break
        if number >= promised and state == found:
            return
    raise Crash(f"{promised} changes were answered, {boot.most} were sent, and the {len(found)} keys are not as after any of them")
