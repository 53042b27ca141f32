"""Campaigns as Arrow tables: whole columns of conversations at once, the memory they leave, and the run of a detector.

``tests.detectors.conftest.Traffic`` builds a few conversations by hand; this builds a million in seconds.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from ipaddress import IPv4Address
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from detectors import derive
from detectors.addresses import V4_PREFIX, ip_bytes
from detectors.engine import arrow_source, run_all
from detectors.model import Detector
from detectors.shared import SOURCES, derived
from detectors.sql import query
from store import schema
from store.domains import registered_domain
from tests.detectors.conftest import CONVERSATION, form

START: Final = datetime(2026, 1, 5, tzinfo=UTC)
"""A Monday, midnight UTC: day 0 of every campaign."""

DAY_US: Final = 86_400_000_000
HOUR_US: Final = 3_600_000_000
_HOME_OCTET: Final = 10
_SEGMENT: Final = 1400

Numbers = npt.NDArray[np.int64]
Names = str | None | tuple[npt.NDArray[Any], Sequence[str]]
"""One text for all rows, none, or codes into a list of texts."""


@dataclass(frozen=True)
class Campaign:
    """Conversations of a site, other tables by name (records, memory, logins) and the roles of its policy."""

    conversation: pa.Table
    others: Mapping[str, pa.Table] = field(default_factory=dict)
    roles: tuple[tuple[str, str], ...] = ()

    def __add__(self, other: Campaign) -> Campaign:
        """Return both as one site, conversations in the order of time."""
        others = dict(self.others)
        for name, table in other.others.items():
            others[name] = pa.concat_tables([others[name], table]) if name in others else table
        both = pa.concat_tables([self.conversation, other.conversation]).sort_by("ts_start")
        return Campaign(both, others, tuple(dict.fromkeys(self.roles + other.roles)))

    def remembered(self, until_day: float) -> Campaign:
        """Return the site from a day on, everything before it being memory (``edge_before``, …)."""
        moment = moment_of(until_day)
        tables = {"c": self.conversation}
        earlier = query("SELECT * FROM c WHERE ts_start < $t", tables, {"t": moment})
        later = query("SELECT * FROM c WHERE ts_start >= $t", tables, {"t": moment}).cast(CONVERSATION)
        memory = {f"{name}_before": _memory(name, earlier) for name in _MEMORY_SQL}
        return Campaign(later, {**self.others, **memory}, self.roles)

    def between(self, from_day: float, until_day: float) -> Campaign:
        """Return only the conversations that began between two days."""
        limits = {"a": moment_of(from_day), "b": moment_of(until_day)}
        kept = query("SELECT * FROM c WHERE ts_start >= $a AND ts_start < $b", {"c": self.conversation}, limits)
        return Campaign(kept.cast(CONVERSATION), self.others, self.roles)

    def shuffled(self, seed: int) -> Campaign:
        """Return the same rows in another order."""
        rng = np.random.default_rng(seed)
        mixed = {name: table.take(rng.permutation(table.num_rows)) for name, table in self.others.items()}
        return Campaign(self.conversation.take(rng.permutation(self.conversation.num_rows)), mixed, self.roles)

    def twice(self) -> Campaign:
        """Return the same conversations, each present twice."""
        return Campaign(pa.concat_tables([self.conversation] * 2), self.others, self.roles)

    def table(self, name: str) -> pa.Table:
        """Return a table a detector may ask for, empty when the campaign has none of it."""
        if name == "conversation":
            return self.conversation
        return self.others.get(name, form(name).empty_table())

    @cached_property
    def policy(self) -> dict[str, pa.Table]:
        """The policy tables that follow from the data."""
        ranges = [{"ip_lo": ip_bytes(ip), "ip_hi": ip_bytes(ip), "role": role} for ip, role in self.roles]
        tables = {name: self.table(name) for name in SOURCES}
        span = query(
            "SELECT min(first_ts) AS first_ts, max(last_ts) AS last_ts FROM edge_before HAVING count(*) > 0", tables
        )
        return {
            **derived(lambda sql: query(sql, tables)),
            "memory_span": span.cast(derive.MEMORY_SPAN),
            "host_seen": query(derive.HOST_SEEN_SQL, tables).cast(derive.HOST_SEEN),
            "site_role": pa.Table.from_pylist(ranges, schema=derive.SITE_ROLE),
            "site_master": derive.SITE_MASTER.empty_table(),
        }

    def run(
        self, detector: Detector, override: Mapping[str, float] | None = None, *, buckets: int = 1
    ) -> list[dict[str, Any]]:
        """Run one detector through the engine and return its alerts as dictionaries."""
        tables = {name: self.table(name) for name in detector.needs}
        overrides = {detector.id: override} if override else {}
        alerts, _ = run_all(arrow_source(tables), self.policy, overrides, detectors=[detector], buckets=buckets)
        result: list[dict[str, Any]] = alerts.to_pylist()
        return result


def moment_of(day: float) -> datetime:
    """Return the moment a number of days after ``START``."""
    return START + timedelta(days=day)


def micros_of(day: float) -> int:
    """Return that moment in microseconds since 1970."""
    return round(START.timestamp() * 1e6 + day * DAY_US)


def address(text: str) -> int:
    """Return an IPv4 address as a number."""
    return int(IPv4Address(text))


def conversations(
    tag: str,
    start_us: npt.ArrayLike,
    src: npt.ArrayLike,
    dst: npt.ArrayLike,
    port: npt.ArrayLike,
    up: npt.ArrayLike = 700,
    down: npt.ArrayLike = 3000,
    duration_s: npt.ArrayLike = 0.5,
    *,
    proto: int = 6,
    app: str | None = None,
    name: Names = None,
    ja4: Names = None,
    failed: bool = False,
) -> pa.Table:
    """Return conversations as a table with every column of ``conversation``.

    Args:
        tag: Makes the uids; two calls with the same tag and length have the same.
        start_us: Start of each, microseconds since 1970; all other arrays are stretched to its length.
        src: Originators as numbers (``address``); 10/8 is home.
        dst: Responders as numbers.
        port: Ports of the responders.
        up: Payload bytes of the originators.
        down: Payload bytes of the responders.
        duration_s: Seconds.
        proto: 6 or 17.
        app: Application protocol of all.
        name: Name of the server (SNI or Host).
        ja4: Fingerprint of the client.
        failed: SYNs that nobody answers; ``up`` and ``down`` do not count.
    """
    start = np.atleast_1d(np.asarray(start_us, dtype=np.int64))
    n = len(start)
    zero = np.zeros(n, dtype=np.int64)
    ends = {"src": _stretch(src, n), "dst": _stretch(dst, n)}
    sizes = {"src": zero if failed else _stretch(up, n), "dst": zero if failed else _stretch(down, n)}
    seconds = zero.astype(np.float64) if failed else np.broadcast_to(np.asarray(duration_s, np.float64), n).copy()
    uid = _uids(tag, n)
    home = {side: (ends[side] >> 24) == _HOME_OCTET for side in ends}
    flags = (2 if failed else 27) if proto == 6 else 0
    columns: dict[str, Any] = {
        "root_uid": uid,
        "flow_uids": pa.ListArray.from_arrays(pa.array(np.arange(n + 1, dtype=np.int32)), uid),
        "ts_start": pa.array(start).cast(schema.TIME),
        "ts_end": pa.array(start + (seconds * 1e6).astype(np.int64)).cast(schema.TIME),
        "duration_s": seconds,
        "src_port": 40_000 + np.arange(n) % 20_000,
        "dst_port": _stretch(port, n),
        "ip_proto": np.full(n, proto),
        "ip_version": np.full(n, 4),
        "ethertype": np.full(n, 0x800),
        "src_tcp_flags": np.full(n, flags),
        "dst_tcp_flags": np.full(n, 0 if failed else flags),
        "src_flags_first": np.full(n, 2 if proto == 6 else 0),
        "src_syn": np.full(n, int(proto == 6)),
        "dst_syn": np.full(n, int(proto == 6 and not failed)),
        "quality_flags": zero,
        "is_closed": np.full(n, fill_value=True),
        "app_proto": _texts(app, n),
        "conn_state": _texts("S0" if failed else "SF", n),
        "end_reason": _texts("closed", n),
        "sensor_id": _texts("tap", n),
        "server_name": _texts(name, n),
        "server_domain": _texts(_domains(name), n),
        "ja4": _texts(ja4, n),
        "direction": _texts((2 * home["src"] + home["dst"], ("external", "inbound", "outbound", "internal")), n),
    }
    for side in ("src", "dst"):
        data = -(-sizes[side] // _SEGMENT)
        packets = zero if failed and side == "dst" else data + (1 if failed or proto == 17 else 4)
        columns |= {
            f"{side}_ip": _addresses(ends[side]),
            f"{side}_mac": _macs(ends[side]),
            f"{side}_home": home[side],
            f"{side}_pkts": packets,
            f"{side}_data_pkts": data,
            f"{side}_bytes_payload": sizes[side],
            f"{side}_bytes_ip": sizes[side] + packets * (40 if proto == 6 else 28),
            f"{side}_gap_bytes": zero,
            f"{side}_retx_pkts": zero,
            f"{side}_ttl_max": np.full(n, 64),
        }
    arrays = [_column(f, columns.get(f.name), n) for f in CONVERSATION]
    return pa.Table.from_arrays(arrays, schema=CONVERSATION)


def _column(form_of: pa.Field, values: object, n: int) -> pa.Array:
    if values is None:
        return pa.nulls(n, form_of.type)
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return array if array.type == form_of.type else array.cast(form_of.type)


def _stretch(values: npt.ArrayLike, n: int) -> Numbers:
    return np.broadcast_to(np.asarray(values, dtype=np.int64), n).copy()


def _texts(names: Names, n: int) -> pa.Array:
    if names is None:
        return pa.nulls(n, schema.NAME)
    codes, values = (np.zeros(n, dtype=np.int32), (names,)) if isinstance(names, str) else names
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(values), pa.string()))


def _domains(names: Names) -> Names:
    if names is None or isinstance(names, str):
        return names and registered_domain(names)
    codes, values = names
    return codes, [registered_domain(one) or one for one in values]


def _fixed(octets: npt.NDArray[np.uint8]) -> pa.Array:
    n, width = octets.shape
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), n, [None, pa.py_buffer(octets.tobytes())])


def _addresses(numbers: Numbers) -> pa.Array:
    octets = np.empty((len(numbers), 16), dtype=np.uint8)
    octets[:, :12] = np.frombuffer(V4_PREFIX, dtype=np.uint8)
    octets[:, 12:] = numbers.astype(">u4").view(np.uint8).reshape(-1, 4)
    return _fixed(octets)


def _macs(numbers: Numbers) -> pa.Array:
    """Return a link address per home host; what lies outside comes through the gateway."""
    inside = np.where(numbers >> 24 == _HOME_OCTET, numbers, 1)
    octets = np.empty((len(numbers), 6), dtype=np.uint8)
    octets[:, :2] = (0, 0x1B)
    octets[:, 2:] = inside.astype(">u4").view(np.uint8).reshape(-1, 4)
    return _fixed(octets)


def _uids(tag: str, n: int) -> pa.Array:
    octets = np.empty((n, 16), dtype=np.uint8)
    octets[:, :8] = np.frombuffer(hashlib.sha256(tag.encode()).digest()[:8], dtype=np.uint8)
    octets[:, 8:] = np.arange(n, dtype=">u8").view(np.uint8).reshape(-1, 8)
    return _fixed(octets)


_PORT: Final = (
    f"CASE WHEN dst_port >= {schema.memory.HIGH_PORT} AND dst_port NOT IN "
    f"{schema.memory.KEPT_HIGH_PORTS} THEN 0 ELSE dst_port END AS dst_port"
)
_EDGES: Final = f"""
SELECT date_trunc('day', ts_start) AS day, src_ip, dst_ip, ip_proto, {_PORT}, min(ts_start) AS first_ts,
    max(ts_start) AS last_ts, count(*) AS conversations,
    count(*) FILTER (dst_bytes_payload > 0 OR conn_state NOT IN ('S0', 'REJ')) AS answered,
    sum(src_bytes_payload)::BIGINT AS src_bytes, sum(dst_bytes_payload)::BIGINT AS dst_bytes,
    bit_or(1 << hour(ts_start)::INTEGER) AS hours
FROM c GROUP BY ALL
"""
_SPAN: Final = "min(first_ts) AS first_ts, max(last_ts) AS last_ts, count(DISTINCT day) AS days"
_MEMORY_SQL: Final = {
    "edge_day": _EDGES,
    "edge": f"""SELECT src_ip, dst_ip, ip_proto, dst_port, {_SPAN}, sum(conversations) AS conversations,
        sum(answered) AS answered, sum(src_bytes) AS src_bytes, sum(dst_bytes) AS dst_bytes
        FROM ({_EDGES}) GROUP BY ALL""",
    "asset_seen": f"""SELECT ip, {_SPAN}, sum(conversations) AS conversations FROM (
        SELECT src_ip AS ip, day, first_ts, last_ts, conversations FROM ({_EDGES})
        UNION ALL
        SELECT dst_ip, day, first_ts, last_ts, 0 FROM ({_EDGES}) WHERE answered > 0) GROUP BY ip""",
    "observable": """SELECT kind, value, min(ts_start) AS first_ts, max(ts_start) AS last_ts,
        count(DISTINCT date_trunc('day', ts_start)) AS days, count(*) AS sightings, count(DISTINCT src_ip) AS hosts
        FROM (SELECT unnest([{'kind': 'server_name', 'value': server_name::VARCHAR},
            {'kind': 'domain', 'value': server_domain::VARCHAR},
            {'kind': 'ja4', 'value': ja4::VARCHAR}], recursive := true), ts_start, src_ip FROM c)
        WHERE value IS NOT NULL GROUP BY kind, value""",
}


def _memory(name: str, conversation: pa.Table) -> pa.Table:
    columns = form(name)
    found = query(_MEMORY_SQL[name], {"c": conversation}).select(columns.names)
    return found.cast(columns)
