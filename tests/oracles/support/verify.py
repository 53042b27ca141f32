"""Fingerprints and names that the tests of Suricata expect: JA3 and JA4 of QUIC, HASSH of SSH.

Source: suricata-verify, ``test.yaml`` (field and value of an expected event), which has to be that of a row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Final

from tests.oracles.support.comparison import Comparison, Row, Said, Truth
from tests.oracles.support.tool_logs import CAPTURES

EXPECTED: Final = re.compile(r"^ +(quic|ssh|rfb|pgsql)\.([a-z0-9_.]+): \"?([^\"\n]+?)\"?$", re.MULTILINE)
COLUMNS: Final = {
    "quic.ja4": "ja4",
    "quic.ja3.hash": "ja3",
    "quic.ja3s.hash": "ja3s",
    "quic.sni": "server_name",
    "quic.ua": "user_agent",
    "ssh.client.hassh.hash": "hassh",
    "ssh.server.hassh.hash": "hassh_server",
    "ssh.client.software_version": "client_banner",
    "ssh.server.software_version": "server_banner",
}
"""Fields of events and our columns."""


def _expected(protocol: str, root: Path) -> Truth:
    folder = root / "oracles" / "suricata-verify"
    for test in sorted(folder.glob("*/test.yaml")):
        capture = next((path for path in sorted(test.parent.iterdir()) if path.suffix in CAPTURES), None)
        found = EXPECTED.findall(test.read_text(encoding="utf-8"))
        named = {(f"{kind}.{field}", value) for kind, field, value in found if kind == protocol}
        said: list[Said] = [
            (f"{COLUMNS[name]} {value}", {COLUMNS[name]: value}) for name, value in sorted(named) if name in COLUMNS
        ]
        if capture is not None:
            yield str(capture.relative_to(root)), said


def _keys(row: Row) -> Iterator[str]:
    for column in COLUMNS.values():
        if row.get(column) is not None:
            yield f"{column} {row[column]}"


COMPARISONS: Final = (
    Comparison("verify quic", 1, "quic", partial(_expected, "quic"), _keys, reuses=True),
    Comparison("verify ssh", 3, "ssh", partial(_expected, "ssh"), _keys, reuses=True),
)
