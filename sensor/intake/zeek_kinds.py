"""Which Zeek logs are read, how, and in which order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from sensor.intake.recipe import Recipe
from sensor.intake.zeek_conn import CONN
from sensor.intake.zeek_logins import DCE_RPC, FTP, KERBEROS, NTLM, RDP, SMB_FILES, SMB_MAPPING, SSH
from sensor.intake.zeek_names import DNS, HTTP, QUIC, SSL, X509_FIELDS
from sensor.intake.zeek_records import DHCP, NOTICE, NTP, SMTP, SNMP, WEIRD

X509: Final = "x509"

RECIPES: Final[Mapping[str, Recipe]] = {
    "conn": CONN,
    "dce_rpc": DCE_RPC,
    "dhcp": DHCP,
    "dns": DNS,
    "ftp": FTP,
    "http": HTTP,
    "kerberos": KERBEROS,
    "notice": NOTICE,
    "ntlm": NTLM,
    "ntp": NTP,
    "quic": QUIC,
    "rdp": RDP,
    "smb_files": SMB_FILES,
    "smb_mapping": SMB_MAPPING,
    "smtp": SMTP,
    "snmp": SNMP,
    "ssh": SSH,
    "ssl": SSL,
    "weird": WEIRD,
}
"""Recipes by the name of the log (#path)."""

ORDER: Final = (X509, "ssl", "quic", "http", "dns")
"""Logs of one period that are read first, in this order: they name what conn.log, which comes last, is about."""

_SIGNS: Final = (
    ("conn", {"conn_state", "proto"}),
    ("dns", {"qtype", "query", "trans_id"}),
    ("http", {"trans_depth", "method"}),
    ("ssl", {"cipher", "established"}),
    ("ssl", {"version", "established"}),
    ("notice", {"note", "msg"}),
    ("weird", {"name", "notice"}),
)
"""Members by which a line of JSON is told that does not say what it is, and whose file has another name."""


def kind_of_name(name: str) -> str:
    """Return the kind that a file's name says: 'conn' of conn.log, conn.10:00:00-11:00:00.log.gz, conn_2020.log."""
    found = re.match(r"[a-z0-9_]+?(?=[-_.]?(?:\d{2,}|\.|$))", name.lower())
    return "" if found is None else found[0].rstrip("_-")


def kind_of_members(members: set[str]) -> str:
    """Return the kind of a line of JSON by what it holds; empty when it is none that we know."""
    return next((kind for kind, wanted in _SIGNS if wanted <= members), "")


def fields_of(kind: str) -> tuple[str, ...]:
    """Return the fields that are read of a kind of log; empty when it has no table here."""
    if kind == X509:
        return X509_FIELDS
    return RECIPES[kind].fields if kind in RECIPES else ()


def reading_order(path: Path, kind: str) -> tuple[str, str, int]:
    """Return the key by which logs are sorted: folder, period in the name, what names others before what is named."""
    period = path.name.lower().removeprefix(kind)
    rank = ORDER.index(kind) if kind in ORDER else len(ORDER) + 1 if kind == "conn" else len(ORDER)
    return str(path.parent), period, rank
