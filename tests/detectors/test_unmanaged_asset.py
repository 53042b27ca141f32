"""unmanaged_asset: a machine that was never here is noted; one that changed its address, or flaps, is not."""

from __future__ import annotations

import pyarrow as pa
from campaign_tables import Campaign, address, conversations, micros_of
from campaigns import FILE_SERVER, benign_office, workstation
from invariance import steady

from detectors.catalogue.unmanaged_asset import DETECTOR

OFFICE = benign_office(19, 30, 30)
GUEST = "10.0.1.250"


def _joins(day: float, seconds: float = 4000, **columns: object) -> Campaign:
    start = [micros_of(day), micros_of(day) + round(seconds * 1e6)]
    table = conversations(f"guest{day}", start, address(GUEST), address(FILE_SERVER), 445)
    for name, value in columns.items():
        at = table.schema.get_field_index(name)
        table = table.set_column(at, table.schema.field(at), pa.array([value] * 2, table.schema.field(at).type))
    return Campaign(table)


def test_new_machine() -> None:
    """Informational, with its link address; in a zone that the site drew, low."""
    for site in (OFFICE + _joins(25.2), (OFFICE + _joins(25.2)).remembered(24)):
        (alert,) = site.run(DETECTOR)
        assert alert["severity"] == "info"
        assert "10.0.1.250 (00:1b:0a:00:01:fa) appeared at 2026-01-30" in alert["evidence_en"]
        assert "10.0.1.250（00:1b:0a:00:01:fa）于" in alert["evidence_zh"]
    (alert,) = (OFFICE + _joins(25.2, src_zone="control")).run(DETECTOR)
    assert alert["severity"] == "low"
    assert alert["evidence_en"].count("in zone control") == 1


def test_made_up_link_address() -> None:
    """A locally administered address is said to be one."""
    (alert,) = (OFFICE + _joins(25.2, src_mac=b"\x02\x11\x22\x33\x44\x55")).run(DETECTOR)
    assert "a made-up link address" in alert["evidence_en"]


def test_known_machine_under_another_address() -> None:
    """The same link address was here all along."""
    mac = b"\x00\x1b" + address(workstation(3)).to_bytes(4, "big")
    assert (OFFICE + _joins(25.2, src_mac=mac)).run(DETECTOR) == []


def test_grace_and_learning() -> None:
    """Two minutes are a flap, and in the first two weeks everything is new."""
    assert (OFFICE + _joins(25.2, seconds=120)).run(DETECTOR) == []
    assert (OFFICE + _joins(5.2)).run(DETECTOR) == []
    assert OFFICE.run(DETECTOR) == []


def test_nothing_changes_the_result() -> None:
    """Order, repetition and buckets."""
    site = OFFICE + _joins(25.2)
    assert len(steady(site, site.shuffled(3), DETECTOR)) == 1
