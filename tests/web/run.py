# SPDX-License-Identifier: MIT
"""web_server as a process of this machine, with sanitizers (build/tests/web_server): conversations, slow and many clients,
files that change, and the usual clients where they are installed."""

from __future__ import annotations

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


class Case(unittest.TestCase):
    def setUp(self) -> None:
        self.outside = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.outside)
        self.folder = self.outside / "root"
        site(self.folder)
        self.clients: list[Client] = []

    def start(self, *words: str) -> None:
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = int(s.getsockname()[1])
        self.process = subprocess.Popen(
            [str(SERVER), f"root={self.folder}", *words, f"port={self.port}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.addCleanup(self.stop)
        assert self.process.stdout
        line = ""
        for line in self.process.stdout:
            if line.startswith("TOLL1 listen"):
                return
        raise RuntimeError(line)

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
        time.sleep(0.3)
        os.truncate(self.folder / "big", 1000)
        with self.assertRaises(EOFError):
            client.answer()
        self.assertEqual(self.client().get("/1k.bin").status, 200)

    def test_slow_clients(self) -> None:
        self.start("timeout=1")
        silent, slow, idle = self.client(), self.client(), self.client()
        self.assertEqual(idle.get("/1k.bin").status, 200)
        begun = time.monotonic()
        slow.send("GET / HT")
        while time.monotonic() - begun < 8 and not slow.data:
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
        out = self.process.communicate(timeout=20)[0]
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
        out = subprocess.check_output(["ab", "-q", "-k", "-n", "3000", "-c", "30", url], text=True, stderr=subprocess.STDOUT)
        self.assertRegex(out, r"Failed requests: +0\n")
        self.assertRegex(out, r"Keep-Alive requests: +3000\n")
        out = subprocess.check_output(["ab", "-q", "-n", "300", "-c", "10", url], text=True, stderr=subprocess.STDOUT)
        self.assertRegex(out, r"Failed requests: +0\n")
        out = subprocess.check_output(["wrk", "-t1", "-c30", "-d1", url], text=True)
        self.assertNotIn("Socket errors", out)
        self.assertNotIn("Non-2xx", out)


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main(verbosity=0)
