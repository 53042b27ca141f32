"""Turns the scan's object and the figures into what the templates print; every string is made safe to show here."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final

from reporting.clean import clean
from reporting.figures import bytes_text, count_text, share_text, span_text
from reporting.html._chart import Chart, chart, epoch
from reporting.html._plots import course, moment_text, peer_map, plot
from reporting.html._scale import zone_name
from reporting.html.model import Figures, Matrix
from reporting.html.texts import pick
from reporting.unreadable import reason_text
from reporting.words import CHINESE, Words

HEAT_STEPS: Final = 6
"""Shades of the matrix; each stands for ten times the bytes of the one before, the darkest for the largest cell."""


def cleaned(value: Any) -> Any:  # noqa: ANN401  (walks any JSON value)
    """Return a JSON value with every string in it made safe to show; objects and arrays are walked."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, Mapping):
        return {clean(str(key)): cleaned(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [cleaned(item) for item in value]
    return value


def view(result: Mapping[str, Any], figures: Figures, lang: str, zone: tzinfo) -> dict[str, Any]:
    """Return the variables of the page template."""
    safe, safe_figures = cleaned(result), cleaned(figures)
    words, texts = Words(lang), pick(lang)
    drawn = chart(safe_figures["series"], safe["incidents"], zone)
    first = safe["totals"]["first"]
    here = zone_name(zone, epoch(first) if first else epoch(safe_figures["run"]["written"]))

    def moment(text: str | None) -> str:
        """Return an ISO time as local date and time of the report's zone."""
        return "-" if text is None else _local(epoch(text), zone)

    return {
        "lang": lang,
        "t": texts,
        "r": safe,
        "run": safe_figures["run"],
        "severity": safe["severity"] or "clear",
        "chart": drawn,
        "chart_words": _chart_words(drawn, texts, words, zone),
        "matrix": _heat(safe_figures["matrix"]),
        "laws": _laws(safe_figures["run"]["counters"], texts),
        "sent_total": sum(talker["sent_bytes"] for talker in safe["talkers"]),
        "zone_line": texts["zone"].format(zone=here),
        "zone": here,
        "pick": lambda text: text["zh"] if lang == CHINESE else text["en"],
        "severity_word": lambda name: words(f"severity.{name}"),
        "protection_word": lambda kind: words(f"protection.{kind}"),
        "protected_total": sum(item["bytes"] for item in safe["protection"]),
        "bytes_text": bytes_text,
        "count_text": count_text,
        "share_text": share_text,
        "reason_text": lambda counter: reason_text(counter).of(lang),
        "span_text": lambda seconds: "-" if seconds is None else span_text(seconds, words),
        "moment": moment,
        "micros": lambda micros: moment_text(micros, zone),
        "stage_word": lambda stage: words(f"stage.{stage}"),
        "course": lambda steps: course(steps, {int(s["stage"]): words(f"stage.{s['stage']}") for s in steps}, zone),
        "peers": peer_map,
        "plot": lambda drawn: plot(drawn, zone),
    }


def _local(at_s: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at_s, zone).strftime("%Y-%m-%d %H:%M:%S")


def _chart_words(drawn: Chart | None, texts: Mapping[str, str], words: Words, zone: tzinfo) -> dict[str, str]:
    """Return the labels of the chart and the sentence that stands for it where it cannot be seen."""
    if drawn is None:
        return {}
    bits = f"{drawn.bits.axis.prefix}bit/s"
    packets = f"{drawn.packets.axis.prefix}pkt/s" if words.lang != CHINESE else f"{drawn.packets.axis.prefix}包/秒"
    alt = texts["traffic_alt"].format(
        first=_local(drawn.start_s, zone),
        last=_local(drawn.end_s, zone),
        peak=f"{drawn.bits.peak:,.0f} bit/s",
        when=_local(drawn.bits.peak_at_s, zone),
        marked=len(drawn.marks),
    )
    return {
        "bits": texts["axis_bits"].format(unit=bits),
        "packets": texts["axis_packets"].format(unit=packets),
        "alt": alt,
        "note": texts["traffic_note"].format(bucket=span_text(drawn.bucket_s, words)),
    }


def _heat(matrix: Matrix) -> dict[str, Any]:
    """Return the matrix with a shade (0 = empty … HEAT_STEPS) and a text per cell, and the legend of the shades."""
    largest = max((cell for row in matrix["cells"] for cell in row), default=0)
    top = math.floor(math.log10(largest)) if largest else 0

    def shade(cell: int) -> int:
        return 0 if cell <= 0 else max(HEAT_STEPS - (top - math.floor(math.log10(cell))), 1)

    rows = [
        {"peer": peer, "cells": [{"text": bytes_text(c) if c else "", "shade": shade(c)} for c in cells]}
        for peer, cells in zip(matrix["peers"], matrix["cells"], strict=True)
    ]
    exponents = [top - HEAT_STEPS + step for step in range(1, HEAT_STEPS + 1)]
    legend = [(n, f"≥ {bytes_text(10**e)}") for n, e in enumerate(exponents, start=1) if e >= 0]
    return {"services": matrix["services"], "rows": rows, "legend": legend}


def _laws(counters: Mapping[str, int], texts: Mapping[str, str]) -> list[tuple[str, bool]]:
    """Return both lines of the conservation law with their numbers, and whether each holds."""

    def total(prefix: str) -> int:
        return sum(count for name, count in counters.items() if name.startswith(prefix))

    delivered, decoded = counters.get("frames.delivered", 0), counters.get("frames.decoded", 0)
    filtered, errors = counters.get("frames.filtered", 0), total("decode_error.")
    flows, dup, other = counters.get("flow.packets", 0), counters.get("flow.dup_suppressed", 0), total("non_flow.")
    names = {"delivered": delivered, "decoded": decoded, "filtered": filtered, "errors": errors}
    parts = {"decoded": decoded, "flows": flows, "dup": dup, "other": other}
    return [
        (texts["law_decoded"].format_map(_texts(names)), delivered == decoded + filtered + errors),
        (texts["law_flows"].format_map(_texts(parts)), decoded == flows + dup + other),
    ]


def _texts(numbers: Mapping[str, int]) -> dict[str, str]:
    return {name: count_text(number) for name, number in numbers.items()}
