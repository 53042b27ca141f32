"""The file server: FTP sessions with passive data connections, mistyped passwords, and guessing."""

from __future__ import annotations

from typing import Final

from reporting.demo.conversation import Conversation
from reporting.demo.network import FILE_SERVER, Host
from reporting.demo.tap import MILLISECOND, SECOND, Tap

FTP_PORT: Final = 21
TRIES_PER_CONNECTION: Final = 3
"""Wrong passwords after which the server hangs up (vsftpd ``max_login_fails`` default, vsftpd.conf(5))."""

OFFICE_FILES: Final = ("roster.csv", "minutes-0311.txt", "supplies.csv", "inspection-plan.txt", "phones.csv")
POINT_LISTS: Final = ("points-rtu-north.csv", "points-rtu-south.csv")

_GREETING: Final = b"220 (vsFTPd 3.0.3)\r\n"
_DENIED: Final = b"530 Login incorrect.\r\n"
_WELCOME: Final = b"230 Login successful.\r\n"


def _say(talk: Conversation, command: str, reply: bytes) -> None:
    talk.request(command.encode("ascii") + b"\r\n")
    talk.reply(reply)


def _log_in(tap: Tap, talk: Conversation, user: str, password: str, *, right: bool) -> None:
    """Exchange USER and PASS; a wrong password is answered late (vsftpd ``delay_failed_login`` default 1 s)."""
    _say(talk, f"USER {user}", b"331 Please specify the password.\r\n")
    talk.wait(tap.jitter(20 * MILLISECOND, 90 * MILLISECOND))
    talk.request(f"PASS {password}\r\n".encode("ascii"))
    if not right:
        talk.wait(tap.jitter(1_000 * MILLISECOND, 1_060 * MILLISECOND))
    talk.reply(_WELCOME if right else _DENIED)


def _table(tap: Tap, name: str) -> bytes:
    """Return the contents of a file: lines of a table, a few kB to tens of kB."""
    lines = [f"{name};unit;value"]
    lines += [
        f"{row};{tap.rng.choice(('kV', 'A', 'MW', 'pcs'))};{tap.rng.random() * 400:.2f}"
        for row in range(tap.rng.randint(180, 1_500))
    ]
    return "\r\n".join(lines).encode("ascii") + b"\r\n"


def _transfer(tap: Tap, talk: Conversation, client: Host, command: str, contents: bytes) -> None:
    """Fetch ``contents`` over a passive data connection. Source: RFC 959 section 4.1.2."""
    port = tap.rng.randint(40_000, 40_999)
    numbers = ",".join(str(octet) for octet in (*FILE_SERVER.ip, port >> 8, port & 0xFF))
    _say(talk, "PASV", f"227 Entering Passive Mode ({numbers}).\r\n".encode("ascii"))
    data = Conversation(tap, client, FILE_SERVER, port, talk.now + MILLISECOND).open()
    talk.now = data.now + tap.jitter(MILLISECOND, 3 * MILLISECOND)
    _say(talk, command, b"150 Opening BINARY mode data connection.\r\n")
    data.now = talk.now + MILLISECOND
    data.reply(contents)
    data.acknowledge()
    data.close(by_server=True)
    talk.now = data.now + MILLISECOND
    talk.reply(b"226 Transfer complete.\r\n")
    talk.acknowledge()


def _listing(names: tuple[str, ...]) -> bytes:
    rows = (
        f"-rw-r--r--    1 1000     1000     {4000 + 137 * len(name):>8} Mar 11 09:1{n} {name}"
        for n, name in enumerate(names)
    )
    return "\r\n".join(rows).encode("ascii") + b"\r\n"


def _leave(talk: Conversation) -> None:
    _say(talk, "QUIT", b"221 Goodbye.\r\n")
    talk.close(by_server=True)


def fetch_files(tap: Tap, client: Host, user: str, at: int, *, mistyped: int = 0) -> int:
    """Let an employee log in (after ``mistyped`` wrong passwords), list, fetch a few files; return the end."""
    talk = Conversation(tap, client, FILE_SERVER, FTP_PORT, at).open()
    talk.reply(_GREETING)
    for _ in range(mistyped):
        talk.wait(tap.jitter(2 * SECOND, 6 * SECOND))
        _log_in(tap, talk, user, "Spring2026", right=False)
    talk.wait(tap.jitter(SECOND, 5 * SECOND))
    _log_in(tap, talk, user, "spring2026", right=True)
    _say(talk, "TYPE I", b"200 Switching to Binary mode.\r\n")
    _transfer(tap, talk, client, "LIST", _listing(OFFICE_FILES))
    for name in tap.rng.sample(OFFICE_FILES, tap.rng.randint(1, 3)):
        talk.wait(tap.jitter(2 * SECOND, 15 * SECOND))
        _transfer(tap, talk, client, f"RETR {name}", _table(tap, name))
    _leave(talk)
    return talk.now


def guess_passwords(tap: Tap, client: Host, user: str, passwords: list[str], at: int) -> int:
    """Let a guessing tool try wrong passwords over one connection until the server hangs up; return the end."""
    talk = Conversation(tap, client, FILE_SERVER, FTP_PORT, at).open()
    talk.reply(_GREETING)
    for password in passwords:
        _log_in(tap, talk, user, password, right=False)
        talk.wait(tap.jitter(30 * MILLISECOND, 120 * MILLISECOND))
    talk.close(by_server=len(passwords) >= TRIES_PER_CONNECTION)
    return talk.now


def loot(tap: Tap, client: Host, user: str, password: str, at: int) -> int:
    """Let the guesser log in with the password it found and fetch the point lists; return the end."""
    talk = Conversation(tap, client, FILE_SERVER, FTP_PORT, at).open()
    talk.reply(_GREETING)
    _log_in(tap, talk, user, password, right=True)
    _say(talk, "TYPE I", b"200 Switching to Binary mode.\r\n")
    _transfer(tap, talk, client, "LIST", _listing(POINT_LISTS))
    for name in POINT_LISTS:
        talk.wait(tap.jitter(3 * SECOND, 9 * SECOND))
        _transfer(tap, talk, client, f"RETR {name}", _table(tap, name))
    _leave(talk)
    return talk.now
