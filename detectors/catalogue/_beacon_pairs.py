"""Who calls whom, and how regularly, in windows of a day: the candidates of ``beacon`` with their scores.

A pair is a source with a host name (SNI or Host) where one was sent, else with an address: what hides behind a
content network or a proxy is one destination. Windows go back from the end of the data, the first one is cut to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pyarrow as pa

from detectors import beaconing
from detectors.addresses import unicast_sql
from detectors.alerts import MAX_FLOW_UIDS
from detectors.catalogue._ports import BY_DESIGN, quoted
from detectors.model import Params, Tables
from detectors.sql import query, rows

Row = dict[str, Any]

COLUMNS: Final = (
    *("root_uid", "ts_start", "ts_end", "src_ip", "dst_ip", "dst_port", "ip_proto", "app_proto", "server_name"),
    *("server_domain", "ja4", "src_pkts", "src_bytes_ip", "src_bytes_payload", "dst_bytes_payload"),
    *("src_home", "dst_home", "src_zone", "dst_zone"),
)
"""Columns of ``conversation`` that a beacon is judged by."""

_CALL: Final = f"""
call AS (
    SELECT * EXCLUDE (server_name), (epoch_us($end) - epoch_us(ts_start)) // $window_us AS tile,
        epoch_us(ts_start) // 1000000 AS second,
        CASE WHEN app_proto IN ('tls', 'http', 'quic') THEN lower(server_name) END AS name,
        coalesce(nullif(src_bytes_ip, 0), src_bytes_payload, 0) AS bytes
    FROM conversation
    WHERE ip_proto IN (6, 17) AND src_pkts > 0 AND src_ip <> dst_ip AND ts_start <= $end
        AND {unicast_sql("dst_ip")} AND {unicast_sql("src_ip")}
        AND (app_proto IS NULL OR app_proto NOT IN {quoted(BY_DESIGN)})
        AND NOT (coalesce(dst_home, FALSE) AND NOT coalesce(src_home, FALSE))
)"""
"""CTE: what may be a call home; calls from outside to the site are not."""

_PAIRS_SQL: Final = f"""
WITH {_CALL},
busy AS (
    SELECT src_ip, name, CASE WHEN name IS NULL THEN dst_ip END AS to_ip, tile FROM call GROUP BY ALL
    HAVING count(*) BETWEEN $min_calls AND 2 * $strobe
),
once AS (
    SELECT DISTINCT call.src_ip, call.name, to_ip, call.tile, root_uid, second, bytes
    FROM call JOIN busy ON call.src_ip = busy.src_ip AND call.tile = busy.tile
        AND call.name IS NOT DISTINCT FROM busy.name AND (busy.to_ip IS NULL OR call.dst_ip = busy.to_ip)
)
SELECT src_ip, name, to_ip, tile, list(second) AS seconds, list(bytes) AS sizes
FROM once GROUP BY ALL HAVING count(DISTINCT second) >= $min_calls AND count(*) < $strobe
ORDER BY tile, src_ip, name, to_ip
"""

_DETAIL_SQL: Final = f"""
WITH {_CALL},
held AS (
    SELECT pair.number, call.* FROM call JOIN pair ON call.src_ip = pair.src_ip AND call.tile = pair.tile
        AND call.name IS NOT DISTINCT FROM pair.name AND (pair.to_ip IS NULL OR call.dst_ip = pair.to_ip)
)
SELECT number, min(ts_start) AS first_ts, max(ts_end) AS last_ts, min(dst_ip) AS dst_ip,
    list(DISTINCT dst_ip ORDER BY dst_ip)[:20] AS dst_ips, list(DISTINCT dst_port ORDER BY dst_port)[:20] AS ports,
    min(ip_proto) AS ip_proto, list(DISTINCT app_proto ORDER BY app_proto) AS protos, min(server_domain) AS domain,
    list(DISTINCT ja4 ORDER BY ja4)[:5] AS ja4s, bool_or(coalesce(src_home, FALSE)) AS src_home,
    bool_and(coalesce(dst_home, FALSE)) AS dst_home, min(src_zone) AS src_zone, min(dst_zone) AS dst_zone,
    count(DISTINCT root_uid) FILTER (dst_bytes_payload > 0) AS answered, count(DISTINCT root_uid) AS flows,
    list_transform(min(DISTINCT {{'t': ts_start, 'u': root_uid}}, {MAX_FLOW_UIDS}), lambda x: x.u) AS uids
FROM held GROUP BY number ORDER BY number
"""


def regular_pairs(tables: Tables, params: Params) -> list[Row]:
    """Return the best window of every pair whose beacon score reaches ``min_score``, with what is known of the pair.

    Args:
        tables: ``conversation`` (COLUMNS) and ``capture_span``.
        params: ``window`` and ``min_window`` in seconds, ``min_calls``, ``min_score``, ``min_times``,
            ``strobe``.

    Returns:
        One row per pair: the key (src_ip, name, to_ip), the window, ``seconds``, sub-scores, and _DETAIL_SQL's columns.
    """
    span = tables["capture_span"].to_pylist()
    if not span:
        return []
    start, end = span[0]["ts_start"], span[0]["ts_end"]
    shared = {"end": end, "window_us": int(params["window"] * 1e6)}
    inputs = {"conversation": tables["conversation"]}
    counts = {"min_calls": int(params["min_calls"]), "strobe": int(params["strobe"])}
    pairs = query(_PAIRS_SQL, inputs, shared | counts)
    best: dict[tuple[Any, ...], Row] = {}
    for row in _scored(pairs, start.timestamp(), end.timestamp(), params):
        key = (row["src_ip"], row["name"], row["to_ip"])
        if key not in best or row["score"] > best[key]["score"]:
            best[key] = row
    found = list(best.values())
    if not found:
        return []
    number = {"number": pa.array(range(len(found)), pa.int64())}
    keys = {name: pairs.schema.field(name).type for name in ("src_ip", "name", "to_ip", "tile")}
    wanted = pa.table(number | {name: pa.array([row[name] for row in found], kind) for name, kind in keys.items()})
    detail = rows(_DETAIL_SQL, {**inputs, "pair": wanted}, shared)
    return [found[one["number"]] | one for one in detail]


def _scored(pairs: pa.Table, start: float, end: float, params: Params) -> Iterator[Row]:
    """Yield the pairs of every window that score high enough, with their sub-scores."""
    tiles = pairs["tile"].to_numpy()
    for tile in np.unique(tiles):
        until = end - float(tile) * params["window"]
        since = max(start, until - params["window"])
        if until - since < params["min_window"]:
            continue
        chosen = pairs.filter(pa.array(tiles == tile)).combine_chunks()
        yield from _window(chosen, since, until, params)


def _window(chosen: pa.Table, since: float, until: float, params: Params) -> Iterator[Row]:
    seconds, sizes = _flat(chosen["seconds"]), _flat(chosen["sizes"])
    scores = beaconing.score(seconds, sizes, since, until, 24)
    is_high = (scores.beacon >= params["min_score"]) & (scores.times >= params["min_times"])
    for n in np.flatnonzero(is_high):
        row: Row = chosen.slice(int(n), 1).select(["src_ip", "name", "to_ip", "tile"]).to_pylist()[0]
        row["seconds"] = seconds.values[seconds.offsets[n] : seconds.offsets[n + 1]]
        row["sizes"] = sizes.values[sizes.offsets[n] : sizes.offsets[n + 1]]
        row["since"], row["until"] = since, until
        row |= {name: float(getattr(scores, name)[n]) for name in ("times", "sizes_score", "duration", "histogram")}
        yield row | {"score": float(scores.beacon[n]), "bins": scores.bins[n].tolist()}


def _flat(column: pa.ChunkedArray) -> beaconing.Groups:
    lists = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    lists = lists.chunk(0) if isinstance(lists, pa.ChunkedArray) else lists
    return beaconing.groups(lists.flatten().to_numpy(zero_copy_only=False), _offsets(lists))


def _offsets(lists: pa.ListArray) -> np.ndarray[Any, Any]:
    offsets: np.ndarray[Any, Any] = lists.offsets.to_numpy()
    from_zero: np.ndarray[Any, Any] = offsets - offsets[0]
    return from_zero
