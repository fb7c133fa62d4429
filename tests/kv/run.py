# SPDX-License-Identifier: MIT
"""kv_server as a process of this machine, with sanitizers (build/tests/kv_server): conversations, clients of all kinds,
its log after kill -9, and the same commands at Debian's redis-server where that is installed."""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from talk import Client, array, conversations  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
SERVER = ROOT / "build/tests/kv_server"
PATIENCE_S = 120  # a host can be slow
PORTS_TRIED = 20  # one that was free may be another's by the time a server wants it


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return int(s.getsockname()[1])


class Server:
    """A running server."""

    def __init__(self, *words: str) -> None:
        self.clients: list[Client] = []
        said = ""
        for _ in range(PORTS_TRIED):
            said = self.begin(words)
            if not said:
                return
            if "in use" not in said:
                break
        raise RuntimeError(said)

    def begin(self, words: tuple[str, ...]) -> str:
        """Why it does not listen, or nothing."""
        self.port = free_port()
        self.process = subprocess.Popen(
            [str(SERVER), *words, f"port={self.port}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
        )
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith("TOLL1 listen"):
                return ""
            if line.startswith("TOLL1 done"):
                self.process.communicate()
                return line.strip()
        return self.process.communicate()[1] or "it ended"

    def client(self) -> Client:
        self.clients.append(Client("127.0.0.1", self.port))
        return self.clients[-1]

    def kill(self, how: int = signal.SIGKILL) -> str:
        self.process.send_signal(how)
        for client in self.clients:
            client.close()
        return self.process.communicate()[1]

    def alive(self) -> bool:
        return self.process.poll() is None


class Case(unittest.TestCase):
    def start(self, *words: str) -> Server:
        server = Server(*words)
        self.addCleanup(lambda: server.kill() if server.alive() else server.process.communicate())
        return server

    def comes_to(self, server: Server, expected: bytes, *words: bytes) -> None:
        """The server answers so once it has seen what others did."""
        end, got = time.monotonic() + PATIENCE_S, b""
        while got != expected and time.monotonic() < end:
            client = server.client()
            try:
                got = client.call(*words)
            except (EOFError, OSError) as error:
                got = repr(error).encode()
            if got != expected:
                client.close()
                time.sleep(0.05)
        self.assertEqual(got, expected)


def has_ended(client: Client) -> bool:
    """Whether the server has ended the connection by now."""
    try:
        return client.is_closed()
    except TimeoutError:
        return False
    except OSError:
        return True


class Protocol(Case):
    def test_conversations(self) -> None:
        server = self.start()
        for errors in conversations("127.0.0.1", server.port):
            self.assertEqual(errors, [])
        self.assertTrue(server.alive())

    def test_one_byte_at_a_time(self) -> None:
        client = self.start().client()
        for byte in array(b"SET", b"key", b"some value") + b"GET key\r\n":
            client.send(bytes([byte]))
        self.assertEqual(client.reply(), b"+OK")
        self.assertEqual(client.reply(), b"$10\r\nsome value")

    def test_pipeline(self) -> None:
        client = self.start().client()
        client.send(b"".join(array(b"INCR", b"n") for _ in range(20000)))
        self.assertEqual([client.reply() for _ in range(20000)], [b":%d" % i for i in range(1, 20001)])

    def test_large_values(self) -> None:
        client = self.start().client()
        value = random.Random(1).randbytes(1 << 20)
        for i in range(8):
            self.assertEqual(client.call(b"SET", b"k%d" % i, value), b"+OK")
        client.send(array(b"MGET", *(b"k%d" % i for i in range(8))))
        self.assertEqual(client.reply(), b"*8\r\n" + b"\r\n".join(b"$1048576\r\n" + value for _ in range(8)))
        self.assertEqual(client.call(b"APPEND", b"k0", b"x")[:4], b"-ERR")

    def test_client_that_does_not_read(self) -> None:
        server = self.start()
        client, other = server.client(), server.client()
        self.assertEqual(client.call(b"SET", b"k", b"x" * (1 << 20)), b"+OK")
        for _ in range(64):
            client.send(array(b"GET", b"k"))
        self.assertEqual(other.call(b"PING"), b"+PONG")
        for _ in range(64):
            self.assertEqual(len(client.reply()), (1 << 20) + 10)

    def test_client_that_only_asks(self) -> None:
        """No more is read of it than its replies are taken, so that nothing gathers."""
        server, n = self.start("buffers=2000000"), 40000
        client = server.client()
        sender = threading.Thread(target=client.send, args=(array(b"ECHO", b"x" * 1000) * n,))
        sender.start()
        sender.join(1)
        self.assertEqual(server.client().call(b"PING"), b"+PONG")
        self.assertEqual(client.reply(), b"$1000\r\n" + b"x" * 1000)
        left = (n - 1) * len(b"$1000\r\n" + b"x" * 1000 + b"\r\n") - len(client.data)
        while left and (got := len(client.socket.recv(1 << 20))):
            left -= got
        self.assertEqual(left, 0)
        sender.join()

    def test_thousand_clients(self) -> None:
        server = self.start()
        clients = [server.client() for _ in range(1000)]
        for i, client in enumerate(clients):
            client.send(array(b"SET", b"k%d" % i, b"%d" % i))
        for client in clients:
            self.assertEqual(client.reply(), b"+OK")
        self.assertEqual(clients[0].call(b"DBSIZE"), b":1000")
        for client in clients:
            client.close()

    def test_too_many_clients(self) -> None:
        server = self.start("clients=4")
        clients = [server.client() for _ in range(4)]
        for client in clients:
            client.call(b"PING")
        self.assertEqual(server.client().reply(), b"-ERR max number of clients reached")
        clients[0].close()
        self.comes_to(server, b"+PONG", b"PING")

    def test_half_requests(self) -> None:
        """What all clients together leave unfinished is bounded, and the others are served."""
        server = self.start("buffers=4000000")
        half = b"*9\r\n" + (b"$1000000\r\n" + b"x" * 1000000 + b"\r\n") * 2
        held = [server.client() for _ in range(6)]
        for client in held:
            with contextlib.suppress(OSError):
                client.send(half)
            client.socket.settimeout(0.2)
            self.assertEqual(server.client().call(b"PING"), b"+PONG")
        end, left = time.monotonic() + PATIENCE_S, held
        while len(left) > 2 and time.monotonic() < end:
            left = [client for client in left if not has_ended(client)]
        self.assertIn(len(left), (1, 2))
        for client in held:
            client.close()
        self.comes_to(server, b"+OK", b"SET", b"k", b"v" * 1000000)

    def test_memory_limit(self) -> None:
        client = self.start("memory=1000000").client()
        replies = {client.call(b"SET", b"k%d" % i, b"v" * 1000) for i in range(2000)}
        self.assertEqual(replies, {b"+OK", b"-OOM command not allowed when used memory > 'maxmemory'."})
        used = int(client.call(b"INFO", b"memory").split(b"used_memory:")[1].split(b"\r")[0])
        self.assertLess(used, 1000000)
        self.assertEqual(client.call(b"GET", b"k0"), b"$1000\r\n" + b"v" * 1000)
        self.assertEqual(client.call(b"DEL", b"k0", b"k1"), b":2")
        self.assertEqual(client.call(b"SET", b"again", b"x"), b"+OK")

    def test_expiry_without_a_client(self) -> None:
        client = self.start().client()
        for silence_s in (0.6, 6, 60):  # asking would help a server that is late
            for i in range(300):
                client.call(b"SET", b"k%d" % i, b"v", b"PX", b"%d" % (50 + i % 7))
            client.call(b"SET", b"stays", b"v")
            time.sleep(silence_s)
            left = client.call(b"DBSIZE")
            if left == b":1":
                break
        self.assertEqual(left, b":1")

    def test_growth(self) -> None:
        client = self.start().client()
        n = 50000
        client.send(b"".join(array(b"SET", b"key:%d" % i, b"%d" % i) for i in range(n)))
        for _ in range(n):
            self.assertEqual(client.reply(), b"+OK")
        client.send(b"".join(array(b"GET", b"key:%d" % i) for i in range(n)))
        for i in range(n):
            self.assertEqual(client.reply(), b"$%d\r\n%d" % (len(str(i)), i))
        self.assertEqual(client.call(b"KEYS", b"key:4999?").split(b"\r\n")[0], b"*10")

    def test_random_bytes(self) -> None:
        server, source = self.start(), random.Random(7)
        for _ in range(300):
            client = server.client()
            try:
                client.send(source.choice([b"", b"*", b"*2\r\n$3\r\nGET\r\n"]) + source.randbytes(source.randrange(200)))
            finally:
                client.close()
        self.assertEqual(server.client().call(b"PING"), b"+PONG")

    def test_window_ends_it(self) -> None:
        server = self.start("ops=100", "warm=10")
        client = server.client()
        client.send(array(b"INCR", b"n") * 110)
        for _ in range(110):
            client.reply()
        client.close()
        out, errors = server.process.communicate(timeout=PATIENCE_S)
        self.assertIn("TOLL1 window 100", out)
        self.assertIn("TOLL1 done kv_server ok", out)
        self.assertEqual(server.process.returncode, 0, errors)


class Log(Case):
    def setUp(self) -> None:
        self.folder = tempfile.mkdtemp()
        self.addCleanup(shutil.rmtree, self.folder)
        self.words = ("sync=commit", f"dir={self.folder}")
        self.file = Path(self.folder) / "appendonly.aof"

    def test_all_kinds_come_back(self) -> None:
        server = self.start(*self.words)
        client = server.client()
        for line in (
            "SET a 1", "SET b 2 EX 1000", "MSET c 3 d 4", "INCRBY c 7", "APPEND d xyz", "DEL a", "SET e 1 PX 60",
            "EXPIRE d 1000", "GETSET b 5", "SET f 1 EX 1000", "PERSIST f", "SETNX g 1", "DECR g",
        ):  # fmt: skip
            client.call(*line.encode().split())
        server.kill()
        time.sleep(0.1)
        client = self.start(*self.words).client()
        self.assertEqual(client.call(b"MGET", b"a", b"b", b"c", b"d", b"e", b"f", b"g"),
                         b"*7\r\n$-1\r\n$1\r\n5\r\n$2\r\n10\r\n$4\r\n4xyz\r\n$-1\r\n$1\r\n1\r\n$1\r\n0")  # fmt: skip
        self.assertEqual(client.call(b"TTL", b"b"), b":-1")
        self.assertIn(int(client.call(b"TTL", b"d")[1:]), range(1000 - PATIENCE_S, 1001))
        self.assertEqual(client.call(b"TTL", b"f"), b":-1")

    def test_killed_at_random(self) -> None:
        source = random.Random(3)
        acknowledged: dict[bytes, int] = {}
        for turn in range(25):
            server = self.start(*self.words)
            client = server.client()
            for key, value in acknowledged.items():
                got = int(client.call(b"GET", key).split(b"\r\n")[1])
                self.assertGreaterEqual(got, value, f"turn {turn}: {key!r} was answered and is lost")
                self.assertLessEqual(got, value + 1)
                acknowledged[key] = got
            stop = source.randrange(1, 200)
            for i in range(stop):
                key = b"k%d" % source.randrange(20)
                reply = client.call(b"INCR", key)
                acknowledged[key] = int(reply[1:])
            client.send(array(b"INCR", b"k0"))
            server.kill()

    def test_torn_end_is_cut_off(self) -> None:
        server = self.start(*self.words)
        client = server.client()
        for i in range(10):
            client.call(b"SET", b"k%d" % i, b"v")
        server.kill()
        whole = self.file.read_bytes()
        last = len(b"#commit 0000000000 0123456789abcdef\r\n" + array(b"SET", b"k9", b"v"))
        for cut in range(1, last):
            self.file.write_bytes(whole[:-cut])
            server = self.start(*self.words)
            self.assertEqual(server.client().call(b"DBSIZE"), b":9")
            self.assertIn("cut off", server.kill())
            self.assertEqual(self.file.read_bytes(), whole[:-last])

    def test_zeros_and_old_commits_at_the_end(self) -> None:
        """What e2fsck can add to a file after a crash: blocks that never were written, or were another file's."""
        server = self.start(*self.words)
        for i in range(10):
            server.client().call(b"SET", b"k%d" % i, b"v")
        server.kill()
        whole = self.file.read_bytes()
        for end in (bytes(4096 - len(whole) % 4096), whole[-200:], b"#commit ", b"#commit " * 40, array(b"DEL", b"k1")):
            self.file.write_bytes(whole + end)
            server = self.start(*self.words)
            self.assertEqual(server.client().call(b"DBSIZE"), b":10")
            self.assertIn(f"{len(end)} bytes at the end", server.kill())
            self.assertEqual(self.file.read_bytes(), whole)

    def test_damage_is_refused(self) -> None:
        server = self.start(*self.words)
        for i in range(4):
            server.client().call(b"SET", b"k%d" % i, b"value")
        server.kill()
        whole = self.file.read_bytes()
        second = [m.start() for m in re.finditer(b"#commit", whole)][1]
        for damage in (second + 3, second + 12, second + 30, second + 40, second + 60):
            self.file.write_bytes(whole[:damage] + b"\x00" + whole[damage + 1 :])
            with self.assertRaisesRegex(RuntimeError, f"byte {second}: damaged, and whole commits follow"):
                Server(*self.words)
        server = self.start("sync=interval", f"dir={self.folder}")
        self.assertEqual(server.client().call(b"DBSIZE"), b":1")

    def test_other_files_are_refused(self) -> None:
        for text in (array(b"SET", b"a", b"1"), b"x", b"#log 0123456789ABCDEF\r\n"):
            self.file.write_bytes(text)
            with self.assertRaisesRegex(RuntimeError, "not a log of this server"):
                Server(*self.words)
            self.assertEqual(self.file.read_bytes(), text)

    def test_written_anew(self) -> None:
        server = self.start(*self.words)
        client = server.client()
        value = b"v" * 60000
        for i in range(300):
            client.call(b"SET", b"k%d" % (i % 3), value)
        self.assertLess(self.file.stat().st_size, 10 << 20)
        server.kill()
        self.assertEqual(self.start(*self.words).client().call(b"DBSIZE"), b":3")

    def test_full_disk(self) -> None:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", self.folder], check=False)
        if mounted.returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(lambda: subprocess.run(["umount", "-l", self.folder], check=False))
        running = self.start(*self.words)
        stored = 0
        try:
            for i in range(100):
                client = running.client()
                if client.call(b"SET", b"k%d" % i, b"v" * 1000) == b"+OK":
                    stored += 1
                client.close()
        except (EOFError, ConnectionResetError):
            pass
        self.assertGreater(stored, 20)
        self.assertEqual(running.client().call(b"SET", b"x", b"y")[:8], b"-MISCONF")
        self.assertEqual(running.client().call(b"GET", b"k0")[:5], b"$1000")
        running.kill()

    def test_errors_of_arguments(self) -> None:
        for words, text in (
            (("sync=always",), "none, interval or commit was expected"),
            (("sync=commit",), "needs dir="),
            (("sync=commit", "dir=/nonexistent/x"), "No such file"),
            (("port=99999",), "port"),
        ):
            with self.assertRaisesRegex(RuntimeError, text):
                Server(*words)


def random_command(source: random.Random) -> list[bytes]:
    key = b"k%d" % source.randrange(8)
    number = b"%d" % source.choice([0, 1, -1, 7, 2**62, -(2**62), 2**63 - 1])
    seconds = source.choice([b"1000", b"70000", b"0", b"-1", number]) if number not in (b"1", b"7") else b"2000"
    value = source.choice([b"", b"x", b"007", b"12", number, source.randbytes(5)])
    return source.choice(
        [
            [b"SET", key, value], [b"GET", key], [b"SET", key, value, b"NX"], [b"SET", key, value, b"XX", b"GET"],
            [b"SET", key, value, b"EX", seconds], [b"SET", key, value, b"KEEPTTL"], [b"SET", key, value, b"NX", b"GET"],
            [b"GETSET", key, value], [b"DEL", key, b"k1"], [b"EXISTS", key, key], [b"INCR", key], [b"DECR", key],
            [b"INCRBY", key, number], [b"DECRBY", key, number], [b"APPEND", key, value], [b"STRLEN", key],
            [b"MGET", key, b"k2"], [b"MSET", key, value, b"k3", value], [b"EXPIRE", key, b"1000"],
            [b"EXPIRE", key, seconds], [b"PEXPIRE", key, b"900000", b"NX"],
            [b"TTL", key], [b"PERSIST", key], [b"TYPE", key], [b"DBSIZE"], [b"SETNX", key, value], [b"GET"],
            [b"SETEX", key, seconds, value], [b"nosuch", key], [b"SELECT", b"0"], [b"ECHO", value], [b"MSET", key],
        ]
    )  # fmt: skip


# Sound and unsound protocol, and commands at their bounds, each on a connection of its own.
WORDS = [
    b"\r\n", b"*0\r\nPING\r\n", b"*-1\r\nPING\r\n", b"*-5\r\nPING\r\n", b"*1\r\n$-1\r\n", b"*1\r\n$0\r\n\r\n",
    b"*1\r\n$4\r\nPINGxx*1\r\n$4\r\nPING\r\n", b"*1\r\n$4\nPING\r\n", b"*1\n$4\r\nPING\r\n", b"*+1\r\n$4\r\nPING\r\n",
    b"* 1\r\n$4\r\nPING\r\n", b"*1\r\n$+4\r\nPING\r\n", b"*1\r\n4\r\nPING\r\n", b"*2147483648\r\n", b"*\r\n", b"*1\r\n$\r\n",
    b"*99999999999999999999\r\n", b"*1\r\n$536870913\r\n", b"PING\n", b"  PING \r\n", b'"PING"\r\n', b'"PI"NG\r\n',
    b"SET a 'x'y\r\n", b'SET a "x\r\n', b'SET a "\\x41\\n\\q"\r\nGET a\r\n', b"SET a 'it\\'s'\r\nGET a\r\n", b"A" * 70000,
    b"PING\r\n" * 3, b"QUIT\r\nPING\r\n", b"*2\r\n$3\r\nFOO\r\n$5\r\na\r\nb\r\n\r\n", b"*1\r\n$200\r\n" + b"z" * 200 + b"\r\n",
    b"*1\r\n:4\r\n", b"POST / HTTP/1.1\r\nHost: x\r\n\r\nSET a 1\r\n", b"Host: x\r\nSET a 2\r\n", b"GET a\r\n",
    *(line.encode() + b"\r\n" for line in (
        "GET", "get a b", "ECHO", "ECHO a b", "SELECT 16", "SELECT -1", "SELECT a", "CONFIG", "CONFIG GET", "CONFIG GET nosuch",
        "CONFIG GET maxmemory", "CONFIG GET MAXMEMOR?", "CONFIG GET maxmem[o]ry", "CONFIG GET maxmemory maxmemory", "CONFIG FOO",
        "CONFIG GET save", "CONFIG GET appendonly", "CLIENT", "CLIENT FOO", "CLIENT GETNAME", 'CLIENT SETNAME "a b"', "COMMAND FOO",
        "HELLO 4", "HELLO a", "HELLO 2 x", "PING a b", "DBSIZE x", "FLUSHALL x", "FLUSHALL async x", "FLUSHDB SYNC", "TYPE nosuch",
        "SET a", "SET a 1 FOO", "SET a 1 EX", "SET a 1 EX 0", "SET a 1 EX -1", "SET a 1 EX 9223372036854775807",
        "SET a 1 PX 9223372036854775807", "SET a 1 EX 9223372036854775", "SET a 1 EXAT 1", "SET a 1 PXAT 1", "GET a",
        "SET a 1 EX 10 PX 10", "SET a 1 KEEPTTL EX 10", "SET a 1 EX 10 KEEPTTL", "SET a 1 NX XX", "SET a 1 XX NX", "SET a 1 NX GET",
        "SET a 1 GET GET", "SET a 1 KEEPTTL KEEPTTL", "SET a 1 NX NX", "SET a 1 EX 1.5", "SETEX a 0 1", "SETEX a -1 1", "SETEX a x 1",
        "PSETEX a 0 1", "SETEX a 9223372036854775807 1", "PSETEX a 9223372036854775807 1", "MSET a", "MSET a 1 b", "GETSET a",
        "INCR a", "SET a 9223372036854775807", "INCR a", "DECRBY a -1", "SET a -9223372036854775808", "DECR a", "DECRBY a 1",
        "INCRBY a -1", "DECRBY a -9223372036854775808", "INCRBY a 9223372036854775808", "INCRBY a 1.0", "INCRBY a +1", "INCRBY a 01",
        "INCRBY a -0", 'SET a " 1"', "INCR a", 'SET a ""', "INCR a", "APPEND a x", 'APPEND a ""', "STRLEN a", "STRLEN b b", "DEL",
        "EXISTS", "EXISTS a a a", "DEL a a", "EXPIRE a", "EXPIRE a x", "SET a 1", "EXPIRE a 9223372036854775807",
        "EXPIRE a -9223372036854775808", "EXPIRE a 9223372036854775", "PEXPIRE a 9223372036854775807", "EXPIREAT a 9223372036854775807",
        "PEXPIREAT a 9223372036854775807", "PEXPIREAT a -9223372036854775808", "EXISTS a", "SET a 1", "EXPIRE a 1000 NX",
        "EXPIRE a 1000 NX", "EXPIRE a 1000 XX", "EXPIRE a 2000 GT", "EXPIRE a 500 LT", "EXPIRE a 1000 NX XX", "EXPIRE a 1000 GT LT",
        "EXPIRE a 1000 XX GT", "EXPIRE a 1000 NX GT", "EXPIRE a 800 xx lt", "EXPIRE a 2000 FOO", "EXPIRE b 10 FOO", "EXPIRE b x FOO",
        "EXPIRE a 1000 XX FOO", "TTL a", "PERSIST a", "TTL a", "PTTL b", "EXPIRE a 100 GT", "EXPIRE a 100 XX LT", "EXPIRE a 100 LT",
        "EXPIRE a 0", "TTL a", "SET a 1 EX 100", "SET a 2 KEEPTTL", "GETSET a 3", "TTL a", "SET a 1 EX 100", "APPEND a 5", "INCR a",
        "PERSIST a", "SETNX a 1", "SETNX c 1", "MGET a b c", "MGET", "UNLINK a c", "KEYS", "KEYS *", "SET hello 1", "KEYS h*llo",
        "KEYS [", "KEYS h[a-", "KEYS h[^a]llo", "KEYS h[a-z]llo", "KEYS h[z-a]llo", "KEYS h[\\e]llo", "KEYS h\\ello", "KEYS hell\\",
        "KEYS *\\", "KEYS []ello", "KEYS **o", "KEYS ?????", "KEYS ??????", 'KEYS ""', "KEYS h[]ello", "KEYS h[e", "KEYS [h]ello",
        "KEYS h[^]llo", "KEYS hello[", "KEYS hell[o", "TYPE hello", "FOO bar baz",
    )),
]  # fmt: skip


def alike(got: bytes, expected: bytes, begun: float) -> bool:
    """Whether both are times to live, in seconds, as far apart as the time since then can make them."""
    times = [int(text[1:]) for text in (got, expected) if re.fullmatch(rb":[1-9]\d*", text)]
    return len(times) == 2 and abs(times[0] - times[1]) <= 1 + time.monotonic() - begun


def say(port: int, words: bytes) -> tuple[bytes, bool]:
    """All that is answered to WORDS, and whether the connection ends."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S) as s:
        end = b"" if len(words) > 60000 else b"\r\nECHO that-was-all\r\n"
        answer = b""
        try:
            s.sendall(words + end)
            while not answer.endswith(b"that-was-all\r\n"):
                got = s.recv(1 << 16)
                if not got:
                    return answer, True
                answer += got
        except (BrokenPipeError, ConnectionResetError):
            return answer, True
    return answer, False


class Others(Case):
    # Debian's redis-tools has the server too, under another of its names.
    def redis(self) -> int:
        """The port of a real Redis."""
        if not shutil.which("redis-check-rdb"):
            self.skipTest("redis-tools is not installed")
        end = time.monotonic() + PATIENCE_S
        for _ in range(PORTS_TRIED):
            port = free_port()
            process = subprocess.Popen(
                ["redis-server", "--port", str(port), "--save", "", "--bind", "127.0.0.1", "--dbfilename", "none"],
                executable=shutil.which("redis-check-rdb"),
                stdout=subprocess.DEVNULL,
            )
            self.addCleanup(process.communicate)
            self.addCleanup(process.kill)
            while process.poll() is None and time.monotonic() < end:
                try:
                    client = Client("127.0.0.1", port)
                    said = client.call(b"INFO", b"server")
                    client.close()
                    if b"process_id:%d\r\n" % process.pid in said:  # and nobody else has taken the port
                        return port
                except (OSError, EOFError, ValueError):
                    pass
                time.sleep(0.05)
        self.fail("Redis does not come up")

    def test_same_words_as_redis(self) -> None:
        """Whatever is said, byte for byte: the same answers, and the same connections end."""
        theirs, ours = self.redis(), self.start().port
        for line in WORDS:
            begun = time.monotonic()
            got, expected = say(ours, line), say(theirs, line)
            self.assertEqual(got[1], expected[1], repr(line[:80]))
            if not (line.startswith(b"TTL") and alike(got[0].split(b"\r\n")[0], expected[0].split(b"\r\n")[0], begun)):
                self.assertEqual(got[0], expected[0], repr(line[:80]))

    def test_same_answers_as_redis(self) -> None:
        theirs = Client("127.0.0.1", self.redis())
        ours, source, begun = self.start().client(), random.Random(11), time.monotonic()
        lives = differ = 0
        for number in range(20000):
            command = random_command(source)
            expected, got = theirs.call(*command), ours.call(*command)
            if command[0] == b"TTL" and alike(got, expected, begun):
                lives, differ = lives + 1, differ + (got != expected)
            else:
                self.assertEqual(got, expected, f"command {number}: {command}")
        self.assertGreater(lives, 100)
        self.assertLess(differ, lives / 2)

    @unittest.skipUnless(shutil.which("redis-cli"), "redis-tools is not installed")
    def test_redis_tools(self) -> None:
        server = self.start()
        base = ["redis-cli", "-p", str(server.port)]
        self.assertEqual(subprocess.check_output([*base, "set", "a", "b c"]), b"OK\n")
        self.assertEqual(subprocess.check_output([*base, "get", "a"]), b"b c\n")
        self.assertIn(b"redis_version", subprocess.check_output([*base, "info"]))
        script = "\n".join(["set x 1", "incr x", "get x", "keys *"]) + "\n"
        self.assertIn(b"2\n", subprocess.check_output(base, input=script.encode()))
        bench = ["redis-benchmark", "-p", str(server.port), "-q", "-n", "2000", "-c", "30", "-P", "4"]
        out = subprocess.run([*bench, "-t", "ping,set,get,incr,mset"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(out.count("requests per second"), 6, out)


if __name__ == "__main__":
    os.chdir(ROOT)
    unittest.main(verbosity=0)
