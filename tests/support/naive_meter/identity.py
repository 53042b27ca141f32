"""Identifiers of a flow row: the UUIDv7 from SipHash-2-4-128, and Community ID (flow-semantics.md 8).

Source: Aumasson & Bernstein 2012 (SipHash), its reference code for the 128-bit output; RFC 9562 (UUIDv7);
community-id-spec version 1.
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final

M64: Final = (1 << 64) - 1
Words = tuple[int, int, int, int]


def _rotl(word: int, count: int) -> int:
    return (word << count | word >> (64 - count)) & M64


def _round(state: Words) -> Words:
    a, b, c, d = state
    a = (a + b) & M64
    b = _rotl(b, 13) ^ a
    a = _rotl(a, 32)
    c = (c + d) & M64
    d = _rotl(d, 16) ^ c
    a = (a + d) & M64
    d = _rotl(d, 21) ^ a
    c = (c + b) & M64
    b = _rotl(b, 17) ^ c
    return a, b, _rotl(c, 32), d


def siphash128(key: bytes, message: bytes) -> bytes:
    """Return the 16 bytes of SipHash-2-4 with 128-bit output."""
    k0, k1 = struct.unpack("<QQ", key)
    state = (
        k0 ^ 0x736F6D6570736575,
        k1 ^ 0x646F72616E646F6D ^ 0xEE,
        k0 ^ 0x6C7967656E657261,
        k1 ^ 0x7465646279746573,
    )
    padded = message + b"\0" * (7 - len(message) % 8) + bytes([len(message) & 0xFF])
    for (word,) in struct.iter_unpack("<Q", padded):
        state = (state[0], state[1], state[2], state[3] ^ word)
        state = _round(_round(state))
        state = (state[0] ^ word, state[1], state[2], state[3])
    out = b""
    for part, place in ((0xEE, 2), (0xDD, 1)):
        changed = list(state)
        changed[place] ^= part
        state = (changed[0], changed[1], changed[2], changed[3])
        for _ in range(4):
            state = _round(state)
        out += struct.pack("<Q", state[0] ^ state[1] ^ state[2] ^ state[3])
    return out


def flow_uid(source_id: bytes, ordinal: int, inner_index: int, segment_seq: int, ts_start_ns: int) -> bytes:
    """Return the deterministic UUIDv7 of a flow segment."""
    digest = siphash128(source_id[:16], struct.pack("<QBI", ordinal, inner_index, segment_seq))
    rand_a = int.from_bytes(digest[:2], "little") & 0x0FFF
    rand_b = int.from_bytes(digest[8:16], "little") & ((1 << 62) - 1)
    millis = ts_start_ns // 1_000_000 & ((1 << 48) - 1)
    return (millis << 80 | 7 << 76 | rand_a << 64 | 2 << 62 | rand_b).to_bytes(16, "big")


ICMP_MAP: Final = {0: 8, 8: 0, 9: 10, 10: 9, 13: 14, 14: 13, 15: 16, 16: 15, 17: 18, 18: 17}
ICMP6_MAP: Final = {
    128: 129, 129: 128, 133: 134, 134: 133, 135: 136, 136: 135, 130: 131, 131: 130, 144: 145, 145: 144,
    139: 140, 140: 139,
}  # fmt: skip
PORT_PROTOCOLS: Final = {6, 17, 132}


def community_id(
    proto: int, src: bytes, dst: bytes, ports: tuple[int, int] | None, icmp: tuple[int, int] | None
) -> bytes:
    """Return the SHA-1 of Community ID v1 with seed 0, seen from the sender of the flow's first packet.

    ``src`` and ``dst`` are 16 bytes, IPv4 mapped.
    """
    four = b"\0" * 10 + b"\xff\xff"
    if src.startswith(four) and dst.startswith(four):
        src, dst = src[12:], dst[12:]
    pair = ports if proto in PORT_PROTOCOLS else None
    one_way = False
    if icmp is not None and proto in {1, 58}:
        answer = (ICMP_MAP if proto == 1 else ICMP6_MAP).get(icmp[0])
        one_way = answer is None
        pair = icmp if answer is None else (icmp[0], answer)
    low, high = (src, pair[0] if pair else 0), (dst, pair[1] if pair else 0)
    if not one_way and high < low:
        low, high = high, low
    tail = struct.pack(">HH", low[1], high[1]) if pair else b""
    return hashlib.sha1(b"\0\0" + low[0] + high[0] + bytes([proto, 0]) + tail, usedforsecurity=False).digest()
