"""The generated campaigns are what they say: repeatable, whole, and remembered as the memory would."""

from __future__ import annotations

import pyarrow as pa
import pytest
from campaign_tables import Campaign, moment_of
from campaigns import RARE, benign_office, dormant, drip, lateral, staging, upload, workstation, worm

from detectors.addresses import ip_bytes
from detectors.sql import rows
from tests.detectors.conftest import CONVERSATION

OFFICE = benign_office(5, 10, 21)


def _asked(campaign: Campaign, sql: str) -> list[dict[str, object]]:
    return rows(sql, {"c": campaign.conversation})


def test_same_seed_same_rows() -> None:
    """A seed fixes every row; another seed gives others."""
    assert benign_office.__wrapped__(5, 10, 21).conversation.equals(OFFICE.conversation)
    assert not benign_office(6, 10, 21).conversation.equals(OFFICE.conversation)


def test_rows_are_whole_and_unique() -> None:
    """Every conversation has its own uid, and the contract's columns in its types."""
    everything = (
        OFFICE
        + drip(5, workstation(3), from_day=1, days=9)
        + upload(5, workstation(3), 10**8, day=7)
        + staging(5, workstation(4), day=10.1)
        + lateral(5, [workstation(n) for n in (5, 6, 7)], day=12)
        + dormant(5, workstation(8), silent_days=12)
        + worm(5, workstation(9), day=14, generations=2)
    )
    assert everything.conversation.schema == CONVERSATION
    (row,) = _asked(everything, "SELECT count(*) AS n, count(DISTINCT root_uid) AS uids, min(duration_s) AS s FROM c")
    assert row["n"] == row["uids"] == everything.conversation.num_rows
    assert row["s"] >= 0  # type: ignore[operator]


def test_the_office_keeps_hours() -> None:
    """Most of what people do lies in working hours and on weekdays."""
    (row,) = _asked(
        OFFICE,
        """SELECT avg((isodow(ts_start) < 6)::INTEGER) AS week, avg((hour(ts_start) BETWEEN 7 AND 19)::INTEGER) AS hours
        FROM c WHERE starts_with(server_name::VARCHAR, 'www.')""",
    )
    assert row["week"] > 0.9  # type: ignore[operator]
    assert row["hours"] > 0.9  # type: ignore[operator]


def test_drip_sends_its_daily_amount() -> None:
    """Five megabytes a day, every day."""
    leak = drip(5, workstation(3), days=10)
    found = _asked(leak, "SELECT sum(src_bytes_payload)::BIGINT AS up FROM c GROUP BY date_trunc('day', ts_start)")
    assert len(found) == 10
    assert all(row["up"] == pytest.approx(5e6, rel=0.2) for row in found)


def test_memory_and_range_share_the_rows() -> None:
    """What is remembered and what is left to judge are the whole, each conversation once."""
    site = (OFFICE + drip(5, workstation(3), from_day=1, days=15)).remembered(14)
    before = site.table("edge_before")
    counted = rows("SELECT sum(conversations)::BIGINT AS n, max(last_ts) AS last FROM e", {"e": before})[0]
    whole = OFFICE.conversation.num_rows + 15 * 6
    assert counted["n"] + site.conversation.num_rows == whole
    assert counted["last"] < moment_of(14)
    days = rows(
        "SELECT count(*) AS days FROM d WHERE dst_ip = $ip",
        {"d": site.table("edge_day_before")},
        {"ip": ip_bytes(RARE)},
    )
    assert days == [{"days": 13}]
    assert isinstance(site.table("smb_site"), pa.Table)
