# SPDX-License-Identifier: MIT
"""web_server as a process of this machine, with sanitizers (build/tests/web_server): conversations, slow and many clients,
files that change, and the usual clients where they are installed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from talk import HOST, Client, Talk, site  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "build/tests/web_server"
PATIENCE_S = 120  # a host can be slow
PORTS_TRIED = 20  # one that was free may be another's by the time the server wants it


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.outside = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.outside)
        self.folder = self.outside / "root"
        site(self.folder)
        self.clients: list[Client] = []

    def start(self, *words: str) -> None:
        said = ""
        for _ in range(PORTS_TRIED):
            said = self.begin(words)
            if "in use" not in said:
                break
        self.addCleanup(self.stop)
        if said:
            raise RuntimeError(said)

    def begin(self, words: tuple[str, ...]) -> str:
        """Why it does not listen, or nothing."""
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = int(s.getsockname()[1])
        self.process = subprocess.Popen(
            [str(SERVER), f"root={self.folder}", *words, f"port={self.port}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stdout
        line = "it ended"
        for line in self.process.stdout:
            if line.startswith("TOLL1 listen"):
                return ""
        if "in use" in line:
            self.process.communicate()
        return line

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        errors = self.process.communicate()[1]
        self.assertNotIn("Sanitizer", errors)
        self.assertNotIn("runtime error", errors)

    def client(self) -> Client:
        self.clients.append(Client("127.0.0.1", self.port))
        return self.clients[-1]

    def test_conversations(self) -> None:
        for words in ((), ("cache=0",)):
            self.start(*words)
            for name, error in Talk("127.0.0.1", self.port, self.folder).hold():
                self.assertEqual(error, "", name)
            self.stop()

    def test_links_lead_nowhere(self) -> None:
        (self.outside / "secret").write_bytes(b"secret")
        (self.folder / "link").symlink_to("../secret")
        (self.folder / "way").symlink_to("..")
        (self.folder / "inside").symlink_to("index.html")
        os.mkfifo(self.folder / "pipe")
        self.start()
        client = self.client()
        for target in ("/link", "/way/secret", "/way/root/index.html", "/inside", "/way/"):
            self.assertEqual(client.get(target).status, 404, target)
        self.assertEqual(client.get("/pipe").status, 403)

    def test_files_change(self) -> None:
        self.start()
        client = self.client()
        first = client.get("/index.html")
        (self.folder / "index.html").write_bytes(b"new")
        time.sleep(2.1)
        second = client.get("/index.html")
        self.assertEqual(second.body, b"new")
        self.assertNotEqual(first.headers["etag"], second.headers["etag"])
        (self.folder / "index.html").unlink()
        time.sleep(2.1)
        self.assertEqual(client.get("/index.html").status, 404)

    def test_file_cut_off_while_it_is_sent(self) -> None:
        (self.folder / "big").write_bytes(b"x" * (32 << 20))
        self.start()
        client = self.client()
        client.send(f"GET /big HTTP/1.1\r\n{HOST}\r\n")
        client._more()  # the server is about it
        os.truncate(self.folder / "big", 1000)
        with self.assertRaises(EOFError):
            client.answer()
        self.assertEqual(self.client().get("/1k.bin").status, 200)

    def test_slow_clients(self) -> None:
        self.start("timeout=3")
        silent, slow, idle = self.client(), self.client(), self.client()
        self.assertEqual(idle.get("/1k.bin").status, 200)
        begun = time.monotonic()
        slow.send("GET / HT")
        while time.monotonic() - begun < PATIENCE_S and not slow.data:
            try:
                slow.send("T")
                slow.socket.settimeout(0.2)
                slow._more()
            except TimeoutError:
                pass
        self.assertEqual(slow.answer().status, 408)
        self.assertTrue(silent.is_closed())
        self.assertTrue(idle.is_closed())

    def test_client_that_does_not_read(self) -> None:
        self.start()
        client = self.client()
        for _ in range(40):
            client.send(f"GET /1m.bin HTTP/1.1\r\n{HOST}\r\n")
        self.assertEqual(self.client().get("/1k.bin").status, 200)
        whole = (self.folder / "1m.bin").read_bytes()
        for _ in range(40):
            self.assertEqual(client.answer().body == whole, True)

    def test_clients_that_read_slowly(self) -> None:
        """Who takes something in time is served, however long all of it takes; files that are kept whole and others."""
        for timeout_s in (2, 8, 32):  # a host can be so slow that a client looks late
            self.start(f"timeout={timeout_s}")
            left = {}
            for name, count in (("64k.bin", 640), ("1m.bin", 40)):
                client = self.client()
                request = f"GET /{name} HTTP/1.1\r\n{HOST}\r\n"
                client.send(request.replace("GET", "HEAD"))
                while b"\r\n\r\n" not in client.data:
                    client._more()
                left[client.socket] = count * (len(client.data) + (self.folder / name).stat().st_size)
                client.send(request * count)
            step = max(left.values()) // 16
            while any(left.values()) and all(self.take(s, min(step, n)) for s, n in left.items()):
                left = {s: n - min(step, n) for s, n in left.items()}
                time.sleep(timeout_s / 8)
            self.stop()
            if not any(left.values()):
                return
        self.fail("clients that take an answer piece by piece are ended")

    @staticmethod
    def take(client: socket.socket, n: int) -> bool:
        """Whether so many more bytes come."""
        try:
            while n and (got := len(client.recv(min(n, 1 << 20)))):
                n -= got
        except OSError:
            pass
        return n == 0

    def test_half_requests(self) -> None:
        """What all clients together leave unfinished is bounded: who brings more is sent away, and nobody for longer."""
        half = f"GET /1k.bin HTTP/1.1\r\n{HOST}A: {'b' * 15000}\r\n"
        self.start("buffers=100000")
        held = [self.client() for _ in range(12)]
        for client in held:
            with contextlib.suppress(OSError):
                client.send(half)
            client.socket.settimeout(0.2)
        end, left = time.monotonic() + PATIENCE_S, held
        while len(left) > 8 and time.monotonic() < end:
            left = [client for client in left if not self.has_ended(client)]
        self.assertIn(len(left), range(1, 9))
        for client in held:
            client.close()
        end, status = time.monotonic() + PATIENCE_S, 0
        while status != 200 and time.monotonic() < end:  # once the server has seen that they are gone
            with contextlib.suppress(OSError, EOFError):
                status = self.client().get("/1k.bin").status
        self.assertEqual(status, 200)

    @staticmethod
    def has_ended(client: Client) -> bool:
        """Whether the server has ended the connection by now."""
        try:
            return client.is_closed()
        except TimeoutError:
            return False
        except OSError:
            return True

    def test_thousand_clients(self) -> None:
        self.start()
        clients = [self.client() for _ in range(1000)]
        for client in clients:
            client.send(f"GET / HTTP/1.1\r\n{HOST}\r\n")
        for client in clients:
            self.assertEqual(client.answer().status, 200)

    def test_window_ends_it(self) -> None:
        self.start("ops=50", "warm=5", "date=0")
        client = self.client()
        for _ in range(55):
            self.assertNotIn("date", client.get("/1k.bin").headers)
        client.close()
        out = self.process.communicate(timeout=PATIENCE_S)[0]
        self.assertIn("TOLL1 window 50", out)
        self.assertIn("TOLL1 done web_server ok", out)

    def test_errors_of_arguments(self) -> None:
        for word, text in (("port=0", "1 to 65535"), ("root=/nonexistent", "No such file"), ("timeout=0", "at least 1")):
            words = [f"root={self.folder}", "port=1", word]
            out = subprocess.run([str(SERVER), *reversed(words)], capture_output=True, text=True, check=False)
            self.assertIn(text, out.stdout)
            self.assertEqual(out.returncode, 1)

    @unittest.skipUnless(shutil.which("curl"), "curl is not installed")
    def test_curl(self) -> None:
        self.start()
        base = f"http://127.0.0.1:{self.port}"
        whole = (self.folder / "1m.bin").read_bytes()
        self.assertEqual(subprocess.check_output(["curl", "-s", f"{base}/1m.bin"]), whole)
        part = self.outside / "part"
        part.write_bytes(whole[:1000])
        subprocess.run(["curl", "-s", "-C", "-", "-o", part, f"{base}/1m.bin"], check=True)
        self.assertEqual(part.read_bytes() == whole, True)
        out = subprocess.check_output(["curl", "-sL", f"{base}/sub", f"{base}/1k.bin", "-o", "/dev/null"])
        self.assertEqual(len(out), 1024)

    @unittest.skipUnless(shutil.which("ab") and shutil.which("wrk"), "ab or wrk is not installed")
    def test_load_tools(self) -> None:
        self.start()
        url = f"http://127.0.0.1:{self.port}/1k.bin"
        out = subprocess.check_output(["ab", "-q", "-s", str(PATIENCE_S), "-k", "-n", "3000", "-c", "30", url], text=True, stderr=subprocess.STDOUT)
        self.assertRegex(out, r"Failed requests: +0\n")
        self.assertRegex(out, r"Keep-Alive requests: +3000\n")
        out = subprocess.check_output(["ab", "-q", "-s", str(PATIENCE_S), "-n", "300", "-c", "10", url], text=True, stderr=subprocess.STDOUT)
        self.assertRegex(out, r"Failed requests: +0\n")
        out = subprocess.check_output(["wrk", "-t1", "-c30", "-d1", "--timeout", f"{PATIENCE_S}s", url], text=True)
        self.assertNotIn("Socket errors", out)
        self.assertNotIn("Non-2xx", out)


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main(verbosity=0)
