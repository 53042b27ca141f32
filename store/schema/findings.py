"""What detectors found, and what they could judge."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import F64, FLAG, I16, I32, I64, IP, NAME, TEXT, TIME, UID, Origin, Table, c

ALERT: Final = Table(
    "alert",
    "Immutable facts found by detectors, with their evidence.",
    (
        c("alert_id", TEXT, "Deterministic id: detector, key, window, configuration."),
        c(
            "revision",
            I32,
            "Evaluation of the case that found the row; a later one of the same range supersedes it.",
            origin=Origin.STAMP,
        ),
        c(
            "range_start",
            TIME,
            "Start of the range that was evaluated; NULL: from the first row on.",
            "us UTC",
            null=True,
            origin=Origin.STAMP,
        ),
        c(
            "range_end",
            TIME,
            "End of that range, exclusive; NULL: up to the last row.",
            "us UTC",
            null=True,
            origin=Origin.STAMP,
        ),
        c("detector", NAME, "File name of the detector."),
        c("detector_version", I32, "Version of the detector's logic."),
        c("config_hash", TEXT, "First 16 hex digits of the SHA-256 of parameters and policy."),
        c("ts_start", TIME, "Capture time of the first packet.", "us UTC", std="IPFIX 156"),
        c("ts_end", TIME, "Latest capture time of any packet of the segment.", "us UTC", std="IPFIX 157"),
        c("severity", NAME, "critical, high, medium, low or info."),
        c("confidence", F64, "Probability that the behaviour is what the detector says.", "0..1"),
        c("score", F64, "impact x confidence.", "0..100"),
        c("actor_ip", IP, "Who did it.", null=True),
        c("target_ip", IP, "To whom (NULL when many).", null=True),
        c("target_port", I32, "Port concerned.", null=True),
        c("target_count", I32, "How many distinct targets."),
        c(
            "ip_proto",
            I16,
            "IANA protocol number after all extension headers; NULL for non-IP.",
            null=True,
            std="IPFIX 4",
        ),
        c("attack", pa.list_(pa.string()), "ATT&CK technique ids (v18.1 numbering, see rules/attack_map.csv)."),
        c("short_mode", FLAG, "TRUE when a declared short-capture mode produced it (at most medium)."),
        c("succeeded", FLAG, "TRUE when the action is seen to have worked."),
        c("title_zh", TEXT, "Title in Chinese."),
        c("title_en", TEXT, "Title in English."),
        c("evidence_zh", TEXT, "One sentence with the numbers, in Chinese."),
        c("evidence_en", TEXT, "One sentence with the numbers, in English."),
        c("flow_uids", pa.list_(UID), "Root uids of the flows it rests on, earliest first, at most 200."),
        c("flow_count", I64, "How many flows it rests on in all."),
        c("display_filter", TEXT, "Wireshark display filter for its packets."),
        c("indicators", pa.list_(TEXT), "Rare marks that may link alerts, as kind:value (domain:…, ja4:…, cert:…)."),
        c("context", pa.list_(TEXT), "Names of the scoring weights that moved the confidence (detectors/scoring.py)."),
        c(
            "lost_bytes",
            I64,
            "Payload bytes that left the site by it; NULL where nothing did.",
            "B",
            null=True,
        ),
        c("details", TEXT, "The detector's own numbers as a JSON object (sub-scores, series for a plot)."),
    ),
    key=("alert_id",),
)

ASSESSMENT: Final = Table(
    "assessment",
    "What each detector could and could not judge on this data.",
    (
        c(
            "revision",
            I32,
            "Evaluation of the case that found the row; a later one of the same range supersedes it.",
            origin=Origin.STAMP,
        ),
        c(
            "range_start",
            TIME,
            "Start of the range that was evaluated; NULL: from the first row on.",
            "us UTC",
            null=True,
            origin=Origin.STAMP,
        ),
        c(
            "range_end",
            TIME,
            "End of that range, exclusive; NULL: up to the last row.",
            "us UTC",
            null=True,
            origin=Origin.STAMP,
        ),
        c(
            "inputs",
            TEXT,
            "Digest of everything that the evaluation rests on, where only changed slices are evaluated again.",
            null=True,
            origin=Origin.STAMP,
        ),
        c(
            "is_full",
            FLAG,
            "TRUE: all detectors over all of the case; it supersedes also what detectors found that are no more.",
            null=True,
            origin=Origin.STAMP,
        ),
        c("detector", NAME, "File name of the detector."),
        c("status", NAME, "assessed, short, no_data or not_assessed."),
        c("reason_zh", TEXT, "Why, in Chinese; empty when assessed."),
        c("reason_en", TEXT, "Why, in English; empty when assessed."),
        c("seen_s", F64, "Span or history seen.", "s"),
        c("needed_s", F64, "Span or history needed.", "s"),
    ),
    key=("detector", "range_start"),
)
