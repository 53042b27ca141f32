"""Names of captures: what they depend on, what they cost, and captures that a sample cannot tell apart."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from capture.files import T0, Shot, write_pcap
from naive_meter.source_id import source_id

from sensor import known
from sensor.identity import EDGE, PIECE, PIECES, Digest, changed, file_digest, sample_id
from sensor.metering import meter_capture
from sensor.packets import select_packets
from store import schema
from store.errors import TaishiError
from store.lake import Lake
from store.lake_files import rows_of

MIB = 1 << 20
WHOLE = 2 * EDGE + PIECES * PIECE


@pytest.fixture(scope="module")
def noise() -> bytes:
    """Return bytes to cut files from."""
    block = b"".join(hashlib.sha256(n.to_bytes(4, "big")).digest() for n in range(MIB // 32))
    return b"".join(hashlib.sha256(bytes([n])).digest() + block[32:] for n in range(9))


@pytest.mark.parametrize("size", [0, 1, MIB, WHOLE - 1, WHOLE, WHOLE + 1, WHOLE + 12_345, 9 * MIB])
def test_as_specified(tmp_path: Path, noise: bytes, size: int) -> None:
    """The name is that of the executable specification at every size where the sample changes its form."""
    path = tmp_path / "x.pcap"
    path.write_bytes(noise[:size])
    assert sample_id(path) == source_id(noise[:size])


def test_depends_on_size_and_sample_only(tmp_path: Path, noise: bytes) -> None:
    """Size, edges and pieces count; the name of the file and what lies between the pieces do not."""
    one, two = tmp_path / "one.pcap", tmp_path / "two.pcap"
    one.write_bytes(noise)
    base = sample_id(one)
    unsampled = EDGE + PIECE + 1
    for at, same in ((0, False), (len(noise) - 1, False), (EDGE, False), (len(noise) // 2, True), (unsampled, True)):
        other = bytearray(noise)
        other[at] ^= 1
        two.write_bytes(other)
        assert (sample_id(two) == base) is same, at
    two.write_bytes(noise[:-1])
    assert sample_id(two) != base


def test_huge_file_costs_no_more(tmp_path: Path) -> None:
    """At most 6 MiB are read of a file of a terabyte (sparse)."""
    path = tmp_path / "huge.pcap"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    before = os.times().user
    sample_id(path)
    assert os.times().user - before < 1.0


def test_what_is_no_readable_file(tmp_path: Path) -> None:
    """Absent files, folders and pipes have their messages; a pipe is not waited for."""
    with pytest.raises(TaishiError, match="cannot be read") as caught:
        sample_id(tmp_path / "none.pcap")
    assert caught.value.exit_code == 3
    with pytest.raises(TaishiError, match="cannot be read"):
        sample_id(tmp_path)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(TaishiError, match="no regular file"):
        sample_id(tmp_path / "pipe")


def test_digests_of_the_core(tmp_path: Path) -> None:
    """SHA-256 is that of Python, XXH3 the published one; a change is told with both values."""
    path = tmp_path / "x"
    path.write_bytes(b"abc")
    assert file_digest(path, Digest.SHA256) == hashlib.sha256(b"abc").digest()
    xxh = file_digest(path, Digest.XXH3_128).hex()
    assert xxh == "06b05ab6733a618578af5f94892f3950"
    row: dict[str, Any] = {"sha256": None, "xxh3_128": xxh}
    assert changed(path, row) is None
    path.write_bytes(b"abd")
    difference = changed(path, row)
    assert difference is not None
    assert difference.en.endswith("then 06b05ab6733a…")
    with pytest.raises(TaishiError) as caught:
        file_digest(tmp_path / "none", Digest.SHA256)
    assert caught.value.exit_code == 3


def _twins(folder: Path, count: int) -> list[Path]:
    """Make captures of one size that differ in one byte which no sample holds: of a payload, and so of no flow row."""
    payload = bytes(1200)
    frame = bytes.fromhex("020000000001 020000000002 0800".replace(" ", "")) + _udp(payload)
    shots = [Shot(T0 + n * 1_000_000, frame) for n in range(6000)]
    first = folder / "twin0.pcap"
    write_pcap(first, shots)
    data = first.read_bytes()
    assert len(data) > WHOLE
    paths = [first]
    record = 16 + len(frame)
    at = 24 + (len(data) // 2 - 24) // record * record + record - 600
    for number in range(1, count):
        other = bytearray(data)
        other[at] ^= number
        paths.append(folder / f"twin{number}.pcap")
        paths[-1].write_bytes(other)
    assert len({sample_id(path) for path in paths}) == 1
    return paths


def _udp(payload: bytes) -> bytes:
    length = 8 + len(payload)
    header = (
        bytes.fromhex("4500") + (20 + length).to_bytes(2, "big") + bytes.fromhex("00010000401100000a0000010a000002")
    )
    return header + bytes.fromhex("c0000035") + length.to_bytes(2, "big") + b"\0\0" + payload


@pytest.mark.parametrize("digest", list(Digest))
def test_twins_are_neither_lost_nor_merged(tmp_path: Path, digest: Digest) -> None:
    """Captures with one sample go in one by one in any order, each once; their flows and packets stay apart."""
    twins = _twins(tmp_path, 3)
    for number, order in enumerate((twins, twins[::-1])):
        lake = Lake(tmp_path / f"lake{number}")
        results = [meter_capture(path, lake, "c", digest=digest) for path in order]
        assert [one.is_known for one in results] == [False] * 3
        assert results[0].source_id == sample_id(order[0]).hex()
        assert len({one.source_id for one in results}) == 3
        held = sorted(lake.root.rglob("*.parquet"))
        again = [meter_capture(path, lake, "c", digest=digest) for path in (*order, *reversed(order))]
        assert all(one.is_known for one in again)
        assert [one.source_id for one in again[:3]] == [one.source_id for one in results]
        assert sorted(lake.root.rglob("*.parquet")) == held
        with lake.reader("c") as reader:
            flows = reader.arrow("SELECT flow_uid, pcap_file_id FROM flow_stored").to_pylist()
        assert len(flows) == len({row["flow_uid"] for row in flows})
        assert len({row["pcap_file_id"] for row in flows}) == 3
        for result in results:
            mine = [row["flow_uid"] for row in flows if row["pcap_file_id"] == result.pcap_file_id]
            (selection,) = select_packets(lake, "c", mine, tmp_path / f"out{number}.pcap")
            assert selection.capture == result.path
            assert selection.counts["written"] == 6000
            (tmp_path / f"out{number}.pcap").unlink()


def test_twins_in_cases_of_their_own(tmp_path: Path) -> None:
    """In different cases twins may share all ids: packets still come from the capture of the case asked for."""
    lake = Lake(tmp_path / "lake")
    one, two = _twins(tmp_path, 2)
    first, second = meter_capture(one, lake, "a"), meter_capture(two, lake, "b")
    assert first.pcap_file_id == second.pcap_file_id
    with lake.reader("b") as reader:
        flows = reader.arrow("SELECT flow_uid FROM flow_stored")["flow_uid"].to_pylist()
    (selection,) = select_packets(lake, "b", flows, tmp_path / "out.pcap")
    assert selection.capture == two
    both = select_packets(lake, None, flows, tmp_path / "all.pcap")
    assert [selection.capture for selection in both] == [one, two]


def test_many_captures_cost_one_reading_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever meters many captures reads each row of the case once, also those that came in meanwhile."""
    lake = Lake(tmp_path / "lake")
    read: list[Path] = []

    def counted(path: Path, table: schema.Table) -> list[dict[str, Any]]:
        read.append(path)
        return rows_of(path, table)

    monkeypatch.setattr(known, "rows_of", counted)
    paths = [write_pcap(tmp_path / f"{n}.pcap", [Shot(T0 + n, bytes(60))]) for n in range(4)]
    held = known.Held(lake, "c")
    assert [meter_capture(path, lake, "c", held=held).is_known for path in (*paths, *paths)] == [False] * 4 + [True] * 4
    assert len(read) == len(set(read)) == 8
    fresh = meter_capture(paths[2], lake, "c")
    assert fresh.is_known
    assert fresh.counters["frames.delivered"] == 1


def test_lake_of_an_older_version(tmp_path: Path) -> None:
    """A table without the new columns is told as such, by metering and by reading."""
    lake = Lake(tmp_path / "lake")
    path = _twins(tmp_path, 1)[0]
    meter_capture(path, lake, "c")
    (segment,) = lake.segments(schema.PACKET_STORE, "c")
    table = pq.read_table(segment)
    old = table.drop_columns(["source_id", "xxh3_128"])
    pq.write_table(old.replace_schema_metadata({"taishi.schema_version": "1"}), segment)
    wanted = f"schema version 1; allowed: {schema.SCHEMA_VERSION}; scan the captures again"
    with pytest.raises(TaishiError, match=wanted):
        meter_capture(path, lake, "c")
    with pytest.raises(TaishiError, match=wanted), lake.reader("c"):
        pass
    segment.write_bytes(b"no parquet")
    with pytest.raises(TaishiError, match="doctor"):
        meter_capture(path, lake, "c")
