"""sensor_blind_spot: what could not be seen is said; ordinary pauses and short samples are not dramatised."""

from __future__ import annotations

import json
from typing import Any

from detectors.catalogue.sensor_blind_spot import DETECTOR
from tests.detectors.conftest import Traffic

HOUR, DAY = 3600, 86400


def _kinds(found: list[dict[str, Any]]) -> dict[str, str]:
    return {json.loads(row["details"])["kind"]: row["severity"] for row in found}


def _busy(
    traffic: Traffic, tap: str, until: int, silent: tuple[int, int] = (0, 0), *, step: int = 20, **row: object
) -> None:
    """Let a tap see a conversation every ``step`` seconds but for a stretch."""
    for second in range(0, until, step):
        if not silent[0] <= second < silent[1]:
            traffic.add(second, "10.0.0.1", "198.51.100.7", 443, sensor_id=tap, **row)


def test_one_tap_silent_beside_a_busy_one_is_medium(traffic: Traffic) -> None:
    """Half an hour without a packet while the neighbour goes on may be somebody's doing."""
    _busy(traffic, "west", 6 * HOUR, (2 * HOUR, 2 * HOUR + 1800))
    _busy(traffic, "east", 6 * HOUR)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["attack"]) == ("medium", ["T1562.006", "T0815"])
    assert (
        "tap west showed nothing for 30.3 min from 2026-03-02 09:59:40 UTC to 2026-03-02 10:30:00 UTC"
        in (alert["evidence_en"])
    )
    assert "while east went on as usual (100 % of their minutes active)" in alert["evidence_en"]
    assert "探针 west 自 2026-03-02 09:59:40 UTC" in alert["evidence_zh"]
    assert "而 east 照常" in alert["evidence_zh"]


def test_all_taps_silent_is_information(traffic: Traffic) -> None:
    """When nobody saw anything, the site was off or the capture paused: coverage, no suspicion."""
    for tap in ("west", "east"):
        _busy(traffic, tap, 6 * HOUR, (2 * HOUR, 2 * HOUR + 1800))
    found = traffic.run(DETECTOR)
    assert {row["severity"] for row in found} == {"info"}
    assert len(found) == 2
    assert "in 1 stretches, the longest 30.3 min" in found[0]["evidence_en"]
    assert "其间发生的情况未观测到" in found[0]["evidence_zh"]


def test_a_sample_that_ends_earlier_is_no_attack(traffic: Traffic) -> None:
    """Two captures of different length: the shorter one did not fall silent."""
    _busy(traffic, "west", 2 * HOUR)
    _busy(traffic, "east", 6 * HOUR)
    assert all(row["severity"] == "info" for row in traffic.run(DETECTOR))


def test_a_tap_that_ran_for_a_day_and_stopped_is_medium(traffic: Traffic) -> None:
    """A tap that was always busy and shows nothing to the end of the data fell silent."""
    _busy(traffic, "west", DAY + HOUR, step=50)
    _busy(traffic, "east", DAY + 4 * HOUR, step=50)
    assert [(row["severity"], "tap west" in row["title_en"]) for row in traffic.run(DETECTOR)] == [("medium", True)]


def test_a_quiet_network_may_be_quiet(traffic: Traffic) -> None:
    """Where pauses of minutes are ordinary, one of half an hour is no news."""
    for second in range(0, 6 * HOUR, 400):
        traffic.add(second, "10.0.0.1", "198.51.100.7", 443)
    assert traffic.run(DETECTOR) == []


def test_a_long_conversation_is_no_silence(traffic: Traffic) -> None:
    """While one conversation lasts, the tap is not silent."""
    _busy(traffic, "tap", 4 * HOUR, (HOUR, 3 * HOUR))
    traffic.add(HOUR - 100, "10.0.0.1", "10.0.0.2", 22, duration_s=2.0 * HOUR + 200)
    assert traffic.run(DETECTOR) == []


def test_a_silence_against_the_habit_of_the_hour_is_low(traffic: Traffic) -> None:
    """After three weeks in which every minute had packets, two minutes without are against the habit."""
    _busy(traffic, "tap", 22 * DAY, (21 * DAY + HOUR, 21 * DAY + HOUR + 150), step=55)
    (alert,) = traffic.run(DETECTOR)
    assert _kinds([alert]) == {"silent": "low"}


def test_one_direction_only(traffic: Traffic) -> None:
    """Data that nobody answers by a single packet shows a one-sided tap; in a sample it is information."""
    for second in range(40):
        traffic.unanswered(second, "10.0.0.1", "198.51.100.7", 443, src_bytes_payload=500, src_pkts=4)
    (alert,) = traffic.run(DETECTOR)
    assert _kinds([alert]) == {"one_sided": "info"}
    assert "in 100 % of 40 TCP conversations with data one side sent not a single packet" in alert["evidence_en"]
    assert "40 个有数据的 TCP 会话中 100% 只有一方的报文" in alert["evidence_zh"]


def test_scans_are_not_one_sided(traffic: Traffic) -> None:
    """A SYN without answer has no data: it says nothing about the tap."""
    for second in range(200):
        traffic.unanswered(second, "10.0.0.1", f"10.1.0.{second + 1}", 445)
    assert traffic.run(DETECTOR) == []


def test_lost_packets(traffic: Traffic) -> None:
    """From 1 % of acknowledged bytes that were not seen on; below it nothing."""
    for second in range(40):
        traffic.add(second, "10.0.0.1", "198.51.100.7", 443, dst_bytes_payload=100_000, dst_gap_bytes=500)
    assert traffic.run(DETECTOR) == []
    traffic.add(50, "10.0.0.1", "198.51.100.7", 443, dst_bytes_payload=100_000, dst_gap_bytes=900_000)
    (alert,) = traffic.run(DETECTOR)
    assert _kinds([alert]) == {"gaps": "info"}
    assert "18.3 % of the TCP payload was acknowledged and never seen" in alert["evidence_en"]


def test_a_running_tap_that_loses_a_tenth_is_low(traffic: Traffic) -> None:
    """What is a remark on a sample is a defect of a tap that runs for a day."""
    _busy(traffic, "tap", 2 * DAY, step=50, dst_bytes_payload=10_000, dst_gap_bytes=2000)
    assert _kinds(traffic.run(DETECTOR)) == {"gaps": "low"}


def test_a_vlan_that_disappears(traffic: Traffic) -> None:
    """VLAN 20 was there hour by hour for a day and is gone for the rest, while VLAN 10 goes on."""
    _busy(traffic, "tap", 2 * DAY, step=50, vlan_outer=10)
    for second in range(0, DAY, 600):
        traffic.add(second, "10.0.2.1", "10.0.2.2", 502, vlan_outer=20)
    (alert,) = traffic.run(DETECTOR)
    assert _kinds([alert]) == {"gone": "info"}
    assert "vlan 20 behind tap tap was last seen at 2026-03-03 07:50:00 UTC" in alert["evidence_en"]
    assert "VLAN 20最后一次出现在" in alert["evidence_zh"]


def test_zones_count_like_vlans(traffic: Traffic) -> None:
    """A zone of the site policy that falls silent is told too."""
    _busy(traffic, "tap", 2 * DAY, step=50, src_zone="office")
    for second in range(0, DAY, 600):
        traffic.add(second, "10.0.2.1", "10.0.2.2", 502, src_zone="dispatch", dst_zone="dispatch")
    assert [row["title_en"] for row in traffic.run(DETECTOR)] == ["zone dispatch disappeared from tap tap"]


def test_clock_steps_and_encryption(traffic: Traffic) -> None:
    """Conversations with a clock step are counted; a content share that shrinks by a fifth in weeks is told."""
    _busy(traffic, "tap", 9 * DAY, step=600, app_proto="http")
    for second in range(9 * DAY, 22 * DAY, 600):
        traffic.add(second, "10.0.0.1", "198.51.100.7", 443, app_proto="tls", quality_flags=512)
    found = traffic.run(DETECTOR)
    assert _kinds(found) == {"clock": "info", "encrypted": "info"}
    assert "from 0 % in the first week to 100 % in the last one" in found[0]["evidence_en"]


def _counter(traffic: Traffic, counter: str, count: int) -> None:
    row = {"sensor_id": "tap", "pcap_file_id": 1, "counter": counter, "count": count}
    traffic.records.setdefault("sensor_counter", []).append(row)


def test_counters(traffic: Traffic) -> None:
    """Frames that could not be decoded and state that was full are told with their share."""
    _busy(traffic, "tap", HOUR)
    for counter, count in (("frames.delivered", 10_000), ("decode_error.ip_header", 300), ("flow.evicted", 7)):
        _counter(traffic, counter, count)
    found = traffic.run(DETECTOR)
    assert _kinds(found) == {"errors": "info", "full": "info"}
    said = " ".join(row["evidence_en"] for row in found)
    assert "300 of 10000 frames (3 %) could not be decoded (ip_header)" in said
    assert "its state was full 7 times" in said


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same rows give the same alerts in any order, twice, or cut into buckets."""
    _busy(traffic, "west", 6 * HOUR, (2 * HOUR, 2 * HOUR + 1800), vlan_outer=3)
    _busy(traffic, "east", 6 * HOUR, dst_gap_bytes=200)
    _counter(traffic, "frames.delivered", 10_000)
    _counter(traffic, "decode_error.ip_header", 300)
    expected = traffic.run(DETECTOR)
    assert sorted(_kinds(expected)) == ["errors", "gaps", "silent_alone"]
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected


def test_nothing_at_all(traffic: Traffic) -> None:
    """No rows, no alert."""
    assert traffic.run(DETECTOR) == []
