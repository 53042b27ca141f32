"""What is known of the addresses in a case's alerts: for correlation, asked of the lake once the alerts are there."""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import in_ranges
from detectors.derive import HOST_SEEN_SQL
from detectors.surroundings import AssetIndex, Surroundings
from store.lake import LakeReader
from store.site import SitePolicy

_BORNE_SQL: Final = (
    "SELECT mac, count(DISTINCT ip) AS ips FROM heard "
    r"WHERE ip BETWEEN '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\x00\x00\x00\x00'::BLOB "
    r"AND '\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xFF\xFF\xFF\xFF\xFF\xFF'::BLOB AND mac IS NOT NULL GROUP BY mac"
)
"""IPv4 addresses that each link address bore, over the whole case."""


def surroundings(reader: LakeReader, alerts: pa.Table, policy: SitePolicy) -> Surroundings:
    """Return the assets, first sight, zones, roles and sides of every actor and target.

    Args:
        reader: Reader of the case with the policy joined.
        alerts: ALERT.
        policy: Site policy, for the roles.
    """
    columns = (alerts["actor_ip"].to_pylist(), alerts["target_ip"].to_pylist())
    addresses = sorted({bytes(ip) for column in columns for ip in column if ip is not None})
    if not addresses:
        return Surroundings()
    heard = f"SELECT * FROM ({HOST_SEEN_SQL})"
    rows = reader.arrow(f"WITH heard AS ({heard}) SELECT * FROM heard WHERE list_contains(?, ip)", [addresses])
    macs = {bytes(mac) for mac in rows["mac"].to_pylist() if mac is not None}
    borne = reader.arrow(f"WITH heard AS ({heard}) {_BORNE_SQL}").to_pylist() if macs else []
    facts = reader.arrow(
        "SELECT ip, zone_of(ip) AS zone, is_home(ip) AS home FROM (SELECT unnest(?::BLOB[]) AS ip)", [addresses]
    ).to_pylist()
    seen: dict[bytes, Any] = {}
    for row in rows.to_pylist():
        ip = bytes(row["ip"])
        seen[ip] = min(row["first_ts"], seen.get(ip, row["first_ts"]))
    return Surroundings(
        assets=AssetIndex(rows.to_pylist(), {bytes(row["mac"]): row["ips"] for row in borne}),
        first_seen=seen,
        zones={bytes(row["ip"]): row["zone"] for row in facts if row["zone"] is not None},
        roles=_roles(addresses, policy),
        home=frozenset(bytes(row["ip"]) for row in facts if row["home"]),
    )


def _roles(addresses: list[bytes], policy: SitePolicy) -> dict[bytes, tuple[str, ...]]:
    ranges = [((row["ip_lo"], row["ip_hi"]), str(row["role"])) for row in policy.roles_table().to_pylist()]
    found = {ip: tuple(sorted({role for ends, role in ranges if in_ranges(ip, [ends])})) for ip in addresses}
    return {ip: roles for ip, roles in found.items() if roles}
