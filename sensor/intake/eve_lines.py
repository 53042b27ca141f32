"""The lines of Suricata's EVE, whose events come interleaved, as rows of our tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

import pyarrow as pa

from sensor.intake import json_lines
from sensor.intake.bench import Bench
from sensor.intake.eve_dns import DNS, IS_ANSWER
from sensor.intake.eve_flow import FLOW
from sensor.intake.eve_records import (
    ALERT,
    ANOMALY,
    DHCP,
    FTP,
    HTTP,
    KRB5,
    QUIC,
    RDP,
    SMB,
    SMB_NTLM,
    SMTP,
    SNMP,
    SSH,
    TLS,
)
from sensor.intake.made import UNUSABLE, Made
from sensor.intake.recipe import Recipe
from sensor.intake.refusals import Refusals

RECIPES: Final[Mapping[str, tuple[Recipe, ...]]] = {
    "tls": (TLS,),
    "quic": (QUIC,),
    "http": (HTTP,),
    "dns": (DNS,),
    "ssh": (SSH,),
    "smb": (SMB, SMB_NTLM),
    "krb5": (KRB5,),
    "ftp": (FTP,),
    "rdp": (RDP,),
    "dhcp": (DHCP,),
    "snmp": (SNMP,),
    "smtp": (SMTP,),
    "anomaly": (ANOMALY,),
    "alert": (ALERT,),
    "flow": (FLOW,),
}
"""Recipes by type of event; those that name servers come before the flows that are named."""

_KIND: Final = "coalesce(json_extract_string(line, '$.event_type'), '')"


class EveLines:
    """Reads the lines of one EVE file.

    Args:
        bench: Where lines become rows.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._waiting: pa.Table | None = None

    def rows(self, data: bytes, first_line: int, refusals: Refusals) -> Iterator[Made]:
        """Yield the rows that lines make; those that cannot be read go to ``refusals``.

        Questions without an answer wait for the next lines: it may stand there.
        """
        database = self._bench.database
        if not json_lines.parsed(database, data, first_line, refusals, _KIND):
            return
        found = dict(database.execute("SELECT kind, count(*) FROM json_line GROUP BY kind ORDER BY kind").fetchall())
        for kind, count in found.items():
            if kind not in RECIPES:
                yield Made(kind or "?", count, left_out=count)
        for kind, recipes in RECIPES.items():
            if kind in found:
                yield from self._of_kind(kind, recipes, first_line, refusals)

    def finish(self, refusals: Refusals) -> Iterator[Made]:
        """Yield the rows of questions that nobody answered."""
        if self._waiting is not None:
            lines, self._waiting = self._waiting, None
            yield from self._made("dns", DNS, lines, 0, refusals, already=lines.num_rows)

    def _of_kind(self, kind: str, recipes: tuple[Recipe, ...], first_line: int, refusals: Refusals) -> Iterator[Made]:
        names = dict.fromkeys(name for recipe in recipes for name in recipe.fields)
        paths = {name.replace(".", "_"): [f"$.{name}"] for name in names}
        lines = json_lines.columns(self._bench.database, paths, f"kind = '{kind}'")
        waited, waiting = 0, 0
        if kind == "dns":
            lines, waited, waiting = self._paired(lines)
        for position, recipe in enumerate(recipes):
            # A line counts once, however many tables it fills.
            already = lines.num_rows if position else waited - waiting
            yield from self._made(kind, recipe, lines, first_line, refusals, already=already, is_further=position > 0)

    def _paired(self, lines: pa.Table) -> tuple[pa.Table, int, int]:
        """Return the DNS events to make rows of, and how many of them waited and how many wait now."""
        waited = 0
        if self._waiting is not None:
            waited = self._waiting.num_rows
            lines = pa.concat_tables([self._waiting, lines])
        lines = lines.append_column("turn", pa.array([1] * waited + [0] * (lines.num_rows - waited)))
        database = self._bench.database
        database.register("events", lines)
        try:
            split = (
                f"SELECT *, NOT coalesce({IS_ANSWER}, false) AND turn = 0 AND NOT EXISTS (SELECT 1 FROM events AS told "
                f"WHERE told.{IS_ANSWER} AND told.dns_id = events.dns_id AND told.src_port = events.src_port AND "
                "told.dest_port = events.dest_port) AS waits FROM events"
            )
            held = database.sql(f"SELECT * EXCLUDE (waits, turn) FROM ({split}) WHERE waits").to_arrow_table()
            ready = database.sql(f"SELECT * EXCLUDE (waits, turn) FROM ({split}) WHERE NOT waits").to_arrow_table()
        finally:
            database.unregister("events")
        self._waiting = held if held.num_rows else None
        return ready, waited, held.num_rows

    def _made(
        self,
        kind: str,
        recipe: Recipe,
        lines: pa.Table,
        first_line: int,
        refusals: Refusals,
        *,
        already: int = 0,
        is_further: bool = False,
    ) -> Iterator[Made]:
        made = self._bench.rows(recipe, lines, is_escaped=False)
        bad = () if is_further else made.bad
        if bad:
            refusals.add(UNUSABLE, first_line + bad[0], "", len(bad))
        passed = 0 if is_further else made.passed_over
        yield Made(kind, lines.num_rows - already - len(bad), {recipe.table: made.rows}, passed)
