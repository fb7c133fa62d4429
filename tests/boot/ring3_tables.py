#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Stops a guest while it runs in ring 3, looks by QEMU's monitor at what is mapped there, and ends QEMU.

usage: ring3_tables.py FOLDER hidden|whole

FOLDER has the serial output and the monitor's socket.  hidden: of the upper half hardly anything may be mapped, and
nothing for ring 3.  whole: the kernel's view of all memory must be there, which shows that this test would see it.
"""
import re
import socket
import sys
import time
from pathlib import Path

UPPER = 0xFFFF800000000000
HIDDEN_BYTES_MAX = 8 * 4096
WHOLE_BYTES_MIN = 32 << 20
PROMPT = b"(qemu) "


class Monitor:
    def __init__(self, path: Path) -> None:
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(600)
        self.socket.connect(str(path))
        self.answer()

    def answer(self) -> str:
        got = b""
        while not got.endswith(PROMPT):
            got += self.socket.recv(65536)
        return got.decode(errors="replace")

    def quit(self) -> None:
        """Ends QEMU, which drops the command if the line is closed too early."""
        self.socket.sendall(b"quit\n")
        while self.socket.recv(65536):
            pass

    def ask(self, command: str) -> str:
        self.socket.sendall(command.encode() + b"\n")
        return self.answer()


def wait_for_main(folder: Path) -> None:
    for _ in range(12000):
        serial = folder / "serial"
        if serial.exists() and b"TOLL1 main" in serial.read_bytes() and (folder / "monitor").exists():
            return
        time.sleep(0.05)
    sys.exit("the program did not start")


def stop_in_ring3(monitor: Monitor) -> None:
    for _ in range(200):
        time.sleep(0.02)
        monitor.ask("stop")
        if "CPL=3" in monitor.ask("info registers"):
            return
        monitor.ask("cont")
    sys.exit("the guest was never found in ring 3")


def main(argv: list[str]) -> int:
    folder, wanted = Path(argv[1]), argv[2]
    wait_for_main(folder)
    monitor = Monitor(folder / "monitor")
    stop_in_ring3(monitor)
    ranges = re.findall(r"([0-9a-f]{16})-([0-9a-f]{16}) [0-9a-f]{16} ([-u][-r][-w])", monitor.ask("info mem"))
    monitor.quit()
    upper = [(int(start, 16), int(end, 16), flags) for start, end, flags in ranges if int(start, 16) >= UPPER]
    total = sum(end - start for start, end, _ in upper)
    for start, end, flags in upper:
        print(f"{start:x}-{end:x} {flags}")
    if any(flags[0] == "u" for _, _, flags in upper):
        sys.exit("part of the upper half is for ring 3")
    if not any(int(start, 16) < UPPER and flags[0] == "u" for start, _, flags in ranges):
        sys.exit("nothing is mapped for ring 3")
    if wanted == "hidden" and not 0 < total <= HIDDEN_BYTES_MAX:
        sys.exit(f"{total} bytes of the kernel are mapped in ring 3")
    if wanted == "whole" and total < WHOLE_BYTES_MIN:
        sys.exit(f"only {total} bytes of the upper half are mapped")
    print("as wanted")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
