"""icmp_tunnel: pairs that talk in pings are found, pings of monitoring and measurement are not."""

from __future__ import annotations

import pytest

from detectors.catalogue.icmp_tunnel import DETECTOR
from tests.detectors.conftest import Traffic


def _ping(
    traffic: Traffic,
    second: float,
    dst: str = "203.0.113.9",
    *,
    src: str = "10.0.0.66",
    pairs: int = 60,
    up: int = 300,
    down: int = 350,
    largest: int = 1000,
    largest_reply: int = 1000,
    differs: bool = True,
    **columns: object,
) -> None:
    told: dict[str, object] = {
        "ip_proto": 1,
        "icmp_type": 8,
        "src_port": None,
        "dst_port": None,
        "src_pkts": pairs,
        "dst_pkts": pairs,
    }
    told |= {"src_bytes_payload": up * pairs, "dst_bytes_payload": down * pairs, "duration_s": 200.0}
    told |= {"src_flags_first": None}
    uid = traffic.add(second, src, dst, 0, **(told | columns))
    sizes = {"payload_len": largest, "reply_len": largest_reply, "payload_differs": differs}
    traffic.record("icmp", second, src, dst, flow_uid=uid, icmp_type=8, requests=pairs, replies=pairs, **sizes)


def test_a_talking_pair_is_found(traffic: Traffic) -> None:
    """Sixty pings of changing size whose replies hold other data are a tunnel; the sentence has the numbers."""
    _ping(traffic, 0)
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "medium"
    assert alert["lost_bytes"] == 18000
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert "120" in text
        assert "39.0 kB" in text
    assert "hold other data" in alert["evidence_en"]
    assert "应答内容与请求不同" in alert["evidence_zh"]


def test_much_to_the_outside_is_high(traffic: Traffic) -> None:
    """A hundred kilobytes over the border are high, inside the site medium."""
    for n in range(6):
        _ping(traffic, n * 300)
        _ping(traffic, n * 300, "10.0.9.9", src="10.0.0.67")
    assert sorted(row["severity"] for row in traffic.run(DETECTOR)) == ["high", "medium"]


@pytest.mark.parametrize(("pairs", "alerts"), [(24, 0), (25, 1)])
def test_threshold_of_messages(traffic: Traffic, pairs: int, alerts: int) -> None:
    """Fifty messages alert, forty-eight do not."""
    _ping(traffic, 0, pairs=pairs)
    assert len(traffic.run(DETECTOR)) == alerts


def test_large_pings_of_monitoring(traffic: Traffic) -> None:
    """Large pings that come back as they were sent are nothing, whatever their number."""
    for n in range(20):
        _ping(traffic, n * 300, up=1400, down=1400, largest=1400, largest_reply=1400, differs=False)
    assert traffic.run(DETECTOR) == []


def test_path_measurement_of_changing_size(traffic: Traffic) -> None:
    """Pings of growing size that are answered faithfully are nothing."""
    _ping(traffic, 0, up=700, down=700, largest=1472, largest_reply=1472, differs=False)
    assert traffic.run(DETECTOR) == []


def test_servers_that_cut_long_pings(traffic: Traffic) -> None:
    """Replies cut to one size differ from their requests; that is only noted."""
    _ping(traffic, 0, up=1400, down=64, largest=1400, largest_reply=64)
    assert [row["severity"] for row in traffic.run(DETECTOR)] == ["info"]


def test_ordinary_pings_with_a_stamp(traffic: Traffic) -> None:
    """Small pings are nothing even where a device alters them."""
    for n in range(50):
        _ping(traffic, n * 300, up=56, down=56, largest=56, largest_reply=56)
    assert traffic.run(DETECTOR) == []


def test_errors_are_no_messages(traffic: Traffic) -> None:
    """Reports of routers quote packets: no tunnel."""
    _ping(traffic, 0, icmp_type=3, dst_pkts=0, pairs=200)
    assert traffic.run(DETECTOR) == []


def test_monitor_is_exempt(traffic: Traffic) -> None:
    """A monitoring system of the site policy raises nothing."""
    _ping(traffic, 0)
    traffic.role("10.0.0.66", "monitor")
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same conversations give the same alerts in any order, twice, or cut into buckets."""
    _ping(traffic, 0)
    _ping(traffic, 100, src="10.0.0.67")
    _ping(traffic, 300)
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
    assert traffic.twice().run(DETECTOR) == expected


def test_half_missing(traffic: Traffic) -> None:
    """Without records of ICMP the conversations alone say nothing, and nothing breaks."""
    _ping(traffic, 0)
    traffic.records.clear()
    assert traffic.run(DETECTOR) == []
