#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The web server beside nginx: every request of the conversations (talk.py) at both, which serve the same folder; their
statuses, what matters of their headers, their bodies and whether the connection goes on.  Where the two differ and may,
DIFFERENT says so.  nginx is Debian's, which the Linux guest has, or the machine's.  Prints "N passed, M failed"."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Optional

sys.path.insert(0, str(Path(__file__).resolve().parent))
import talk  # noqa: E402
from talk import Answer, Client, Talk, site  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "build/tests/web_server"
PATIENCE_S = 120  # a host can be slow
PORTS_TRIED = 20
COMPARED = {
    200: ("content-type", "content-length", "last-modified"), 206: ("content-type", "content-length", "content-range"),
    301: ("location",), 416: ("content-range",),
}  # fmt: skip
CONFIG = """
daemon off; worker_processes 1; error_log stderr crit; pid {folder}/pid;
events {{ worker_connections 64; }}
http {{
    access_log off; default_type application/octet-stream; absolute_redirect off;
    types {{ "text/html; charset=utf-8" html; "text/css; charset=utf-8" css; "text/plain; charset=utf-8" txt; }}
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{ listen 127.0.0.1:{port}; root {root}; client_max_body_size 64k; }}
}}
"""
# Requests that match, our status, nginx's (0: none), and why.  Numbers are sections of RFC 9110, with a comma of RFC 9112.
GET = r"GET / HTTP/1.1\r\nHost: x\r\n"
RANGE = r"GET /1k.bin HTTP/1.1\r\nHost: x\r\nRange: bytes="
DIFFERENT = [
    (r"abcGET ", 501, 400, "a method that is not known (9.1); nginx wants capitals"),
    (r"get ", 501, 400, "the same"),
    (r"BREW ", 501, 405, "the same; nginx refuses it as a method of a static file"),
    (r"GET /1k.bin [^Z]*If-Modified-Since: Fri, 01 Jan 2100", 304, 200, "not modified since then (13.1.3); nginx wants that very time"),
    (r"GET /sub/deep/ ", 404, 403, "a folder without an index"),
    (r"GET /sub/(\.|%2[eE]){2} ", 400, 200, "no path has .. here, though it would stay inside"),
    (r"GET ftp://", 400, 200, "another scheme"),
    (RANGE + r"0-9{20}", 206, 416, "an end beyond the file's is its end (14.1.2); nginx takes no such number"),
    (RANGE + r"(5-4|-\r|a-b|1-2x)", 200, 416, "what is no range is ignored (14.2)"),
    (RANGE + r"1-2,4-5", 200, 206, "several ranges may be ignored (14.2)"),
    (r"GET /\r\n", 400, 0, "HTTP/0.9; nginx answers with the bare file"),
    (r"GET  / ", 400, 200, "two blanks (3,)"),
    (r"GET / HTTP/1.1 \r", 400, 200, "a blank at the end (3,)"),
    (r"GET / HTTP/1.1\n", 400, 200, "a bare LF, which a server may take (2.2,)"),
    (GET + r"(nocolon|A: b\nX)", 400, 200, "what is no field (5,)"),
    (GET + r"Content-Length: 9{20}", 413, 400, "a body of that size"),
    (GET + r"Transfer-Encoding: chunked\r\n\r", 411, 200, "a server may want a length (6.3,)"),
    (GET + r"Expect: pigs", 417, 200, "a server may refuse what it does not know (10.1.1)"),
    (GET + r"A: b{17000}", 431, 400, "RFC 6585, section 5; nginx has had its own number for it"),
    (GET + r"(A: b\r\n){101}", 431, 200, "more fields than are taken here"),
]


class Exchange:
    """What was sent in one piece, and whether each of its answers is to a HEAD."""

    def __init__(self, sent: bytes) -> None:
        self.sent, self.heads = sent, list[bool]()


class Recorder(Client):
    """A client that keeps what is exchanged."""

    exchanges: list[Exchange] = []

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port)
        self.pending = b""

    def send(self, data: str | bytes) -> None:
        raw = data.encode("latin-1") if isinstance(data, str) else data
        self.pending += raw
        super().send(raw)

    def answer(self, head: bool = False) -> Answer:
        if self.pending:
            self.exchanges.append(Exchange(self.pending))
            self.pending = b""
        self.exchanges[-1].heads.append(head)
        return super().answer(head)


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


def nginx_command() -> Optional[list[str]]:
    """Debian's, unpacked for the Linux guest, with its own libraries; else the machine's."""
    listed = ROOT / "build/servers.mk"
    found = re.search(r"SERVERS_DEB := (.+)", listed.read_text()) if listed.exists() else None
    root = Path(found[1].strip()) if found else Path()
    if found and (root / "usr/sbin/nginx").exists():
        return [str(root / "lib64/ld-linux-x86-64.so.2"), "--library-path", str(root / "lib/x86_64-linux-gnu"),
                str(root / "usr/sbin/nginx")]  # fmt: skip
    own = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    return [own] if own else None


def wait_for(process: subprocess.Popen[Any], port: int, name: bytes) -> bool:
    """Whether it comes to answer at its port, by its own name."""
    end = time.monotonic() + PATIENCE_S
    while process.poll() is None and time.monotonic() < end:
        try:
            client = Client("127.0.0.1", port)
            server = client.get("/1k.bin").headers.get("server", "")
            client.close()
            return name in server.encode()
        except (OSError, EOFError):
            time.sleep(0.05)
    return False


def start(words: list[str], port_of: Any, name: bytes) -> tuple[subprocess.Popen[Any], int]:
    """Starts words + port_of(port) at a port that is free."""
    for _ in range(PORTS_TRIED):
        port = free_port()
        process = subprocess.Popen(words + port_of(port), stdout=subprocess.DEVNULL)
        if wait_for(process, port, name):
            return process, port
        process.kill()
        process.wait()
    raise RuntimeError(f"{words[0]} does not come up")


def replay(port: int, exchange: Exchange) -> tuple[list[Answer], bool]:
    """What is answered, until the connection ends, and whether it did."""
    client, answers = Client("127.0.0.1", port), []
    try:
        client.send(exchange.sent)
        for head in exchange.heads:
            answers.append(client.answer(head))
        client.socket.shutdown(socket.SHUT_WR)
        told = answers[-1].headers.get("connection", "keep-alive").lower()
        return answers, told == "close"
    except (EOFError, OSError):
        return answers, True
    finally:
        client.close()


def shown(answers: list[Answer], ended: bool) -> list[Any]:
    """What is compared of them.  Whether a connection goes on after an error is the server's choice."""
    made: list[Any] = []
    for answer in answers:
        headers = {name: answer.headers.get(name) for name in COMPARED.get(answer.status, ())}
        made.append((answer.status, headers, answer.body if answer.status in (200, 206) else b""))
    return [*made, ended and made[-1][0] < 400] if made else []


def compare(ours: int, theirs: int, exchange: Exchange, tags: tuple[str, str], used: set[str]) -> str:
    """Why the answers are not as they should be, or nothing."""
    mine = replay(ours, exchange)
    other = Exchange(exchange.sent.replace(tags[0].encode(), tags[1].encode()))
    other.heads = exchange.heads
    its = replay(theirs, other)
    statuses = tuple(answers[0].status if answers else 0 for answers, _ in (mine, its))
    for pattern, our_status, their_status, _ in DIFFERENT:
        if re.match(pattern.encode(), exchange.sent) and statuses == (our_status, their_status):
            used.add(pattern)
            return ""
    a, b = shown(*mine), shown(*its)
    return "" if a == b else f"{exchange.sent[:90]!r}: {str(a)[:200]}, nginx: {str(b)[:200]}"


def tag_of(port: int) -> str:
    client = Client("127.0.0.1", port)
    tag = client.get("/1k.bin").headers["etag"]
    client.close()
    return tag


def main() -> int:
    nginx, wrong, used = nginx_command(), list[str](), set[str]()
    if not nginx:
        print("skipped: nginx is not installed, nor unpacked for the Linux guest (make deps)")
        print("0 passed, 0 failed")
        return 0
    started: list[subprocess.Popen[Any]] = []
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        site(folder / "root")
        os.chmod(made, 0o755)

        def config(port: int) -> list[str]:
            path = folder / "nginx.conf"
            path.write_text(CONFIG.format(folder=folder, root=folder / "root", port=port))
            return ["-p", made, "-c", str(path), "-e", "stderr"]

        try:
            process, ours = start([str(SERVER), f"root={folder / 'root'}"], lambda port: [f"port={port}"], b"")
            started.append(process)
            process, theirs = start(nginx, config, b"nginx")
            started.append(process)
            talk.Client = Recorder  # type: ignore[misc]
            Talk("127.0.0.1", ours, folder / "root").hold()
            tags = (tag_of(ours), tag_of(theirs))
            for exchange in Recorder.exchanges:
                wrong += [why for why in [compare(ours, theirs, exchange, tags, used)] if why]
            wrong += [f"{pattern}: no such difference was seen" for pattern, *_ in DIFFERENT if pattern not in used]
        finally:
            for process in started:
                process.terminate()
                process.wait()
    print(f"{len(Recorder.exchanges) + len(DIFFERENT) - len(wrong)} passed, {len(wrong)} failed")
    print("\n".join(wrong))
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
