"""What must not change a detector's alerts: the order of the rows, rows present twice, the cut into buckets."""

from __future__ import annotations

from typing import Any, Protocol

from detectors.model import Detector


class Site(Protocol):
    """Traffic by hand or a campaign."""

    def run(self, detector: Detector, *, buckets: int = 1) -> list[dict[str, Any]]:
        """Return the alerts of a detector."""

    def twice(self) -> Site:
        """Return the same rows, each present twice."""


def steady(site: Site, mixed: Site, detector: Detector) -> list[dict[str, Any]]:
    """Return the alerts of a detector, having checked that nothing of the above changes them.

    Args:
        site: What is judged.
        mixed: The same rows in another order.
        detector: Who judges.
    """
    expected = site.run(detector)
    assert site.run(detector) == expected
    assert mixed.run(detector) == expected
    assert site.run(detector, buckets=3) == expected
    assert site.twice().run(detector) == expected
    return expected
