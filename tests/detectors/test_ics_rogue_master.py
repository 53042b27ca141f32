"""ics_rogue_master: declared and long-known masters stay quiet, newcomers do not."""

from __future__ import annotations

import pytest

from detectors.catalogue.ics_rogue_master import DETECTOR
from tests.detectors.conftest import Traffic

MASTER, ROGUE, STATION = "10.0.0.44", "10.0.0.238", "10.0.0.138"
SPAN = 900.0


def _plant(traffic: Traffic) -> None:
    """A master that polls the station for the whole span."""
    traffic.add(0, MASTER, STATION, 2404, duration_s=SPAN)
    for n in range(45):
        traffic.control(n * 20, MASTER, STATION, 100, is_command=False)


def _commands(traffic: Traffic, seen: float, commands: float, ip: str = ROGUE) -> None:
    traffic.add(seen, ip, "10.0.0.9", 123, ip_proto=17)
    traffic.add(commands - 0.5, ip, STATION, 2404)
    traffic.control(commands, ip, STATION, 45)


def test_newcomer_is_medium(traffic: Traffic) -> None:
    """A station that appears at 477 s and commands at once is medium, with its numbers in the sentence."""
    _plant(traffic)
    _commands(traffic, 477.5, 480.0)
    traffic.control(
        480.2,
        STATION,
        ROGUE,
        45,
        station_ip=traffic.ics[0]["station_ip"],
        from_master=False,
        is_command=False,
        cot=7,
        outcome="ok",
    )
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["succeeded"], alert["short_mode"]) == ("medium", True, False)
    assert "first seen only 2 s before its first command, 478 s after the data begin" in alert["evidence_en"]
    assert alert["display_filter"] == "ip.addr == 10.0.0.238 && ip.addr == 10.0.0.138 && iec60870_asdu"


@pytest.mark.parametrize(("lead", "severity"), [(299.0, "medium"), (300.0, "info")])
def test_five_minutes_on_the_wire(traffic: Traffic, lead: float, severity: str) -> None:
    """Five minutes before the first command make a station undecided, less make it a newcomer."""
    _plant(traffic)
    _commands(traffic, 200, 200 + lead)
    assert [row["severity"] for row in traffic.run(DETECTOR)] == [severity]


def test_tenth_of_a_long_span(traffic: Traffic) -> None:
    """In two hours of data five minutes are not enough: a tenth of the span is twelve."""
    _plant(traffic)
    traffic.add(7200, MASTER, "10.0.0.9", 123)
    _commands(traffic, 3000, 3600)
    assert [row["severity"] for row in traffic.run(DETECTOR)] == ["medium"]


def test_declared_master_never_alarms(traffic: Traffic) -> None:
    """A known master of the site policy raises nothing, however new."""
    _plant(traffic)
    _commands(traffic, 477.5, 480.0)
    traffic.known_master(ROGUE, STATION)
    assert traffic.run(DETECTOR) == []


def test_declared_for_another_station_only(traffic: Traffic) -> None:
    """Being declared for one station gives no right over another."""
    _plant(traffic)
    _commands(traffic, 477.5, 480.0)
    traffic.known_master(ROGUE, "10.0.0.139")
    assert len(traffic.run(DETECTOR)) == 1


def test_polling_master_that_commands_is_undecided(traffic: Traffic) -> None:
    """The SCADA master's own switching is informational."""
    _plant(traffic)
    traffic.control(600, MASTER, STATION, 46)
    assert [row["severity"] for row in traffic.run(DETECTOR)] == ["info"]


def test_polling_alone_is_nothing(traffic: Traffic) -> None:
    """A master that only reads commands nobody."""
    _plant(traffic)
    assert traffic.run(DETECTOR) == []


def test_capture_that_begins_with_the_command(traffic: Traffic) -> None:
    """Nothing can be said about a station that is there from the first second."""
    traffic.add(0, MASTER, STATION, 502, duration_s=600)
    for n in range(8):
        traffic.control(n * 7, MASTER, STATION, 15, ics_proto="modbus")
    assert [row["severity"] for row in traffic.run(DETECTOR)] == ["info"]


def test_new_link_address_is_a_second_indicator(traffic: Traffic) -> None:
    """A known address that commands from another link address is high."""
    _plant(traffic)
    traffic.add(1, ROGUE, "10.0.0.9", 123, duration_s=400)
    other = b"\x02\x00\x00\x00\x00\x99"
    traffic.add(500, ROGUE, STATION, 2404, src_mac=other)
    traffic.control(501, ROGUE, STATION, 45, sender_mac=other)
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "high"
    assert "another link address before" in alert["evidence_en"]


def test_virtual_router_address_is_no_indicator(traffic: Traffic) -> None:
    """Failover to a VRRP address is not a new device."""
    _plant(traffic)
    traffic.add(1, ROGUE, "10.0.0.9", 123, duration_s=400)
    virtual = b"\x00\x00\x5e\x00\x01\x07"
    traffic.add(500, ROGUE, STATION, 2404, src_mac=virtual)
    traffic.control(501, ROGUE, STATION, 45, sender_mac=virtual)
    assert [row["severity"] for row in traffic.run(DETECTOR)] == ["info"]


def test_short_capture_says_so(traffic: Traffic) -> None:
    """Four minutes are below the minimum span; the alert is marked and at most medium."""
    traffic.add(0, MASTER, STATION, 2404, duration_s=240)
    traffic.control(0, MASTER, STATION, 100, is_command=False)
    _commands(traffic, 200, 201)
    (alert,) = traffic.run(DETECTOR)
    assert (alert["severity"], alert["short_mode"]) == ("medium", True)


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same messages give the same alerts in any order, twice, or cut into buckets."""
    _plant(traffic)
    _commands(traffic, 477.5, 480.0)
    _commands(traffic, 577.5, 580.0, "10.0.0.239")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=5) == expected
    assert traffic.twice().run(DETECTOR) == expected
