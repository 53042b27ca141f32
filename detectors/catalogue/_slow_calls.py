"""When an edge was used over weeks to a year: days of the memory and conversations of the range, as one list of times.

The memory keeps per day the first and last moment, the hours, and sums. Of a day with one or two conversations that
is exact; of a busier day every further hour gives one moment, its middle.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pyarrow as pa

from detectors import beaconing
from detectors.addresses import unicast_sql
from detectors.catalogue._ports import BY_DESIGN, quoted
from detectors.model import Params, Tables
from detectors.sql import query, rows

Row = dict[str, Any]

DAY_S: Final = 86400.0

SCALES: Final = ((7, 0.25), (30, 1), (90, 1), (364, 7))
"""Windows and bins in days (detectors.md D08: 7 d/28, 30 d/30, 90 d/90, 1 y/52); windows are cut to the data."""

MIN_BINS: Final = 6
"""A window cut to fewer bins scores no duration (RITA) and is not looked at."""

CONVERSATION: Final = (
    *("root_uid", "ts_start", "src_ip", "dst_ip", "dst_port", "ip_proto", "app_proto", "server_name", "server_domain"),
    *("ja4", "src_pkts", "src_bytes_payload", "dst_bytes_payload", "src_home", "dst_home"),
)
EDGE_DAY: Final = (
    *("day", "src_ip", "dst_ip", "ip_proto", "dst_port", "first_ts", "last_ts", "conversations", "answered"),
    *("src_bytes", "hours"),
)
"""Columns that a slow beacon is judged by."""

_USED: Final = f"""
used AS (
    SELECT src_ip, dst_ip, ip_proto, dst_port, day, min(first_ts) AS first_ts, max(last_ts) AS last_ts,
        max(conversations) AS n, max(src_bytes) AS bytes, bit_or(hours) AS hours, FALSE AS here
    FROM edge_day_before WHERE ip_proto IN (6, 17) AND dst_port NOT IN (53, 67, 68, 123, 137, 138, 161, 514, 1900, 5353)
    GROUP BY ALL
    UNION ALL
    SELECT src_ip, dst_ip, ip_proto, CASE WHEN dst_port >= 32768 THEN 0 ELSE dst_port END,
        date_trunc('day', ts_start), min(ts_start), max(ts_start), count(DISTINCT root_uid), sum(DISTINCT
        src_bytes_payload), bit_or(1 << CAST(hour(ts_start) AS INTEGER)), TRUE
    FROM conversation WHERE ip_proto IN (6, 17) AND src_pkts > 0 AND src_ip <> dst_ip
        AND {unicast_sql("dst_ip")} AND {unicast_sql("src_ip")}
        AND (app_proto IS NULL OR app_proto NOT IN {quoted(BY_DESIGN)})
        AND NOT (coalesce(dst_home, FALSE) AND NOT coalesce(src_home, FALSE))
    GROUP BY ALL
)"""

_EDGES_SQL: Final = f"""
WITH {_USED},
slow AS (
    SELECT src_ip, dst_ip, ip_proto, dst_port FROM used GROUP BY ALL
    HAVING bool_or(here) AND count(DISTINCT day) >= $min_days
        AND sum(n) BETWEEN $min_calls AND $max_per_day * count(DISTINCT day)
        AND epoch(max(last_ts)) - epoch(min(first_ts)) >= $min_span
)
SELECT src_ip, dst_ip, ip_proto, dst_port, list({{'f': epoch_us(first_ts) / 1e6, 'l': epoch_us(last_ts) / 1e6, 'n': n,
    'h': hours, 'd': epoch_us(day) / 1e6, 'b': bytes / n}} ORDER BY day, here) AS days, CAST(sum(n) AS BIGINT) AS calls,
    count(DISTINCT day) AS day_count, min(first_ts) AS first_ts, max(last_ts) AS last_ts
FROM used SEMI JOIN slow USING (src_ip, dst_ip, ip_proto, dst_port) GROUP BY ALL
ORDER BY src_ip, dst_ip, ip_proto, dst_port
"""

_HERE_SQL: Final = """
SELECT number, list(DISTINCT root_uid ORDER BY root_uid)[:200] AS uids, count(DISTINCT root_uid) AS flows,
    min(lower(server_name)) FILTER (app_proto IN ('tls', 'http', 'quic')) AS name, min(server_domain) AS domain,
    list(DISTINCT app_proto ORDER BY app_proto) AS protos, list(DISTINCT ja4 ORDER BY ja4)[:5] AS ja4s,
    list(DISTINCT conversation.dst_port ORDER BY conversation.dst_port)[:20] AS ports,
    bool_and(coalesce(dst_home, FALSE)) AS dst_home,
    count(DISTINCT root_uid) FILTER (dst_bytes_payload > 0) AS answered
FROM conversation JOIN edge ON conversation.src_ip = edge.src_ip AND conversation.dst_ip = edge.dst_ip
    AND conversation.ip_proto = edge.ip_proto
    AND CASE WHEN conversation.dst_port >= 32768 THEN 0 ELSE conversation.dst_port END = edge.dst_port
GROUP BY number ORDER BY number
"""


def slow_edges(tables: Tables, params: Params) -> list[Row]:
    """Return the edges used in the range whose times over weeks or months are regular, with their best scale.

    Args:
        tables: ``conversation`` (CONVERSATION), ``edge_day_before`` (EDGE_DAY), ``capture_span`` and ``memory_span``.
        params: ``min_calls``, ``min_days``, ``max_per_day``, ``min_span``, ``min_times``, ``rare_score``.
    """
    span = tables["capture_span"].to_pylist()
    if not span:
        return []
    inputs = {"conversation": tables["conversation"], "edge_day_before": tables["edge_day_before"]}
    wanted = {name: params[name] for name in ("min_calls", "min_days", "max_per_day", "min_span")}
    edges = rows(_EDGES_SQL, inputs, wanted)
    for row in edges:
        row["times"], row["sizes"] = moments(row.pop("days"))
    memory = tables["memory_span"].to_pylist()
    end = span[0]["ts_end"].timestamp()
    _score(edges, min(row["first_ts"] for row in [*memory, {"first_ts": span[0]["ts_start"]}]).timestamp(), end, params)
    found = [row for row in edges if row["score"] >= params["rare_score"] and row["ts_score"] >= params["min_times"]]
    for row in found:
        row["quiet_h"] = quiet_hours(row["times"])
        row["rita"] = rita_day(row["times"], row["sizes"], end)
    return _with_flows(found, inputs["conversation"])


def moments(days: list[Row]) -> tuple[list[float], list[float]]:
    """Return the moments of an edge and the bytes per conversation of each, from its days."""
    times: list[float] = []
    sizes: list[float] = []
    for day in days:
        own = {day["f"]} | ({day["l"]} if day["n"] > 1 else set())
        if day["n"] > 2:
            edge_hours = {int((moment - day["d"]) // 3600) for moment in own}
            hours = [hour for hour in range(24) if day["h"] >> hour & 1 and hour not in edge_hours]
            own |= {day["d"] + 3600 * hour + 1800 for hour in hours[: int(day["n"]) - 2]}
        times += sorted(own)
        sizes += [float(day["b"] or 0)] * len(own)
    return times, sizes


def _score(edges: list[Row], history: float, end: float, params: Params) -> None:
    """Give every edge its best scale: the beacon score there, bounded by its persistence."""
    for row in edges:
        row |= {"score": 0.0, "scale": 0.0, "persistence": 0.0, "beacon": 0.0, "bins": [], "ts_score": 0.0}
    for days, width in SCALES:
        bins = int(min(days * DAY_S, end - history + 1) / (width * DAY_S) + 0.5)
        if bins < MIN_BINS:
            continue
        start = end - bins * width * DAY_S
        inside = [(row, [n for n, t in enumerate(row["times"]) if start <= t <= end]) for row in edges]
        held = [(row, kept) for row, kept in inside if _enough(row, kept, int(params["min_calls"]))]
        if held:
            scores = beaconing.score(_part(held, "times"), _part(held, "sizes"), start, end, bins)
            _keep_best(held, scores, start, bins * width)


def _enough(row: Row, kept: list[int], min_calls: int) -> bool:
    return len({int(row["times"][n]) for n in kept}) >= min_calls


def _part(held: list[tuple[Row, list[int]]], name: str) -> beaconing.Groups:
    offsets = np.cumsum([0] + [len(kept) for _, kept in held])
    return beaconing.groups([row[name][n] for row, kept in held for n in kept], offsets)


def _keep_best(held: list[tuple[Row, list[int]]], scores: beaconing.Scores, start: float, days: float) -> None:
    """Keep a scale where it is better than those before.

    Persistence is the share of the bins that are filled, of those that the calls could fill: 13 weekly calls cannot
    fill 90 days, and are as persistent as they can be when no two fall on one day.
    """
    filled = beaconing.bars(scores.bins)
    for n, (row, kept) in enumerate(held):
        persistence = float(filled[n]) / min(len(kept), scores.bins.shape[1])
        total = min(float(scores.beacon[n]), 0.5 + 0.5 * persistence)
        if total > row["score"]:
            row |= {"score": total, "beacon": float(scores.beacon[n]), "scale": days, "persistence": persistence}
            row |= {"bins": scores.bins[n].tolist(), "ts_score": float(scores.times[n]), "since": start}


def quiet_hours(times: list[float]) -> float:
    """Return the longest stretch of the day's circle without a call, in hours: people sleep, timers do not.

    It needs no time zone. A person's day leaves half of the circle empty, calls with jitter go all around it.
    """
    places = sorted(moment % DAY_S for moment in times)
    gaps = [after - before for before, after in zip(places, [*places[1:], places[0] + DAY_S], strict=True)]
    return max(gaps) / 3600


def rita_day(times: list[float], sizes: list[float], end: float) -> float | None:
    """Return RITA's own score, over the last day: None when it does not analyse the pair at all."""
    kept = [n for n, moment in enumerate(times) if end - DAY_S <= moment <= end]
    if len({int(times[n]) for n in kept}) < 5:
        return None
    part = beaconing.groups([times[n] for n in kept]), beaconing.groups([sizes[n] for n in kept])
    return float(beaconing.score(*part, end - DAY_S, end, 24).beacon[0])


def _with_flows(found: list[Row], conversation: pa.Table) -> list[Row]:
    """Return the edges with what their conversations of the range say."""
    if not found:
        return []
    kinds = {name: conversation.schema.field(name).type for name in ("src_ip", "dst_ip", "ip_proto", "dst_port")}
    columns = {name: pa.array([row[name] for row in found], kind) for name, kind in kinds.items()}
    edge = pa.table({"number": pa.array(range(len(found)), pa.int64()), **columns})
    detail = query(_HERE_SQL, {"conversation": conversation, "edge": edge}).to_pylist()
    return [found[one["number"]] | one for one in detail]
