"""What is remembered of a case for years: who spoke with whom, what was seen, who is who (docs/adr/0023).

One partial per UTC day, made of the segments of that day and named by their hashes; a state, the sum over days, for
quick answers. Sums are commutative: the order in which days and segments arrive never shows.
"""

from __future__ import annotations

from store.memory._day_sql import MAX_MAC_ADDRESSES, SOURCES
from store.memory._merge import BUDGET, DAY_BUDGET
from store.memory._partials import MAX_DAYS
from store.memory.book import Memory, Status, Updated
from store.memory.views import MemoryViews, add_views

__all__ = [
    "BUDGET",
    "DAY_BUDGET",
    "MAX_DAYS",
    "MAX_MAC_ADDRESSES",
    "SOURCES",
    "Memory",
    "MemoryViews",
    "Status",
    "Updated",
    "add_views",
]
