# SPDX-License-Identifier: MIT
"""Conversations with a web server that serves the folder www of mkdata.py, wherever it runs.

usage: talk.py HOST:PORT [FOLDER]     FOLDER: a copy of what it serves; first line `N passed, M failed`
"""

from __future__ import annotations

import email.utils
import re
import socket
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "workloads"))
from mkdata import site  # noqa: E402

HOST = "Host: x\r\n"


@dataclass
class Answer:
    """One response."""

    status: int
    headers: dict[str, str]
    body: bytes


class Client:
    """A connection that reads whole responses."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), timeout=300)
        self.data = b""

    def close(self) -> None:
        self.socket.close()

    def send(self, data: str | bytes) -> None:
        self.socket.sendall(data.encode("latin-1") if isinstance(data, str) else data)

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

    def answer(self, head: bool = False) -> Answer:
        """The next response; head: to a HEAD request."""
        while b"\r\n\r\n" not in self.data:
            self._more()
        lines = self._take(self.data.index(b"\r\n\r\n") + 4)[:-4].decode("latin-1").split("\r\n")
        status = int(lines[0].split(" ")[1])
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        none = head or status in (304, 100)
        return Answer(status, headers, b"" if none else self._take(int(headers["content-length"])))

    def get(self, target: str, headers: str = "", method: str = "GET") -> Answer:
        self.send(f"{method} {target} HTTP/1.1\r\n{HOST}{headers}\r\n")
        return self.answer(method == "HEAD")

    def is_closed(self) -> bool:
        """Whether the server ends the connection without another word."""
        try:
            return not self.data and not self.socket.recv(1)
        except ConnectionResetError:
            return True


class Talk:
    """The conversations; each is a method that raises what is wrong."""

    def __init__(self, host: str, port: int, folder: Path) -> None:
        self.host, self.port, self.folder = host, port, folder

    def client(self) -> Client:
        return Client(self.host, self.port)

    def file(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    @staticmethod
    def same(got: object, expected: object, what: str = "") -> None:
        if got != expected:
            raise AssertionError(f"{what}: expected {expected!r}, got {got!r}"[:400])

    def refuse(self, request: str, status: int) -> None:
        """A request after whose answer the connection ends."""
        client = self.client()
        client.send(request)
        answer = client.answer()
        self.same(answer.status, status, repr(request[:80]))
        self.same(answer.headers.get("connection"), "close", repr(request[:80]))
        self.same(client.is_closed(), True, f"closed after {request[:80]!r}")
        client.close()

    def talk_files(self) -> None:
        client = self.client()
        for target, name in (("/", "index.html"), ("/index.html", "index.html"), ("/1k.bin", "1k.bin"),
                             ("/1m.bin", "1m.bin"), ("/empty.txt", "empty.txt"), ("/sub/", "sub/index.html"),
                             ("//sub//./index.html?x=/../y", "sub/index.html"), ("/sub/a%2bb%25.css", "sub/a+b%.css"),
                             ("http://x/1k.bin", "1k.bin"), ("HTTP://x", "index.html")):  # fmt: skip
            answer = client.get(target)
            self.same((answer.status, answer.body), (200, self.file(name)), target)
            head = client.get(target, method="HEAD")
            head.headers.pop("date", None), answer.headers.pop("date", None)
            self.same((head.status, head.headers), (200, answer.headers), f"HEAD {target}")
        self.same(client.get("/sub/a%2bb%25.css").headers["content-type"], "text/css; charset=utf-8")
        client.close()

    def talk_missing(self) -> None:
        client = self.client()
        for target in ("/nothing", "/index.html/", "/index.html/x", "/sub/deep/", "/%2esub", "/sub\\index.html"):
            self.same(client.get(target).status, 404, target)
        moved = client.get("/sub")
        self.same((moved.status, moved.headers["location"]), (301, "/sub/"))
        client.close()

    def talk_outside(self) -> None:
        client = self.client()
        for dots in ("..", "%2e%2e", ".%2e", "%2E."):
            for target in (f"/{dots}/", f"/{dots}/etc/passwd", f"/sub/{dots}/{dots}/etc/passwd", f"/sub/{dots}",
                           f"/{dots}%2fetc%2fpasswd", f"//{dots}//x"):  # fmt: skip
                self.same(client.get(target).status, 400, target)
        for target in ("/%00", "/1k.bin%00.html", "/%", "/%4", "/%zz", "x", "*", "ftp://x/1k.bin"):
            self.same(client.get(target).status, 400, target)
        client.close()

    def talk_pipeline(self) -> None:
        client = self.client()
        names = ["1k.bin", "1m.bin", "index.html", "1m.bin", "empty.txt"] * 5
        client.send("".join(f"GET /{name} HTTP/1.1\r\n{HOST}\r\n" for name in names))
        for name in names:
            answer = client.answer()
            self.same((answer.status, answer.body == self.file(name)), (200, True), name)
        client.close()

    def talk_pieces(self) -> None:
        client = self.client()
        for byte in f"\r\nGET /1k.bin HTTP/1.1\r\n{HOST}Connection: close\r\n\r\n".encode():
            client.send(bytes([byte]))
        self.same(client.answer().body, self.file("1k.bin"))
        self.same(client.is_closed(), True, "closed")
        client.close()

    def talk_ranges(self) -> None:
        client, whole = self.client(), self.file("1k.bin")
        for text, status, first, last in (
            ("bytes=0-0", 206, 0, 0), ("bytes=10-19", 206, 10, 19), ("bytes=1000-", 206, 1000, 1023),
            ("bytes=1000-9999", 206, 1000, 1023), ("bytes=-24", 206, 1000, 1023), ("bytes=-9999", 206, 0, 1023),
            ("bytes=0-99999999999999999999", 206, 0, 1023), ("BYTES=1-2", 206, 1, 2),
        ):  # fmt: skip
            answer = client.get("/1k.bin", f"Range: {text}\r\n")
            self.same((answer.status, answer.body), (status, whole[first : last + 1]), text)
            self.same(answer.headers["content-range"], f"bytes {first}-{last}/1024", text)
        for text in ("bytes=1024-", "bytes=-0", "bytes=99999999999999999999-"):
            answer = client.get("/1k.bin", f"Range: {text}\r\n")
            self.same((answer.status, answer.headers.get("content-range")), (416, "bytes */1024"), text)
        for text in ("bytes=5-4", "bytes=", "bytes=-", "lines=1-2", "bytes=1-2,4-5", "bytes=a-b", "bytes=1-2x"):
            answer = client.get("/1k.bin", f"Range: {text}\r\n")
            self.same((answer.status, answer.body), (200, whole), text)
        answer = client.get("/1m.bin", "Range: bytes=1000000-1000099\r\n")
        self.same(answer.body, self.file("1m.bin")[1000000:1000100])
        client.close()

    def talk_conditions(self) -> None:
        client = self.client()
        answer = client.get("/1k.bin")
        tag, date = answer.headers["etag"], answer.headers["last-modified"]
        seconds = email.utils.parsedate_to_datetime(date)
        self.same(email.utils.format_datetime(seconds, usegmt=True), date)
        later, earlier = "Fri, 01 Jan 2100 00:00:00 GMT", "Sunday, 06-Nov-94 08:49:37 GMT"
        asctime = "Sun Nov  6 08:49:37 1994"
        for headers, status in (
            (f"If-None-Match: {tag}\r\n", 304), (f"If-None-Match: W/{tag}\r\n", 304), ("If-None-Match: *\r\n", 304),
            (f'If-None-Match: "a", {tag} , "b"\r\n', 304), ('If-None-Match: "a"\r\n', 200),
            (f"If-Modified-Since: {date}\r\n", 304), (f"If-Modified-Since: {later}\r\n", 304),
            (f"If-Modified-Since: {earlier}\r\n", 200), (f"If-Modified-Since: {asctime}\r\n", 200),
            ("If-Modified-Since: yesterday\r\n", 200), (f'If-None-Match: "a"\r\nIf-Modified-Since: {date}\r\n', 200),
            (f"If-Match: {tag}\r\n", 200), (f"If-Match: W/{tag}\r\n", 412), ('If-Match: "a"\r\n', 412),
            (f"If-Unmodified-Since: {earlier}\r\n", 412), (f"If-Unmodified-Since: {date}\r\n", 200),
            (f"Range: bytes=0-9\r\nIf-Range: {tag}\r\n", 206), ('Range: bytes=0-9\r\nIf-Range: "a"\r\n', 200),
            (f"Range: bytes=0-9\r\nIf-Range: {date}\r\n", 206), (f"Range: bytes=0-9\r\nIf-Range: {earlier}\r\n", 200),
        ):  # fmt: skip
            self.same(client.get("/1k.bin", headers).status, status, headers)
        client.close()

    def talk_methods(self) -> None:
        client = self.client()
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT"):
            answer = client.get("/1k.bin", method=method)
            self.same((answer.status, answer.headers["allow"]), (405, "GET, HEAD"), method)
        self.same(client.get("/1k.bin", method="get").status, 501)
        self.same(client.get("/1k.bin", method="BREW").status, 501)
        client.close()

    def talk_bodies(self) -> None:
        client = self.client()
        client.send(f"GET /1k.bin HTTP/1.1\r\n{HOST}Content-Length: 5\r\n\r\nGET /GET /index.html HTTP/1.1\r\n{HOST}\r\n")
        self.same(client.answer().body, self.file("1k.bin"))
        self.same(client.answer().body, self.file("index.html"))
        client.send(f"GET /1k.bin HTTP/1.1\r\n{HOST}Content-Length: 3\r\nExpect: 100-continue\r\n\r\n")
        self.same(client.answer().status, 100)
        self.same(client.answer().status, 200)
        client.send("abc")
        self.same(client.get("/1k.bin").status, 200)
        client.close()

    def talk_old(self) -> None:
        client = self.client()
        client.send("GET /1k.bin HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        self.same(client.answer().headers["connection"], "keep-alive")
        client.send("GET /1k.bin HTTP/1.0\r\n\r\n")
        self.same(client.answer().headers["connection"], "close")
        self.same(client.is_closed(), True, "closed")
        client.close()

    def talk_refused(self) -> None:
        for request, status in (
            ("GET /\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400), (f"GET / HTTP/1.1\r\n{HOST}{HOST}\r\n", 400),
            ("GET / HTTP/0.9\r\n\r\n", 400), (f"GET / HTTP/2.0\r\n{HOST}\r\n", 505), (f"GET  / HTTP/1.1\r\n{HOST}\r\n", 400),
            (f"GET / HTTP/1.1 \r\n{HOST}\r\n", 400), (f"G@T / HTTP/1.1\r\n{HOST}\r\n", 400),
            (f"GET / HTTP/1.1\n{HOST}\n", 400), (f"GET / HTTP/1.1\r\n{HOST}A : b\r\n\r\n", 400),
            (f"GET / HTTP/1.1\r\n{HOST} folded\r\n\r\n", 400), (f"GET / HTTP/1.1\r\n{HOST}nocolon\r\n\r\n", 400),
            (f"GET / HTTP/1.1\r\n{HOST}A: b\rc\r\n\r\n", 400), (f"GET / HTTP/1.1\r\n{HOST}A: b\nX: c\r\n\r\n", 400),
            (f"GET / HTTP/1.1\r\n{HOST}Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400),
            (f"GET / HTTP/1.1\r\n{HOST}Content-Length: +1\r\n\r\n", 400), (f"GET / HTTP/1.1\r\n{HOST}Content-Length: 0x1\r\n\r\n", 400),
            (f"GET / HTTP/1.1\r\n{HOST}Content-Length: 1, 1\r\n\r\n", 400),
            (f"GET / HTTP/1.1\r\n{HOST}Content-Length: 99999999999999999999\r\n\r\n", 413),
            (f"GET / HTTP/1.1\r\n{HOST}Content-Length: 65537\r\n\r\n", 413),
            (f"GET / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n", 411),
            (f"GET / HTTP/1.1\r\n{HOST}Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
            (f"GET / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400),
            (f"GET / HTTP/1.1\r\n{HOST}Expect: pigs\r\n\r\n", 417),
            (f"GET /{'a' * 9000} HTTP/1.1\r\n{HOST}\r\n", 414), (f"GET / HTTP/1.1\r\n{HOST}A: {'b' * 17000}\r\n\r\n", 431),
            (f"GET / HTTP/1.1\r\n{HOST}{'A: b' + chr(13) + chr(10)}" + "A: b\r\n" * 100 + "\r\n", 431),
            ("\0\1\2\3\r\n\r\n", 400),
        ):  # fmt: skip
            self.refuse(request, status)

    def hold(self) -> list[tuple[str, str]]:
        """Names of the conversations with what was wrong, or ""."""
        results = []
        for name in sorted(n for n in dir(self) if n.startswith("talk_")):
            try:
                getattr(self, name)()
                results.append((name, ""))
            except (AssertionError, OSError, EOFError, KeyError) as error:
                results.append((name, f"{type(error).__name__}: {error}"))
        return results


def main() -> int:
    port = int(re.split("[:=]", sys.argv[1])[-1])
    host = sys.argv[1].rpartition(":")[0] if "=" not in sys.argv[1] else ""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else made)
        if len(sys.argv) <= 2:
            site(folder)
        results = Talk(host or "127.0.0.1", port, folder).hold()
    failed = sum(1 for _, error in results if error)
    print(f"{len(results) - failed} passed, {failed} failed")
    for name, error in results:
        if error:
            print(f"{name}: {error}")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
