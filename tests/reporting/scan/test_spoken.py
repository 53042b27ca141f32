"""What was spoken, held against rows made by hand: every count is worked out here, not computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import pytest

from reporting.result import Count, LoginSum, Protection, ScanResult, Told
from reporting.scan import spoken
from reporting.scan.topics import TOPICS, Number, Tally
from reporting.screen import render
from reporting.width import MAX_COLUMNS, cells
from reporting.words import LANGUAGES, Words
from store import schema
from store.lake import Lake, LakeReader
from store.segment import SegmentWriter
from tests.store.rows import T0_US, batch, flow, ip, uid

Rows = Sequence[Mapping[str, object]]
CLIENT, SERVER = ip("10.0.0.1"), ip("198.51.100.2")
HOSTILE: Final = "\x1b[31m" + "名" * 60 + "\u202e"


def _record(number: int, **values: object) -> dict[str, object]:
    """Return the common columns of a record of the flow that ``flow(number)`` makes."""
    ends = {"sender_ip": CLIENT, "receiver_ip": SERVER, "receiver_port": 443}
    return {"flow_uid": uid(number + 1), "ts": T0_US, **ends, **values}


def _flow(number: int, app: str | None, size: int, **values: object) -> dict[str, object]:
    """Return a flow with payload, recognised by content."""
    shown = {"app_proto": app, "app_basis": "parsed" if app else "none", "src_bytes_payload": 1, "dst_bytes_payload": 0}
    return flow(number, **{**shown, "src_bytes_l2": size, "dst_bytes_l2": 0, **values})


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    """An empty lake."""
    return Lake(tmp_path / "lake")


def _fill(lake: Lake, name: str, rows: Rows) -> None:
    table = schema.table(name)
    writer = SegmentWriter(lake.root, table, "c1", "scan", stamps={})
    writer.write(batch(table, rows))
    writer.close({})


@pytest.fixture
def reader(lake: Lake) -> Iterator[LakeReader]:
    """A reader of what a test has filled in before it asks."""
    with lake.reader("c1") as found:
        yield found


def _told(lake: Lake) -> dict[str, Told]:
    with lake.reader("c1") as reader:
        return {one.protocol: one for one in spoken.told(reader)}


def _facts(told: Told) -> dict[str, tuple[str, str]]:
    return {fact.kind: (fact.text.en, fact.text.zh) for fact in told.facts}


def test_nothing_was_spoken(reader: LakeReader) -> None:
    """A case without records has nothing to tell, and no kind of protection."""
    assert spoken.told(reader) == ()
    assert spoken.protection(reader) == ()
    assert spoken.logins(reader) == ()


def test_protection_by_the_weakest_handshake(lake: Lake) -> None:
    """Each conversation with payload has one kind; a later segment has that of the first; scans and ICMP have none."""
    root = uid(1)
    _fill(
        lake,
        "flow",
        [
            _flow(0, "tls", 10, is_final=False, end_reason="active"),
            {**_flow(1, "tls", 20), "flow_root_uid": root, "segment_seq": 1},
            _flow(2, "tls", 100),
            _flow(3, "tls", 200),
            _flow(4, "tls", 400),
            _flow(5, "tls", 800),
            _flow(6, "http", 1_600),
            _flow(7, None, 3_200),
            _flow(8, "http", 6_400, app_basis="port_guess"),
            _flow(9, "ssh", 12_800),
            _flow(10, "smb", 25_600),
            _flow(11, "wireguard", 51_200),
            _flow(12, None, 102_400, src_bytes_payload=0),
            _flow(13, None, 204_800, ip_proto=1),
        ],
    )
    kinds = {0: "national", 2: "modern", 3: "obsolete", 4: "none"}
    rows = [_record(number, crypto_class=kind, is_tlcp=False, is_established=True) for number, kind in kinds.items()]
    _fill(lake, "tls", [*rows, _record(2, crypto_class="obsolete"), _record(5, crypto_class=None)])
    _fill(lake, "ssh", [_record(9, ssh_version=1)])
    _fill(lake, "smb", [_record(10, command="transform", action="encrypted")])
    with lake.reader("c1") as reader:
        found = {one.kind: (one.flows, one.bytes) for one in spoken.protection(reader)}
    assert found == {
        "national": (1, 30),
        "modern": (1, 25_600),
        "obsolete": (3, 100 + 200 + 12_800),
        "none": (2, 400 + 1_600),
        "opaque": (2, 800 + 51_200),
        "unknown": (2, 3_200 + 6_400),
    }


def test_names_and_answers(lake: Lake) -> None:
    """DNS: queries, different names, shares of what was answered and of what was not, the busiest resolvers."""
    asked = {"service": "dns", "has_query": True, "has_response": True, "rcode": 0}
    rows = [_record(0, **asked, query=f"n{n % 4}.example") for n in range(10)]
    rows[0] |= {"rcode": 3}
    rows[1] |= {"has_response": False, "rcode": None}
    rows[2] |= {"receiver_ip": ip("10.0.0.53")}
    late = _record(1, service="dns", has_query=False, has_response=True, query="late.example", rcode=3)
    local = _record(2, service="mdns", has_query=True, query="printer.local")
    _fill(lake, "flow", [_flow(n, "dns", 1) for n in range(3)])
    _fill(lake, "dns", [*rows, late, local])
    told = _told(lake)
    assert (told["dns"].conversations, told["dns"].hosts) == (2, 3)
    facts = _facts(told["dns"])
    assert facts["queries"] == ("queries 10", "查询 10")
    assert facts["names"][0] == "names 4"
    assert facts["nxdomain"] == ("no such name 20 %", "域名不存在 20 %")
    assert facts["unanswered"][0] == "unanswered 10 %"
    assert facts["resolvers"][0] == "resolvers: 198.51.100.2 (9), 10.0.0.53 (1)"
    assert facts["resolvers"][1] == "解析服务器：198.51.100.2（9）、10.0.0.53（1）"
    assert _facts(told["mdns"])["asked"][0] == "most asked: printer.local (1)"


def test_versions_and_certificates(lake: Lake) -> None:
    """TLS: versions, what is obsolete or national, certificates that sign themselves or are out of their time."""
    day = 86_400_000_000
    sound = {"cert_sha256": "aa", "cert_not_before": T0_US - day, "cert_not_after": T0_US + day}
    rows = [
        _record(0, version="TLS 1.3", crypto_class="modern", server_name="a.example"),
        _record(1, version="TLS 1.2", crypto_class="modern", server_name="a.example", **sound),
        _record(2, version="TLS 1.0", crypto_class="obsolete", is_self_signed=True, **sound),
        _record(3, version="TLCP", crypto_class="national", **{**sound, "cert_not_after": T0_US - 1}),
        _record(4, version=None, crypto_class=None),
        _record(5, version="TLS 1.2", crypto_class="modern", **{**sound, "cert_not_before": T0_US + 1}),
    ]
    _fill(lake, "flow", [_flow(n, "tls", 1) for n in range(6)])
    _fill(lake, "tls", rows)
    facts = _facts(_told(lake)["tls"])
    assert facts["versions"][0] == "version: TLS 1.2 (2), TLCP (1), TLS 1.0 (1), TLS 1.3 (1)"
    assert facts["national"] == ("national cryptography 1 (20 %)", "国密 1（20 %）")
    assert facts["obsolete"][0] == "obsolete 1 (20 %)"
    assert facts["unanswered"][0] == "unanswered 1"
    assert facts["self_signed"][0] == "self-signed certificate 1 (25 %)"
    assert facts["expired"][0] == "certificate out of its time 2 (50 %)"
    assert facts["servers"][0] == "servers: a.example (2)"
    assert "null_cipher" not in facts


def test_long_conversations_are_counted_once(lake: Lake) -> None:
    """Records lie in segments; what is counted are the conversations."""
    segments: list[dict[str, object]] = [_flow(0, "modbus", 1, is_final=False, end_reason="active")]
    segments += [{**_flow(n, "modbus", 1), "flow_root_uid": uid(1), "segment_seq": n} for n in (1, 2)]
    _fill(lake, "flow", segments)
    _fill(lake, "modbus", [_record(n, func=3) for n in (0, 1, 2, 2)])
    told = _told(lake)["modbus"]
    assert (told.conversations, told.hosts) == (1, 2)
    assert _facts(told)["functions"] == ("functions: 3 (4)", "功能码：3（4）")


def test_a_list_is_bounded_and_says_so(lake: Lake) -> None:
    """The most frequent values stand in order, the others are counted, and a long one is cut in the sentence only."""
    names = (
        ["c.example"] * 2
        + ["b.example"] * 3
        + ["a.example"] * 2
        + ["d.example", "", HOSTILE, HOSTILE, HOSTILE, HOSTILE]
    )
    _fill(lake, "flow", [_flow(0, "http", 1)])
    _fill(lake, "http", [_record(0, method="GET", host=name) for name in names])
    told = _told(lake)["http"]
    fact = next(fact for fact in told.facts if fact.kind == "servers")
    assert fact.counts == (Count(HOSTILE, 4), Count("b.example", 3), Count("a.example", 2))
    assert fact.text.en.endswith("… (4), b.example (3), a.example (2), 2 more")
    assert fact.text.zh.endswith("…（4）、b.example（3）、a.example（2），另 2 个")


def test_logins_by_service(lake: Lake) -> None:
    """Attempts before a success were refused; passwords in the clear are counted, those of SSH are not."""
    ftp = {"command": "PASS", "login_method": "password", "user": "u"}
    _fill(lake, "ftp", [_record(0, **ftp, outcome=outcome) for outcome in ("ok", "negative", "negative", "unknown")])
    _fill(lake, "ssh", [_record(1, ssh_version=2, outcome="ok", auth_attempts=3)])
    with lake.reader("c1") as reader:
        assert spoken.logins(reader) == (LoginSum("ftp", 1, 2, 1, 4), LoginSum("ssh", 1, 2, 0, 0))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.protocol)
def test_every_topic_can_be_asked(lake: Lake, topic: Any) -> None:  # noqa: ANN401 - the parameter of an id function
    """The SQL of every fact fits its table, and kinds are unique in a topic."""
    kinds = [fact.kind for fact in topic.facts]
    assert len(kinds) == len(set(kinds))
    row = _record(0, service=topic.protocol) if schema.table(topic.table).has("service") else _record(0)
    _fill(lake, topic.table, [row])
    told = _told(lake)
    assert topic.protocol in told
    assert told[topic.protocol].hosts == 2
    for fact in topic.facts:
        assert isinstance(fact, Number | Tally)
        assert fact.en
        assert fact.zh


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_screen_shows_it_all(lake: Lake, empty_result: ScanResult, lang: str) -> None:
    """Protection, facts and logins stand on the screen, in 100 columns, with strings from the wire made harmless."""
    _fill(lake, "flow", [_flow(0, "http", 5_000)])
    _fill(lake, "http", [_record(0, method="GET", host=HOSTILE, auth_kind="basic", user="u", outcome="ok")])
    with lake.reader("c1") as reader:
        protection, told, logins = spoken.protection(reader), spoken.told(reader), spoken.logins(reader)
    assert protection == (Protection("none", 1, 5_000),)
    words = Words(lang)
    shown = replace(empty_result, protection=protection, told=told, logins=logins)
    lines = [line.plain for line in render(shown, words)]
    assert max(cells(line) for line in lines) <= MAX_COLUMNS
    text = "\n".join(lines)
    assert not {"\x1b", "\u202e"} & set(text)
    assert "\\x1b[31m名" in text
    at = lines.index(words("screen.protection"))
    assert lines[at + 2].split()[-5:] == ["1", "5.00", "kB", "100", "%"]
    at = lines.index(words("screen.logins"))
    assert lines[at + 2].split() == ["http", "1", "0", "0", "1"]
