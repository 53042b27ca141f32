"""The lines of a Zeek log, TSV or JSON, as rows of our tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from sensor.intake import json_lines
from sensor.intake.bench import Bench
from sensor.intake.made import UNUSABLE, Made
from sensor.intake.recognise import Log
from sensor.intake.refusals import Refusals
from sensor.intake.zeek_kinds import RECIPES, X509, fields_of
from sensor.intake.zeek_names import X509_INSERT
from sensor.intake.zeek_text import Header, pieces

_DOTTED: Final = re.compile(rb'"(?:id|certificate|san|basic_constraints|remote_location)\.')


class ZeekLines:
    """Reads the lines of one log.

    Args:
        log: What it is.
        path: The file.
        bench: Where lines become rows.
    """

    def __init__(self, log: Log, path: Path, bench: Bench) -> None:
        self._log = log
        self._path = path
        self._bench = bench
        self._header = Header(path=log.kind)

    def rows(self, data: bytes, first_line: int, refusals: Refusals) -> Iterator[Made]:
        """Yield the rows that lines make; those that cannot be read go to ``refusals``."""
        if self._log.form == "json":
            yield from self._of_json(data, first_line, refusals)
            return
        for header, piece in pieces(data, first_line, self._header, refusals):
            self._header = header
            if piece is not None and piece.rows.num_rows:
                yield self._made(piece.kind, piece.rows, piece.first_line, refusals, is_escaped=True)

    def finish(self, _: Refusals) -> Iterator[Made]:
        """Yield nothing: no line waits for another."""
        return iter(())

    def _of_json(self, data: bytes, first_line: int, refusals: Refusals) -> Iterator[Made]:
        count = json_lines.parsed(self._bench.database, data, first_line, refusals)
        if not count:
            return
        kind = self._log.kind
        wanted = fields_of(kind)
        if not wanted:
            yield Made(kind, count, left_out=count)
            return
        is_dotted = _DOTTED.search(data) is not None
        paths = {
            name.replace(".", "_"): [f'$."{name}"' if is_dotted else f"$.{name.replace('.', '_')}"] for name in wanted
        }
        lines = json_lines.columns(self._bench.database, paths)
        yield self._made(kind, lines, first_line, refusals, is_escaped=False)

    def _made(self, kind: str, lines: pa.Table, first_line: int, refusals: Refusals, *, is_escaped: bool) -> Made:
        if kind == X509:
            self._keep_certificates(lines)
            return Made(kind, lines.num_rows)
        recipe = RECIPES.get(kind)
        if recipe is None:
            return Made(kind, lines.num_rows, left_out=lines.num_rows)
        made = self._bench.rows(recipe, lines, is_escaped=is_escaped)
        if made.bad:
            refusals.add(UNUSABLE, first_line + made.bad[0], "", len(made.bad))
        return Made(kind, lines.num_rows - len(made.bad), {recipe.table: made.rows}, made.passed_over)

    def _keep_certificates(self, lines: pa.Table) -> None:
        for name in (field.replace(".", "_") for field in fields_of(X509)):
            if name not in lines.column_names:
                lines = lines.append_column(name, pa.nulls(lines.num_rows, pa.string()))
        self._bench.database.register("raw", lines)
        try:
            self._bench.database.execute(X509_INSERT)
        finally:
            self._bench.database.unregister("raw")
