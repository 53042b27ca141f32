"""Metering against a stand-in of the core: the contract is kept, all or nothing is visible, a re-scan is a no-op."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
import types
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from naive_meter.source_id import source_id as named

from sensor.identity import Digest, capture_id
from sensor.metering import meter_capture
from sensor.packets import select_packets
from store import schema
from store.errors import TaishiError
from store.lake import Lake
from store.segment import SegmentWriter
from tests.store.rows import T0_US, batch, flow, uid


class _Capsule:
    """A batch that can only be had through the Arrow C interface, as the core hands it over."""

    def __init__(self, rows: pa.RecordBatch) -> None:
        self._rows = rows

    def __arrow_c_array__(self, requested: object = None) -> object:
        return self._rows.__arrow_c_array__(requested)


class _FakeMeter:
    """Reads a 'capture' whose bytes name how many flows it holds."""

    made: Sequence[_FakeMeter] = ()

    def __init__(
        self, path: str, *, source_id: bytes, options_json: str, digest: str, secret_key: bytes | None
    ) -> None:
        options = json.loads(options_json)
        if "bad" in options:
            raise ValueError("unknown option 'bad'; allowed: ext, max_flows")
        data = Path(path).read_bytes()
        assert source_id == named(data)
        self._digest = _digest(path, digest)
        self.secret_key = secret_key
        type(self).made = [*type(self).made, self]
        self._left = int(data.split()[0])
        self._total = self._left
        self._broken = b"broken" in data

    def read(self) -> list[tuple[str, _Capsule]] | None:
        if not self._left:
            return None
        self._left -= 1
        if self._left % 2:
            return []
        flows = batch(schema.FLOW, [flow(self._left)])
        return [("flow", _Capsule(flows)), ("arp", _Capsule(batch(schema.table("arp"), [{"ts": T0_US}])))]

    def digest(self) -> bytes:
        assert not self._left, "asked before the end"
        return self._digest

    def counters(self) -> dict[str, int]:
        return {"frames.delivered": self._total, "flow.packets": self._total}

    def info(self) -> dict[str, Any]:
        return {
            "frames": self._total,
            "bytes_read": self._total - self._left,
            "file_bytes": self._total,
            "first_ts_ns": T0_US * 1000 + 7 if self._total else None,
            "last_ts_ns": T0_US * 1000 + 9000 if self._total else None,
            "problem": "x.pcap: cut; allowed: whole records; read the rest" if self._broken else None,
            "interfaces": [],
        }


def _digest(path: str, name: str) -> bytes:
    assert name in {"sha256", "xxh3_128"}
    return hashlib.sha256(Path(path).read_bytes()).digest()[: 32 if name == "sha256" else 16]


def _select(path: str, source_id: bytes, options_json: str, uids: list[bytes], out_path: str) -> dict[str, int]:
    Path(out_path).write_bytes(b"".join(uids))
    return {"frames.selected": len(uids)}


@pytest.fixture(autouse=True)
def core(monkeypatch: pytest.MonkeyPatch) -> type[_FakeMeter]:
    """Put the stand-in where the compiled module would be."""
    module = types.ModuleType("sensor._wire")
    module.__dict__.update(Meter=_FakeMeter, select=_select, digest=_digest)
    monkeypatch.setitem(sys.modules, "sensor._wire", module)
    monkeypatch.setattr(_FakeMeter, "made", [])
    return _FakeMeter


def _capture(tmp_path: Path, text: str, name: str = "x.pcap") -> Path:
    path = tmp_path / name
    path.write_text(text)
    return path


def _rows(lake: Lake, sql: str) -> list[dict[str, Any]]:
    with lake.reader() as reader:
        found: list[dict[str, Any]] = reader.arrow(sql).to_pylist()
        return found


def test_tables_of_a_capture(tmp_path: Path) -> None:
    """Rows, counters and the capture's own row arrive, stamped with the capture's key; progress is told."""
    lake, path, told = Lake(tmp_path / "lake"), _capture(tmp_path, "10"), []
    result = meter_capture(
        path, lake, "c", options={"ext": True}, progress=lambda done, size: told.append((done, size))
    )
    file_id = capture_id(named(path.read_bytes()))
    assert result.pcap_file_id == file_id
    assert 0 <= file_id < 2**63
    assert result.frames == 10
    assert result.problem is None
    assert {p.relative_to(lake.root).parts[0] for p in result.segments} == {
        "flow",
        "arp",
        "packet_store",
        "sensor_counter",
    }
    assert told[-1] == (10, 10)
    assert _rows(lake, "SELECT count(*) AS n, any_value(pcap_file_id) AS f FROM flow") == [{"n": 5, "f": file_id}]
    (row,) = _rows(lake, "SELECT * FROM packet_store")
    assert row["is_complete"] is True
    assert row["meter_options"] == '{"ext": true}'
    assert row["path"] == str(path)
    assert row["source_id"] == result.source_id == named(path.read_bytes()).hex()
    assert (row["sha256"], row["xxh3_128"]) == (hashlib.sha256(path.read_bytes()).hexdigest(), None)
    counters = _rows(lake, "SELECT counter, count, sensor_id FROM sensor_counter ORDER BY counter")
    assert counters[1] == {"counter": "frames.delivered", "count": 10, "sensor_id": "scan"}


def test_again_is_a_no_op(tmp_path: Path, core: type[_FakeMeter]) -> None:
    """The same bytes under another name are known; nothing is read, nothing is written; counters are told again."""
    lake = Lake(tmp_path / "lake")
    first = meter_capture(_capture(tmp_path, "10"), lake, "c")
    before = sorted(lake.root.glob("[a-z]*/**/*"))
    again = meter_capture(_capture(tmp_path, "10", "copy.pcap"), lake, "c")
    assert again.is_known
    assert not first.is_known
    assert again.counters == first.counters
    assert again.first_ts_ns == T0_US * 1000
    assert sorted(lake.root.glob("[a-z]*/**/*")) == before
    assert len(core.made) == 1
    with pytest.raises(TaishiError, match=r"metered with \{\}, now asked"):
        meter_capture(_capture(tmp_path, "10"), lake, "c", options={"ext": True})
    assert not meter_capture(_capture(tmp_path, "10"), lake, "other").is_known


@pytest.mark.parametrize("digest", list(Digest))
def test_digest_of_the_first_time_decides(tmp_path: Path, core: type[_FakeMeter], digest: Digest) -> None:
    """A capture is known by the digest that its row has, whatever is asked for now."""
    lake = Lake(tmp_path / "lake")
    first = meter_capture(_capture(tmp_path, "10"), lake, "c", digest=digest)
    assert [first.sha256 is None, first.xxh3_128 is None] == [digest is not Digest.SHA256, digest is Digest.SHA256]
    for wanted in Digest:
        again = meter_capture(_capture(tmp_path, "10"), lake, "c", digest=wanted)
        assert again.is_known
        assert (again.sha256, again.xxh3_128) == (first.sha256, first.xxh3_128)
    assert len(core.made) == 1
    select_packets(lake, "c", [uid(1)], tmp_path / "out.pcap")


def test_file_that_cannot_be_read_to_its_end_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a digest a capture cannot be recognised again: it does not go in."""

    def fail(self: _FakeMeter) -> bytes:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(_FakeMeter, "digest", fail)
    lake = Lake(tmp_path / "lake")
    with pytest.raises(TaishiError, match=r"x\.pcap: cannot be read \(Input/output error\)"):
        meter_capture(_capture(tmp_path, "10"), lake, "c")
    assert not lake.segments("flow")
    assert not lake.segments("packet_store")


def test_damaged_capture_keeps_what_was_read(tmp_path: Path) -> None:
    """A problem is a result, not a failure; what a killed process left is swept."""
    lake = Lake(tmp_path / "lake")
    left = lake.root / "flow" / "case=c" / "date=2023-11-14" / "sensor=scan" / ".tmp-1-killed"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half a segment")
    result = meter_capture(_capture(tmp_path, "4 broken"), lake, "c")
    assert not left.exists()
    assert result.problem is not None
    (row,) = _rows(lake, "SELECT is_complete, problem FROM packet_store")
    assert row == {"is_complete": False, "problem": result.problem}
    assert _rows(lake, "SELECT count(*) AS n FROM flow") == [{"n": 2}]


def test_empty_capture_is_in_too(tmp_path: Path) -> None:
    """A capture without frames leaves its own row, so that it is known."""
    lake = Lake(tmp_path / "lake")
    assert meter_capture(_capture(tmp_path, "0"), lake, "c").first_ts_ns is None
    assert meter_capture(_capture(tmp_path, "0"), lake, "c").is_known


def test_failure_leaves_nothing_visible(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Interrupts, a full disk and a core that breaks leave no file behind."""
    lake = Lake(tmp_path / "lake")

    def interrupt(self: _FakeMeter) -> Mapping[str, int]:
        raise KeyboardInterrupt

    def full(self: SegmentWriter, counters: Mapping[str, int]) -> None:
        raise TaishiError("lake: no space")

    for target, name, replacement in ((_FakeMeter, "counters", interrupt), (SegmentWriter, "seal", full)):
        with monkeypatch.context() as patch:
            patch.setattr(target, name, replacement)
            with pytest.raises((KeyboardInterrupt, TaishiError)):
                meter_capture(_capture(tmp_path, "10"), lake, "c")
        assert not [p for p in lake.root.rglob("*") if p.is_file() and p.name != ".adopted"]
    assert not meter_capture(_capture(tmp_path, "10"), lake, "c").is_known


def test_bad_calls_say_what_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Absent file, unusable options and a missing core have their messages and exit codes."""
    lake = Lake(tmp_path / "lake")
    with pytest.raises(TaishiError, match="cannot be read") as caught:
        meter_capture(tmp_path / "none.pcap", lake, "c")
    assert caught.value.exit_code == 3
    with pytest.raises(TaishiError, match="allowed: ext, max_flows") as caught:
        meter_capture(_capture(tmp_path, "1"), lake, "c", options={"bad": 1})
    assert caught.value.exit_code == 2
    monkeypatch.setitem(sys.modules, "sensor._wire", None)
    with pytest.raises(TaishiError, match="make dev"):
        meter_capture(_capture(tmp_path, "1"), lake, "c")


def test_packets_of_flows(tmp_path: Path) -> None:
    """Packets come from each capture that holds the flows; one file per capture; a changed capture is refused."""
    lake = Lake(tmp_path / "lake")
    one = _capture(tmp_path, "10")
    meter_capture(one, lake, "c")
    (selection,) = select_packets(lake, "c", [uid(1), uid(3), uid(77)], tmp_path / "out.pcap")
    assert (selection.capture, selection.flows) == (one, 2)
    assert (tmp_path / "out.pcap").read_bytes() == uid(1) + uid(3)
    meter_capture(_capture(tmp_path, "4", "y.pcap"), lake, "c")
    both = select_packets(lake, None, [uid(1)], tmp_path / "out.pcap")
    assert [s.out.name for s in both] == ["out-1.pcap", "out-2.pcap"]
    with pytest.raises(TaishiError, match="none of 1 flow") as caught:
        select_packets(lake, "c", [uid(77)], tmp_path / "out.pcap")
    assert caught.value.exit_code == 3
    with pytest.raises(TaishiError, match="packets not written"):
        select_packets(lake, "c", [uid(9)], one / "sub" / "out.pcap")
    one.write_text("11")
    with pytest.raises(TaishiError, match="changed since it was scanned"):
        select_packets(lake, "c", [uid(9)], tmp_path / "out.pcap")


def test_packets_of_all_segments_of_a_conversation(tmp_path: Path) -> None:
    """A root uid stands for every segment; packets that were not kept are told as such."""
    lake = Lake(tmp_path / "lake")
    path = _capture(tmp_path, "0")
    file_id = meter_capture(path, lake, "c").pcap_file_id
    for key, number in ((file_id, 0), (None, 50)):
        writer = SegmentWriter(lake.root, schema.FLOW, "c", "scan", stamps={"pcap_file_id": key})
        rows = [flow(number), flow(number + 1, flow_root_uid=uid(number + 1), segment_seq=1)]
        writer.write(batch(schema.FLOW, rows))
        writer.close({})
    (selection,) = select_packets(lake, "c", [uid(1)], tmp_path / "out.pcap")
    assert selection.flows == 2
    with pytest.raises(TaishiError, match="were not kept"):
        select_packets(lake, "c", [uid(51)], tmp_path / "out.pcap")


def test_a_kill_between_the_tables_is_healed_by_reading_again(tmp_path: Path) -> None:
    """Flows that became visible without the row of their capture are not written twice: same batches, same name."""
    lake = Lake(tmp_path / "lake")
    capture = _capture(tmp_path, "10")
    first = meter_capture(capture, lake, "c")
    shutil.rmtree(lake.root / schema.PACKET_STORE.name)
    again = meter_capture(capture, lake, "c")
    assert not again.is_known
    assert again.segments[:-1] == first.segments[:-1]
    assert _rows(lake, "SELECT count(*) AS n FROM flow") == [{"n": 5}]


def test_the_key_of_secrets_reaches_the_core_and_is_stored_nowhere(tmp_path: Path) -> None:
    """The core gets the key as an argument of its own; no segment holds it."""
    lake = Lake(tmp_path / "lake")
    key = b"0123456789abcdefKEY"
    result = meter_capture(_capture(tmp_path, "10"), lake, "c", secret_key=key)
    assert [meter.secret_key for meter in _FakeMeter.made] == [key]
    assert result.segments
    for segment in result.segments:
        assert key not in segment.read_bytes()
        assert b"secret" not in segment.read_bytes()
