"""Segments: complete or invisible, named by content, cut by date, described by their footer."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from store import schema
from store.adopt import adopt, read_footer
from store.errors import TaishiError
from store.integrity import HashingFile, file_hash
from store.segment import OVERFLOW_DATE, SegmentWriter, publish
from store.staging import PREFIX, StagedFile, sweep
from tests.store.rows import DAY_US, T0_US, batch, flow

FLOW = schema.FLOW


def _writer(lake: Path, *, case: str = "c1", **options: int) -> SegmentWriter:
    return SegmentWriter(lake, FLOW, case, "scan", stamps={"pcap_file_id": 7}, **options)


def _written(lake: Path, *numbers: int, case: str = "c1") -> tuple[Path, ...]:
    writer = _writer(lake, case=case)
    writer.write(batch(FLOW, [flow(n) for n in numbers]))
    return writer.close({"frames.delivered": 9})


def _hidden(lake: Path) -> list[Path]:
    return list(lake.rglob(f"{PREFIX}*"))


def test_stamps_and_footer(tmp_path: Path) -> None:
    """A segment holds the stored columns with the stamps, and its footer says what it is."""
    (file,) = _written(tmp_path, 1, 2)
    table = pq.read_table(file, partitioning=None)
    assert table.schema.equals(FLOW.arrow())
    assert table["sensor_id"].to_pylist() == ["scan", "scan"]
    assert table["pcap_file_id"].to_pylist() == [7, 7]
    assert table["feature_defs_version"].to_pylist() == [schema.FEATURE_DEFS_VERSION] * 2
    assert table["capture_loss"].null_count == 2
    footer = read_footer(file)
    assert footer["rows"] == "2"
    assert footer["table"] == "flow"
    assert json.loads(footer["counters"]) == {"frames.delivered": 9}
    assert "content_hash" not in footer
    assert file.relative_to(tmp_path).parts[:4] == ("flow", "case=c1", "date=2023-11-14", "sensor=scan")
    assert not _hidden(tmp_path)


def test_same_content_same_file(tmp_path: Path) -> None:
    """Writing the same rows twice changes nothing; other rows or another sensor give another name."""
    first = _written(tmp_path, 1, 2)
    stamp = first[0].stat().st_ino
    assert _written(tmp_path, 1, 2) == first
    assert first[0].stat().st_ino == stamp
    assert _written(tmp_path, 1, 3) != first
    assert len(list(tmp_path.rglob("*.parquet"))) == 2


def test_name_is_the_hash_of_the_bytes(tmp_path: Path) -> None:
    """``sha256sum`` of a segment gives its name, whatever its size, its slices and the number of row groups."""
    whole = batch(FLOW, [flow(n, server_name=f"h{n}", icmp_type=None if n % 2 else 8) for n in range(40_000)])
    writer = _writer(tmp_path, row_limit=30_000)
    for start in range(0, 40_000, 17_000):
        writer.write(whole.slice(start, 17_000))
    writer.write(batch(FLOW, [flow(n, ts_start=T0_US + DAY_US) for n in range(3)]))
    files = writer.close({"frames.delivered": 40_003})
    assert len(files) == 3
    for file in files:
        assert file.stem == hashlib.sha256(file.read_bytes()).hexdigest() == file_hash(file)


def test_cuts_change_the_name_and_not_the_rows(tmp_path: Path) -> None:
    """Row groups follow the batches: other cuts give another file of the same rows; the same cuts the same file."""
    rows = batch(FLOW, [flow(n) for n in range(40_000)])
    files: list[Path] = []
    for number, size in enumerate((17_000, 20_000, 20_000)):
        writer = _writer(tmp_path / str(number))
        for start in range(0, 40_000, size):
            writer.write(rows.slice(start, size))
        files += writer.close({})
    assert files[0].name != files[1].name == files[2].name
    assert pq.read_table(files[0], partitioning=None).equals(pq.read_table(files[1], partitioning=None))


@pytest.mark.parametrize("table", schema.TABLES, ids=lambda t: t.name)
def test_every_table_round_trips(tmp_path: Path, table: schema.Table) -> None:
    """Each declared table can be written and read back by pyarrow with its exact types."""
    writer = SegmentWriter(
        tmp_path, table, "c", "scan", stamps={"revision": 1} if table.name in {"alert", "assessment"} else {}
    )
    rows = batch(table, [{}, {"ts": T0_US}, {}])
    writer.write(rows)
    files = writer.close({})
    back = pa.concat_tables(pq.read_table(f, partitioning=None) for f in files)
    assert back.num_rows == 3
    assert back.schema.equals(table.arrow())


def test_rows_are_cut_by_date(tmp_path: Path) -> None:
    """Rows over midnight go to the folders of their dates, each in its order; times beyond year 9999 do not fail."""
    rows = [flow(n, ts_start=T0_US + (n % 3) * DAY_US) for n in range(9)] + [flow(10, ts_start=2**62)]
    writer = _writer(tmp_path)
    writer.write(batch(FLOW, rows))
    found = {f.parent.parent.name: pq.read_table(f, partitioning=None) for f in writer.close({})}
    assert sorted(found) == ["date=2023-11-14", "date=2023-11-15", "date=2023-11-16", "date=9999-12-31"]
    uids = [int.from_bytes(u) for u in found["date=2023-11-15"]["flow_uid"].to_pylist()]
    assert uids == [2, 5, 8]


def test_random_times_make_a_bounded_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged capture with a new date in every row ends in one overflow folder, no row lost."""
    monkeypatch.setattr("store.segment.MAX_SEGMENTS", 12)
    writer = _writer(tmp_path)
    writer.write(batch(FLOW, [flow(n, ts_start=T0_US + n * DAY_US) for n in range(40)]))
    files = writer.close({})
    assert len(files) <= 13
    assert any(f"date={OVERFLOW_DATE}" in str(f) for f in files)
    assert sum(pq.read_metadata(f).num_rows for f in files) == 40
    assert not _hidden(tmp_path)


def test_row_limit_begins_a_new_segment(tmp_path: Path) -> None:
    """A table becomes several segments when it grows past the limit."""
    writer = _writer(tmp_path, row_limit=20_000)
    for start in range(0, 60_000, 20_000):
        writer.write(batch(FLOW, [flow(start + n) for n in range(20_000)]))
    files = writer.close({})
    assert len(files) == 3
    assert pq.read_metadata(files[0]).num_row_groups == 1


def test_small_batches_become_one_row_group(tmp_path: Path) -> None:
    """Many batches of few rows are gathered, with their dictionaries unified."""
    writer = _writer(tmp_path)
    for n in range(10):
        writer.write(batch(FLOW, [flow(n, app_proto=f"p{n}")]))
    (file,) = writer.close({})
    assert pq.read_metadata(file).num_row_groups == 1
    assert pq.read_table(file, partitioning=None)["app_proto"].to_pylist() == [f"p{n}" for n in range(10)]


def test_nothing_written_nothing_published(tmp_path: Path) -> None:
    """A writer without rows publishes no file, and abort removes what was staged."""
    assert _writer(tmp_path).close({}) == ()
    writer = _writer(tmp_path)
    writer.write(batch(FLOW, [flow(n) for n in range(17_000)]))
    assert _hidden(tmp_path)
    writer.abort()
    writer.abort()
    assert not _hidden(tmp_path)
    assert not list(tmp_path.rglob("*.parquet"))


def test_wrong_columns_and_names_are_refused(tmp_path: Path) -> None:
    """A batch of another table and names that leave the folder get an error that says what is allowed."""
    with pytest.raises(TaishiError, match="allowed: flow_uid"):
        _writer(tmp_path).write(batch(schema.table("arp"), [{}]))
    for name in ("", "..", "a/b", ".x", "x" * 65, "a=b", "a\n"):
        with pytest.raises(TaishiError, match="allowed: letters"):
            _writer(tmp_path, case=name)
    _writer(tmp_path, case="办公网-1").abort()


def test_publish_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When one table cannot be sealed, no table of the capture becomes visible."""
    good, bad = _writer(tmp_path), SegmentWriter(tmp_path, schema.table("arp"), "c1", "scan", stamps={})
    good.write(batch(FLOW, [flow(1)]))
    bad.write(batch(schema.table("arp"), [{"ts": T0_US}]))

    def full(self: StagedFile) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(StagedFile, "sync", full)
    with pytest.raises(TaishiError, match="No space left"):
        publish([good, bad], {})
    assert not list(tmp_path.rglob("*.parquet"))
    assert not _hidden(tmp_path)


_CHILD = """
import sys, time
sys.path.append({root!r})
from pathlib import Path
from tests.store.rows import batch, flow
from store import schema
from store.segment import SegmentWriter
writer = SegmentWriter(Path({lake!r}), schema.FLOW, "c1", "scan", stamps={{}})
rows = batch(schema.FLOW, [flow(n) for n in range(17_000)])
for turn in range({turns}):
    writer.write(rows)
    print(turn, flush=True)
{end}
"""


def _child(lake: Path, turns: int, end: str) -> subprocess.Popen[str]:
    here = Path(__file__)
    code = _CHILD.format(root=str(here.parents[2]), lake=str(lake), turns=turns, end=end)
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)


def test_kill_leaves_nothing_visible(tmp_path: Path) -> None:
    """A kill -9 in the middle leaves only hidden files; they survive a sweep while the owner lives, not after."""
    with _child(tmp_path, 3, "time.sleep(60)") as child:
        assert child.stdout is not None
        assert [child.stdout.readline() for _ in range(3)] == ["0\n", "1\n", "2\n"]
        alive = len(_hidden(tmp_path)), sweep(tmp_path)
        os.kill(child.pid, signal.SIGKILL)
    assert alive == (1, 0)
    assert not list(tmp_path.rglob("*.parquet"))
    assert len(_hidden(tmp_path)) == 1
    assert sweep(tmp_path) == 1
    assert not _hidden(tmp_path)
    assert _written(tmp_path, 1)


def test_disk_limit_leaves_nothing(tmp_path: Path) -> None:
    """A file that may not grow (RLIMIT_FSIZE stands for the full disk) ends in an error and leaves no file."""
    end = "raise SystemExit(0)"
    code = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
    here = Path(__file__)
    script = code + _CHILD.format(
        tests=str(here.parent),
        root=str(here.parents[2]),
        lake=str(tmp_path),
        turns=40,
        end=f"writer.close({{}}); {end}",
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "could not write a segment" in done.stderr
    assert not list(tmp_path.rglob("*.parquet"))
    assert not _hidden(tmp_path)
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 200_000


def test_adopt_moves_once(tmp_path: Path) -> None:
    """A delivered file is taken in once; the second delivery is removed; a foreign table is refused."""
    (delivered,) = _written(tmp_path / "far", 1, 2)
    data = delivered.read_bytes()
    target = adopt(tmp_path / "lake", "site", FLOW, delivered)
    assert target.read_bytes() == data
    assert not delivered.exists()
    again = tmp_path / "again.parquet"
    again.write_bytes(data)
    stamp = target.stat().st_ino
    assert adopt(tmp_path / "lake", "site", FLOW, again) == target
    assert target.stat().st_ino == stamp
    again.write_bytes(data)
    with pytest.raises(TaishiError, match="allowed: 'arp'"):
        adopt(tmp_path / "lake", "site", schema.table("arp"), again)
    again.write_bytes(data[:100])
    with pytest.raises(TaishiError, match="not a readable Parquet file"):
        adopt(tmp_path / "lake", "site", FLOW, again)


def test_adopt_refuses_bytes_that_are_not_what_their_name_says(tmp_path: Path) -> None:
    """A segment damaged on its way keeps lying where it was delivered; under a free name its own hash names it."""
    (delivered,) = _written(tmp_path / "far", 1, 2)
    data = bytearray(delivered.read_bytes())
    data[5] ^= 1  # in a page: footers have their own reading
    delivered.write_bytes(data)
    with pytest.raises(TaishiError, match="SHA-256 of its bytes"):
        adopt(tmp_path / "lake", "site", FLOW, delivered)
    assert delivered.exists()
    assert not list((tmp_path / "lake").rglob("*.parquet"))
    assert not _hidden(tmp_path)
    free = delivered.rename(delivered.with_name("delivered.parquet"))
    target = adopt(tmp_path / "lake", "site", FLOW, free)
    assert target.stem == hashlib.sha256(bytes(data)).hexdigest()


def test_a_short_write_is_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may take a part of a write only; the hash speaks of what lies on the disk."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda handle, view: real(handle, view[:7]))
    path = tmp_path / "x"
    with HashingFile(path) as file:
        assert file.write(b"a" * 20) == 20
        file.write(memoryview(b"b" * 20))
        told = file.hexdigest()
    assert path.read_bytes() == b"a" * 20 + b"b" * 20
    assert told == file_hash(path)


def test_sweep_spares_the_living(tmp_path: Path) -> None:
    """A staged file of a living writer in the same process is not swept either."""
    staged = StagedFile(tmp_path)
    assert sweep(tmp_path) == 0
    assert staged.path.exists()
    staged.discard()
    (tmp_path / f"{PREFIX}1-dead").write_bytes(b"x")
    assert sweep(tmp_path) == 1
