"""Closed vocabularies of columns: their only spelling."""

from __future__ import annotations

from enum import StrEnum


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
    """How the application protocol was decided; a row of a foreign log bears the name of its maker."""

    PARSED = "parsed"
    SIGNATURE = "signature"
    PORT_GUESS = "port_guess"
    SNI_MAP = "sni_map"
    NONE = "none"
    ZEEK = "zeek"
    SURICATA = "suricata"


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
