"""The noise zoo: everything that looks like an attack to somebody and is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from zoo import clients, network, servers
from zoo.site import Day

NUISANCES: Final[dict[str, Callable[[Day], None]]] = {
    function.__name__: function
    for function in (
        clients.update_polling,
        clients.telemetry,
        clients.time_service,
        clients.chat_keepalive,
        clients.cloud_sync,
        clients.delivery_optimisation,
        clients.peer_to_peer,
        clients.multicast_storm,
        clients.search_suffixes,
        clients.captive_portal,
        clients.dead_server,
        clients.printing,
        clients.logon_morning,
        clients.new_laptops,
        clients.reputation_lookups,
        servers.monitoring,
        servers.backup,
        servers.offsite_backup,
        servers.authorised_scanner,
        servers.mail_server,
        servers.continuous_integration,
        servers.expired_password,
        servers.vpn_concentrator,
        servers.database_pool,
        servers.public_web_server,
        servers.web_proxy,
        servers.recursive_resolver,
        servers.log_server_lookups,
        servers.patch_day,
        network.voice,
        network.video_conference,
        network.video_streaming,
        network.dhcp_churn,
        network.gateway_failover,
        network.address_translation,
        network.things,
        network.router_discovery,
        network.weekend,
    )
}
"""Name to what it adds to a day."""


def day_of(name: str, seed: int = 1) -> Day:
    """Return the day of one nuisance."""
    day = Day(seed)
    NUISANCES[name](day)
    return day
