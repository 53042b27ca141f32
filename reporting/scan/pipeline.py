"""One scan from files to result."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from detectors.incident import Incident
from reporting.result import IncidentLine, ScanResult, Text
from reporting.scan.captures import FileProgress, Intake
from reporting.scan.case_tables import READER_MEMORY, READER_THREADS
from reporting.scan.home_networks import infer, with_kept_home, with_roles
from reporting.scan.inputs import take_in_all
from reporting.scan.knowledge import Knowledge, judge
from reporting.scan.summary import SCOPE, Summary, iso_time, not_assessed, summarise
from reporting.scan.telling import address_text, plots_of, story_object
from store.casebook import Casebook
from store.home import Home
from store.lake import Lake
from store.memory import Memory
from store.site import SitePolicy, load_site
from store.site_secret import site_secret

INCIDENTS_SHOWN: Final = 5
"""Incidents on the screen, the most severe first (1 … 20): an analyst-day's budget (detectors.md section 7)."""

_SEVERITIES: Final = ("critical", "high", "medium", "low", "info")


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What is asked for.

    Attributes:
        files: Captures, logs of other tools, and folders with such logs.
        into: Case that they join; a case of their own when None.
        home_nets: Home networks in place of those of the policy; kept with the case.
        forgets_home_nets: Home networks that the case keeps are dropped first.
        options: Options of the meter.
        program: How a next command starts, e.g. ``taishi --home DIR``.
    """

    files: tuple[Path, ...]
    into: str | None = None
    home_nets: tuple[str, ...] = ()
    forgets_home_nets: bool = False
    options: Mapping[str, object] = field(default_factory=dict)
    program: str = "taishi"

    def command(self) -> str:
        """Return the command for the audit."""
        words = ["scan", *(str(path) for path in self.files)]
        words += ["--into", self.into] if self.into else []
        words += [word for net in self.home_nets for word in ("--home-net", net)]
        words += ["--forget-home-net"] if self.forgets_home_nets else []
        return " ".join(shlex.quote(word) for word in words)


@dataclass(frozen=True, slots=True)
class Scanned:
    """The result and what a report needs besides."""

    result: ScanResult
    policy: SitePolicy
    counters: Mapping[str, int]
    config_hash: str
    actors: tuple[str, ...]


def scan(request: ScanRequest, home: Home, progress: FileProgress | None = None) -> Scanned:
    """Meter, judge, keep and summarise.

    Raises:
        TaishiError: the site policy is wrong, no file could be opened, or the disk refuses.
        ValueError: a home network of the request is none.
    """
    policy = load_site(home.site)
    given = policy.with_home(request.home_nets) if request.home_nets else None
    lake = Lake(home.lake)
    key = site_secret(home)
    case, intake = take_in_all(request.files, lake, request.into, request.options, progress, secret_key=key)
    casebook = Casebook(home.casebook)
    try:
        if given is not None or request.forgets_home_nets:
            own = () if given is None else tuple(str(network.network) for network in given.home)
            casebook.keep_home_networks(case, own, request.command())
        policy = infer(lake, case, with_roles(given or with_kept_home(policy, casebook, case), casebook))
        knowledge = judge(lake, case, policy, casebook, request.command())
    finally:
        casebook.close()
    with lake.reader(case, policy, memory_limit=READER_MEMORY, threads=READER_THREADS) as reader:
        summary = summarise(reader, policy, intake.files, intake.counters)
        Memory(home.memory, case).update(lake, policy, reader.connection)
    home.set_last_case(case)
    result = _result(request, case, intake, knowledge, summary)
    actors = tuple(dict.fromkeys(ip for _, one in knowledge.incidents for ip in _addresses(one)))
    return Scanned(result, policy, intake.counters, knowledge.config_hash, actors)


def _result(request: ScanRequest, case: str, intake: Intake, knowledge: Knowledge, summary: Summary) -> ScanResult:
    rows = knowledge.alerts.select(["alert_id", "severity"]).to_pylist()
    alerts = Counter(str(row["severity"]) for row in rows if row["alert_id"] not in knowledge.hidden)
    lines = tuple(_line(number, one, knowledge, request.program) for number, one in knowledge.incidents)
    severity = lines[0].severity if lines else None
    result = ScanResult(
        case=case,
        program=request.program,
        severity=severity,
        verdict=Text("", ""),
        files=intake.files,
        totals=summary.totals,
        home_networks=summary.home_networks,
        blind=summary.blind,
        scope=SCOPE,
        not_assessed=not_assessed(knowledge.assessments.to_pylist()),
        incidents=lines[:INCIDENTS_SHOWN],
        incident_count=len(lines),
        alerts={name: alerts[name] for name in _SEVERITIES if alerts[name]},
        talkers=summary.talkers,
        spoken=summary.spoken,
        unreadable=summary.unreadable,
        protection=summary.protection,
        told=summary.told,
        logins=summary.logins,
        suppressed=len(knowledge.hidden),
    )
    return replace(result, verdict=verdict(result, lines))


def verdict(result: ScanResult, lines: Sequence[IncidentLine]) -> Text:
    """Return the one sentence that answers: is there something to do, and how far does the answer reach."""
    if not result.totals.conversations:
        if any(file.problem for file in result.files):
            return Text("Nothing could be read: no verdict.", "什么都没能读出：无法判断。")
        return Text("The capture holds no traffic: no verdict.", "抓包中没有流量：无法判断。")
    partial = f" {result.suppressed} alert(s) suppressed by rule." if result.suppressed else ""
    partial_zh = f"另有 {result.suppressed} 条告警被规则抑制。" if result.suppressed else ""
    if result.blind or result.not_assessed:
        partial += " Not everything could be seen: read below what."
        partial_zh += "并非全部可见：见下文。"
    if not lines:
        infos = result.alerts.get("info", 0)
        noted = f" {infos} observation(s) for information." if infos else ""
        noted_zh = f"有 {infos} 条仅供参考的观察。" if infos else ""
        return Text(f"No incident found.{noted}{partial}", f"未发现事件。{noted_zh}{partial_zh}")
    counts = Counter(line.severity for line in lines)
    named = ", ".join(f"{counts[name]} {name}" for name in _SEVERITIES if counts[name])
    words = {"critical": "严重", "high": "高危", "medium": "中危", "low": "低危", "info": "提示"}
    named_zh = "、".join(f"{words[name]} {counts[name]} 起" for name in _SEVERITIES if counts[name])
    top = lines[0]
    return Text(
        f"{len(lines)} incident(s): {named}. Worst: {top.title.en}.{partial}",
        f"发现 {len(lines)} 起事件：{named_zh}。最重：{top.title.zh}。{partial_zh}",
    )


def _addresses(one: Incident) -> list[str]:
    return [address_text(address) for address in (*one.actors, *one.targets)][:12]


def _line(number: str, one: Incident, knowledge: Knowledge, program: str) -> IncidentLine:
    own = set(one.alert_ids)
    rows = [row for row in knowledge.alerts.to_pylist() if row["alert_id"] in own]
    # The screen shows a few sentences: the gravest first, each kind of behaviour once before any kind twice.
    rows.sort(key=lambda row: (_SEVERITIES.index(row["severity"]), -row["score"], row["ts_start"], row["alert_id"]))
    seen: Counter[str] = Counter()
    turns: list[tuple[int, int, dict[str, Any]]] = []
    for row in rows:
        turns.append((seen[row["detector"]], len(turns), row))
        seen[row["detector"]] += 1
    rows = [row for _, _, row in sorted(turns, key=lambda turn: turn[:2])]
    joined = " || ".join(dict.fromkeys(f"({row['display_filter']})" for row in rows[:3] if row["display_filter"]))
    return IncidentLine(
        incident_id=number,
        severity=one.severity.value,
        score=one.score,
        title=Text(one.title.en, one.title.zh),
        who=one.who.en,
        what=Text(one.what.en, one.what.zh),
        first=iso_time(int(one.since.timestamp() * 1_000_000)),
        last=iso_time(int(one.until.timestamp() * 1_000_000)),
        evidence=tuple(dict.fromkeys(Text(row["evidence_en"], row["evidence_zh"]) for row in rows)),
        innocent=tuple(Text(text.en, text.zh) for text in one.innocent),
        alerts=len(one.alert_ids),
        display_filter=joined,
        next=(f"{program} incident show {number}", f"{program} packets {number} -w {number}.pcap"),
        story=story_object(one.story),
        plots=plots_of(rows),
    )
