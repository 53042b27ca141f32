"""Views made when somebody first asks for them: making every view costs a bind each, and most readers need a few."""

from __future__ import annotations

from typing import Final

from store import schema
from store._views import empty_select

BEFORE: Final = "_before"
"""``edge_before`` is the memory table ``edge`` as it stood when the range that is judged began."""


def lazy_view(name: str) -> str | None:
    """Return the statement that makes the view of that name, None when there is no such view.

    ``<table>_site``: a record table with ``schema.site_columns``. ``<memory table>`` and ``<memory table>_before``:
    empty and typed, for a connection that was given no memory.
    """
    if name.endswith(schema.SITE_SUFFIX):
        base = next((t for t in schema.RECORDS if t.name == name.removesuffix(schema.SITE_SUFFIX)), None)
        if base is None:
            return None
        further = ", ".join(f'{sql} AS "{column}"' for column, (_, sql) in schema.site_columns(base).items())
        return f"CREATE OR REPLACE VIEW {name} AS SELECT *{', ' if further else ''}{further} FROM {base.name}"
    memory = next((t for t in schema.MEMORY if t.name == name.removesuffix(BEFORE)), None)
    return None if memory is None else f"CREATE OR REPLACE VIEW {name} AS {empty_select(memory)}"
