"""Real messages of real protocols, as bytes: what the mix with handshakes and names in it is spoken in.

Every message is complete and valid as far as a parser reads it; keys, randoms and names come from a seeded generator.

Source: RFC 1035 (DNS), 5246 and 8446 (TLS), 9110 and 9112 (HTTP), 4253 (SSH), 5905 (NTP), Modbus on TCP/IP 1.0b.
"""

from __future__ import annotations

import datetime as dt
import struct
from typing import Final

import numpy as np

_HOSTS: Final = ("www", "mail", "update", "api", "cdn-7", "portal", "static.assets", "login")
_DOMAINS: Final = ("example.org", "example.com", "city.example.cn", "gov.example.cn", "power-dispatch.example")
_SUITES: Final = (0x1301, 0x1302, 0x1303, 0xC02B, 0xC02F, 0xC02C, 0xC030, 0xCCA9, 0xCCA8, 0xC013, 0xC014, 0x9C, 0x9D)
"""Cipher suites that browsers offer (IANA TLS parameters)."""


def host_name(rng: np.random.Generator) -> str:
    """Return a host name of two to five labels."""
    return f"{rng.choice(_HOSTS)}{int(rng.integers(0, 1000))}.{rng.choice(_DOMAINS)}"


def dns_exchange(rng: np.random.Generator, ident: int) -> tuple[bytes, bytes]:
    """Return a query with EDNS and its response: an alias and two addresses, as large services answer."""
    name = b"".join(bytes([len(label)]) + label.encode() for label in host_name(rng).split(".")) + b"\0"
    kind = int(rng.choice([1, 1, 1, 28, 65]))
    question = name + struct.pack("!HH", kind, 1)
    edns = struct.pack("!BHHIH", 0, 41, 1232, 0, 0)
    query = struct.pack("!6H", ident, 0x0100, 1, 0, 0, 1) + question + edns
    alias = b"\x03cdn" + b"\xc0\x0c"
    answers = struct.pack("!HHHIH", 0xC00C, 5, 1, 300, len(alias)) + alias
    at = 0xC000 | (12 + len(question) + 12)
    for _ in range(2):
        answers += struct.pack("!HHHIH", at, 1, 1, 60, 4) + rng.bytes(4)
    response = struct.pack("!6H", ident, 0x8180, 1, 3, 0, 1) + question + answers + edns
    return query, response


def _extension(kind: int, body: bytes) -> bytes:
    return struct.pack("!HH", kind, len(body)) + body


def _listed(body: bytes, size: int = 2) -> bytes:
    return len(body).to_bytes(size, "big") + body


def _handshake(kind: int, body: bytes) -> bytes:
    return bytes([kind]) + _listed(body, 3)


def _record(kind: int, body: bytes, version: int = 0x0303) -> bytes:
    return struct.pack("!BHH", kind, version, len(body)) + body


def client_hello(rng: np.random.Generator, *, tls13: bool) -> bytes:
    """Return a ClientHello as browsers send it, in its record."""
    name = host_name(rng).encode()
    groups = struct.pack("!4H", 0x1D, 0x17, 0x18, 0x19)
    schemes = struct.pack("!8H", 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601)
    extensions = [
        _extension(0, _listed(b"\0" + _listed(name))),
        _extension(23, b""),
        _extension(0xFF01, b"\0"),
        _extension(10, _listed(groups)),
        _extension(11, b"\x01\0"),
        _extension(35, b""),
        _extension(16, _listed(b"\x02h2\x08http/1.1")),
        _extension(5, b"\x01\0\0\0\0"),
        _extension(13, _listed(schemes)),
        _extension(18, b""),
    ]
    if tls13:
        extensions += [
            _extension(51, _listed(struct.pack("!HH", 0x1D, 32) + rng.bytes(32))),
            _extension(45, b"\x01\x01"),
            _extension(43, _listed(struct.pack("!HH", 0x0304, 0x0303), 1)),
        ]
    suites = struct.pack(f"!{len(_SUITES)}H", *_SUITES)
    session = _listed(rng.bytes(32), 1)
    body = b"\x03\x03" + rng.bytes(32) + session + _listed(suites) + b"\x01\0" + _listed(b"".join(extensions))
    return _record(22, _handshake(1, body), 0x0301)


def certificate(rng: np.random.Generator) -> bytes:
    """Return a self-signed DER certificate with names; Ed25519, so that the same seed gives the same bytes."""
    from cryptography import x509  # noqa: PLC0415 - only this mix needs it
    from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as above
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415 - as above

    key = Ed25519PrivateKey.from_private_bytes(rng.bytes(32))
    names = [host_name(rng) for _ in range(20)]
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    begin = dt.datetime(2025, 12, 1, tzinfo=dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(int.from_bytes(b"\x01" + rng.bytes(15), "big"))
        .not_valid_before(begin)
        .not_valid_after(begin + dt.timedelta(days=398))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
    )
    return builder.sign(key, None).public_bytes(serialization.Encoding.DER)


def server_flight(rng: np.random.Generator, chain: bytes, *, tls13: bool) -> bytes:
    """Return what a server sends first: in TLS 1.2 with its chain in the open, in TLS 1.3 nearly all encrypted."""
    session = _listed(rng.bytes(32), 1)
    if tls13:
        share = _extension(51, struct.pack("!HH", 0x1D, 32) + rng.bytes(32)) + _extension(43, b"\x03\x04")
        hello = b"\x03\x03" + rng.bytes(32) + session + b"\x13\x01\0" + _listed(share)
        return _record(22, _handshake(2, hello)) + _record(20, b"\x01") + _record(23, rng.bytes(2600))
    chosen = _extension(0xFF01, b"\0") + _extension(11, b"\x01\0") + _extension(16, _listed(b"\x02h2"))
    hello = b"\x03\x03" + rng.bytes(32) + session + b"\xc0\x2f\0" + _listed(chosen)
    exchange = b"\x03\0\x1d\x20" + rng.bytes(32) + b"\x08\x04" + _listed(rng.bytes(256))
    parts = [_handshake(2, hello), _handshake(11, _listed(chain, 3)), _handshake(12, exchange), _handshake(14, b"")]
    return b"".join(_record(22, part) for part in parts)


def client_finish(rng: np.random.Generator) -> bytes:
    """Return the client's second flight of TLS 1.2."""
    exchange = _record(22, _handshake(16, _listed(rng.bytes(32), 1)))
    return exchange + _record(20, b"\x01") + _record(22, rng.bytes(40))


def sealed(rng: np.random.Generator, length: int) -> bytes:
    """Return one record of application data of that many bytes in all (6 … 16 389)."""
    return _record(23, rng.bytes(length - 5))


def http_request(rng: np.random.Generator) -> bytes:
    """Return a request as browsers send it."""
    path = "/".join(str(rng.choice(_HOSTS)) for _ in range(3))
    return (
        f"GET /{path}?id={int(rng.integers(0, 10**9))} HTTP/1.1\r\nHost: {host_name(rng)}\r\nConnection: keep-alive\r\n"
        "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n"
        "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\nAccept-Language: zh-CN,en;q=0.5\r\n"
        f"Accept-Encoding: gzip, deflate, br\r\nCookie: session={rng.bytes(16).hex()}\r\n\r\n"
    ).encode()


def http_response(length: int) -> bytes:
    """Return the head of a response with a body of that many bytes."""
    return (
        "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Thu, 01 Jan 2026 00:00:00 GMT\r\n"
        "Content-Type: text/html; charset=utf-8\r\n"
        f"Content-Length: {length}\r\nConnection: keep-alive\r\nCache-Control: max-age=600\r\n\r\n"
    ).encode()


def ssh_banner(rng: np.random.Generator, *, server: bool) -> bytes:
    """Return an identification line."""
    software = (
        "OpenSSH_9.2p1 Debian-2+deb12u3" if server else f"OpenSSH_{int(rng.integers(7, 10))}.{int(rng.integers(0, 9))}"
    )
    return f"SSH-2.0-{software}\r\n".encode()


def ssh_packet(rng: np.random.Generator, kind: int, body: bytes) -> bytes:
    """Return a packet before encryption, padded to eight bytes."""
    padding = 8 - (6 + len(body)) % 8
    padding += 8 if padding < 4 else 0
    return struct.pack("!IBB", 2 + len(body) + padding, padding, kind) + body + rng.bytes(padding)


def ssh_kexinit(rng: np.random.Generator) -> bytes:
    """Return the packet in which a side names its algorithms."""
    lists = [
        "sntrup761x25519-sha512@openssh.com,curve25519-sha256,ecdh-sha2-nistp256,diffie-hellman-group16-sha512",
        "ssh-ed25519,ecdsa-sha2-nistp256,rsa-sha2-512,rsa-sha2-256",
        *["chacha20-poly1305@openssh.com,aes128-ctr,aes256-gcm@openssh.com"] * 2,
        *["umac-64-etm@openssh.com,hmac-sha2-256-etm@openssh.com,hmac-sha2-256"] * 2,
        *["none,zlib@openssh.com"] * 2,
        *[""] * 2,
    ]
    body = rng.bytes(16) + b"".join(_listed(names.encode(), 4) for names in lists) + b"\0" * 5
    return ssh_packet(rng, 20, body)


def ntp(rng: np.random.Generator, *, server: bool) -> bytes:
    """Return a time packet of a client or a server."""
    head = bytes([0x24 if server else 0x23, 2 if server else 0, 6, 0xE9])
    return head + rng.bytes(44)


def modbus_exchange(rng: np.random.Generator, ident: int) -> tuple[bytes, bytes]:
    """Return a request for ten registers and its response."""
    at = int(rng.integers(0, 1000))
    request = struct.pack("!HHHBBHH", ident, 0, 6, 1, 3, at, 10)
    return request, struct.pack("!HHHBBB", ident, 0, 23, 1, 3, 20) + rng.bytes(20)
