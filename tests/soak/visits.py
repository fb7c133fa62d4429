# SPDX-License-Identifier: MIT
"""Who comes to a server: clients that behave, and others; and how its state is asked for."""

from __future__ import annotations

import dataclasses
import random
import re
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime

import frames
from frames import ACK, RST, Segment
from link import Connection, Link, Problem, Visit

PIPELINE_MAX = 32
PROBES = 4  # of a window that stays shut


@dataclasses.dataclass
class State:
    """What a guest says of itself."""

    seconds: float  # on its own clock, since some moment
    counts: dict[str, int]


class Server:
    """What is particular to a protocol."""

    program = words = ""
    port = 0

    def requests(self, dice: random.Random, count: int) -> tuple[bytes, list[bytes]]:
        """So many, each answered, and what is needed to know their answers; at the end the client has nothing there."""
        raise NotImplementedError

    def large(self) -> tuple[bytes, list[bytes]]:
        """Small requests with answers of more than a window together."""
        raise NotImplementedError

    def wrong(self) -> bytes:
        """No request: the server ends the connection."""
        raise NotImplementedError

    def last(self) -> bytes:
        """After it the server ends the connection."""
        raise NotImplementedError

    def answered(self, data: bytes, requests: list[bytes]) -> int:
        """How many of the requests have whole answers at the start of data; a wrong one is a Problem."""
        raise NotImplementedError

    def state_request(self) -> tuple[bytes, list[bytes]]:
        raise NotImplementedError

    def state(self, data: bytes) -> State:
        raise NotImplementedError


# ---- those who come ----


def is_answered(server: Server, c: Connection, requests: list[bytes]) -> Callable[[], bool]:
    """Of a client that waits for all answers."""

    def check() -> bool:
        if c.reset:
            raise Problem(f"the server has reset a connection: {c}")
        return server.answered(c.data, requests) == len(requests)

    return check


def talk(server: Server, link: Link, dice: random.Random) -> Visit:
    """Asks, waits, asks again; one of the two ends it."""
    c = link.connect(server.port)
    yield lambda: c.opened
    for _ in range(dice.randrange(1, 4)):
        data, requests = server.requests(dice, dice.randrange(1, PIPELINE_MAX))
        c.data = b""
        c.send(data)
        yield is_answered(server, c, requests)
    if dice.random() < 0.3:
        c.send(server.last())
        yield lambda: c.ended
    c.close()
    yield c.is_over


def abort(server: Server, link: Link, dice: random.Random) -> Visit:
    """Goes with a reset: before, within or after the answers."""
    c = link.connect(server.port)
    yield lambda: c.opened
    if dice.random() < 0.8:
        c.send(server.requests(dice, dice.randrange(1, PIPELINE_MAX))[0])
        if dice.random() < 0.5:
            yield lambda: bool(c.data)
    c.abort()


def half_request(server: Server, link: Link, dice: random.Random) -> Visit:
    """Ends its side within a request."""
    c = link.connect(server.port)
    yield lambda: c.opened
    data = server.requests(dice, 1)[0]
    c.send(data[: dice.randrange(1, len(data))])
    c.close()
    yield c.is_over


def half_open(server: Server, link: Link, dice: random.Random) -> Visit:
    """A SYN and nothing more."""
    del dice
    link.connect(server.port).mute = True
    yield from ()


def vanish(server: Server, link: Link, dice: random.Random) -> Visit:
    """Is gone without a word: the guest has to find out."""
    del dice
    c = link.connect(server.port)
    yield lambda: c.opened
    c.mute = True


def vanish_taking(server: Server, link: Link, dice: random.Random) -> Visit:
    """The same with answers on their way, which the guest has to give up; it takes it many turns of its clock."""
    del dice
    c = link.connect(server.port)
    yield lambda: c.opened
    c.send(server.large()[0])
    c.mute = True


def linger(server: Server, link: Link, dice: random.Random) -> Visit:
    """Says nothing until nothing else happens any more, or is asked whether it is still there, or is too late."""
    c = link.connect(server.port)
    yield lambda: c.opened
    if dice.random() < 0.5:
        data, requests = server.requests(dice, 2)
        c.send(data)
        yield is_answered(server, c, requests)
    silences, seen = link.silences, c.frames
    yield lambda: c.ended or c.frames > seen or link.silences > silences
    if dice.random() < 0.5:
        c.close()
        yield c.is_over
    else:
        c.abort()


def slow(server: Server, link: Link, dice: random.Random) -> Visit:
    """Takes nothing for a while."""
    del dice
    c = link.connect(server.port)
    yield lambda: c.opened
    c.window = 0
    data, requests = server.large()
    c.send(data)
    seen = c.frames
    yield lambda: c.frames > seen + PROBES or c.ended or c.reset
    c.window = 60000
    c.emit(ACK)
    yield lambda: c.ended or c.reset or server.answered(c.data, requests) == len(requests)
    c.abort()


def wrong(server: Server, link: Link, dice: random.Random) -> Visit:
    """Speaks another protocol."""
    del dice
    c = link.connect(server.port)
    yield lambda: c.opened
    c.send(server.wrong())
    yield lambda: c.ended or c.reset
    c.close()
    yield c.is_over


def strays(server: Server, link: Link, dice: random.Random) -> Visit:
    """Frames that belong to nothing."""
    for port in (server.port, 1):
        for flags in (ACK, RST, ACK | RST, frames.FIN, 0, frames.SYN | frames.FIN):
            number = dice.getrandbits(32)
            link.send(frames.tcp(link.mac, Segment(dice.randrange(1, 9999), port, number, number, flags, 1, b"x" * 20)))
    link.send(frames.udp(link.mac, 5, dice.randrange(1, 65536), b"stray"))
    link.send(frames.icmp_echo(link.mac, 1))
    link.send(frames.arp(1, frames.ANY_MAC))
    link.send(frames.ip(link.mac, frames.TCP, dice.randbytes(40)))
    link.send(frames.ip(link.mac, frames.UDP, dice.randbytes(64), fragment=0x2000))
    link.send(frames.ethernet(link.mac, dice.getrandbits(16), dice.randbytes(200)))
    yield from ()


KINDS = (*(talk,) * 8, *(abort,) * 4, half_request, half_request, half_open, half_open, linger, linger, slow, wrong, strays)


# ---- servers ----


class Store(Server):
    """kv_server.  Every key that is set goes after LIFE_S at most."""

    program, port, life_s = "kv_server", 6379, 3600

    def requests(self, dice: random.Random, count: int) -> tuple[bytes, list[bytes]]:
        words: list[list[bytes]] = []
        while len(words) < count:
            key, what = b"key:%d" % dice.randrange(1000), dice.randrange(12)
            size = 100000 if dice.random() < 0.02 else dice.randrange(300)
            life = b"%d" % dice.randrange(1, self.life_s)
            words.append([b"SET", key, b"v" * size, b"EX", life] if what < 4 else [
                [b"GET", key], [b"DEL", key], [b"EXISTS", key, b"x"], [b"TTL", key], [b"KEYS", b"key:1*"],
                [b"MGET", key, b"y"], [b"PERSIST", b"none"], [b"PING"],
            ][what - 4])  # fmt: skip
        raw = [array(w) for w in words]
        return b"".join(raw), raw

    def large(self) -> tuple[bytes, list[bytes]]:
        raw = [array([b"COMMAND"])] * 60
        return b"".join(raw), raw

    def wrong(self) -> bytes:
        return b"*1\r\n$x\r\n"

    def last(self) -> bytes:
        return array([b"QUIT"])

    def answered(self, data: bytes, requests: list[bytes]) -> int:
        at = count = 0
        while (end := resp_end(data, at)) and count < len(requests):
            if data[at : at + 1] == b"-":
                raise Problem(f"{requests[count][:100]!r} is answered by {data[at : at + 100]!r}")
            at, count = end, count + 1
        return count

    def state_request(self) -> tuple[bytes, list[bytes]]:
        raw = [array([b"INFO", b"server", b"clients", b"memory", b"usage"]), array([b"DBSIZE"])]
        return b"".join(raw), raw

    def state(self, data: bytes) -> State:
        counts = {n.decode(): int(v) for n, v in re.findall(rb"(?m)^(\w+):(\d+)\r$", data)}
        counts["keys"] = int(data.rstrip().rpartition(b":")[2])
        for name in ("tcp_port", "maxmemory"):
            counts.pop(name)
        return State(counts.pop("uptime_in_seconds"), counts)


def array(words: list[bytes]) -> bytes:
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


def resp_end(data: bytes, at: int) -> int:
    """Where the reply at that place ends; 0: it is not whole."""
    line = data.find(b"\r\n", at) + 2
    if line < 2:
        return 0
    kind, number = data[at : at + 1], data[at + 1 : line - 2]
    if kind == b"$" and number != b"-1":
        end = line + int(number) + 2
        return end if end <= len(data) else 0
    if kind == b"*":
        for _ in range(int(number)):
            line = resp_end(data, line)
            if not line:
                return 0
    return line


class Web(Server):
    """web_server."""

    program, port, words = "web_server", 80, "root=/www timeout=3600 usage=1"
    epoch: datetime | None = None

    def requests(self, dice: random.Random, count: int) -> tuple[bytes, list[bytes]]:
        raw = []
        for _ in range(count):
            path = dice.choice((b"/1k.bin", b"/index.html", b"/", b"/none", b"/1k.bin?x=1", b"/64k.bin"))
            header = dice.choice((b"", b"", b"Range: bytes=3-99\r\n", b"If-None-Match: *\r\n"))
            raw.append(b"%s %s HTTP/1.1\r\nHost: a\r\n%s\r\n" % (dice.choice((b"GET", b"GET", b"HEAD")), path, header))
        return b"".join(raw), raw

    def large(self) -> tuple[bytes, list[bytes]]:
        raw = [b"GET /64k.bin HTTP/1.1\r\nHost: a\r\n\r\n"] * 4
        return b"".join(raw), raw

    def wrong(self) -> bytes:
        return b"NONSENSE\r\n\r\n"

    def last(self) -> bytes:
        return b"GET /1k.bin HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    def answered(self, data: bytes, requests: list[bytes]) -> int:
        at = count = 0
        while count < len(requests) and (head := data.find(b"\r\n\r\n", at) + 4) > 3:
            found = re.match(rb"HTTP/1.1 (200|206|304|404|416) ", data[at:head])
            if not found:
                raise Problem(f"{requests[count]!r} is answered by {data[at:head]!r}")
            length = re.search(rb"Content-Length: (\d+)", data[at:head])
            has_body = not requests[count].startswith(b"HEAD") and found[1] != b"304"
            end = head + (int(length[1]) if length and has_body else 0)
            if end > len(data):
                break
            at, count = end, count + 1
        return count

    def state_request(self) -> tuple[bytes, list[bytes]]:
        raw = b"GET /server-usage HTTP/1.1\r\nHost: a\r\n\r\n"
        return raw, [raw]

    def state(self, data: bytes) -> State:
        head, _, body = data.partition(b"\r\n\r\n")
        found = re.search(rb"(?m)^Date: (.*)\r$", head)
        if not found:
            raise Problem(f"no date in {head!r}")
        return State(
            parsedate_to_datetime(found[1].decode()).timestamp(),
            {n.decode(): int(v) for n, v in re.findall(rb"(?m)^(\w+):(\d+)\r$", body)},
        )


SERVERS = {"kv": Store, "web": Web}


def ask(server: Server, link: Link, out: list[State]) -> Visit:
    """Asks for the state."""
    c = link.connect(server.port)
    yield lambda: c.opened
    data, requests = server.state_request()
    c.send(data)
    yield is_answered(server, c, requests)
    out.append(server.state(c.data))
    c.close()
    yield c.is_over
