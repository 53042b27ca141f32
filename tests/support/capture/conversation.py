"""Declared conversations turned into frames: what is listed here is what the flow row must say.

``Talk`` tracks both sequence spaces, so that a step names only who speaks, which flags and how many bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from capture import ip as net
from capture.files import SECOND, T0, Shot
from capture.link import MAC_A, MAC_B, ethernet

Wrap = Callable[[bytes, bool], bytes]
"""Turns an IP packet into a frame; the flag says whether the client sent it."""

Who = Literal["c", "s"]
"""Client or server."""

MS = SECOND // 1000


def plain(packet: bytes, from_client: bool) -> bytes:
    """Return the packet in an Ethernet frame between the two default stations."""
    return ethernet(packet, src=MAC_A, dst=MAC_B) if from_client else ethernet(packet, src=MAC_B, dst=MAC_A)


@dataclass(slots=True)
class Talk:
    """A TCP connection being written down, packet by packet, 1 ms apart unless a step says otherwise.

    Attributes:
        client: address and port of the side named "client" (not necessarily the first to send).
        server: address and port of the other side.
        isn: initial sequence numbers of client and server.
        now_ns: time of the next packet.
        wrap: how packets become frames.
    """

    client: tuple[str, int] = ("10.0.0.1", 50000)
    server: tuple[str, int] = ("10.0.0.2", 80)
    isn: tuple[int, int] = (1000, 9000)
    now_ns: int = T0
    wrap: Wrap = plain
    shots: list[Shot] = field(default_factory=list)
    next_seq: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Start both sequence spaces at their initial numbers."""
        self.next_seq = list(self.isn)

    def send(
        self,
        who: Who,
        flags: str = "A",
        size: int = 0,
        *,
        dt_ns: int = MS,
        seq: int | None = None,
        ack: int | None = None,
        payload: bytes | None = None,
        window: int = 65535,
        options: bytes = b"",
        bad_checksum: bool = False,
        lost: bool = False,
        ttl: int = 64,
        ident: int = 0,
    ) -> Talk:
        """Append one segment ``dt_ns`` after the previous one (the first at ``now_ns``) and return self.

        ``seq`` and ``ack`` default to the tracked numbers; a given ``seq`` does not move the tracked ones.
        ``lost`` moves the sequence space without writing the frame.
        """
        me, peer = (0, 1) if who == "c" else (1, 0)
        ends = (self.client, self.server) if who == "c" else (self.server, self.client)
        (src, sport), (dst, dport) = ends
        body = b"x" * size if payload is None else payload
        number = self.next_seq[me] if seq is None else seq
        answer = (self.next_seq[peer] if "A" in flags else 0) if ack is None else ack
        segment = net.tcp_segment(
            src, dst, sport, dport, flags, seq=number, ack=answer, payload=body, window=window, options=options,
            bad_checksum=bad_checksum,
        )  # fmt: skip
        if seq is None and "R" not in flags:
            self.next_seq[me] += len(body) + ("S" in flags) + ("F" in flags)
        if self.shots or lost:
            self.now_ns += dt_ns
        if not lost:
            self.shots.append(
                Shot(self.now_ns, self.wrap(net.ip(src, dst, net.TCP, segment, ttl=ttl, ident=ident), who == "c"))
            )
        return self

    def handshake(self) -> Talk:
        """Append SYN, SYN+ACK, ACK."""
        return self.send("c", "S").send("s", "SA").send("c", "A")

    def close(self) -> Talk:
        """Append FIN by the client, FIN by the server, last ACK."""
        return self.send("c", "FA").send("s", "FA").send("c", "A")


@dataclass(frozen=True, slots=True)
class TcpConversation:
    """A whole TCP conversation as one declaration.

    Attributes:
        client: address and port of the initiator.
        server: address and port of the other side.
        open: "syn" (full handshake), "syn-only", "none" (midstream).
        data: (who, payload, seconds since the previous packet); every one is acknowledged 1 ms later.
        close: "fin", "rst-client", "rst-server" or "none".
        start_ns: time of the first packet.
    """

    client: tuple[str, int]
    server: tuple[str, int]
    open: Literal["syn", "syn-only", "none"] = "syn"
    data: Sequence[tuple[Who, bytes, float]] = ()
    close: Literal["fin", "rst-client", "rst-server", "none"] = "fin"
    start_ns: int = T0

    def shots(self, wrap: Wrap = plain) -> list[Shot]:
        """Return the frames in order of time."""
        talk = Talk(self.client, self.server, now_ns=self.start_ns, wrap=wrap)
        if self.open == "syn":
            talk.handshake()
        elif self.open == "syn-only":
            talk.send("c", "S")
        for who, payload, wait_s in self.data:
            talk.send(who, "PA", payload=payload, dt_ns=round(wait_s * SECOND))
            talk.send("s" if who == "c" else "c", "A")
        if self.close == "fin":
            talk.close()
        elif self.close != "none":
            talk.send("c" if self.close == "rst-client" else "s", "RA")
        return talk.shots


def udp_exchange(
    client: tuple[str, int],
    server: tuple[str, int],
    steps: Sequence[tuple[Who, bytes, float]],
    *,
    start_ns: int = T0,
    wrap: Wrap = plain,
) -> list[Shot]:
    """Return the frames of a UDP exchange; a step is (who, payload, seconds since the previous packet)."""
    out: list[Shot] = []
    now = start_ns
    for who, payload, wait_s in steps:
        now += round(wait_s * SECOND)
        (src, sport), (dst, dport) = (client, server) if who == "c" else (server, client)
        out.append(Shot(now, wrap(net.udp(src, dst, sport, dport, payload), who == "c")))
    return out
