"""A live flow: its packets of the present segment and everything that is carried from segment to segment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from naive_meter import direction, signature
from naive_meter.key import Key
from naive_meter.packet import NO_QUALITY, Frame, Identity, Packet, Quality
from naive_meter.tcp_state import Connection
from naive_meter.timeouts import TCP, Standing

SYN, RST, ACK = 0x02, 0x04, 0x10
WEAKER_THAN_APP: Final = {"service_port", "first_packet"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A packet as it lies in a flow."""

    frame: Frame
    packet: Packet
    who: Identity
    side: int


@dataclass(slots=True)
class Carry:
    """Cumulative numbers at the start of a segment, by side: what the segment's own numbers are counted from."""

    reported: tuple[int, int] = (0, 0)
    """Stream bytes of the rows already written."""
    payload: tuple[int, int] = (0, 0)
    gap: tuple[int, int] = (0, 0)
    retransmitted: tuple[int, int] = (0, 0)
    filled: tuple[int, int] = (0, 0)


@dataclass(slots=True)
class Flow:
    """One flow, from its first packet to the row of its last segment."""

    key: Key
    first: Entry
    originator: int
    basis: str
    entries: list[Entry] = field(default_factory=list)
    segment_seq: int = 0
    root_uid: bytes | None = None
    flipped: bool = False
    dup_pkts: int = 0
    extra: Quality = NO_QUALITY
    """Quality bits of the segment that no packet carries by itself (clock step)."""
    last_sweep_ns: int = 0
    tcp: Connection = field(default_factory=Connection)
    carry: Carry = field(default_factory=Carry)
    heard: list[bool] = field(default_factory=lambda: [False, False])
    any_data: bool = False
    only_syns: bool = True
    payload: list[int] = field(default_factory=lambda: [0, 0])
    icmp: tuple[int, int] | None = None
    """Type and code of the originator's first ICMP packet."""
    synack_pending: bool = False
    """A leading SYN+ACK has not been confirmed yet."""
    hinted: list[bool] = field(default_factory=lambda: [False, False])
    syn_ns: list[int | None] = field(default_factory=lambda: [None, None])
    syn_ack_ns: list[int | None] = field(default_factory=lambda: [None, None])
    """(side, time) of the first SYN+ACK."""
    rtt_syn: int | None = None
    rtt_ack: int | None = None
    opened: list[Packet | None] = field(default_factory=lambda: [None, None])
    """First packet of each side that has a signature of its stack."""

    @classmethod
    def begin(cls, key: Key, entry: Entry) -> Flow:
        """Return a new flow with its direction decided by its first packet, which is not yet absorbed."""
        sender, basis = direction.first_decision(entry.packet, entry.who)
        flow = cls(key, entry, entry.side if sender else 1 - entry.side, basis)
        if not sender and flow.has_history:
            flow.tcp.history.flips = 1
        tcp = entry.packet.tcp
        flow.synack_pending = tcp is not None and bool(tcp.flags & SYN) and basis != "syn"
        return flow

    @property
    def is_tcp(self) -> bool:
        """Return whether the flow's protocol is TCP (even when no header could be read)."""
        return self.key.version != 0 and self.key.proto == TCP

    @property
    def has_history(self) -> bool:
        """Return whether the flow keeps a history: TCP and UDP."""
        return self.key.version != 0 and self.key.proto in {6, 17}

    @property
    def midstream(self) -> bool:
        """Return whether the first packet has a TCP header and is neither SYN nor SYN+ACK."""
        tcp = self.first.packet.tcp
        return tcp is not None and not tcp.flags & SYN

    def absorb(self, entry: Entry) -> None:
        """Add a packet to the present segment."""
        self.entries.append(entry)
        self._reconsider(entry)
        packet = entry.packet
        self.heard[entry.side] = True
        self.any_data = self.any_data or packet.payload_len > 0
        self.payload[entry.side] += packet.payload_len
        if self.opened[entry.side] is None and signature.is_readable(packet):
            self.opened[entry.side] = packet
        spoiled = bool(packet.quality & Quality.BAD_CHECKSUM)
        if packet.tcp is not None:
            self.only_syns = self.only_syns and bool(packet.tcp.flags & SYN)
            self.tcp.absorb(entry.side, self.originator, packet.tcp, packet.payload_len, bad_checksum=spoiled)
            self._round_trips(entry)
        elif self.has_history and not self.is_tcp:
            self.tcp.history.once("D", entry.side)
            if spoiled:
                self.tcp.history.counted("C", entry.side)
        if self.icmp is None and entry.side == self.originator and self.key.version:
            self.icmp = entry.who.icmp

    def _reconsider(self, entry: Entry) -> None:
        """Flip the roles when this packet shows that they were wrong (once, in segment 0 only)."""
        if self.segment_seq or len(self.entries) == 1:
            self._examined(entry)
            return
        packet = entry.packet
        if self.synack_pending:
            self._judge_syn_ack(entry)
        may_hint = self.basis in WEAKER_THAN_APP and not self.flipped and not self.synack_pending
        if may_hint and not self.hinted[entry.side] and packet.payload_len:
            hint = direction.app_hint(packet, entry.who)
            if hint is not None:
                self._settle(entry.side if hint else 1 - entry.side, "app", packet)
        self._examined(entry)

    def _examined(self, entry: Entry) -> None:
        if entry.packet.payload_len:
            self.hinted[entry.side] = True

    def _judge_syn_ack(self, entry: Entry) -> None:
        """Let a packet after a leading SYN+ACK show whether its sender has answered somebody."""
        flags = 0 if entry.packet.tcp is None else entry.packet.tcp.flags
        other = entry.side != self.first.side
        if other and flags & RST:
            self.synack_pending = False
            return
        late_syn = other and flags & (SYN | ACK) == SYN
        answer = other and flags & (SYN | ACK) == ACK
        if late_syn or answer or entry.packet.payload_len:
            self.synack_pending = False
            self._settle(1 - self.first.side, "syn" if late_syn else "synack_flip", entry.packet)

    def _settle(self, originator: int, basis: str, packet: Packet) -> None:
        """Give the flow its originator for a stronger reason; a group address never becomes one."""
        if originator != self.originator:
            ends = (self.key.lo[0], self.key.hi[0])
            own, other = ends[originator], ends[1 - originator]
            if direction.is_group(packet, own) and not direction.is_group(packet, other):
                return
            self.originator = originator
            self.flipped = True
            self.tcp.history.flips += 1
            self.tcp.flip_syn_ack(1 - originator)
        self.basis = basis

    def _round_trips(self, entry: Entry) -> None:
        tcp = entry.packet.tcp
        assert tcp is not None
        now, side = entry.frame.ts_ns, entry.side
        control = tcp.flags & (SYN | ACK | RST)
        if control & (SYN | ACK) == SYN and self.syn_ns[side] is None:
            self.syn_ns[side] = now
        elif (
            control == SYN | ACK and self.syn_ack_ns[side] is None and (side != self.originator or entry is self.first)
        ):
            self.syn_ack_ns[side] = now
            asked = self.syn_ns[1 - side]
            is_answer = side != self.originator and self.segment_seq == 0
            if is_answer and self.rtt_syn is None and asked is not None and now >= asked:
                self.rtt_syn = now - asked
        elif control == ACK and side == self.originator and self.rtt_ack is None and self.segment_seq == 0:
            answered = self.syn_ack_ns[1 - side]
            if answered is not None and now >= answered:
                self.rtt_ack = now - answered

    def standing(self) -> Standing:
        """Return what decides the flow's time-out now."""
        return Standing(
            version=self.key.version,
            proto=self.key.proto if self.key.version else None,
            ports=(self.key.lo[1], self.key.hi[1]) if self.key.kind == "ports" else None,
            heard=(self.heard[0], self.heard[1]),
            any_data=self.any_data,
            closed=self.is_tcp and self.tcp.is_closed(),
            one_fin=self.is_tcp and self.tcp.one_fin(),
            only_syns=self.only_syns,
        )

    def is_reused_by(self, entry: Entry, silent_ns: int) -> bool:
        """Return whether a packet opens a new connection on the same tuple (flow-semantics.md 3.5)."""
        tcp = entry.packet.tcp
        if tcp is None or not tcp.flags & SYN or tcp.flags & ACK:
            return False
        if self.tcp.sides[entry.side].syn_isn == tcp.seq:
            return False
        if self.tcp.is_closed():
            return True
        from_originator = entry.side == self.originator
        return from_originator and (self.tcp.one_fin() or silent_ns > 10_000_000_000)

    def cut(self) -> None:
        """Begin the next segment: state, history and sequence knowledge stay, counters start again."""
        self.segment_seq += 1
        self.basis = "inherited"
        self.entries = []
        self.dup_pkts = 0
        self.extra = NO_QUALITY
        self.rtt_syn = self.rtt_ack = None
        a, b = self.tcp.sides[0].seq, self.tcp.sides[1].seq
        self.carry = Carry(
            (self.stream(0), self.stream(1)),
            (self.payload[0], self.payload[1]),
            (a.gap, b.gap),
            (a.retransmitted, b.retransmitted),
            (a.filled, b.filled),
        )

    def stream(self, side: int) -> int:
        """Return the stream bytes of a side over the whole flow, never more than were counted or missed."""
        sequence = self.tcp.sides[side].seq
        return max(min(sequence.stream(), self.payload[side] + sequence.gap), self.carry.reported[side])

    def udp_state(self) -> str:
        """Return the summary state of a UDP flow from the sides that were active."""
        mine, other = self.heard[self.originator], self.heard[1 - self.originator]
        if mine:
            return "SF" if other else "S0"
        return "SHR" if other else "OTH"

    def state_text(self) -> str | None:
        """Return ``conn_state``; None for layer 2."""
        if self.key.version == 0:
            return None
        if self.is_tcp:
            return self.tcp.conn_state(self.originator, any_data=self.stream(0) + self.stream(1) > 0)
        return self.udp_state() if self.key.proto == 17 else "OTH"
