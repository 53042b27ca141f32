"""Home networks that the wire itself shows: addresses that spoke ARP, and leases that DHCP servers confirmed."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from store._policy import Basis, HomeNetwork, Network, SitePolicy
from store.text import Text

ARP_PREFIX: Final = 24
"""Prefix (bits, 8..32) of the network assumed around an ARP speaker: the most common IPv4 subnet size, and too small
to swallow a stranger's range. DHCP tells the true mask when it is seen."""

PROXY_NETWORKS: Final = 4
"""Distinct /24 (2..) that one link address may answer for; more is a router doing proxy ARP (RFC 1027), whose answers
say nothing about where the addresses live. Two or three secondary subnets on one interface are common."""

MAX_INFERRED: Final = 64
"""Inferred networks kept (1..), those with most speakers first: a forged ARP flood must not make the world our home."""

MIN_DHCP_PREFIX: Final = 8
"""Shortest mask (bits) believed from DHCP: no lease spans more than one of the former class A networks."""

_ACK: Final = 5
"""DHCPACK. Source: RFC 2132 section 9.6."""


def infer_home(policy: SitePolicy, arp: pa.Table, dhcp: pa.Table) -> SitePolicy:
    """Return the policy with the networks added that ARP and DHCP show and that it does not cover yet.

    A policy whose home networks people declared is returned as it is.

    Args:
        policy: Policy to extend.
        arp: Table ARP; columns arp_op, sender_mac, sender_ip.
        dhcp: Table DHCP; columns msg_type, assigned_ip, subnet_mask, server_ip.
    """
    if policy.is_home_declared:
        return policy
    home = list(policy.home)
    for found in (*_leased(dhcp), *_spoken(arp, home_of_dhcp=list(_leased(dhcp)))):
        if len(home) < len(policy.home) + MAX_INFERRED and not any(_covers(h.network, found.network) for h in home):
            home.append(found)
    return replace(policy, home=tuple(home))


def _covers(outer: Network, inner: Network) -> bool:
    if isinstance(outer, ipaddress.IPv4Network) and isinstance(inner, ipaddress.IPv4Network):
        return inner.subnet_of(outer)
    return False


def _leased(dhcp: pa.Table) -> Iterator[HomeNetwork]:
    """Yield the networks of confirmed leases, those with most leases first."""
    leases = dhcp.filter(pc.equal(dhcp["msg_type"], _ACK)).select(["assigned_ip", "subnet_mask", "server_ip"])
    counts: dict[ipaddress.IPv4Network, int] = defaultdict(int)
    servers: dict[ipaddress.IPv4Network, str] = {}
    for row in leases.group_by(["assigned_ip", "subnet_mask", "server_ip"]).aggregate([]).to_pylist():
        network = _lease_network(row["assigned_ip"], row["subnet_mask"])
        if network is not None:
            counts[network] += 1
            servers.setdefault(network, _text(row["server_ip"]))
    for network in sorted(counts, key=lambda n: (-counts[n], n)):
        by_en = f" by {servers[network]}" if servers[network] else ""
        by_zh = f"由 {servers[network]} " if servers[network] else ""
        why = Text(f"DHCP: {counts[network]} lease(s) given{by_en}", f"DHCP：{by_zh}分配了 {counts[network]} 个租约")
        yield HomeNetwork(network, why, Basis.DHCP)


def _lease_network(address: bytes | None, mask: int | None) -> ipaddress.IPv4Network | None:
    if address is None or mask is None or not any(address[12:]):
        return None
    ones = (mask & 0xFFFFFFFF).bit_count()
    if mask != (0xFFFFFFFF << (32 - ones)) & 0xFFFFFFFF or ones < MIN_DHCP_PREFIX:
        return None
    return ipaddress.IPv4Network((address[12:], ones), strict=False)


def _spoken(arp: pa.Table, home_of_dhcp: list[HomeNetwork]) -> Iterator[HomeNetwork]:
    """Yield a network around the addresses that sent ARP themselves, most speakers first."""
    speakers: dict[Network, int] = defaultdict(int)
    for subnet, count in _subnets(arp).items():
        lease = next((h.network for h in home_of_dhcp if _covers(h.network, subnet)), None)
        speakers[lease or subnet] += count
    for network in sorted(speakers, key=lambda n: (-speakers[n], str(n))):
        count = speakers[network]
        yield HomeNetwork(
            network,
            Text(f"ARP: {count} address(es) spoke on the wire", f"ARP：有 {count} 个地址在链路上发言"),
            Basis.ARP,
        )


def _subnets(arp: pa.Table) -> dict[ipaddress.IPv4Network, int]:
    """Return speakers per /24, without those a proxy answered for."""
    by_mac: dict[bytes, dict[ipaddress.IPv4Network, int]] = defaultdict(dict)
    prefix = pc.binary_slice(arp["sender_ip"].cast(pa.binary()), 0, 15)
    pairs = pa.table({"mac": arp["sender_mac"], "prefix": prefix, "ip": arp["sender_ip"]})
    distinct = pairs.group_by(["mac", "prefix"]).aggregate([("ip", "count_distinct")])
    for row in distinct.to_pylist():
        address = ipaddress.IPv4Address(row["prefix"][12:15] + b"\0")
        if _is_host_range(address):
            by_mac[row["mac"]][ipaddress.IPv4Network((address, ARP_PREFIX))] = row["ip_count_distinct"]
    counts: dict[ipaddress.IPv4Network, int] = defaultdict(int)
    for subnets in by_mac.values():
        if len(subnets) < PROXY_NETWORKS:
            for subnet, count in subnets.items():
                counts[subnet] += count
    return counts


def _is_host_range(address: ipaddress.IPv4Address) -> bool:
    """Tell whether hosts can have such addresses: 0/8 is the ARP probe's, 127/8, 224/4 and 240/4 are nobody's."""
    return not (address.packed[0] == 0 or address.is_loopback or address.is_multicast or address.is_reserved)


def _text(address: bytes | None) -> str:
    return "" if address is None else str(ipaddress.IPv4Address(address[12:]))
