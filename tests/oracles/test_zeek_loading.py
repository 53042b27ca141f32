"""Zeek's logs are read, brought to comparable form and left out by rule, on literal rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.oracles.support import zeek
from tests.oracles.support.agreement import Measured

FIELDS = "ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service conn_state history "
FIELDS += "orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes tunnel_parents ip_proto"
START = datetime(2026, 1, 1, tzinfo=UTC)


def _row(line: str) -> dict[str, str]:
    return dict(zip(FIELDS.split(), line.split(), strict=True))


def _log(path: Path, fields: str, *rows: str) -> Path:
    lines = ["### BTest baseline", "#path\tconn", "#fields\t" + "\t".join(fields.split())]
    path.write_text("\n".join([*lines, *("\t".join(row.split()) for row in rows), "#close"]) + "\n", encoding="utf-8")
    return path


def _ours(**changed: Any) -> dict[str, Any]:  # noqa: ANN401 - columns of a flow row have many types
    row = {"ip_proto": 6, "src_ip": "1.1.1.1", "src_port": 5, "dst_ip": "2.2.2.2", "dst_port": 80, "conn_state": "SF"}
    row |= {"src_pkts": 3, "src_bytes_ip": 120, "dst_pkts": 2, "dst_bytes_ip": 80, "icmp_type": None, "icmp_code": None}
    return row | {"ts_start": START, "ts_end": START} | changed


def test_tsv_and_json_logs_give_the_same_names(tmp_path: Path) -> None:
    """Masked TSV baselines and JSON lines with underscores are read alike, comments skipped."""
    tsv = _log(tmp_path / "a.log", FIELDS, "X C1 1.1.1.1 5 2.2.2.2 80 tcp - SF S 3 120 2 80 - 6")
    json_log = tmp_path / "b.log"
    json_log.write_text('{"uid":"C1","id_orig_h":"1.1.1.1","id_orig_p":5,"id_resp_h":"2.2.2.2","id_resp_p":80}\n')
    (first,), why = zeek.read_log(tsv)
    (second,), _ = zeek.read_log(json_log)
    assert why == ""
    assert {k: first[k] for k in second} == second


def test_cut_baselines_cannot_be_compared(tmp_path: Path) -> None:
    """A log without field names, or without a needed column, says so."""
    cut = tmp_path / "cut.log"
    cut.write_text("### BTest\nuid\tservice\thistory\nC1\thttp\tSh\n", encoding="utf-8")
    assert zeek.read_log(cut)[1].startswith("cut columns")
    assert "conn_state" in zeek.read_log(_log(tmp_path / "less.log", "uid proto", "C1 tcp"))[1]


def test_command_lines_that_change_connections_are_found() -> None:
    """A packet filter or a set option forbids comparing; plain runs do not."""
    assert zeek.changed_by_command('zeek -r x.pcap -f "port 50000"').startswith("packet filter")
    assert "F" in zeek.changed_by_command('zeek -r x.pcap "Tunnel::delay_teredo_confirmation=F"')
    assert zeek.changed_by_command("zeek -b -C -r $TRACES/x.pcap %INPUT >out") == ""


def test_a_row_of_ours_equals_zeeks() -> None:
    """The same connection has the same comparable form on both sides, the originator included."""
    theirs = zeek.measured(_row("X C1 1.1.1.1 5 2.2.2.2 80 tcp - SF S 3 120 2 80 - 6"))
    assert zeek.ours_measured([_ours()]) == [theirs]
    flipped = zeek.ours_measured([_ours(src_ip="2.2.2.2", src_port=80, dst_ip="1.1.1.1", dst_port=5)])
    assert flipped[0].key == theirs.key
    assert flipped != [theirs]


def test_zeek_has_no_ports_for_other_transports() -> None:
    """SCTP is an unknown transport for Zeek: both ports are 0 there."""
    theirs = zeek.measured(_row("X C1 1.1.1.1 0 2.2.2.2 0 unknown_transport - OTH - 3 120 2 80 - 132"))
    assert zeek.ours_measured([_ours(ip_proto=132, conn_state="OTH")]) == [theirs]


def test_echo_identifiers_are_merged_into_zeeks_one_connection() -> None:
    """Two of our ICMP flows (two identifiers) within Zeek's time-out are one of its rows; types stand as ports."""
    later = START + timedelta(seconds=30)
    icmp = {"ip_proto": 1, "conn_state": "OTH", "icmp_type": 8, "icmp_code": 0, "src_port": None, "dst_port": None}
    ours = zeek.ours_measured([_ours(**icmp), _ours(**icmp, ts_start=later, ts_end=later)])
    theirs = zeek.measured(_row("X C1 1.1.1.1 8 2.2.2.2 0 icmp - OTH - 6 240 4 160 - 1"))
    assert ours == [theirs]
    much_later = later + timedelta(seconds=61)
    apart = zeek.ours_measured([_ours(**icmp), _ours(**icmp, ts_start=much_later, ts_end=much_later)])
    assert len(apart) == 2


def test_bytes_that_zeek_skips_are_added_to_its_side() -> None:
    """Offloaded packets (IP length 0) and packets longer than captured are put back where they belong."""
    row = _row("X C1 1.1.1.1 5 2.2.2.2 80 tcp - SF S 3 120 2 80 - 6")
    missing = {("2.2.2.2", 80, "1.1.1.1", 5): (1, 3000)}
    assert zeek.measured(row, missing) == Measured("tcp 1.1.1.1:5|2.2.2.2:80", ("1.1.1.1:5>", "SF", 3, 120, 3, 3080))


def test_outer_connections_of_tunnels_are_left_out() -> None:
    """A row that is another row's parent, or has a tunnel for service, is not comparable; the inner one is."""
    rows = [
        _row("X C1 1.1.1.1 5 2.2.2.2 4789 udp vxlan S0 D 3 300 0 0 - 17"),
        _row("X C2 9.1.1.1 5 9.2.2.2 80 tcp - SF S 3 120 2 80 C1 6"),
        _row("X C3 3.1.1.1 5 3.2.2.2 6081 udp geneve S0 D 3 300 0 0 - 17"),
    ]
    assert sorted(zeek.excluded_by_rule(rows)) == [0, 2]


def test_connections_cut_by_the_attempt_timer_are_left_out() -> None:
    """One-sided data cut in two rows by the timer is recognised; a plain retry of a SYN is not."""
    cut = [
        _row("X C1 1.1.1.1 5 2.2.2.2 22 tcp - S0 SAD 19 3493 0 0 - 6"),
        _row("X C2 1.1.1.1 5 2.2.2.2 22 tcp - SH DAF 6 488 0 0 - 6"),
    ]
    retry = [_row("X C1 1.1.1.1 5 2.2.2.2 22 tcp - S0 S 2 120 0 0 - 6")] * 2
    assert sorted(zeek.excluded_by_rule(cut)) == [0, 1]
    assert zeek.excluded_by_rule(retry) == {}
