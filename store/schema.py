"""The one declaration of every table and column; everything else about tables is derived from here.

Arrow schemas, DuckDB views, Parquet encodings, JSON Schema, ``docs/schema.md`` and the Rust field list
(``wire/src/columns/tables.rs``) come from the tuples below. A column name means one type and one unit in all tables
(held by a test). Semantics of the flow columns: ``docs/flow-semantics.md``.

This module must not import anything of ours, and must not touch a disk. It is longer than the house's limit on purpose:
one declaration, read from top to bottom, beats five files that only make sense together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

import pyarrow as pa

SCHEMA_VERSION: Final = 2
"""Version written into every segment footer; a change of any stored column raises it."""

FEATURE_DEFS_VERSION: Final = 1
"""Version of ``docs/flow-semantics.md`` that the numbers of a flow row obey."""


class Origin(StrEnum):
    """Who fills a column."""

    WIRE = "wire"  # the Rust core emits it
    STAMP = "stamp"  # constant of the segment, added by the segment writer
    JOIN = "join"  # not stored: computed by the read view from policy tables


class ConnState(StrEnum):
    """Connection summary states of Zeek (scripts/base/protocols/conn/main.zeek)."""

    S0 = "S0"
    S1 = "S1"
    SF = "SF"
    REJ = "REJ"
    S2 = "S2"
    S3 = "S3"
    RSTO = "RSTO"
    RSTR = "RSTR"
    RSTOS0 = "RSTOS0"
    RSTRH = "RSTRH"
    SH = "SH"
    SHR = "SHR"
    OTH = "OTH"


class EndReason(StrEnum):
    """Why a flow row was written; RFC 5102 flowEndReason plus ours."""

    IDLE = "idle"
    ACTIVE = "active"
    END = "end"
    FORCED = "forced"
    RESOURCE = "resource"
    REUSE = "reuse"
    SHUTDOWN = "shutdown"


class DirBasis(StrEnum):
    """How the originator was decided, strongest first."""

    SYN = "syn"
    SYNACK_FLIP = "synack_flip"
    ICMP = "icmp"
    APP = "app"
    SERVICE_PORT = "service_port"
    FIRST_PACKET = "first_packet"
    INHERITED = "inherited"


class AppBasis(StrEnum):
    """How the application protocol was decided."""

    PARSED = "parsed"
    SIGNATURE = "signature"
    PORT_GUESS = "port_guess"
    SNI_MAP = "sni_map"
    NONE = "none"


class Direction(StrEnum):
    """Where a flow crosses the site boundary (ECS network.direction)."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"
    EXTERNAL = "external"


class Severity(StrEnum):
    """Severity of alerts and incidents, most severe first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


class Outcome(StrEnum):
    """Outcome of a request, command or login."""

    REQUEST = "request"
    OK = "ok"
    NEGATIVE = "negative"
    EXCEPTION = "exception"
    UNKNOWN = "unknown"


class Quality(int):
    """Bits of ``quality_flags`` (flows.md 11, row 129)."""

    MIDSTREAM = 1
    ONE_SIDED = 2
    FLIPPED = 4
    DUPLICATES = 8
    TRUNCATED = 16
    BAD_CHECKSUM = 32
    OFFLOAD = 64
    TABLE_FULL = 128
    EMERGENCY = 256
    CLOCK_STEP = 512
    SAMPLED = 1024
    PARSE_ERROR = 2048
    TUNNEL_DEPTH = 4096


FLAG: Final = pa.bool_()
I8: Final = pa.int8()
I16: Final = pa.int16()
I32: Final = pa.int32()
I64: Final = pa.int64()
F32: Final = pa.float32()
F64: Final = pa.float64()
TEXT: Final = pa.string()
NAME: Final = pa.dictionary(pa.int32(), pa.string())
"""Low-cardinality text: dictionary-encoded in Arrow and Parquet."""
UID: Final = pa.binary(16)
IP: Final = pa.binary(16)
MAC: Final = pa.binary(6)
TIME: Final = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, Arrow type, meaning, unit, nullability, filler and the standard it follows."""

    name: str
    type: pa.DataType
    doc: str
    unit: str = "-"
    nullable: bool = False
    origin: Origin = Origin.WIRE
    standard: str = ""
    ext: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its name, meaning, columns in order, key and sort order."""

    name: str
    doc: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    sort: tuple[str, ...] = ()
    wire: bool = False
    metadata: Mapping[str, str] = field(default_factory=dict)

    def stored(self) -> tuple[Column, ...]:
        """Return the columns that lie on disk, in order (everything but ``Origin.JOIN``)."""
        return tuple(c for c in self.columns if c.origin is not Origin.JOIN)

    def emitted(self) -> tuple[Column, ...]:
        """Return the columns that the Rust core fills, in order."""
        return tuple(c for c in self.columns if c.origin is Origin.WIRE)

    def column(self, name: str) -> Column:
        """Return the column of that name.

        Raises:
            KeyError: the table has no such column.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(f"{self.name}.{name}")

    def arrow(self, columns: Iterable[Column] | None = None) -> pa.Schema:
        """Return the Arrow schema of the stored columns (or of ``columns``), unit and doc as field metadata."""
        return pa.schema([_arrow_field(c) for c in (self.stored() if columns is None else columns)])


def _arrow_field(column: Column) -> pa.Field:
    metadata = {"unit": column.unit, "doc": column.doc}
    return pa.field(column.name, column.type, nullable=column.nullable, metadata=metadata)


def _c(
    name: str,
    type_: pa.DataType,
    doc: str,
    unit: str = "-",
    *,
    null: bool = False,
    origin: Origin = Origin.WIRE,
    std: str = "",
) -> Column:
    return Column(name, type_, doc, unit, null, origin, std)


def _pair(
    pattern: str,
    type_: pa.DataType,
    doc: str,
    unit: str = "-",
    *,
    null: bool = False,
    origin: Origin = Origin.WIRE,
    std: str = "",
) -> tuple[Column, Column]:
    """Declare the originator and the responder column of one quantity; ``{}`` in ``pattern`` takes src and dst."""
    return (
        _c(pattern.format("src"), type_, f"Originator: {doc}", unit, null=null, origin=origin, std=std),
        _c(pattern.format("dst"), type_, f"Responder: {doc}", unit, null=null, origin=origin, std=std),
    )


def _stats(prefix: str, doc: str, unit: str) -> tuple[Column, ...]:
    """Declare min, mean, sample standard deviation and max of one quantity."""
    said = "NULL without a sample"
    return (
        _c(f"{prefix}_min", F32, f"{doc}: minimum; {said}.", unit, null=True),
        _c(f"{prefix}_mean", F32, f"{doc}: mean; {said}.", unit, null=True),
        _c(f"{prefix}_std", F32, f"{doc}: sample standard deviation (n-1); NULL for n<2.", unit, null=True),
        _c(f"{prefix}_max", F32, f"{doc}: maximum; {said}.", unit, null=True),
    )


FLOW: Final = Table(
    "flow",
    "One row per segment of a bidirectional flow (innermost header); src = originator, dst = responder.",
    (
        _c("flow_uid", UID, "Deterministic UUIDv7 of this segment.", std="IPFIX flowId(148)"),
        _c("flow_root_uid", UID, "flow_uid of segment 0; NULL when equal to flow_uid.", null=True),
        _c("segment_seq", I32, "0, 1, 2 … per active-time-out cut."),
        _c("is_final", FLAG, "TRUE on the last segment."),
        _c(
            "community_id", pa.binary(20), "Community ID v1 (seed 0), raw SHA-1; NULL for non-IP.", null=True, std="ECS"
        ),
        _c(
            "sensor_id",
            NAME,
            "Stable identity of the agent or of the scan.",
            origin=Origin.STAMP,
            std="ECS observer.name",
        ),
        _c("observation_point_id", I32, "Interface inside the sensor or capture file.", std="IPFIX 138"),
        _c("feature_defs_version", I16, "Version of flow-semantics.md obeyed.", origin=Origin.STAMP),
        _c("pcap_file_id", I64, "Key of packet_store; NULL when packets are not kept.", null=True, origin=Origin.STAMP),
        _c("pcap_first_off", I64, "Decompressed offset of the first packet's record.", "B", null=True),
        _c("pcap_last_off", I64, "Decompressed offset of the last packet's record.", "B", null=True),
        _c("ts_start", TIME, "Capture time of the first packet.", "us UTC", std="IPFIX 156"),
        _c("ts_end", TIME, "Latest capture time of any packet of the segment.", "us UTC", std="IPFIX 157"),
        _c("duration_ns", I64, "ts_end - ts_start at nanosecond precision; 0 for one packet.", "ns", std="IPFIX 161"),
        _c("dst_first_delay_ns", I64, "First responder packet - ts_start.", "ns", null=True, std="RFC 5103"),
        _c("ip_version", I8, "4 or 6; 0 for non-IP.", std="IPFIX 60"),
        *_pair(
            "{}_ip",
            IP,
            "address of the innermost IP header, IPv4 mapped; NULL for non-IP.",
            null=True,
            std="IPFIX 27/28",
        ),
        *_pair("{}_port", I32, "TCP, UDP, SCTP or DCCP port; NULL otherwise.", null=True, std="IPFIX 7/11"),
        _c(
            "ip_proto",
            I16,
            "IANA protocol number after all extension headers; NULL for non-IP.",
            null=True,
            std="IPFIX 4",
        ),
        _c("ethertype", I32, "Ethertype of a non-IP flow (LLC frames: 0).", null=True, std="IPFIX 256"),
        _c("appid", I32, "GOOSE or SV APPID of a non-IP flow.", null=True, std="IEC 61850-8-1"),
        _c("icmp_type", I16, "ICMP type of the first originator packet.", null=True, std="IPFIX 176/178"),
        _c("icmp_code", I16, "ICMP code of the first originator packet.", null=True, std="IPFIX 177/179"),
        *_pair("{}_mac", MAC, "link address of the first packet of the direction.", null=True, std="IPFIX 56/80"),
        _c("vlan_outer", I16, "Outer VLAN id; 0 is legal, NULL = untagged.", null=True, std="IPFIX 243"),
        _c("vlan_inner", I16, "Inner VLAN id.", null=True, std="IPFIX 245"),
        _c("tunnel_type", NAME, "Path of tunnels, outermost first ('gre>vxlan'), or 'none'."),
        _c("tunnel_id", I64, "VNI, TEID, GRE key or session of the innermost tunnel.", null=True, std="IPFIX 351"),
        *_pair("{}_ttl_min", I16, "smallest TTL or hop limit.", "hop", null=True, std="IPFIX 52"),
        *_pair("{}_ttl_max", I16, "largest TTL or hop limit.", "hop", null=True, std="IPFIX 53"),
        _c("frag_pkts", I32, "Fragments (any offset) counted in the flow.", "pkt", std="IPFIX 197"),
        *_pair("{}_pkts", I64, "packets, fragments and retransmissions included.", "pkt", std="IPFIX 2"),
        *_pair("{}_bytes_l2", I64, "original frame bytes, no FCS.", "B"),
        *_pair("{}_bytes_ip", I64, "IP total length.", "B", std="IPFIX 1"),
        *_pair("{}_bytes_payload", I64, "layer-4 payload bytes counted per packet.", "B"),
        *_pair("{}_bytes_seq", I64, "unique TCP stream bytes from sequence space; NULL for non-TCP.", "B", null=True),
        *_pair("{}_data_pkts", I64, "packets with at least one payload byte.", "pkt"),
        _c("conn_state", NAME, "Zeek's connection state; NULL for non-IP.", null=True, std="Zeek conn_state"),
        _c("history", TEXT, "Zeek's history letters, upper case = originator, ^ = flipped; at most 64.", null=True),
        _c("end_reason", NAME, "Why the row was written.", std="IPFIX 136"),
        *_pair(
            "{}_tcp_flags",
            I16,
            "OR of the TCP flags; NULL for non-TCP or without packets.",
            "bits",
            null=True,
            std="IPFIX 6",
        ),
        *_pair("{}_flags_first", I16, "TCP flags of the first packet.", "bits", null=True),
        *_pair("{}_syn", I32, "packets with SYN.", "pkt", std="IPFIX 218"),
        *_pair("{}_fin", I32, "packets with FIN.", "pkt", std="IPFIX 219"),
        *_pair("{}_rst", I32, "packets with RST.", "pkt", std="IPFIX 220"),
        *_pair("{}_psh", I32, "packets with PSH.", "pkt", std="IPFIX 221"),
        *_pair("{}_win_init", I32, "unscaled window of the first packet.", "B", null=True),
        *_pair("{}_retx_pkts", I32, "segments wholly below the highest sequence already sent.", "pkt"),
        *_pair("{}_gap_bytes", I64, "bytes acknowledged by the peer but never seen.", "B", std="Zeek missed_bytes"),
        _c("rtt_syn_ns", I64, "First SYN to first SYN/ACK.", "ns", null=True),
        _c("rtt_ack_ns", I64, "First SYN/ACK to the originator's first ACK.", "ns", null=True),
        *_stats("len", "Payload length over both directions", "B"),
        *_stats("src_len", "Payload length, originator", "B"),
        *_stats("dst_len", "Payload length, responder", "B"),
        *_stats("iat", "Inter-arrival time over both directions", "us"),
        *_stats("src_iat", "Inter-arrival time, originator", "us"),
        *_stats("dst_iat", "Inter-arrival time, responder", "us"),
        _c(
            "app_proto", NAME, "Layer-7 protocol, IANA service name; NULL when unknown.", null=True, std="EVE app_proto"
        ),
        _c("app_basis", NAME, "How app_proto was decided."),
        _c("server_name", TEXT, "SNI, Host or QNAME, escaped.", null=True, std="ECS tls.client.server_name"),
        _c("ja4", TEXT, "JA4 client fingerprint.", null=True),
        _c("dir_basis", NAME, "How src and dst were decided.", std="IPFIX 239"),
        _c(
            "direction",
            NAME,
            "inbound, outbound, internal or external by the site's home networks.",
            origin=Origin.JOIN,
        ),
        *_pair("{}_zone", NAME, "zone of the address at ts_start.", null=True, origin=Origin.JOIN),
        _c("quality_flags", I32, "Bits: see Quality.", "bits"),
        _c("dup_pkts", I32, "SPAN duplicates suppressed.", "pkt"),
        _c(
            "capture_loss",
            F32,
            "Sensor loss estimate of the interval holding ts_start.",
            "ratio",
            null=True,
            origin=Origin.STAMP,
        ),
    ),
    key=("flow_uid",),
    sort=("ts_start",),
    wire=True,
)

FLOW_EXT: Final = Table(
    "flow_ext",
    "Extended columns of a flow segment, same key; written only when enabled.",
    (
        _c("flow_uid", UID, "Deterministic UUIDv7 of this segment.", std="IPFIX flowId(148)"),
        _c("mpls_label", I32, "Top MPLS label.", null=True, std="IPFIX 70"),
        _c("tunnel_src_ip", IP, "Outermost tunnel source address.", null=True),
        _c("tunnel_dst_ip", IP, "Outermost tunnel destination address.", null=True),
        *_pair("{}_dscp", I16, "DSCP of the first packet.", null=True, std="IPFIX 195"),
        *_pair("{}_isn", I64, "initial sequence number; NULL midstream.", null=True, std="YAF 184"),
        *_pair("{}_mss", I32, "MSS option.", "B", null=True),
        *_pair("{}_ooo_pkts", I32, "segments that filled a hole below the highest sequence.", "pkt"),
        _c("active_mean", F32, "Mean length of bursts separated by gaps > 1 s.", "us", null=True),
        _c("active_max", F32, "Longest burst.", "us", null=True),
        _c("idle_mean", F32, "Mean of the gaps > 1 s.", "us", null=True),
        _c("idle_max", F32, "Longest gap > 1 s.", "us", null=True),
        _c("subflows", I32, "Number of bursts: gaps > 1 s plus one."),
        _c("splt_len", pa.list_(pa.int16()), "Payload length of the first 20 payload-bearing packets.", "B"),
        _c("splt_dir", pa.list_(pa.int8()), "+1 originator, -1 responder, same packets."),
        _c(
            "splt_iat",
            pa.list_(pa.int32()),
            "Gap to the previous payload-bearing packet (0 for the first), saturating.",
            "us",
        ),
        *_pair("{}_entropy", F32, "Shannon entropy of the first 256 payload bytes.", "bit/B", null=True),
    ),
    key=("flow_uid",),
    wire=True,
)

ARP: Final = Table(
    "arp",
    "One row per ARP packet (Ethernet/IPv4).",
    (
        _c("flow_uid", UID, "Flow segment the packet belongs to."),
        _c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        _c("arp_op", I16, "1 request, 2 reply.", std="RFC 826"),
        _c("sender_mac", MAC, "Sender hardware address."),
        _c("sender_ip", IP, "Sender address; for records: who sent the message."),
        _c("target_mac", MAC, "Target hardware address."),
        _c("target_ip", IP, "Target protocol address."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
)

DHCP: Final = Table(
    "dhcp",
    "One row per DHCPv4 message (fields of Zeek's dhcp.log that home networks need).",
    (
        _c("flow_uid", UID, "Flow segment the packet belongs to."),
        _c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        _c(
            "msg_type",
            I16,
            "DHCP message type (1 DISCOVER … 8 INFORM); NULL for plain BOOTP.",
            null=True,
            std="RFC 2132",
        ),
        _c("client_mac", MAC, "Client hardware address."),
        _c("assigned_ip", IP, "yiaddr.", null=True),
        _c("server_ip", IP, "Server identifier option.", null=True),
        _c("subnet_mask", I64, "Option 1 as an unsigned 32-bit number.", null=True),
        _c("router_ip", IP, "First router of option 3.", null=True),
        _c("host_name", TEXT, "Option 12, escaped.", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
)

FTP: Final = Table(
    "ftp",
    "One row per FTP command with its reply (Zeek ftp.log).",
    (
        _c("flow_uid", UID, "Flow segment the packet belongs to."),
        _c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        _c("sender_ip", IP, "Sender address; for records: who sent the message."),
        _c("receiver_ip", IP, "Receiver address of the message."),
        _c("receiver_port", I32, "Receiver port of the message."),
        _c("user", TEXT, "User name of the last USER, escaped.", null=True),
        _c("command", NAME, "Command verb, upper case, escaped."),
        _c("arg", TEXT, "Argument, escaped; never a password (PASS, ACCT: NULL).", null=True),
        _c("reply_code", I32, "Three-digit reply; NULL when none was seen.", null=True, std="RFC 959"),
        _c("reply_msg", TEXT, "First reply line, escaped, at most 256 bytes.", null=True),
        _c("outcome", NAME, "Of a login (PASS): ok, negative or unknown; else request."),
    ),
    key=("flow_uid", "ts"),
    wire=True,
)

ICS: Final = Table(
    "ics",
    "One row per industrial message object: who commands whom, function, object, value, cause, outcome.",
    (
        _c("flow_uid", UID, "Flow segment the packet belongs to."),
        _c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        _c("ics_proto", NAME, "iec104 or modbus."),
        _c("sender_ip", IP, "Sender address; for records: who sent the message."),
        _c("sender_mac", MAC, "Sender hardware address.", null=True),
        _c("receiver_ip", IP, "Receiver address of the message."),
        _c("receiver_port", I32, "Receiver port of the message."),
        _c("station_ip", IP, "Controlled station by the protocol's own roles."),
        _c("from_master", FLAG, "TRUE when the controlling side sent it (protocol roles, not flow direction)."),
        _c("unit", I32, "Common address (IEC-104) or unit id (Modbus).", null=True),
        _c("func", I32, "Type id (IEC-104) or function code (Modbus, without 0x80)."),
        _c("subfunc", I32, "Modbus diagnostics or MEI sub-function; IEC-104 qualifier.", null=True),
        _c("func_name", NAME, "Name of the function."),
        _c("cot", I16, "Cause of transmission (IEC-104).", null=True, std="IEC 60870-5-101 7.2.3"),
        _c("object_address", I64, "Information object address or first register/coil.", null=True),
        _c("object_count", I32, "Objects addressed."),
        _c("value", F64, "Value written, commanded or reported (first object).", null=True),
        _c("value_text", TEXT, "All values of the message as text, at most 256 bytes.", null=True),
        _c("is_test", FLAG, "IEC-104 test bit."),
        _c("is_command", FLAG, "A command, write, control or configuration in control direction."),
        _c("outcome", NAME, "request, ok, negative or exception."),
        _c("exception", I16, "Modbus exception code.", null=True),
    ),
    key=("flow_uid", "ts", "func", "object_address"),
    wire=True,
)

IEC104: Final = Table(
    "iec104",
    "One row per IEC 60870-5-104 APDU.",
    (
        _c("flow_uid", UID, "Flow segment the packet belongs to."),
        _c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        _c("sender_ip", IP, "Sender address; for records: who sent the message."),
        _c("receiver_ip", IP, "Receiver address of the message."),
        _c("apci_type", NAME, "I, S or U."),
        _c("tx_seq", I32, "N(S) of an I frame.", null=True),
        _c("rx_seq", I32, "N(R) of an I or S frame.", null=True),
        _c("u_func", NAME, "startdt_act, startdt_con, stopdt_act, stopdt_con, testfr_act, testfr_con.", null=True),
        _c("type_id", I16, "ASDU type.", null=True),
        _c("is_sequence", FLAG, "SQ bit.", null=True),
        _c("num_ix", I16, "Number of information objects.", null=True),
        _c("cot", I16, "Cause of transmission (IEC-104).", null=True, std="IEC 60870-5-101 7.2.3"),
        _c("is_negative", FLAG, "P/N bit.", null=True),
        _c("is_test", FLAG, "IEC-104 test bit."),
        _c("originator", I16, "Originator address.", null=True),
        _c("common_address", I32, "Common address of ASDU.", null=True),
        _c("ioa", pa.list_(pa.int32()), "Information object addresses, at most 127."),
        _c("apdu_len", I32, "APDU length octet plus 2.", "B"),
    ),
    key=("flow_uid", "ts"),
    wire=True,
)

MODBUS: Final = Table(
    "modbus",
    "One row per Modbus/TCP request matched with its response (ICSNPP modbus_detailed).",
    (
        _c("flow_uid", UID, "Flow segment the packet belongs to."),
        _c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        _c("sender_ip", IP, "Sender address; for records: who sent the message."),
        _c("receiver_ip", IP, "Receiver address of the message."),
        _c("tid", I32, "Transaction identifier."),
        _c("unit", I32, "Common address (IEC-104) or unit id (Modbus).", null=True),
        _c("func", I32, "Type id (IEC-104) or function code (Modbus, without 0x80)."),
        _c("address", I32, "First address of the request.", null=True),
        _c("quantity", I32, "Quantity of the request.", null=True),
        _c("request_values", pa.list_(pa.int32()), "Values written, at most 125."),
        _c("response_values", pa.list_(pa.int32()), "Values read, at most 125."),
        _c("is_matched", FLAG, "TRUE when request and response were both seen."),
        _c("exception", I16, "Modbus exception code.", null=True),
    ),
    key=("flow_uid", "ts"),
    wire=True,
)

WEIRD: Final = Table(
    "weird",
    "One row per oddity or parse error of a flow (bounded: first of a code per flow).",
    (
        _c("flow_uid", UID, "Flow segment the packet belongs to.", null=True),
        _c("ts", TIME, "Time of the record's first packet.", "us UTC"),
        _c("code", NAME, "Name of the oddity, snake_case."),
        _c("frame_no", I64, "Ordinal of the frame in its capture, from 0."),
        _c("byte_off", I32, "Offset inside the frame's payload where parsing failed.", "B", null=True),
    ),
    key=("ts", "code"),
    wire=True,
)

PACKET_STORE: Final = Table(
    "packet_store",
    "One row per capture file whose packets flow rows point into.",
    (
        _c("pcap_file_id", I64, "Key of packet_store; NULL when packets are not kept.", null=True),
        _c("path", TEXT, "Absolute path when it was read."),
        _c("source_id", TEXT, "Identity that seeds flow_uid: size and a sample of the content (hex; ADR 0016)."),
        _c("sha256", TEXT, "SHA-256 of the whole file as stored (hex); NULL when only xxh3_128 was made.", null=True),
        _c("xxh3_128", TEXT, "XXH3-128 of the same (hex): tells change, not forgery; NULL beside sha256.", null=True),
        _c("file_bytes", I64, "Size of the file as stored.", "B"),
        _c("frames", I64, "Frames read.", "pkt"),
        _c("first_ts", TIME, "Earliest frame.", "us UTC", null=True),
        _c("last_ts", TIME, "Latest frame.", "us UTC", null=True),
        _c("is_complete", FLAG, "FALSE when the file could not be read to its end."),
        _c("problem", TEXT, "What was wrong with the file, in English; NULL when nothing.", null=True),
        _c("meter_options", TEXT, "JSON of the meter's options, needed to select packets again."),
    ),
    key=("pcap_file_id",),
)

COUNTERS: Final = Table(
    "sensor_counter",
    "Terms of the conservation law per capture and interface (flows.md 9.6), long form.",
    (
        _c(
            "sensor_id",
            NAME,
            "Stable identity of the agent or of the scan.",
            origin=Origin.STAMP,
            std="ECS observer.name",
        ),
        _c("pcap_file_id", I64, "Key of packet_store; NULL when packets are not kept.", null=True),
        _c("counter", NAME, "Dotted counter name, e.g. frames.delivered or decode_error.ip_header."),
        _c("count", I64, "Value, monotonic within the capture.", "pkt"),
    ),
    key=("pcap_file_id", "counter"),
)

ALERT: Final = Table(
    "alert",
    "Immutable facts found by detectors, with their evidence.",
    (
        _c("alert_id", TEXT, "Deterministic id: detector, key, window, configuration."),
        _c(
            "revision",
            I32,
            "Evaluation of the case that found the row; the highest one of a case is current.",
            origin=Origin.STAMP,
        ),
        _c("detector", NAME, "File name of the detector."),
        _c("detector_version", I32, "Version of the detector's logic."),
        _c("config_hash", TEXT, "First 16 hex digits of the SHA-256 of parameters and policy."),
        _c("ts_start", TIME, "Capture time of the first packet.", "us UTC", std="IPFIX 156"),
        _c("ts_end", TIME, "Latest capture time of any packet of the segment.", "us UTC", std="IPFIX 157"),
        _c("severity", NAME, "critical, high, medium, low or info."),
        _c("confidence", F64, "Probability that the behaviour is what the detector says.", "0..1"),
        _c("score", F64, "impact x confidence.", "0..100"),
        _c("actor_ip", IP, "Who did it.", null=True),
        _c("target_ip", IP, "To whom (NULL when many).", null=True),
        _c("target_port", I32, "Port concerned.", null=True),
        _c("target_count", I32, "How many distinct targets."),
        _c(
            "ip_proto",
            I16,
            "IANA protocol number after all extension headers; NULL for non-IP.",
            null=True,
            std="IPFIX 4",
        ),
        _c("attack", pa.list_(pa.string()), "ATT&CK technique ids (v18.1 numbering, see rules/attack_map.csv)."),
        _c("short_mode", FLAG, "TRUE when a declared short-capture mode produced it (at most medium)."),
        _c("succeeded", FLAG, "TRUE when the action is seen to have worked."),
        _c("title_zh", TEXT, "Title in Chinese."),
        _c("title_en", TEXT, "Title in English."),
        _c("evidence_zh", TEXT, "One sentence with the numbers, in Chinese."),
        _c("evidence_en", TEXT, "One sentence with the numbers, in English."),
        _c("flow_uids", pa.list_(UID), "Root uids of the flows it rests on, earliest first, at most 200."),
        _c("flow_count", I64, "How many flows it rests on in all."),
        _c("display_filter", TEXT, "Wireshark display filter for its packets."),
    ),
    key=("alert_id",),
)

ASSESSMENT: Final = Table(
    "assessment",
    "What each detector could and could not judge on this data.",
    (
        _c(
            "revision",
            I32,
            "Evaluation of the case that found the row; the highest one of a case is current.",
            origin=Origin.STAMP,
        ),
        _c("detector", NAME, "File name of the detector."),
        _c("status", NAME, "assessed, short or not_assessed."),
        _c("reason_zh", TEXT, "Why, in Chinese; empty when assessed."),
        _c("reason_en", TEXT, "Why, in English; empty when assessed."),
        _c("seen_s", F64, "Span or history seen.", "s"),
        _c("needed_s", F64, "Span or history needed.", "s"),
    ),
    key=("detector",),
)

TABLES: Final[tuple[Table, ...]] = (
    FLOW,
    FLOW_EXT,
    ARP,
    DHCP,
    FTP,
    ICS,
    IEC104,
    MODBUS,
    WEIRD,
    PACKET_STORE,
    COUNTERS,
    ALERT,
    ASSESSMENT,
)


def table(name: str) -> Table:
    """Return the table of that name.

    Raises:
        KeyError: no such table.
    """
    for candidate in TABLES:
        if candidate.name == name:
            return candidate
    raise KeyError(name)
