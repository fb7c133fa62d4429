#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The key-value store (build/tests/kv_server) while somebody sets the machine's clock: times to live are moments of the
time of day, as in Redis, so what is due then goes at once, and what is not stays as much longer."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

sys.path.insert(0, str(Path(__file__).resolve().parent))
from run import PATIENCE_S, Case, Server  # noqa: E402

HERE = Path(__file__).resolve().parent
HOUR = 3600


class Clock(Case):
    def setUp(self) -> None:
        made = tempfile.TemporaryDirectory()
        self.addCleanup(made.cleanup)
        self.folder = Path(made.name)
        self.seconds = self.folder / "seconds"
        library = self.folder / "clock.so"
        subprocess.check_call(["gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-fPIC", "-shared", "-o", library, HERE / "clock.c"])
        asan = f"{os.environ.get('ASAN_OPTIONS', '')}:verify_asan_link_order=0".strip(":")
        change = mock.patch.dict(os.environ, LD_PRELOAD=str(library), CLOCK_SECONDS=str(self.seconds), ASAN_OPTIONS=asan)
        self.set(0)
        change.start()
        self.addCleanup(change.stop)

    def set(self, seconds: int) -> None:
        """At once: the server must not read a half."""
        new = self.folder / "new"
        new.write_text(str(seconds))
        new.replace(self.seconds)

    def left(self, server: Server, key: bytes) -> int:
        return int(server.client().call(b"TTL", key)[1:])

    def between(self, got: int, most: int) -> None:
        self.assertIn(got, range(most - PATIENCE_S, most + 1))

    def filled(self, *words: str) -> Server:
        server = self.start(*words)
        client = server.client()
        client.call(b"SET", b"stays", b"v")
        client.call(b"SET", b"hour", b"v", b"EX", b"%d" % HOUR)
        client.call(b"SET", b"day", b"v", b"EX", b"%d" % (24 * HOUR))
        return server

    def test_forward(self) -> None:
        server = self.filled()
        self.set(2 * HOUR)
        self.comes_to(server, b":2", b"DBSIZE")
        self.assertEqual(server.client().call(b"GET", b"hour"), b"$-1")
        self.between(self.left(server, b"day"), 22 * HOUR)
        self.assertEqual(self.left(server, b"stays"), -1)

    def test_back(self) -> None:
        server = self.filled()
        self.set(-2 * HOUR)
        self.between(self.left(server, b"hour"), 3 * HOUR)
        server.client().call(b"SET", b"soon", b"v", b"PX", b"50")  # due long before the others are
        self.comes_to(server, b"$-1", b"GET", b"soon")
        self.set(0)
        self.between(self.left(server, b"hour"), HOUR)
        self.set(HOUR)
        self.comes_to(server, b":2", b"DBSIZE")

    def test_beyond_all_times(self) -> None:
        """Before 1970, and far ahead: it lives on, and nothing that has no time to live goes."""
        server = self.filled()
        for seconds in (-(1 << 40), 1 << 40, 0):
            self.set(seconds)
            self.assertEqual(server.client().call(b"GET", b"stays"), b"$1\r\nv")
        self.assertTrue(server.alive())

    def test_log_under_another_clock(self) -> None:
        """What is in the log are moments too: they mean the same after a new start."""
        log = self.folder / "log"
        log.mkdir()
        server = self.filled("sync=interval", f"dir={log}")
        self.set(-24 * HOUR)
        client = server.client()
        client.call(b"SET", b"late", b"v")
        self.comes_to(server, b"$1\r\nv", b"GET", b"late")
        server.kill()
        again = self.start("sync=interval", f"dir={log}")
        self.assertEqual(again.client().call(b"GET", b"late"), b"$1\r\nv")
        self.between(self.left(again, b"hour"), 25 * HOUR)


if __name__ == "__main__":
    unittest.main()
