"""new_internal_edge: a clerk's first administrative session is told; administrators, patching and new staff are not."""

from __future__ import annotations

from campaigns import FILE_SERVER, benign_office, lateral, workstation
from invariance import steady

from detectors.catalogue.new_internal_edge import DETECTOR

OFFICE = benign_office(14, 40, 40)
CLERK, OTHER = workstation(20), workstation(21)


def test_first_session_is_told() -> None:
    """A clerk's desktop opens Remote Desktop to another, after weeks without."""
    (alert,) = (OFFICE + lateral(1, [CLERK, OTHER], day=30.4)).run(DETECTOR)
    assert (alert["severity"], alert["attack"]) == ("low", ["T1021.001"])
    assert "10.0.1.30 opened Remote Desktop to 10.0.1.31" in alert["evidence_en"]
    assert "10.0.1.30 于" in alert["evidence_zh"]


def test_several_on_a_day_are_more() -> None:
    """Three new targets of one clerk within a day."""
    site = OFFICE
    for n in range(3):
        site += lateral(n, [CLERK, workstation(25 + n)], day=30.4 + n / 10)
    (alert,) = site.run(DETECTOR)
    assert (alert["severity"], alert["target_count"]) == ("medium", 3)


def test_memory_knows_the_edge() -> None:
    """A session that was there last month is not new."""
    site = OFFICE + lateral(1, [CLERK, OTHER], day=20.4) + lateral(1, [CLERK, OTHER], day=37.4)
    assert site.remembered(35).run(DETECTOR) == []


def test_office_is_quiet() -> None:
    """Administration, patching and help at desks raise nothing, in the range and against the memory."""
    assert OFFICE.run(DETECTOR) == []
    assert OFFICE.remembered(25).run(DETECTOR) == []


def test_a_file_server_is_everybodys() -> None:
    """A new machine that meets the file server."""
    assert (OFFICE + lateral(1, ["10.0.1.240", FILE_SERVER], day=30.4, ports=[445])).run(DETECTOR) == []


def test_young_sites_are_undecided() -> None:
    """With a week of history it is informational, and says why."""
    site = (OFFICE + lateral(1, [CLERK, OTHER], day=6.4)).between(0, 8)
    found = [row for row in site.run(DETECTOR) if "10.0.1.30 opened" in row["evidence_en"]]
    assert [row["severity"] for row in found] == ["info"]
    assert found[0]["evidence_en"].endswith("too little is known of this site yet.")
    assert found[0]["evidence_zh"].endswith("对本网了解的时间过短。")


def test_nothing_changes_the_result() -> None:
    """Order, repetition and buckets."""
    site = OFFICE + lateral(1, [CLERK, OTHER], day=30.4)
    assert len(steady(site, site.shuffled(3), DETECTOR)) == 1
