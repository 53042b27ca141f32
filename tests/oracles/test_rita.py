"""RITA v5: every sub-score against RITA's own unit-test cases, and whole pairs against its integration test."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from detectors import beaconing as b

TOLERANCE = 0.0011
"""The published values are rounded to a thousandth."""

CASES = 138
"""Cases in the file; fewer would mean that some were not looked at."""


def _close(got: object, wanted: object) -> bool:
    return bool(np.allclose(np.asarray(got, float), np.asarray(wanted, float), atol=TOLERANCE))


def _kinds(case: dict[str, Any]) -> b.Ints:
    """Return heights from RITA's frequency table; the bars it leaves out have a height of their own each."""
    made = [int(height) for height, count in case["freqCount"].items() for _ in range(count)]
    odd = [10_000 + n for n in range(case["totalBars"] - len(made))] if made else []
    return np.asarray([(made + odd)[: case["totalBars"]]], dtype=np.int64).reshape(1, -1)


def _counts(kinds: b.Ints) -> dict[str, int]:
    heights, counts = np.unique(kinds[kinds >= 0], return_counts=True)
    return {str(h): int(n) for h, n in zip(heights, counts, strict=True)}


def _distinct(values: Sequence[float] | b.Floats) -> tuple[list[int], list[int], int, int]:
    """Return distinct whole values, their counts, and the commonest with its count, as ``details`` shows them."""
    if len(values) < 2:
        raise ValueError("fewer than two values")
    found, counts = np.unique(np.asarray(values).astype(np.int64), return_counts=True)
    return found.tolist(), counts.tolist(), int(found[counts.argmax()]), int(counts.max())


def _beacon(case: dict[str, Any]) -> bool:
    names = ("ts", "ds", "dur", "hist")
    total = b.combined(tuple(case[f"{n}Score"] for n in names), tuple(case[f"{n}Weight"] for n in names))
    return _close(total, case["expectedScore"])


def _times(case: dict[str, Any]) -> bool:
    pauses = b.intervals(b.groups(case["tsList"]))
    score, skew = b.timestamp_score(b.groups(case["tsList"])), b.bowley(pauses)
    values, counts, mode, most = _distinct(pauses.values)
    listed = (values, counts, mode, most) == tuple(
        case[f"expected{n}"] for n in ("UniqueIntervals", "UniqueIntervalCounts", "TSMode", "TSModeCount")
    )
    mad = b.deviation(pauses, 1.0)[0]
    return listed and _close((score[0], skew[0], mad[0]), [case[f"expected{n}"] for n in ("Score", "Skew", "MAD")])


def _sizes(case: dict[str, Any]) -> bool:
    held = b.groups(case["bytesList"])
    score, skew, mad = b.size_score(held), b.bowley(held), b.deviation(held, 0.0)[0]
    values, counts, mode, most = _distinct(held.values)
    names = ("UniqueSizes", "UniqueSizeCounts", "DSMode", "DSModeCount")
    listed = (values, counts, mode, most) == tuple(case[f"expected{n}"] for n in names)
    return listed and _close((score[0], skew[0], mad[0]), [case[f"expected{n}"] for n in ("Score", "Skew", "MAD")])


def _statistical(case: dict[str, Any]) -> bool:
    held, default = b.groups(case["values"]), case.get("defaultMadScore", 0)
    got = (b.statistical(held, default)[0], b.bowley(held)[0], b.deviation(held, default)[0][0])
    return _close(got, [case[f"expected{n}"] for n in ("Score", "Skew", "MAD")])


def _duration(case: dict[str, Any]) -> bool:
    got = b.duration_score(
        (case["datasetMin"], case["datasetMax"]),
        (np.asarray([case["histMin"]], float), np.asarray([case["histMax"]], float)),
        np.asarray([case["totalBars"]]),
        np.asarray([case["longestConsecutiveRun"]]),
        case.get("minHoursThreshold", 0),
        case.get("idealConsistencyHours", 0),
    )
    return _close(got, case["expectedScore"])


def _hist_score(case: dict[str, Any]) -> bool:
    held = b.histogram(b.groups(case["tsList"]), case["datasetMin"], case["datasetMax"], case.get("beaconTimeSpan", 24))
    got = b.histogram_score(held, case["minHoursForBimodalAnalysis"])[0]
    edges = b.edges(case["datasetMin"], case["datasetMax"], case.get("beaconTimeSpan", 24))
    return _shape(held, case) and _close(got, case["expectedScore"]) and _close(edges, case["expectedBinEdges"])


def _shape(held: b.Ints, case: dict[str, Any]) -> bool:
    sensitivity = case["modalSensitivity"]
    return (
        held[0].tolist() == case["expectedHistogram"]
        and _counts(b.heights(held, sensitivity)) == case["expectedFreqCount"]
        and (int(b.bars(held)[0]), int(b.longest_run(held)[0]))
        == (case["expectedTotalBars"], case["expectedLongestRun"])
    )


def _bowley(case: dict[str, Any]) -> bool:
    skew = b.bowley(b.groups(case["intervalsBetweenTimestamps"]))[0]
    return _close((skew, 1 - abs(skew)), (case["expectedSkewness"], case["expectedSkewnessScore"]))


def _deviation(case: dict[str, Any]) -> bool:
    mad, score = b.deviation(b.groups(case["inputData"]), case["defaultScore"])
    return _close((mad[0], score[0]), (case["expectedMAD"], case["expectedScore"]))


def _create(case: dict[str, Any]) -> bool:
    cuts = case["binEdges"]
    return _shape(b.histogram(b.groups(case["tsList"]), cuts[0], cuts[-1], len(cuts) - 1), case)


def _frequency(case: dict[str, Any]) -> bool:
    held = np.asarray([case["histogram"]], dtype=np.int64)
    got = _counts(b.heights(held, case["bimodalSensitivity"]))
    shape = (int(b.bars(held)[0]), int(b.longest_run(held)[0]))
    return got == case["expectedCounts"] and shape == (case["totalBars"], case["longestRun"])


def _bimodal(case: dict[str, Any]) -> bool:
    got = b.bimodal_score(_kinds(case), case["minHoursForBimodalAnalysis"], case["modalOutlierRemoval"])
    return _close(got[0], case["expectedScore"])


CHECKS: dict[str, Callable[[dict[str, Any]], bool]] = {
    "GetBeaconScore": _beacon,
    "GetTimestampScore": _times,
    "GetDataSizeScore": _sizes,
    "CalculateStatisticalScore": _statistical,
    "GetDurationScore": _duration,
    "GetHistogramScore": _hist_score,
    "CalculateBowleySkewness": _bowley,
    "CalculateDistinctCounts": lambda c: (
        _distinct(c["sortedInput"]) == tuple(c[f"expected{n}"] for n in ("Distinct", "Counts", "Mode", "MaxCount"))
    ),
    "CalculateMedianAbsoluteDeviation": _deviation,
    "ComputeHistogramBins": lambda c: _close(
        b.edges(c["startTime"], c["endTime"], c["numBins"]), c["expectedBinEdges"]
    ),
    "CalculateCoefficientOfVariationScore": lambda c: _close(
        b.variation_score(np.asarray([c["freqList"]], dtype=np.int64))[0], c["expectedScore"]
    ),
    "CalculateBimodalFitScore": _bimodal,
    "CreateHistogram": _create,
    "GetFrequencyCounts": _frequency,
}
"""RITA's functions and how ours are held against a case of each."""


def _verdict(name: str, case: dict[str, Any]) -> bool:
    wants_error = case.get("expectedError", case.get("expectError", False))
    try:
        return CHECKS[name](case) and not wants_error
    except ValueError:
        return bool(wants_error)


def test_every_case_of_ritas_unit_tests(data: Path) -> None:
    """All 138 cases of RITA's sub-scores agree within 0.001, those that must be refused are refused."""
    cases = json.loads((data / "flows/rita/formula_cases.json").read_text(encoding="utf-8"))
    verdicts = [(name, n, _verdict(name, case)) for name in cases for n, case in enumerate(cases[name])]
    assert [(name, n) for name, n, is_right in verdicts if not is_right] == []
    assert len(verdicts) == CASES


WINDOW = (1714417205.0, 1714424225.0)
"""Bounds of the internal-to-external, non-multicast connections (detectors.md, first paragraph, 7)."""

BEACON_CUTS = (50.0, 75.0, 90.0, 100.0)
"""Thresholds of the configuration that the expected scores were made with (the same place)."""


def _log(folder: Path, kind: str) -> Iterator[dict[str, str]]:
    """Yield the rows of a Zeek TSV log, all its rotations, by field name."""
    for path in sorted(folder.glob(f"{kind}.*.log.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            fields: list[str] = []
            for line in lines:
                if line.startswith("#fields"):
                    fields = line.rstrip("\n").split("\t")[1:]
                elif not line.startswith("#"):
                    yield dict(zip(fields, line.rstrip("\n").split("\t"), strict=True))


def _pair(folder: Path, wanted: dict[str, str]) -> list[dict[str, str]]:
    """Return the connections of a pair: those to an address, or those that asked a proxy for a name."""
    if not wanted["fqdn"]:
        ends = (wanted["src"], wanted["dst"])
        return [row for row in _log(folder, "conn") if (row["id.orig_h"], row["id.resp_h"]) == ends]
    asked = {
        row["uid"]
        for row in _log(folder, "http")
        if (row["method"], row["host"], row["id.orig_h"]) == ("CONNECT", wanted["fqdn"], wanted["src"])
    }
    return [row for row in _log(folder, "conn") if row["uid"] in asked and row["id.resp_h"] == wanted["proxy_ip"]]


def test_pairs_of_ritas_integration_test(data: Path) -> None:
    """Beacon and final score, connections, time and bytes of both published pairs, one of them through a proxy."""
    folder = data / "flows/rita"
    with (folder / "expected_scores.csv").open(encoding="utf-8") as file:
        expected = list(csv.DictReader(file))
    assert len(expected) == 2
    for wanted in expected:
        held = _pair(folder / wanted["dataset"], wanted)
        times = b.groups([float(row["ts"]) for row in held])
        scores = b.score(times, b.groups([float(row["orig_ip_bytes"]) for row in held]), *WINDOW, 24)
        got = float(scores.beacon[0])
        assert _close(got, wanted["beacon_score"]), wanted
        assert _close(b.bucketed(100 * got, BEACON_CUTS), wanted["final_score"]), wanted
        assert len(held) == int(wanted["count"])
        lasting = sum(float(row["duration"]) for row in held if row["duration"] != "-")
        assert lasting == pytest.approx(float(wanted["total_duration_s"]), abs=0.001)
        total = sum(int(row["orig_ip_bytes"]) + int(row["resp_ip_bytes"]) for row in held)
        assert total == int(wanted["total_bytes"])
