"""Who guesses passwords, and did it work? Detector D05 of detectors.md.

Failed logins are counted from what the parsers of all protocols say of them (the view ``logins``), and by session shape
where these cannot say (SSH, RDP, on any port). A success after failures turns attempts into an intrusion.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import pyarrow as pa

from detectors.addresses import ip_text
from detectors.alerts import AlertRows, Finding, display_filter, span_s, when
from detectors.catalogue._logins import BASES, CONVERSATION, LOGINS, PAIRS_SQL, SPREAD_SQL
from detectors.catalogue._probes import GAP
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from detectors.sql import query, rows
from store.schema import Severity

_STEADY_SHARE: Final = 0.05
"""Pauses whose median deviation is below a twentieth of their median are a timer, no guesser (own; cron is exact)."""

_STEADY_PAUSE_S: Final = 20.0
"""Timers of jobs run in tens of seconds or more; tools guess faster (own, from shared bruteforce captures)."""

_TITLE: Final = Text("Password guessing on {service} of {target} by {actor}", "{actor} 猜测 {target} 的 {service} 口令")
_TITLE_IN: Final = Text(
    "Password guessing on {service} of {target} by {actor} succeeded", "{actor} 猜中 {target} 的 {service} 口令并登录"
)
_TITLE_STEADY: Final = Text(
    "Login to {service} of {target} by {actor} fails at a fixed period",
    "{actor} 按固定周期登录 {target} 的 {service} 失败",
)
_TITLE_SPREAD: Final = Text(
    "Password guessing on {service} of {hosts} hosts by {actor}", "{actor} 猜测 {hosts} 台主机的 {service} 口令"
)
_EVIDENCE: Final = Text(
    "{tries} failed {service} logins from {actor} to {where} within {seconds} s from {start} on ({rate} per minute;"
    " {basis}).{accounts}{success}",
    "自 {start} 起 {seconds} 秒内，{actor} 对 {where} 的 {service} 登录失败 {tries} 次（每分钟 {rate} 次；"
    "{basis}）。{accounts}{success}",
)
_SIDEWAYS: Final = {"rdp": "T1021.001", "smb": "T1021.002", "ssh": "T1021.004", "vnc": "T1021.005"}
"""Techniques of moving from host to host by a service (ATT&CK v18, T1021)."""

_BASIS: Final = {
    "reply": Text("the server's replies say so", "依据服务器应答"),
    "size": Text("told by the sizes of the server's answers", "依据服务器应答的长度"),
    "shape": Text("short sessions of nearly equal size", "依据会话时长与大小相近"),
}
_ACCOUNTS: Final = Text(" Accounts tried ({count}): {list}.", "尝试账号 {count} 个：{list}。")
_IN: Final = Text(" Login succeeded at {moment}{account}.", "{moment} 登录成功{account}。")
_NOT_IN: Final = Text(" No success was seen.", "未见登录成功。")
_STEADY: Final = Text(
    " One attempt every {pause} s: an expired password of a job is likelier than an attacker.",
    "每 {pause} 秒一次：更像任务口令过期，而非攻击。",
)


def run(tables: Tables, params: Params) -> pa.Table:
    """Find sources that fail to log in again and again, and those that then get in.

    Args:
        tables: ``conversation`` (CONVERSATION) and ``logins`` (LOGINS).
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per (source, target, port, service) and burst, and one per (source, service) for guesses that
        are spread over targets.
    """
    inputs = {"conversation": tables["conversation"], "logins": tables["logins"]}
    shared = {name: value for name, value in params.items() if name not in _PAIR_ONLY | _SPREAD_ONLY}
    pair_params = shared | {name: params[name] for name in _PAIR_ONLY}
    spread_params = shared | {name: params[name] for name in _SPREAD_ONLY}
    pairs = query(PAIRS_SQL, inputs, pair_params)
    alerts = AlertRows(DETECTOR)
    for row in pairs.to_pylist():
        alerts.add(_pair(row, params))
    for row in rows(SPREAD_SQL, {**inputs, "pairs": pairs}, spread_params):
        alerts.add(_spread(row, params))
    return alerts.table()


_PAIR_ONLY: Final = frozenset({"min_pair", "min_before_success", "success_within"})
_SPREAD_ONLY: Final = frozenset({"min_source", "min_source_ftp"})


def _is_steady(row: dict[str, Any]) -> bool:
    """Tell whether one account fails at the fixed period of a timer and never gets in."""
    pause, spread = row["pause"], row["pause_spread"]
    single = row["accounts"] <= 1 and row["success_ts"] is None
    return bool(single and pause and pause >= _STEADY_PAUSE_S and spread <= _STEADY_SHARE * pause)


def _severity(row: dict[str, Any]) -> Severity:
    """Guessing is medium; getting in doubles it, to critical where the server's reply proves it; a timer is low."""
    if row["success_ts"] is not None:
        return Severity.CRITICAL if BASES[row["basis"]] == "reply" else Severity.HIGH
    return Severity.LOW if _is_steady(row) else Severity.MEDIUM


def _pair(row: dict[str, Any], params: Params) -> Finding:
    actor, target, service = ip_text(row["src_ip"]), ip_text(row["dst_ip"]), row["service"]
    came_in = row["success_ts"] is not None
    steady = _is_steady(row)
    title = _TITLE_IN if came_in else _TITLE_STEADY if steady else _TITLE
    confidence = DETECTOR.confidence.of(row["tries"], params["min_pair"])
    return Finding(
        key=(service, actor, target, str(row["dst_port"])),
        ts_start=row["start_ts"],
        ts_end=max(row["end_ts"], row["success_ts"] or row["end_ts"]),
        severity=_severity(row),
        confidence=confidence * (0.5 if steady else 1.0),
        title=title.fill(service=service.upper(), target=target, actor=actor),
        evidence=_evidence(row, where=f"{target}:{row['dst_port']}", tail=_outcome(row, steady=steady)),
        flow_uids=([row["success_uid"]] if came_in else []) + row["uids"],
        flow_count=row["flows"] + int(came_in and row["success_uid"] not in row["uids"]),
        display_filter=display_filter(
            actor=row["src_ip"], target=row["dst_ip"], ip_proto=row["ip_proto"], target_port=row["dst_port"]
        ),
        actor=row["src_ip"],
        target=row["dst_ip"],
        target_port=row["dst_port"],
        ip_proto=row["ip_proto"],
        attack=_techniques(row) if came_in else DETECTOR.attack,
        succeeded=came_in,
    )


def _techniques(row: dict[str, Any]) -> tuple[str, ...]:
    """Getting in is a valid account; from inside the site it is also a step sideways."""
    sideways = _SIDEWAYS.get(row["service"]) if row["is_home"] else None
    return ("T1110.001", "T1078", *((sideways,) if sideways else ()))


def _spread(row: dict[str, Any], params: Params) -> Finding:
    actor, service = ip_text(row["src_ip"]), row["service"]
    threshold = params["min_source_ftp" if service == "ftp" else "min_source"]
    where = Text(f"{row['hosts']} hosts", f"{row['hosts']} 台主机")
    return Finding(
        key=(service, actor, "spread"),
        ts_start=row["start_ts"],
        ts_end=row["end_ts"],
        severity=Severity.MEDIUM,
        confidence=DETECTOR.confidence.at_threshold if row["tries"] < 2 * threshold else 0.8,
        title=_TITLE_SPREAD.fill(service=service.upper(), hosts=row["hosts"], actor=actor),
        evidence=_evidence(row, where=where, tail=_NOT_IN),
        flow_uids=row["uids"],
        flow_count=row["flows"],
        display_filter=display_filter(actor=row["src_ip"], ip_proto=row["ip_proto"]),
        actor=row["src_ip"],
        target_count=row["hosts"],
        ip_proto=row["ip_proto"],
        attack=("T1110.001", "T1110.003"),
    )


def _evidence(row: dict[str, Any], *, where: str | Text, tail: Text) -> Text:
    place = Text(where, where) if isinstance(where, str) else where
    basis = _BASIS[BASES[row["basis"]]]
    accounts = _accounts(row["account_list"] or ())
    seconds = span_s(row["start_ts"], row["end_ts"])
    said = {
        "tries": row["tries"],
        "service": row["service"].upper(),
        "actor": ip_text(row["src_ip"]),
        "seconds": f"{seconds:.3g}",
        "start": when(row["start_ts"]),
        "rate": f"{60 * (row['tries'] - 1) / seconds:.3g}",
    }
    return Text(
        _EVIDENCE.en.format(where=place.en, basis=basis.en, accounts=accounts.en, success=tail.en, **said),
        _EVIDENCE.zh.format(where=place.zh, basis=basis.zh, accounts=accounts.zh, success=tail.zh, **said),
    )


def _accounts(names: Sequence[str]) -> Text:
    if not names:
        return Text("", "")
    shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
    return Text(_ACCOUNTS.en.format(count=len(names), list=shown), _ACCOUNTS.zh.format(count=len(names), list=shown))


def _outcome(row: dict[str, Any], *, steady: bool) -> Text:
    if row["success_ts"] is None:
        return _STEADY.fill(pause=f"{row['pause']:.3g}") if steady else _NOT_IN
    account = row["success_account"]
    moment = when(row["success_ts"])
    return Text(
        _IN.en.format(moment=moment, account=f" as {account}" if account else ""),
        _IN.zh.format(moment=moment, account=f"，账号 {account}" if account else ""),
    )


DETECTOR: Final = Detector(
    id="brute_force",
    version=2,
    title=Text("Password guessing", "口令猜测"),
    question=Text("Who guesses passwords, and did it work?", "谁在猜测口令，是否得手？"),
    needs={"conversation": CONVERSATION, "logins": LOGINS},
    partition_by={"conversation": "src_ip", "logins": "client_ip"},
    window_s=1800,
    params={
        "window": Param(
            1800, "s", 60, 86400, "guesses closer than this add up", "Zeek detect-bruteforcing.zeek: 30 min"
        ),
        "gap": GAP,
        "min_pair": Param(
            9, "logins", 3, 1000, "people give up or ask for help before", "Slips brute_force_detector: 9"
        ),
        "min_source": Param(
            30, "logins", 3, 10000, "spread over targets, each below min_pair", "Zeek ssh/detect-bruteforcing: 30"
        ),
        "min_source_ftp": Param(20, "logins", 3, 10000, "as min_source, for FTP", "Zeek ftp/detect-bruteforcing: 20"),
        "min_before_success": Param(
            5, "logins", 1, 1000, "a success after fewer failures is a typing error", "detectors.md D05"
        ),
        "success_within": Param(
            3600, "s", 60, 86400, "a success later than this is another visit", "detectors.md D05: 1 h"
        ),
        "max_session_s": Param(
            60,
            "s",
            1,
            600,
            "tools take seconds, a person typing three passwords half a minute; sshd cuts at 120 s",
            "sshd_config(5) LoginGraceTime; detectors.md D05 (5 s) widened by the typed guesses of Zeek's ssh.pcap",
        ),
        "min_session_bytes": Param(1000, "B", 0, 1e6, "less is a refused connection, not a login", "detectors.md D05"),
        "max_session_bytes": Param(5000, "B", 0, 1e7, "more is a session that did something", "detectors.md D05"),
        "success_bytes": Param(4290, "B", 0, 1e7, "an SSH session beyond this got in", "Slips: SSH success by size"),
        "spread_mads": Param(
            6, "MAD", 1, 100, "a success is larger than failures by this", "detectors.md D05: median + 6 MAD"
        ),
        "alike_share": Param(
            0.6,
            "ratio",
            0.0,
            1.0,
            "of a source's short sessions; a person's sizes are spread over the whole range, a tool's are one heap",
            "own; 0.97 and more in the shared SSH and RDP guessing captures",
        ),
        "spread_share": Param(
            0.2,
            "ratio",
            0.0,
            1.0,
            "two or three passwords per session and padding change the size by a fifth",
            "own; 3740 to 4156 B in Zeek's ssh.pcap",
        ),
    },
    attack=("T1110.001",),
    severity=Severity.MEDIUM,
    impact=75,
    confidence=Confidence(0.6, 0.95, 30),
    innocent=(
        Text(
            "A job or service with an expired password keeps trying; ask its owner.",
            "任务或服务的口令已过期仍在重试；请询问负责人。",
        ),
        Text(
            "Short automatic SSH sessions (monitoring, backup, CI) look alike; give the host the role monitor.",
            "自动化的短 SSH 会话（监控、备份、CI）外形相似；请登记为 monitor 角色。",
        ),
        Text("An authorised password audit.", "经授权的口令审计。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi packets {incident} -w logins.pcap", "taishi packets {incident} -w logins.pcap"),
    ),
    source="detectors.md D05; Zeek ssh and ftp detect-bruteforcing; Slips docs/brute_force_detector.md",
    run=run,
    roles_exempt=("scanner", "monitor"),
    family="access",
)
