"""Who tries few passwords on many accounts? Detector D06 of detectors.md, seen from the source.

A spray stays below every limit per account: one to four guesses each, spread over hours. The same from many sources
against one service is the detector ``guessing_distributed``.
"""

from __future__ import annotations

from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, span_s, when
from detectors.catalogue._probes import distinct_sql
from detectors.catalogue._steps import next_steps, shown
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import rows
from store.schema import Severity

_KEY: Final = "src_ip, service"

_SQL: Final = f"""
WITH login AS (
    SELECT DISTINCT client_ip AS src_ip, service, server_ip, ts AS ts_start, flow_uid, lower("user") AS account,
        outcome, attempts
    FROM logins WHERE "user" IS NOT NULL AND "user" <> '' AND outcome IN ('ok', 'negative')
),
few AS (
    SELECT {_KEY}, account FROM login WHERE outcome = 'negative' GROUP BY ALL HAVING sum(attempts) <= $max_per_account
),
large AS (SELECT {_KEY} FROM few GROUP BY ALL HAVING count(*) >= $min_accounts),
candidate AS (
    SELECT login.* FROM login SEMI JOIN large USING ({_KEY}) SEMI JOIN few USING ({_KEY}, account)
    WHERE outcome = 'negative'
),
{distinct_sql(_KEY, "account", {"accounts": "TRUE"}, "accounts >= $min_accounts")},
burst AS (
    SELECT {_KEY}, episode, from_ts, to_ts, count(DISTINCT account) AS accounts, count(*) AS tries,
        count(DISTINCT server_ip) AS hosts, min(server_ip) AS dst_ip, list_sort(list(DISTINCT account)) AS account_list,
        min(ts_start) AS start_ts, max(ts_start) AS end_ts, count(DISTINCT flow_uid) AS flows,
        list(DISTINCT flow_uid ORDER BY flow_uid)[1:199] AS uids
    FROM candidate JOIN episode USING ({_KEY}) WHERE ts_start BETWEEN from_ts AND to_ts GROUP BY ALL
)
SELECT burst.*, count(DISTINCT account) FILTER (outcome = 'ok') AS accepted,
    arg_min(account, login.ts_start) FILTER (outcome = 'ok' AND login.ts_start > start_ts) AS in_account,
    count(DISTINCT account) AS tried
FROM burst JOIN login USING ({_KEY}) WHERE login.ts_start BETWEEN start_ts AND end_ts + to_seconds($success_within)
GROUP BY ALL HAVING accounts >= $failed_share * count(DISTINCT account) ORDER BY start_ts, {_KEY}
"""

_TITLE: Final = Text("Password spray on {service} by {actor}", "{actor} 对 {service} 进行口令喷洒")
_TITLE_IN: Final = Text("Password spray on {service} by {actor} succeeded", "{actor} 对 {service} 口令喷洒得手")
_EVIDENCE: Final = Text(
    "{actor} failed {tries} {service} logins as {accounts} different accounts ({list}), at most {limit} per account, on"
    " {hosts} hosts within {seconds} s from {start} on.{success}",
    "自 {start} 起 {seconds} 秒内，{actor} 以 {accounts} 个不同账号（{list}）在 {hosts} 台主机上登录 {service} 失败"
    " {tries} 次，每个账号不超过 {limit} 次。{success}",
)
_IN: Final = Text(" {account} got in, {accepted} accounts in all.", "账号 {account} 登录成功，共 {accepted} 个账号。")
_NOT_IN: Final = Text(" No success was seen.", "未见登录成功。")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find sources that try few passwords on many accounts.

    Args:
        tables: ``logins``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (source, service) and burst.
    """
    alerts = AlertRows(DETECTOR)
    for row in rows(_SQL, {"logins": tables["logins"]}, params):
        alerts.add(_finding(row, params))
    return alerts.table()


def _finding(row: dict[str, Any], params: Params) -> Finding:
    actor, service = ip_text(row["src_ip"]), row["service"]
    came_in = row["in_account"] is not None
    success = _IN.fill(account=row["in_account"], accepted=row["accepted"]) if came_in else _NOT_IN
    said = {
        "actor": actor,
        "service": service.upper(),
        "tries": row["tries"],
        "accounts": row["accounts"],
        "list": shown(row["account_list"]),
        "limit": f"{params['max_per_account']:g}",
        "hosts": row["hosts"],
        "seconds": f"{span_s(row['start_ts'], row['end_ts']):.3g}",
        "start": when(row["start_ts"]),
    }
    return Finding(
        key=(service, actor),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=Severity.HIGH if came_in else Severity.MEDIUM,
        confidence=DETECTOR.confidence.of(row["accounts"], params["min_accounts"]),
        title=(_TITLE_IN if came_in else _TITLE).fill(actor=actor, service=service.upper()),
        evidence=Text(_EVIDENCE.en.format(success=success.en, **said), _EVIDENCE.zh.format(success=success.zh, **said)),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["src_ip"], target=row["dst_ip"] if row["hosts"] == 1 else None),
        actor=row["src_ip"],
        target=row["dst_ip"] if row["hosts"] == 1 else None,
        target_count=row["hosts"],
        attack=("T1110.003", "T1078") if came_in else DETECTOR.attack,
        succeeded=came_in,
    )


DETECTOR: Final = Detector(
    id="password_spray",
    version=1,
    title=Text("Password spray", "口令喷洒"),
    question=Text("Who tries few passwords on many accounts?", "谁在用少量口令逐个尝试大量账号？"),
    needs={
        "logins": ("flow_uid", "ts", "service", "client_ip", "server_ip", "user", "outcome", "attempts"),
    },
    partition_by={"logins": "client_ip"},
    window_s=21600,
    blind_without=("logins",),
    params={
        "window": Param(21600, "s", 60, 604800, "guesses closer than this belong together", "detectors.md D06: 6 h"),
        "gap": Param(21600, "s", 300, 604800, "a spray after a longer pause is another alert", "as the window"),
        "min_accounts": Param(
            10, "accounts", 3, 10000, "a person has one account, a desk shares few", "detectors.md D06"
        ),
        "max_per_account": Param(4, "logins", 1, 100, "more is guessing (brute_force)", "detectors.md D06: 1 to 4"),
        "failed_share": Param(
            0.5,
            "ratio",
            0.0,
            1.0,
            "of the accounts seen: a proxy or terminal server logs hundreds in and few fail",
            "own, as for scans",
        ),
        "success_within": Param(3600, "s", 60, 86400, "a login later than this is another visit", "as brute_force"),
    },
    attack=("T1110.003",),
    severity=Severity.MEDIUM,
    impact=75,
    confidence=Confidence(0.65, 0.95, 50),
    innocent=(
        Text(
            "A proxy or terminal server on a day of password changes; give it the role proxy.",
            "改口令日的代理或终端服务器：请登记为 proxy 角色。",
        ),
        Text(
            "A directory that is down refuses everybody who comes through one gateway.",
            "目录服务故障时，经同一网关的用户全部被拒。",
        ),
    ),
    next_steps=next_steps("logins"),
    source="detectors.md D06",
    run=run,
    roles_exempt=("scanner", "proxy", "nat"),
    family="access",
)
