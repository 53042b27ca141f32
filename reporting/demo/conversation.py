"""A well-formed TCP conversation: handshake, numbered and acknowledged data, an orderly or abrupt end.

Times are those at the tap, which stands between both ends: an answer of a side comes that side's round trip later.
"""

from __future__ import annotations

from typing import Final

from reporting.demo import frames
from reporting.demo.frames import ACK, FIN, PSH, RST, SYN
from reporting.demo.network import Host, Segment, Stack
from reporting.demo.tap import MICROSECOND, MILLISECOND, Tap

LINE_GAP: Final = (12 * MICROSECOND, 95 * MICROSECOND)
"""Gap between back-to-back segments, ns: 1514 B take 12 µs at 1 Gb/s; switches and senders add the rest."""

DELAYED_ACK: Final = (18 * MILLISECOND, 42 * MILLISECOND)
"""How long a receiver waits before it acknowledges a lone segment, ns. Source: RFC 9293 3.8.6.3 allows up to 500 ms."""


def round_trip(tap: Tap, host: Host) -> int:
    """Return a plausible round trip from the tap to a host, ns: LAN 0.2-0.9 ms, station 3-9 ms, Internet 18-45 ms."""
    if host.segment is Segment.UPLINK:
        return tap.jitter(18 * MILLISECOND, 45 * MILLISECOND)
    if host.segment is Segment.STATION:
        return tap.jitter(3 * MILLISECOND, 9 * MILLISECOND)
    return tap.jitter(200 * MICROSECOND, 900 * MICROSECOND)


class _Side:
    """One end: its next sequence number, window and address book."""

    def __init__(self, host: Host, port: int, tap: Tap) -> None:
        self.host = host
        self.port = port
        self.seq = tap.rng.getrandbits(32)
        self.ident = tap.rng.getrandbits(16)
        self.rtt = round_trip(tap, host)
        self.unacked = 0
        self.window = min(host.stack.window, 0xFFFF)


class Conversation:
    """One TCP connection between a client and a server, written to the tap as it goes.

    ``now`` is the time of the latest frame, ns; a caller moves it forward with ``wait``.
    """

    def __init__(self, tap: Tap, client: Host, server: Host, port: int, start_ns: int, *, client_port: int = 0) -> None:
        self.tap = tap
        self.now = start_ns
        self.start_ns = start_ns
        self._client = _Side(client, client_port or tap.ports.take(client), tap)
        self._server = _Side(server, port, tap)
        scaled = client.stack.window_scale is not None and server.stack.window_scale is not None
        self._scaled = scaled
        if scaled:
            for side in (self._client, self._server):
                side.window = side.host.stack.window >> _shift(side.host.stack)
        self._mss = min(client.stack.mss, server.stack.mss)

    @property
    def client_port(self) -> int:
        """The client's port."""
        return self._client.port

    def wait(self, ns: int) -> None:
        """Let time pass before the next message."""
        self.now += ns

    def open(self) -> Conversation:
        """Exchange the three packets of the handshake; return the conversation."""
        client, server = self._client, self._server
        self._emit(
            client,
            SYN,
            ack=0,
            window=client.host.stack.syn_window,
            options=client.host.stack.syn_options(answer_scale=True),
        )
        client.seq += 1
        self.now += server.rtt
        options = server.host.stack.syn_options(answer_scale=self._scaled)
        self._emit(server, SYN | ACK, ack=client.seq, window=server.host.stack.syn_window, options=options)
        server.seq += 1
        self.now += client.rtt
        self._emit(client, ACK, ack=server.seq)
        return self

    def request(self, data: bytes) -> None:
        """Send ``data`` from the client."""
        self._send(self._client, self._server, data)

    def reply(self, data: bytes) -> None:
        """Send ``data`` from the server, one round trip of the server later."""
        self.now += self._server.rtt
        self._send(self._server, self._client, data)

    def acknowledge(self) -> None:
        """Let each side that owes an acknowledgement send it, after the usual delay."""
        for receiver, sender in ((self._client, self._server), (self._server, self._client)):
            if sender.unacked:
                self.now += self.tap.jitter(*DELAYED_ACK)
                self._emit(receiver, ACK, ack=sender.seq)
                sender.unacked = 0

    def close(self, *, by_server: bool = False) -> None:
        """End with FIN, FIN/ACK and the last ACK, begun by the client unless ``by_server``."""
        first, second = (self._server, self._client) if by_server else (self._client, self._server)
        self.now += self.tap.jitter(*LINE_GAP)
        self._emit(first, FIN | ACK, ack=second.seq)
        first.seq += 1
        self.now += second.rtt
        self._emit(second, FIN | ACK, ack=first.seq)
        second.seq += 1
        self.now += first.rtt
        self._emit(first, ACK, ack=second.seq)

    def reset(self, *, by_server: bool = True) -> None:
        """End with one RST/ACK."""
        first, second = (self._server, self._client) if by_server else (self._client, self._server)
        self.now += self.tap.jitter(*LINE_GAP)
        self._emit(first, RST | ACK, ack=second.seq, window=0)

    def _send(self, sender: _Side, receiver: _Side, data: bytes) -> None:
        """Send in segments of at most the MSS; every second one is acknowledged (RFC 9293 3.8.6.3)."""
        for offset in range(0, len(data), self._mss):
            part = data[offset : offset + self._mss]
            self.now += self.tap.jitter(*LINE_GAP)
            last = offset + self._mss >= len(data)
            self._emit(sender, ACK | PSH if last else ACK, ack=receiver.seq, payload=part)
            sender.seq += len(part)
            receiver.unacked = 0
            sender.unacked += 1
            if sender.unacked >= 2:
                self.now += receiver.rtt
                self._emit(receiver, ACK, ack=sender.seq)
                sender.unacked = 0

    def _emit(
        self,
        side: _Side,
        flags: int,
        *,
        ack: int,
        window: int | None = None,
        options: bytes = b"",
        payload: bytes = b"",
    ) -> None:
        other = self._server if side is self._client else self._client
        source, target = side.host, other.host
        segment = frames.tcp(
            source.ip,
            target.ip,
            (side.port, other.port),
            seq=side.seq,
            ack=ack,
            flags=flags,
            window=side.window if window is None else window,
            options=options,
            payload=payload,
        )
        packet = frames.ipv4(source.ip, target.ip, frames.PROTO_TCP, segment, ident=side.ident, ttl=source.stack.ttl)
        side.ident += 1
        self.tap.packet(self.now, source, packet)


def _shift(stack: Stack) -> int:
    return 0 if stack.window_scale is None else stack.window_scale
