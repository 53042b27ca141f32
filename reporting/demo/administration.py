"""SSH sessions: the administrator's work, and password guessing that looks like it from outside."""

from __future__ import annotations

from typing import Final

from reporting.demo.conversation import Conversation
from reporting.demo.network import Host
from reporting.demo.tap import MILLISECOND, SECOND, Tap

SSH_PORT: Final = 22
_MSG_KEXINIT: Final = 20
_MSG_NEWKEYS: Final = 21
_MSG_KEX_ECDH_INIT: Final = 30
_MSG_KEX_ECDH_REPLY: Final = 31
_ALGORITHMS: Final = (
    "curve25519-sha256,ecdh-sha2-nistp256",
    "ssh-ed25519,rsa-sha2-512",
    "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
    "chacha20-poly1305@openssh.com,aes256-gcm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "hmac-sha2-256-etm@openssh.com",
    "none",
    "none",
    "",
    "",
)


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _packet(tap: Tap, payload: bytes) -> bytes:
    """Return an unencrypted binary packet, padded to a multiple of 8. Source: RFC 4253 section 6."""
    padding = 8 - (5 + len(payload)) % 8
    padding += 8 if padding < 4 else 0
    return (1 + len(payload) + padding).to_bytes(4, "big") + bytes((padding,)) + payload + tap.rng.randbytes(padding)


def _key_exchange_init(tap: Tap) -> bytes:
    lists = b"".join(_string(names.encode("ascii")) for names in _ALGORITHMS)
    return _packet(tap, bytes((_MSG_KEXINIT,)) + tap.rng.randbytes(16) + lists + b"\0" + bytes(4))


def _start(tap: Tap, talk: Conversation, client_software: str) -> None:
    """Exchange banners and keys. Source: RFC 4253 section 4.2, RFC 5656 section 4, RFC 8731."""
    talk.request(f"SSH-2.0-{client_software}\r\n".encode("ascii"))
    talk.reply(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n")
    talk.request(_key_exchange_init(tap))
    talk.reply(_key_exchange_init(tap))
    talk.request(_packet(tap, bytes((_MSG_KEX_ECDH_INIT,)) + _string(tap.rng.randbytes(32))))
    talk.wait(tap.jitter(2 * MILLISECOND, 6 * MILLISECOND))
    host_key = _string(b"ssh-ed25519") + _string(tap.rng.randbytes(32))
    signature = _string(b"ssh-ed25519") + _string(tap.rng.randbytes(64))
    told = bytes((_MSG_KEX_ECDH_REPLY,)) + _string(host_key) + _string(tap.rng.randbytes(32)) + _string(signature)
    talk.reply(_packet(tap, told) + _packet(tap, bytes((_MSG_NEWKEYS,))))
    talk.request(_packet(tap, bytes((_MSG_NEWKEYS,))))
    _encrypted(tap, talk, 44, 44)


def _encrypted(tap: Tap, talk: Conversation, asked: int, told: int) -> None:
    """Exchange one encrypted message each way; sizes in bytes."""
    talk.request(tap.rng.randbytes(asked))
    talk.wait(tap.jitter(MILLISECOND, 5 * MILLISECOND))
    talk.reply(tap.rng.randbytes(told))


def work_over_ssh(tap: Tap, client: Host, server: Host, at: int, *, mistyped: int = 0) -> int:
    """Let an administrator log in (after ``mistyped`` wrong passwords) and work for minutes; return the end, ns."""
    talk = Conversation(tap, client, server, SSH_PORT, at).open()
    _start(tap, talk, "OpenSSH_9.6")
    for _ in range(mistyped):
        talk.wait(tap.jitter(3 * SECOND, 7 * SECOND))
        talk.request(tap.rng.randbytes(148))
        talk.wait(tap.jitter(1_800 * MILLISECOND, 2_300 * MILLISECOND))
        talk.reply(tap.rng.randbytes(52))
    talk.wait(tap.jitter(3 * SECOND, 7 * SECOND))
    _encrypted(tap, talk, 148, 28)
    _encrypted(tap, talk, 112, 500)
    for _ in range(tap.rng.randint(25, 60)):
        for _ in range(tap.rng.randint(3, 12)):
            _encrypted(tap, talk, 36, 36)
            talk.wait(tap.jitter(70 * MILLISECOND, 350 * MILLISECOND))
        talk.reply(tap.rng.randbytes(tap.rng.randint(80, 2_600)))
        talk.acknowledge()
        talk.wait(tap.jitter(2 * SECOND, 25 * SECOND))
    talk.close()
    return talk.now


def guess_over_ssh(tap: Tap, client: Host, server: Host, at: int) -> int:
    """Let a guessing tool try one wrong password over one connection; return the end, ns."""
    talk = Conversation(tap, client, server, SSH_PORT, at).open()
    _start(tap, talk, "libssh2_1.11.0")
    _encrypted(tap, talk, 60, 52)
    talk.request(tap.rng.randbytes(148))
    talk.wait(tap.jitter(1_900 * MILLISECOND, 2_300 * MILLISECOND))
    talk.reply(tap.rng.randbytes(52))
    talk.close()
    return talk.now
