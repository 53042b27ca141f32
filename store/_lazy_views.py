"""Views made when somebody first asks for them: making every view costs a bind each, and most readers need a few."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from store import schema
from store._views import empty_select, sql_type

BEFORE: Final = "_before"
"""``edge_before`` is the memory table ``edge`` as it stood when the range that is judged began."""


def sources_of() -> dict[str, tuple[str, ...]]:
    """Return the views that each derived table reads, by its name."""
    return {one.table.name: one.sources for one in schema.DERIVED}


def derived_sql(name: str) -> str:
    """Return the SELECT of a derived table, its columns in the types of the schema."""
    one = next(one for one in schema.DERIVED if one.table.name == name)
    typed = ", ".join(f'CAST("{c.name}" AS {sql_type(c.type)}) AS "{c.name}"' for c in one.table.stored())
    return f"SELECT {typed} FROM ({one.sql})"


def console_views() -> Iterator[str]:
    """Yield the statements that make every derived table a view, those it reads before it."""
    made: set[str] = set()
    for one in schema.DERIVED:
        for source in one.sources:
            if source.endswith(schema.SITE_SUFFIX) and source not in made and (view := lazy_view(source)):
                made.add(source)
                yield view
        yield f"CREATE VIEW {one.table.name} AS {derived_sql(one.table.name)}"


def lazy_view(name: str) -> str | None:
    """Return the statement that makes the view of that name, None when there is no such view.

    ``<table>_site``: a record table with ``schema.site_columns``. ``<memory table>`` and ``<memory table>_before``:
    empty and typed, for a connection that was given no memory. ``schema.DERIVED``: the rows themselves, so that those
    who read them bucket by bucket do not make them again each time; ``<derived>_before`` empty and typed.
    """
    if name.endswith(schema.SITE_SUFFIX):
        base = next((t for t in schema.RECORDS if t.name == name.removesuffix(schema.SITE_SUFFIX)), None)
        if base is None:
            return None
        further = ", ".join(f'{sql} AS "{column}"' for column, (_, sql) in schema.site_columns(base).items())
        return f"CREATE OR REPLACE VIEW {name} AS SELECT *{', ' if further else ''}{further} FROM {base.name}"
    if name in sources_of():
        return f"CREATE OR REPLACE TABLE {name} AS {derived_sql(name)}"
    held = (*schema.MEMORY, *(schema.DERIVED_TABLES if name.endswith(BEFORE) else ()))
    memory = next((t for t in held if t.name == name.removesuffix(BEFORE)), None)
    return None if memory is None else f"CREATE OR REPLACE VIEW {name} AS {empty_select(memory)}"
