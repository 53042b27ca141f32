"""What is new here, and since when one may say so: shared by the detectors of new services, peers, assets, sleepers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from detectors.catalogue._edges import history
from detectors.model import Param, Tables

LEARN: Final = Param(14, "d", 1, 365, "two working weeks show what is usual", "detectors.md D23: learning >= 14 d")


def learned_from(tables: Tables, days: float) -> datetime | None:
    """Return the moment from which something is new, None while less than ``days`` are known."""
    known = history(tables)
    if known is None or known[1] - known[0] < timedelta(days=days):
        return None
    return known[0] + timedelta(days=days)
