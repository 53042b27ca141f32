"""Correlation: what belongs together, how severe it is, what the incident says; the same in any order."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from detectors import registry
from detectors.addresses import ip_bytes
from detectors.alerts import alert_table
from detectors.attack import load_attack_map
from detectors.correlate import MAX_SENTENCES, coverage_notes, entity_scores, incidents
from detectors.engine import arrow_source, run_all
from detectors.incident import Incident
from detectors.scoring import level
from store import schema
from store.schema import Severity
from tests.detectors.conftest import Traffic, at

A, B, C = "10.0.0.66", "10.1.0.1", "10.2.0.1"


class Alerts:
    """Alerts under construction."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, second: float, detector: str, actor: str, target: str | None = None, **columns: object) -> str:
        """Add one alert of a detector with its own defaults; return its id."""
        own = registry()[detector]
        number = len(self.rows)
        row: dict[str, Any] = {
            "alert_id": f"{number:032x}",
            "detector": detector,
            "detector_version": 1,
            "config_hash": "0" * 16,
            "ts_start": at(second),
            "ts_end": at(second + 10),
            "severity": "medium",
            "confidence": 0.8,
            "score": own.impact * 0.8,
            "actor_ip": ip_bytes(actor),
            "target_ip": ip_bytes(target) if target else None,
            "target_port": None,
            "target_count": 1,
            "ip_proto": 6,
            "attack": list(own.attack),
            "short_mode": False,
            "succeeded": False,
            "title_zh": f"标题 {number}",
            "title_en": f"title {number}",
            "evidence_zh": f"证据 {number}",
            "evidence_en": f"evidence {number}",
            "flow_uids": [number.to_bytes(16, "big")],
            "flow_count": 1,
            "display_filter": "ip",
            "indicators": [],
            "context": [],
            "lost_bytes": None,
            "details": "{}",
        }
        self.rows.append(row | columns)
        return str(row["alert_id"])

    def table(self, step: int = 1) -> pa.Table:
        """Return the alerts as a table, in reverse with ``step`` -1."""
        return alert_table(self.rows[::step])

    def incidents(self) -> list[Incident]:
        """Return what correlation makes of them."""
        return incidents(self.table())


@pytest.fixture
def alerts() -> Alerts:
    """Return an empty list of alerts."""
    return Alerts()


def test_informational_alerts_make_no_incident(alerts: Alerts) -> None:
    """Any number of info alerts is silence."""
    for n in range(50):
        alerts.add(n, "ics_rogue_master", A, B, severity="info", score=4.5)
    assert alerts.incidents() == []


def test_same_actor_within_a_day(alerts: Alerts) -> None:
    """Twenty-four hours between end and start still link, a second more does not."""
    alerts.add(0, "scan_horizontal", A)
    alerts.add(10 + 86400, "brute_force", A, B)
    alerts.add(20 + 86400 + 86401, "scan_vertical", A, B)
    assert sorted(len(one.alert_ids) for one in alerts.incidents()) == [1, 2]


def test_victim_becomes_attacker(alerts: Alerts) -> None:
    """What a victim does after it was attacked belongs to the attack; what it did before does not."""
    first = alerts.add(0, "scan_horizontal", B)
    alerts.add(200000, "brute_force", A, B)
    alerts.add(200100, "scan_horizontal", B)
    found = alerts.incidents()
    assert sorted(len(one.alert_ids) for one in found) == [1, 2]
    assert next(one.alert_ids for one in found if len(one.alert_ids) == 1) == (first,)


def test_two_sources_against_one_target_are_strangers(alerts: Alerts) -> None:
    """A shared target alone links nothing."""
    alerts.add(0, "brute_force", A, B)
    alerts.add(5, "brute_force", C, B)
    assert len(alerts.incidents()) == 2


def test_shared_flow_links(alerts: Alerts) -> None:
    """Two alerts on one flow are one matter, whoever they blame."""
    alerts.add(0, "brute_force", A, B, flow_uids=[b"x" * 16])
    alerts.add(5, "scan_vertical", C, "10.2.0.9", flow_uids=[b"x" * 16])
    assert len(alerts.incidents()) == 1


def test_scan_then_break_in_then_command(alerts: Alerts) -> None:
    """Scan, guessed password and command by the same host are one critical, direct incident told as three steps."""
    alerts.add(0, "scan_horizontal", A)
    alerts.add(600, "brute_force", A, B, severity="critical", succeeded=True, attack=["T1110.001", "T1021.004"])
    alerts.add(1200, "ics_rogue_master", A, C, attack=["T0848", "T0855"])
    (one,) = alerts.incidents()
    assert (one.severity, one.direct, one.succeeded, one.progress) == (Severity.CRITICAL, True, True, 3)
    assert one.title.en == f"Intrusion in 3 steps by {A}: host sweep, password guessing, undeclared master"
    assert one.title.zh == f"{A} 分 3 步入侵：横向扫描、口令猜测、未登记主站"
    assert [text.en for text in one.evidence] == ["evidence 0", "evidence 1", "evidence 2"]
    assert (one.since, one.until) == (at(0), at(1210))
    assert one.actors == (ip_bytes(A),)
    assert one.targets == (ip_bytes(B), ip_bytes(C))
    assert [technique.order for technique in one.attack] == sorted(t.order for t in one.attack)
    assert one.commands()[0].en == f"taishi incident show {one.id}"


def test_rogue_master_alone_is_medium(alerts: Alerts) -> None:
    """A newcomer that commands stays medium, also when both industrial detectors see the command."""
    alerts.add(0, "ics_rogue_master", A, B, attack=["T0848", "T0855"])
    alerts.add(1, "ics_dangerous_function", A, B, attack=["T0855", "T0831"])
    (one,) = alerts.incidents()
    assert (one.severity, one.direct) == (Severity.MEDIUM, False)


@pytest.mark.parametrize(
    ("indicators", "severity"),
    [(("scan",), "high"), (("function",), "high"), (("scan", "function"), "critical")],
)
def test_second_indicator_makes_a_rogue_master_direct(
    alerts: Alerts, indicators: tuple[str, ...], severity: str
) -> None:
    """A scan or a function of class 95 by the same station makes high, both make critical; info masters too."""
    if "scan" in indicators:
        alerts.add(0, "scan_block", A, severity="low")
    if "function" in indicators:
        alerts.add(50, "ics_dangerous_function", A, B, severity="high", attack=["T0816"])
    alerts.add(100, "ics_rogue_master", A, B, severity="info", score=13.5)
    (one,) = alerts.incidents()
    assert (one.severity.value, one.direct) == (severity, True)


def test_command_from_a_host_that_was_taken_over(alerts: Alerts) -> None:
    """The usual master's command after its password was guessed joins the break-in."""
    alerts.add(0, "brute_force", A, B, severity="critical", succeeded=True)
    alerts.add(600, "ics_rogue_master", B, C, severity="info", score=4.5)
    alerts.add(600, "ics_rogue_master", "10.0.0.9", C, severity="info", score=4.5)
    (one,) = alerts.incidents()
    assert len(one.alert_ids) == 2
    assert one.severity is Severity.CRITICAL


def test_low_recon_and_undecided_command_is_medium(alerts: Alerts) -> None:
    """Asking a device who it is and then commanding it is one step more than either."""
    alerts.add(0, "ics_dangerous_function", A, B, severity="low", attack=["T0888"])
    alerts.add(60, "ics_rogue_master", A, B, severity="info", score=13.5)
    (one,) = alerts.incidents()
    assert (one.severity, one.progress) == (Severity.MEDIUM, 2)


def test_severity_never_exceeds_its_alerts_without_a_chain(alerts: Alerts) -> None:
    """Many low alerts of one kind stay low however high their sum."""
    for n in range(40):
        alerts.add(n, "scan_vertical", A, f"10.1.0.{n + 1}", severity="low")
    (one,) = alerts.incidents()
    assert one.severity is Severity.LOW
    assert level(one.score) is Severity.LOW
    assert len(one.evidence) == MAX_SENTENCES + 1
    assert one.evidence[-1].en == "… and 20 more alerts."


def test_order_and_duplicates_change_nothing(alerts: Alerts) -> None:
    """The same alerts in any order, or delivered twice, give equal incidents."""
    for n in range(12):
        alerts.add(n * 50, "scan_vertical", f"10.0.0.{n % 4 + 1}", f"10.0.0.{n % 5 + 3}")
    once = incidents(alerts.table())
    assert incidents(alerts.table(-1)) == once
    assert incidents(pa.concat_tables([alerts.table(), alerts.table(-1)])) == once


def test_identity_survives_growth(alerts: Alerts) -> None:
    """Later alerts change the incident, not its key and id."""
    alerts.add(0, "scan_horizontal", A)
    (before,) = alerts.incidents()
    alerts.add(600, "brute_force", A, B)
    (after,) = alerts.incidents()
    assert (before.key, before.id) == (after.key, after.id)
    assert before.alert_ids != after.alert_ids


def test_time_shift_moves_only_times(alerts: Alerts) -> None:
    """A year later the same happens with the same severity and score."""
    alerts.add(0, "scan_horizontal", A)
    alerts.add(600, "brute_force", A, B)
    (now,) = alerts.incidents()
    for row in alerts.rows:
        row["ts_start"] += timedelta(days=365)
        row["ts_end"] += timedelta(days=365)
    (later,) = alerts.incidents()
    assert (now.severity, now.score, now.title) == (later.severity, later.score, later.title)


def test_foreign_detector_counts_by_its_columns(alerts: Alerts) -> None:
    """Alerts of a detector that is not installed still make an incident."""
    alerts.add(0, "scan_horizontal", A)
    alerts.rows[0]["detector"] = "of_tomorrow"
    (one,) = alerts.incidents()
    assert one.what.en == "of_tomorrow"


def test_entity_scores(alerts: Alerts) -> None:
    """Actor and target have scores; a dispatch asset weighs more than an ordinary one."""
    alerts.add(0, "brute_force", A, B)
    attack_map = load_attack_map()
    plain = entity_scores(alerts.table(), attack_map)
    assert set(plain) == {ip_bytes(A), ip_bytes(B)}
    raised = entity_scores(alerts.table(), attack_map, {ip_bytes(B): "dispatch"})
    assert raised[ip_bytes(B)] > plain[ip_bytes(B)]
    assert raised[ip_bytes(A)] == plain[ip_bytes(A)]


def test_coverage_notes() -> None:
    """What was not judged is said in both languages, by the detector's title; an unknown one by its id."""
    row = {"detector": "d", "status": "short", "reason_zh": "短", "reason_en": "short", "seen_s": 1.0, "needed_s": 2.0}
    fine = row | {"detector": "e", "status": "assessed"}
    table = pa.Table.from_pylist([fine, row], schema=schema.ASSESSMENT.arrow(schema.ASSESSMENT.emitted()))
    assert [(text.en, text.zh) for text in coverage_notes(table)] == [("d: short", "d：短")]
    named = pa.Table.from_pylist([row | {"detector": "scan_block"}], schema=table.schema)
    title = registry()["scan_block"].title
    assert [(text.en, text.zh) for text in coverage_notes(named)] == [(f"{title.en}: short", f"{title.zh}：短")]


def test_from_traffic_to_incident(traffic: Traffic) -> None:
    """A day in a substation: sweep, guessed password, breaker command, beside a quiet master; one critical incident."""
    master, station = "10.0.0.44", "10.0.0.138"
    traffic.add(0, master, station, 2404, duration_s=3600)
    for n in range(180):
        traffic.control(n * 20, master, station, 100, is_command=False)
    traffic.control(900, master, station, 45)
    for n in range(30):
        traffic.unanswered(1800 + n, A, f"10.9.0.{n + 1}", 22)
    for n in range(12):
        traffic.login(2000 + n * 3 + n % 2, A, "10.0.0.7", ok=False, user="operator")
    traffic.login(2050, A, "10.0.0.7", ok=True, user="operator")
    traffic.add(2399, A, station, 2404)
    traffic.control(2400, A, station, 45)
    names = ("scan_horizontal", "brute_force", "ics_rogue_master", "ics_dangerous_function")
    chosen = [registry()[name] for name in names]
    source = arrow_source(traffic.all_tables("edge_before"))
    alerts, assessments = run_all(source, traffic.policy(), detectors=chosen)
    (one,) = incidents(alerts, assessments)
    assert one.severity is Severity.CRITICAL
    assert one.actors == (ip_bytes(A),)
    assert one.progress >= 2
    assert one.coverage == ()
