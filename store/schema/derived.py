"""Tables that follow from others and are made when somebody asks: trends, what each tap saw, what a host did on a day.

They are in no segment. ``taishi sql`` and the detectors see them as views; ``<name>_before`` is the history before
the range that is judged, empty without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from store.schema._column import F64, FLAG, I32, I64, IP, NAME, TEXT, TIME, Column, Table, c
from store.schema._derived_sql import TREND_CHANGE_SQL, TREND_HOUR_SQL, TREND_SEASON_SQL, TREND_WEEK_SQL
from store.schema._host_sql import HOST_DAY_SQL, MEASURED
from store.schema._tap_sql import TAP_MINUTE_SQL


@dataclass(frozen=True, slots=True)
class Derived:
    """A table, the SELECT that makes it, and the views that the SELECT reads."""

    table: Table
    sql: str
    sources: tuple[str, ...]


WEEK_STATES: Final = ("first", "steady", "up", "down", "gone", "back", "quiet", "not_comparable", "not_seen")
"""How a week compares with the one before it (``trend_week.state``)."""

_WHO: Final = (
    c("scope", NAME, "What is watched: site, zone, service or asset."),
    c("name", TEXT, "Its name: 'site', the zone, the service (protocol or port/transport), the address as text."),
    c("asset_ip", IP, "Address of an asset; NULL for the other scopes.", null=True),
)

TREND_HOUR: Final = Table(
    "trend_hour",
    "Volume per hour (UTC) of the site, its zones, services and assets; an hour without traffic has no row.",
    (
        *_WHO,
        c("hour", TIME, "Start of the hour.", "us UTC"),
        c("bytes_up", I64, "Payload it sent (service: its clients; site: its own end, or the originator).", "B"),
        c("bytes_down", I64, "Payload it received; long conversations are spread evenly over their hours.", "B"),
        c("conversations", I64, "Conversations that began."),
        c("peers", I64, "Distinct addresses at the other end (service: clients)."),
        c("failures", I64, "Of the conversations, those refused or never answered."),
    ),
    key=("scope", "name", "hour"),
)
TREND_WEEK: Final = Table(
    "trend_week",
    "Week on week (weeks begin on Monday, UTC), compared by the hours that the taps saw in both weeks.",
    (
        *_WHO,
        c("week", TIME, "Start of the week.", "us UTC"),
        c("hours_seen", I32, "Hours of the week in which any tap saw anything, at most 168."),
        c("hours_matched", I32, "Of them, those whose hour a week earlier was seen too."),
        c("bytes_up", I64, "Payload sent; NULL when the week was not seen.", "B", null=True),
        c("bytes_down", I64, "Payload received; NULL when the week was not seen.", "B", null=True),
        c("conversations", I64, "Conversations that began; NULL when the week was not seen.", null=True),
        c("failures", I64, "Of them, those refused or never answered; NULL when not seen.", null=True),
        c("peers", I64, "Most distinct peers in one hour; NULL when the week was not seen.", null=True),
        c("ratio", F64, "Bytes in the matched hours / bytes in the same hours a week earlier.", "ratio", null=True),
        c("state", NAME, f"{', '.join(WEEK_STATES[:-1])} or {WEEK_STATES[-1]}."),
    ),
    key=("scope", "name", "week"),
)
TREND_SEASON: Final = Table(
    "trend_season",
    "What is usual at which hour of the week (UTC), over the hours that the taps saw.",
    (
        *_WHO,
        c("week_hour", I32, "Hour of the week, 0 = Monday 00:00 UTC … 167."),
        c("weeks", I32, "Weeks in which that hour was seen."),
        c("bytes_median", F64, "Median of the bytes, both directions.", "B"),
        c("bytes_low", F64, "Lower end of the usual band: 5 robust deviations below, on ln(1 + bytes).", "B"),
        c("bytes_high", F64, "Upper end of the usual band.", "B"),
    ),
    key=("scope", "name", "week_hour"),
)
TREND_CHANGE: Final = Table(
    "trend_change",
    "Days on which a behaviour changed for at least a week: the findings of change_point in the current evaluation.",
    (
        *_WHO,
        c("since", TIME, "Start of the day of the change.", "us UTC"),
        c("until", TIME, "End of the last day of the new behaviour that was seen.", "us UTC"),
        c("stayed", FLAG, "It lasted until the end of the data."),
        c("measure", NAME, "What changed most: bytes, upload_share, peers, failure_share or night_share."),
        c("level_before", F64, "Daily level before, in the measure's own unit."),
        c("level_after", F64, "Daily level after."),
        c("sigmas", F64, "Size of the change in robust standard deviations of the days before."),
        c("alert_id", TEXT, "Alert that says so."),
    ),
    key=("alert_id",),
)

TAP_MINUTE: Final = Table(
    "tap_minute",
    "What each tap showed per minute, and each VLAN and zone behind it per hour; without traffic there is no row.",
    (
        c("whole", NAME, "Always 'site': taps are judged against each other, so that one key holds all of them."),
        c("part", NAME, "What the row is of: tap, vlan or zone."),
        c("sensor_id", NAME, "Stable identity of the agent or of the scan."),
        c("name", TEXT, "The sensor, the outer VLAN id or the zone."),
        c("minute", TIME, "Start of the minute (tap) or hour (vlan, zone).", "us UTC"),
        c("first_ts", TIME, "First time seen.", "us UTC"),
        c("last_ts", TIME, "Latest end of a conversation that began in it.", "us UTC"),
        c("conversations", I64, "Conversations that began."),
        c("with_data", I64, "Of them, TCP conversations with payload."),
        c("one_sided", I64, "Of those, the ones of which one side sent nothing at all: its packets pass elsewhere."),
        c("tcp_bytes", I64, "Payload of TCP.", "B"),
        c("payload_bytes", I64, "Payload.", "B"),
        c("encrypted_bytes", I64, "Of it, in protocols that hide their content.", "B"),
        c("gap_bytes", I64, "Bytes of TCP that were acknowledged and never seen.", "B"),
        c("clock_steps", I64, "Conversations in which the clock of the capture stepped back."),
    ),
    key=("part", "sensor_id", "name", "minute"),
)

_HOST_MEANING: Final = {
    "out_": "As originator",
    "ext_": "As originator, towards addresses outside",
    "int_": "As originator, towards home addresses",
    "in_": "As responder",
    "dns_": "As client of DNS",
    "tls_": "As client of TLS",
    "login_": "As the one who logs in",
}


def _host_column(name: str) -> Column:
    meaning = next((text for start, text in _HOST_MEANING.items() if name.startswith(start)), "As originator")
    said = name.removeprefix(next((start for start in _HOST_MEANING if name.startswith(start)), ""))
    unit = "s" if name.endswith("_s") else "-"
    return c(name, F64, f"{meaning}: {said.replace('_', ' ')} of the day (SQL: store/schema/_host_sql.py).", unit)


HOST_DAY: Final = Table(
    "host_day",
    "What each home host did on each UTC day, in numbers that can be compared with its peers.",
    (
        c("peer_group", NAME, "Role of the site policy, else client or server by who began most conversations."),
        c("host_ip", IP, "The host."),
        c("day", TIME, "Start of the UTC day.", "us UTC"),
        *(_host_column(name) for name in MEASURED),
    ),
    key=("host_ip", "day"),
)

DERIVED: Final = (
    Derived(TREND_HOUR, TREND_HOUR_SQL, ("conversation",)),
    Derived(TREND_WEEK, TREND_WEEK_SQL, ("trend_hour",)),
    Derived(TREND_SEASON, TREND_SEASON_SQL, ("trend_hour",)),
    Derived(TREND_CHANGE, TREND_CHANGE_SQL, ("alert",)),
    Derived(TAP_MINUTE, TAP_MINUTE_SQL, ("conversation",)),
    Derived(HOST_DAY, HOST_DAY_SQL, ("conversation", "dns_site", "tls_site", "logins")),
)
"""All of them, each after its sources."""

DERIVED_TABLES: Final = tuple(one.table for one in DERIVED)
"""Their declarations."""
