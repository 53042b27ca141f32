"""The background writer: same files as the plain one, first failure to the caller, no hang."""

from __future__ import annotations

from pathlib import Path

import pytest

from store import schema
from store.errors import TaishiError
from store.segment import SegmentWriter
from store.threaded import ThreadedWriter
from tests.store.rows import batch, flow


def _writers(lake: Path) -> dict[str, SegmentWriter]:
    tables = (schema.FLOW, schema.table("arp"))
    return {t.name: SegmentWriter(lake, t, "c", "scan", stamps={}) for t in tables}


def test_same_files_as_in_one_thread(tmp_path: Path) -> None:
    """Threads change no name and no byte."""
    rows = [batch(schema.FLOW, [flow(i * 20_000 + n) for n in range(20_000)]) for i in range(3)]
    plain = _writers(tmp_path / "a")["flow"]
    threaded = ThreadedWriter(_writers(tmp_path / "b"))
    for part in rows:
        plain.write(part)
        threaded.write("flow", part)
    one, two = plain.close({}), threaded.close({})
    assert [f.read_bytes() for f in one] == [f.read_bytes() for f in two]


def test_failure_reaches_the_caller(tmp_path: Path) -> None:
    """A batch that cannot be written fails the next call and publishes nothing; more writes do not hang."""
    threaded = ThreadedWriter(_writers(tmp_path), depth=1)
    threaded.write("flow", batch(schema.FLOW, [flow(1)]))
    threaded.write("flow", batch(schema.table("arp"), [{}]))
    with pytest.raises(TaishiError):
        threaded.drain()
    with pytest.raises(TaishiError):
        threaded.write("flow", batch(schema.FLOW, [flow(1)]))
    with pytest.raises(TaishiError):
        threaded.close({})
    assert not list(tmp_path.rglob("*.parquet"))


def test_abort_and_unknown_table(tmp_path: Path) -> None:
    """Abort leaves nothing; a table without writer fails at once."""
    threaded = ThreadedWriter(_writers(tmp_path))
    with pytest.raises(KeyError):
        threaded.write("dns", batch(schema.table("arp"), [{}]))
    threaded.write("flow", batch(schema.FLOW, [flow(n) for n in range(20_000)]))
    threaded.abort()
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]
