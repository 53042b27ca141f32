"""Login attempts as rows: those of the view ``logins``, and sessions of SSH and RDP it cannot judge, by their shape.

A failed SSH or RDP login is a short session of one to five kilobytes, and guessing makes many of nearly the same size;
a session that got in is longer.
"""

from __future__ import annotations

from typing import Final

from detectors.catalogue._probes import episodes_sql

CONVERSATION: Final = (
    "root_uid",
    "flow_uids",
    "ts_start",
    "duration_s",
    "src_ip",
    "dst_ip",
    "dst_port",
    "src_home",
    "ip_proto",
    "app_proto",
    "src_bytes_payload",
    "dst_bytes_payload",
)
LOGINS: Final = (
    *("flow_uid", "ts", "service", "client_ip", "server_ip", "server_port"),
    *("user", "outcome", "attempts", "basis"),
)

BASES: Final = ("reply", "size", "shape")
"""What tells an outcome, best first: the server's words, the sizes of its messages, the shape of the session."""

ATTEMPTS_SQL: Final = """
root AS (
    SELECT * FROM (SELECT DISTINCT unnest(flow_uids) AS flow_uid, root_uid FROM conversation)
    SEMI JOIN logins USING (flow_uid)
),
login AS (
    SELECT DISTINCT service, client_ip AS src_ip, server_ip AS dst_ip, server_port AS dst_port, ts AS ts_start,
        coalesce(root_uid, flow_uid) AS root_uid, coalesce("user", '') AS account, outcome, attempts,
        CASE basis WHEN 'reply' THEN 0 ELSE 1 END AS basis
    FROM logins LEFT JOIN root USING (flow_uid) WHERE outcome IN ('ok', 'negative')
),
shell AS (
    SELECT DISTINCT CASE WHEN app_proto = 'ssh' OR (app_proto IS NULL AND dst_port = 22) THEN 'ssh' ELSE 'rdp' END
        AS service, src_ip, dst_ip, dst_port, ts_start, root_uid, duration_s,
        src_bytes_payload + dst_bytes_payload AS size
    FROM conversation ANTI JOIN login USING (root_uid)
    WHERE ip_proto = 6 AND src_bytes_payload > 0 AND dst_bytes_payload > 0
        AND (app_proto IN ('ssh', 'rdp', 'ms-wbt-server') OR (app_proto IS NULL AND dst_port IN (22, 3389)))
),
short AS (
    SELECT * FROM shell WHERE duration_s <= $max_session_s AND size BETWEEN $min_session_bytes AND $max_session_bytes
),
shape AS (
    SELECT src_ip, service, median(size) AS middle, mad(size) AS spread FROM short GROUP BY ALL
),
near AS (
    SELECT short.*, abs(size - middle) <= $spread_share * middle AS is_near FROM short
    JOIN shape USING (src_ip, service)
),
alike AS (
    SELECT * FROM near SEMI JOIN (
        SELECT src_ip, service FROM near GROUP BY ALL HAVING avg(is_near::INTEGER) >= $alike_share
    ) AS uniform USING (src_ip, service) WHERE is_near
),
attempt AS (
    SELECT service, src_ip, dst_ip, dst_port, ts_start, root_uid, account, attempts, basis FROM login
    WHERE outcome = 'negative'
    UNION ALL
    SELECT service, src_ip, dst_ip, dst_port, ts_start, root_uid, '', 1, 2 FROM alike
),
entry AS (
    SELECT service, src_ip, dst_ip, dst_port, ts_start, root_uid, account FROM login WHERE outcome = 'ok'
    UNION ALL
    SELECT service, src_ip, dst_ip, dst_port, ts_start, root_uid, '' FROM shell JOIN shape USING (src_ip, service)
    WHERE size > greatest(middle + $spread_mads * spread, $success_bytes)
)"""
"""CTEs: ``attempt`` (failed logins) and ``entry`` (successful ones), both (service, src_ip, dst_ip, dst_port,
ts_start, root_uid, account); ``attempt`` with the number of ``attempts`` it stands for and its
``basis``, an index of BASES."""

PAIR: Final = "service, src_ip, dst_ip, dst_port"

CARRIER: Final = "coalesce((SELECT any_value(ip_proto) FROM conversation WHERE root_uid = uids[1]), 6) AS ip_proto"
"""Transport of a burst, that of its first attempt: Kerberos and SNMP come over UDP too."""

PAIRS_SQL: Final = f"""
WITH {ATTEMPTS_SQL},
candidate AS (
    SELECT attempt.* FROM attempt SEMI JOIN
        (SELECT {PAIR} FROM attempt GROUP BY ALL HAVING sum(attempts) >= $min_pair) AS large USING ({PAIR})
),
{episodes_sql(PAIR, "sum(attempts) OVER burst AS tries", "tries >= $min_pair")},
member AS (
    SELECT candidate.*, episode, to_ts,
        sum(attempts) OVER (PARTITION BY {PAIR}, episode ORDER BY candidate.ts_start, root_uid
            ROWS UNBOUNDED PRECEDING) AS number,
        epoch_us(candidate.ts_start - lag(candidate.ts_start)
            OVER (PARTITION BY {PAIR}, episode ORDER BY candidate.ts_start, root_uid)) / 1e6 AS pause_s
    FROM candidate JOIN episode USING ({PAIR}) WHERE candidate.ts_start BETWEEN from_ts AND to_ts
),
summary AS (
    SELECT {PAIR}, episode, sum(attempts)::BIGINT AS tries, min(ts_start) AS start_ts, max(ts_start) AS end_ts,
        max(basis) AS basis, min(ts_start) FILTER (number >= $min_before_success) AS armed_ts,
        count(DISTINCT account) FILTER (account <> '') AS accounts,
        list_sort(list(DISTINCT account) FILTER (account <> '')) AS account_list,
        median(pause_s) AS pause, mad(pause_s) AS pause_spread, count(DISTINCT root_uid) AS flows,
        list(root_uid ORDER BY ts_start, root_uid) AS uids
    FROM member GROUP BY ALL
),
came_in AS (
    SELECT {PAIR}, episode, min(entry.ts_start) AS success_ts, arg_min(account, entry.ts_start) AS success_account,
        arg_min(root_uid, entry.ts_start) AS success_uid
    FROM entry JOIN summary USING ({PAIR})
    WHERE entry.ts_start > armed_ts AND entry.ts_start <= end_ts + to_seconds($success_within)
        AND NOT EXISTS (FROM entry AS before WHERE before.service = entry.service AND before.src_ip = entry.src_ip
            AND before.dst_ip = entry.dst_ip AND before.dst_port = entry.dst_port AND before.ts_start < start_ts
            AND before.account = entry.account)
    GROUP BY ALL
)
SELECT summary.*, success_ts, success_account, success_uid, coalesce(is_home, FALSE) AS is_home,
    {CARRIER}
FROM summary LEFT JOIN came_in USING ({PAIR}, episode)
LEFT JOIN (SELECT src_ip, bool_or(src_home) AS is_home FROM conversation GROUP BY src_ip) USING (src_ip)
ORDER BY start_ts, {PAIR}
"""
"""One row per (service, source, target, port) and burst of failed logins, with the first success after enough of them.

A source that had got into the same account before its failures began is a forgotten password, not an intruder.
"""

SOURCE: Final = "service, src_ip"

SPREAD_SQL: Final = f"""
WITH {ATTEMPTS_SQL},
told AS (SELECT DISTINCT service, src_ip FROM pairs),
candidate AS (SELECT attempt.* FROM attempt ANTI JOIN told USING ({SOURCE})),
{
    episodes_sql(
        SOURCE,
        "sum(attempts) OVER burst AS tries",
        "tries >= CASE WHEN service = 'ftp' THEN $min_source_ftp ELSE $min_source END",
    )
}
SELECT *, {CARRIER} FROM (
    SELECT {SOURCE}, episode, sum(attempts)::BIGINT AS tries, count(DISTINCT dst_ip) AS hosts,
        min(ts_start) AS start_ts, max(ts_start) AS end_ts, max(basis) AS basis,
        count(DISTINCT account) FILTER (account <> '') AS accounts,
        list_sort(list(DISTINCT account) FILTER (account <> '')) AS account_list,
        count(DISTINCT root_uid) AS flows, list(root_uid ORDER BY ts_start, root_uid) AS uids
    FROM candidate JOIN episode USING ({SOURCE}) WHERE ts_start BETWEEN from_ts AND to_ts
    GROUP BY {SOURCE}, episode
) ORDER BY start_ts, {SOURCE}
"""
"""One row per (service, source) and burst whose failures are spread over targets, none of them enough alone."""
