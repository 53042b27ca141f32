"""The comparison itself, on flows small enough to check by eye."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.support.agreement import Agreement, Exceptions, Listed, Measured, unlisted


def _compared() -> Agreement:
    agreement = Agreement()
    truth = [Measured("tcp a|b", (1, 2)), Measured("tcp a|b", (1, 2)), Measured("udp c|d", (5, 0))]
    ours = [Measured("tcp a|b", (1, 2)), Measured("tcp a|b", (1, 3)), Measured("icmp e|f", (9, 9))]
    agreement.add("x.pcap", truth, ours)
    return agreement


def test_equal_rows_cancel_out_once_each() -> None:
    """A row that occurs twice in the truth needs two of ours."""
    agreement = _compared()
    assert (agreement.equal, agreement.total) == (1, 3)
    assert agreement.share == pytest.approx(1 / 3)


def test_what_is_left_is_paired_by_identity() -> None:
    """A differing row shows our values when there is a row of the same identity, and nothing otherwise."""
    lines = [d.line() for d in _compared().differing]
    assert lines == ["x.pcap  tcp a|b: expected 1 2; found 1 3", "x.pcap  udp c|d: expected 5 0; found nothing"]


def test_rows_of_ours_without_a_counterpart_are_extra() -> None:
    """Our rows that no truth row took are kept."""
    assert _compared().extra == [("x.pcap", Measured("icmp e|f", (9, 9)))]


def test_the_table_explains_by_row_or_by_capture() -> None:
    """An exact row comes before ``*``; what no entry covers is unlisted; what was never needed is unused."""
    star = Listed("x.pcap", "*", "differs", "why")
    exact = Listed("x.pcap", "tcp a|b", "differs", "why else")
    stale = Listed("y.pcap", "*", "differs", "gone")
    table = Exceptions([star, exact, stale])
    assert table.find("differs", "x.pcap", "tcp a|b") == exact
    assert table.find("excluded", "x.pcap", "tcp a|b") is None
    assert unlisted(_compared(), table) == []
    assert table.unused() == [stale]
    assert [d.key for d in unlisted(_compared(), Exceptions([exact]))] == ["udp c|d"]


def test_a_bad_table_names_every_bad_row(tmp_path: Path) -> None:
    """Unknown kinds and empty fields are reported together with their lines."""
    path = tmp_path / "t.csv"
    path.write_text("trace,row,kind,reason\nx.pcap,*,maybe,why\nx.pcap,*,differs,\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"t\.csv:2: .*(?s:.)*t\.csv:3: "):
        Exceptions.load(path)
