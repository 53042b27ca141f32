"""What sets a destination apart from the many that are called regularly by design: the marks of a contact.

Regular calls alone prove nothing on a capture of minutes; these marks are what a second opinion rests on. They are
judged for few pairs, after something else drew attention to them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import in_ranges, ip_text
from detectors.catalogue._ports import USUAL_PORTS
from detectors.model import Tables, Text
from detectors.sql import rows

Row = dict[str, Any]

TLS: Final = ("flow_uid", "sender_ip", "server_name", "is_self_signed", "cert_issuer", "cert_san_count")
HTTP: Final = ("flow_uid", "sender_ip", "method", "host", "uri", "user_agent", "response_type")
DNS: Final = ("sender_ip", "service", "ts", "query", "qtype", "answers")
"""Columns of ``tls``, ``http`` and ``dns`` that marks are read from."""

MARKS: Final[Mapping[str, Text]] = {
    "raw_address": Text("an address that no name led to", "目的地址未经域名解析"),
    "odd_port": Text("{proto} on port {port}", "{proto} 使用非常规端口 {port}"),
    "unknown_protocol": Text("a protocol that is not known", "协议未知"),
    "self_signed": Text("a certificate signed by itself ({issuer})", "自签名证书（{issuer}）"),
    "own_authority": Text("a certificate of the server's own authority ({issuer})", "证书由其自有 CA 签发（{issuer}）"),
    "script_post": Text("POST to the same place by {agent}", "由 {agent} 向同一地址反复 POST"),
    "new_rare": Text("first seen within 7 days, by this host only", "近 7 天内首次出现且仅此主机访问"),
}
"""Marks with their words; each is one indicator."""

FEW_HOSTS: Final = 20
"""Below so many home hosts prevalence says nothing."""

MEMORY_DAYS: Final = 14
"""A younger memory cannot say that a contact is new (detectors.md 4: a baseline matures in 14 days)."""

_BROWSER: Final = re.compile(r"^(Mozilla|Opera)/\d")
_ADDRESS: Final = re.compile(r"^(\d{1,3}(\.\d{1,3}){3}|\[?[0-9a-f:]*:[0-9a-f:.]+\]?)$", re.IGNORECASE)

_TLS_SQL: Final = """
SELECT number, count(*) AS handshakes, count(server_name) AS named, bool_or(is_self_signed) AS self_signed,
    max(cert_issuer) AS issuer, max(cert_san_count) AS certified
FROM tls JOIN uid USING (flow_uid) GROUP BY number
"""
_HTTP_SQL: Final = """
SELECT number, count(*) AS requests, count(*) FILTER (method = 'POST') AS posts,
    count(DISTINCT split_part(uri, '?', 1)) AS places, list(DISTINCT user_agent ORDER BY user_agent)[:3] AS agents,
    count(user_agent) AS with_agent, min(host) AS host, bool_or(response_type LIKE '%ocsp%') AS ocsp
FROM http JOIN uid USING (flow_uid) GROUP BY number
"""
_NAMES_SQL: Final = """
WITH lookup AS (
    SELECT sender_ip, ts, query, answers FROM dns SEMI JOIN pair ON dns.sender_ip = pair.src_ip
    WHERE service = 'dns' AND qtype IN (1, 28, 65) AND len(answers) > 0
),
seen AS (SELECT sender_ip, count(DISTINCT query) AS names, min(ts) AS since FROM lookup GROUP BY sender_ip),
answer AS (SELECT sender_ip, ts, query, unnest(answers) AS address FROM lookup)
SELECT pair.number, any_value(seen.names) AS names, any_value(seen.since) AS since, min(answer.query) AS query,
    max(answer.ts) FILTER (answer.ts <= pair.first_ts) AS answered_ts
FROM pair JOIN seen ON seen.sender_ip = pair.src_ip
LEFT JOIN answer ON answer.sender_ip = pair.src_ip AND answer.address = pair.address
GROUP BY pair.number
"""
_CROWD_SQL: Final = """
SELECT src_ip, count(DISTINCT dst_ip) AS nameless FROM conversation SEMI JOIN pair USING (src_ip)
WHERE server_name IS NULL AND NOT coalesce(dst_home, FALSE) AND src_pkts > 0 GROUP BY src_ip
"""
_NEW_SQL: Final = """
SELECT pair.number, min(edge.first_ts) AS known_ts FROM pair JOIN edge_before AS edge
ON edge.src_ip = pair.src_ip AND edge.dst_ip = pair.dst_ip GROUP BY pair.number
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a pair besides its times: the marks with their words, and what prevalence and memory say."""

    marks: tuple[str, ...]
    words: tuple[Text, ...]
    context: tuple[str, ...]
    indicators: tuple[str, ...]
    query: str | None


def place(row: Row, own: Known, port: int | None) -> str:
    """Return what people call a destination: its name, the name looked up, or its address, and its port."""
    name = row["name"] or (own.query or "").rstrip(".") or ip_text(row["dst_ip"])
    return f"{name}{'' if port is None else f':{port}'}"


def known(tables: Tables, found: list[Row]) -> list[Known]:
    """Return what is known of each pair.

    Args:
        tables: ``conversation``, ``tls``, ``http``, ``dns``, ``edge_before`` and the policy tables.
        found: pairs with src_ip, dst_ip, name, ports, protos, domain, ja4s, dst_home, answered, uids, first_ts.
    """
    if not found:
        return []
    numbers = pa.array(range(len(found)), pa.int64())
    kind = tables["conversation"].schema.field("src_ip").type
    addresses = {name: pa.array([row[name] for row in found], kind) for name in ("src_ip", "dst_ip")}
    texts = pa.array([ip_text(row["dst_ip"]) for row in found], pa.string())
    firsts = pa.array([row["first_ts"] for row in found], pa.timestamp("us", "UTC"))
    pair = pa.table({"number": numbers, **addresses, "address": texts, "first_ts": firsts})
    uids = [(n, uid) for n, row in enumerate(found) for uid in row["uids"]]
    uid = pa.table(
        {
            "number": pa.array([n for n, _ in uids], pa.int64()),
            "flow_uid": pa.array([u for _, u in uids], tables["tls"].schema.field("flow_uid").type),
        }
    )
    facts = {
        "tls": _by_number(rows(_TLS_SQL, {"tls": tables["tls"], "uid": uid})),
        "http": _by_number(rows(_HTTP_SQL, {"http": tables["http"], "uid": uid})),
        "names": _by_number(rows(_NAMES_SQL, {"dns": tables["dns"], "pair": pair})),
        "before": _by_number(rows(_NEW_SQL, {"edge_before": tables["edge_before"], "pair": pair})),
    }
    crowd = {
        row["src_ip"]: row["nameless"]
        for row in rows(_CROWD_SQL, {"conversation": tables["conversation"], "pair": pair})
    }
    prevalence = Prevalence(tables)
    return [
        _known(row, {name: held.get(n, {}) for name, held in facts.items()}, crowd.get(row["src_ip"], 0), prevalence)
        for n, row in enumerate(found)
    ]


def _by_number(held: Iterable[Row]) -> dict[int, Row]:
    return {row["number"]: row for row in held}


class Prevalence:
    """How many hosts go where, and who has which role: look-ups in the policy tables."""

    def __init__(self, tables: Tables) -> None:
        """Read census, peer_hosts, domain_hosts, memory_span, capture_span and site_role."""
        self.hosts = sum(tables["census"]["home_hosts"].to_pylist())
        self._peers = {row["dst_ip"]: row["hosts"] for row in tables["peer_hosts"].to_pylist()}
        self._domains = {row["domain"]: row["hosts"] for row in tables["domain_hosts"].to_pylist()}
        self._roles = tables["site_role"].to_pylist()
        memory, span = tables["memory_span"].to_pylist(), tables["capture_span"].to_pylist()
        self.memory_days = (span[0]["ts_end"] - memory[0]["first_ts"]).days if memory and span else 0

    def share(self, dst_ip: bytes, domain: str | None) -> float | None:
        """Return which share of the home hosts goes to a destination, None when there are too few to say."""
        if self.hosts < FEW_HOSTS:
            return None
        users = max(self._peers.get(dst_ip, 1), self._domains.get(domain, 1) if domain else 1)
        return float(users / self.hosts)

    def has_role(self, ip: bytes, roles: Iterable[str]) -> bool:
        """Tell whether an address has one of the roles in the site policy."""
        wanted = set(roles)
        return in_ranges(ip, [(row["ip_lo"], row["ip_hi"]) for row in self._roles if row["role"] in wanted])


def _known(row: Row, facts: dict[str, Row], crowd: int, prevalence: Prevalence) -> Known:
    marks: dict[str, Text] = {}
    tls, http, names = facts["tls"], facts["http"], facts["names"]
    outside = not row["dst_home"]
    if outside and crowd < MAX_NAMELESS and is_nameless(row, tls, http, names):
        marks["raw_address"] = MARKS["raw_address"]
    proto = "tls" if tls else "http" if http else next((p for p in row["protos"] if p), None)
    odd = [port for port in row["ports"] if proto in USUAL_PORTS and port not in USUAL_PORTS[proto]]
    if odd and (tls or http):
        marks["odd_port"] = MARKS["odd_port"].fill(proto=str(proto).upper(), port=odd[0])
    if outside and row["protos"] in ([None], []) and row["answered"] and row["ip_proto"] == 6:
        marks["unknown_protocol"] = MARKS["unknown_protocol"]
    if outside and (odd_mark := odd_certificate(tls, row["domain"])):
        marks[odd_mark] = MARKS[odd_mark].fill(issuer=_short(tls["issuer"]))
    if http and _is_script(http):
        agent = next((a for a in http["agents"] if a), "-")
        marks["script_post"] = MARKS["script_post"].fill(agent=agent[:40])
    share = prevalence.share(row["dst_ip"], row["domain"])
    old = facts["before"].get("known_ts")
    is_new = prevalence.memory_days >= MEMORY_DAYS and (old is None or (row["first_ts"] - old).days < 7)
    context = []
    if share is not None:
        context += ["common"] if share >= 0.5 else ["rare"] if share <= 0.02 else []
    if prevalence.memory_days >= MEMORY_DAYS:
        context += ["new"] if is_new else ["old"] if (row["first_ts"] - old).days >= 30 else []
    if "raw_address" in marks:
        context.append("no_name")
    if outside and is_new and "rare" in context:
        marks["new_rare"] = MARKS["new_rare"]
    where = f"domain:{row['domain']}" if row["domain"] else f"dst:{ip_text(row['dst_ip'])}"
    is_rare = outside and bool(marks) and "common" not in context
    return Known(tuple(marks), tuple(marks.values()), tuple(context), (where,) if is_rare else (), names.get("query"))


MAX_NAMELESS: Final = 30
"""A host that calls this many addresses without a name swarms (peer to peer, games, calls): a name means nothing."""

MIN_NAMES: Final = 5
"""Names that a host must have looked up with success before a look-up that was not seen means something."""


def is_nameless(row: Row, tls: Row, http: Row, names: Row) -> bool:
    """Tell whether no name led to an address: none was sent or certified, none was looked up where that is seen."""
    if names.get("query") is not None:
        return False
    if http:
        return bool(_ADDRESS.match(http["host"] or ""))
    if tls:
        return not tls["named"] and not tls["certified"]
    if row["name"]:
        return bool(_ADDRESS.match(row["name"]))
    return bool(names.get("names", 0) >= MIN_NAMES)


def odd_certificate(tls: Row, domain: str | None) -> str:
    """Return the mark of a server's certificate that no public authority issued, else an empty text.

    It is signed by itself, or by an authority of the server's own domain (domain components in the issuer, as directory
    services write them): public authorities do neither.
    """
    issuer = tls.get("issuer") or ""
    if tls.get("self_signed"):
        return "self_signed"
    parts = re.findall(r"DC=([^,]+)", issuer, re.IGNORECASE)
    own = ".".join(parts).lower()
    if own and domain and own == domain.lower():
        return "own_authority"
    return ""


def _short(name: str | None) -> str:
    name = name or "-"
    common = re.search(r"CN=([^,]+)", name)
    return (common.group(1) if common else name)[:60]


def _is_script(http: Row) -> bool:
    """Tell whether a program that is no browser sends to at most two places, again and again."""
    is_browser = any(agent and _BROWSER.match(agent) for agent in http["agents"])
    steady = http["requests"] >= 4 and http["posts"] >= 0.8 * http["requests"] and http["places"] <= 3
    return bool(steady and not is_browser and not http["ocsp"])
