"""The TCP state machine of a flow, side by side (0, 1); transitions as Zeek's (flow-semantics.md 5).

Source: UpdateInactiveState, UpdateSYN_SentState, UpdateEstablishedState, UpdateClosedState in Zeek's
TCPSessionAdapter.cc; conn_state in scripts/base/protocols/conn/main.zeek. Written anew from their behaviour.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

from naive_meter.history import ACK, FIN, RST, SYN, History
from naive_meter.packet import TcpHeader
from naive_meter.sequence import Sequence, signed32

STEALTH_RESET: Final = re.compile(r"\^?S[^HAFGIQ]*R")


NO_SCALE: Final = -1


class State(Enum):
    """Endpoint states of Zeek."""

    INACTIVE = auto()
    SYN_SENT = auto()
    SYN_ACK_SENT = auto()
    PARTIAL = auto()
    ESTABLISHED = auto()
    CLOSED = auto()
    RESET = auto()


SYN_STATES: Final = {State.SYN_SENT, State.SYN_ACK_SENT}
OPEN_STATES: Final = {State.ESTABLISHED, State.PARTIAL}


@dataclass(slots=True)
class Side:
    """One endpoint."""

    state: State = State.INACTIVE
    before: State = State.INACTIVE
    seq: Sequence = field(default_factory=Sequence)
    last_ack: int | None = None
    window: int | None = None
    offered: int | None = None
    """Window scale of the SYN; None = no SYN seen, NO_SCALE = it had none."""
    mss: int | None = None
    syn_isn: int | None = None

    def enter(self, state: State) -> None:
        """Change to another state."""
        if state is not self.state:
            self.before, self.state = self.state, state


@dataclass(slots=True)
class Connection:
    """Both endpoints of a TCP flow with their history."""

    sides: tuple[Side, Side] = field(default_factory=lambda: (Side(), Side()))
    history: History = field(default_factory=History)

    def absorb(self, side: int, originator: int, tcp: TcpHeader, length: int, *, bad_checksum: bool) -> None:
        """Account one segment sent by ``side`` and change states."""
        me, peer = self.sides[side], self.sides[1 - side]
        flags = tcp.flags
        self._begin(me, tcp)
        if bad_checksum:
            self.history.counted("C", side)
        self.history.control(side, flags, tcp.seq, length)
        if tcp.window == 0 and not flags & RST and peer.state is not State.CLOSED and me.state is not State.RESET:
            self.history.counted("W", side)
        counts = not flags & RST and me.state is not State.RESET
        if counts and me.seq.sent(tcp.seq, length, syn=bool(flags & SYN), fin=bool(flags & FIN)):
            self.history.counted("T", side)
        outside = flags & RST and not _rst_fits(me, peer, tcp)
        if not outside:
            _transition(me, peer, is_originator=side == originator, tcp=tcp, length=length)
        if flags & ACK and not flags & RST:
            heard = peer.state is not State.INACTIVE
            if heard and peer.seq.acknowledged(tcp.ack) and not flags & FIN:
                self.history.counted("G", 1 - side)
            if me.last_ack is None or signed32(tcp.ack - me.last_ack) > 0:
                me.last_ack = tcp.ack
        _windows(me, peer, tcp)

    def _begin(self, me: Side, tcp: TcpHeader) -> None:
        """Start the sender's sequence space, anew at a SYN with another number."""
        syn, rst = bool(tcp.flags & SYN), bool(tcp.flags & RST)
        if rst:
            return
        fresh = me.state is State.INACTIVE
        again = me.state in SYN_STATES | OPEN_STATES or (me.state is State.RESET and me.before is State.INACTIVE)
        if fresh or (syn and again and tcp.seq != me.seq.isn):
            me.seq.start(tcp.seq, syn=syn)
        if syn and me.seq.isn == tcp.seq:
            me.syn_isn = tcp.seq
        if syn and tcp.mss is not None:
            me.mss = tcp.mss

    def flip_syn_ack(self, side: int) -> None:
        """Make the SYN+ACK sender the responder it is: it has answered a SYN that was not seen."""
        if self.sides[side].state is State.SYN_ACK_SENT:
            self.sides[side].enter(State.ESTABLISHED)

    def is_closed(self) -> bool:
        """Return whether both sides closed or one reset."""
        states = [side.state for side in self.sides]
        return State.RESET in states or states == [State.CLOSED, State.CLOSED]

    def one_fin(self) -> bool:
        """Return whether one side closed and the connection is not over."""
        return not self.is_closed() and State.CLOSED in [side.state for side in self.sides]

    def conn_state(self, originator: int, *, any_data: bool) -> str:
        """Return Zeek's summary state; ``any_data`` says whether either stream has a byte."""
        orig, resp = self.sides[originator].state, self.sides[1 - originator].state
        idle = {State.INACTIVE, State.PARTIAL}
        if resp is State.RESET:
            if orig in SYN_STATES or (orig is State.RESET and not any_data):
                return "REJ"
            return "RSTRH" if orig in idle else "RSTR"
        if orig is State.RESET:
            if resp not in idle:
                return "RSTO"
            return "RSTOS0" if STEALTH_RESET.match(self.history.text(originator)) else "OTH"
        if orig is State.CLOSED:
            if resp is State.CLOSED:
                return "SF"
            return "SH" if resp in idle else "S2"
        if resp is State.CLOSED:
            return "SHR" if orig in idle else "S3"
        if orig is State.SYN_SENT and resp is State.INACTIVE:
            return "S0"
        return "S1" if orig is resp is State.ESTABLISHED else "OTH"


def _windows(me: Side, peer: Side, tcp: TcpHeader) -> None:
    """Remember the sender's window; a scale counts only when both SYNs offered one (RFC 7323, 2.2)."""
    if tcp.flags & SYN:
        me.offered = NO_SCALE if tcp.wscale is None else tcp.wscale
    if tcp.flags & RST:
        return
    scale: int | None = None
    if NO_SCALE in {me.offered, peer.offered} or tcp.flags & SYN:
        scale = 0
    elif me.offered is not None and peer.offered is not None:
        scale = me.offered
    me.window = None if scale is None else tcp.window << scale


def _rst_fits(me: Side, peer: Side, tcp: TcpHeader) -> bool:
    """Return whether a RST lies in the receiver's window, one window of slop on either side; unknown = yes."""
    if not tcp.flags & ACK and peer.state is State.SYN_SENT:
        return True
    if peer.last_ack is None or peer.window is None:
        return True
    ahead = signed32(tcp.seq - peer.last_ack)
    window = max(peer.window, 1)
    return -window <= ahead <= 2 * window


def _transition(me: Side, peer: Side, *, is_originator: bool, tcp: TcpHeader, length: int) -> None:
    if me.state is State.INACTIVE:
        _from_inactive(me, peer, is_originator=is_originator, flags=tcp.flags, length=length)
    elif me.state in SYN_STATES:
        if tcp.flags & FIN:
            me.enter(State.CLOSED)
        if tcp.flags & RST:
            me.enter(State.RESET)
    elif me.state in OPEN_STATES:
        _from_open(me, peer, tcp.flags)
    elif me.state is State.CLOSED and tcp.flags & RST and peer.state is not State.CLOSED:
        me.enter(State.RESET)


def _from_inactive(me: Side, peer: Side, *, is_originator: bool, flags: int, length: int) -> None:
    if flags & SYN:
        if is_originator and peer.state is State.ESTABLISHED and not flags & ACK:
            me.enter(State.ESTABLISHED)
        elif is_originator:
            me.enter(State.SYN_ACK_SENT if flags & ACK else State.SYN_SENT)
        else:
            if peer.state is State.SYN_SENT:
                peer.enter(State.ESTABLISHED)
            me.enter(State.ESTABLISHED)
    if flags & FIN:
        me.enter(State.CLOSED)
    if flags & RST:
        me.enter(State.RESET)
    if me.state is not State.INACTIVE:
        return
    if not is_originator and length == 0 and peer.state is State.SYN_SENT:
        return
    if flags & ACK and peer.state is State.ESTABLISHED:
        me.enter(State.ESTABLISHED)
    else:
        me.enter(State.PARTIAL)


def _from_open(me: Side, peer: Side, flags: int) -> None:
    if flags & SYN and not flags & ACK and me.state is State.PARTIAL and peer.state is State.INACTIVE:
        me.enter(State.SYN_SENT)
    if flags & FIN and not flags & RST:
        me.enter(State.CLOSED)
        if peer.state is State.RESET and peer.before is State.CLOSED:
            peer.enter(State.CLOSED)
    if flags & RST:
        me.enter(State.RESET)
