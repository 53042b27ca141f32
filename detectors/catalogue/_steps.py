"""What every alert about access says next, and small pieces that its detectors share."""

from __future__ import annotations

from typing import Final

from detectors.model import Text

SECONDS_PER_MINUTE: Final = 60.0


def next_steps(name: str) -> tuple[Text, ...]:
    """Return the two usual next steps: read the incident, take out its packets as ``<name>.pcap``."""
    packets = f"taishi packets {{incident}} -w {name}.pcap"
    return (Text("taishi incident show {incident}", "taishi incident show {incident}"), Text(packets, packets))


def shown(names: object, limit: int = 4) -> str:
    """Return texts as a list, the lowest first, with an ellipsis when there are more than ``limit``."""
    ordered = sorted({str(name) for name in names if name is not None}) if isinstance(names, (list, tuple, set)) else []
    return ", ".join(ordered[:limit]) + (" …" if len(ordered) > limit else "")
