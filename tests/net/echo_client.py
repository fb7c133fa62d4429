#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""echo_client.py: what the guest's echo_server must stand: small and large exchanges, many connections at once, halves
that end before others, resets, datagrams of all sizes.  Ends the server at the end.

Nothing here is a limit of time: a step waits as long as it takes, for a host can be slow.  Who starts this program ends
it by SIGTERM when it has had patience enough, and is then told at what it stood still.

usage: echo_client.py [connections=N] tcp:PORT=HOSTPORT... udp:PORT=HOSTPORT...     ports of the guest and of this host
"""

import random
import selectors
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from types import FrameType

ECHO, BUSY, CONTROL = "7", "8", "9"
AGAIN_S = 2.0  # after that a datagram is taken for lost
FULL_S = 0.5  # a stream that takes nothing for so long is taken for full


class Failed(Exception):
    """Something came that should not have, or did not come."""


class Guest:
    """The guest's ports on this host."""

    def __init__(self, words: list[str]) -> None:
        pairs = dict(word.split("=", 1) for word in words)
        self.ports = {key: int(value) for key, value in pairs.items()}
        self.random = random.Random(1)

    def connect(self, port: str = ECHO) -> socket.socket:
        """A connection to the guest, or rather to QEMU, which makes one to the guest."""
        return socket.create_connection(("127.0.0.1", self.ports["tcp:" + port]))

    def datagrams(self, port: str = ECHO) -> socket.socket:
        """A socket whose peer is the guest."""
        s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        s.settimeout(AGAIN_S)
        s.connect(("127.0.0.1", self.ports["udp:" + port]))
        return s


def check(holds: bool, message: str) -> None:
    """Raises Failed unless it holds."""
    if not holds:
        raise Failed(message)


def receive_exactly(s: socket.socket, n: int) -> bytes:
    """n bytes, fewer at the end of the stream."""
    parts = []
    while n > 0:
        part = s.recv(min(n, 1 << 16))
        if not part:
            break
        parts.append(part)
        n -= len(part)
    return b"".join(parts)


def small(guest: Guest) -> None:
    """Question and answer, 300 times on one connection, of every size up to more than a segment."""
    with guest.connect() as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(300):
            data = guest.random.randbytes(1 + i * 7)
            s.sendall(data)
            check(receive_exactly(s, len(data)) == data, f"exchange {i} of {len(data)} bytes is not what was sent")


def exchange(pairs: list[tuple[socket.socket, bytes]]) -> list[int]:
    """Sends its data on each connection while taking what comes, then ends that direction; how much came of each."""
    selector = selectors.DefaultSelector()
    sent, came = [0] * len(pairs), [0] * len(pairs)
    for i, (s, _) in enumerate(pairs):
        s.setblocking(False)
        selector.register(s, selectors.EVENT_READ | selectors.EVENT_WRITE, i)
    while selector.get_map():
        for key, mask in selector.select():
            i, (s, data) = key.data, pairs[key.data]
            if mask & selectors.EVENT_WRITE:
                sent[i] += s.send(data[sent[i] : sent[i] + 65536])
                if sent[i] == len(data):
                    s.shutdown(socket.SHUT_WR)
                    selector.modify(s, selectors.EVENT_READ, i)
            if mask & selectors.EVENT_READ:
                part = s.recv(65536)
                check(data[came[i] : came[i] + len(part)] == part, f"byte {came[i]} and on of {len(data)} are others")
                came[i] += len(part)
                if not part:
                    selector.unregister(s)
    return came


def bulk(guest: Guest) -> None:
    """Four MiB there and back at the same time; the end comes after the last byte."""
    data = guest.random.randbytes(4 << 20)
    with guest.connect() as s:
        check(exchange([(s, data)]) == [len(data)], "the end came early")


def many(guest: Guest, count: int) -> None:
    """Many connections at once, of all sizes.  Each is used before the next is made: QEMU's listening sockets take only
    one at a time, and one that comes too early is lost for a second or more."""
    pairs = []
    for i in range(count):
        pairs.append((guest.connect(), guest.random.randbytes(guest.random.choice((1, 100, 1460, 1461, 5000, 60000)))))
        pairs[-1][0].sendall(b"x")
        check(pairs[-1][0].recv(1) == b"x", f"connection {i} does not answer")
    came = exchange(pairs)
    check(came == [len(data) for _, data in pairs], "an end came early")
    for s, _ in pairs:
        s.close()


def slow(guest: Guest) -> None:
    """Nothing is taken until the guest can send no more, then all of it."""
    data = guest.random.randbytes(1 << 20)
    with guest.connect() as s:
        s.settimeout(FULL_S)
        sent = 0
        try:
            while sent < len(data):
                sent += s.send(data[sent:])
        except TimeoutError:
            pass
        s.settimeout(None)
        check(receive_exactly(s, sent) == data[:sent], "what was held back is not what was sent")


def resets(guest: Guest) -> None:
    """Connections that end with a reset, before, in and after an exchange."""
    for i in range(20):
        s = guest.connect()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if i % 3:
            s.sendall(guest.random.randbytes(i * 1000))
        if i % 3 == 2:
            s.recv(1)
        s.close()
        time.sleep(0.02)  # until QEMU has taken it
    small(guest)


def refused(guest: Guest) -> None:
    """Nobody listens there: QEMU takes the connection, the guest refuses it, and it is closed."""
    try:
        with guest.connect("10") as s:
            check(s.recv(1) == b"", "something came from a port where nobody is")
    except (ConnectionResetError, ConnectionRefusedError):
        pass


def comes_back(s: socket.socket, data: bytes, before: set[bytes]) -> bool:
    """Whether the datagram comes.  Those before it may come once more: what was late was sent again."""
    try:
        while (came := s.recv(65536)) != data:
            check(came in before, f"a datagram of {len(data)} bytes came back as one of {len(came)}")
    except TimeoutError:
        return False
    return True


def datagrams(guest: Guest) -> None:
    """Datagrams of all sizes, also more than a frame has; one that is lost is sent again."""
    before: set[bytes] = set()
    with guest.datagrams() as s:
        for size in (1, 2, 17, 512, 1471, 1472, 1473, 3000, 9000, *range(100, 1400, 13)):
            data = guest.random.randbytes(size)
            s.send(data)
            while not comes_back(s, data, before):
                s.send(data)
            before.add(data)


def busy(guest: Guest) -> None:
    """One thread of the guest computes for ever from now on."""
    with guest.datagrams(BUSY) as s:
        for _ in range(2):
            s.send(b"compute")
            time.sleep(0.3)
    small(guest)


def end(guest: Guest) -> None:
    """The server ends when all others have gone."""
    with guest.connect(CONTROL) as s:
        s.sendall(b"end\n")
        s.recv(1)


def give_up(_signal: int, _frame: FrameType | None) -> None:
    """Whoever waits for this program does so no longer."""
    raise Failed("stands still")


def main() -> int:
    """Runs everything; says on standard error what failed."""
    signal.signal(signal.SIGTERM, give_up)
    words = sys.argv[1:]
    count = 100
    if words and words[0].startswith("connections="):
        count = int(words.pop(0).split("=")[1])
    guest = Guest(words)
    steps: list[tuple[str, Callable[[], None]]] = [
        ("small", lambda: small(guest)),
        ("bulk", lambda: bulk(guest)),
        ("slow", lambda: slow(guest)),
        ("refused", lambda: refused(guest)),
        ("resets", lambda: resets(guest)),
        ("datagrams", lambda: datagrams(guest)),
        ("many", lambda: many(guest, count)),
    ]
    if "udp:" + BUSY in guest.ports:
        steps.append(("busy", lambda: busy(guest)))
    steps.append(("end", lambda: end(guest)))
    for name, step in steps:
        try:
            step()
        except (Failed, OSError) as error:
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
