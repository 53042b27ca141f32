"""Scans labelled and ordinary captures as a user would and keeps what fired, per capture and detector."""

from __future__ import annotations

import csv
import hashlib
import json
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from reporting.cases.alerts import list_alerts
from reporting.scan.pipeline import ScanRequest, scan
from store.errors import TaishiError
from store.home import Home
from store.lake import Lake

HERE: Final = Path(__file__).parent
PACKAGES: Final = ("detectors", "sensor", "store", "reporting/scan", "rules")


@dataclass(frozen=True, slots=True)
class Fired:
    """What one capture made fire.

    Attributes:
        path: Capture, below the data folder.
        alerts: Detector to its alerts: severity, score, seconds from the first packet to the end of the evidence.
        incidents: Severities of the incidents.
        error: Why it could not be scanned; empty when it was.
    """

    path: str
    alerts: Mapping[str, list[dict[str, Any]]]
    incidents: list[str]
    error: str = ""


def rows(name: str) -> list[dict[str, str]]:
    """Return a table of this folder: ``scenarios.csv`` or ``harmless.csv``."""
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def fired(data: Path, path: str, cache: Path | None) -> Fired:
    """Scan one capture, or a folder of logs, in a home of its own.

    Args:
        data: Folder of the captures.
        path: Capture below it.
        cache: Folder where results are kept by content and version of the code; none when None.
    """
    held = None if cache is None else cache / f"{_key(data / path)}.json"
    if held is not None and held.is_file():
        return Fired(**json.loads(held.read_text(encoding="utf-8")))
    with tempfile.TemporaryDirectory() as folder:
        found = _scanned(data / path, path, Path(folder))
    if held is not None:
        held.parent.mkdir(parents=True, exist_ok=True)
        held.write_text(json.dumps(asdict(found)), encoding="utf-8")
    return found


def _scanned(capture: Path, path: str, folder: Path) -> Fired:
    home = Home.open(folder, create=True)
    try:
        done = scan(ScanRequest((capture,), into="evaluated"), home)
    except (TaishiError, OSError, ValueError) as error:
        return Fired(path, {}, [], str(error))
    first = done.result.totals.first
    alerts: dict[str, list[dict[str, Any]]] = {}
    for alert in list_alerts(Lake(home.lake), "evaluated"):
        alerts.setdefault(alert["detector"], []).append(
            {"severity": alert["severity"], "score": alert["score"], "text": alert["evidence_en"], "after": str(first)}
        )
    return Fired(path, alerts, [line.severity for line in done.result.incidents])


def _key(capture: Path) -> str:
    digest = hashlib.sha256(_code().encode())
    files = sorted(p for p in capture.rglob("*") if p.is_file()) if capture.is_dir() else [capture]
    for file in files:
        digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()[:32]


def _code() -> str:
    """Return a digest of the code that decides what fires."""
    root = HERE.parents[1]
    digest = hashlib.sha256()
    for package in PACKAGES:
        for file in sorted((root / package).rglob("*")):
            if file.suffix in {".py", ".csv", ".toml", ".rs"}:
                digest.update(file.read_bytes())
    return digest.hexdigest()


def all_fired(data: Path, paths: Iterable[str], cache: Path | None, say: bool = True) -> list[Fired]:
    """Scan all of them, saying where it stands on standard output."""
    found = []
    for path in paths:
        start = time.process_time()
        found.append(fired(data, path, cache))
        if say:
            names = {name: max(a["score"] for a in alerts) for name, alerts in found[-1].alerts.items()}
            print(f"{time.process_time() - start:6.1f} s  {path}  {names} {found[-1].error}", flush=True)
    return found
