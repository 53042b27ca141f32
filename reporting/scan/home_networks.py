"""The site policy that holds for a case: what people wrote and confirmed, on the data's dates, what the wire shows."""

from __future__ import annotations

from dataclasses import replace

from reporting.scan.case_tables import READER_MEMORY, READER_THREADS
from store.casebook import Casebook
from store.lake import Lake
from store.site import Basis, SitePolicy, infer_home
from store.text import Text


def with_kept_home(policy: SitePolicy, casebook: Casebook, case: str) -> SitePolicy:
    """Return the policy with the home networks that an earlier scan of the case was told, if it was."""
    kept = casebook.home_networks(case)
    if kept is None:
        return policy
    day = kept.at[:10]
    why = Text(
        f"given with --home-net at an earlier scan of this case ({kept.actor}, {day}); --forget-home-net drops it",
        f"本案例此前扫描时由 --home-net 指定（{kept.actor}，{day}）；用 --forget-home-net 可取消",
    )
    return policy.with_home(kept.cidrs, why=why, basis=Basis.CASE)


def with_roles(policy: SitePolicy, casebook: Casebook) -> SitePolicy:
    """Return the policy with the roles that people confirmed beside those of ``site.toml``."""
    return replace(policy, roles=(*policy.roles, *(one.as_role() for one in casebook.confirmed_roles())))


def infer(lake: Lake, case: str, policy: SitePolicy) -> SitePolicy:
    """Return the policy in force on the data's own dates, with the networks that ARP and DHCP of the case show."""
    with lake.reader(case, policy, memory_limit=READER_MEMORY, threads=READER_THREADS) as reader:
        last = reader.arrow("SELECT max(ts_end) AS last FROM flow").to_pylist()[0]["last"]
        if last is not None:
            policy = policy.in_force(last.date())
        arp = reader.arrow("SELECT DISTINCT arp_op, sender_mac, sender_ip FROM arp")
        dhcp = reader.arrow("SELECT DISTINCT msg_type, assigned_ip, subnet_mask, server_ip FROM dhcp")
    return infer_home(policy, arp, dhcp)
