"""What the site knows of a record's ends and names: the columns of the views ``<table>_site``."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import FLAG, TEXT, Table

SITE_SUFFIX: Final = "_site"
"""``dns_site`` is the table ``dns`` with the columns of ``site_columns``."""

_NAMES: Final = ("query", "server_name", "host")
"""Columns that hold a host name; the first that a table has is taken apart."""


def site_columns(table: Table) -> dict[str, tuple[pa.DataType, str]]:
    """Return the further columns of ``<table>_site``: name to type and the SQL that makes it.

    ``sender_home``, ``receiver_home``, ``sender_zone``, ``receiver_zone`` where the table has these addresses;
    ``domain`` (registered domain, NULL without) and ``sub`` (what stands before it) where it has a host name.
    """
    found: dict[str, tuple[pa.DataType, str]] = {}
    for end in ("sender", "receiver", "client", "server"):
        if table.has(f"{end}_ip"):
            found[f"{end}_home"] = (FLAG, f"is_home({end}_ip)")
            found[f"{end}_zone"] = (TEXT, f"zone_of({end}_ip)")
    name = next((name for name in _NAMES if table.has(name)), None)
    if name is not None:
        found |= {"domain": (TEXT, f"registered_domain({name})"), "sub": (TEXT, f"subdomain({name})")}
    return {column: made for column, made in found.items() if not table.has(column)}
