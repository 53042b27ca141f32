"""Our NTLM logins, whatever carries them, against the messages that tshark sees."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.oracles.support import truth
from tests.oracles.support.agreement import Agreement, Exceptions, Measured, unlisted
from tests.oracles.support.record_rows import record_rows

TRACES: Final = (
    "oracles/arkime/ntlm_synthetic.pcap",
    "oracles/ndpi/pcap/webdav.pcap",
    "oracles/zeek/traces/erspan.pcap",
)
"""Captures with NTLM outside of SMB: in HTTP and LDAP."""
FIELDS: Final = (
    *("ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport"),
    *("ntlmssp.auth.username", "ntlmssp.auth.domain", "ntlmssp.auth.hostname"),
)
CARRIERS: Final = {"http", "ldap", "smb"}


@pytest.fixture(scope="module")
def compared(data: Path) -> tuple[Agreement, Exceptions, set[str]]:
    """The comparison, the table of exceptions, and the carriers that were met."""
    agreement, carriers = Agreement(), set()
    exceptions = Exceptions.load(truth.EXCEPTIONS_DIR / "ntlm_exceptions.csv")
    for trace in TRACES:
        rows = [row for row in record_rows(data / trace, "ntlm") if row["ntlm_kind"] is not None]
        carriers |= {row["service"] for row in rows}
        ours = [
            Measured(
                f"{row['sender_ip']}:{row['sender_port']}>{row['receiver_ip']}:{row['receiver_port']}",
                tuple(row[name] or "" for name in ("user", "domain", "workstation")),
            )
            for row in rows
        ]
        said = [one for one in _tshark(data / trace) if exceptions.find("excluded", trace, one.key) is None]
        agreement.add(trace, said, ours)
    return agreement, exceptions, carriers


def _tshark(path: Path) -> list[Measured]:
    program = shutil.which("tshark")
    if program is None:
        truth.absent("tshark is not installed; install it (make env says how)")
    asked = [program, "-n", "-r", str(path), "-Y", "ntlmssp.messagetype == 3", "-T", "fields", "-E", "occurrence=l"]
    asked += [part for field in FIELDS for part in ("-e", field)]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    found = []
    for line in said.splitlines():
        v4_src, v6_src, sport, v4_dst, v6_dst, dport, *names = line.split("\t")
        values = tuple("" if name == "NULL" else name for name in names)
        found.append(Measured(f"{v4_src or v6_src}:{sport}>{v4_dst or v6_dst}:{dport}", values))
    return found


def test_every_login_is_found(compared: tuple[Agreement, Exceptions, set[str]]) -> None:
    """A proof that tshark sees is one row of ours with the same names, and we see no other; differences are listed."""
    agreement, exceptions, carriers = compared
    assert carriers >= CARRIERS
    assert agreement.total >= 10
    assert [d.line() for d in unlisted(agreement, exceptions)] == []
    paired = {(d.trace, d.key) for d in agreement.differing}
    assert [one for one in agreement.extra if (one[0], one[1].key) not in paired] == []
    assert exceptions.unused() == []
