"""Roles that the traffic suggests, each with its reason: questions to a person, never exemptions by themselves.

Whoever controls a machine controls its traffic and could write itself a role; so a proposal quiets nothing and lowers
no severity (ADR 0024). Only addresses of the site are proposed: what is harmless outside is reference data.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pyarrow as pa

from detectors._role_evidence import (
    BACKUP,
    CONTROLLER,
    MIN_CLIENTS,
    MIN_DAYS,
    MIN_NAT_CONVERSATIONS,
    MIN_POLLED,
    MONITOR,
    NAT,
    NEEDS,
    NTP,
    PROXY,
    RESOLVER,
    SCANNER,
    UPDATES,
)
from detectors.model import Confidence, Tables, Text
from detectors.sql import query

_RESERVE: Final = Text(
    "; an attacker looks the same: confirm only what you run yourselves", "；攻击者的表现相同：只确认自己部署的"
)


@dataclass(frozen=True, slots=True)
class Proposal:
    """A role that an address seems to have.

    Attributes:
        role: Name of ``rules/roles.csv``.
        address: Whose.
        since: First moment of the evidence.
        reason: What was seen, with the numbers.
        confidence: 0..1.
    """

    role: str
    address: bytes
    since: datetime
    reason: Text
    confidence: float


@dataclass(frozen=True, slots=True)
class _Question:
    """How a role is told by traffic: SQL with address, since, strength and the numbers of the sentence."""

    role: str
    sql: str
    reason: Text
    confidence: Confidence
    threshold: float


Ask = Callable[[str], pa.Table]
"""Answers SQL over the tables of ``NEEDS``."""


def propose(source: Tables | Ask) -> tuple[Proposal, ...]:
    """Return the roles that the traffic suggests, by address and role.

    Args:
        source: the tables of ``NEEDS``, or what answers SQL over them (so that no table need be held in memory).
    """
    ask = source if callable(source) else _over(source)
    found = [_proposal(one, row) for one in _QUESTIONS for row in ask(one.sql).to_pylist()]
    return tuple(sorted(found, key=lambda one: (one.address, one.role)))


def _over(tables: Tables) -> Ask:
    return lambda sql: query(sql, {name: tables[name] for name in NEEDS})


def _proposal(one: _Question, row: Mapping[str, Any]) -> Proposal:
    numbers = {name: _shown(name, value) for name, value in row.items()}
    confidence = one.confidence.of(row["strength"], one.threshold)
    return Proposal(one.role, bytes(row["address"]), row["since"], one.reason.fill(**numbers), round(confidence, 3))


def _shown(name: str, value: float) -> object:
    if name == "share":
        return f"{value:.0%}"
    return f"{value / 1e6:.0f} MB" if name == "bytes" else value


_QUESTIONS: Final = (
    _Question(
        "ntp",
        NTP,
        Text(
            "answered time requests of {hosts} hosts (stratum {stratum})",
            "应答了 {hosts} 台主机的校时请求（层级 {stratum}）",
        ),
        Confidence(0.7, 0.95, 10),
        MIN_CLIENTS,
    ),
    _Question(
        "resolver",
        RESOLVER,
        Text(
            "answered DNS questions of {hosts} hosts and itself asked {servers} servers",
            "应答了 {hosts} 台主机的 DNS 查询，自身又查询了 {servers} 台服务器",
        ),
        Confidence(0.6, 0.95, 10),
        MIN_CLIENTS,
    ),
    _Question(
        "domain_controller",
        CONTROLLER,
        Text(
            "answered Kerberos of {hosts} hosts and LDAP of {readers}",
            "应答了 {hosts} 台主机的 Kerberos 和 {readers} 台主机的 LDAP",
        ),
        Confidence(0.8, 0.95, 10),
        MIN_CLIENTS,
    ),
    _Question(
        "monitor",
        MONITOR,
        Text(
            "polled {hosts} hosts by ICMP echo or SNMP, {polls} requests over {hours} h; {share} of them answered",
            "以 ICMP 回显或 SNMP 轮询 {hosts} 台主机，{hours} 小时内 {polls} 次请求；{share} 的主机应答",
        ),
        Confidence(0.5, 0.8, 30),
        MIN_POLLED,
    ),
    _Question(
        "scanner",
        SCANNER,
        Text(
            "probed up to {hosts} hosts a day in vain, on {days} days" + _RESERVE.en,
            "有 {days} 天在探测主机而无结果，一天最多 {hosts} 台" + _RESERVE.zh,
        ),
        Confidence(0.3, 0.5, 14),
        MIN_DAYS,
    ),
    _Question(
        "proxy",
        PROXY,
        Text(
            "fetched {names} places of the web for {hosts} hosts that asked it to",
            "应 {hosts} 台主机的请求代为访问 {names} 处网站",
        ),
        Confidence(0.8, 0.95, 10),
        MIN_CLIENTS,
    ),
    _Question(
        "nat",
        NAT,
        Text(
            "{conversations} TCP conversations of {families} families of systems, {hops} or more hops behind it",
            "同一地址之后 {hops} 跳或更远处有 {families} 类系统，共 {conversations} 个 TCP 会话",
        ),
        Confidence(0.5, 0.8, 100),
        MIN_NAT_CONVERSATIONS,
    ),
    _Question(
        "backup",
        BACKUP,
        Text(
            "took in {bytes} of {hosts} hosts on {days} days, within {hours} hour(s) of the day" + _RESERVE.en,
            "{days} 天里从 {hosts} 台主机收入 {bytes}，集中在一天中的 {hours} 个小时" + _RESERVE.zh,
        ),
        Confidence(0.5, 0.8, 14),
        MIN_DAYS,
    ),
    _Question(
        "update_server",
        UPDATES,
        Text("served update clients on {hosts} hosts", "为 {hosts} 台主机的更新客户端提供服务"),
        Confidence(0.7, 0.95, 10),
        MIN_CLIENTS,
    ),
)
