# SPDX-License-Identifier: MIT
"""The guest's link, and the connections that its other end has open.

The counting plugin lets the guest go on only when this process sleeps again (harness/plugin/settle.h), and says by a
byte when the guest halts: what is not sent then lets the guest's clock jump to its next timer.  When the guest has none
left it stays asleep: that is a *silence*.  Who visits the guest is a generator; it yields what it waits for.
"""

from __future__ import annotations

import collections
import os
import select
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Generator
from pathlib import Path

import frames
from frames import ACK, FIN, PSH, RST, SYN, Segment

LOOK_S = 0.01
LOOKS_QUIET = 2
WINDOW = 60000
FRAMES_AT_ONCE = 16
PATIENCE_S = 1500
AGAIN_MOST = 14
IDLES_LOST = 8  # so often may the guest halt, at first, before what it has not acknowledged is sent again
TOLD = 8  # segments of a connection with which something is wrong
FLAGS = ((SYN, "S"), (ACK, "A"), (PSH, "P"), (FIN, "F"), (RST, "R"))

Wait = Callable[[], bool]
Visit = Generator[Wait, None, None]


class Problem(Exception):
    """What was found wrong."""


class Connection:
    """One of TCP.  mute: it answers nothing any more, as when the machine or the way to it is gone."""

    def __init__(self, link: Link, port: int, to: int) -> None:
        self.link, self.port, self.to = link, port, to
        self.una = self.nxt = (port * 2654435761) & 0xFFFFFFFF
        self.rcv = 0
        self.window, self.peer_window = WINDOW, 0
        self.out, self.data = b"", b""
        self.opened = self.ended = self.reset = self.mute = False
        self.fin_wanted = self.fin_sent = self.fin_acknowledged = False
        self.frames = 0
        self.idles, self.idles_lost = link.idles, IDLES_LOST
        self.last: collections.deque[str] = collections.deque(maxlen=TOLD)

    def note(self, way: str, s: Segment) -> None:
        """For people, if something is wrong."""
        names = "".join(name for bit, name in FLAGS if s.flags & bit)
        self.last.append(f"{way}{names} {s.seq & 0xFFFFF:x} {s.ack & 0xFFFFF:x} {len(s.data)} window {s.window}")

    def emit(self, flags: int, data: bytes = b"", seq: int | None = None) -> None:
        s = Segment(self.port, self.to, self.nxt if seq is None else seq, self.rcv, flags, self.window, data)
        self.note(">", s)
        self.link.send(frames.tcp(self.link.mac, s))

    def open(self) -> None:
        self.emit(SYN)
        self.nxt = (self.nxt + 1) & 0xFFFFFFFF

    def send(self, data: bytes) -> None:
        self.out += data
        self.push()

    def push(self) -> None:
        """What the other side's window allows; out begins at una."""
        while self.opened and not self.mute:
            at = (self.nxt - self.una) & 0xFFFFFFFF
            n = min(len(self.out) - at, frames.MSS, self.peer_window - at, FRAMES_AT_ONCE * frames.MSS - at)
            if n <= 0:
                break
            if not at:
                self.idles = self.link.idles
            self.emit(ACK | PSH, self.out[at : at + n])
            self.nxt = (self.nxt + n) & 0xFFFFFFFF
        if self.fin_wanted and not self.fin_sent and not self.out and not self.mute:
            self.idles = self.link.idles
            self.emit(ACK | FIN)
            self.nxt = (self.nxt + 1) & 0xFFFFFFFF
            self.fin_sent = True

    def is_lost(self, is_silent: bool) -> bool:
        """Whether the guest has had the time to acknowledge what was sent: a frame is lost where it has no room."""
        waits = not (self.mute or self.reset or self.una == self.nxt or self.is_over())
        return waits and (is_silent or self.link.idles - self.idles >= self.idles_lost)

    def again(self) -> None:
        """Once more what was not acknowledged, and each time later."""
        if self.idles_lost > IDLES_LOST << AGAIN_MOST:
            raise Problem(f"the guest acknowledges nothing: {self}")
        self.link.resent += 1
        self.idles, self.idles_lost = self.link.idles, 2 * self.idles_lost
        if not self.opened:
            self.emit(SYN, seq=self.una)
        elif self.out:
            self.nxt = self.una
            self.push()
        else:
            self.emit(ACK | FIN, seq=self.una)

    def close(self) -> None:
        self.fin_wanted = True
        self.push()

    def abort(self) -> None:
        if not self.reset:
            self.emit(RST | ACK)
        self.reset = True

    def __str__(self) -> str:
        return f"port {self.port}, {len(self.out)} bytes to send, came {self.data[-60:]!r}, segments {', '.join(self.last)}"

    def is_over(self) -> bool:
        return self.reset or (self.ended and self.fin_acknowledged)

    def take(self, s: Segment) -> None:
        self.frames += 1
        self.note("<", s)
        if self.mute:
            return
        if s.flags & RST:
            self.reset = True
        if self.reset:
            if not s.flags & RST:
                self.emit(RST, seq=s.ack)
            return
        if s.flags & SYN:
            self.rcv = (s.seq + 1) & 0xFFFFFFFF
            self.opened = True
        self.take_ack(s)
        self.take_data(s)
        self.push()

    def take_ack(self, s: Segment) -> None:
        self.peer_window = s.window
        n = (s.ack - self.una) & 0xFFFFFFFF
        if not s.flags & ACK or n == 0 or n > (self.nxt - self.una) & 0xFFFFFFFF:
            return
        self.una = s.ack
        self.idles, self.idles_lost = self.link.idles, IDLES_LOST
        if self.fin_sent and s.ack == self.nxt:
            self.fin_acknowledged = True
            n -= 1
        self.out = self.out[n:] if self.out else b""

    def take_data(self, s: Segment) -> None:
        if s.seq != self.rcv and not s.flags & SYN:
            if s.data or s.flags & FIN or s.seq == (self.rcv - 1) & 0xFFFFFFFF:
                self.emit(ACK)  # something else is expected; or the guest wants to know whether somebody is there
            return
        if s.data and self.window:
            self.data += s.data
            self.rcv = (self.rcv + len(s.data)) & 0xFFFFFFFF
        if s.flags & FIN and (self.window or not s.data):
            self.rcv = (self.rcv + 1) & 0xFFFFFFFF
            self.ended = True
        if s.data or s.flags & (FIN | SYN):
            self.emit(ACK)


class Link:
    """QEMU's frames by a stream socket, each with its length before it; and the plugin's FIFO."""

    def __init__(self, folder: Path) -> None:
        self.ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.fifo = folder / "idle"
        os.mkfifo(self.fifo)
        self.idle = os.open(self.fifo, os.O_RDWR | os.O_NONBLOCK)
        self.mac = frames.ANY_MAC
        self.connections: dict[int, Connection] = {}
        self.port = 20000
        self.data = b""
        self.silences = self.idles = self.visits = 0
        self.frames_in = self.frames_out = self.resent = 0
        self.guest: subprocess.Popen[bytes] | None = None

    def close(self) -> None:
        self.ours.close()
        os.close(self.idle)

    def send(self, frame: bytes) -> None:
        self.frames_out += 1
        self.ours.sendall(struct.pack(">I", len(frame)) + frame)

    def connect(self, to: int) -> Connection:
        """A new one; ports come again only much later."""
        self.port = 20000 + (self.port + 1 - 20000) % 40000
        c = Connection(self, self.port, to)
        self.connections[c.port] = c
        c.open()
        return c

    def take(self, frame: bytes) -> None:
        self.frames_in += 1
        if frame[12:14] == b"\x08\x06":
            self.mac = frame[6:12]
            if frame[20:22] == b"\0\1":
                self.send(frames.arp(2, self.mac))
        elif s := frames.segment_of(frame):
            if c := self.connections.get(s.to_port):
                c.take(s)
            elif not s.flags & RST:
                self.send(frames.tcp(self.mac, Segment(s.to_port, s.from_port, s.ack, 0, RST, 0)))

    def receive(self) -> None:
        got = self.ours.recv(1 << 18)
        if not got:
            raise Problem("QEMU has gone")
        self.data += got
        at = 0
        while len(self.data) - at >= 4:
            n = struct.unpack_from(">I", self.data, at)[0]
            if len(self.data) - at - 4 < n:
                break
            self.take(self.data[at + 4 : at + 4 + n])
            at += 4 + n
        self.data = self.data[at:]

    def turns(self) -> int | None:
        """How often the guest's threads were given a processor, if all of them sleep (proc(5), schedstat)."""
        assert self.guest
        turns = 0
        for task in Path(f"/proc/{self.guest.pid}/task").iterdir():
            try:
                turns += int((task / "schedstat").read_text().split()[2])
                if (task / "stat").read_text().rpartition(")")[2].split()[0] != "S":
                    return None
            except (FileNotFoundError, ProcessLookupError):
                continue
        return turns

    def event(self) -> bool:
        """Waits for what comes from the guest; False: silence."""
        quiet, turns = 0, None
        while quiet < LOOKS_QUIET:
            ready, _, _ = select.select([self.ours, self.idle], [], [], LOOK_S)
            if self.ours in ready:
                self.receive()
            if self.idle in ready:
                self.idles += len(os.read(self.idle, 4096))
            if ready:
                return True
            assert self.guest
            if self.guest.poll() is not None:
                raise Problem("the guest has ended")
            before, turns = turns, self.turns()
            quiet = quiet + 1 if turns is not None and turns == before else 0
        return False

    def forget(self) -> None:
        self.connections = {port: c for port, c in self.connections.items() if not (c.is_over() or c.mute)}

    def run(self, visits: list[Visit], silences_most: int) -> None:
        """Until all visits are over, and then until the guest has nothing left to do."""
        waiting = [(visit, next(visit, None)) for visit in visits]
        self.visits += len(visits)
        begun, silences = time.monotonic(), self.silences
        while True:
            is_silent = not self.event()
            lost = [c for c in self.connections.values() if c.is_lost(is_silent)]
            for c in lost:
                c.again()
            is_silent = is_silent and not lost
            self.silences += is_silent
            waiting = step(waiting)
            if is_silent and not waiting:
                break
            if self.silences - silences > silences_most or time.monotonic() - begun > PATIENCE_S:
                raise Problem(f"{len(waiting)} visits do not end: {self.describe()}")
        self.forget()

    def describe(self) -> str:
        some = [c for c in self.connections.values() if not (c.is_over() or c.mute)][:4]
        return "; ".join(str(c) for c in some)


def step(waiting: list[tuple[Visit, Wait | None]]) -> list[tuple[Visit, Wait | None]]:
    """Those that go on waiting."""
    left: list[tuple[Visit, Wait | None]] = []
    for visit, wait in waiting:
        while wait and wait():
            wait = next(visit, None)
        if wait:
            left.append((visit, wait))
    return left
