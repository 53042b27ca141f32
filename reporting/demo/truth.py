"""What the demo planted, declared before anything is measured, so that a scan can be held against it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

ActKind = Literal["scan_horizontal", "scan_vertical", "password_guessing", "ics_command"]


@dataclass(frozen=True, slots=True)
class Act:
    """One deed of the intruder.

    Attributes:
        kind: What sort of deed.
        actor: Address of the one who did it.
        victims: Addresses it was done to; of a horizontal scan the ones that exist.
        service: Name of the service concerned.
        port: Port concerned; None when many.
        start_ns: Time of its first packet.
        end_ns: Time of its last packet, at most a few seconds late.
        count: Distinct targets (horizontal), distinct ports (vertical), failed logins, or command messages.
        succeeded: The deed had its effect.
        detail: Names of the commands, or the user name.
    """

    kind: ActKind
    actor: str
    victims: tuple[str, ...]
    service: str
    port: int | None
    start_ns: int
    end_ns: int
    count: int
    succeeded: bool
    detail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownMaster:
    """A station that legitimately commands a controlled one all day."""

    protocol: str
    master: str
    station: str


@dataclass(frozen=True, slots=True)
class DemoTruth:
    """Everything the capture was made to hold.

    Attributes:
        path: Where the capture was written.
        seed: Seed it was made from; same seed, same bytes.
        frames: Frames in the file.
        first_ns: Time of the first frame, ns since the epoch.
        last_ns: Time of the last frame.
        home_network: The site's own network.
        intruder: Address of the intruder.
        intruder_mac: Its link address.
        intruder_since_ns: When it was first on the wire.
        acts: Its deeds in order of time.
        masters: Who commands whom by right.
        mistyped_logins: (client address, service, wrong passwords) of employees; must not alarm.
        conversations: How many of each benign kind were made.
    """

    path: Path
    seed: int
    frames: int
    first_ns: int
    last_ns: int
    home_network: str
    intruder: str
    intruder_mac: str
    intruder_since_ns: int
    acts: tuple[Act, ...]
    masters: tuple[KnownMaster, ...]
    mistyped_logins: tuple[tuple[str, str, int], ...]
    conversations: dict[str, int] = field(default_factory=dict)

    def of(self, kind: ActKind) -> tuple[Act, ...]:
        """Return the deeds of one kind, in order of time."""
        return tuple(act for act in self.acts if act.kind == kind)
