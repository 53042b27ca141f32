"""Who tries to get past Netlogon's authentication without a key? Zerologon (CVE-2020-1472), of D24 of detectors.md.

One try in 256 succeeds when the cipher runs on zeros, so an attacker simply repeats. A machine authenticates once after
it starts, and a few times more when its password is stale. A password set afterwards by the same source is the breach.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from detectors.alerts import AlertRows, Finding
from detectors.catalogue import _rpc as rpc
from detectors.catalogue._rpc_texts import NEXT
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

_TITLE: Final = Text(
    "Netlogon of {target} tried without a key by {actor}", "{actor} 试图绕过 {target} 的 Netlogon 认证"
)
_TITLE_SET: Final = Text(
    "Machine password set on {target} by {actor} after Netlogon was bypassed",
    "{actor} 绕过 {target} 的 Netlogon 认证并重置机器账号口令",
)
_EVIDENCE: Final = Text(
    "{actor} asked {target} for Netlogon authentication {tries} times within {seconds} s from {start} on;"
    " a machine asks once or twice.{outcome}",
    "{actor} 自 {start} 起 {seconds} 秒内向 {target} 发起 Netlogon 认证 {tries} 次；正常机器只需一两次。{outcome}",
)
_SET: Final = Text(" It then set a machine account's password.", "随后重置了机器账号的口令。")
_NOT_SET: Final = Text(" No password was set.", "未见口令被重置。")


def run(tables: Tables, params: Params) -> pa.Table:
    """Find sources that authenticate to Netlogon again and again.

    Args:
        tables: ``dce_rpc``, ``edge_before`` and the rules.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per source, target and episode.
    """
    alerts = AlertRows(DETECTOR)
    for one in rpc.episodes(tables, rpc.calls(tables, "netlogon_auth", "netlogon_password"), params["gap"]):
        if len(one.of("netlogon_auth")) >= params["min_tries"]:
            alerts.add(_finding(one, params))
    return alerts.table()


def _finding(one: rpc.Episode, params: Params) -> Finding:
    tries = one.of("netlogon_auth")
    enough = tries[int(params["min_tries"]) - 1]["ts"]
    is_set = any(call["ts"] >= enough for call in one.of("netlogon_password"))
    outcome = _SET if is_set else _NOT_SET
    said = {"tries": len(tries), "seconds": "{seconds}", "actor": "{actor}", "target": "{target}", "start": "{start}"}
    return rpc.finding(
        [one],
        severity=Severity.CRITICAL if is_set else Severity.HIGH,
        confidence=DETECTOR.confidence.of(len(tries), params["min_tries"]),
        title=_TITLE_SET if is_set else _TITLE,
        evidence=Text(_EVIDENCE.en.format(outcome=outcome.en, **said), _EVIDENCE.zh.format(outcome=outcome.zh, **said)),
        attack=DETECTOR.attack,
        succeeded=is_set,
    )


DETECTOR: Final = Detector(
    id="netlogon_bypass",
    version=1,
    title=Text("Netlogon tried without a key", "绕过 Netlogon 认证"),
    question=Text("Who tries to get past Netlogon without a key?", "谁试图绕过 Netlogon 认证？"),
    needs=rpc.NEEDS,
    partition_by=rpc.PARTITION,
    params={
        "gap": Param(300, "s", 10, 86400, "the tool repeats many times a second", "Corelight zerologon: 5 min"),
        "min_tries": Param(
            10,
            "tries",
            3,
            2000,
            "a machine needs one or two; the exploit 256 on average, 21 when lucky",
            "CVE-2020-1472",
        ),
    },
    attack=("T1210",),
    severity=Severity.HIGH,
    impact=95,
    confidence=Confidence(0.8, 0.97, 100),
    innocent=(
        Text(
            "A machine whose trust with the domain is broken and that tries again and again: rejoin it.",
            "与域的信任关系损坏、不断重试的机器：请重新加域。",
        ),
    ),
    next_steps=NEXT,
    source="detectors.md D24; CVE-2020-1472; MS-NRPC 3.5.4.4",
    run=run,
    roles_exempt=("scanner",),
    rules=rpc.RULES,
    family="lateral",
    blind_without=("dce_rpc",),
)
