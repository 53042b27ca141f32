"""Flows of one case that several programs saw: our meter, Zeek, Suricata. Each is counted once.

Rows with the same community id from different programs whose times meet are one flow. Ours is shown before Zeek's,
Zeek's before Suricata's; the others are its followers: they are in no count, and their ids are in ``flow_uids`` of the
one that is shown, so that records of any source find it. Records of a follower are left out where the shown flow has
rows in the same table. Two programs of one kind at two places are not linked: both may see a flow rightly.

None of this is done where a case holds the flows of one source only.
"""

from __future__ import annotations

from typing import Final

from store import schema
from store.schema import AppBasis

TOLERANCE_US: Final = 1_000_000
"""Gap, us, over which the times of two programs' rows still meet (0 … 60 s): clocks of sensors under NTP differ by
milliseconds, and a time-out ends a flow of one program a little before or after that of another."""

SKEW_US: Final = 10_000
"""Difference of clocks, us, when a follower chooses among several flows (0 … ``TOLERANCE_US``): the latest that had
begun by then."""

_RANK: Final = f"CASE app_basis WHEN '{AppBasis.ZEEK}' THEN 1 WHEN '{AppBasis.SURICATA}' THEN 2 ELSE 0 END"

_NARROW: Final = (
    "SELECT root_uid, case_name, community_id, begin_us, end_us, source_rank FROM ("
    f"SELECT flow_uid AS root_uid, case_name, community_id, epoch_us(ts_start) AS begin_us, epoch_us(ts_end) AS end_us, "
    f"{_RANK} AS source_rank FROM flow_stored WHERE is_final AND flow_root_uid IS NULL UNION ALL "
    "SELECT coalesce(flow_root_uid, flow_uid), case_name, arg_min(community_id, segment_seq), min(epoch_us(ts_start)), "
    "max(epoch_us(ts_end)), 0 FROM flow_stored WHERE NOT (is_final AND flow_root_uid IS NULL) "
    "GROUP BY coalesce(flow_root_uid, flow_uid), case_name) WHERE community_id IS NOT NULL"
)

_KEY: Final = "PARTITION BY case_name, community_id"
_ORDER: Final = "ORDER BY begin_us, source_rank, root_uid"

LINK_TABLE: Final = f"""CREATE TABLE flow_link AS
WITH narrow AS ({_NARROW}),
several AS (
    SELECT * FROM narrow SEMI JOIN (
        SELECT case_name, community_id FROM narrow GROUP BY ALL HAVING min(source_rank) <> max(source_rank)
    ) USING (case_name, community_id)
),
opened AS (
    SELECT *, begin_us > max(end_us) OVER ({_KEY} {_ORDER} ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    + {TOLERANCE_US} AS opens FROM several
),
grouped AS (
    SELECT *, count(*) FILTER (WHERE opens) OVER ({_KEY} {_ORDER} ROWS UNBOUNDED PRECEDING) AS meeting FROM opened
),
judged AS (
    SELECT *, min(source_rank) OVER (PARTITION BY case_name, community_id, meeting) AS best FROM grouped
),
led AS (
    SELECT *, coalesce(
        last_value(CASE WHEN source_rank = best THEN root_uid END IGNORE NULLS) OVER (
            PARTITION BY case_name, community_id, meeting
            ORDER BY begin_us + CASE WHEN source_rank > best THEN {SKEW_US} ELSE 0 END, source_rank, root_uid
            ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW),
        first_value(CASE WHEN source_rank = best THEN root_uid END IGNORE NULLS) OVER (
            PARTITION BY case_name, community_id, meeting
            ORDER BY begin_us + CASE WHEN source_rank > best THEN {SKEW_US} ELSE 0 END, source_rank, root_uid
            ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)
    ) AS leader_uid FROM judged
)
SELECT case_name, root_uid AS follower_uid, leader_uid, source_rank, begin_us FROM led WHERE source_rank > best"""
"""Makes ``flow_link``: one row per flow that another program's row stands for."""

NOT_FOLLOWING: Final = (
    "NOT EXISTS (SELECT 1 FROM flow_link WHERE flow_link.case_name = held.case_name "
    "AND flow_link.follower_uid = held.{uid})"
)
"""Condition on a row of ``held``: no other row stands for its flow."""


def linked(conversations: str) -> str:
    """Return the query of conversations without followers, whose ids stand in ``flow_uids`` of their leaders."""
    return (
        "SELECT held.* REPLACE (list_concat(held.flow_uids, coalesce(more.uids, [])) AS flow_uids) "
        f"FROM ({conversations}) AS held LEFT JOIN (SELECT case_name, leader_uid, "
        "list(follower_uid ORDER BY source_rank, begin_us, follower_uid) AS uids FROM flow_link "
        "GROUP BY case_name, leader_uid) AS more "
        "ON more.case_name = held.case_name AND more.leader_uid = held.root_uid "
        f"WHERE {NOT_FOLLOWING.format(uid='root_uid')}"
    )


def record_view(table: schema.Table) -> str:
    """Return the statement that makes the view of a record table without what a leader's rows say already."""
    owners = (
        f"SELECT DISTINCT owned.case_name, coalesce(part.flow_root_uid, owned.flow_uid) AS leader_uid "
        f"FROM {table.name}_stored AS owned LEFT JOIN (SELECT case_name, flow_uid, flow_root_uid FROM flow_stored "
        "WHERE flow_root_uid IS NOT NULL) AS part USING (case_name, flow_uid)"
    )
    said = (
        "SELECT flow_link.case_name, flow_link.follower_uid FROM flow_link "
        f"SEMI JOIN ({owners}) AS owners USING (case_name, leader_uid)"
    )
    return (
        f"CREATE VIEW {table.name} AS SELECT held.* FROM {table.name}_stored AS held ANTI JOIN ({said}) AS said "
        "ON said.case_name = held.case_name AND said.follower_uid = held.flow_uid"
    )


OF_SOURCES: Final = tuple(t for t in schema.RECORDS if t.name not in {"foreign_alert", "weird"})
"""Tables whose rows two programs may have made of the same packets."""
