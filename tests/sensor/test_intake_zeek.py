"""Zeek logs, whole and broken, become rows; nothing is lost without being said."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest

from sensor.intake.recognise import recognise
from store.errors import TaishiError
from store.lake import Lake
from tests.sensor.zeek_logs import CONN, conn, jsonl, rows, take_in, tsv

V4 = bytes(10) + b"\xff\xff"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Return an empty lake."""
    return Lake(tmp_path / "lake")


def _write(path: Path, text: str | bytes) -> Path:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_connection_keeps_its_numbers(lake: Lake, tmp_path: Path) -> None:
    """What conn.log says stands in flow; what it does not say is NULL or follows from the history."""
    (result,) = take_in(lake, _write(tmp_path / "conn.log", tsv("conn", [conn(0)])))
    assert (result.lines, dict(result.rows), result.refused, result.problem) == (1, {"flow": 1}, 0, None)
    (row,) = rows(lake, "SELECT * FROM flow_stored")
    assert row["src_ip"] == V4 + bytes([10, 0, 0, 1])
    assert (row["src_port"], row["dst_port"], row["ip_proto"], row["ip_version"]) == (40000, 443, 6, 4)
    assert row["ts_start"].timestamp() == pytest.approx(1_700_000_000.123456, abs=1e-6)
    assert (row["ts_end"] - row["ts_start"]).total_seconds() == 1.5
    assert row["duration_ns"] == 1_500_000_000
    assert (row["src_bytes_payload"], row["dst_bytes_payload"], row["src_bytes_ip"]) == (500, 3000, 900)
    assert (row["src_pkts"], row["dst_pkts"], row["conn_state"], row["history"]) == (8, 9, "SF", "ShADadFf")
    assert (row["src_syn"], row["dst_syn"], row["src_fin"], row["dst_rst"]) == (1, 1, 1, 0)
    assert (row["app_proto"], row["app_basis"], row["end_reason"]) == ("tls", "zeek", "end")
    assert row["src_flags_first"] == 2
    assert row["src_ttl_max"] is None
    assert row["is_final"]
    assert row["flow_uid"][6] >> 4 == 8


def test_unanswered_syns_are_all_counted(lake: Lake, tmp_path: Path) -> None:
    """Three SYN and nothing else are three SYN."""
    probe = conn(0, conn_state="S0", history="S", orig_pkts=3, orig_bytes="-", resp_bytes="-", resp_pkts=0)
    take_in(lake, _write(tmp_path / "conn.log", tsv("conn", [probe])))
    (row,) = rows(lake, "SELECT * FROM flow_stored")
    assert (row["src_syn"], row["src_bytes_payload"], row["src_tcp_flags"], row["dst_tcp_flags"]) == (3, 0, 2, None)
    assert row["quality_flags"] == 2


def test_icmp_ports_are_type_and_code(lake: Lake, tmp_path: Path) -> None:
    """Zeek shows ICMP as ports; here they are what they are."""
    echo = conn(0, proto="icmp", id__orig_p=8, id__resp_p=0, service="-", history="-", conn_state="OTH")
    unreachable = conn(1, proto="icmp", id__orig_p=3, id__resp_p=1, service="-", history="-", conn_state="OTH")
    take_in(lake, _write(tmp_path / "conn.log", tsv("conn", [echo, unreachable])))
    found = rows(lake, "SELECT src_port, ip_proto, icmp_type, icmp_code FROM flow_stored ORDER BY ts_start")
    assert [tuple(row.values()) for row in found] == [(None, 1, 8, 0), (None, 1, 3, 1)]


def test_json_and_tsv_give_the_same_rows(tmp_path: Path) -> None:
    """Dotted, underscored and TSV field names, epoch and ISO times: one meaning."""
    given = [conn(n, resp_bytes=n) for n in range(20)]
    numbers = [{k: (float(v) if k in {"ts", "duration"} else v) for k, v in row.items()} for row in given]
    iso = [row | {"ts": f"2023-11-14T22:13:{20 + n:02}.123456Z"} for n, row in enumerate(numbers)]
    texts = {
        "tsv": tsv("conn", given),
        "dotted": jsonl({"_path": "conn"} | row for row in numbers),
        "underscored": jsonl({k.replace(".", "_"): v for k, v in row.items()} | {"@stream": "conn"} for row in numbers),
        "iso": jsonl({"_path": "conn"} | row for row in iso),
    }
    found: dict[str, Any] = {}
    for name, text in texts.items():
        lake = Lake(tmp_path / name)
        take_in(lake, _write(tmp_path / f"{name}.log", text))
        found[name] = rows(lake, "SELECT * FROM flow_stored ORDER BY ts_start")
    assert len(found["tsv"]) == 20
    assert found["dotted"] == found["tsv"]
    assert found["underscored"] == found["tsv"]
    assert found["iso"] == found["tsv"]


def test_handshake_names_its_flow(lake: Lake, tmp_path: Path) -> None:
    """ssl.log says where to; the flow of conn.log bears the name, and the certificate of x509.log is in tls."""
    ends = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p")
    ssl_fields = (*ends, "version", "cipher", "server_name", "resumed", "established", "cert_chain_fuids")
    more = {"version": "TLSv12", "cipher": "TLS_RSA_WITH_RC4_128_MD5", "server_name": "a.example", "resumed": "F"}
    ssl = tsv("ssl", [conn(0) | more | {"established": "T", "cert_chain_fuids": "F1,F2"}], ssl_fields)
    x509_fields = ("ts", "id", "certificate.subject", "certificate.issuer", "certificate.key_length", "san.dns")
    leaf = {
        "ts": "1700000000.0",
        "id": "F1",
        "certificate.subject": "CN=a.example",
        "certificate.issuer": "CN=a.example",
    }
    x509 = tsv("x509", [leaf | {"certificate.key_length": "2048", "san.dns": "a.example,b.example"}], x509_fields)
    paths = [
        _write(tmp_path / f"{n}.log", t) for n, t in (("x509", x509), ("ssl", ssl), ("conn", tsv("conn", [conn(0)])))
    ]
    take_in(lake, *paths)
    (flow,) = rows(lake, "SELECT root_uid, server_name, server_domain FROM conversation")
    assert (flow["server_name"], flow["server_domain"]) == ("a.example", "a.example")
    (tls,) = rows(lake, "SELECT * FROM tls")
    assert tls["flow_uid"] == flow["root_uid"]
    assert (tls["version"], tls["crypto_class"], tls["cert_count"]) == ("TLS 1.2", "obsolete", 2)
    assert (tls["cert_key_bits"], tls["cert_san"], tls["is_self_signed"]) == (2048, "a.example,b.example", True)


def test_same_content_again_changes_nothing(lake: Lake, tmp_path: Path) -> None:
    """Read again, renamed, or compressed by rotation: the case holds it already."""
    text = tsv("conn", [conn(n) for n in range(50)])
    first = _write(tmp_path / "conn.log", text)
    take_in(lake, first)
    before = sorted(p for p in lake.root.rglob("*.parquet"))
    packed = _write(tmp_path / "conn.22:00:00-23:00:00.log.gz", gzip.compress(text.encode()))
    results = take_in(lake, first, _write(tmp_path / "old.log", text), packed)
    assert [result.is_known for result in results] == [True, True, True]
    assert sorted(p for p in lake.root.rglob("*.parquet")) == before


def test_grown_log_adds_only_what_is_new(lake: Lake, tmp_path: Path) -> None:
    """A log that is being written is read on from where it ended, even in the middle of a line."""
    text = tsv("conn", [conn(n) for n in range(10)], close=False)
    whole = tsv("conn", [conn(n) for n in range(25)], close=False)
    path = _write(tmp_path / "conn.log", text[:-30])
    (first,) = take_in(lake, path)
    assert (first.rows["flow"], first.refused) == (9, 1)
    (second,) = take_in(lake, _write(path, whole))
    assert second.is_continued
    assert (second.rows["flow"], second.refused) == (16, 0)
    (count,) = rows(lake, "SELECT count(*) AS n, count(DISTINCT flow_uid) AS uids FROM flow_stored")
    assert (count["n"], count["uids"]) == (25, 25)


def test_cut_and_broken_lines_are_counted_and_shown(lake: Lake, tmp_path: Path) -> None:
    """Too few fields, no time, no address: refused with line and reason; the rest is kept."""
    good = tsv("conn", [conn(n) for n in range(5)], close=False)
    bad = "1700000009.0\tCx\t10.0.0.1\n" + tsv("conn", [conn(6, ts="yesterday"), conn(7, id__orig_h="nobody")])
    (result,) = take_in(lake, _write(tmp_path / "conn.log", good + bad))
    assert (result.lines, result.rows["flow"], result.refused) == (8, 5, 3)
    assert result.problem is not None
    assert "3 line(s) refused" in result.problem.en
    assert "line 14" in result.problem.en
    assert "3 行未能读取" in result.problem.zh


def test_several_headers_in_one_file(lake: Lake, tmp_path: Path) -> None:
    """Logs strung together: each header holds for the lines below it, also with other fields in another order."""
    older = tuple(reversed([name for name in CONN if name not in {"tunnel_parents", "missed_bytes"}]))
    text = (
        tsv("conn", [conn(0), conn(1)])
        + tsv("conn", [conn(2)], older)
        + tsv("conn", [conn(3) | {"label": "x"}], (*CONN, "label"))
    )
    (result,) = take_in(lake, _write(tmp_path / "conn.log", text))
    assert (result.rows["flow"], result.refused) == (4, 0)
    found = rows(lake, "SELECT DISTINCT src_bytes_payload, dst_port, conn_state FROM flow_stored")
    assert [tuple(row.values()) for row in found] == [(500, 443, "SF")]


@pytest.mark.parametrize("separator", [";", "|"])
def test_other_separators_are_obeyed(lake: Lake, tmp_path: Path, separator: str) -> None:
    """The header says what separates."""
    head, *rest = tsv("conn", [conn(0)]).split("\n")
    text = "\n".join(
        [head.replace("\\x09", f"\\x{ord(separator):02x}"), *(line.replace("\t", separator) for line in rest)]
    )
    (result,) = take_in(lake, _write(tmp_path / "conn.log", text))
    assert (result.rows["flow"], result.refused) == (1, 0)


def test_wrong_separator_refuses_every_line(lake: Lake, tmp_path: Path) -> None:
    """Blanks instead of tabs: nothing can be read, and that is said."""
    head, body = tsv("conn", [conn(0), conn(1)], close=False).split("#types", 1)
    types, *lines = body.split("\n")
    text = head + "#types" + types + "\n" + "\n".join(line.replace("\t", "  ") for line in lines)
    (result,) = take_in(lake, _write(tmp_path / "conn.log", text))
    assert (result.lines, dict(result.rows), result.refused) == (2, {}, 2)
    assert result.problem is not None


def test_empty_log_is_no_problem(lake: Lake, tmp_path: Path) -> None:
    """A header and nothing else."""
    (result,) = take_in(lake, _write(tmp_path / "conn.log", tsv("conn", [])))
    assert (result.lines, dict(result.rows), result.problem) == (0, {}, None)


def test_damaged_compression_keeps_what_came_before(lake: Lake, tmp_path: Path) -> None:
    """A .gz that was cut: rows are kept, the file is said to be incomplete."""
    packed = gzip.compress(tsv("conn", [conn(n) for n in range(3000)]).encode(), 1)
    (result,) = take_in(lake, _write(tmp_path / "conn.log.gz", packed[: len(packed) // 2]))
    assert not result.is_complete
    assert result.problem is not None
    assert 500 < sum(result.rows.values()) < 3000


def test_odd_bytes_and_numbers_do_not_stop_a_log(lake: Lake, tmp_path: Path) -> None:
    """Bytes that are no text, a count that is no number: the line stays, the value does not."""
    text = tsv("conn", [conn(0), conn(1, orig_bytes="many"), conn(2)]).encode().replace(b"C00002", b"C\xff\xfe02")
    (result,) = take_in(lake, _write(tmp_path / "conn.log", text))
    assert (result.rows["flow"], result.refused) == (3, 0)


def test_control_characters_are_escaped(lake: Lake, tmp_path: Path) -> None:
    """A name from the wire has no effect on a screen."""
    ends = conn(0)
    row = {"_path": "dns", **{k: ends[k] for k in CONN[:6]}, "ts": 1.5, "query": "a\x1b[31m\u202eb", "qtype": 1}
    take_in(lake, _write(tmp_path / "dns.log", jsonl([row])))
    (found,) = rows(lake, "SELECT query FROM dns")
    assert found["query"] == "a\\x1b[31m\\xe2\\x80\\xaeb"


def test_communities_and_passwords_are_not_kept(lake: Lake, tmp_path: Path) -> None:
    """Secrets of the log stay there."""
    ends = {k: conn(0)[k] for k in CONN[:6]}
    snmp = ends | {"version": "2c", "community": "topsecret", "get_requests": 1, "get_responses": 1}
    http = ends | {"method": "GET", "uri": "http://bob:topsecret@x/", "username": "bob", "password": "topsecret"}
    ftp = ends | {"command": "PASS", "arg": "topsecret", "password": "topsecret", "reply_code": 230}
    paths = [
        _write(tmp_path / f"{name}.log", jsonl([{"_path": name} | row | {"ts": 1.5}]))
        for name, row in (("snmp", snmp), ("http", http), ("ftp", ftp))
    ]
    take_in(lake, *paths)
    shown = [rows(lake, f"SELECT * FROM {table}") for table in ("snmp", "http", "ftp", "logins")]
    assert [len(found) for found in shown[:3]] == [1, 1, 1]
    assert "topsecret" not in repr(shown)
    assert [row["outcome"] for row in rows(lake, "SELECT outcome FROM ftp")] == ["ok"]


def test_nothing_is_visible_of_a_run_that_was_cut(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interruption leaves nothing; the same command then does everything."""
    path = _write(tmp_path / "conn.log", tsv("conn", [conn(n) for n in range(100)]))

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("sensor.intake.foreign._row", stop)
        with pytest.raises(KeyboardInterrupt):
            take_in(lake, path)
    assert list(lake.root.rglob("*.parquet")) == []
    (result,) = take_in(lake, path)
    assert result.rows["flow"] == 100


def test_absent_file_has_its_exit_code(tmp_path: Path) -> None:
    """3, as for captures."""
    with pytest.raises(TaishiError) as told:
        recognise(tmp_path / "conn.log")
    assert told.value.exit_code == 3
