"""Which captures and foreign logs were read, and what became of their frames and lines."""

from __future__ import annotations

from typing import Final

from store.schema._column import FLAG, I16, I64, NAME, TEXT, TIME, Origin, Table, c

PACKET_STORE: Final = Table(
    "packet_store",
    "One row per capture file whose packets flow rows point into.",
    (
        c("pcap_file_id", I64, "Key of packet_store; NULL when packets are not kept.", null=True),
        c("path", TEXT, "Absolute path when it was read."),
        c("source_id", TEXT, "Identity that seeds flow_uid: size and a sample of the content (hex; ADR 0016)."),
        c("sha256", TEXT, "SHA-256 of the whole file as stored (hex); NULL when only xxh3_128 was made.", null=True),
        c("xxh3_128", TEXT, "XXH3-128 of the same (hex): tells change, not forgery; NULL beside sha256.", null=True),
        c("file_bytes", I64, "Size of the file as stored.", "B"),
        c("frames", I64, "Frames read.", "pkt"),
        c("first_ts", TIME, "Earliest frame.", "us UTC", null=True),
        c("last_ts", TIME, "Latest frame.", "us UTC", null=True),
        c("is_complete", FLAG, "FALSE when the file could not be read to its end."),
        c("problem", TEXT, "What was wrong with the file, in English; NULL when nothing.", null=True),
        c("meter_options", TEXT, "JSON of the meter's options, needed to select packets again."),
    ),
    key=("pcap_file_id",),
)

COUNTERS: Final = Table(
    "sensor_counter",
    "Terms of the conservation law per capture and interface (flows.md 9.6), long form.",
    (
        c(
            "sensor_id",
            NAME,
            "Stable identity of the agent or of the scan.",
            origin=Origin.STAMP,
            std="ECS observer.name",
        ),
        c("pcap_file_id", I64, "Key of packet_store; NULL when packets are not kept.", null=True),
        c("counter", NAME, "Dotted counter name, e.g. frames.delivered or decode_error.ip_header."),
        c("count", I64, "Value, monotonic within the capture.", "pkt"),
    ),
    key=("pcap_file_id", "counter"),
)

FOREIGN_LOG: Final = Table(
    "foreign_log",
    "One row per log file of another tool (Zeek, Suricata) whose lines became rows of flows, records and alerts.",
    (
        c(
            "sensor_id",
            NAME,
            "Stable identity of the agent or of the scan.",
            origin=Origin.STAMP,
            std="ECS observer.name",
        ),
        c("path", TEXT, "Absolute path when it was read."),
        c("source_id", TEXT, "Identity that seeds flow_uid: size and a sample of the content (hex; ADR 0016)."),
        c("sha256", TEXT, "SHA-256 of the whole file as stored (hex); NULL when only xxh3_128 was made.", null=True),
        c("content_sha256", TEXT, "SHA-256 of the content that was read, decompressed, to the end of its last line."),
        c("content_bytes", I64, "Bytes of that content: a log that has grown is read on from there.", "B"),
        c("file_bytes", I64, "Size of the file as stored.", "B"),
        c("engine", NAME, "Who wrote it: zeek or suricata."),
        c("log_kind", NAME, "Kind of log: conn, dns, ssl, …; eve."),
        c("log_format", NAME, "tsv or json."),
        c("reader_version", I16, "Version of the reader that made the rows."),
        c("lines", I64, "Lines that hold data, those refused among them."),
        c("rows_made", I64, "Rows made of them, over all tables."),
        c("lines_refused", I64, "Lines that could not be read."),
        c("lines_left_out", I64, "Lines of kinds that have no table here."),
        c("first_ts", TIME, "Earliest frame.", "us UTC", null=True),
        c("last_ts", TIME, "Latest frame.", "us UTC", null=True),
        c("is_complete", FLAG, "FALSE when the file could not be read to its end."),
        c("problem", TEXT, "What was wrong with the file, in English; NULL when nothing.", null=True),
    ),
    key=("content_sha256",),
    lead=("log_kind", "lines", "path"),
)
