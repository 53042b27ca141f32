"""Runs detectors over tables: evidence checks, parameters, buckets, role exemptions, and the configuration's hash.

Event time only: nothing here or in a detector reads a clock. The result does not depend on the order of the rows, of
the detectors, or on the number of buckets.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from detectors import registry
from detectors.addresses import in_ranges
from detectors.alerts import alert_table, empty_alerts, stamp
from detectors.derive import POLICY
from detectors.model import Detector, Tables, effective_params, is_role_proof, nearest
from detectors.models import load_model
from detectors.rulefiles import RULES_DIR, load_rules
from detectors.sql import query
from store import schema


class _NoTableError(Exception):
    """A table that a detector needs does not exist; the text is its name."""


class TableSource(Protocol):
    """Gives the engine its tables, whole or in buckets."""

    def __call__(self, name: str, columns: tuple[str, ...], key: str, bucket: int, buckets: int) -> pa.Table:
        """Return the rows of a table whose ``key`` column falls into a bucket.

        Args:
            name: a table of store.schema, or ``conversation``.
            columns: columns wanted, in this order.
            key: column that decides the bucket; NULL keys belong to bucket 0.
            bucket: 0 to ``buckets`` - 1.
            buckets: number of buckets; any function of the key's value alone may spread them.

        Raises:
            KeyError: there is no such table; its detectors are then not assessed.
        """


class HostSource(Protocol):
    """Gives the engine who was heard, as far as a detector can ask for it in one bucket."""

    def __call__(self, detector: Detector, bucket: int, buckets: int) -> pa.Table:
        """Return HOST_SEEN rows: at least those of every address in the detector's tables of that bucket."""


def arrow_source(tables: Tables) -> TableSource:
    """Return a source over tables in memory."""

    def source(name: str, columns: tuple[str, ...], key: str, bucket: int, buckets: int) -> pa.Table:
        table = tables[name]
        if buckets == 1:
            return table.select(list(columns))
        part = f"CASE WHEN {key} IS NULL THEN 0 ELSE hash({key}) % $buckets END"
        sql = f"SELECT {', '.join(columns)} FROM t WHERE {part} = $bucket"
        return query(sql, {"t": table}, {"bucket": bucket, "buckets": buckets})

    return source


def run_all(
    tables_for: TableSource,
    policy_tables: Tables,
    params_override: Mapping[str, Mapping[str, float]] | None = None,
    *,
    detectors: Iterable[Detector] | None = None,
    rules_dir: Path = RULES_DIR,
    buckets: int | Callable[[Detector], int] = 1,
    hosts_for: HostSource | None = None,
    is_strict: bool = True,
) -> tuple[pa.Table, pa.Table]:
    """Run detectors and say which of them could not judge.

    Args:
        tables_for: source of the detectors' tables.
        policy_tables: tables of ``detectors.derive.POLICY``; a missing one counts as empty.
        params_override: detector id to parameter name to value.
        detectors: which; all of the catalogue when None.
        rules_dir: where rule tables lie.
        buckets: into how many parts the data is cut by partition key, or how many for a detector; more parts need less
            memory.
        hosts_for: source of ``host_seen``; the policy table, whole, when None.
        is_strict: a detector that fails ends the run; otherwise it is "not assessed" with the error, and the others go
            on: one mistake of ours must not blind a site.

    Returns:
        ALERT, sorted by detector, time and id; and ASSESSMENT, one row per detector, sorted by id.

    Raises:
        ValueError: unknown detectors or parameters, values out of range, or exemptions by role where none may be; all
            are listed.
        RuleFileError: a rule table cannot be used.
    """
    chosen = {detector.id: detector for detector in (registry().values() if detectors is None else detectors)}
    params = _all_params(chosen, params_override or {})
    policy = {name: policy_tables.get(name, form.empty_table()) for name, form in POLICY.items()}
    alerts, assessments = [empty_alerts()], []
    for name, detector in sorted(chosen.items()):
        assessment = assess(detector, policy["capture_span"], policy["memory_span"])
        if assessment["status"] != "not_assessed":
            rules = {f"rules/{rule}": _rule_table(rule, rules_dir) for rule in detector.rules}
            rules |= {f"model/{model}": load_model(model, rules_dir) for model in detector.models}
            try:
                parts = buckets if isinstance(buckets, int) else buckets(detector)
                found, has_data = _run(detector, tables_for, policy | rules, params[name], parts, hosts_for)
            except _NoTableError as error:
                assessment = _not_there(detector, str(error))
            except Exception as error:
                if is_strict:
                    raise
                assessment |= _failed(error)
            else:
                if not has_data:
                    assessment |= _no_data(detector)
                digest = config_hash(detector, params[name], policy, rules)
                alerts.append(stamp(found, digest, short_mode=assessment["status"] == "short"))
        assessments.append(assessment)
    return pa.concat_tables(alerts), pa.Table.from_pylist(
        assessments, schema=schema.ASSESSMENT.arrow(schema.ASSESSMENT.emitted())
    )


def assess(detector: Detector, span: pa.Table, memory: pa.Table | None = None) -> dict[str, Any]:
    """Return the ASSESSMENT row of a detector on data of this span (CAPTURE_SPAN).

    History reaches back to the first moment of the memory (MEMORY_SPAN); without one it is the span itself.
    """
    seen = float(span["span_s"][0].as_py()) if span.num_rows else 0.0
    if detector.min_history_s and span.num_rows and memory is not None and memory.num_rows:
        back = (span["ts_end"][0].as_py() - memory["first_ts"][0].as_py()).total_seconds()
        seen = max(seen, back)
    needed = max(detector.min_span_s, detector.min_history_s)
    row = {"detector": detector.id, "status": "assessed", "reason_zh": "", "reason_en": "", "seen_s": seen}
    if seen < needed:
        row["status"] = "short" if detector.short_mode else "not_assessed"
        start = ("judged on little data", "数据不足，仅作初判") if detector.short_mode else ("not assessed", "未评估")
        row["reason_en"] = f"{start[0]}: {_duration(seen)} seen, {_duration(needed)} needed"
        row["reason_zh"] = f"{start[1]}：已观测{_duration(seen, zh=True)}，需要{_duration(needed, zh=True)}"
    return row | {"needed_s": needed}


def config_hash(detector: Detector, params: Mapping[str, float], policy: Tables, rules: Tables) -> str:
    """Return 16 hex digits that change with the detector's version, parameters, site policy, rules or reference data.

    What merely follows from the data (span, hosts seen) is not configuration.
    """
    site: dict[str, object] = {name: _canonical(policy[name]) for name in ("site_role", "site_master")}
    reference = policy.get("reference_age")
    if reference is not None and reference.num_rows:
        site["reference"] = _canonical(reference.select(["kind", "source", "dated"]))
    rows = {name: _digest(table) for name, table in sorted(rules.items())}
    content = json.dumps([detector.id, detector.version, dict(params), site, rows], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _all_params(
    chosen: Mapping[str, Detector], override: Mapping[str, Mapping[str, float]]
) -> dict[str, dict[str, float]]:
    problems = []
    for name in sorted(set(override) - set(chosen)):
        close = nearest(name, chosen)
        hint = f"use {close!r}" if close else "remove it"
        problems.append(f"parameters: unknown detector {name!r}; allowed: {', '.join(sorted(chosen))}; {hint}")
    params = {}
    for name, detector in chosen.items():
        if detector.roles_exempt and is_role_proof(detector.family or detector.id):
            said = f"detector {name}: family {detector.family or name!r} declares roles_exempt"
            problems.append(f"{said}; allowed: none, no role quiets industrial and zone detectors; remove it")
        try:
            params[name] = effective_params(detector, override.get(name, {}))
        except ValueError as error:
            problems.append(str(error))
    if problems:
        raise ValueError("\n".join(problems))
    return params


def _run(
    detector: Detector,
    tables_for: TableSource,
    shared: Tables,
    params: Mapping[str, float],
    buckets: int,
    hosts_for: HostSource | None,
) -> tuple[pa.Table, bool]:
    """Return the alerts, and whether any table of ``blind_without`` had a row."""
    parts, has_data = [empty_alerts()], not detector.blind_without
    for bucket in range(buckets):
        own = {name: _fetch(detector, tables_for, name, bucket, buckets) for name in detector.needs}
        has_data |= any(own[name].num_rows for name in detector.blind_without)
        if not any(table.num_rows for table in own.values()):
            continue  # nothing in, nothing out: most captures speak few of the protocols
        hosts = {} if hosts_for is None else {"host_seen": hosts_for(detector, bucket, buckets)}
        parts.append(detector.run({**shared, **hosts, **own}, params))
    return _without_exempt(pa.concat_tables(parts), detector.roles_exempt, shared["site_role"]), has_data


def _fetch(detector: Detector, tables_for: TableSource, name: str, bucket: int, buckets: int) -> pa.Table:
    try:
        return tables_for(name, detector.needs[name], detector.partition_by[name], bucket, buckets)
    except KeyError as error:
        raise _NoTableError(name) from error


def _without_exempt(alerts: pa.Table, roles: tuple[str, ...], site_role: pa.Table) -> pa.Table:
    """Return the alerts whose actor has none of ``roles`` in the site policy."""
    ranges = [(row["ip_lo"], row["ip_hi"]) for row in site_role.to_pylist() if row["role"] in roles]
    if not ranges:
        return alerts
    return alert_table(
        row for row in alerts.to_pylist() if row["actor_ip"] is None or not in_ranges(row["actor_ip"], ranges)
    )


def _no_data(detector: Detector) -> dict[str, Any]:
    names = ", ".join(name.removesuffix(schema.SITE_SUFFIX) for name in detector.blind_without)
    return {
        "status": "no_data",
        "reason_en": f"nothing to judge: no rows of {names} (not spoken, or not tapped)",
        "reason_zh": f"无可研判：没有 {names} 的记录（未出现，或未被监听）",
    }


def _failed(error: Exception) -> dict[str, Any]:
    told = f"{type(error).__name__}: {error}"[:300]
    return {
        "status": "not_assessed",
        "reason_en": f"failed, which is a mistake of ours; please report it: {told}",
        "reason_zh": f"检测器出错，属本程序缺陷，请反馈：{told}",
    }


def _not_there(detector: Detector, table: str) -> dict[str, Any]:
    return {
        "detector": detector.id,
        "status": "not_assessed",
        "reason_en": f"not assessed: there is no table {table!r}",
        "reason_zh": f"未评估：没有数据表 {table!r}",
        "seen_s": 0.0,
        "needed_s": max(detector.min_span_s, detector.min_history_s),
    }


_TABLES: dict[tuple[str, int, int], pa.Table] = {}
"""Rule tables by path, time and size: some forty detectors ask for a dozen files in every run."""

_DIGESTS: dict[int, tuple[pa.Table, str]] = {}
"""Digests of those tables, each with its table, so that no other object can take its place."""


def _rule_table(name: str, rules_dir: Path) -> pa.Table:
    try:
        state = (rules_dir / name).stat()
    except OSError:
        return load_rules(name, rules_dir)  # which says what is wrong
    key = (str(rules_dir / name), state.st_mtime_ns, state.st_size)
    if key not in _TABLES:
        _TABLES[key] = load_rules(name, rules_dir)
    return _TABLES[key]


def _digest(table: pa.Table) -> str:
    held = _DIGESTS.get(id(table))
    if held is None or held[0] is not table:
        held = (table, hashlib.sha256(json.dumps(_canonical(table)).encode()).hexdigest())
        if any(table is known for known in _TABLES.values()):
            _DIGESTS[id(table)] = held
    return held[1]


def _canonical(table: pa.Table) -> list[str]:
    def text(value: object) -> str:
        return value.hex() if isinstance(value, bytes) else str(value)

    return sorted(json.dumps({name: text(value) for name, value in row.items()}) for row in table.to_pylist())


def _duration(seconds: float, *, zh: bool = False) -> str:
    """Return a duration as people say it: 15 min, 6 h, 2 d."""
    units = ((86400, "d", "天"), (3600, "h", "小时"), (60, "min", "分钟"))
    for size, en, chinese in units:
        if seconds >= size:
            return f"{seconds / size:.3g}{'' if zh else ' '}{chinese if zh else en}"
    return f"{seconds:.3g}{'秒' if zh else ' s'}"
