# SPDX-License-Identifier: MIT
"""Frames of the machine at the other end of a guest's link: Ethernet, ARP, IPv4 (RFC 791), UDP, TCP (RFC 9293)."""

from __future__ import annotations

import dataclasses
import struct

GUEST, SELF = bytes((10, 0, 2, 15)), bytes((10, 0, 2, 2))
OWN_MAC, ANY_MAC = bytes((0x52, 0x55, 10, 0, 2, 2)), b"\xff" * 6
MSS = 1460
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
ICMP, TCP, UDP = 1, 6, 17


@dataclasses.dataclass
class Segment:
    """TCP's; from_port is the sender's."""

    from_port: int
    to_port: int
    seq: int
    ack: int
    flags: int
    window: int
    data: bytes = b""


def checksum(data: bytes) -> int:
    if len(data) % 2:
        data += b"\0"
    total = sum(int(word) for word in struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def ethernet(mac: bytes, kind: int, payload: bytes) -> bytes:
    return (mac + OWN_MAC + struct.pack(">H", kind) + payload).ljust(60, b"\0")


def arp(operation: int, mac: bytes) -> bytes:
    """1: who has the guest's address; 2: it is here."""
    body = struct.pack(">HHBBH", 1, 0x0800, 6, 4, operation) + OWN_MAC + SELF + (mac if operation == 2 else bytes(6)) + GUEST
    return ethernet(mac, 0x0806, body)


def ip(mac: bytes, protocol: int, payload: bytes, fragment: int = 0) -> bytes:
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 0, fragment, 64, protocol, 0) + SELF + GUEST
    head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
    return ethernet(mac, 0x0800, head + payload)


def pseudo(protocol: int, n: int, source: bytes, to: bytes) -> bytes:
    return source + to + struct.pack(">BBH", 0, protocol, n)


def tcp(mac: bytes, s: Segment) -> bytes:
    options = struct.pack(">BBH", 2, 4, MSS) if s.flags & SYN else b""
    head = struct.pack(">HHIIBBHHH", s.from_port, s.to_port, s.seq, s.ack, (20 + len(options)) << 2, s.flags, s.window, 0, 0)
    body = head + options + s.data
    total = checksum(pseudo(TCP, len(body), SELF, GUEST) + body)
    return ip(mac, TCP, body[:16] + struct.pack(">H", total) + body[18:])


def udp(mac: bytes, from_port: int, to_port: int, data: bytes) -> bytes:
    body = struct.pack(">HHHH", from_port, to_port, 8 + len(data), 0) + data
    total = checksum(pseudo(UDP, len(body), SELF, GUEST) + body)
    return ip(mac, UDP, body[:6] + struct.pack(">H", total or 0xFFFF) + body[8:])


def icmp_echo(mac: bytes, number: int) -> bytes:
    body = struct.pack(">BBHHH", 8, 0, 0, 1, number) + bytes(48)
    return ip(mac, ICMP, body[:2] + struct.pack(">H", checksum(body)) + body[4:])


def segment_of(frame: bytes) -> Segment | None:
    """What a frame of the guest carries, if it is TCP; its checksum must be right."""
    if frame[12:14] != b"\x08\x00" or frame[23] != TCP:
        return None
    length = struct.unpack_from(">H", frame, 16)[0]
    body = frame[34 : 14 + length]
    if checksum(pseudo(TCP, len(body), frame[26:30], frame[30:34]) + body):
        raise ValueError("the guest has sent a segment with a wrong checksum")
    source, to, seq, ack, offset, flags, window = struct.unpack_from(">HHIIBBH", body)
    return Segment(source, to, seq, ack, flags, window, body[offset >> 2 :])
