"""What a scan found, as plain data: the object that ``-o json`` prints and that screen and report render.

Nothing here reads a disk or knows a library; times are ISO 8601 UTC text, counts are exact integers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final, Literal

RESULT_VERSION: Final = 2
"""Version of the JSON object; raised when a field changes its meaning or goes away."""

LAYER_2: Final = "layer 2"
"""What stands for the protocol of flows without IP, e.g. ARP or GOOSE."""

FileStatus = Literal["read", "known", "partial", "failed"]
"""read: wholly; known: same content was read before; partial: ended early, rows kept; failed: nothing could be read."""


@dataclass(frozen=True, slots=True)
class Text:
    """One text in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class FileResult:
    """One file of the scan; ``problem`` is English, ``problem_zh`` Chinese; a digest not made is empty.

    Of a foreign log ``log`` says which ("zeek conn"), ``rows`` the rows made by table, ``left_out`` the lines of kinds
    that have no table; of a capture they are empty.
    """

    path: str
    sha256: str
    bytes: int
    frames: int
    status: FileStatus
    problem: str | None = None
    problem_zh: str | None = None
    xxh3_128: str = ""
    log: str = ""
    lines: int = 0
    rows: Mapping[str, int] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over the case; ``bytes`` are frame bytes of flows."""

    frames: int = 0
    flows: int = 0
    conversations: int = 0
    hosts: int = 0
    bytes: int = 0
    first: str | None = None
    last: str | None = None
    span_s: float = 0.0


@dataclass(frozen=True, slots=True)
class HomeNetwork:
    """One network taken as the site's own, and why; ``basis`` names the reason for programs (``store.site.Basis``)."""

    cidr: str
    why: Text
    basis: str


@dataclass(frozen=True, slots=True)
class Blind:
    """Something the scan could not see; ``kind`` names it for programs."""

    kind: str
    text: Text


@dataclass(frozen=True, slots=True)
class Scope:
    """What this version looks for and what it does not, so that silence is not read as all-clear."""

    covered: Text
    not_covered: Text


@dataclass(frozen=True, slots=True)
class NotAssessed:
    """A detector that could not judge this data, or only in its short-capture mode; ``detector`` is its id."""

    detector: str
    name: Text
    status: str
    reason: Text
    seen_s: float | None
    needed_s: float | None


@dataclass(frozen=True, slots=True)
class IncidentLine:
    """One incident as the screen shows it; ``story`` and ``plots`` are those of ``reporting.scan.telling``."""

    incident_id: str
    severity: str
    score: float
    title: Text
    who: str
    what: Text
    first: str
    last: str
    evidence: tuple[Text, ...]
    innocent: tuple[Text, ...]
    alerts: int
    display_filter: str
    next: tuple[str, ...] = ()
    story: dict[str, Any] = field(default_factory=dict)
    plots: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True, slots=True)
class Talker:
    """One address by the bytes it sent and received."""

    ip: str
    home: bool
    sent_bytes: int
    received_bytes: int
    flows: int
    peers: int


@dataclass(frozen=True, slots=True)
class Spoken:
    """One application protocol by flows and bytes; ``guessed`` when only the port said so.

    ``app_proto`` is empty for what was not recognised and ``LAYER_2`` for frames without IP.
    """

    app_proto: str
    guessed: bool
    flows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Count:
    """How often a value occurred; ``name`` is empty when the fact has one number only."""

    name: str
    n: int


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that records say, in words, and its numbers; ``kind`` names it for programs."""

    kind: str
    text: Text
    counts: tuple[Count, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """What the records of one protocol say; ``hosts`` sent or received one of its messages."""

    protocol: str
    conversations: int
    hosts: int
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Protection:
    """Conversations with payload and their frame bytes under one kind of protection.

    ``kind``: national (SM suites, TLCP), modern, obsolete (broken suite, TLS below 1.2, SSH 1), none (in the clear),
    opaque (encrypted, its handshake not seen or not read) or unknown (the protocol was not recognised).
    """

    kind: str
    flows: int
    bytes: int


@dataclass(frozen=True, slots=True)
class LoginSum:
    """Login attempts at one service by outcome; ``readable`` of them showed their password on the wire."""

    service: str
    ok: int
    negative: int
    unknown: int
    readable: int


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Frames that became no flow, by reason."""

    reason: str
    frames: int


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Everything one scan says, in the order the screen says it.

    ``alerts`` counts what is not suppressed, ``suppressed`` the rest: hidden alerts are always told, as a number.
    """

    case: str
    program: str
    severity: str | None
    verdict: Text
    files: tuple[FileResult, ...]
    totals: Totals
    home_networks: tuple[HomeNetwork, ...]
    blind: tuple[Blind, ...]
    scope: Scope
    not_assessed: tuple[NotAssessed, ...]
    incidents: tuple[IncidentLine, ...]
    incident_count: int
    alerts: dict[str, int]
    talkers: tuple[Talker, ...]
    spoken: tuple[Spoken, ...]
    unreadable: tuple[Unreadable, ...]
    protection: tuple[Protection, ...] = ()
    told: tuple[Told, ...] = ()
    logins: tuple[LoginSum, ...] = ()
    suppressed: int = 0
    report: str | None = None
    result_version: int = field(default=RESULT_VERSION)

    def is_partial(self) -> bool:
        """Return whether something could not be read (exit code 7)."""
        return any(file.status in {"partial", "failed"} for file in self.files)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object; tuples become arrays."""
        return asdict(self)
