"""The lake's read side: typed empty views, conversations over segments, text forms, foreign formats, buckets."""

from __future__ import annotations

import base64
import ipaddress
import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import schema
from store._macros import policy_macros
from store._views import CONVERSATION_COLUMNS
from store.errors import TaishiError
from store.lake import Lake
from store.login_view import LOGIN_COLUMNS
from store.segment import SegmentWriter
from store.site import SitePolicy, infer_home, load_site
from tests.store.rows import T0_US, batch, flow, ip, uid


def _fill(lake: Path, table: schema.Table, rows: Sequence[Mapping[str, object]], case: str = "c1") -> None:
    stamps = {"revision": 1} if table in (schema.ALERT, schema.ASSESSMENT) else {}
    writer = SegmentWriter(lake, table, case, "scan", stamps=stamps)
    writer.write(batch(table, rows))
    writer.close({})


def _one(connection: duckdb.DuckDBPyConnection, sql: str) -> dict[str, Any]:
    rows = connection.sql(sql).to_arrow_table().to_pylist()
    assert len(rows) == 1
    return dict(rows[0])


def test_empty_lake_has_typed_views(tmp_path: Path) -> None:
    """Without a single file every view can be queried and has the columns and types of the schema."""
    with Lake(tmp_path / "none").reader() as reader:
        for table in schema.TABLES:
            shown = reader.arrow(f'SELECT * FROM "{table.name}"')
            for column in table.stored():
                kind = column.type
                expected = kind.value_type if pa.types.is_dictionary(kind) else kind
                found = shown.schema.field(column.name).type
                if pa.types.is_fixed_size_binary(expected):
                    expected = pa.binary()
                if pa.types.is_list(expected):
                    assert pa.types.is_list(found)
                else:
                    assert found == expected, column.name
        for view in ("conversation", "logins", "v_zeek_conn", "v_eve_flow", "v_ocsf"):
            assert reader.arrow(f"SELECT * FROM {view}").num_rows == 0
        assert tuple(reader.arrow("SELECT * FROM conversation").schema.names) == CONVERSATION_COLUMNS
        assert tuple(reader.arrow("SELECT * FROM logins").schema.names) == LOGIN_COLUMNS
    assert not (tmp_path / "none").exists()


def test_types_with_and_without_files_are_equal(tmp_path: Path) -> None:
    """A view has the same types before and after the first segment."""
    empty, full = Lake(tmp_path / "a"), Lake(tmp_path / "b")
    for table in schema.TABLES:
        _fill(full.root, table, [{"ts": T0_US, "ts_start": T0_US}])
    names = [t.name for t in schema.TABLES] + ["conversation", "v_zeek_conn", "v_eve_flow", "v_ocsf", "logins"]
    with empty.reader() as one, full.reader() as two:
        for name in names:
            assert one.arrow(f"DESCRIBE {name}").equals(two.arrow(f"DESCRIBE {name}")), name


def test_flow_view_has_every_column_and_joins_the_policy(tmp_path: Path) -> None:
    """Flow shows the schema's columns in order; direction and zones come from the policy, multicast stays inside."""
    ends = [
        ("10.0.0.1", "198.51.100.2", "outbound"),
        ("198.51.100.2", "10.0.0.1", "inbound"),
        ("10.0.0.1", "192.168.1.1", "internal"),
        ("198.51.100.2", "203.0.113.1", "external"),
        ("10.0.0.1", "224.0.0.251", "internal"),
        ("0.0.0.0", "255.255.255.255", "internal"),
        ("fe80::1", "ff02::1", "internal"),
        ("fd00::1", "2001:db8::1", "outbound"),
    ]
    rows = [flow(n, src_ip=ip(a), dst_ip=ip(b)) for n, (a, b, _) in enumerate(ends)]
    _fill(tmp_path, schema.FLOW, [*rows, flow(90, src_ip=None, dst_ip=None, ip_version=0)])
    (tmp_path / "site.toml").write_text(
        '[[zones]]\nname = "wide"\nnetworks = ["10.0.0.0/8"]\nwhy = "w"\n'
        '[[zones]]\nname = "it\'s one"\nnetworks = ["10.0.0.1"]\nwhy = "w"\n'
    )
    with Lake(tmp_path).reader(policy=load_site(tmp_path / "site.toml")) as reader:
        shown = reader.arrow("SELECT * FROM flow ORDER BY flow_uid")
        assert reader.table_for("site_zone", ["zone", "prefix_len"])["prefix_len"].to_pylist() == [104, 128]
        for name in ("site_net", "site_role", "site_master"):
            assert reader.arrow(f"SELECT count(*) AS n FROM {name}").num_rows == 1
    assert shown.schema.names[: len(schema.FLOW.columns)] == [c.name for c in schema.FLOW.columns]
    assert shown["direction"].to_pylist() == [d for _, _, d in ends] + ["internal"]
    assert shown["src_zone"].to_pylist()[0] == "it's one"
    assert shown["src_zone"].to_pylist()[-1] is None
    assert shown["src_home"].to_pylist()[:2] == [True, False]


def test_conversation_groups_segments(tmp_path: Path) -> None:
    """Active-time-out cuts become one row: sums, first identity, last state; a lone unfinished segment counts too."""
    one = {"flow_root_uid": uid(1), "src_syn": 0}
    rows = [
        flow(
            0, is_final=False, end_reason="active", conn_state="S1", history="ShA", app_proto=None, src_syn=1, dst_syn=1
        ),
        flow(300, **one, segment_seq=1, is_final=False, end_reason="active", conn_state="S1", dir_basis="inherited"),
        flow(600, **one, segment_seq=2, quality_flags=4, src_tcp_flags=4, dir_basis="inherited", src_bytes_seq=10),
        flow(700),
        flow(800, is_final=False, end_reason="active", dst_mac=None),
        flow(900, end_reason="shutdown"),
    ]
    _fill(tmp_path, schema.FLOW, rows)
    with Lake(tmp_path).reader("c1") as reader:
        shown = reader.arrow("SELECT * FROM conversation ORDER BY root_uid").to_pylist()
        wide = reader.arrow("SELECT * FROM conversation_full ORDER BY root_uid").to_pylist()
    assert [int.from_bytes(r["root_uid"]) for r in shown] == [1, 701, 801, 901]
    first = shown[0]
    assert [int.from_bytes(u) for u in first["flow_uids"]] == [1, 301, 601]
    assert first["src_pkts"] == 15
    assert first["src_syn"] == 1
    assert first["duration_s"] == pytest.approx(600.5, abs=1e-9)
    assert (first["conn_state"], first["history"], first["dir_basis"]) == ("SF", "ShADadFf", "syn")
    assert first["app_proto"] == "tls"
    assert first["src_tcp_flags"] == 31
    assert first["quality_flags"] == 4
    assert first["ts_start"] == datetime.fromtimestamp(T0_US / 1e6, UTC)
    assert [r["is_closed"] for r in shown] == [True, True, False, False]
    assert shown[1]["duration_s"] == 0.5
    assert wide[0]["src_bytes_seq"] == 890
    assert first["direction"] == "outbound"


def test_cases_are_apart(tmp_path: Path) -> None:
    """A connection over one case sees that case only; the lake lists both and their segments."""
    _fill(tmp_path, schema.FLOW, [flow(1)], "one")
    _fill(tmp_path, schema.FLOW, [flow(1), flow(2)], "二")
    lake = Lake(tmp_path)
    assert lake.cases() == ["one", "二"]
    assert len(lake.segments("flow")) == 2
    assert len(lake.segments(schema.FLOW, "one")) == 1
    assert lake.table_for("conversation", ["root_uid"], case="one").num_rows == 1
    assert lake.table_for("conversation", ["root_uid"]).num_rows == 3
    with pytest.raises(TaishiError):
        lake.segments("flow", "../x")


def test_folder_with_pattern_letters(tmp_path: Path) -> None:
    """A lake in a folder whose name looks like a pattern is read all the same."""
    root = tmp_path / "a[1] *?'x"
    _fill(root, schema.FLOW, [flow(1)])
    assert Lake(root).table_for("flow", ["flow_uid"]).num_rows == 1


def test_buckets_cover_every_row_once(tmp_path: Path) -> None:
    """Buckets are disjoint, complete, and keep a key together; a bucket without key is refused."""
    _fill(tmp_path, schema.FLOW, [flow(n, src_ip=ip(f"10.0.{n % 17}.1")) for n in range(200)])
    with Lake(tmp_path).reader() as reader:
        parts = [reader.table_for("conversation", ["src_ip", "root_uid"], b, 4, ["src_ip"]) for b in range(4)]
        with pytest.raises(TaishiError, match="allowed: 0 <= bucket"):
            reader.table_for("conversation", ["src_ip"], 1, 2)
        with pytest.raises(TaishiError, match="colunm"):
            reader.table_for("conversation", ["colunm"])
    assert sum(p.num_rows for p in parts) == 200
    seen = [set(p["src_ip"].to_pylist()) for p in parts]
    assert sum(len(s) for s in seen) == len(set().union(*seen)) == 17


_ENDS: Final = {"sender_ip": ip("10.0.0.1"), "receiver_ip": ip("10.0.0.2"), "receiver_port": 21, "user": "bob"}


def _logins(home: Path) -> list[tuple[object, ...]]:
    with Lake(home).reader() as reader:
        sql = 'SELECT service, "user", login_method, outcome, attempts, basis, reply FROM logins ORDER BY ts, outcome'
        found: list[tuple[object, ...]] = reader.connection.execute(sql).fetchall()
    return found


def test_logins_of_ftp(tmp_path: Path) -> None:
    """Each PASS is one login attempt with its outcome and what the server said; other commands are none."""
    login = {"command": "PASS", "outcome": "negative", "reply_code": 530, "reply_msg": "Login incorrect."}
    _fill(tmp_path, schema.table("ftp"), [{**_ENDS, "ts": T0_US, "command": "USER"}, {**_ENDS, "ts": T0_US, **login}])
    assert _logins(tmp_path) == [("ftp", "bob", "password", "negative", 1, "reply", "530 Login incorrect.")]


@pytest.mark.parametrize(
    ("table", "told", "reply"),
    [
        ("imap", {"command": "LOGIN", "reply_status": "NO", "reply_msg": "denied"}, "NO denied"),
        ("pop3", {"command": "PASS", "reply_status": "ERR", "reply_msg": "denied"}, "ERR denied"),
        ("telnet", {"refusal": "Login incorrect"}, "Login incorrect"),
    ],
)
def test_logins_of_mailboxes_and_terminals(tmp_path: Path, table: str, told: dict[str, str], reply: str) -> None:
    """Each attempt is a login with what the server said; what else a session does is none."""
    row = {**_ENDS, "ts": T0_US, "login_method": "password", "outcome": "negative", **told}
    other = {**row, "command": "QUIT", "outcome": "request"}
    _fill(tmp_path, schema.table(table), [row] if table == "telnet" else [row, other])
    assert _logins(tmp_path) == [(table, "bob", "password", "negative", 1, "reply", reply)]


def test_logins_of_http(tmp_path: Path) -> None:
    """Refused credentials are an attempt each; accepted ones are one login per connection, however many requests."""
    row = {**_ENDS, "auth_kind": "basic", "status_code": 200}
    rows = [{**row, "ts": T0_US + second, "outcome": "ok"} for second in (3, 1, 2)]
    rows += [{**row, "ts": T0_US + second, "outcome": "negative", "status_code": 401} for second in (4, 5)]
    rows += [{**row, "ts": T0_US, "auth_kind": kind, "outcome": "ok"} for kind in ("ntlm", None)]
    _fill(tmp_path, schema.table("http"), rows)
    accepted, refused = ("http", "bob", "basic", "ok", 1, "reply"), ("http", "bob", "basic", "negative", 1, "reply")
    assert _logins(tmp_path) == [(*accepted, "200"), (*refused, "401"), (*refused, "401")]


def test_logins_of_snmp(tmp_path: Path) -> None:
    """An agent that answers one community many times is one login, another community another; silence is no refusal."""
    row = {**_ENDS, "user": None, "login_method": "community", "snmp_version": "2c", "retransmits": 0, "oids": []}
    rows = [{**row, "ts": T0_US + n, "outcome": "ok", "secret_hash": f"{n % 2:016x}"} for n in range(4)]
    rows += [{**row, "ts": T0_US + n, "outcome": "unknown", "secret_hash": f"{n:016x}"} for n in (4, 5)]
    refused = {"user": "bob", "login_method": "usm", "outcome": "negative", "report_name": "usmStatsWrongDigests"}
    rows += [{**row, "ts": T0_US + 6, **refused}, {**row, "ts": T0_US + 7, "login_method": None, "outcome": "request"}]
    _fill(tmp_path, schema.table("snmp"), rows)
    answered = ("snmp", None, "community", "ok", 1, "reply", None)
    silent = ("snmp", None, "community", "unknown", 1, "reply", None)
    bob = ("snmp", "bob", "usm", "negative", 1, "reply", "usmStatsWrongDigests")
    assert _logins(tmp_path) == [answered, answered, silent, silent, bob]


def test_one_attempt_by_ntlm_is_one_login(tmp_path: Path) -> None:
    """Whatever carries NTLM, its own row is the login, and the rows of the carrier are none."""
    ends = {**_ENDS, "ts": T0_US}
    ntlm = [{**ends, "service": name, "login_method": "ntlm", "outcome": "ok"} for name in ("http", "ldap", "smb")]
    _fill(tmp_path, schema.table("ntlm"), ntlm)
    http = {**ends, "trans_depth": 1, "request_body_len": 0, "response_body_len": 0, "outcome": "ok"}
    _fill(tmp_path, schema.table("http"), [{**http, "auth_kind": kind} for kind in ("ntlm", "negotiate")])
    bind = {**ends, "message_id": 1, "operation": "bind", "outcome": "ok", "attributes": []}
    _fill(tmp_path, schema.table("ldap"), [{**bind, "login_method": name} for name in ("ntlm", "anonymous", "plain")])
    smb = {**ends, "command": "session_setup", "is_signed": False, "outcome": "ok"}
    _fill(tmp_path, schema.table("smb"), [{**smb, "login_method": name} for name in ("ntlm", "password")])
    found = sorted((login[0], login[2]) for login in _logins(tmp_path))
    carried = [("http", "ntlm"), ("ldap", "ntlm"), ("ldap", "plain"), ("smb", "ntlm"), ("smb", "password")]
    assert found == carried


def test_logins_of_ssh(tmp_path: Path) -> None:
    """A connection stands for the attempts its sizes tell; one in which nobody tried is no login."""
    row = {key: value for key, value in _ENDS.items() if key != "user"}
    rows = [
        {**row, "ts": T0_US, "outcome": "negative", "auth_attempts": 3},
        {**row, "ts": T0_US + 1, "outcome": "ok", "auth_attempts": None},
        {**row, "ts": T0_US + 2, "outcome": "unknown", "auth_attempts": None},
    ]
    _fill(tmp_path, schema.table("ssh"), rows)
    assert _logins(tmp_path) == [
        ("ssh", None, None, "negative", 3, "size", None),
        ("ssh", None, None, "ok", 1, "size", None),
    ]


@pytest.fixture(scope="module")
def macros() -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a connection with the macros and no data."""
    connection = Lake(Path("/nonexistent")).connect()
    yield connection
    connection.close()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.sampled_from([0, 0, 0, 1, 0xABC, 0xFFFF, 0x0DB8]), min_size=8, max_size=8))
def test_ip_text_is_rfc5952(macros: duckdb.DuckDBPyConnection, groups: list[int]) -> None:
    """Every mix of zero groups is written as the standard library writes it; mapped addresses as dotted quads."""
    packed = b"".join(g.to_bytes(2) for g in groups)
    address = ipaddress.IPv6Address(packed)
    found = macros.execute("SELECT ip_text(?)", [packed]).fetchone()
    assert found == (str(address.ipv4_mapped or address),)


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("0.0.0.0", ip("0.0.0.0")),
        ("255.255.255.255", ip("255.255.255.255")),
        ("192.0.2.10", ip("192.0.2.10")),
        ("::", bytes(16)),
        ("::1", bytes(15) + b"\1"),
        ("2001:db8::1:0:0:1", ip("2001:db8:0:0:1:0:0:1")),
        ("2001:db8:0:1:1:1:1:1", ip("2001:db8:0:1:1:1:1:1")),
        ("1::", ip("1::")),
        (None, None),
    ],
)
def test_ip_text_examples(macros: duckdb.DuckDBPyConnection, text: str | None, stored: bytes | None) -> None:
    """The examples of RFC 5952 section 4.2, the ends of the range, and NULL."""
    assert macros.execute("SELECT ip_text(?::BLOB)", [stored]).fetchone() == (text,)


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=16, max_size=16), st.binary(min_size=20, max_size=20), st.binary(min_size=6, max_size=6))
def test_other_text_forms(macros: duckdb.DuckDBPyConnection, one: bytes, two: bytes, three: bytes) -> None:
    """Uids are UUIDs, community ids base64 with their version, MACs colon-separated lower case."""
    found = macros.execute("SELECT uid_text(?), cid_text(?), mac_text(?)", [one, two, three]).fetchone()
    assert found == (str(uuid.UUID(bytes=one)), "1:" + base64.b64encode(two).decode(), three.hex(":"))


@settings(max_examples=30, deadline=None)
@given(st.ip_addresses(), st.lists(st.sampled_from(["10.0.0.0/8", "1.2.0.0/15", "2001::/16", "::/1"]), min_size=1))
def test_is_home_equals_the_policy(address: ipaddress.IPv4Address | ipaddress.IPv6Address, nets: list[str]) -> None:
    """The range test in SQL and the policy object agree on any address that is not local by nature."""
    policy = SitePolicy().with_home(nets)
    local = address.is_multicast or address.is_loopback or address.is_unspecified or address.packed[0] in {0, 255}
    with duckdb.connect() as connection:
        for statement in policy_macros(policy):
            connection.execute(statement)
        found = connection.execute("SELECT is_home(?)", [ip(str(address))]).fetchone()
    assert found == (policy.is_home(str(address)),) or local


def test_zeek_row(tmp_path: Path) -> None:
    """A conversation in Zeek's words: types, ports of ICMP, unset fields."""
    rows = [flow(0, community_id=b"\1" * 20, src_gap_bytes=7)]
    rows.append(flow(1, ip_proto=1, icmp_type=8, icmp_code=0, src_port=None, dst_port=None, dst_pkts=0, src_pkts=1))
    rows.append(flow(2, ip_version=0, src_ip=None, dst_ip=None, ip_proto=None, ethertype=0x806))
    _fill(tmp_path, schema.FLOW, rows)
    with Lake(tmp_path).reader() as reader:
        shown = reader.arrow("SELECT * FROM v_zeek_conn ORDER BY ts").to_pylist()
    tcp, icmp = shown
    assert tcp["ts"] == T0_US / 1e6
    assert (tcp["id.orig_h"], tcp["id.orig_p"], tcp["id.resp_h"], tcp["id.resp_p"]) == (
        *("10.0.0.1", 40000),
        *("198.51.100.2", 443),
    )
    assert (tcp["proto"], tcp["service"], tcp["conn_state"], tcp["history"]) == ("tcp", "tls", "SF", "ShADadFf")
    assert (tcp["orig_bytes"], tcp["resp_bytes"], tcp["missed_bytes"], tcp["duration"]) == (440, 2800, 7, 0.5)
    assert (tcp["local_orig"], tcp["local_resp"]) == (True, False)
    assert (icmp["proto"], icmp["id.orig_p"], icmp["id.resp_p"], icmp["duration"]) == ("icmp", 8, 0, None)
    assert icmp["resp_bytes"] is None


def test_eve_and_ocsf_rows(tmp_path: Path) -> None:
    """A conversation as EVE flow event and as OCSF Network Activity."""
    _fill(tmp_path, schema.FLOW, [flow(0, vlan_outer=5, src_bytes_l2=770, dst_bytes_l2=3056)])
    with Lake(tmp_path).reader() as reader:
        eve = _one(reader.connection, "SELECT * FROM v_eve_flow")
        ocsf = _one(reader.connection, "SELECT * FROM v_ocsf")
    assert eve["timestamp"] == "2023-11-14T22:13:20.500000+0000"
    assert eve["vlan"] == [5]
    assert (eve["proto"], eve["event_type"], eve["dest_port"]) == ("TCP", "flow", 443)
    assert eve["flow"]["bytes_toserver"] == 770
    assert (eve["flow"]["state"], eve["flow"]["reason"]) == ("closed", "timeout")
    assert eve["tcp"]["tcp_flags_ts"] == "1b"
    assert 0 <= eve["flow_id"] < 2**62
    assert (ocsf["class_uid"], ocsf["type_uid"], ocsf["duration"]) == (4001, 400106, 500)
    assert ocsf["connection_info"]["direction"] == "Outbound"
    assert ocsf["traffic"]["bytes"] == 3826


def test_spill_of_the_dead_is_swept(tmp_path: Path) -> None:
    """Spill folders of processes that are gone are removed, those of the living stay."""
    dead, alive = tmp_path / ".spill" / "999999999-ab", tmp_path / ".spill" / f"{os.getpid()}-cd"
    dead.mkdir(parents=True)
    alive.mkdir()
    assert Lake(tmp_path).sweep() == 1
    assert alive.is_dir()
    assert not dead.exists()


def test_big_sorts_spill_and_stay_bounded(tmp_path: Path) -> None:
    """A query larger than its memory ends all the same, through the spill folder of the lake."""
    lake = Lake(tmp_path)
    connection = lake.connect(memory_limit="60MB")
    connection.execute("SET threads = 1")
    rows = connection.execute(
        "SELECT r FROM (SELECT hash(range) AS r FROM range(6000000)) ORDER BY r LIMIT 1 OFFSET 5999999"
    )
    assert rows.fetchone() is not None
    connection.close()


def test_home_networks_from_tables_of_the_lake(tmp_path: Path) -> None:
    """Inference takes the tables as the lake gives them (binary addresses of no fixed width)."""
    asks = {"ts": T0_US, "arp_op": 1, "sender_ip": ip("131.202.240.5"), "sender_mac": b"\2" * 6}
    _fill(tmp_path, schema.table("arp"), [asks])
    lease = {"msg_type": 5, "assigned_ip": ip("131.202.3.9"), "subnet_mask": 0xFFFF0000 | 0xFE00}
    _fill(tmp_path, schema.table("dhcp"), [{"ts": T0_US, **lease}])
    with Lake(tmp_path).reader() as reader:
        arp = reader.table_for("arp", ["arp_op", "sender_mac", "sender_ip"])
        dhcp = reader.table_for("dhcp", ["msg_type", "assigned_ip", "subnet_mask", "server_ip"])
    policy = infer_home(SitePolicy(), arp, dhcp)
    assert [str(n.network) for n in policy.home[-2:]] == ["131.202.2.0/23", "131.202.240.0/24"]


def test_lists_survive_the_way_through_the_lake(tmp_path: Path) -> None:
    """Lists of identifiers, texts and numbers come back as they went in."""
    alert = {
        "alert_id": "a",
        "ts_start": T0_US,
        "ts_end": T0_US,
        "attack": ["T1046", "T0885"],
        "flow_uids": [uid(1), uid(2)],
    }
    _fill(tmp_path, schema.ALERT, [alert, {"alert_id": "b", "ts_start": T0_US, "ts_end": T0_US}])
    _fill(tmp_path, schema.ASSESSMENT, [{"detector": "d", "status": "assessed"}])
    _fill(tmp_path, schema.table("iec104"), [{"ts": T0_US, "ioa": [1, 70_000]}])
    with Lake(tmp_path).reader() as reader:
        rows = reader.arrow("SELECT attack, flow_uids FROM alert ORDER BY alert_id").to_pylist()
        ioa = reader.arrow("SELECT ioa FROM iec104").to_pylist()
    assert rows == [{"attack": ["T1046", "T0885"], "flow_uids": [uid(1), uid(2)]}, {"attack": [], "flow_uids": []}]
    assert ioa == [{"ioa": [1, 70_000]}]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=6))
@settings(max_examples=8, deadline=None)
def test_cutting_a_conversation_changes_no_sum(tmp_path_factory: pytest.TempPathFactory, cuts: list[int]) -> None:
    """However a flow is cut into segments, over batches and files, its conversation has the same counters."""
    root = tmp_path_factory.mktemp("cut")
    last = len(cuts) - 1
    for number, packets in enumerate(cuts):
        ends = {"is_final": number == last, "end_reason": "end" if number == last else "active"}
        tail = {} if number == 0 else {"flow_root_uid": uid(1)}
        row = flow(number, **ends, **tail, segment_seq=number, src_pkts=packets, dst_bytes_ip=packets * 100)
        _fill(root, schema.FLOW, [row])
    with Lake(root).reader() as reader:
        found = _one(reader.connection, "SELECT * FROM conversation")
    assert (found["src_pkts"], found["dst_bytes_ip"]) == (sum(cuts), 100 * sum(cuts))
    assert found["is_closed"]
    assert len(found["flow_uids"]) == len(cuts)
