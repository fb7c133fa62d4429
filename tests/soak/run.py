#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Servers in use for long: bursts of clients of all kinds (visits.py), and nothing in between, for hours of the guest's
own clock.  While nothing happens that clock jumps (-icount sleep=off), to the next timer: of the network, of a key that
expires, of a client that is too slow.  A burst is over when the guest has no timer left; then what it has in use must be
what it had after the first bursts: processes, threads, descriptors, sockets, connections, handles, objects exactly, and
memory but for what is said below.

usage: run.py [-t HOURS] [-b BURSTS] [-f FRAMES] [-j JOBS] [-s SEED] [-k FILE] [-v] [SERVER/STRUCTURE...]

At least so many of the guest's hours, and bursts; frames may differ by so many FRAMES; all servers on all structures by
default.  With -k cases that passed are kept in FILE, and not done again while the image is the same.  -v prints what was
in use after each burst.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import hashlib
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from link import Link, Problem
from visits import KINDS, SERVERS, Server, State, ask, vanish, vanish_taking

ROOT = Path(__file__).resolve().parents[2]
STRUCTURES = ("uni", "mono", "exo", "micro", "micro1", "hybrid")
SETTLED = 3  # bursts, until everything has grown to its size
VISITS = 40  # in a burst
GIVEN_UP = 12  # in one of so many bursts clients vanish, which takes the guest thousands of turns of its clock
SILENCES = 12  # in a burst, at most
# What may differ, beside page frames, whose slabs can be filled otherwise: packets that a driver has sent and not yet given
# back, and the network's records of them, which it keeps (parts/net/link.c); the store's list of times to live, which does
# not shrink.
SLACK = {"net_bytes": 16384, "used_memory": 4096}
# What is counted since boot, and told at the end.
TOLD = ("net_resent", "net_bad", "net_dropped")
BOOT_S = 600  # a host can be slow


def command(image: Path, folder: Path, link: Link, words: str) -> list[str]:
    plugin = f"{ROOT}/build/plugin/toll-count.so,map={image.with_suffix('.map')},out={folder / 'counts'}"
    return [
        "qemu-system-x86_64",
        *("-M", "microvm,pit=off,pic=off,rtc=off,isa-serial=on,acpi=off", "-global", "virtio-mmio.force-legacy=false"),
        *("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off", "-cpu", "max,-x2apic", "-m", "64", "-nodefaults"),
        *("-no-user-config", "-display", "none", "-no-reboot", "-serial", f"file:{folder / 'serial'}", "-seed", "1"),
        *("-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-rtc", "clock=vm"),
        *("-drive", f"id=d0,file={folder / 'disk'},format=raw,if=none,cache=unsafe", "-device", "virtio-blk-device,drive=d0"),
        *("-netdev", f"stream,id=n0,server=off,addr.type=fd,addr.str={link.theirs.fileno()}"),
        *("-device", "virtio-net-device,netdev=n0"),
        *("-plugin", f"{plugin},peer={os.getpid()}/{os.getpid()},idle={link.fifo}"),
        *("-kernel", str(image), "-append", f"seed=1 epoch=1704067200 ip=10.0.2.15/24,10.0.2.2 -- {words}"),
    ]  # fmt: skip


def boot(server: Server, image: Path, folder: Path, link: Link) -> None:
    shutil.copyfile(ROOT / "build/disk.img", folder / "disk")
    argv = command(image, folder, link, f"{server.program} {server.words}")
    with (folder / "qemu").open("wb") as out:
        link.guest = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, pass_fds=[link.theirs.fileno()])
    link.theirs.close()
    end = time.monotonic() + BOOT_S
    while "TOLL1 listen" not in ((folder / "serial").read_text(errors="replace") if (folder / "serial").exists() else ""):
        if time.monotonic() > end:
            raise Problem("the guest does not come to listen")
        link.event()


def burst(server: Server, link: Link, dice: random.Random, number: int) -> State:
    """Then what is in use once nothing happens any more."""
    kinds = [dice.choice(KINDS) for _ in range(VISITS)] + [vanish, vanish_taking] * (number % GIVEN_UP == GIVEN_UP - 1)
    link.run([kind(server, link, dice) for kind in kinds], SILENCES)
    states: list[State] = []
    link.run([ask(server, link, states)], SILENCES)
    return states[0]


def compare(states: list[State], frames: int) -> None:
    """With what it was when it had settled."""
    first, last = states[SETTLED - 1], states[-1]
    wrong = []
    for name, count in first.counts.items():
        if name in TOLD:
            continue
        slack = frames if name.startswith("frames") else SLACK.get(name, 0)
        if any(abs(s.counts[name] - count) > slack for s in states[SETTLED:]):
            wrong.append(f"{name} was {count} and is {last.counts[name]}")
    if wrong:
        raise Problem("not as it was: " + ", ".join(wrong))


def soak(name: str, options: argparse.Namespace) -> str:
    """What it was like, or a Problem.  In a process of its own, whose one thread the plugin watches (settle_peer.h)."""
    Path("/proc/self/comm").write_text("peer: waits")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # and end the guest
    kind, structure = name.split("/")
    server, dice = SERVERS[kind](), random.Random(f"{options.s} {name}")
    states: list[State] = []
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        link = Link(folder)
        try:
            boot(server, image_of(name), folder, link)
            while len(states) < max(options.b, SETTLED + 1) or hours(states) < options.t:
                states.append(burst(server, link, dice, len(states)))
                if options.v:
                    print(f"{name} {len(states)} {hours(states):.2f} h {link.idles} idle {states[-1].counts}", file=sys.stderr, flush=True)
            compare(states, options.f)
        except Problem as problem:
            serial = (folder / "serial").read_text(errors="replace")[-400:] if (folder / "serial").exists() else ""
            raise Problem(f"{name}, burst {len(states) + 1}, {hours(states):.2f} h: {problem}; {serial}") from problem
        finally:
            if link.guest:
                link.guest.kill()
                link.guest.wait()
            link.close()
    return (f"{name}: {hours(states):.1f} h of the guest's clock, {len(states)} bursts, {link.visits} visits, "
            f"{link.frames_in + link.frames_out} frames, resent {link.resent}, "
            f"{', '.join(f'{name} {states[-1].counts[name]}' for name in TOLD)}, {time.monotonic() - begun:.0f} s")  # fmt: skip


def hours(states: list[State]) -> float:
    return (states[-1].seconds - states[0].seconds) / 3600 if states else 0


def image_of(name: str) -> Path:
    kind, structure = name.split("/")
    return ROOT / f"build/images/{structure}/{SERVERS[kind].program}.elf"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("-t", type=float, default=1)
    parser.add_argument("-b", type=int, default=0)
    parser.add_argument("-f", type=int, default=8)
    parser.add_argument("-j", type=int, default=2)
    parser.add_argument("-s", type=int, default=1)
    parser.add_argument("-k", type=Path)
    parser.add_argument("-v", action="store_true")
    parser.add_argument("case", nargs="*")
    options = parser.parse_args()
    names = options.case or [f"{kind}/{s}" for s in STRUCTURES for kind in SERVERS]
    key = {n: f"{n} {options.t} {options.s} {hashlib.sha256(image_of(n).read_bytes()).hexdigest()}" for n in names}
    kept = set(options.k.read_text().splitlines()) if options.k and options.k.exists() else set()
    passed = failed = 0
    begun = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.j) as pool:
        jobs = {pool.submit(soak, name, options): name for name in names if key[name] not in kept}
        for job in concurrent.futures.as_completed(jobs):
            try:
                print(job.result(), flush=True)
                passed += 1
                if options.k:
                    options.k.parent.mkdir(parents=True, exist_ok=True)
                    with options.k.open("a") as out:
                        print(key[jobs[job]], file=out)
            except Problem as problem:
                print(f"not ok - {problem}", flush=True)
                failed += 1
            done = passed + failed
            left = (len(jobs) - done) * (time.monotonic() - begun) / done
            print(f"{done} of {len(jobs)} cases, {failed} failed, {left / 60:.0f} min left", file=sys.stderr, flush=True)
    print(f"{passed + len(names) - len(jobs)} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
