"""What was spoken, out of the records of the protocols: under what protection, about what, and who logged in where.

Counted by DuckDB on the lake; what comes back is a bounded number of rows, whatever the size of the capture.
"""

from __future__ import annotations

from typing import Any, Final

from reporting.figures import count_text, share_text
from reporting.result import Count, Fact, LoginSum, Protection, Text, Told
from reporting.scan.topics import TOPICS, Number, Tally, Topic
from reporting.width import cells, shorten
from store.lake import LakeReader

NAME_COLUMNS: Final = 40
"""Terminal columns that a name from the wire may take in a sentence; ``-o json`` has it whole."""

SERVICES: Final = 12
"""Services whose logins are shown, those with most attempts first."""

READABLE: Final = ("password", "basic", "plain", "login", "mysql_clear_password")
"""Login methods that show the password to whoever listens: RFC 7617, RFC 4616, SASL LOGIN, USER and PASS.

Records of logins exist only where they were not encrypted, SSH apart, which says nothing of its methods.
"""

OPAQUE: Final = ("tls", "dtls", "quic", "ssh", "isakmp", "ipsec-nat-t", "wireguard", "openvpn", "teamviewer", "radmin")
"""Protocols that encrypt, so that a flow of theirs without a record is not in the clear."""

_PROTECTION: Final = f"""
WITH kept AS (
    SELECT coalesce(flow.flow_root_uid, flow.flow_uid) AS root,
    min(CASE kind WHEN 'none' THEN 1 WHEN 'obsolete' THEN 2 WHEN 'modern' THEN 3 WHEN 'national' THEN 4 END) AS rank
    FROM (
        SELECT flow_uid, crypto_class AS kind FROM tls
        UNION ALL SELECT flow_uid, crypto_class FROM quic
        UNION ALL SELECT flow_uid, CASE ssh_version WHEN 1 THEN 'obsolete' WHEN 2 THEN 'modern' END FROM ssh
        UNION ALL SELECT flow_uid, 'modern' FROM smb WHERE action = 'encrypted'
    ) AS shown JOIN flow USING (flow_uid) GROUP BY root
),
judged AS (
    SELECT segment_seq, src_bytes_l2 + dst_bytes_l2 AS bytes, CASE
        WHEN rank IS NOT NULL THEN ['none', 'obsolete', 'modern', 'national'][rank]
        WHEN root IS NOT NULL OR ip_proto = 50 THEN 'opaque'
        WHEN app_proto IS NULL OR app_basis = 'port_guess' THEN 'unknown'
        WHEN app_proto IN {OPAQUE} THEN 'opaque'
        ELSE 'none' END AS kind
    FROM flow LEFT JOIN kept ON root = coalesce(flow.flow_root_uid, flow.flow_uid)
    WHERE src_bytes_payload + dst_bytes_payload > 0 AND ip_proto NOT IN (1, 2, 58)
)
SELECT kind, count(*) FILTER (segment_seq = 0) AS flows, sum(bytes)::BIGINT AS bytes FROM judged GROUP BY kind
"""
"""Conversations with payload; of several handshakes in one the weakest counts. ICMP and IGMP protect nothing."""

PROTECTIONS: Final = ("national", "modern", "obsolete", "none", "opaque", "unknown")
"""Kinds of protection in the order in which they are said."""

_LOGINS: Final = f"""
SELECT service, count(*) FILTER (outcome = 'ok') AS ok,
(coalesce(sum(attempts - 1) FILTER (outcome = 'ok'), 0)
+ coalesce(sum(attempts) FILTER (outcome = 'negative'), 0))::BIGINT AS negative,
coalesce(sum(attempts) FILTER (outcome NOT IN ('ok', 'negative')), 0)::BIGINT AS unknown,
coalesce(sum(attempts) FILTER (login_method IN {READABLE}), 0)::BIGINT AS readable
FROM logins GROUP BY service ORDER BY sum(attempts) DESC, service LIMIT ?
"""

"""A row that stands for several attempts ended with its outcome: those before a success were refused."""


def protection(reader: LakeReader) -> tuple[Protection, ...]:
    """Return how much was said under which protection; kinds that did not occur are left out."""
    rows = {row["kind"]: row for row in reader.arrow(_PROTECTION).to_pylist()}
    return tuple(Protection(kind, rows[kind]["flows"], rows[kind]["bytes"]) for kind in PROTECTIONS if kind in rows)


def logins(reader: LakeReader) -> tuple[LoginSum, ...]:
    """Return the logins by service, those with most attempts first."""
    return tuple(LoginSum(**row) for row in reader.arrow(_LOGINS, [SERVICES]).to_pylist())


def told(reader: LakeReader) -> tuple[Told, ...]:
    """Return what the records say of every protocol that has some."""
    return tuple(one for one in (_told(reader, topic) for topic in TOPICS) if one is not None)


def _told(reader: LakeReader, topic: Topic) -> Told | None:
    part = f"FROM {topic.table} WHERE {topic.where}"
    numbers = [fact for fact in topic.facts if isinstance(fact, Number)]
    wanted = ["count(*) AS rows", *(f'{number.sql} AS "n_{number.kind}"' for number in numbers)]
    wanted += [f'{number.of} AS "of_{number.kind}"' for number in numbers if number.of]
    row = reader.arrow(f"SELECT {', '.join(wanted)} {part}").to_pylist()[0]
    if not row["rows"]:
        return None
    # A long conversation has a segment for every few minutes, and records name the segment they lie in.
    roots = f"SELECT DISTINCT coalesce(flow_root_uid, flow_uid) FROM flow WHERE flow_uid IN (SELECT flow_uid {part})"
    ends = f"SELECT sender_ip {part} UNION SELECT receiver_ip {part}"
    conversations, hosts = (
        reader.arrow(f"SELECT count(*) AS n FROM ({one})").to_pylist()[0]["n"] for one in (roots, ends)
    )
    facts = (_counted(fact, row) if isinstance(fact, Number) else _tallied(reader, topic, fact) for fact in topic.facts)
    return Told(topic.protocol, conversations, hosts, tuple(fact for fact in facts if fact is not None))


def _counted(number: Number, row: dict[str, Any]) -> Fact | None:
    count = row[f"n_{number.kind}"]
    if not count:
        return None
    shown = {"n": count_text(count), "share": share_text(count, row[f"of_{number.kind}"]) if number.of else ""}
    return Fact(number.kind, Text(number.en.format_map(shown), number.zh.format_map(shown)), (Count("", count),))


def _tallied(reader: LakeReader, topic: Topic, tally: Tally) -> Fact | None:
    values = (
        f"SELECT {tally.sql} AS name, count(*) AS n FROM {topic.table} "
        f"WHERE ({topic.where}) AND ({tally.where}) GROUP BY name"
    )
    most = f"SELECT name, n, count(*) OVER () AS kinds FROM ({values}) WHERE name <> '' ORDER BY n DESC, name LIMIT ?"
    rows = reader.arrow(most, [tally.most]).to_pylist()
    if not rows:
        return None
    more = rows[0]["kinds"] - len(rows)
    named = [(_short(row["name"]), count_text(row["n"])) for row in rows]
    en = ", ".join(f"{name} ({n})" for name, n in named) + (f", {count_text(more)} more" if more else "")
    zh = "、".join(f"{name}（{n}）" for name, n in named) + (f"，另 {count_text(more)} 个" if more else "")
    counts = tuple(Count(row["name"], row["n"]) for row in rows)
    return Fact(tally.kind, Text(f"{tally.en}: {en}", f"{tally.zh}：{zh}"), counts)


def _short(name: str) -> str:
    return name if cells(name) <= NAME_COLUMNS else shorten(name, NAME_COLUMNS)
