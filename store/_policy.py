"""The site policy as frozen data: home networks, zones, known masters and roles, and the Arrow tables made of them."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Final

import pyarrow as pa

from store.schema import IP
from store.text import Text

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_MAPPED: Final = b"\0" * 10 + b"\xff\xff"


class Basis(StrEnum):
    """Where a home network comes from, weakest first."""

    DEFAULT = "default"
    ARP = "arp"
    DHCP = "dhcp"
    SITE = "site"
    CASE = "case"
    OPTION = "option"


class RoleName(StrEnum):
    """What an address is known to do; detectors exempt by these."""

    SCANNER = "scanner"
    MONITOR = "monitor"
    RESOLVER = "resolver"
    PROXY = "proxy"
    NAT = "nat"
    DOMAIN_CONTROLLER = "domain_controller"
    BACKUP = "backup"
    UPDATE_SERVER = "update_server"
    NTP = "ntp"


@dataclass(frozen=True, slots=True)
class HomeNetwork:
    """A network taken as the site's own, and why."""

    network: Network
    why: Text
    basis: Basis
    owner: str = ""
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Zone:
    """A named part of the site."""

    name: str
    networks: tuple[Network, ...]
    why: str
    owner: str = ""
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Master:
    """Stations and the masters that may command them."""

    stations: tuple[Network, ...]
    masters: tuple[Network, ...]
    why: str
    owner: str
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class Role:
    """Addresses and what they are known to do."""

    networks: tuple[Network, ...]
    roles: tuple[RoleName, ...]
    why: str
    owner: str
    expires: date | None = None


DEFAULT_HOME: Final = tuple(
    HomeNetwork(ipaddress.ip_network(cidr), Text(en, zh), Basis.DEFAULT)
    for cidr, en, zh in (
        ("10.0.0.0/8", "private use (RFC 1918)", "私有地址（RFC 1918）"),
        ("172.16.0.0/12", "private use (RFC 1918)", "私有地址（RFC 1918）"),
        ("192.168.0.0/16", "private use (RFC 1918)", "私有地址（RFC 1918）"),
        ("100.64.0.0/10", "shared address space behind carrier NAT (RFC 6598)", "运营商级 NAT 共享地址（RFC 6598）"),
        ("169.254.0.0/16", "link-local (RFC 3927)", "链路本地地址（RFC 3927）"),
        ("fc00::/7", "unique local (RFC 4193)", "唯一本地地址（RFC 4193）"),
        ("fe80::/10", "link-local (RFC 4291)", "链路本地地址（RFC 4291）"),
    )
)
"""Ranges that no one routes on the internet: inside somebody's site, and ours is the one we listen to."""


GIVEN: Final = Text("given with --home-net", "由 --home-net 指定")
"""Why a network of the command line is home."""


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """What the organisation told us (or did not) about its networks."""

    home: tuple[HomeNetwork, ...] = DEFAULT_HOME
    zones: tuple[Zone, ...] = ()
    masters: tuple[Master, ...] = ()
    roles: tuple[Role, ...] = ()
    source: str = field(default="", compare=False)

    @property
    def is_home_declared(self) -> bool:
        """Tell whether people named the home networks, so that nothing may be inferred."""
        return any(network.basis in {Basis.SITE, Basis.CASE, Basis.OPTION} for network in self.home)

    def with_home(self, cidrs: Iterable[str], *, why: Text = GIVEN, basis: Basis = Basis.OPTION) -> SitePolicy:
        """Return the policy with these networks, given for this run or kept with the case, in place of its own.

        Raises:
            ValueError: not a network, or host bits set.
        """
        return replace(self, home=tuple(HomeNetwork(ipaddress.ip_network(c), why, basis) for c in cidrs))

    def in_force(self, on: date) -> SitePolicy:
        """Return the policy without the entries that ended before ``on`` (a date of the data, never of the wall)."""
        return replace(
            self,
            home=tuple(e for e in self.home if e.expires is None or e.expires >= on) or DEFAULT_HOME,
            zones=tuple(e for e in self.zones if e.expires is None or e.expires >= on),
            masters=tuple(e for e in self.masters if e.expires is None or e.expires >= on),
            roles=tuple(e for e in self.roles if e.expires is None or e.expires >= on),
        )

    def is_home(self, address: str) -> bool:
        """Tell whether an address as text lies in a home network."""
        packed = mapped(ipaddress.ip_address(address))
        return any(low <= packed <= high for low, high in (bounds(n.network) for n in self.home))

    def networks_table(self) -> pa.Table:
        """Return the home networks: ``site_net(ip_lo, ip_hi, cidr, basis, why_en, why_zh)``, closed ranges."""
        rows = [(*bounds(n.network), str(n.network), n.basis.value, n.why.en, n.why.zh) for n in self.home]
        return _table(_NETWORKS, rows)

    def zones_table(self) -> pa.Table:
        """Return the zones: ``site_zone(ip_lo, ip_hi, zone, prefix_len)``; the longest prefix (0..128) wins."""
        rows = [
            (*bounds(network), zone.name, network.prefixlen + (96 if network.version == 4 else 0))
            for zone in self.zones
            for network in zone.networks
        ]
        return _table(_ZONES, rows)

    def roles_table(self) -> pa.Table:
        """Return the roles: ``site_role(ip_lo, ip_hi, role)``, one row per network and role."""
        return _table(_ROLES, [(*bounds(n), r.value) for role in self.roles for n in role.networks for r in role.roles])

    def masters_table(self) -> pa.Table:
        """Return the known masters: ``site_master(station_lo, station_hi, master_lo, master_hi)``."""
        rows = [
            (*bounds(station), *bounds(master))
            for entry in self.masters
            for station in entry.stations
            for master in entry.masters
        ]
        return _table(_MASTERS, rows)


_RANGE: Final = (("ip_lo", IP), ("ip_hi", IP))
_TEXT: Final = pa.string()
_NETWORKS: Final = pa.schema([*_RANGE, ("cidr", _TEXT), ("basis", _TEXT), ("why_en", _TEXT), ("why_zh", _TEXT)])
_ZONES: Final = pa.schema([*_RANGE, ("zone", _TEXT), ("prefix_len", pa.int32())])
_ROLES: Final = pa.schema([*_RANGE, ("role", _TEXT)])
_MASTERS: Final = pa.schema([("station_lo", IP), ("station_hi", IP), ("master_lo", IP), ("master_hi", IP)])


def _table(schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(list(v), f.type) for v, f in zip(columns, schema, strict=True)], schema=schema)


def mapped(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bytes:
    """Return the 16 stored bytes of an address, IPv4 mapped into ``::ffff:0:0/96``."""
    return address.packed if address.version == 6 else _MAPPED + address.packed


def bounds(network: Network) -> tuple[bytes, bytes]:
    """Return the first and the last address of a network as stored bytes."""
    return mapped(network.network_address), mapped(network.broadcast_address)
