"""Rows cut into buckets on the disk: complete, keys whole, bounded, and never anybody's data."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import schema
from store._bucket_file import MAX_BUCKETS, BucketFile
from store.errors import TaishiError
from store.lake import Lake, LakeReader

ROWS = (
    "SELECT CASE WHEN range % 7 = 0 THEN NULL ELSE hash(range % 50)::VARCHAR::BLOB END AS k, range AS n, "
    "[range::VARCHAR::BLOB, 'x'::BLOB] AS l, make_timestamp(range)::TIMESTAMPTZ AS t FROM range({rows})"
)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[LakeReader]:
    """Return a reader over a lake without segments."""
    with Lake(tmp_path).reader(threads=1) as opened:
        yield opened


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("buckets", [1, 3, 64, MAX_BUCKETS])
def test_every_row_once_and_keys_whole(reader: LakeReader, buckets: int) -> None:
    """However many buckets: no row is lost or doubled, a key lies in one bucket, rows without a key in the first."""
    sql = ROWS.format(rows=40_000)
    whole = reader.arrow(sql).sort_by("n")
    cut = reader.cut(sql, "k", buckets)
    parts = [cut.read(bucket, ["k", "n", "l", "t"]) for bucket in range(buckets)]
    cut.close()
    assert pa.concat_tables(parts).sort_by("n").equals(whole)
    assert whole.schema.field("t").type == schema.TIME
    homes: dict[bytes | None, set[int]] = {}
    for bucket, part in enumerate(parts):
        for key in part["k"].unique().to_pylist():
            homes.setdefault(key, set()).add(bucket)
    assert all(len(found) == 1 for found in homes.values())
    assert homes[None] == {0}


def test_columns_as_asked(reader: LakeReader) -> None:
    """Only the columns asked for come back, in their order; an empty bucket has them too."""
    cut = reader.cut(ROWS.format(rows=10), "k", 100)
    parts = [cut.read(bucket, ["t", "n"]) for bucket in range(100)]
    assert all(part.schema.names == ["t", "n"] for part in parts)
    assert any(part.num_rows == 0 for part in parts)
    cut.close()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers()), max_size=200), st.integers(1, 50))
def test_any_stream(tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, int]], size: int) -> None:
    """Whatever the order of the rows and the cut of the batches, a bucket holds what was given to it, in order."""
    wanted = pa.schema([("v", pa.decimal128(38)), ("bucket", pa.uint16())])
    rows = [(bucket, value % 10**30) for bucket, value in rows]
    batches = [
        pa.RecordBatch.from_pylist([{"v": v, "bucket": b} for b, v in rows[at : at + size]], schema=wanted)
        for at in range(0, len(rows), size)
    ]
    stream = pa.RecordBatchReader.from_batches(wanted, batches)
    cut = BucketFile(stream, 5, tmp_path_factory.getbasetemp(), 10**9)
    for bucket in range(5):
        found = [int(v) for v in cut.read(bucket, ["v"])["v"].to_pylist()]
        assert sorted(found) == sorted(v for b, v in rows if b == bucket)
    cut.close()


def test_same_key_same_bucket_in_any_table(reader: LakeReader) -> None:
    """Two tables cut by the same values into as many buckets agree on where a value lies."""
    one = reader.cut("SELECT range::VARCHAR::BLOB AS a FROM range(500)", "a", 9)
    two = reader.cut("SELECT (range % 500)::VARCHAR::BLOB AS b, range AS n FROM range(2000)", "b", 9)
    for bucket in range(9):
        assert set(one.read(bucket, ["a"])["a"].to_pylist()) == set(two.read(bucket, ["b"])["b"].to_pylist())
    one.close()
    two.close()


def test_nothing_is_seen_while_it_is_there(reader: LakeReader, tmp_path: Path) -> None:
    """The file has no name, its folder is the owner's alone, and so are its bytes."""
    cut = reader.cut(ROWS.format(rows=5_000), "k", 4)
    spill = tmp_path / ".spill"
    assert list(spill.iterdir()) == []
    assert stat.S_IMODE(spill.stat().st_mode) == 0o700
    assert stat.S_IMODE(os.fstat(cut._file.fileno()).st_mode) == 0o600
    assert Lake(tmp_path).sweep() == 0
    assert sum(cut.read(bucket, ["n"]).num_rows for bucket in range(4)) == 5_000
    cut.close()
    cut.close()


def test_the_disk_is_bounded_and_given_back(tmp_path: Path) -> None:
    """Rows beyond the limit are refused with what to do, and the file is gone."""
    wanted = pa.schema([("v", pa.int64()), ("bucket", pa.uint16())])
    batch = pa.RecordBatch.from_pydict({"v": list(range(10_000)), "bucket": [0] * 10_000}, schema=wanted)
    before = _open_files()
    with pytest.raises(TaishiError, match=r"more than 100,000 bytes; allowed: .*make room"):
        BucketFile(pa.RecordBatchReader.from_batches(wanted, [batch] * 3), 1, tmp_path, 100_000)
    assert _open_files() == before
    with pytest.raises(TaishiError, match="no temporary file"):
        BucketFile(pa.RecordBatchReader.from_batches(wanted, [batch]), 1, tmp_path / "absent", 100_000)


def test_a_failing_query_leaves_nothing(reader: LakeReader, tmp_path: Path) -> None:
    """An error in the midst of the rows is ours, and the file is closed."""
    before = _open_files()
    with pytest.raises(TaishiError, match="boom"):
        reader.cut("SELECT CASE WHEN range = 199999 THEN error('boom') ELSE range END AS k FROM range(200000)", "k", 3)
    assert _open_files() == before
    assert [path for path in (tmp_path / ".spill").iterdir() if path.is_file()] == []


@pytest.mark.parametrize("buckets", [0, MAX_BUCKETS + 1])
def test_impossible_numbers_of_buckets(reader: LakeReader, buckets: int) -> None:
    """A number of buckets that cannot be is refused."""
    with pytest.raises(TaishiError, match="allowed: 1 to"):
        reader.cut(ROWS.format(rows=1), "k", buckets)


def test_a_killed_process_leaves_nothing(tmp_path: Path) -> None:
    """After a kill in the midst of reading buckets the lake holds no trace of them."""
    code = (
        "import os, signal, sys; from pathlib import Path; from store.lake import Lake\n"
        "with Lake(Path(sys.argv[1])).reader() as reader:\n"
        "    cut = reader.cut('SELECT range AS k FROM range(100000)', 'k', 4)\n"
        "    assert cut.read(0, ['k']).num_rows\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False, env=environment)
    assert done.returncode == -signal.SIGKILL
    Lake(tmp_path).sweep()
    assert list((tmp_path / ".spill").iterdir()) == []


def test_named_leftovers_are_swept(tmp_path: Path) -> None:
    """Where a system lacks nameless files, one left by a dead process is removed and one of a living stays."""
    spill = tmp_path / ".spill"
    spill.mkdir()
    dead, alive = spill / "999999999-ab", spill / f"{os.getpid()}-cd"
    dead.write_bytes(b"rows")
    alive.write_bytes(b"rows")
    assert Lake(tmp_path).sweep() == 1
    assert list(spill.iterdir()) == [alive]


def test_what_cannot_be_spilled_gets_more_memory(tmp_path: Path) -> None:
    """A query that fails within a small limit is run once more within the lake's own."""
    with Lake(tmp_path).reader(memory_limit="40MB", threads=1) as reader:
        found = reader.arrow("SELECT len(list(range)) AS n FROM range(6000000) GROUP BY range % 3")
    assert found["n"].to_pylist() == [2_000_000] * 3
