"""What is asked of ``tshark`` and how its answers are read: a line per packet, the protocol tree, layers as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from reporting.dissect.tshark import Tshark

FIELDS: Final = ("frame", "time_s", "source", "destination", "protocol", "info")
"""Keys of one packet's line: number in the selection from 1, seconds since its first packet, text."""

_COLUMNS: Final = (
    'gui.column.format:"No.","%m","Time","%Rt","Source","%us","Protocol","%p","Destination","%ud","Info","%i"'
)
"""Columns of the summary, numeric addresses. The two addresses are kept apart: side by side tshark prints an arrow in
between. Source: Wireshark, epan/column.c (formats), ui/cli/tshark.c (print_columns)."""

_ORDER: Final = ("frame", "time_s", "source", "protocol", "destination", "info")


def packet_lines(tshark: Tshark, limit: int) -> Iterator[dict[str, Any]]:
    """Yield one row per packet with the keys ``FIELDS``.

    Args:
        tshark: Session over the packets.
        limit: At most so many.
    """
    arguments = ("-c", str(limit), "-T", "tabs", "-o", _COLUMNS)
    for line in tshark.lines(arguments):
        parts = [part.strip() for part in line.split("\t", len(_ORDER) - 1)]
        if len(parts) == len(_ORDER) and parts[0].isdecimal():
            row = dict(zip(_ORDER, parts, strict=True))
            yield {name: row[name] for name in FIELDS} | {"frame": int(parts[0]), "time_s": _seconds(row["time_s"])}


def _seconds(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def tree_lines(tshark: Tshark, limit: int) -> Iterator[str]:
    """Yield the lines of the protocol tree of every packet; an empty line stands between packets."""
    return tshark.lines(("-c", str(limit), "-V"))


def packet_layers(tshark: Tshark, limit: int) -> Iterator[dict[str, Any]]:
    """Yield one object per packet: ``frame`` (number from 1) and ``layers`` as tshark names them.

    tshark prints one large array; it is read packet by packet by its indentation (strings cannot hold a line end), so
    that memory does not grow with the conversation and a cut output still gives its whole packets.
    """
    held: list[str] = []
    for line in tshark.lines(("-c", str(limit), "-T", "json", "--no-duplicate-keys")):
        if line == "  {":
            held = ["{"]
        elif line in ("  }", "  },") and held:
            yield _reduced("\n".join([*held, "}"]))
            held = []
        elif held:
            held.append(line)


def _reduced(text: str) -> dict[str, Any]:
    """Return the part of a packet's object that is about the packet, not about the search engine it was meant for."""
    layers = json.loads(text)["_source"]["layers"]
    return {"frame": int(layers["frame"]["frame.number"]), "layers": layers}
