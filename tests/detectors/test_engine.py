"""The engine: evidence checks, parameter errors, missing tables, exemption, hashes, buckets."""

from __future__ import annotations

from dataclasses import replace

import pyarrow as pa
import pytest

from detectors import registry
from detectors.catalogue.scan_horizontal import DETECTOR
from detectors.engine import arrow_source, assess, run_all
from store import schema
from tests.detectors.conftest import Traffic


def _sweep(traffic: Traffic, hosts: int = 25) -> None:
    for n in range(hosts):
        traffic.refused(n, "10.0.0.66", f"10.1.0.{n + 1}", 445)


def test_empty_data_gives_empty_tables(traffic: Traffic) -> None:
    """Without a single conversation every detector answers, with the declared schemas."""
    alerts, assessments = run_all(arrow_source(traffic.all_tables("edge_before")), traffic.policy())
    assert (alerts.num_rows, alerts.schema) == (0, schema.ALERT.arrow(schema.ALERT.emitted()))
    assert assessments.schema == schema.ASSESSMENT.arrow(schema.ASSESSMENT.emitted())
    assert assessments["detector"].to_pylist() == sorted(registry())


def test_too_short_is_not_assessed(traffic: Traffic) -> None:
    """A detector that needs six hours says so in both languages on fifteen minutes, and finds nothing."""
    _sweep(traffic)
    traffic.add(900, "10.0.0.1", "10.0.0.2", 80, duration_s=0.0)
    patient = replace(DETECTOR, min_history_s=21600.0)
    alerts, assessments = run_all(
        arrow_source(traffic.all_tables("edge_before")), traffic.policy(), detectors=[patient]
    )
    (row,) = assessments.to_pylist()
    assert alerts.num_rows == 0
    assert row["status"] == "not_assessed"
    assert row["reason_en"] == "not assessed: 15 min seen, 6 h needed"
    assert row["reason_zh"] == "未评估：已观测15分钟，需要6小时"
    assert (row["seen_s"], row["needed_s"]) == (900.0, 21600.0)


def test_short_mode_runs_and_is_at_most_medium(traffic: Traffic) -> None:
    """With a declared short mode the same data give a marked alert, capped at medium."""
    _sweep(traffic, 255)
    hasty = replace(DETECTOR, min_span_s=21600.0, short_mode=True)
    alerts, assessments = run_all(arrow_source(traffic.all_tables("edge_before")), traffic.policy(), detectors=[hasty])
    assert traffic.run(DETECTOR)[0]["severity"] == "high"
    assert [(row["severity"], row["short_mode"]) for row in alerts.to_pylist()] == [("medium", True)]
    assert assessments["status"].to_pylist() == ["short"]


def test_assess_boundary(traffic: Traffic) -> None:
    """Exactly the needed span is enough."""
    traffic.add(0, "10.0.0.1", "10.0.0.2", 80, duration_s=300)
    span = traffic.policy()["capture_span"]
    assert assess(replace(DETECTOR, min_span_s=300.0), span)["status"] == "assessed"
    assert assess(replace(DETECTOR, min_span_s=300.1), span)["status"] == "not_assessed"


def test_all_parameter_errors_at_once(traffic: Traffic) -> None:
    """Unknown detectors, unknown parameters and values out of range are listed together, with the nearest name."""
    override = {"scan_horizontl": {"x": 1.0}, "scan_vertical": {"min_prots": 3.0, "window": 1.0}}
    with pytest.raises(ValueError, match="unknown detector") as caught:
        run_all(arrow_source(traffic.all_tables("edge_before")), traffic.policy(), override)
    text = str(caught.value)
    assert "use 'scan_horizontal'" in text
    assert "parameter scan_vertical.min_prots: unknown parameter" in text
    assert "use 'min_ports'" in text
    assert "scan_vertical.window: 1 is out of range; allowed: 10 to 3600 s" in text


def test_override_changes_result_and_hash(traffic: Traffic) -> None:
    """A parameter changes what is found, and the configuration hash and the ids with it."""
    _sweep(traffic, 30)
    (default,) = traffic.run(DETECTOR)
    (tuned,) = traffic.run(DETECTOR, {"min_hosts": 20})
    assert default["config_hash"] != tuned["config_hash"]
    assert default["alert_id"] != tuned["alert_id"]
    assert traffic.run(DETECTOR, {"min_hosts": 31}) == []


def test_site_policy_is_part_of_the_hash(traffic: Traffic) -> None:
    """Declaring a role for somebody else changes the configuration, not the finding."""
    _sweep(traffic)
    (before,) = traffic.run(DETECTOR)
    traffic.role("10.0.0.9", "scanner")
    (after,) = traffic.run(DETECTOR)
    assert before["config_hash"] != after["config_hash"]
    assert before["evidence_en"] == after["evidence_en"]


def test_missing_table_is_not_assessed(traffic: Traffic) -> None:
    """A lake without a table leaves its detectors unassessed and the others alone."""
    _sweep(traffic)
    tables = {name: table for name, table in traffic.all_tables("edge_before").items() if name != "ics"}
    alerts, assessments = run_all(arrow_source(tables), traffic.policy())
    status = dict(zip(assessments["detector"].to_pylist(), assessments["status"].to_pylist(), strict=True))
    assert (status["ics_rogue_master"], status["scan_horizontal"]) == ("not_assessed", "assessed")
    assert alerts.num_rows == 1


@pytest.mark.parametrize("buckets", [2, 3, 16])
def test_any_number_of_buckets(traffic: Traffic, buckets: int) -> None:
    """All detectors together give the same alerts, ids included, however the data are cut."""
    for source in range(5):
        for n in range(30):
            traffic.refused(n, f"10.0.0.{source + 60}", f"10.1.0.{n + 1}", 445)
            traffic.login(n * 2 + n % 3, f"10.0.0.{source + 60}", "10.1.0.200", ok=False)
        traffic.control(500 + source, f"10.0.0.{source + 60}", f"10.2.0.{source + 1}", 105)
    source_ = arrow_source(traffic.all_tables("edge_before"))
    whole, _ = run_all(source_, traffic.policy())
    parts, _ = run_all(source_, traffic.policy(), buckets=buckets)
    assert whole.num_rows >= 15
    assert parts.equals(whole)


def test_null_keys_are_not_lost() -> None:
    """Rows without a key belong to the first bucket."""
    table = pa.table({"k": pa.array([None, b"x" * 16], pa.binary(16)), "v": [1, 2]})
    source = arrow_source({"t": table})
    seen = [v for bucket in range(3) for v in source("t", ("v",), "k", bucket, 3)["v"].to_pylist()]
    assert sorted(seen) == [1, 2]
    assert 1 in source("t", ("v",), "k", 0, 3)["v"].to_pylist()
