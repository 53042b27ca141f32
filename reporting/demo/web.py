"""Browsing: HTTP pages of the intranet in the clear, outside sites over TLS 1.3."""

from __future__ import annotations

import struct
from typing import Final

from reporting.demo.conversation import Conversation
from reporting.demo.naming import look_up
from reporting.demo.network import DOMAIN, INTRANET, Host
from reporting.demo.tap import MILLISECOND, SECOND, Tap

HTTP_PORT: Final = 80
HTTPS_PORT: Final = 443
PAGES: Final = ("/", "/notices/", "/forms/leave.html", "/news/today.html", "/phonebook/?dept=2", "/static/site.css")

_X25519: Final = 0x001D
_TLS12: Final = b"\x03\x03"
_TLS13: Final = b"\x03\x04"
_CIPHERS: Final = bytes.fromhex("130113021303c02bc02fc02cc030")
_SIGNATURES: Final = bytes.fromhex("040308040401050308050501")


def _get(path: str, host: str) -> bytes:
    agent = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0"
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        f"User-Agent: {agent}",
        "Accept: */*",
        "Accept-Language: zh-CN",
        "",
        "",
    )
    return "\r\n".join(lines).encode("ascii")


def _page(tap: Tap, path: str, size: int) -> bytes:
    words = ("notice", "meeting", "supply", "duty", "roster", "form", "office", "region", "report", "archive")
    kind = "text/css" if path.endswith(".css") else "text/html; charset=utf-8"
    body = " ".join(tap.rng.choices(words, k=size // 7)).encode("ascii")
    head = f"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode("ascii") + body


def browse_intranet(tap: Tap, client: Host, at: int) -> None:
    """Let ``client`` read one to four pages of the intranet over one connection."""
    name = f"{INTRANET.name}.{DOMAIN}"
    at = look_up(tap, client, INTRANET, name, at) + tap.jitter(MILLISECOND, 5 * MILLISECOND)
    talk = Conversation(tap, client, INTRANET, HTTP_PORT, at).open()
    for path in tap.rng.sample(PAGES, tap.rng.randint(1, 4)):
        talk.request(_get(path, name))
        talk.wait(tap.jitter(3 * MILLISECOND, 40 * MILLISECOND))
        talk.reply(_page(tap, path, tap.rng.randint(1_500, 14_000)))
        talk.acknowledge()
        talk.wait(tap.jitter(SECOND, 9 * SECOND))
    talk.close()


def _vector(data: bytes, width: int) -> bytes:
    return len(data).to_bytes(width, "big") + data


def _extension(kind: int, data: bytes) -> bytes:
    return struct.pack("!HH", kind, len(data)) + data


def _handshake(kind: int, body: bytes) -> bytes:
    return b"\x16\x03\x01" + _vector(bytes((kind,)) + _vector(body, 3), 2)


def client_hello(tap: Tap, name: str, session: bytes) -> bytes:
    """Return a TLS 1.3 ClientHello record for ``name``. Source: RFC 8446 section 4.1.2, RFC 6066 section 3."""
    server_name = _vector(b"\0" + _vector(name.encode("ascii"), 2), 2)
    share = _vector(struct.pack("!H", _X25519) + _vector(tap.rng.randbytes(32), 2), 2)
    extensions = (
        _extension(0, server_name)
        + _extension(10, _vector(bytes.fromhex("001d00170018"), 2))
        + _extension(16, _vector(_vector(b"h2", 1) + _vector(b"http/1.1", 1), 2))
        + _extension(13, _vector(_SIGNATURES, 2))
        + _extension(51, share)
        + _extension(45, _vector(b"\x01", 1))
        + _extension(43, _vector(_TLS13 + _TLS12, 1))
    )
    body = (
        _TLS12
        + tap.rng.randbytes(32)
        + _vector(session, 1)
        + _vector(_CIPHERS, 2)
        + b"\x01\x00"
        + _vector(extensions, 2)
    )
    return _handshake(1, body)


def server_hello(tap: Tap, session: bytes) -> bytes:
    """Return a TLS 1.3 ServerHello and the compatibility ChangeCipherSpec. Source: RFC 8446 section 4.1.3, D.4."""
    share = struct.pack("!H", _X25519) + _vector(tap.rng.randbytes(32), 2)
    extensions = _extension(43, _TLS13) + _extension(51, share)
    body = _TLS12 + tap.rng.randbytes(32) + _vector(session, 1) + b"\x13\x01\x00" + _vector(extensions, 2)
    return b"\x16\x03\x03" + _vector(b"\x02" + _vector(body, 3), 2) + b"\x14\x03\x03\x00\x01\x01"


def application_data(tap: Tap, size: int) -> bytes:
    """Return ``size`` bytes of ciphertext in records of at most 16 KiB. Source: RFC 8446 section 5.2."""
    out = b""
    while size > 0:
        part = min(size, 16_384)
        out += b"\x17\x03\x03" + _vector(tap.rng.randbytes(part), 2)
        size -= part
    return out


def browse_outside(tap: Tap, client: Host, site: Host, at: int) -> None:
    """Let ``client`` visit an outside site over TLS 1.3: hello, finished, one to five requests."""
    at = look_up(tap, client, site, site.name, at) + tap.jitter(MILLISECOND, 5 * MILLISECOND)
    talk = Conversation(tap, client, site, HTTPS_PORT, at).open()
    session = tap.rng.randbytes(32)
    talk.request(client_hello(tap, site.name, session))
    talk.reply(server_hello(tap, session) + application_data(tap, tap.rng.randint(2_300, 4_100)))
    talk.request(b"\x14\x03\x03\x00\x01\x01" + application_data(tap, 53))
    for _ in range(tap.rng.randint(1, 5)):
        talk.request(application_data(tap, tap.rng.randint(180, 900)))
        talk.wait(tap.jitter(5 * MILLISECOND, 90 * MILLISECOND))
        talk.reply(application_data(tap, tap.rng.randint(700, 9_000)))
        talk.acknowledge()
        talk.wait(tap.jitter(SECOND, 12 * SECOND))
    talk.close()
