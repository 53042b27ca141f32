"""What the report is made from: the JSON object of the scan, and the figures that only the report shows.

The scan's object is ``reporting.result.ScanResult.as_json()``; the keys used are named in ``NEEDED``. ``Figures`` holds
what would be too long for the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypedDict


class SeriesPoint(TypedDict):
    """What passed in one interval; ``ts`` is its start, ISO 8601 UTC. Intervals without traffic may be left out."""

    ts: str
    bytes: int
    packets: int


class Series(TypedDict):
    """Traffic over time: frame bytes and frames per interval of ``bucket_s`` seconds, in order of time."""

    bucket_s: float
    points: list[SeriesPoint]


class MatrixPeer(TypedDict):
    """One row of the matrix; ``home`` when the address is the site's own."""

    ip: str
    home: bool


class Matrix(TypedDict):
    """Who uses what: ``cells[row][column]`` = frame bytes of peer ``row`` in service ``column``, both ways."""

    peers: list[MatrixPeer]
    services: list[str]
    cells: list[list[int]]


class Run(TypedDict):
    """What made the report, so that it can be made again.

    ``counters`` are the terms of the conservation law summed over the captures (docs/architecture.md); ``written`` is
    ISO 8601 UTC.
    """

    version: str
    wire_version: str
    schema_version: int
    feature_defs_version: int
    config_hash: str
    counters: dict[str, int]
    written: str


class Figures(TypedDict):
    """Everything the report needs beside the scan's own object."""

    series: Series
    matrix: Matrix
    run: Run


NEEDED: Final[Mapping[str, tuple[str, ...]]] = {
    "result": (
        "case",
        "program",
        "severity",
        "verdict",
        "files",
        "totals",
        "home_networks",
        "blind",
        "scope",
        "not_assessed",
        "incidents",
        "incident_count",
        "talkers",
        "spoken",
        "protection",
        "told",
        "logins",
        "unreadable",
    ),
    "figures": ("series", "matrix", "run"),
    "series": ("bucket_s", "points"),
    "matrix": ("peers", "services", "cells"),
    "run": ("version", "wire_version", "schema_version", "feature_defs_version", "config_hash", "counters", "written"),
}
"""Keys that must be there, per object."""


def check(result: Mapping[str, Any], figures: Mapping[str, Any]) -> None:
    """Check that nothing the report needs is missing and that the matrix is rectangular.

    Raises:
        ValueError: with every problem, one per line.
    """
    problems = _missing("result", result) + _missing("figures", figures)
    if not problems:
        for part in ("series", "matrix", "run"):
            problems += _missing(part, figures[part])
    if not problems:
        problems += _shape(figures["matrix"]) + _bucket(figures["series"])
    if problems:
        raise ValueError("\n".join(problems))


def _missing(name: str, found: Mapping[str, Any]) -> list[str]:
    needed = NEEDED[name]
    return [
        f"report {name}: key {key!r} is missing; allowed: an object with {', '.join(needed)}; add the key"
        for key in needed
        if key not in found
    ]


def _shape(matrix: Mapping[str, Any]) -> list[str]:
    rows, columns = len(matrix["peers"]), len(matrix["services"])
    if len(matrix["cells"]) == rows and all(len(row) == columns for row in matrix["cells"]):
        return []
    return [f"report matrix: cells do not fit; allowed: {rows} rows of {columns} numbers; one row per peer"]


def _bucket(series: Mapping[str, Any]) -> list[str]:
    if series["bucket_s"] > 0:
        return []
    return [f"report series: bucket_s is {series['bucket_s']}; allowed: more than 0 seconds; correct it"]
