"""The console reads and does nothing else: every known way out is refused, limits hold, both stores are there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from store import schema
from store.casebook import Casebook
from store.errors import TaishiError
from store.lake import Lake
from store.segment import SegmentWriter
from store.sql import query, query_table
from tests.store.rows import batch, flow
from tests.store.test_casebook import ONE


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    """Yield a lake with ten flows, and see that the test left no file in it."""
    writer = SegmentWriter(tmp_path / "lake", schema.FLOW, "c", "scan", stamps={})
    writer.write(batch(schema.FLOW, [flow(n) for n in range(10)]))
    writer.close({})
    files = {p for p in tmp_path.rglob("*") if p.is_file()}
    yield Lake(tmp_path / "lake")
    assert {p for p in tmp_path.rglob("*") if p.is_file() and "casebook" not in p.name} == files


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT count(*) AS n FROM flow",
        "WITH f AS (FROM flow) SELECT count(*) FROM f",
        "FROM conversation LIMIT 1",
        "VALUES (1)",
        "DESCRIBE flow",
        "SHOW TABLES",
        "SUMMARIZE SELECT src_pkts FROM flow",
        "EXPLAIN SELECT 1",
        "explain analyze select count(*) from flow",
        "/* 中文 select */ EXPLAIN (FORMAT json) SELECT '中' FROM flow",
        "EXPLAIN (SELECT 1)",
        "-- why\nSELECT 1;",
        "SELECT ip_text(src_ip), uid_text(flow_uid) FROM flow",
    ],
)
def test_reading_statements_run(lake: Lake, sql: str) -> None:
    """What reads is accepted, comments and Chinese included."""
    assert query_table(lake, sql).num_rows >= 1


@pytest.mark.parametrize(
    "sql",
    [
        "COPY (SELECT 1) TO '{root}/evil.csv'",
        "COPY flow TO '/tmp/evil.parquet'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{root}/evil.csv'",
        "EXPLAIN (ANALYZE) COPY (SELECT 1) TO '{root}/evil.csv'",
        "/* select */ explain /* select 1 */ analyze copy (select 1) to '{root}/evil.csv'",
        "EXPLAIN ANALYZE CREATE TABLE x AS SELECT 1",
        "ATTACH '{root}/x.db'",
        "ATTACH '/tmp/x.db' AS y",
        "INSTALL httpfs",
        "LOAD httpfs",
        "PRAGMA database_list",
        "PRAGMA enable_external_access = true",
        "SET threads = 1",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "CALL pragma_version()",
        "CREATE TABLE x AS SELECT 1",
        "CREATE MACRO ip_text(x) AS 1",
        "DROP VIEW flow",
        "DELETE FROM site_net",
        "INSERT INTO site_net SELECT * FROM site_net",
        "UPDATE incident SET state = 'closed'",
        "EXPORT DATABASE '{root}/dump'",
        "CHECKPOINT",
        "BEGIN",
        "PREPARE p AS SELECT 1",
        "SELECT 1; SELECT 2",
        "SELECT 1; COPY (SELECT 1) TO '{root}/evil.csv'",
        "",
        ";",
        "selec 1",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM read_blob('/proc/self/environ')",
        "SELECT * FROM glob('/etc/*')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM sniff_csv('/etc/passwd')",
        "SELECT * FROM read_parquet('https://example.invalid/x.parquet')",
        "SELECT * FROM read_parquet('{root}/../other.parquet')",
        "SELECT * FROM read_csv('{root}-sibling/x.csv')",
        "SELECT getenv('HOME')",
        "SELECT * FROM query('COPY (SELECT 1) TO ''{root}/evil.csv''')",
        "SELECT * FROM duckdb_secrets()",
        "WITH x AS (DELETE FROM site_net RETURNING *) SELECT * FROM x",
        "SELECT * FROM tmp_path",
        "SELECT CAST('10.0.0.1' AS INET)",
    ],
)
def test_everything_else_is_refused(lake: Lake, sql: str, tmp_path: Path) -> None:
    """Writing, attaching, installing, configuring, reading other files, the environment: all refused in our words."""
    (tmp_path / "lake-sibling").mkdir(exist_ok=True)
    with pytest.raises(TaishiError, match=r"^sql: ") as caught:
        query_table(lake, sql.format(root=lake.root))
    assert caught.value.exit_code in {1, 2}


def test_casebook_beside_the_lake(lake: Lake, tmp_path: Path) -> None:
    """Incidents can be joined with flows; they are a snapshot, and nothing can be written back."""
    book = Casebook(tmp_path / "casebook.sqlite")
    book.upsert_incidents("c", [ONE])
    found = query_table(lake, "SELECT number, (SELECT count(*) FROM flow) AS n FROM incident", book).to_pylist()
    assert found == [{"number": "I-2023-0001", "n": 10}]
    assert query_table(lake, "SELECT count(*) AS n FROM audit", book)["n"].to_pylist() == [1]
    assert query_table(lake, "SELECT ts_start FROM flow LIMIT 1").schema.field(0).type == schema.TIME


def test_results_stream(lake: Lake) -> None:
    """A large result comes in batches."""
    with query(lake, "SELECT * FROM range(200000)") as reader:
        assert isinstance(reader, pa.RecordBatchReader)
        sizes = [b.num_rows for b in reader]
    assert sum(sizes) == 200_000
    assert len(sizes) > 1


def test_limits_hold(lake: Lake) -> None:
    """Time and memory end a statement with a message that says what to do."""
    endless = "SELECT sum(a.range * b.range) FROM range(1000000) a, range(1000000) b"
    with pytest.raises(TaishiError, match="narrow the time range"), query(lake, endless, time_limit_s=0.3) as reader:
        reader.read_all()
    hungry = "SELECT list(range) FROM range(30000000)"
    with pytest.raises(TaishiError, match=r"^sql: "), query(lake, hungry, memory_limit="50MB") as reader:
        reader.read_all()
