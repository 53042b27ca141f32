"""Turn drawn packets into frames with correct checksums, and frames into a pcap file.

Headers are built for all packets of one shape (framing, protocol, SYN or not) at once as a byte matrix. Payloads are
slices of one fixed random pool whose running sums are known, so that transport checksums cost a few additions.

Source: RFC 791, 8200, 9293, 768, 792, 4443, 2784, 7348, 3032, IEEE 802.1Q; checksum RFC 1071.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from bench._population import SPAN_NS, SYN, Flows, Framing, Ints, Packets

Bytes = NDArray[np.uint8]

EPOCH_NS: Final = 1_767_225_600 * 10**9
"""2026-01-01T00:00:00Z: time of the first second of the mix."""
CHUNK: Final = 100_000  # packets encoded at once: keeps the working set below 200 MB
RECORD: Final = 16
"""Size of a pcap record header, bytes."""
_POOL_WORDS: Final = 4096
_IPV6: Final = (Framing.IPV6, Framing.IPV6_VLAN, Framing.IPV6_HOPS, Framing.IPV6_FRAGMENT)
_LINK: Final = {
    Framing.VLAN: bytes.fromhex("8100 0064"),
    Framing.QINQ: bytes.fromhex("88a8 00c8 8100 0065"),
    Framing.IPV6_VLAN: bytes.fromhex("8100 0066"),
}


def file_header(snaplen: int) -> bytes:
    """Return a pcap file header: nanosecond magic, little endian, Ethernet."""
    return struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, snaplen, 1)


class _Header:
    """A byte matrix, one row per packet, filled field by field."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.parts: list[Bytes] = []

    def constant(self, data: bytes) -> None:
        self.parts.append(np.broadcast_to(np.frombuffer(data, np.uint8), (self.rows, len(data))))

    def number(self, values: Ints, size: int) -> None:
        wide = np.ascontiguousarray(values.astype(">u8")).view(np.uint8).reshape(self.rows, 8)
        self.parts.append(wide[:, 8 - size :])

    def done(self) -> Bytes:
        return np.ascontiguousarray(np.concatenate(self.parts, axis=1))


def _folded(total: Ints) -> Ints:
    for _ in range(3):
        total = (total & 0xFFFF) + (total >> 16)
    return (~total) & 0xFFFF


def _words(header: Bytes) -> Ints:
    """Sum the 16-bit words of every row (an odd last byte counts as the high half of a word)."""
    wide = header.astype(np.int64)
    total: Ints = (wide[:, 0::2].sum(axis=1) << 8) + wide[:, 1::2].sum(axis=1)
    return total


def _put16(header: Bytes, at: int, values: Ints) -> None:
    header[:, at] = values >> 8
    header[:, at + 1] = values & 0xFF


def host_v4(host: Ints) -> Ints:
    """Return 10.0.0.0/8 addresses of host numbers."""
    return (10 << 24) + host + 1


def host_mac(host: Ints) -> Ints:
    """Return locally administered link addresses of host numbers."""
    return (0x02 << 40) + host + 1


class Encoder:
    """Encodes packets of a flow population; random payloads depend on the seed only, others lie in ``library``."""

    def __init__(self, flows: Flows, seed: int, library: bytes = b"") -> None:
        self.flows = flows
        noise = np.random.default_rng(seed).integers(0, 256, 2 * _POOL_WORDS).astype(np.uint8)
        pool = np.concatenate([noise, np.frombuffer(library, np.uint8)])
        self.pool = pool
        words = (pool[0::2].astype(np.int64) << 8) + pool[1::2]
        self.sums = np.concatenate([[0], np.cumsum(words)])

    def shapes(self, packets: Packets) -> Ints:
        """Return a number per packet that is equal for packets whose headers have the same layout."""
        flow = packets.flow
        syn = (packets.flags & SYN > 0).astype(np.int64)
        return (self.flows.framing[flow] * 256 + self.flows.proto[flow]) * 2 + syn

    def starts(self, packets: Packets) -> Ints:
        """Return where each payload starts in the pool (even offsets)."""
        room = _POOL_WORDS - 1024
        noise = 2 * ((packets.flow * 40503 + packets.seq + packets.ts // 1000) % room)
        return np.where(packets.text >= 0, 2 * _POOL_WORDS + packets.text, noise)

    def headers(self, packets: Packets) -> Bytes:
        """Return the headers, link layer to transport, of packets that all have one shape."""
        flow = packets.flow
        framing = Framing(int(self.flows.framing[flow[0]]))
        inner = self._network(packets, framing)
        link = _Header(len(flow))
        client, server = self.flows.client[flow], self.flows.server[flow]
        back = packets.back == 1
        link.number(host_mac(np.where(back, client, server)), 6)
        link.number(host_mac(np.where(back, server, client)), 6)
        if framing in (Framing.GRE, Framing.VXLAN):
            self._outer(link, packets, framing, inner.shape[1])
        elif framing is Framing.MPLS:
            link.constant(bytes.fromhex("8847"))
            link.number((16 + flow % 1000 << 12) + (1 << 8) + 64, 4)
        else:
            link.constant(_LINK.get(framing, b"") + bytes.fromhex("86dd" if framing in _IPV6 else "0800"))
        link.parts.append(inner)
        return link.done()

    def _outer(self, link: _Header, packets: Packets, framing: Framing, inner: int) -> None:
        """Append the outer Ethernet type, IPv4 header and tunnel header."""
        rows = link.rows
        gre = framing is Framing.GRE
        tunnel = 4 if gre else 8 + 8 + 14
        total = 20 + tunnel + inner + packets.payload
        ends = np.where(packets.back == 1, 1, 0)
        outer = _ipv4(
            rows, total, 47 if gre else 17, (172 << 24) + (16 << 16) + 1 + ends, (172 << 24) + (16 << 16) + 2 - ends
        )
        link.constant(bytes.fromhex("0800"))
        link.parts.append(outer)
        if gre:
            link.constant(bytes.fromhex("0000 0800"))
            return
        link.number(49152 + packets.flow % 16384, 2)
        link.constant(struct.pack("!H", 4789))
        link.number(total - 20, 2)
        link.constant(bytes.fromhex("0000 08000000"))
        link.number(100 + packets.flow % 16, 3)
        link.constant(bytes.fromhex("00 020000aa0001 020000aa0002 0800"))

    def _network(self, packets: Packets, framing: Framing) -> Bytes:
        """Return the innermost IP header and the transport header."""
        flow = packets.flow
        proto = int(self.flows.proto[flow[0]])
        back = packets.back == 1
        source = np.where(back, self.flows.server[flow], self.flows.client[flow])
        target = np.where(back, self.flows.client[flow], self.flows.server[flow])
        six = framing in _IPV6
        transport = self._transport(packets, proto, six)
        length = transport.shape[1] + packets.payload
        if six:
            number = 58 if proto == 1 else proto
            header, pseudo = _ipv6(len(flow), length, number, framing, source, target)
        else:
            number = proto
            header = _ipv4(len(flow), 20 + length, proto, host_v4(source), host_v4(target))
            pseudo = _words(header[:, 12:20])
        if proto == 1 and not six:
            pseudo = np.zeros(len(flow), np.int64)  # ICMPv4 has no pseudo header
        total = _words(transport) + self._payload_sum(packets)
        total += pseudo + (0 if proto == 1 and not six else length + number)
        check = _folded(total)
        _put16(transport, {6: 16, 17: 6, 1: 2}[proto], np.where((proto == 17) & (check == 0), 0xFFFF, check))
        return np.concatenate([header, transport], axis=1)

    def _payload_sum(self, packets: Packets) -> Ints:
        start = self.starts(packets)
        words = packets.payload // 2
        total: Ints = self.sums[start // 2 + words] - self.sums[start // 2]
        odd = packets.payload % 2 == 1
        return total + np.where(odd, self.pool[start + 2 * words].astype(np.int64) << 8, 0)

    def _transport(self, packets: Packets, proto: int, six: bool) -> Bytes:
        """Return the transport headers with a zero checksum."""
        flow = packets.flow
        header = _Header(len(flow))
        back = packets.back == 1
        if proto == 1:
            kind = np.where(back, 129 if six else 0, 128 if six else 8)
            header.number(kind << 24, 4)
            header.number(self.flows.sport[flow], 2)
            header.number(packets.ts // 10**7 % 65536, 2)
            return header.done()
        client, server = self.flows.sport[flow], self.flows.dport[flow]
        header.number(np.where(back, server, client), 2)
        header.number(np.where(back, client, server), 2)
        if proto == 17:
            header.number(8 + packets.payload, 2)
            header.constant(b"\0\0")
            return header.done()
        syn = bool(packets.flags[0] & SYN)
        header.number(packets.seq, 4)
        header.number(packets.ack, 4)
        header.number((10 if syn else 8) * 4096 + packets.flags, 2)
        header.constant(bytes.fromhex("faf0 0000 0000"))
        header.constant(bytes.fromhex("020405b4 0402 080a" if syn else "0101 080a"))
        header.number(packets.ts // 10**6 % 2**32, 4)
        header.number(np.where(packets.ack > 0, packets.ts // 10**6 % 2**32, 0), 4)
        if syn:
            header.constant(bytes.fromhex("01 030307"))
        return header.done()


def _ipv4(rows: int, total: Ints, proto: int, source: Ints, target: Ints) -> Bytes:
    header = _Header(rows)
    header.constant(b"\x45\0")
    header.number(total, 2)
    header.constant(bytes.fromhex("0000 4000 40") + bytes([proto, 0, 0]))
    header.number(source, 4)
    header.number(target, 4)
    done = header.done()
    _put16(done, 10, _folded(_words(done)))
    return done


def _ipv6(rows: int, length: Ints, proto: int, framing: Framing, source: Ints, target: Ints) -> tuple[Bytes, Ints]:
    """Return IPv6 headers with their extension header, and the sum of the addresses for the pseudo header."""
    extension = {
        Framing.IPV6_HOPS: (0, bytes([proto]) + bytes.fromhex("00 0104 00000000")),
        Framing.IPV6_FRAGMENT: (44, bytes([proto]) + bytes.fromhex("00 0000 00000001")),
    }
    following, extra = extension.get(framing, (proto, b""))
    header = _Header(rows)
    header.constant(bytes.fromhex("60000000"))
    header.number(length + len(extra), 2)
    header.constant(bytes([following, 64]))
    for host in (source, target):
        header.constant(bytes.fromhex("20010db8 00000000 0000"))
        header.number(host + 1, 6)
    header.constant(extra)
    done = header.done()
    return done, _words(done[:, 8:40])


def record_lengths(headers: Sequence[Bytes], rows: Sequence[Ints], payload: Ints) -> Ints:
    """Return the frame length of every packet of a chunk, bytes."""
    length = payload.copy()
    for header, row in zip(headers, rows, strict=True):
        length[row] += header.shape[1]
    return length


def write_chunk(encoder: Encoder, packets: Packets, outputs: Sequence[tuple[Path, int]]) -> None:
    """Append the packets to every (file, snap length)."""
    shapes = encoder.shapes(packets)
    rows = [np.flatnonzero(shapes == shape) for shape in np.unique(shapes)]
    headers = [encoder.headers(_take(packets, row)) for row in rows]
    length = record_lengths(headers, rows, packets.payload)
    start = encoder.starts(packets)
    for path, snaplen in outputs:
        captured = np.minimum(length, snaplen)
        end = np.cumsum(captured + RECORD)
        begin = end - captured
        buffer = np.zeros(int(end[-1]) + 2048, np.uint8)
        for header, row in zip(headers, rows, strict=True):
            width = min(header.shape[1], snaplen)
            buffer[begin[row][:, None] + np.arange(width)] = header[:, :width]
        view, pool = buffer.data, encoder.pool.data
        place = end - np.minimum(packets.payload, np.maximum(captured - length + packets.payload, 0))
        for at, stop, source in zip(place.tolist(), end.tolist(), start.tolist(), strict=True):
            view[at:stop] = pool[source : source + stop - at]
        stamp = packets.ts + EPOCH_NS
        fields = np.stack([stamp // 10**9, stamp % 10**9, captured, length], axis=1).astype("<u4")
        buffer[(begin - RECORD)[:, None] + np.arange(RECORD)] = fields.view(np.uint8).reshape(len(fields), RECORD)
        with path.open("ab") as file:
            file.write(buffer.data[: int(end[-1])])


def _take(packets: Packets, row: Ints) -> Packets:
    return Packets(*(getattr(packets, name)[row] for name in packets.__slots__))


def write_pcaps(encoder: Encoder, packets: Packets, outputs: Sequence[tuple[Path, int]], repeat: int = 1) -> None:
    """Write the packets, already in time order, to every (file, snap length); a file appears only when complete.

    The packets lie inside ``SPAN_NS``; with ``repeat`` the same traffic comes that many times, each a span later.
    """
    drafts = [(path.with_suffix(".part"), snaplen) for path, snaplen in outputs]
    for draft, snaplen in drafts:
        draft.write_bytes(file_header(snaplen))
    for turn in range(repeat):
        for at in range(0, len(packets.ts), CHUNK):
            part = _take(packets, np.arange(at, min(at + CHUNK, len(packets.ts))))
            write_chunk(encoder, replace(part, ts=part.ts + turn * SPAN_NS), drafts)
    for (path, _), (draft, _) in zip(outputs, drafts, strict=True):
        draft.replace(path)
