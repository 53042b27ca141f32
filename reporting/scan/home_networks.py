"""The site policy that holds for a case: what people wrote, on the data's own dates, and what the wire shows."""

from __future__ import annotations

from store.lake import Lake
from store.site import SitePolicy, infer_home


def infer(lake: Lake, case: str, policy: SitePolicy) -> SitePolicy:
    """Return the policy in force on the data's own dates, with the networks that ARP and DHCP of the case show."""
    with lake.reader(case, policy) as reader:
        last = reader.arrow("SELECT max(ts_end) AS last FROM flow").to_pylist()[0]["last"]
        if last is not None:
            policy = policy.in_force(last.date())
        arp = reader.arrow("SELECT DISTINCT arp_op, sender_mac, sender_ip FROM arp")
        dhcp = reader.arrow("SELECT DISTINCT msg_type, assigned_ip, subnet_mask, server_ip FROM dhcp")
    return infer_home(policy, arp, dhcp)
