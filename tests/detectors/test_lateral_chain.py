"""lateral_chain: three hops inside benign administration are one path; single steps and jump hosts are none."""

from __future__ import annotations

import pytest
from campaigns import DATABASE, FILE_SERVER, benign_office, lateral, workstation
from invariance import steady

from detectors.catalogue.lateral_chain import DETECTOR

OFFICE = benign_office(15, 40, 40)
HOPS = [workstation(n) for n in (20, 21, 22, 23)]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("remembered", [False, True])
def test_three_hops(seed: int, *, remembered: bool) -> None:
    """One alert, from the first host to the last, high."""
    site = OFFICE + lateral(seed, HOPS, day=30.3)
    (alert,) = (site.remembered(28) if remembered else site).run(DETECTOR)
    assert (alert["severity"], alert["target_count"]) == ("high", 3)
    assert "10.0.1.30 -rdp-> 10.0.1.31 -smb-> 10.0.1.32 -ssh-> 10.0.1.33" in alert["evidence_en"]
    assert "3 次首次出现的管理会话前后相接" in alert["evidence_zh"]


def test_two_hops_over_a_server() -> None:
    """From a desk over the file server to the database: medium."""
    (alert,) = (OFFICE + lateral(1, [workstation(20), FILE_SERVER, DATABASE], day=30.3, ports=[22])).run(DETECTOR)
    assert alert["severity"] == "medium"


def test_slow_hops_are_found_while_sessions_go_on() -> None:
    """Two days between the steps, but each begins from a session of that day."""
    site = OFFICE + lateral(1, HOPS[:2], day=30.3) + lateral(1, HOPS[:2], day=32.3)
    site += lateral(2, HOPS[1:3], day=32.5, ports=[445])
    (alert,) = site.run(DETECTOR)
    assert alert["target_count"] == 2


def test_office_is_quiet() -> None:
    """Administration, patching and help at desks make no path: fewer than 5 a day and 10 000 hosts, none here."""
    assert OFFICE.run(DETECTOR) == []
    assert OFFICE.remembered(25).run(DETECTOR) == []


def test_steps_in_the_wrong_order_or_too_far_apart() -> None:
    """From B to C before B was entered, or three days after."""
    site = OFFICE + lateral(1, HOPS[1:3], day=30.1) + lateral(2, HOPS[:2], day=30.5)
    assert site.run(DETECTOR) == []
    site = OFFICE + lateral(1, HOPS[:2], day=30.3) + lateral(2, HOPS[1:3], day=33.5, ports=[445])
    assert site.run(DETECTOR) == []


def test_nothing_changes_the_result() -> None:
    """Order, repetition and buckets."""
    site = OFFICE + lateral(1, HOPS, day=30.3)
    assert len(steady(site, site.shuffled(3), DETECTOR)) == 1
