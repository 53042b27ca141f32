"""What must not change a row: reading twice, a shift of time; and what an exchange of addresses must exchange."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest
from capture.conversation import Talk, Who
from capture.files import SECOND, Shot, write_pcap
from compare import COLUMNS
from expect import Metering, only
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from naive_meter import Row, meter
from traffic import captures
from wire_meter import missing, wire_meter

METERS: Final = [
    pytest.param(meter, id="naive"),
    pytest.param(wire_meter, id="wire", marks=pytest.mark.skipif(missing() is not None, reason=str(missing()))),
]
SOURCE: Final = bytes(range(32))
TIMES: Final = {"ts_start", "ts_end", "ts_start_ns", "ts_end_ns"}
UIDS: Final = {"flow_uid", "flow_root_uid"}

quick = settings(
    max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


def rows_of(meters: Metering, shots: list[Shot]) -> list[Row]:
    """Return the rows of frames, in order of their first packet."""
    with tempfile.TemporaryDirectory() as place:
        path = write_pcap(Path(place) / "case.pcap", shots)
        found = meters(path, source_id=SOURCE).rows
    return sorted(found, key=lambda row: (row["pcap_first_off"], row["segment_seq"]))


@pytest.mark.parametrize("meters", METERS)
@quick
@given(shots=captures())
def test_reading_twice(meters: Metering, shots: list[Shot]) -> None:
    """The same capture makes identical rows, identifiers included."""
    assert rows_of(meters, shots) == rows_of(meters, shots)


@pytest.mark.parametrize("meters", METERS)
@quick
@given(shots=captures(), shift=st.integers(-(10**17), 10**17).map(lambda ns: ns // 1000 * 1000))
def test_time_shift(meters: Metering, shots: list[Shot], shift: int) -> None:
    """A shift of all times by whole microseconds shifts the time columns and changes nothing else but the uids."""
    plain = rows_of(meters, shots)
    moved = rows_of(meters, [replace(shot, ts_ns=shot.ts_ns + shift) for shot in shots])
    assert len(plain) == len(moved)
    for a, b in zip(plain, moved, strict=True):
        assert b["ts_start"] - a["ts_start"] == shift // 1000
        assert {k: v for k, v in a.items() if k not in TIMES | UIDS} == {
            k: v for k, v in b.items() if k not in TIMES | UIDS
        }
        assert a["flow_uid"][8:] == b["flow_uid"][8:]


SWAPPED_ENDS: Final = (("10.0.0.1", 50000), ("10.0.0.2", 50001))


def exchanged(row: Row) -> dict[str, Any]:
    """Return a row with the values of every src column and its dst column exchanged."""
    other = {"src": "dst", "dst": "src"}
    return {f"{other[k[:3]]}{k[3:]}" if k[:4] in {"src_", "dst_"} else k: v for k, v in row.items()}


LETTERS: Final = ("S", "SA", "A", "PA", "FA", "R")
SIDES: Final[tuple[Who, Who]] = ("c", "s")
STEP: Final = st.tuples(st.sampled_from(SIDES), st.sampled_from(LETTERS), st.sampled_from((0, 5, 900)))


@pytest.mark.parametrize("meters", METERS)
@quick
@example(steps=[("s", "SA", 0), ("c", "A", 0), ("s", "PA", 9)])
@given(steps=st.lists(STEP, min_size=1, max_size=12))
def test_address_reversal(meters: Metering, steps: list[tuple[Who, str, int]]) -> None:
    """With addresses and ports exchanged, a conversation has the same columns except the exchanged addresses."""
    both: list[list[Row]] = []
    for client, server in (SWAPPED_ENDS, SWAPPED_ENDS[::-1]):
        talk = Talk(client, server, isn=(1000, 9000))
        for who, flags, size in steps:
            talk.send(who, flags, 0 if "S" in flags or "R" in flags else size)
        both.append(rows_of(meters, talk.shots))
    assert len(both[0]) == len(both[1])
    ends = {"src_ip", "dst_ip", "src_port", "dst_port"}
    for forward, backward in zip(*both, strict=True):
        assert {k: forward[k] for k in COLUMNS if k not in ends} == {k: backward[k] for k in COLUMNS if k not in ends}
        assert {k: exchanged(forward)[k] for k in ends} == {k: backward[k] for k in ends}


def test_roles_follow_the_sender(metering: Metering) -> None:
    """The same packets sent by the other side exchange the addresses of src and dst and nothing of the traffic."""

    def talk(one: Who, other: Who) -> list[Shot]:
        it = Talk(*SWAPPED_ENDS, isn=(1000, 1000))
        it.send(one, "S", ttl=10).send(other, "SA", ttl=20).send(one, "A", ttl=10, dt_ns=SECOND)
        return it.send(one, "PA", 7, ttl=11).send(other, "PA", 9, ttl=21).shots

    forward, backward = only(metering(talk("c", "s"))), only(metering(talk("s", "c")))
    moved = {"src_ip", "dst_ip", "src_port", "dst_port", "src_mac", "dst_mac"}
    left = set(COLUMNS) - moved - {"flow_uid", "community_id"}
    assert {k: forward[k] for k in left} == {k: backward[k] for k in left}
    assert {k: exchanged(forward)[k] for k in moved} == {k: backward[k] for k in moved}
    assert forward["community_id"] == backward["community_id"]
