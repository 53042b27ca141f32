"""POP3 and IMAP records against tshark: which commands were sent, as whom, and what the server said.

Source: Wireshark, display filter reference (pop, imap). tshark tells lines; which reply belongs to which command is
told here by order (RFC 1939 3) and by tag (RFC 9051 2.2.1), without a look at our parser.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from tests.oracles.support.comparison import Comparison, Row, Said, Truth, ends
from tests.oracles.support.tshark_fields import Asked, Frame, captures, frames

ENDS: Final = ("ip.src", "ipv6.src", "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport")
LONGEST_KEYWORD: Final = 4
"""Letters of a POP3 command (RFC 1939 3): what is longer answers a challenge, and has no status of its own."""
ONCE: Final = "!tcp.analysis.retransmission"
POP: Final = Asked(
    ("pop",),
    (
        *ENDS,
        "pop.request.command",
        "pop.request.parameter",
        "pop.response.indicator",
        "pop.response.description",
    ),
    ONCE,
)
IMAP: Final = Asked(
    ("imap",),
    (
        *ENDS,
        "imap.request_tag",
        "imap.request.command",
        "imap.request.username",
        "imap.response_tag",
        "imap.response.status",
    ),
    ONCE,
)
POP_COMMANDS: Final = frozenset({"PASS", "APOP", "AUTH", "CAPA", "STLS", "QUIT"})
IMAP_COMMANDS: Final = frozenset(
    {"LOGIN", "AUTHENTICATE", "CAPABILITY", "ID", "STARTTLS", "SELECT", "EXAMINE", "LOGOUT"}
)
STATUS: Final[Mapping[str, str]] = {"+OK": "OK", "-ERR": "ERR"}
Packets = list[tuple[str, str, Frame]]
"""Sender, receiver and fields of each packet."""


def _packets(root: Path, trace: str, asked: Asked) -> Packets:
    return [(_end(row, "src"), _end(row, "dst"), row) for row in frames(root / trace, asked)]


def _end(row: Frame, which: str) -> str:
    address = (row[f"ip.{which}"] or row[f"ipv6.{which}"])[0]
    return f"{address}:{row[f'tcp.{which}port'][0]}"


def _pop(packets: Packets) -> list[Said]:
    """Pair commands and replies of each connection by their order; the first reply is the greeting."""
    asked: dict[str, list[tuple[str, str]]] = defaultdict(list)
    replies: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for sender, receiver, row in packets:
        for command in row["pop.request.command"]:
            if len(command) <= LONGEST_KEYWORD:
                asked[f"{sender}>{receiver}"].append((command, (row["pop.request.parameter"] or [""])[0]))
        for indicator in row["pop.response.indicator"]:
            said = (row["pop.response.description"] or [""])[0]
            replies[f"{receiver}>{sender}"].append((indicator, said))
    found: list[Said] = []
    for key, commands in asked.items():
        found += _pop_session(key, commands, replies[key][1:])
    return found


def _pop_session(key: str, commands: list[tuple[str, str]], replies: list[tuple[str, str]]) -> Iterator[Said]:
    user = "-"
    for at, (command, parameter) in enumerate(commands):
        indicator, words = replies[at] if at < len(replies) else ("", "")
        verb = command.upper()
        if verb == "USER":
            user = parameter
        # AUTH alone asks for a list.
        if verb not in POP_COMMANDS or (verb == "AUTH" and not parameter):
            continue
        values = {"reply_status": STATUS.get(indicator, "-"), "reply_msg": words or "-"}
        if verb == "PASS":
            values["user"] = user
        yield f"{key} {verb}", values


def _imap(packets: Packets) -> list[Said]:
    """Pair commands and replies of each connection by their tag."""
    status = {
        (f"{receiver}>{sender}", tag): said
        for sender, receiver, row in packets
        for tag, said in zip(row["imap.response_tag"], row["imap.response.status"], strict=False)
    }
    found: list[Said] = []
    for sender, receiver, row in packets:
        key = f"{sender}>{receiver}"
        for tag, command in zip(row["imap.request_tag"], row["imap.request.command"], strict=False):
            if command.upper() not in IMAP_COMMANDS:
                continue
            values = {"reply_status": status.get((key, tag), "-")}
            if command.upper() == "LOGIN":
                values["user"] = row["imap.request.username"][0].strip('"')
            found.append((f"{key} {command.upper()}", values))
    return found


def _truth(asked: Asked, paired: Callable[[Packets], list[Said]]) -> Callable[[Path], Truth]:
    def told(root: Path) -> Truth:
        for trace in captures(root, asked):
            yield trace, paired(_packets(root, trace, asked))

    return told


def _keys(row: Row) -> Iterator[str]:
    yield f"{ends(row)} {row['command']}"


def _pop_cell(row: Row, name: str, said: str) -> str:
    """Return our value; tshark leaves the code in brackets with the words."""
    if (
        name == "reply_msg"
        and row["response_code"] is not None
        and said.upper().startswith(f"[{row['response_code']}]")
    ):
        return f"{said[: len(row['response_code']) + 2]} {row['reply_msg'] or ''}"
    return "-" if row[name] is None else str(row[name])


COMPARISONS: Final = (
    Comparison("tshark pop3", 20, "pop3", _truth(POP, _pop), _keys, _pop_cell),
    Comparison("tshark imap", 10, "imap", _truth(IMAP, _imap), _keys),
)
