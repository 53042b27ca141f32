"""Suricata's EVE, interleaved and broken, becomes rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sensor.intake import content
from store.lake import Lake
from tests.sensor.zeek_logs import jsonl, rows, take_in


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """Return an empty lake."""
    return Lake(tmp_path / "lake")


def _event(kind: str, second: int, flow_id: int = 1, **members: object) -> dict[str, Any]:
    return {
        "timestamp": f"2024-05-14T10:00:{second:02}.000250+0200",
        "flow_id": flow_id,
        "event_type": kind,
        "src_ip": "10.0.0.1",
        "src_port": 40000 + flow_id,
        "dest_ip": "203.0.113.7",
        "dest_port": 443,
        "proto": "TCP",
    } | members


def _flow(second: int, flow_id: int = 1, **members: object) -> dict[str, Any]:
    start, end = f"2024-05-14T10:00:{second:02}.000000+0200", f"2024-05-14T10:00:{second + 2:02}.500000+0200"
    numbers = {"pkts_toserver": 10, "pkts_toclient": 12, "bytes_toserver": 2000, "bytes_toclient": 9000}
    flow = numbers | {"start": start, "end": end, "reason": "timeout", "state": "closed"}
    tcp = {"tcp_flags_ts": "1b", "tcp_flags_tc": "1b"}
    return _event("flow", second + 5, flow_id, app_proto="tls", flow=flow, tcp=tcp) | members


def test_interleaved_events_go_to_their_tables(lake: Lake, tmp_path: Path) -> None:
    """A handshake, its flow, an alert, a statistic, a broken line: each where it belongs, and all are counted."""
    alert = {"signature_id": 2024001, "rev": 3, "signature": "ET TEST", "category": "Trojan", "severity": 1, "gid": 1}
    text = jsonl(
        [
            _event("tls", 1, tls={"sni": "a.example", "version": "TLS 1.2", "ja4": "t12d", "subject": "C=US, CN=a"}),
            {"timestamp": "2024-05-14T10:00:02.000000+0200", "event_type": "stats", "stats": {}},
            _event("alert", 2, alert=alert | {"action": "allowed", "metadata": {"mitre_technique_id": ["T1071"]}}),
        ]
    )
    text += '{"timestamp":"2024-05-14T10:00:03.000000+0200","event_ty\n' + jsonl([_flow(1)])
    path = tmp_path / "eve.json"
    path.write_text(text)
    (result,) = take_in(lake, path, sensor="suricata")
    assert dict(result.rows) == {"tls": 1, "foreign_alert": 1, "flow": 1}
    assert (result.lines, result.refused, dict(result.left_out)) == (5, 1, {"stats": 1})
    assert result.problem is not None
    assert "line 4" in result.problem.en
    (flow,) = rows(lake, "SELECT * FROM flow_stored")
    assert flow["ts_start"].isoformat() == "2024-05-14T08:00:01+00:00"
    assert (flow["duration_ns"], flow["conn_state"], flow["app_basis"]) == (2_500_000_000, "SF", "suricata")
    assert (flow["server_name"], flow["ja4"], flow["src_bytes_l2"]) == ("a.example", "t12d", 2000)
    (tls,) = rows(lake, "SELECT * FROM tls")
    assert (tls["flow_uid"], tls["cert_subject"]) == (flow["flow_uid"], "CN=a,C=US")
    (told,) = rows(lake, "SELECT * FROM foreign_alert")
    assert (told["flow_uid"], told["rule_id"], told["severity_given"]) == (flow["flow_uid"], "2024001", 1)
    assert told["technique"] == "T1071"


@pytest.mark.parametrize(
    ("ours", "theirs", "back", "state"),
    [
        ("1b", "1b", 12, "SF"),
        ("02", "14", 1, "REJ"),
        ("02", "", 0, "S0"),
        ("1e", "1a", 9, "RSTO"),
        ("1a", "1e", 9, "RSTR"),
    ],
)
def test_flags_tell_the_state(lake: Lake, tmp_path: Path, ours: str, theirs: str, back: int, state: str) -> None:
    """Zeek's words for what the flags of both sides show."""
    flow = _flow(1)
    flow["flow"] |= {"pkts_toclient": back, "bytes_toclient": 60 * back}
    flow["tcp"] = {"tcp_flags_ts": ours} | ({"tcp_flags_tc": theirs} if theirs else {})
    (tmp_path / "eve.json").write_text(jsonl([flow]))
    take_in(lake, tmp_path / "eve.json", sensor="suricata")
    assert [row["conn_state"] for row in rows(lake, "SELECT conn_state FROM flow_stored")] == [state]


def test_unanswered_syns_have_no_payload(lake: Lake, tmp_path: Path) -> None:
    """Three SYN of 74 bytes carried nothing; frames are counted with their headers."""
    flow = _flow(1, app_proto="failed")
    flow["flow"] |= {"pkts_toserver": 3, "bytes_toserver": 222, "pkts_toclient": 0, "bytes_toclient": 0}
    flow["tcp"] = {"tcp_flags_ts": "02"}
    (tmp_path / "eve.json").write_text(jsonl([flow]))
    take_in(lake, tmp_path / "eve.json", sensor="suricata")
    (row,) = rows(lake, "SELECT * FROM flow_stored")
    assert (row["src_bytes_payload"], row["src_syn"], row["app_proto"]) == (0, 3, None)


def test_query_and_answer_are_one_row(lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also when the answer comes a block later; one that nobody answers is a row too."""
    monkeypatch.setattr(content, "BLOCK", 1500)
    events = []
    for number in range(40):
        ends: dict[str, Any] = {"dest_port": 53, "proto": "UDP", "src_port": 50_000 + number}
        asked = {"type": "query", "id": number, "rrname": f"N{number}.example", "rrtype": "A"}
        events.append(_event("dns", number, number, dns=asked, **ends))
        if number % 4:
            told = asked | {"type": "answer", "rcode": "NXDOMAIN" if number % 2 else "NOERROR"}
            told["answers"] = [{"rrname": "x", "rrtype": "A", "ttl": 60, "rdata": "192.0.2.1"}]
            events.append(_event("dns", number, number, dns=told, **ends) | {"timestamp": _later(number)})
    (tmp_path / "eve.json").write_text(jsonl(events))
    (result,) = take_in(lake, tmp_path / "eve.json", sensor="suricata")
    assert (dict(result.rows), result.lines, result.refused) == ({"dns": 40}, 70, 0)
    found = rows(lake, "SELECT * FROM dns ORDER BY trans_id")
    assert [row["has_response"] for row in found] == [bool(n % 4) for n in range(40)]
    assert (found[1]["rcode"], found[2]["rcode"], found[4]["rcode"]) == (3, 0, None)
    assert (found[1]["query"], found[1]["answers"], found[1]["rtt_ns"]) == ("n1.example", ["192.0.2.1"], 5_000_000)


def _later(second: int) -> str:
    return f"2024-05-14T10:00:{second:02}.005250+0200"


def test_query_of_version_3(lake: Lake, tmp_path: Path) -> None:
    """Suricata 8 calls them request and response, and lists the questions."""
    ends: dict[str, Any] = {"dest_port": 53, "proto": "UDP"}
    asked = {"version": 3, "type": "request", "id": 7, "queries": [{"rrname": "a.example", "rrtype": "AAAA"}]}
    events = [_event("dns", 1, dns=asked, **ends), _event("dns", 2, dns=asked | {"type": "response"}, **ends)]
    (tmp_path / "eve.json").write_text(jsonl(events))
    take_in(lake, tmp_path / "eve.json", sensor="suricata")
    (row,) = rows(lake, "SELECT query, qtype, qtype_name, has_response FROM dns")
    assert tuple(row.values()) == ("a.example", 28, "AAAA", True)


def test_logins_are_told(lake: Lake, tmp_path: Path) -> None:
    """FTP, SMB with NTLM and Kerberos: user and outcome; no password."""
    events = [
        _event("ftp", 1, 1, dest_port=21, ftp={"command": "USER", "command_data": "bob", "completion_code": ["331"]}),
        _event("ftp", 2, 1, dest_port=21, ftp={"command": "PASS", "command_data": "pw!", "completion_code": ["530"]}),
        _event(
            "smb",
            *(3, 2),
            dest_port=445,
            smb={
                "command": "SMB2_COMMAND_SESSION_SETUP",
                "status": "STATUS_LOGON_FAILURE",
                "status_code": "0xc000006d",
                "ntlmssp": {"user": "eve", "domain": "D", "host": "PC"},
            },
        ),
        _event("krb5", 4, 3, dest_port=88, krb5={"msg_type": "KRB_AS_REP", "cname": "ann", "realm": "R", "sname": "s"}),
    ]
    (tmp_path / "eve.json").write_text(jsonl(events))
    (result,) = take_in(lake, tmp_path / "eve.json", sensor="suricata")
    assert result.lines == 4
    found = rows(lake, 'SELECT service, "user", outcome FROM logins ORDER BY ts')
    assert [tuple(row.values()) for row in found] == [
        ("ftp", None, "negative"),
        ("smb", "eve", "negative"),
        ("kerberos", "ann", "ok"),
    ]
    assert "pw!" not in repr(rows(lake, "SELECT * FROM ftp"))
