"""How a stack opens a TCP connection, as text: the notation of p0f 3 (README section 5), without the distance."""

from __future__ import annotations

from typing import Final

from naive_meter.packet import Packet

FIN, SYN, RST, PSH, ACK, URG = 1, 2, 4, 8, 16, 32
NAMES: Final = {0: "eol", 1: "nop", 2: "mss", 3: "ws", 4: "sok", 5: "sack", 8: "ts"}
SIZES: Final = {2: 4, 3: 3, 4: 2, 8: 10}
"""Bytes of the options whose size is fixed, kind and length included (RFC 9293 3.2, RFC 7323 2, 3; RFC 2018 2)."""

MAX_OPTIONS: Final = 24

Option = tuple[int, bytes]
"""Kind and value; of the end of options what stands behind it."""


def is_readable(packet: Packet) -> bool:
    """Tell whether a packet is a whole SYN or SYN+ACK with all its headers captured."""
    tcp = packet.tcp
    opens = tcp is not None and tcp.flags & (FIN | SYN | RST) == SYN
    return opens and packet.headers is not None and not packet.is_fragment


def columns(originator: Packet | None, responder: Packet | None) -> dict[str, str | None]:
    """Return both signature columns, given the first readable SYN of either side."""
    asked = originator if originator is not None and not _is_answer(originator) else None
    answer = responder if responder is not None and _is_answer(responder) else None
    mss = 0 if asked is None else _value(_options(asked)[0], 2)
    return {
        "src_syn_sig": None if asked is None else _text(asked, 0),
        "dst_syn_sig": None if answer is None else _text(answer, mss),
    }


def _is_answer(packet: Packet) -> bool:
    assert packet.tcp is not None
    return bool(packet.tcp.flags & ACK)


def _parts(packet: Packet) -> tuple[bytes, bytes]:
    assert packet.headers is not None
    return packet.headers


def _options(packet: Packet) -> tuple[list[Option], bool]:
    """Return the options of a header, and whether any of it is broken."""
    raw = _parts(packet)[1][20:]
    found: list[Option] = []
    at, bad = 0, False
    while at < len(raw) and len(found) < MAX_OPTIONS:
        kind, size = raw[at], _size(raw, at)
        if kind == 0:
            return [*found, (kind, raw[at + 1 :])], bad
        if not size or at + size > len(raw):
            return [*found, (kind, b"")], True
        bad = bad or (kind in SIZES and raw[at + 1] != size)
        found.append((kind, raw[at + 2 : at + size]))
        at += size
    return found, bad or at < len(raw)


def _size(raw: bytes, at: int) -> int:
    """Return the bytes an option takes, 0 when it has an impossible length."""
    stated = raw[at + 1] if at + 1 < len(raw) else 0
    if raw[at] == 1:
        return 1
    if raw[at] in SIZES:
        return SIZES[raw[at]]
    least, most = (10, 34) if raw[at] == 5 else (2, 40)
    return stated if least <= stated <= most else 0


def _value(options: list[Option], kind: int) -> int:
    """Return the value of the last option of a kind as a number, 0 without one."""
    values = [value for own, value in options if own == kind and len(value) == SIZES[kind] - 2]
    return int.from_bytes(values[-1], "big") if values else 0


def _quirks(packet: Packet, options: list[Option], *, bad: bool) -> list[str]:
    ip, tcp = _parts(packet)
    flags, ack = tcp[13], any(tcp[8:12])
    stamps = [value for kind, value in options if kind == 8 and len(value) == 8]
    seen = {
        **_ip_quirks(ip, ecn=bool(flags & 0xC0 or tcp[12] & 1)),
        "seq-": not any(tcp[4:8]),
        "ack+": ack and not flags & ACK,
        "ack-": not ack and bool(flags & ACK),
        "uptr+": any(tcp[18:20]) and not flags & URG,
        "urgf+": bool(flags & URG),
        "pushf+": bool(flags & PSH),
        "ts1-": any(not any(value[:4]) for value in stamps),
        "ts2+": not flags & ACK and any(any(value[4:]) for value in stamps),
        "opt+": any(any(value) for kind, value in options if kind == 0),
        "exws": any(value[0] > 14 for kind, value in options if kind == 3 and value),
        "bad": bad,
    }
    return [name for name, is_seen in seen.items() if is_seen]


def _ip_quirks(ip: bytes, *, ecn: bool) -> dict[str, bool]:
    if ip[0] >> 4 == 6:
        word = int.from_bytes(ip[:4], "big")
        return {"ecn": ecn or bool(word >> 20 & 3), "flow": bool(word & 0xFFFFF)}
    whole, numbered = bool(ip[6] & 0x40), any(ip[4:6])
    return {
        "df": whole,
        "id+": whole and numbered,
        "id-": not whole and not numbered,
        "ecn": ecn or bool(ip[1] & 3),
        "0+": bool(ip[6] & 0x80),
    }


def _window(packet: Packet, options: list[Option], peer_mss: int) -> str:
    """Return the window, as a multiple when it is one of what stacks compute it from."""
    ip, tcp = _parts(packet)
    window, mss = int.from_bytes(tcp[14:16], "big"), _value(options, 2)
    if window == 0 or mss < 100:
        return str(window)
    six = ip[0] >> 4 == 6
    stamped = bool(_value(options, 8) >> 32)
    bases = [mss, mss - 12 if stamped else 0, 1460, 1448, *([1440, 1428] if six else [])]
    units = [mss + 40, mss + len(ip) + len(tcp), *([mss + 60] if six else []), 1500]
    named = [("mss", base) for base in bases] + [("mtu", unit) for unit in units]
    named += [("mss", peer_mss), ("mss", peer_mss - 12)]
    return next((f"{name}*{window // base}" for name, base in named if base > 0 and window % base == 0), str(window))


def _text(packet: Packet, peer_mss: int) -> str:
    ip = _parts(packet)[0]
    options, bad = _options(packet)
    version = ip[0] >> 4
    assert packet.ttl is not None
    ttl = next(start for start in (32, 64, 128, 255) if packet.ttl <= start)
    layout = [f"eol+{len(value)}" if kind == 0 else NAMES.get(kind, f"?{kind}") for kind, value in options]
    parts = (
        version,
        ttl,
        len(ip) - (40 if version == 6 else 20),
        _value(options, 2),
        f"{_window(packet, options, peer_mss)},{_value(options, 3)}",
        ",".join(layout),
        ",".join(_quirks(packet, options, bad=bad)),
        "+" if packet.payload_len else 0,
    )
    return ":".join(str(part) for part in parts)
