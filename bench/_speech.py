"""Who says what in the mix with protocols in it: scripts of messages per service, laid over drawn packets.

A script has an opening, played once, and a loop, played until the flow has no data packets left; without a loop the
rest of the flow keeps its random payload, as encrypted traffic has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from bench import _messages as say
from bench._population import Flows, Ints, Packets

VARIANTS: Final = 32
"""Scripts per service: enough names and numbers that nothing is learned by heart, few enough to stay in memory."""
SEGMENT: Final = 1348
"""Bytes of a full segment, as in the mix without protocols."""
CLIENT, SERVER = 0, 1

Turn = tuple[int, bytes]
"""Side, and what it says in one packet."""


@dataclass(frozen=True, slots=True)
class Script:
    """What the packets of a flow with data say, in order."""

    opening: Sequence[Turn]
    loop: Sequence[Turn] = ()


def _segments(side: int, message: bytes) -> list[Turn]:
    return [(side, message[at : at + SEGMENT]) for at in range(0, len(message), SEGMENT)]


def _tls(rng: np.random.Generator, variant: int) -> Script:
    tls13 = variant % 2 == 0
    chain = b""
    for _ in range(2):
        leaf = say.certificate(rng)
        chain += len(leaf).to_bytes(3, "big") + leaf
    opening = [(CLIENT, say.client_hello(rng, tls13=tls13))]
    opening += _segments(SERVER, say.server_flight(rng, chain, tls13=tls13))
    opening += [(CLIENT, say.sealed(rng, 64) if tls13 else say.client_finish(rng))]
    loop = [(CLIENT, say.sealed(rng, int(rng.integers(60, 600))))]
    loop += [(SERVER, say.sealed(rng, SEGMENT)) for _ in range(int(rng.integers(3, 30)))]
    return Script(opening, loop)


def _http(rng: np.random.Generator, variant: int) -> Script:
    segments = 1 + variant
    head = say.http_response(segments * SEGMENT)
    body = [(SERVER, rng.bytes(SEGMENT)) for _ in range(segments)]
    return Script([], [(CLIENT, say.http_request(rng)), (SERVER, head), *body])


def _dns(rng: np.random.Generator, variant: int) -> Script:
    turns: list[Turn] = []
    for number in range(8):
        query, response = say.dns_exchange(rng, 256 * variant + number)
        turns += [(CLIENT, query), (SERVER, response)]
    return Script([], turns)


def _ssh(rng: np.random.Generator, _variant: int) -> Script:
    banners = [(CLIENT, say.ssh_banner(rng, server=False)), (SERVER, say.ssh_banner(rng, server=True))]
    offers = [(CLIENT, say.ssh_kexinit(rng)), (SERVER, say.ssh_kexinit(rng))]
    reply = say.ssh_packet(rng, 31, rng.bytes(400)) + say.ssh_packet(rng, 21, b"")
    keys = [(CLIENT, say.ssh_packet(rng, 30, rng.bytes(36))), (SERVER, reply), (CLIENT, say.ssh_packet(rng, 21, b""))]
    return Script([*banners, *offers, *keys])


def _ntp(rng: np.random.Generator, _variant: int) -> Script:
    return Script([], [(CLIENT, say.ntp(rng, server=False)), (SERVER, say.ntp(rng, server=True))])


def _modbus(rng: np.random.Generator, variant: int) -> Script:
    turns: list[Turn] = []
    for number in range(8):
        request, response = say.modbus_exchange(rng, 256 * variant + number)
        turns += [(CLIENT, request), (SERVER, response)]
    return Script([], turns)


SERVICES: Final[dict[tuple[int, int], Callable[[np.random.Generator, int], Script]]] = {
    (6, 443): _tls,
    (6, 80): _http,
    (6, 8080): _http,
    (6, 22): _ssh,
    (6, 502): _modbus,
    (17, 53): _dns,
    (17, 123): _ntp,
}
"""Scripts by IP protocol and port; the other services of the mix (SMB, RDP, LDAP) keep random payloads."""


class Speech:
    """The scripts of all services in one library of bytes; offsets into it are even, so that word sums fit.

    Attributes:
        library: All messages, one behind the other.
    """

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        parts: list[bytes] = []
        size = 0
        self._scripts: dict[tuple[int, int], list[tuple[Ints, int]]] = {}
        for key, make in SERVICES.items():
            for variant in range(VARIANTS):
                script = make(rng, variant)
                turns: list[tuple[int, int, int]] = []
                for side, message in (*script.opening, *script.loop):
                    turns.append((side, size, len(message)))
                    padded = message + b"\0" * (len(message) % 2)
                    parts.append(padded)
                    size += len(padded)
                table = np.array(turns, np.int64).reshape(-1, 3)
                self._scripts.setdefault(key, []).append((table, len(script.opening)))
        self.library = b"".join(parts) + b"\0\0"

    def speak(self, flows: Flows, packets: Packets) -> Packets:
        """Return packets in flow order with the lines of their scripts."""
        has_data = packets.payload > 0
        before: Ints = np.cumsum(has_data) - has_data
        first = np.concatenate([[0], np.cumsum(flows.size)[:-1]])
        number: Ints = before - before[first][packets.flow]
        back, payload, text = packets.back.copy(), packets.payload.copy(), packets.text.copy()
        port, proto = flows.dport[packets.flow], flows.proto[packets.flow]
        for key in self._scripts:
            spoken = np.flatnonzero(has_data & (proto == key[0]) & (port == key[1]))
            voice = packets.flow[spoken] % VARIANTS
            for variant in range(VARIANTS):
                mine = spoken[voice == variant]
                has, side, offset, length = self._lines(key, variant, number[mine])
                back[mine[has]], text[mine[has]], payload[mine[has]] = side, offset, length
        return replace(packets, back=back, payload=payload, text=text)

    def _lines(self, key: tuple[int, int], variant: int, number: Ints) -> tuple[Ints, Ints, Ints, Ints]:
        """Return which packets have a line, and for those the side, the offset and the length.

        Args:
            key: IP protocol and port of the service.
            variant: Script, 0 … VARIANTS - 1.
            number: Ordinal of every packet among those with data of its flow.
        """
        table, opening = self._scripts[key][variant]
        loop = len(table) - opening
        row = np.where(number < opening, number, opening + (number - opening) % loop) if loop else number
        has = np.flatnonzero(row < len(table))
        found = table[row[has]]
        return has, found[:, 0], found[:, 1], found[:, 2]
