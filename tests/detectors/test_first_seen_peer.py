"""first_seen_peer: a database that calls somewhere new is told; people's machines and common places are not."""

from __future__ import annotations

from campaign_tables import Campaign, address, conversations, micros_of
from campaigns import DATABASE, benign_office, workstation
from invariance import steady

from detectors.catalogue.first_seen_peer import DETECTOR

OFFICE = benign_office(18, 30, 30)


def _spoke(host: str, peer: str, day: float, port: int = 443, up: int = 500) -> Campaign:
    return Campaign(conversations(f"{host}{peer}{day}", micros_of(day), address(host), address(peer), port, up))


UPDATES = _spoke(DATABASE, "23.55.161.7", 2) + _spoke(DATABASE, "23.55.161.7", 20)


def test_server_that_calls_out() -> None:
    """On an odd port it is low and says how few it knew; nobody knows why it should."""
    site = OFFICE + UPDATES + _spoke(DATABASE, "203.0.113.66", 25.2, 8443)
    for one in (site, site.remembered(24)):
        (alert,) = one.run(DETECTOR)
        assert alert["severity"] == "low"
        assert "with 1 peers outside, first spoke with 203.0.113.66 on port 8443" in alert["evidence_en"]
        assert "首次与 203.0.113.66 的 8443 端口通信" in alert["evidence_zh"]


def test_usual_ports_are_informational() -> None:
    """A download over HTTPS by a server."""
    (alert,) = (OFFICE + UPDATES + _spoke(DATABASE, "203.0.113.66", 25.2)).run(DETECTOR)
    assert alert["severity"] == "info"


def test_office_is_quiet() -> None:
    """People meet new addresses all day."""
    assert OFFICE.run(DETECTOR) == []
    assert (OFFICE + _spoke(workstation(7), "203.0.113.66", 25.2, 8443)).run(DETECTOR) == []


def test_places_that_others_use() -> None:
    """What three hosts use is a service."""
    site = OFFICE + UPDATES
    for host in (DATABASE, workstation(1), workstation(2)):
        site += _spoke(host, "203.0.113.66", 25.2, 8443)
    assert site.run(DETECTOR) == []


def test_nothing_changes_the_result() -> None:
    """Order, repetition and buckets."""
    site = OFFICE + UPDATES + _spoke(DATABASE, "203.0.113.66", 25.2, 8443)
    assert len(steady(site, site.shuffled(3), DETECTOR)) == 1
