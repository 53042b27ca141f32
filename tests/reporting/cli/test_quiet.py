"""Suppressions, roles, feedback and reference data on the command line: nothing is lost, everything is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from reporting.cli import data, feedback, suppress
from store.quiet import Opinion, Side
from store.reference.files import Kind
from store.site import RoleName

Run = Callable[..., Result]
INTRUDER = "10.20.1.147"


@pytest.fixture
def run(over: Callable[[Path], Run], own_home: Path) -> Run:
    """Return a runner over a home that may be changed."""
    return over(own_home)


def told(result: Result) -> Any:  # noqa: ANN401 - JSON
    """Return the JSON that a command printed."""
    assert result.exit_code == 0, result.stderr
    return json.loads(result.stdout)


def test_choices_are_those_of_the_store() -> None:
    """The command line offers exactly what there is."""
    assert set(suppress.ROLES) == {role.value for role in RoleName}
    assert set(suppress.SIDES) == {side.value for side in Side}
    assert set(feedback.OPINIONS) == {opinion.value for opinion in Opinion}
    assert set(data.KINDS) == {kind.value for kind in Kind}


def test_a_suppression_hides_at_once_is_counted_and_can_be_undone(run: Run) -> None:
    """Alerts leave list and incidents, their number stays, the alerts are stored unchanged, and all comes back."""
    alerts = told(run("alert", "list", "-o", "json"))
    before = told(run("incident", "list", "-o", "json"))
    rule = ("--address", INTRUDER, "--side", "actor")
    seen = told(run("suppress", "preview", *rule, "-o", "json"))
    own = [row for row in alerts if row["actor_ip"] == INTRUDER]
    assert seen["hides"] == len(own) == sum(part["alerts"] for part in seen["by"]) > 0
    assert told(run("alert", "list", "-o", "json")) == alerts
    made = run("suppress", "add", *rule, "--expires", "2030-01-01", "--reason", "a drill", "--yes")
    assert made.exit_code == 0, made.stderr
    left = run("alert", "list", "-o", "json")
    assert [row["alert_id"] for row in told(left)] == [r["alert_id"] for r in alerts if r not in own]
    assert f"{len(own)} suppressed" in left.stderr
    assert f"{len(own)} suppressed" in run("alert", "list").stdout
    assert f"{len(own)} alert(s) suppressed" in run("incident", "list").stdout
    assert not any(INTRUDER in row["actor"] for row in told(run("incident", "list", "-o", "json")))
    every = told(run("alert", "list", "--all", "-o", "json"))
    assert [row["alert_id"] for row in every] == [row["alert_id"] for row in alerts]
    assert {row["suppressed_by"] for row in every if row["actor_ip"] == INTRUDER} == {1}
    (listed,) = told(run("suppress", "list", "-o", "json"))
    assert (listed["hides"], listed["reason"], listed["is_expired"]) == (len(own), "a drill", False)
    assert run("suppress", "remove", "1", "--reason", "over").exit_code == 0
    assert told(run("alert", "list", "-o", "json")) == alerts
    assert told(run("incident", "list", "-o", "json")) == before
    assert run("audit", "verify").exit_code == 0


def test_nothing_is_hidden_unasked_or_by_mistake(run: Run) -> None:
    """Without --yes and without a terminal nothing happens; wrong conditions are told in four parts."""
    ends = ("--expires", "2030-01-01", "--reason", "x")
    unasked = run("suppress", "add", "--detector", "brute_force", *ends)
    assert (unasked.exit_code, "allowed: --yes" in unasked.stderr) == (2, True)
    for wrong, said in (
        ((), "no condition"),
        (("--detector", "brute_farce"), "brute_force"),
        (("--address", "10.20.1.147/8"), "10.20.1.147/8: no address or network"),
        (("--name", "."), "--name: empty"),
    ):
        refused = run("suppress", "add", *wrong, *ends, "--yes")
        assert (refused.exit_code, said in refused.stderr) == (2, True), refused.stderr
    assert run("suppress", "add", "--asn", 1, "--expires", "soon", "--reason", "x", "--yes").exit_code == 2
    assert "没有条件" in run("suppress", "preview", "--lang", "zh-CN").stderr
    assert run("suppress", "remove", 7).exit_code == 3
    assert told(run("suppress", "list", "-o", "json")) == []


def test_a_role_never_hides_industrial_alerts(run: Run) -> None:
    """A confirmed scanner is quiet in scans and logins; its commands to stations stay, and revoking brings all back."""
    before = told(run("alert", "list", "-o", "json"))
    confirmed = run("role", "confirm", INTRUDER, "scanner", "--reason", "said to be ours", "--expires", "2030-01-01")
    assert confirmed.exit_code == 0, confirmed.stderr
    now = [row["detector"] for row in told(run("alert", "list", "-o", "json")) if row["actor_ip"] == INTRUDER]
    assert {"ics_dangerous_function", "ics_rogue_master"} <= set(now)
    hidden = told(run("suppress", "preview", "--role", "scanner", "-o", "json"))
    assert hidden["hides"] == sum(not name.startswith("ics_") for name in now)
    states = {(r["address"], r["role"]): r["state"] for r in told(run("role", "list", "-o", "json"))}
    assert states[INTRUDER, "scanner"] == "confirmed"
    assert run("role", "revoke", INTRUDER).exit_code == 0
    assert told(run("alert", "list", "-o", "json")) == before
    assert run("role", "revoke", INTRUDER).exit_code == 3


def test_an_expired_role_quiets_nothing_later(run: Run) -> None:
    """Its last day is a day of the data: before the demo day, it never held for it."""
    before = told(run("alert", "list", "-o", "json"))
    run("role", "confirm", INTRUDER, "scanner", "--reason", "long ago", "--expires", "2020-01-01")
    assert len(told(run("alert", "list", "-o", "json"))) == len(before)


def test_the_traffic_proposes_and_nothing_follows(run: Run) -> None:
    """The demo's resolver and time server are proposed with their numbers; asking changes no alert."""
    before = told(run("alert", "list", "-o", "json"))
    rows = told(run("role", "list", "-o", "json"))
    proposed = {row["role"]: row for row in rows if row["state"] == "proposed"}
    assert {"resolver", "ntp"} <= set(proposed)
    assert "hosts" in proposed["resolver"]["reason_en"]
    assert "台主机" in proposed["resolver"]["reason_zh"]
    assert INTRUDER not in {row["address"] for row in rows}
    assert "role confirm" in run("role", "list").stdout
    assert told(run("alert", "list", "-o", "json")) == before


def test_feedback_is_shown_and_false_proposes_a_suppression(run: Run) -> None:
    """The verdict stands with the alert; the proposed command is narrow and works as printed."""
    alerts = told(run("alert", "list", "-o", "json"))
    own = next(row["alert_id"] for row in alerts if row["detector"] == "scan_vertical")
    said = told(run("alert", "feedback", own[:10], "false", "--reason", "our inventory", "-o", "json"))
    assert said["is_new"]
    shown = told(run("alert", "show", own, "-o", "json"))
    assert (shown["feedback"], shown["feedback_reason"]) == ("false", "our inventory")
    assert "false: our inventory" in run("alert", "show", own).stdout
    assert "[false]" in run("alert", "list").stdout
    command = said["next"].split(" suppress ")[1].replace("'our inventory'", "again").split(" ")
    assert run("suppress", *command, "--yes").exit_code == 0
    left = {row["alert_id"] for row in told(run("alert", "list", "-o", "json"))}
    assert {row["alert_id"] for row in alerts} - left == {own}
    assert not told(run("alert", "feedback", own, "false", "--reason", "our inventory", "-o", "json"))["is_new"]
    assert run("alert", "feedback", own, "true", "--reason", "it was not", "-o", "json").exit_code == 0
    assert told(run("alert", "show", own, "-o", "json"))["feedback"] == "true"


def test_reference_data_is_shown_and_imported(run: Run, tmp_path: Path) -> None:
    """Status names kinds, ages and what is missing; an import is audited and serves suppressions by AS."""
    rows = {row["kind"]: row for row in told(run("data", "status", "-o", "json"))}
    assert rows["asn"]["state"] == "missing"
    assert rows["suffix"]["dated"] is not None
    assert "publicsuffixlist" in run("data", "status").stdout
    assert "缺失" in run("data", "status", "--lang", "zh-CN").stdout
    table = tmp_path / "ip2asn.tsv"
    table.write_text("10.20.0.0\t10.20.255.255\t64500\tCN\tOURS\n", encoding="utf-8")
    made = told(run("data", "import", "asn", table, "-o", "json"))
    assert made["items"] == 1
    rows = {row["kind"]: row for row in told(run("data", "status", "-o", "json"))}
    assert (rows["asn"]["state"], rows["asn"]["sha256"]) == ("fresh", made["sha256"])
    assert told(run("suppress", "preview", "--asn", 64500, "-o", "json"))["hides"] > 0
    assert run("data", "import", "asn", tmp_path / "none.tsv").exit_code == 3
    bad = run("data", "import", "suffix", table)
    assert (bad.exit_code, "nothing was imported" in bad.stderr) == (1, True)
    audit = told(run("sql", "SELECT object, to_value FROM audit WHERE object LIKE 'reference%'", "-o", "json"))
    assert audit == [{"object": "reference data asn", "to_value": made["sha256"]}]
