"""ics_dangerous_function: every rule row fires on its function and on no other; standing decides how loud."""

from __future__ import annotations

import pytest

from detectors.addresses import ip_text
from detectors.catalogue.ics_dangerous_function import DETECTOR
from detectors.rulefiles import load_rules
from tests.detectors.conftest import Traffic

MASTER, ROGUE, STATION = "10.0.0.44", "10.0.0.238", "10.0.0.138"


def _plant(traffic: Traffic, proto: str = "iec104") -> None:
    traffic.add(0, MASTER, STATION, 2404, duration_s=900)
    for n in range(45):
        traffic.control(n * 20, MASTER, STATION, 100 if proto == "iec104" else 3, ics_proto=proto, is_command=False)


def _rogue(traffic: Traffic, func: int, **columns: object) -> None:
    traffic.add(500, ROGUE, STATION, 2404)
    traffic.control(501, ROGUE, STATION, func, **columns)


def _rows(proto: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = load_rules(f"ics/{proto}.csv").to_pylist()
    return [row for row in rows if row["func"]]


@pytest.mark.parametrize("proto", ["iec104", "modbus"])
def test_every_function_of_the_table_fires_its_sid(traffic: Traffic, proto: str) -> None:
    """Each row, used by a newcomer of its own on a station of its own, is reported with its sid and no other."""
    traffic.add(0, MASTER, "10.0.0.9", 123, duration_s=900)
    rules = _rows(proto)
    for n, rule in enumerate(rules):
        subfunc = int(rule["subfunc"]) if rule["subfunc"] else None
        traffic.add(500, f"10.2.0.{n}", f"10.1.0.{n}", 2404)
        traffic.control(501, f"10.2.0.{n}", f"10.1.0.{n}", int(rule["func"]), ics_proto=proto, subfunc=subfunc)
    found = {ip_text(row["target_ip"]): row["evidence_en"] for row in traffic.run(DETECTOR)}
    assert len(found) == len(rules)
    for n, rule in enumerate(rules):
        assert f"rules {rule['sid']};" in found[f"10.1.0.{n}"]


@pytest.mark.parametrize(("proto", "func", "subfunc"), [("iec104", 100, None), ("modbus", 3, None), ("modbus", 8, 0)])
def test_ordinary_functions_are_not_in_the_table(traffic: Traffic, proto: str, func: int, subfunc: int | None) -> None:
    """Interrogation, reads and the loopback test raise nothing, whoever sends them."""
    _plant(traffic, proto)
    _rogue(traffic, func, ics_proto=proto, subfunc=subfunc, is_command=False)
    assert traffic.run(DETECTOR) == []


def test_functions_of_another_protocol_do_not_match(traffic: Traffic) -> None:
    """Modbus function 45 is no IEC-104 single command."""
    _plant(traffic, "modbus")
    _rogue(traffic, 45, ics_proto="modbus")
    assert traffic.run(DETECTOR) == []


@pytest.mark.parametrize(
    ("func", "newcomer", "polling", "declared"),
    [
        (45, "medium", None, None),
        (105, "high", "medium", "info"),
        (103, "medium", "info", None),
        (110, "medium", "info", None),
    ],
)
def test_severity_by_standing(func: int, newcomer: str, polling: str | None, declared: str | None) -> None:
    """A command, a reset, a clock message and a parameter, by a newcomer, the polling and the declared master."""
    for who, severity in ((ROGUE, newcomer), (MASTER, polling), ("declared", declared)):
        traffic = Traffic()
        _plant(traffic)
        if who == "declared":
            traffic.known_master(ROGUE, STATION)
            _rogue(traffic, func)
        elif who == ROGUE:
            _rogue(traffic, func)
        else:
            traffic.control(501, MASTER, STATION, func)
        assert [row["severity"] for row in traffic.run(DETECTOR)] == ([severity] if severity else [])


def test_listen_only_is_critical(traffic: Traffic) -> None:
    """Silencing a device (Quickdraw 1111001) by a newcomer is critical."""
    _plant(traffic, "modbus")
    _rogue(traffic, 8, subfunc=4, ics_proto="modbus")
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == "critical"
    assert alert["attack"] == ["T0814", "T0858"]


def test_broadcast_and_test_bit(traffic: Traffic) -> None:
    """A command to all outstations, and one with the test bit, are reported beside the command itself."""
    _plant(traffic)
    _rogue(traffic, 46, unit=65535)
    traffic.control(502, ROGUE, STATION, 46, is_test=True)
    text = " ".join(row["evidence_en"] for row in traffic.run(DETECTOR))
    assert "2104201" in text
    assert "2104202" in text


def test_broadcast_interrogation_is_ordinary(traffic: Traffic) -> None:
    """Interrogation of all outstations is what broadcast is for."""
    _plant(traffic)
    _rogue(traffic, 100, unit=65535)
    assert traffic.run(DETECTOR) == []


def test_replies_are_not_requests(traffic: Traffic) -> None:
    """A station's own messages are never its master's functions."""
    _plant(traffic)
    _rogue(traffic, 105, from_master=False)
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same messages give the same alerts in any order, twice, or cut into buckets."""
    _plant(traffic)
    for station in ("10.0.0.138", "10.0.0.139", "10.0.0.140"):
        traffic.add(500, ROGUE, station, 2404)
        traffic.control(501, ROGUE, station, 105)
        traffic.control(502, ROGUE, station, 46)
    expected = traffic.run(DETECTOR)
    assert len(expected) == 6
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=5) == expected
    assert traffic.twice().run(DETECTOR) == expected
