"""guessing_distributed: many sources that guess a little each are found; a day of new passwords is not."""

from __future__ import annotations

import pytest

from detectors.catalogue.guessing_distributed import DETECTOR
from tests.detectors.conftest import Traffic

SERVER = "10.1.0.1"


def _guess(traffic: Traffic, sources: int, *, each: int = 2, server: str = SERVER) -> None:
    for n in range(sources):
        for k in range(each):
            traffic.login(n * 900 + k, f"203.0.113.{n + 1}", server, ok=False, user=f"u{k}", service="imap", port=143)


@pytest.mark.parametrize(("sources", "each", "alerts"), [(9, 2, 0), (10, 2, 1), (10, 5, 0)])
def test_threshold(traffic: Traffic, sources: int, each: int, alerts: int) -> None:
    """Ten sources with up to four failures each in six hours alert."""
    _guess(traffic, sources, each=each)
    found = traffic.run(DETECTOR)
    assert len(found) == alerts
    if found:
        assert (
            "10 sources (203.0.113.1, 203.0.113.2, 203.0.113.3 …) failed 20 logins to IMAP" in found[0]["evidence_en"]
        )
        assert "10 个来源" in found[0]["evidence_zh"]


def test_day_of_new_passwords(traffic: Traffic) -> None:
    """Sixty people who mistype their new password, and get in, are users; so are a few who give up."""
    for n in range(60):
        traffic.login(n * 60, f"10.2.0.{n + 1}", SERVER, ok=False, user=f"p{n}", service="imap", port=143)
        if n % 4:
            traffic.login(n * 60 + 20, f"10.2.0.{n + 1}", SERVER, ok=True, user=f"p{n}", service="imap", port=143)
    assert traffic.run(DETECTOR) == []


def test_one_source(traffic: Traffic) -> None:
    """A hundred failures of one source are another detector's."""
    for n in range(100):
        traffic.login(n * 60, "203.0.113.9", SERVER, ok=False, user=f"u{n}")
    assert traffic.run(DETECTOR) == []


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same logins give the same alerts in any order, twice, or cut into buckets; nothing gives nothing."""
    assert traffic.run(DETECTOR) == []
    _guess(traffic, 12)
    _guess(traffic, 14, server="10.1.0.2")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.run(DETECTOR) == traffic.shuffled().run(DETECTOR) == traffic.twice().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
