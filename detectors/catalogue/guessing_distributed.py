"""Which service do many sources guess at, each only a little? The other half of D06 of detectors.md.

Each source stays below the limits of ``brute_force``; together they are many. Sources that also get in are the
service's own users, and when most of those who fail do get in, it is a day on which passwords changed.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, span_s, when
from detectors.catalogue._probes import distinct_sql
from detectors.catalogue._scans import hosts_text
from detectors.catalogue._steps import next_steps
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_KEY: Final = "dst_ip, dst_port, service"

_SQL: Final = f"""
WITH login AS (
    SELECT DISTINCT server_ip AS dst_ip, server_port AS dst_port, service, client_ip AS src_ip, ts AS ts_start,
        flow_uid, lower(coalesce("user", '')) AS account, outcome, attempts
    FROM logins WHERE outcome IN ('ok', 'negative')
),
source AS (
    SELECT {_KEY}, src_ip, sum(attempts) FILTER (outcome = 'negative') AS failures, bool_or(outcome = 'ok') AS got_in
    FROM login GROUP BY ALL HAVING failures > 0
),
large AS (
    SELECT {_KEY} FROM source GROUP BY ALL
    HAVING count(*) FILTER (NOT got_in) >= $min_sources AND avg(got_in::INTEGER) <= $max_got_in
        AND median(failures) FILTER (NOT got_in) <= $max_per_source
),
candidate AS (
    SELECT login.* FROM login SEMI JOIN large USING ({_KEY}) ANTI JOIN (FROM source WHERE got_in) AS user_of
        ON user_of.dst_ip = login.dst_ip AND user_of.dst_port = login.dst_port AND user_of.service = login.service
            AND user_of.src_ip = login.src_ip
    WHERE outcome = 'negative'
),
{distinct_sql(_KEY, "src_ip", {"sources": "TRUE"}, "sources >= $min_sources")}
SELECT {_KEY}, count(DISTINCT src_ip) AS sources, sum(attempts)::BIGINT AS tries, count(DISTINCT account) AS accounts,
    min(DISTINCT src_ip, 4) AS examples, min(ts_start) AS start_ts, max(ts_start) AS end_ts,
    count(DISTINCT flow_uid) AS flows, list(DISTINCT flow_uid ORDER BY flow_uid)[1:200] AS uids
FROM candidate JOIN episode USING ({_KEY}) WHERE ts_start BETWEEN from_ts AND to_ts
GROUP BY {_KEY}, episode ORDER BY start_ts, {_KEY}
"""

_TITLE: Final = Text("Distributed password guessing on {service} of {target}", "{target} 的 {service} 遭分布式口令猜测")
_EVIDENCE: Final = Text(
    "{sources} sources ({examples}) failed {tries} logins to {service} of {target}:{port} as {accounts} accounts within"
    " {seconds} s from {start} on, none of them ever with success ({each} each).",
    "自 {start} 起 {seconds} 秒内，{sources} 个来源（{examples}）以 {accounts} 个账号登录 {target}:{port} 的"
    " {service} 失败 {tries} 次（平均每个来源 {each} 次），且从未成功。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find services at which many sources guess a little each.

    Args:
        tables: ``logins``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (server, port, service) and burst.
    """
    alerts = AlertRows(DETECTOR)
    for row in rows(_SQL, {"logins": tables["logins"]}, params):
        alerts.add(_finding(row, params))
    return alerts.table()


def _finding(row: dict[str, Any], params: Params) -> Finding:
    target, service = ip_text(row["dst_ip"]), row["service"].upper()
    said = {
        "sources": row["sources"],
        "examples": hosts_text(row["examples"], 3),
        "tries": row["tries"],
        "service": service,
        "target": target,
        "port": row["dst_port"],
        "accounts": row["accounts"],
        "each": f"{row['tries'] / row['sources']:.3g}",
        "seconds": f"{span_s(row['start_ts'], row['end_ts']):.3g}",
        "start": when(row["start_ts"]),
    }
    return Finding(
        key=(row["service"], target, str(row["dst_port"])),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=Severity.MEDIUM,
        confidence=DETECTOR.confidence.of(row["sources"], params["min_sources"]),
        title=_TITLE.fill(service=service, target=target),
        evidence=_EVIDENCE.fill(**said),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(target=row["dst_ip"]),
        target=row["dst_ip"],
        target_port=row["dst_port"],
    )


DETECTOR: Final = Detector(
    id="guessing_distributed",
    version=1,
    title=Text("Distributed password guessing", "分布式口令猜测"),
    question=Text("Which service do many sources guess at, each only a little?", "哪个服务正被众多来源各猜少量口令？"),
    needs={
        "logins": (
            *("flow_uid", "ts", "service", "client_ip", "server_ip", "server_port", "user", "outcome", "attempts"),
        )
    },
    partition_by={"logins": "server_ip"},
    window_s=21600,
    blind_without=("logins",),
    params={
        "window": Param(21600, "s", 60, 604800, "failures closer than this belong together", "detectors.md D06: 6 h"),
        "gap": Param(21600, "s", 300, 604800, "guessing after a longer pause is another alert", "as the window"),
        "min_sources": Param(
            10, "hosts", 3, 10000, "so many users do not all forget their passwords", "detectors.md D06"
        ),
        "max_per_source": Param(4, "logins", 1, 100, "the median; more is brute_force", "detectors.md D06: 1 to 4"),
        "max_got_in": Param(
            0.5, "ratio", 0.0, 1.0, "of the sources that fail: on a day of new passwords most get in at last", "own"
        ),
    },
    attack=("T1110.003",),
    severity=Severity.MEDIUM,
    impact=70,
    confidence=Confidence(0.6, 0.95, 100),
    innocent=(
        Text(
            "The server, or the directory behind it, is down and refuses everybody.",
            "服务器或其目录服务故障，拒绝所有登录。",
        ),
        Text("The password of a shared account has changed.", "共享账号的口令已更改。"),
    ),
    next_steps=next_steps("logins"),
    source="detectors.md D06",
    run=run,
    family="access",
)
