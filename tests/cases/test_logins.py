"""From packets to the view of logins: each attempt is one row, whichever protocol carries it, and no secret is kept."""

from __future__ import annotations

import hashlib
import hmac
import struct
from base64 import b64encode
from pathlib import Path
from typing import Final

import pytest
from capture import ip as net
from capture.conversation import MS, TcpConversation, Who, plain
from capture.files import T0, Shot, write_pcap

from sensor.metering import meter_capture
from store.lake import Lake
from tests.oracles.support.truth import absent

CLIENT, SERVER = "10.0.0.1", "10.0.0.2"
KEY: Final = bytes(range(32))
Said = list[tuple[Who, bytes]]


def _hash(secret: bytes) -> str:
    return hmac.new(KEY, secret, hashlib.sha256).hexdigest()[:16]


def _tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    return bytes([tag, size] if size < 128 else [tag, 0x82, size >> 8, size & 255]) + content


def _snmp(community: bytes, kind: int, number: int) -> bytes:
    numbers = _tlv(2, number.to_bytes(4)) + _tlv(2, b"\0") * 2
    name = _tlv(0x30, _tlv(6, b"\x2b\x06\x01\x02\x01\x01\x05\x00"), _tlv(4, b"r1") if kind == 0xA2 else b"\x05\x00")
    return _tlv(0x30, _tlv(2, b"\1"), _tlv(4, community), _tlv(kind, numbers, _tlv(0x30, name)))


def _ldap(number: int, tag: int, *parts: bytes) -> bytes:
    return _tlv(0x30, _tlv(2, bytes([number])), _tlv(tag, *parts))


def _bind(number: int, name: bytes, proof: bytes) -> bytes:
    return _ldap(number, 0x60, _tlv(2, b"\3"), _tlv(4, name), proof)


def _result(number: int, code: int, token: bytes = b"") -> bytes:
    return _ldap(number, 0x61, _tlv(10, bytes([code])), _tlv(4), _tlv(4), *([_tlv(0x87, token)] if token else []))


OFFER: Final = b"NTLMSSP\0" + struct.pack("<II", 1, 1)
ASKS: Final = b"NTLMSSP\0" + struct.pack("<IHHIIQQHHI", 2, 0, 0, 56, 1, 7, 0, 0, 0, 56) + bytes(8)


def _proof(user: str) -> bytes:
    """Return the last message of NTLM, whose response has the length of version 2."""
    parts = [b"", bytes(60), "DOM".encode("utf-16-le"), user.encode("utf-16-le"), b"", b""]
    fields, at = b"", 72
    for part in parts:
        fields += struct.pack("<HHI", len(part), len(part), at)
        at += len(part)
    return b"NTLMSSP\0" + struct.pack("<I", 3) + fields + struct.pack("<I", 1) + bytes(8) + b"".join(parts)


def _get(token: bytes) -> bytes:
    return b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: NTLM " + b64encode(token) + b"\r\n\r\n"


def _says(code: int, token: bytes = b"") -> bytes:
    field = b"WWW-Authenticate: NTLM " + b64encode(token) + b"\r\n" if token else b""
    return f"HTTP/1.1 {code} X\r\n".encode() + field + b"Content-Length: 0\r\n\r\n"


def _smb(reply: bool, status: int, body: bytes) -> bytes:
    head = b"\xffSMB\x73" + struct.pack("<IBH", status, 0x80 if reply else 0, 0x4000) + bytes(12)
    message = head + struct.pack("<4H", 1, 1, 7, 2) + body
    return struct.pack(">I", len(message)) + message


def _setup(user: bytes, lm: int, nt: int) -> bytes:
    names = user + b"\0DOM\0os\0lm\0"
    words = struct.pack("<BBHHHHIHHII", 0xFF, 0, 0, 0, 0, 0, 0, lm, nt, 0, 0)
    return b"\x0d" + words + struct.pack("<H", lm + nt + len(names)) + bytes([7]) * (lm + nt) + names


SNMP: Final[Said] = [
    ("c", _snmp(b"s3same-rw", 0xA0, 1)),
    ("c", _snmp(b"s3same-ro", 0xA0, 2)),
    ("s", _snmp(b"s3same-ro", 0xA2, 2)),
    ("c", _snmp(b"s3same-ro", 0xA0, 3)),
    ("s", _snmp(b"s3same-ro", 0xA2, 3)),
]
LDAP: Final[Said] = [
    ("c", _bind(1, b"cn=bob", _tlv(0x80, b"hunter2"))),
    ("s", _result(1, 49)),
    ("c", _bind(2, b"", _tlv(0xA3, _tlv(4, b"GSS-SPNEGO"), _tlv(4, OFFER)))),
    ("s", _result(2, 14, ASKS)),
    ("c", _bind(3, b"", _tlv(0xA3, _tlv(4, b"GSS-SPNEGO"), _tlv(4, _proof("amy"))))),
    ("s", _result(3, 0)),
]
HTTP: Final[Said] = [
    ("c", _get(OFFER)),
    ("s", _says(401, ASKS)),
    ("c", _get(_proof("eve"))),
    ("s", _says(401)),
]
SMB: Final[Said] = [
    ("c", _smb(False, 0, _setup(b"joe", 24, 24))),
    ("s", _smb(True, 0xC000006D, b"\x03\xff\0\0\0\0\0\0\0")),
    ("c", _smb(False, 0, _setup(b"ann", 5, 0))),
    ("s", _smb(True, 0, b"\x03\xff\0\0\0\0\0\0\0")),
]
CASES: Final = {
    "snmp": (
        161,
        SNMP,
        [
            ("snmp", None, None, "community", "unknown", _hash(b"s3same-rw")),
            ("snmp", None, None, "community", "ok", _hash(b"s3same-ro")),
        ],
    ),
    "ldap": (
        389,
        LDAP,
        [
            ("ldap", "cn=bob", None, "password", "negative", _hash(b"hunter2")),
            ("ldap", "amy", "DOM", "ntlm", "ok", None),
        ],
    ),
    "http": (80, HTTP, [("http", "eve", "DOM", "ntlm", "negative", None)]),
    "smb": (
        445,
        SMB,
        [
            ("smb", "joe", "DOM", "ntlm", "negative", None),
            ("smb", "ann", None, "password", "ok", None),
        ],
    ),
}
"""Server port, what was said, and the logins it comes to."""


def _udp(said: Said, port: int) -> list[Shot]:
    ends = {"c": (CLIENT, SERVER, 40000, port), "s": (SERVER, CLIENT, port, 40000)}
    return [Shot(T0 + n * MS, plain(net.udp(*ends[who], data), who == "c")) for n, (who, data) in enumerate(said)]


@pytest.mark.parametrize("name", CASES)
def test_each_attempt_is_one_login(name: str, tmp_path: Path) -> None:
    """The view shows the attempts of a conversation, once each, with outcome and keyed hash; no segment holds one."""
    port, said, logins = CASES[name]
    if name == "snmp":
        shots = _udp(said, port)
    else:
        steps = [(who, data, 0.001) for who, data in said]
        shots = TcpConversation((CLIENT, 40000), (SERVER, port), data=steps).shots()
    path = write_pcap(tmp_path / f"{name}.pcap", shots)
    lake = Lake(tmp_path / "lake")
    try:
        result = meter_capture(path, lake, "c", secret_key=KEY)
    except ImportError:
        absent("sensor._wire is not built; build it first (make demo, or maturin develop)")
    sql = 'SELECT service, "user", domain, login_method, outcome, secret_hash FROM logins ORDER BY ts'
    with lake.reader() as reader:
        assert reader.connection.execute(sql).fetchall() == logins
    for secret in (b"s3same-rw", b"s3same-ro", b"hunter2"):
        assert all(secret not in segment.read_bytes() for segment in result.segments)
