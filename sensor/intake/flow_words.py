"""What Zeek's and Suricata's words say of a flow: services, histories, flags."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from sensor.intake.recipe import Lookup

_SERVICES: Final = {
    "ssl": "tls",
    "quic": "quic",
    "http": "http",
    "http2": "http2",
    "dns": "dns",
    "ssh": "ssh",
    "ftp": "ftp",
    "ftp-data": "ftp-data",
    "smb": "smb",
    "dce_rpc": "dcerpc",
    "krb": "kerberos",
    "krb5": "kerberos",
    "krb_tcp": "kerberos",
    "krb_udp": "kerberos",
    "ldap_tcp": "ldap",
    "ldap_udp": "ldap",
    "dnp3_tcp": "dnp3",
    "dnp3_udp": "dnp3",
    "pgsql": "postgresql",
    "ikev2": "isakmp",
    "ike": "isakmp",
    "ipsec": "isakmp",
    "nfs": "nfs",
    "vnc": "rfb",
    "bittorrent-dht": "bittorrent",
}
"""Names of Zeek's and Suricata's analysers that differ from ours; in this order the first of several counts."""

_CARRIED: Final = frozenset({"gssapi", "ntlm", "failed", "spicy", "unknown"})
"""Words that name no protocol of a connection by themselves."""

SYN: Final = 2
_FLAGS: Final = {"s": 2, "h": 0x12, "a": 0x10, "d": 0x18, "f": 0x11, "r": 4}
"""TCP flags that a letter of a history stands for. Source: Zeek scripts/base/protocols/conn/main.zeek, field history."""

_FIRST: Final = {"S": 2, "H": 0x12, "A": 0x10, "D": 0x18, "R": 4}
"""Flags of the first packet; a FIN at the beginning may be one of several kinds of probe: not told."""


def service(value: str | None) -> tuple[str | None]:
    """Return our name of the protocol that Zeek's list of services (or Suricata's app_proto) names."""
    words = [word for word in (value or "").lower().split(",") if word and not word.startswith("-")]
    known = [word for word in _SERVICES if word in words]
    if known:
        return (_SERVICES[known[0]],)
    other = sorted(word for word in words if word not in _CARRIED)
    return (other[0].replace("_", "-") if other else None,)


def history(value: str | None) -> tuple[object, ...]:
    """Return what a history says of both sides: flags, first flags, SYN, FIN, RST, retransmissions, gaps, turned."""
    letters = value or ""
    flipped = letters.startswith("^")
    letters = letters.lstrip("^")
    sides = ["".join(c for c in letters if c.isupper()), "".join(c for c in letters if c.islower()).upper()]
    out: list[object] = []
    for side in sides:
        flags = 0
        for letter in side.lower():
            flags |= _FLAGS.get(letter, 0)
        # A side that said nothing but SYN said it with every packet: -1.
        syn = -1 if side and set(side) == {"S"} else int("S" in side or "H" in side)
        out += [flags, _FIRST.get(side[:1]), syn, *(int(letter in side) for letter in "FRTG"), int(bool(side))]
    starts_late = bool(letters) and letters[0] not in "SsHh"
    return (*out, flipped, starts_late)


SERVICE: Final = Lookup("service", {"app_proto": pa.string()}, service)

_SIDE: Final = ("flags", "first", "syn", "fin", "rst", "retx", "gap", "any")
HISTORY: Final = Lookup(
    "history",
    {f"{side}_{name}": pa.int32() for side in ("o", "r") for name in _SIDE}
    | {"is_flipped": pa.bool_(), "starts_late": pa.bool_()},
    history,
)
