"""Suricata's DNS events as records: a query and its answer are two events, and one row."""

from __future__ import annotations

from typing import Final

from sensor.intake.eve_flow import ADDRESSES, EVENT, GOOD, UID
from sensor.intake.eve_records import COMMON
from sensor.intake.recipe import Recipe

_RRNAME: Final = "coalesce(dns_rrname, json_extract_string(dns_queries, '$[0].rrname'))"
_RRTYPE: Final = "coalesce(dns_rrtype, json_extract_string(dns_queries, '$[0].rrtype'))"

RCODES: Final = (
    *("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN", "YXRRSET", "NXRRSET", "NOTAUTH"),
    "NOTZONE",
)
"""Names of response codes by number. Source: RFC 6895."""

QTYPES: Final = {
    "A": 1,
    "NS": 2,
    "CNAME": 5,
    "SOA": 6,
    "NULL": 10,
    "PTR": 12,
    "HINFO": 13,
    "MX": 15,
    "TXT": 16,
    "AAAA": 28,
    "SRV": 33,
    "NAPTR": 35,
    "DS": 43,
    "RRSIG": 46,
    "NSEC": 47,
    "DNSKEY": 48,
    "TLSA": 52,
    "SVCB": 64,
    "HTTPS": 65,
    "AXFR": 252,
    "ANY": 255,
    "CAA": 257,
}
"""Numbers of types of questions. Source: IANA DNS parameters."""

IS_ANSWER: Final = "dns_type IN ('answer', 'response')"

_RCODE_SQL: Final = "coalesce(nullif(list_position([" + ", ".join(f"'{c}'" for c in RCODES) + "], dns_rcode), 0) - 1, "
_QTYPE_SQL: Final = "CASE qtype " + " ".join(f"WHEN '{name}' THEN {number}" for name, number in QTYPES.items()) + " END"

PAIRS: Final = f"""(
    WITH said AS (
        SELECT *, {IS_ANSWER} AS is_answer, {_RRNAME} AS name, {_RRTYPE} AS qtype FROM line
    ),
    numbered AS (
        SELECT *, row_number() OVER (PARTITION BY flow_uid, dns_id, name, qtype, is_answer ORDER BY place) AS turn
        FROM said
    )
    SELECT coalesce(asked.flow_uid, told.flow_uid) AS flow_uid, micros(coalesce(asked."timestamp", told."timestamp"))
    AS begin_us, micros(told."timestamp") - micros(asked."timestamp") AS rtt_us,
    coalesce(asked.src_ip, told.src_ip) AS src_ip, coalesce(asked.dest_ip, told.dest_ip) AS dest_ip,
    coalesce(asked.dest_port, told.dest_port) AS dest_port, coalesce(asked.name, told.name) AS name,
    coalesce(asked.qtype, told.qtype) AS qtype, coalesce(asked.dns_id, told.dns_id) AS dns_id,
    told.dns_rcode AS dns_rcode, told.is_answer AS has_answer, told.dns_answers AS dns_answers,
    told.dns_aa AS dns_aa, told.dns_tc AS dns_tc, coalesce(told.dns_rd, asked.dns_rd) AS dns_rd, told.dns_ra AS dns_ra,
    coalesce(told.dns_opcode, asked.dns_opcode) AS dns_opcode, coalesce(asked.place, told.place) AS place
    FROM (FROM numbered WHERE NOT is_answer) AS asked FULL JOIN (FROM numbered WHERE is_answer) AS told
    USING (flow_uid, dns_id, name, qtype, turn)
) AS line"""
"""One row per question; the n-th answer to the same question goes with the n-th time it was asked."""

DNS: Final = Recipe(
    "dns",
    (
        *EVENT,
        *("dns.type", "dns.id", "dns.rrname", "dns.rrtype", "dns.rcode", "dns.answers", "dns.queries", "dns.aa"),
        *("dns.tc", "dns.rd", "dns.ra", "dns.opcode"),
    ),
    {
        **COMMON,
        "ts": "begin_us",
        "service": "CASE int_of(dest_port) WHEN 5353 THEN 'mdns' WHEN 5355 THEN 'llmnr' ELSE 'dns' END",
        "opcode": "int_of(dns_opcode)",
        "trans_id": "int_of(dns_id)",
        "has_query": "true",
        "has_response": "coalesce(has_answer, false)",
        "rtt_ns": "CASE WHEN rtt_us >= 0 THEN rtt_us * 1000 END",
        "query": "lower(name)",
        "qclass": "1",
        "qtype": _QTYPE_SQL,
        "qtype_name": "qtype",
        "rcode": f"{_RCODE_SQL}TRY_CAST(dns_rcode AS INTEGER))",
        "is_aa": "flag_of(dns_aa)",
        "is_tc": "flag_of(dns_tc)",
        "is_rd": "flag_of(dns_rd)",
        "is_ra": "flag_of(dns_ra)",
        "answers": "list_transform(coalesce(json_extract_string(dns_answers, '$[*].rdata'), [])[1:64], "
        "lambda a: coalesce(a, ''))",
        "ttls": "list_transform(coalesce(json_extract_string(dns_answers, '$[*].ttl'), [])[1:64], "
        "lambda t: coalesce(TRY_CAST(t AS BIGINT), 0))",
        "answer_count": "CASE WHEN has_answer THEN len(coalesce(json_extract_string(dns_answers, '$[*].rrname'), [])) "
        "END",
    },
    addresses=ADDRESSES,
    uid=UID,
    good=f"{GOOD} AND dns_type IS NOT NULL",
    source=PAIRS,
    names=True,
)
