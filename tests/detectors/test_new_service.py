"""new_service: a port that answers for the first time, to the world medium, inside for the record."""

from __future__ import annotations

from campaign_tables import Campaign, address, conversations, micros_of
from campaigns import DATABASE, benign_office, workstation
from invariance import steady

from detectors.catalogue.new_service import DETECTOR

OFFICE = benign_office(17, 30, 30)


def _asked(client: str, server: str, port: int, day: float, *, failed: bool = False) -> Campaign:
    tag = f"{client}{server}{port}{day}"
    return Campaign(conversations(tag, micros_of(day), address(client), address(server), port, failed=failed))


def _told(site: Campaign) -> list[tuple[str, int]]:
    return [(row["severity"], row["target_port"]) for row in site.run(DETECTOR) if row["severity"] != "info"]


def test_door_to_the_world() -> None:
    """A database that answers a stranger on a port it never had."""
    site = OFFICE + _asked("203.0.113.9", DATABASE, 4444, 25.2)
    for one in (site, site.remembered(24)):
        (alert,) = [row for row in one.run(DETECTOR) if row["severity"] == "medium"]
        assert (alert["target_port"], alert["attack"]) == (4444, ["T1133", "T1571", "T0883"])
        assert "answered on 4444/tcp for the first time" in alert["evidence_en"]
        assert "首次在 4444/tcp 上应答" in alert["evidence_zh"]


def test_inside_is_informational() -> None:
    """A colleague asks a machine for something new."""
    site = OFFICE + _asked(workstation(3), workstation(9), 8080, 25.2)
    assert _told(site) == []
    assert any(row["target_port"] == 8080 for row in site.run(DETECTOR))


def test_known_services_and_silence() -> None:
    """The web server answers strangers every day; a probe of a closed port is nothing."""
    assert _told(OFFICE) == []
    assert _told(OFFICE + _asked("203.0.113.9", DATABASE, 4444, 25.2, failed=True)) == []


def test_new_machines_are_new_altogether() -> None:
    """A machine of yesterday may answer on anything."""
    site = OFFICE + _asked(workstation(3), "10.0.0.99", 22, 24.1) + _asked("203.0.113.9", "10.0.0.99", 443, 25.2)
    assert _told(site) == []


def test_nothing_changes_the_result() -> None:
    """Order, repetition and buckets."""
    site = OFFICE + _asked("203.0.113.9", DATABASE, 4444, 25.2)
    assert steady(site, site.shuffled(3), DETECTOR)
