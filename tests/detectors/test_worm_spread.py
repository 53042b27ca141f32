"""worm_spread: handed on twice, or five caught from one; servers that speak both ways and single sweeps are none."""

from __future__ import annotations

import pytest
from campaigns import benign_office, workstation, worm
from invariance import steady

from detectors.catalogue.worm_spread import DETECTOR
from tests.detectors.conftest import Traffic

OFFICE = benign_office(16, 30, 10)


@pytest.mark.parametrize("seed", range(3))
def test_worm_in_an_office(seed: int) -> None:
    """Three generations of two each."""
    (alert,) = (OFFICE + worm(seed, workstation(5), day=5.4, generations=3)).run(DETECTOR)
    assert (alert["severity"], alert["target_port"], alert["succeeded"]) == ("critical", 445, True)
    assert "6 host(s) were reached on 445/tcp" in alert["evidence_en"]
    assert "共 3 代，单机最多传染 2 台" in alert["evidence_zh"]


def test_fan_out_alone() -> None:
    """Five hosts caught from one, none of which got further."""
    (alert,) = (OFFICE + worm(1, workstation(5), day=5.4, generations=2, fan_out=5)).run(DETECTOR)
    assert alert["severity"] == "high"


def test_one_generation_is_a_sweep() -> None:
    """A host that sweeps, and one that it caught, are another detector's."""
    assert (OFFICE + worm(1, workstation(5), day=5.4, generations=1)).run(DETECTOR) == []
    assert (OFFICE + worm(1, workstation(5), day=5.4, generations=2)).run(DETECTOR) == []


def test_office_is_quiet() -> None:
    """Patching over SMB, polling and browsing do not spread."""
    assert OFFICE.run(DETECTOR) == []


def test_mail_servers_hand_on(traffic: Traffic) -> None:
    """Four mail servers in a row, each of which delivers to many hosts that answer."""
    for n in range(4):
        traffic.add(n * 100, f"10.0.0.{n}", f"10.0.0.{n + 1}", 25)
        for k in range(30):
            traffic.add(n * 100 + 50 + k, f"10.0.0.{n + 1}", f"198.51.100.{k + 1}", 25)
    assert traffic.run(DETECTOR) == []


def test_nothing_changes_the_result() -> None:
    """Order, repetition and buckets."""
    site = OFFICE.between(4, 7) + worm(1, workstation(5), day=5.4)
    assert len(steady(site, site.shuffled(3), DETECTOR)) == 1
