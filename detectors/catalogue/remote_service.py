"""Who creates a service on another machine? The PsExec way of D24 of detectors.md.

A service runs any program as SYSTEM. Administration creates services and leaves them; tools of intruders (PsExec,
smbexec, Impacket, Cobalt Strike) create one, start it and delete it within seconds.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.alerts import Finding
from detectors.catalogue import _rpc as rpc
from detectors.catalogue._rpc_texts import ADMINISTRATION, CREDENTIALED_SCAN, NEXT
from detectors.model import Confidence, Detector, Params, Tables, Text
from store.schema import Severity

_TITLE: Final = Text("Service created on {target} by {actor}", "{actor} 在 {target} 上创建服务")
_TITLE_RUN: Final = Text("Program run as a service on {target} by {actor}", "{actor} 以服务方式在 {target} 上执行程序")
_EVIDENCE: Final = Text(
    "{actor} created {created} service(s) on {target} through the service control manager at {start}, started {started}"
    " and deleted {deleted} within {seconds} s ({operations}).",
    "{actor} 于 {start} 经服务控制管理器在 {target} 上创建 {created} 个服务，{seconds} 秒内启动 {started} 个、"
    "删除 {deleted} 个（{operations}）。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find services created from another machine, and what became of them within the pause of ``gap``.

    Args:
        tables: ``dce_rpc``, ``edge_before`` and the rules.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source, target and episode.
    """
    found = rpc.calls(tables, "service", "service_start", "service_delete")
    own = [one for one in rpc.episodes(tables, found, params["gap"]) if one.of("service")]
    return rpc.alerts(
        DETECTOR,
        own,
        int(params["max_alerts"]),
        one=lambda one: _finding([one], params, None),
        rest=lambda others, where: _finding(others, params, where),
    )


def _is_run(one: rpc.Episode) -> bool:
    """Tell whether the service was removed again: it was there to run once."""
    return bool(one.of("service_delete"))


def _finding(found: list[rpc.Episode], params: Params, where: Text | None) -> Finding:
    ran = any(map(_is_run, found))
    usual = Severity.HIGH if ran else Severity.MEDIUM
    counts = {
        name: sum(len(one.of(kind)) for one in found)
        for name, kind in (("created", "service"), ("started", "service_start"), ("deleted", "service_delete"))
    }
    return rpc.finding(
        found,
        severity=rpc.severity(found, usual, params["known_days"]),
        confidence=DETECTOR.confidence.at_saturation if ran else DETECTOR.confidence.at_threshold,
        title=_TITLE_RUN if ran else _TITLE,
        evidence=_EVIDENCE,
        attack=DETECTOR.attack,
        where=where,
        succeeded=ran,
        **counts,
    )


DETECTOR: Final = Detector(
    id="remote_service",
    version=1,
    title=Text("Service created from another machine", "远程创建服务"),
    question=Text("Who creates a service on another machine?", "谁在别的机器上创建服务？"),
    needs=rpc.NEEDS,
    partition_by=rpc.PARTITION,
    params={"gap": rpc.GAP, "known_days": rpc.KNOWN_DAYS, "max_alerts": rpc.MAX_ALERTS},
    attack=("T1569.002", "T1543.003", "T1021.002"),
    severity=Severity.HIGH,
    impact=75,
    confidence=Confidence(0.65, 0.9, 2),
    innocent=(ADMINISTRATION, CREDENTIALED_SCAN),
    next_steps=NEXT,
    source="detectors.md D24; mitre-attack/bzar; MS-SCMR",
    run=run,
    roles_exempt=rpc.ADMIN_ROLES,
    rules=rpc.RULES,
    family="lateral",
    blind_without=("dce_rpc",),
)
