"""How well a commanding station is known to the station it commands: declared, established, undecided or new.

Without a signed baseline nothing proves that a master is legitimate; what the data can say is whether it was there
before (detectors.md, note 5 at the top). Shared by the industrial detectors.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import pyarrow as pa

from detectors.model import Param, Params, Tables
from detectors.sql import query


class Standing(StrEnum):
    """Standing of a master towards one controlled station, best known first."""

    KNOWN = "known"  # known_masters of the site policy
    ESTABLISHED = "established"  # was already its master when the data begin, or has polled it for long
    UNDECIDED = "undecided"  # on the wire well before it first spoke to the station as a master
    NEW = "new"  # appeared shortly before


KNOWN_S: Final = Param(
    300, "s", 0, 1e8, "a station on the wire this long before it commands is no passer-by", "detectors.md note 5: 5 min"
)
KNOWN_SHARE: Final = Param(
    0.1, "ratio", 0, 1, "and for this part of the data", "detectors.md note 5: a tenth of the span"
)
POLLS: Final = Param(
    10, "messages", 1, 1e6, "a master with fewer messages has not polled", "own: ten polls are a habit, not an accident"
)

_STANDING_SQL: Final = """
WITH span AS (SELECT ts_start AS begin_ts, span_s FROM capture_span),
spoke AS (
    SELECT station_ip, sender_ip AS master_ip, min(ts) AS first_ics_ts, max(ts) AS last_ics_ts,
        min(ts) FILTER (is_command) AS first_command_ts, count(*) AS messages,
        list(DISTINCT sender_mac) FILTER (is_command AND sender_mac IS NOT NULL) AS macs
    FROM ics WHERE from_master GROUP BY ALL
),
seen AS (SELECT ip AS master_ip, min(first_ts) AS seen_ts FROM host_seen GROUP BY ip),
moved AS (
    SELECT spoke.station_ip, spoke.master_ip, count(*) > 0 AS mac_changed FROM spoke
    JOIN host_seen AS now ON now.ip = spoke.master_ip AND list_contains(spoke.macs, now.mac)
    JOIN host_seen AS before ON before.ip = spoke.master_ip AND before.mac <> now.mac
        AND before.first_ts < now.first_ts - to_seconds($known_s) AND NOT list_contains(spoke.macs, before.mac)
    WHERE hex(now.mac)[1:8] NOT IN ('00005E00', '00000C07') GROUP BY ALL
),
measured AS (
    SELECT spoke.*, least(coalesce(seen_ts, first_ics_ts), first_ics_ts) AS first_seen_ts,
        coalesce(mac_changed, FALSE) AS mac_changed, begin_ts, span_s,
        least($known_s, $known_share * span_s) AS settle_s, greatest($known_s, $known_share * span_s) AS known_s,
        EXISTS (FROM site_master WHERE spoke.station_ip BETWEEN station_lo AND station_hi
            AND spoke.master_ip BETWEEN master_lo AND master_hi) AS is_known
    FROM spoke CROSS JOIN span LEFT JOIN seen USING (master_ip) LEFT JOIN moved USING (station_ip, master_ip)
)
SELECT station_ip, master_ip, first_seen_ts, first_ics_ts, first_command_ts, messages, mac_changed,
    epoch_us(coalesce(first_command_ts, first_ics_ts) - first_seen_ts) / 1e6 AS lead_s,
    epoch_us(first_seen_ts - begin_ts) / 1e6 AS absent_s,
    CASE
        WHEN is_known THEN 'known'
        WHEN first_ics_ts - begin_ts < to_seconds(settle_s)
            OR (messages >= $polls AND last_ics_ts - first_ics_ts >= to_seconds(known_s)
                AND coalesce(first_command_ts - first_ics_ts >= to_seconds(known_s), TRUE)) THEN 'established'
        WHEN first_seen_ts - begin_ts < to_seconds(settle_s)
            OR coalesce(first_command_ts, first_ics_ts) - first_seen_ts >= to_seconds(known_s) THEN 'undecided'
        ELSE 'new'
    END AS standing
FROM measured ORDER BY station_ip, master_ip
"""
"""Virtual router link addresses (VRRP 00-00-5E-00, RFC 5798 7.3; HSRP 00-00-0C-07-AC, RFC 2281) change by design.

``settle_s``: a station seen this soon after the data begin may have been there for years; that it is new cannot be
said. It is the smaller of the two measures of note 5, so that short captures can still find newcomers.
"""


def standings(tables: Tables, params: Params) -> pa.Table:
    """Return how every master stands to every station it spoke to.

    Args:
        tables: ``ics``, and the policy tables ``host_seen``, ``capture_span`` and ``site_master``.
        params: ``known_s``, ``known_share``, ``polls``.

    Returns:
        One row per (station_ip, master_ip): standing (a ``Standing``), first_seen_ts (any packet), first_ics_ts,
        first_command_ts (NULL without commands), lead_s from first seen to first command, absent_s from the
        beginning of the data to first seen, messages, and mac_changed (its address had another link address before).
    """
    inputs = {name: tables[name] for name in ("ics", "host_seen", "capture_span", "site_master")}
    return query(_STANDING_SQL, inputs, {name: params[name] for name in ("known_s", "known_share", "polls")})
