# SPDX-License-Identifier: MIT
"""Conversations with a server that speaks RESP, wherever it runs.

usage: talk.py HOST:PORT    holds those of conversations.txt against the server; first line `N passed, M failed`
"""

from __future__ import annotations

import re
import shlex
import socket
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def array(*words: bytes) -> bytes:
    """A request."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words)


def unescape(text: str) -> bytes:
    """\\r, \\n, \\\\ and \\xNN in TEXT as those bytes."""
    return re.sub(
        rb"\\(r|n|\\|x[0-9a-fA-F]{2})",
        lambda m: {b"r": b"\r", b"n": b"\n", b"\\": b"\\"}.get(m[1]) or bytes([int(m[1][1:], 16)]),
        text.encode("latin-1"),
    )


class Client:
    """A connection that reads whole replies."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=300)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.data = b""

    def close(self) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def _more(self) -> None:
        got = self.socket.recv(1 << 20)
        if not got:
            raise EOFError("the server closed the connection")
        self.data += got

    def _take(self, n: int) -> bytes:
        while len(self.data) < n:
            self._more()
        taken, self.data = self.data[:n], self.data[n:]
        return taken

    def reply(self) -> bytes:
        """The next reply as it came, without the last line end."""
        while b"\r\n" not in self.data:
            self._more()
        line = self._take(self.data.index(b"\r\n") + 2)[:-2]
        if line[:1] == b"$" and line != b"$-1":
            return line + b"\r\n" + self._take(int(line[1:]) + 2)[:-2]
        if line[:1] == b"*":
            return b"\r\n".join([line, *(self.reply() for _ in range(max(int(line[1:]), 0)))])
        return line

    def call(self, *words: bytes) -> bytes:
        self.send(array(*words))
        return self.reply()

    def is_closed(self) -> bool:
        """Whether the server ends the connection without another word."""
        try:
            return not self.data and not self.socket.recv(1)
        except ConnectionResetError:
            return True


def paragraph_hold(host: str, port: int, lines: list[tuple[int, str]]) -> list[str]:
    """Errors of one conversation."""
    errors = []
    client = Client(host, port)
    client.call(b"FLUSHALL")
    for number, line in lines:
        try:
            if line.startswith(">> "):
                client.send(unescape(line[3:]))
            elif line.startswith("> "):
                words = [w.encode("latin-1") for w in shlex.split(line[2:].replace("\\", "\\\\"))]
                client.send(array(*words))
            elif line.startswith("< "):
                expected, got = unescape(line[2:]), client.reply()
                same = got.startswith(expected[:-1]) if expected.endswith(b"\r\n*") else got == expected
                if not same:
                    errors.append(f"conversations.txt:{number}: expected {expected!r}, got {got!r}")
            elif line == "closed":
                if not client.is_closed():
                    errors.append(f"conversations.txt:{number}: the connection is still open")
            else:
                errors.append(f"conversations.txt:{number}: what is {line!r}?")
        except (OSError, EOFError) as error:
            errors.append(f"conversations.txt:{number}: {error}")
            break
    client.close()
    return errors


def conversations(host: str, port: int) -> list[list[str]]:
    """The errors of each conversation."""
    results = []
    paragraph: list[tuple[int, str]] = []
    text = (HERE / "conversations.txt").read_text(encoding="latin-1")
    for number, line in enumerate([*text.split("\n"), ""], 1):
        if line and not line.startswith("#"):
            paragraph.append((number, line))
        elif not line and paragraph:
            results.append(paragraph_hold(host, port, paragraph))
            paragraph = []
    return results


def main() -> int:
    port = int(re.split("[:=]", sys.argv[1])[-1])
    host = sys.argv[1].rpartition(":")[0] if "=" not in sys.argv[1] else ""
    results = conversations(host or "127.0.0.1", port)
    failed = sum(1 for errors in results if errors)
    print(f"{len(results) - failed} passed, {failed} failed")
    for errors in results:
        for error in errors:
            print(error)
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
