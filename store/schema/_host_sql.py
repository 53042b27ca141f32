"""SQL of ``host_day`` (``derived.py``): what each home host did on each UTC day, in some forty numbers."""

from __future__ import annotations

from typing import Final

_DAY_US: Final = 86_400_000_000
_ADMIN: Final = "(22, 23, 135, 139, 445, 3389, 5900, 5985, 5986)"
_ICS: Final = "(102, 502, 2404, 4840, 20000, 44818, 47808)"
_FAILED: Final = "(conn_state IN ('S0', 'REJ', 'RSTOS0', 'RSTRH'))"
_DAY: Final = f"epoch_us({{}}) // {_DAY_US}"

OUT: Final = {
    "out_conversations": "sum(n)",
    "out_failures": "sum(failed)",
    "out_up": "sum(up)",
    "out_down": "sum(down)",
    "out_peers": "count(DISTINCT dst_ip)",
    "out_ports": "count(DISTINCT dst_port) FILTER (dst_port < 32768)",
    "out_max_up": "max(most_up)",
    "out_longest_s": "max(longest)",
    "out_hours": "bit_count(bit_or(hours))",
    "out_night": "sum(night)",
    "out_udp": "sum(n) FILTER (ip_proto = 17)",
    "out_icmp": "sum(n) FILTER (ip_proto IN (1, 58))",
    "out_unknown": "sum(n) FILTER (app_proto IS NULL AND down > 0)",
    "ext_peers": "count(DISTINCT dst_ip) FILTER (NOT dst_home)",
    "ext_up": "sum(up) FILTER (NOT dst_home)",
    "ext_down": "sum(down) FILTER (NOT dst_home)",
    "int_peers": "count(DISTINCT dst_ip) FILTER (dst_home)",
    "int_up": "sum(up) FILTER (dst_home)",
    "int_down": "sum(down) FILTER (dst_home)",
    "admin_peers": f"count(DISTINCT dst_ip) FILTER (dst_home AND dst_port IN {_ADMIN})",
    "ics_peers": f"count(DISTINCT dst_ip) FILTER (dst_port IN {_ICS})",
    "names": "count(DISTINCT server_domain)",
    "fingerprints": "count(DISTINCT ja4)",
    "nameless_tls": "sum(n) FILTER (app_proto = 'tls' AND server_domain IS NULL AND NOT dst_home)",
    "odd_port_tls": "sum(n) FILTER (app_proto = 'tls' AND dst_port NOT IN (443, 465, 853, 993, 995, 8443))",
}
"""As originator, over the host's edges of the day."""

INTO: Final = {
    "in_conversations": "sum(n)",
    "in_failures": "sum(failed)",
    "in_peers": "count(DISTINCT src_ip)",
    "in_ports": "count(DISTINCT dst_port) FILTER (dst_port < 32768 AND down > 0)",
    "in_ext_peers": "count(DISTINCT src_ip) FILTER (NOT src_home)",
    "in_up": "sum(down)",
    "in_down": "sum(up)",
}
"""As responder; up is what the host sent."""

DNS: Final = {
    "dns_queries": "count(*)",
    "dns_names": "count(DISTINCT query)",
    "dns_domains": "count(DISTINCT domain)",
    "dns_nx": "count(*) FILTER (rcode = 3)",
    "dns_long": "count(*) FILTER (length(sub) > 40)",
    "dns_txt": "count(*) FILTER (qtype IN (10, 16))",
}
"""As client of the domain name system; NULL (10) and TXT (16) records carry data."""

TLS: Final = {
    "tls_self_signed": "count(*) FILTER (is_self_signed)",
    "tls_alerts": "count(*) FILTER (last_alert IS NOT NULL)",
}
"""As client of TLS."""

LOGIN: Final = {
    "login_attempts": "sum(attempts)",
    "login_failures": "sum(attempts) FILTER (outcome = 'negative')",
    "login_servers": "count(DISTINCT server_ip)",
    "login_users": 'count(DISTINCT "user")',
}
"""As the one who logs in."""

MEASURED: Final = {**OUT, **INTO, **DNS, **TLS, **LOGIN}
"""All columns that SQL counts, in order."""


def _part(columns: dict[str, str], source: str, ip: str, day: str) -> str:
    counted = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return f"SELECT {ip} AS ip, {day} AS day, {counted} FROM {source} GROUP BY ALL"


_ALL: Final = ", ".join(f"coalesce({name}, 0)::DOUBLE AS {name}" for name in MEASURED)

HOST_DAY_SQL: Final = f"""
WITH edge AS (
    SELECT {_DAY.format("ts_start")} AS day, src_ip, dst_ip, src_home AND src_pkts > 0 AS src_own,
        dst_home AND dst_pkts > 0 AS dst_own, src_home, dst_home, dst_port, ip_proto, app_proto, server_domain, ja4,
        count(*) AS n, sum({_FAILED}::INTEGER) AS failed, sum(src_bytes_payload) AS up, sum(dst_bytes_payload) AS down,
        max(src_bytes_payload) AS most_up, max(duration_s) AS longest,
        bit_or(1::BIGINT << (epoch_us(ts_start) // 3600000000 % 24)::INTEGER) AS hours,
        sum(CASE WHEN epoch_us(ts_start) // 3600000000 % 24 < 6 THEN src_bytes_payload + dst_bytes_payload ELSE 0 END)
            AS night
    FROM conversation WHERE src_ip IS NOT NULL AND dst_ip IS NOT NULL GROUP BY ALL
),
outgoing AS ({_part(OUT, "edge WHERE src_own", "src_ip", "day")}),
incoming AS ({_part(INTO, "edge WHERE dst_own", "dst_ip", "day")}),
dns_part AS ({_part(DNS, "dns_site WHERE sender_home AND service = 'dns'", "sender_ip", _DAY.format("ts"))}),
tls_part AS ({_part(TLS, "tls_site WHERE sender_home", "sender_ip", _DAY.format("ts"))}),
login_part AS ({_part(LOGIN, "logins", "client_ip", _DAY.format("ts"))}),
host AS (SELECT ip, day FROM outgoing UNION SELECT ip, day FROM incoming),
kind AS (
    SELECT ip, CASE WHEN sum(coalesce(in_conversations, 0)) > sum(coalesce(out_conversations, 0)) THEN 'server'
        ELSE 'client' END AS kind
    FROM host LEFT JOIN outgoing USING (ip, day) LEFT JOIN incoming USING (ip, day) GROUP BY ip
),
named AS (
    SELECT ip, coalesce(min(role), any_value(kind)) AS peer_group
    FROM kind LEFT JOIN site_role ON ip BETWEEN ip_lo AND ip_hi GROUP BY ip
)
SELECT peer_group, ip AS host_ip, make_timestamptz(day * {_DAY_US}) AS day, {_ALL}
FROM host JOIN named USING (ip) LEFT JOIN outgoing USING (ip, day) LEFT JOIN incoming USING (ip, day)
    LEFT JOIN dns_part USING (ip, day) LEFT JOIN tls_part USING (ip, day) LEFT JOIN login_part USING (ip, day)
"""
