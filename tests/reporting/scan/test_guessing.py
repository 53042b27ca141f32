"""Passwords guessed over POP3, IMAP and Telnet: from the packets of a capture to the alert."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest
from capture.conversation import Talk
from capture.files import SECOND, T0, Shot, write_pcap

from reporting.scan.pipeline import ScanRequest, scan
from store.home import Home
from store.lake import Lake

Lines = Sequence[tuple[str, bytes]]
"""Who says what."""

TRIES: Final = 12
"""Refused passwords: more than the nine that brute_force wants."""
POP3: Final = (
    ("s", b"+OK ready\r\n"),
    ("c", b"USER root\r\n"),
    ("s", b"+OK\r\n"),
    ("c", b"PASS %d\r\n"),
    ("s", b"-ERR [AUTH] no\r\n"),
)
IMAP: Final = (
    ("s", b"* OK IMAP4rev1 ready\r\n"),
    ("c", b"a LOGIN {4}\r\n"),
    ("s", b"+ go\r\n"),
    ("c", b'root "%d"\r\n'),
    ("s", b"a NO [AUTHENTICATIONFAILED] no\r\n"),
)
TELNET: Final = (
    ("s", b"\xff\xfd\x18\xff\xfb\x01\r\nhost login: "),
    ("c", b"\xff\xfb\x18root\r\n"),
    ("s", b"root\r\nPassword: "),
    ("c", b"%d\r\n"),
    ("s", b"\r\nLogin incorrect\r\nhost login: "),
)
SERVICES: Final = {"pop3": (110, POP3), "imap": (143, IMAP), "telnet": (23, TELNET)}


def _connection(number: int, port: int, lines: Lines) -> list[Shot]:
    """Return a connection: each message in two segments, in some connections exchanged, in others sent twice."""
    talk = Talk(("10.0.0.66", 50000 + number), ("10.1.0.1", port), now_ns=T0 + number * 3 * SECOND + number**2)
    talk.send("c", "S").send("s", "SA").send("c")
    for who, data in lines:
        said = data % number if b"%d" in data else data
        half = len(said) // 2
        talk.send("c" if who == "c" else "s", "PA", payload=said[:half])
        talk.send("c" if who == "c" else "s", "PA", payload=said[half:])
    talk.send("c", "FA").send("s", "FA").send("c")
    shots = list(talk.shots)
    for at in range(5, len(shots) - 3, 2):
        if number % 3 == 1:
            one, other = shots[at], shots[at + 1]
            shots[at], shots[at + 1] = Shot(one.ts_ns, other.data), Shot(other.ts_ns, one.data)
    if number % 3 == 2:
        shots = [again for shot, after in pairwise(shots) for again in (shot, Shot(after.ts_ns, shot.data))]
    return shots


@pytest.mark.parametrize("service", SERVICES)
def test_guessing_is_found(tmp_path: Path, service: str) -> None:
    """Refused logins of twelve connections, in any order of their segments, are logins of the view and one alert."""
    port, lines = SERVICES[service]
    shots = [shot for number in range(TRIES) for shot in _connection(number, port, lines)]
    capture = write_pcap(tmp_path / "guess.pcap", shots)
    home = Home.open(tmp_path / "home")
    case = scan(ScanRequest((capture,), None), home).result.case
    with Lake(home.lake).reader(case) as reader:
        sql = 'SELECT service, "user", outcome, count(*), count(DISTINCT secret_hash) FROM logins GROUP BY ALL'
        assert reader.connection.execute(sql).fetchall() == [(service, "root", "negative", TRIES, TRIES)]
        alerts = reader.arrow("SELECT detector, evidence_en FROM alert").to_pylist()
    told = [alert["evidence_en"] for alert in alerts if alert["detector"] == "brute_force"]
    assert len(told) == 1
    assert f"{TRIES} failed {service.upper()} logins" in told[0]
