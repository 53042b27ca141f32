"""The tables of a case in buckets: what is found does not depend on how they are cut."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from detectors import registry
from detectors.derive import CAPTURE_SPAN, SPAN_SQL
from detectors.engine import run_all
from reporting.demo import write_demo
from reporting.scan.case_tables import CaseTables
from reporting.scan.pipeline import ScanRequest, scan
from store.home import Home
from store.lake import Lake, LakeReader

LABELLED = "labelled/pcapforge/it-ot-pivot_easy/capture.pcap"
"""Lateral movement from the office into the plant: many sources, Modbus, FTP-free."""


@pytest.fixture(scope="module")
def demo_reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LakeReader]:
    """Return a reader of the scanned demo day."""
    place = tmp_path_factory.mktemp("cut")
    write_demo(place / "demo.pcap")
    with _scanned(place, place / "demo.pcap") as reader:
        yield reader


@contextlib.contextmanager
def _scanned(place: Path, capture: Path) -> Iterator[LakeReader]:
    home = Home.open(place / "home")
    done = scan(ScanRequest((capture,)), home)
    with Lake(home.lake).reader(done.result.case, done.policy) as reader:
        yield reader


def _judged(reader: LakeReader, rows_per_bucket: int) -> tuple[pa.Table, pa.Table]:
    span = {"capture_span": reader.arrow(SPAN_SQL).cast(CAPTURE_SPAN)}
    with contextlib.closing(CaseTables(reader, registry().values(), rows_per_bucket)) as tables:
        return run_all(tables.table, span, buckets=tables.buckets, hosts_for=tables.hosts)


@pytest.mark.parametrize("rows_per_bucket", [20_000, 3_000, 700])
def test_any_size_of_bucket_finds_the_same(demo_reader: LakeReader, rows_per_bucket: int) -> None:
    """Alerts, ids and evidence included, and assessments are the same in one piece and in many."""
    whole = _judged(demo_reader, 10**9)
    assert whole[0].num_rows >= 5
    assert len(set(whole[0]["detector"].to_pylist())) >= 5
    parts = _judged(demo_reader, rows_per_bucket)
    assert parts[0].equals(whole[0])
    assert parts[1].equals(whole[1])


def test_a_real_attack_in_buckets(data: Path, tmp_path: Path) -> None:
    """The same on a labelled capture, cut so small that every table has many buckets."""
    with _scanned(tmp_path, data / LABELLED) as reader:
        whole = _judged(reader, 10**9)
        assert whole[0].num_rows
        parts = _judged(reader, 50)
    assert parts[0].equals(whole[0])
    assert parts[1].equals(whole[1])


def test_tables_are_cut_only_when_large(demo_reader: LakeReader) -> None:
    """A small case takes no disk; a large one is grouped once for all detectors that share a key."""
    scans = [registry()[name] for name in ("scan_block", "scan_horizontal", "scan_vertical")]
    with contextlib.closing(CaseTables(demo_reader, scans)) as small:
        assert [small.buckets(one) for one in scans] == [1, 1, 1]
    with contextlib.closing(CaseTables(demo_reader, scans, 500)) as tables:
        buckets = tables.buckets(scans[0])
        assert buckets > 1
        for one in scans:
            got = [
                tables.table("conversation", one.needs["conversation"], "src_ip", n, buckets) for n in range(buckets)
            ]
            assert sum(part.num_rows for part in got) == demo_reader.table_for("conversation", ["root_uid"]).num_rows
            assert all(part.schema.names == list(one.needs["conversation"]) for part in got)
        assert len(tables._cuts) == 1


def test_hosts_of_a_bucket_are_those_it_names(demo_reader: LakeReader) -> None:
    """A bucket gets every host heard that its conversations name, and no other."""
    one = registry()["scan_horizontal"]
    with contextlib.closing(CaseTables(demo_reader, [one], 10**9)) as everything:
        everybody = everything.hosts(one, 0, 1).to_pylist()
    with contextlib.closing(CaseTables(demo_reader, [one], 1_000)) as tables:
        buckets = tables.buckets(one)
        for bucket in range(buckets):
            part = tables.table("conversation", ("src_ip", "dst_ip"), "src_ip", bucket, buckets)
            named = {*part["src_ip"].to_pylist(), *part["dst_ip"].to_pylist()}
            found = tables.hosts(one, bucket, buckets).to_pylist()
            wanted = [row for row in everybody if row["ip"] in named]
            assert sorted(found, key=lambda row: (row["ip"], row["mac"] or b"")) == wanted


def test_missing_tables_are_said(demo_reader: LakeReader) -> None:
    """A table that the lake does not have is a KeyError, as the engine expects."""
    tables = CaseTables(demo_reader, registry().values())
    with pytest.raises(KeyError):
        tables.table("no_such", ("a",), "a", 0, 1)
