"""What could the taps not see? Detector D48 of detectors.md.

Its alerts are about coverage: they say why the silence of the other detectors is no proof. Only one of them speaks of
an attack: a tap that falls silent while its neighbours do not. Drops counted by a capture card are not known here;
what the traffic itself tells (acknowledged bytes that never came, one direction only) is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import pyarrow as pa

from detectors.alerts import AlertRows, Finding, when
from detectors.catalogue import _blind_texts as texts
from detectors.catalogue._counters import counter_findings
from detectors.catalogue._taps import COLUMNS, MINUTE_US, Silence, Tap, busy_share, moment, taps_of
from detectors.model import Confidence, Detector, Param, Params, Tables, Text
from store.schema import Severity

_DAY_S: Final = 86400.0


def run(tables: Tables, params: Params) -> pa.Table:
    """Find what the taps could not see.

    Args:
        tables: ``tap_minute``, ``sensor_counter`` and the policy table ``capture_span``.
        params: see ``DETECTOR.params``.

    Returns:
        ALERT, one row per tap and kind of blindness; a tap silent alone has one for each time.
    """
    alerts = AlertRows(DETECTOR)
    known = taps_of(tables["tap_minute"])
    taps = [tap for tap in known if tap.part == "tap"]
    for tap in taps:
        others = [other for other in taps if other.sensor != tap.sensor]
        for finding in (*_silences(tap, others, params), *_quality(tap, params), *_encrypted(tap, params)):
            alerts.add(finding)
    for part in known:
        carrier = next((tap for tap in taps if tap.sensor == part.sensor), None)
        if part.part != "tap" and carrier is not None:
            for finding in _gone(part, carrier, params):
                alerts.add(finding)
    for finding in counter_findings(tables["sensor_counter"], tables["capture_span"], params):
        alerts.add(finding)
    return alerts.table()


def _label(tap: Tap) -> Text:
    return Text(f"tap {tap.sensor}", f"探针 {tap.sensor}")


def _finding(
    kind: str,
    tap: Tap,
    text: Text,
    severity: Severity,
    start: int,
    end: int,
    confidence: float,
    said: dict[str, Any],
    *,
    what: Text | None = None,
    attack: tuple[str, ...] = (),
) -> Finding:
    label, title = _label(tap), texts.TITLES[kind]
    en = {**said, "tap": label.en, "what": what.en if what else ""}
    zh = {**said, "tap": label.zh, "what": what.zh if what else ""}
    return Finding(
        key=(kind, tap.sensor, tap.name),
        ts_start=moment(start),
        ts_end=moment(end),
        severity=severity,
        confidence=confidence,
        title=Text(title.en.format(**en), title.zh.format(**zh)),
        evidence=Text(text.en.format(**en), text.zh.format(**zh)),
        flow_uids=(),
        flow_count=0,
        display_filter="",
        attack=attack,
        details={"kind": kind, "sensor": tap.sensor, "name": tap.name, **said},
    )


def _silences(tap: Tap, others: Sequence[Tap], params: Params) -> Iterator[Finding]:
    """Yield the times at which a tap was silent: alone (each), or unusually long (all in one)."""
    found = tap.silences()
    end = max((other.end for other in others), default=tap.end)
    found += [Silence(tap.end, end)] if end > tap.end else []
    long = [one for one in found if one.seconds > params["silence"]]
    if not long or len(tap.slot) < params["min_minutes"]:
        return
    active, base = tap.active_minutes(), int(tap.slot[0] // MINUTE_US)
    usual = max((one.seconds for one in tap.silences() if one.seconds <= params["silence"]), default=0.0)
    rest: list[tuple[Silence, bool]] = []
    for one in long:
        at = one.start // MINUTE_US
        before = active[max(0, at - base - 60) : at - base]
        share = float(before.mean()) if len(before) >= params["min_minutes"] else 0.0
        near = [(other, _share(other, one)) for other in others if _overlap(other, one)]
        going = [(other, busy) for other, busy in near if busy >= params["busy"]]
        # A sample that ended is not a tap that fell silent; one that had run for a day is.
        has_back = one.start < tap.end or tap.span_s >= _DAY_S
        if share >= params["busy"] and going and one.seconds >= params["alone"] and has_back:
            yield _alone(tap, one, share, going)
            continue
        by_habit, weeks = busy_share(active, base, int(at))
        is_habit = weeks >= 2 and by_habit >= params["habit"]
        if is_habit or (
            share >= params["busy"] and one.seconds >= params["longer"] * max(usual, params["silence"] / 6)
        ):
            rest.append((one, is_habit))
    if rest:
        yield _silent(tap, rest, usual)


def _overlap(other: Tap, one: Silence) -> bool:
    """Tell whether a neighbour was there an hour before a silence and after its start."""
    return bool(other.start <= one.start - 3600 * 1_000_000 and other.end > one.start)


def _share(other: Tap, one: Silence) -> float:
    """Return in which share of the minutes of a silence a neighbour was active."""
    active, base = other.active_minutes(), int(other.slot[0] // MINUTE_US)
    part = active[max(0, one.start // MINUTE_US + 1 - base) : max(1, one.end // MINUTE_US - base)]
    return float(part.mean()) if part.size else 0.0


def _alone(tap: Tap, one: Silence, share: float, going: Sequence[tuple[Tap, float]]) -> Finding:
    names = ", ".join(sorted(other.sensor for other, _ in going))
    said = {
        "minutes": f"{one.seconds / 60:.3g}",
        "start": when(moment(one.start)),
        "end": when(moment(one.end)),
        "others": names,
        "active": f"{100 * min(busy for _, busy in going):.0f}",
        "before": f"{100 * share:.0f}",
    }
    confidence = DETECTOR.confidence.of(one.seconds, DETECTOR.params["alone"].default)
    attack = ("T1562.006", "T0815")
    return _finding(
        "silent_alone", tap, texts.SILENT_ALONE, Severity.MEDIUM, one.start, one.end, confidence, said, attack=attack
    )


def _silent(tap: Tap, found: Sequence[tuple[Silence, bool]], usual: float) -> Finding:
    longest = max((one for one, _ in found), key=lambda one: (one.seconds, -one.start))
    said = {
        "count": len(found),
        "minutes": f"{longest.seconds / 60:.3g}",
        "start": when(moment(longest.start)),
        "end": when(moment(longest.end)),
        "usual": f"{usual:.3g}",
        "silences": [[when(moment(one.start)), when(moment(one.end))] for one, _ in found[:50]],
    }
    severity = Severity.LOW if any(by_habit for _, by_habit in found) else Severity.INFO
    return _finding("silent", tap, texts.SILENT, severity, found[0][0].start, found[-1][0].end, 0.8, said)


def _quality(tap: Tap, params: Params) -> Iterator[Finding]:
    """Yield what the conversations of a tap say of its own sight."""
    is_running = tap.span_s >= _DAY_S and tap.total("conversations") >= params["running"]
    count, one_sided = tap.total("with_data"), tap.total("one_sided")
    if count >= params["min_conversations"] and one_sided / count >= params["one_sided"]:
        said = {"share": f"{100 * one_sided / count:.0f}", "count": f"{count:.0f}"}
        grave = Severity.LOW if is_running and one_sided / count >= 0.5 else Severity.INFO
        yield _finding("one_sided", tap, texts.ONE_SIDED, grave, tap.start, tap.end, 0.9, said)
    gap, carried = tap.total("gap_bytes"), tap.total("tcp_bytes")
    share = gap / (gap + carried) if gap + carried else 0.0
    if gap + carried >= params["min_bytes"] and share >= params["gaps_warn"]:
        said = {"share": f"{100 * share:.3g}", "gap": f"{gap:.0f}", "all": f"{gap + carried:.0f}"}
        grave = Severity.LOW if is_running and share >= params["gaps_bad"] else Severity.INFO
        yield _finding("gaps", tap, texts.GAPS, grave, tap.start, tap.end, 0.9, said)
    steps = tap.sums["clock_steps"]
    if steps.any():
        first = int(tap.first[np.flatnonzero(steps)[0]])
        said = {"count": f"{steps.sum():.0f}", "start": when(moment(first))}
        yield _finding("clock", tap, texts.CLOCK, Severity.INFO, first, tap.end, 0.9, said)


def _encrypted(tap: Tap, params: Params) -> Iterator[Finding]:
    """Yield when content became much rarer between the first and the last week."""
    week_us = 7 * 24 * 3600 * 1_000_000
    if tap.end - tap.start < 2 * week_us:
        return
    shares = []
    for part in (tap.first < tap.start + week_us, tap.first >= tap.end - week_us):
        total = tap.sums["payload_bytes"][part].sum()
        shares.append(float(tap.sums["encrypted_bytes"][part].sum() / total) if total else 0.0)
    if shares[1] - shares[0] >= params["encrypted"]:
        said = {"before": f"{100 * shares[0]:.0f}", "after": f"{100 * shares[1]:.0f}"}
        yield _finding("encrypted", tap, texts.ENCRYPTED, Severity.INFO, tap.start, tap.end, 0.7, said)


def _gone(part: Tap, carrier: Tap, params: Params) -> Iterator[Finding]:
    """Yield a VLAN or zone that was there hour by hour and is no more, while its tap goes on."""
    hours_after = (carrier.end - part.end) / 3.6e9
    hours = np.unique(part.slot // (60 * MINUTE_US))
    share = len(hours) / max(1.0, (part.end - part.start) / 3.6e9)
    longest = float(np.diff(hours).max(initial=1))
    if len(hours) < params["gone_hours"] or share < params["busy"] or hours_after < max(6.0, 10 * longest):
        return
    said = {
        "first": when(moment(part.start)),
        "last": when(moment(part.end)),
        "share": f"{100 * min(1.0, share):.0f}",
        "hours": f"{hours_after:.0f}",
    }
    what = Text(f"{part.part} {part.name}", f"{'VLAN' if part.part == 'vlan' else '区域'} {part.name}")
    grave = Severity.LOW if part.end - part.start >= 14 * _DAY_S * 1e6 else Severity.INFO
    yield _finding("gone", part, texts.GONE, grave, part.end, carrier.end, 0.8, said, what=what)


DETECTOR: Final = Detector(
    id="sensor_blind_spot",
    version=1,
    title=Text("Blind spot of the sensor", "探针盲区"),
    question=Text("What could the taps not see?", "探针有哪些看不到的地方？"),
    needs={"tap_minute": COLUMNS, "sensor_counter": ("sensor_id", "pcap_file_id", "counter", "count")},
    partition_by={"tap_minute": "whole", "sensor_counter": "sensor_id"},
    window_s=60,
    params={
        "silence": Param(60, "s", 10, 3600, "shorter pauses are ordinary", "detectors.md D48: no packet > 60 s"),
        "alone": Param(300, "s", 60, 86400, "a silent tap beside busy ones, longer than a restart takes", "own"),
        "min_minutes": Param(30, "min", 5, 10000, "half an hour of a tap shows how busy it is", "own"),
        "busy": Param(0.95, "ratio", 0.5, 1, "active in nearly every minute (VLAN: hour) before", "own"),
        "habit": Param(0.99, "ratio", 0.5, 1, "q01 above 0 at this hour of the week", "detectors.md D48"),
        "longer": Param(10, "ratio", 2, 1000, "without a habit: many times the usual pause", "own"),
        "min_conversations": Param(20, "conversations", 5, 1e6, "fewer are chance", "own"),
        "one_sided": Param(0.2, "ratio", 0.05, 1, "a fifth of the conversations lack a side: not chance", "own"),
        "min_bytes": Param(1e5, "B", 1e3, 1e12, "a share of less is noise", "own"),
        "gaps_warn": Param(0.01, "ratio", 0.001, 1, "warn at 1 %", "detectors.md D48: drops > 1 %"),
        "gaps_bad": Param(0.1, "ratio", 0.01, 1, "content can no longer be trusted", "Zeek: gaps/acks >= 10 %"),
        "encrypted": Param(0.2, "ratio", 0.05, 1, "a fifth of the content went dark", "own"),
        "gone_hours": Param(12, "h", 2, 1000, "half a day, hour by hour, is a habit", "own"),
        "running": Param(1000, "conversations", 1, 1e9, "a tap that runs for a day, not a captured sample", "own"),
        "errors_warn": Param(0.01, "ratio", 0.001, 1, "of the frames; the tail of a cut capture is less", "own"),
        "errors_bad": Param(0.1, "ratio", 0.01, 1, "a tenth of the frames cannot be read", "own"),
        "min_frames": Param(1000, "frames", 1, 1e9, "a share of fewer is chance", "own"),
    },
    attack=("T1562.006", "T0815"),
    severity=Severity.INFO,
    impact=45,
    confidence=Confidence(0.6, 0.9, 3600),
    innocent=(
        Text("Maintenance of the switch, the tap or the sensor.", "交换机、分光器或探针维护。"),
        Text("The capture was cut or filtered before it came here.", "抓包在送达前被截断或过滤。"),
        Text("Asymmetric routing: the answers take another path.", "非对称路由：应答走了另一条路径。"),
    ),
    next_steps=(
        Text("taishi incident show {incident}", "taishi incident show {incident}"),
        Text("taishi doctor", "taishi doctor"),
    ),
    source="detectors.md D48; Zeek policy/misc/capture-loss; ntopng no_probe_activity",
    run=run,
    family="sensor",
)
