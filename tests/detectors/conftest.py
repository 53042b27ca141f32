"""Builds detector inputs from a declared list of conversations and records; every column is known beforehand."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from detectors.addresses import ip_bytes, ip_text
from detectors.derive import HOST_SEEN, HOST_SEEN_SQL, MEMORY_SPAN, SITE_MASTER, SITE_ROLE
from detectors.engine import arrow_source, run_all
from detectors.model import Detector
from detectors.shared import SOURCES, derived
from detectors.sql import query
from store import schema
from store._lazy_views import derived_sql, sources_of
from store._macros import TEXT_MACROS
from store.domains import registered_domain, subdomain

T0 = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""Start of every built capture."""

DERIVED_FROM = sources_of()
"""The views that each derived table reads, by its name."""

SYN, RST, PSH, ACK, FIN = 2, 4, 8, 16, 1

CONVERSATION = pa.schema(
    [
        ("root_uid", schema.UID),
        ("flow_uids", pa.list_(schema.UID)),
        ("ts_start", schema.TIME),
        ("ts_end", schema.TIME),
        ("duration_s", pa.float64()),
        ("src_ip", schema.IP),
        ("dst_ip", schema.IP),
        ("src_port", pa.int32()),
        ("dst_port", pa.int32()),
        ("ip_proto", pa.int16()),
        ("src_mac", schema.MAC),
        ("dst_mac", schema.MAC),
        ("app_proto", schema.NAME),
        ("conn_state", schema.NAME),
        ("src_pkts", pa.int64()),
        ("dst_pkts", pa.int64()),
        ("src_bytes_payload", pa.int64()),
        ("dst_bytes_payload", pa.int64()),
        ("src_tcp_flags", pa.int16()),
        ("dst_tcp_flags", pa.int16()),
        ("src_flags_first", pa.int16()),
        ("src_home", pa.bool_()),
        ("dst_home", pa.bool_()),
        ("ip_version", pa.int8()),
        ("ethertype", pa.int32()),
        ("icmp_type", pa.int16()),
        ("icmp_code", pa.int16()),
        ("history", pa.string()),
        ("dir_basis", schema.NAME),
        ("end_reason", schema.NAME),
        ("src_bytes_ip", pa.int64()),
        ("dst_bytes_ip", pa.int64()),
        ("src_data_pkts", pa.int64()),
        ("dst_data_pkts", pa.int64()),
        ("src_syn", pa.int64()),
        ("dst_syn", pa.int64()),
        ("direction", pa.string()),
        ("quality_flags", pa.int32()),
        ("is_closed", pa.bool_()),
        ("community_id", pa.binary()),
        ("sensor_id", schema.NAME),
        ("vlan_outer", pa.int16()),
        ("server_name", pa.string()),
        ("server_domain", pa.string()),
        ("ja4", pa.string()),
        ("src_zone", pa.string()),
        ("dst_zone", pa.string()),
        ("src_gap_bytes", pa.int64()),
        ("dst_gap_bytes", pa.int64()),
        ("src_retx_pkts", pa.int64()),
        ("dst_retx_pkts", pa.int64()),
        ("src_ttl_max", pa.int16()),
        ("dst_ttl_max", pa.int16()),
    ]
)
"""The columns of ``conversation`` (store/_views.py, a test compares both), in its types."""


LOGINS = pa.schema(
    [
        ("flow_uid", schema.UID),
        ("ts", schema.TIME),
        ("service", pa.string()),
        ("client_ip", schema.IP),
        ("server_ip", schema.IP),
        ("server_port", pa.int32()),
        ("user", pa.string()),
        ("outcome", schema.NAME),
        ("attempts", pa.int32()),
        ("basis", pa.string()),
        ("login_method", pa.string()),
    ]
)
"""The columns of the view ``logins`` that detectors read, in its types."""


def form(name: str) -> pa.Schema:
    """Return the columns of a table that a detector may need, by its name: record, ``…_site``, memory, ``…_before``."""
    if name == "conversation":
        return CONVERSATION
    if name == "logins":
        return LOGINS
    base = schema.table(name.removesuffix("_before").removesuffix(schema.SITE_SUFFIX))
    fields = [pa.field(column.name, column.type) for column in base.stored()]
    if name.endswith(schema.SITE_SUFFIX):
        fields += [pa.field(column, kind) for column, (kind, _) in schema.site_columns(base).items()]
    return pa.schema(fields)


def blank(kind: pa.DataType) -> object:
    """Return the value of a column that a test does not care about."""
    if pa.types.is_boolean(kind):
        return False
    if pa.types.is_integer(kind):
        return 0
    return None


def at(seconds: float) -> datetime:
    """Return a moment of the built capture."""
    return T0 + timedelta(seconds=seconds)


def mac_of(ip: str) -> bytes:
    """Return the link address that the builder gives an address."""
    return b"\x02" + hashlib.sha256(ip.encode()).digest()[:5]


@dataclass
class Traffic:
    """Conversations and records under construction; ``home`` is the prefix that counts as the site's own."""

    home: str = "10."
    conversations: list[dict[str, Any]] = field(default_factory=list)
    logins: list[dict[str, Any]] = field(default_factory=list)
    ics: list[dict[str, Any]] = field(default_factory=list)
    roles: list[dict[str, Any]] = field(default_factory=list)
    masters: list[dict[str, Any]] = field(default_factory=list)
    records: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, second: float, src: str, dst: str, port: int, **columns: object) -> bytes:
        """Add one conversation, an answered TCP exchange unless ``columns`` say otherwise; return its uid."""
        number = len(self.conversations)
        duration_s = columns.get("duration_s", 0.2)
        assert isinstance(duration_s, (int, float))
        uid = hashlib.sha256(f"{number}|{second}|{src}|{dst}|{port}".encode()).digest()[:16]
        row: dict[str, Any] = {
            "root_uid": uid,
            "flow_uids": [uid],
            "ts_start": at(second),
            "ts_end": at(second + duration_s),
            "duration_s": duration_s,
            "src_ip": ip_bytes(src),
            "dst_ip": ip_bytes(dst),
            "src_port": 40000 + number % 20000,
            "dst_port": port,
            "ip_proto": 6,
            "src_mac": mac_of(src),
            "dst_mac": mac_of(dst),
            "app_proto": None,
            "conn_state": "SF",
            "src_pkts": 6,
            "dst_pkts": 5,
            "src_bytes_payload": 300,
            "dst_bytes_payload": 900,
            "src_tcp_flags": SYN | ACK | PSH | FIN,
            "dst_tcp_flags": SYN | ACK | PSH | FIN,
            "src_flags_first": SYN,
            "src_home": src.startswith(self.home),
            "dst_home": dst.startswith(self.home),
            "is_closed": True,
            "quality_flags": 0,
            "sensor_id": "tap",
        }
        row |= columns
        sides = ("out" if row["src_home"] else "in") + ("in" if row["dst_home"] else "out")
        row["direction"] = {"outin": "internal", "outout": "outbound", "inin": "inbound", "inout": "external"}[sides]
        if row.get("server_name") and "server_domain" not in columns:
            row["server_domain"] = registered_domain(str(row["server_name"]))
        self.conversations.append(row)
        return uid

    def record(self, table: str, second: float, sender: str, receiver: str, **columns: object) -> bytes:
        """Add a row of any record table, the columns not given being blank; return the uid of its flow."""
        number = sum(len(rows) for rows in self.records.values())
        uid = columns.get("flow_uid") or hashlib.sha256(f"{table}{number}{second}".encode()).digest()[:16]
        assert isinstance(uid, bytes)
        given = {"flow_uid": uid, "ts": at(second), "sender_ip": ip_bytes(sender), "receiver_ip": ip_bytes(receiver)}
        self.records.setdefault(table, []).append(given | columns)
        return uid

    def remember(self, table: str, **columns: object) -> None:
        """Add a row to a memory table as it stood before the range, such as ``edge``."""
        self.records.setdefault(f"{table}_before", []).append(columns)

    def unanswered(self, second: float, src: str, dst: str, port: int, **columns: object) -> bytes:
        """Add a SYN that nobody answers."""
        silent = {
            "conn_state": "S0",
            "src_pkts": 1,
            "dst_pkts": 0,
            "src_bytes_payload": 0,
            "dst_bytes_payload": 0,
            "src_tcp_flags": SYN,
            "dst_tcp_flags": None,
            "dst_mac": None,
        }
        return self.add(second, src, dst, port, **{"duration_s": 0.0, **silent, **columns})

    def refused(self, second: float, src: str, dst: str, port: int, **columns: object) -> bytes:
        """Add a SYN that is answered by RST."""
        answer = {"conn_state": "REJ", "dst_pkts": 1, "dst_tcp_flags": RST | ACK, "dst_mac": mac_of(dst)}
        return self.unanswered(second, src, dst, port, **(answer | columns))

    def udp(self, second: float, src: str, dst: str, port: int, *, answered: bool, **columns: object) -> bytes:
        """Add a UDP exchange."""
        row = {
            "ip_proto": 17,
            "src_pkts": 1,
            "dst_pkts": int(answered),
            "src_bytes_payload": 40,
            "dst_bytes_payload": 80 * int(answered),
            "src_tcp_flags": None,
            "dst_tcp_flags": None,
            "src_flags_first": None,
            "conn_state": "SF" if answered else "S0",
        }
        return self.add(second, src, dst, port, **(row | columns))

    def login(
        self,
        second: float,
        client: str,
        server: str,
        *,
        ok: bool,
        user: str | None = "bro",
        port: int = 21,
        **columns: object,
    ) -> None:
        """Add a login attempt, one of FTP that the server answered unless ``columns`` say otherwise."""
        row: dict[str, Any] = {
            "flow_uid": hashlib.sha256(f"login{len(self.logins)}".encode()).digest()[:16],
            "ts": at(second),
            "service": "ftp",
            "client_ip": ip_bytes(client),
            "server_ip": ip_bytes(server),
            "server_port": port,
            "user": user,
            "outcome": "ok" if ok else "negative",
            "attempts": 1,
            "basis": "reply",
        }
        self.logins.append(row | columns)

    def control(self, second: float, master: str, station: str, func: int, **columns: object) -> None:
        """Add an industrial message from a master, an IEC-104 command unless ``columns`` say otherwise."""
        row: dict[str, Any] = {
            "flow_uid": hashlib.sha256(f"ics{master}{station}".encode()).digest()[:16],
            "ts": at(second),
            "ics_proto": "iec104",
            "sender_ip": ip_bytes(master),
            "sender_mac": mac_of(master),
            "receiver_ip": ip_bytes(station),
            "receiver_port": 2404,
            "station_ip": ip_bytes(station),
            "from_master": True,
            "unit": 1,
            "func": func,
            "subfunc": None,
            "func_name": f"type {func}",
            "cot": 6,
            "object_address": 6001,
            "object_count": 1,
            "value": 1.0,
            "value_text": "1",
            "is_test": False,
            "is_command": True,
            "outcome": "request",
            "exception": None,
        }
        self.ics.append(row | columns)

    def role(self, ip: str, role: str) -> None:
        """Give an address a role in the site policy."""
        self.roles.append({"ip_lo": ip_bytes(ip), "ip_hi": ip_bytes(ip), "role": role})

    def known_master(self, master: str, station: str) -> None:
        """Let a master command a station in the site policy."""
        station_ip, master_ip = ip_bytes(station), ip_bytes(master)
        self.masters.append(
            {"station_lo": station_ip, "station_hi": station_ip, "master_lo": master_ip, "master_hi": master_ip}
        )

    def tables(self) -> dict[str, pa.Table]:
        """Return the detectors' tables."""
        return {
            "conversation": pa.Table.from_pylist(self.conversations, schema=CONVERSATION),
            "logins": pa.Table.from_pylist(self.logins, schema=LOGINS),
            "ics": pa.Table.from_pylist(self.ics, schema=schema.table("ics").arrow()),
        }

    def all_tables(self, *names: str) -> dict[str, pa.Table]:
        """Return the detectors' tables, those of ``names`` and ``records`` too."""
        tables = self.tables()
        for name in {*names, *self.records} - set(tables):
            if name in DERIVED_FROM and name not in self.records:
                tables[name] = self.derived(name)
                continue
            tables[name] = pa.Table.from_pylist(self._rows(name), schema=form(name))
        return tables

    def derived(self, name: str) -> pa.Table:
        """Return a table of ``schema.DERIVED`` as the lake makes it of these rows.

        A conversation that was given twice is one: ``conversation`` holds a flow once by contract.
        """
        with duckdb.connect(":memory:") as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for macro in TEXT_MACROS:
                connection.execute(macro)
            connection.register("site_role", pa.Table.from_pylist(self.roles, schema=SITE_ROLE))
            for source, held in self.all_tables(*DERIVED_FROM[name]).items():
                rows = list({str(row): row for row in held.to_pylist()}.values())
                connection.register(source, pa.Table.from_pylist(rows, schema=held.schema))
            return connection.sql(derived_sql(name)).to_arrow_table().cast(form(name))

    def _rows(self, name: str) -> list[dict[str, Any]]:
        held = self.records.get(name) or self.records.get(name.removesuffix(schema.SITE_SUFFIX), [])
        columns = form(name)
        return [{c.name: self._value(c, row) for c in columns} for row in held]

    def _value(self, column: pa.Field, row: dict[str, Any]) -> object:
        if column.name in row:
            return row[column.name]
        if column.name.endswith("_home"):
            address = row.get(column.name.replace("_home", "_ip"))
            return address is None or ip_text(address).startswith(self.home)
        if column.name in {"domain", "sub"}:
            name = next((row[n] for n in ("query", "server_name", "host") if row.get(n)), None)
            split = registered_domain if column.name == "domain" else subdomain
            return None if name is None else split(name)
        return blank(column.type) if not column.nullable else None

    def policy(self) -> dict[str, pa.Table]:
        """Return the policy tables."""
        tables = self.all_tables(*SOURCES)
        remembered = [row for name, rows in self.records.items() if name.endswith("_before") for row in rows]
        firsts = [row["first_ts"] for row in remembered if "first_ts" in row]
        span = [{"first_ts": min(firsts), "last_ts": max(row["last_ts"] for row in remembered)}] if firsts else []
        return {
            **derived(lambda sql: query(sql, tables)),
            "memory_span": pa.Table.from_pylist(span, schema=MEMORY_SPAN),
            "host_seen": query(HOST_SEEN_SQL, tables).cast(HOST_SEEN),
            "site_role": pa.Table.from_pylist(self.roles, schema=SITE_ROLE),
            "site_master": pa.Table.from_pylist(self.masters, schema=SITE_MASTER),
        }

    def run(
        self, detector: Detector, override: Mapping[str, float] | None = None, *, buckets: int = 1
    ) -> list[dict[str, Any]]:
        """Run one detector through the engine and return its alerts as dictionaries."""
        overrides = {detector.id: override} if override else {}
        source = arrow_source(self.all_tables(*detector.needs))
        alerts, _ = run_all(source, self.policy(), overrides, detectors=[detector], buckets=buckets)
        result: list[dict[str, Any]] = alerts.to_pylist()
        return result

    def shuffled(self) -> Traffic:
        """Return the same traffic with every table in reverse order."""
        return Traffic(
            self.home,
            self.conversations[::-1],
            self.logins[::-1],
            self.ics[::-1],
            self.roles[::-1],
            self.masters[::-1],
            {name: rows[::-1] for name, rows in self.records.items()},
        )

    def twice(self) -> Traffic:
        """Return the same traffic with every row present twice."""
        records = {name: rows * 2 for name, rows in self.records.items()}
        return Traffic(
            self.home, self.conversations * 2, self.logins * 2, self.ics * 2, self.roles, self.masters, records
        )


@pytest.fixture
def traffic() -> Traffic:
    """Return empty traffic of a site whose home network is 10/8."""
    return Traffic()
