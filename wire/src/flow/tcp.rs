//! TCP: Zeek's endpoint states, and the order in which a segment changes them (flow-semantics.md 5).
//!
//! HOT: runs for every TCP packet; no allocation except for a direction's first hole or repeated letter.

use super::history::History;
use super::letters::letters;
use super::sequence::{acknowledge, advance, remember_window, rst_in_window, start_sequence};
use super::side::{Side, State};
use crate::packet::Tcp;

/// TCP flag bits.
pub mod flag {
    /// FIN.
    pub const FIN: u8 = 0x01;
    /// SYN.
    pub const SYN: u8 = 0x02;
    /// RST.
    pub const RST: u8 = 0x04;
    /// PSH.
    pub const PSH: u8 = 0x08;
    /// ACK.
    pub const ACK: u8 = 0x10;
    /// URG.
    pub const URG: u8 = 0x20;
}

/// One segment as the state machine sees it.
#[derive(Clone, Copy)]
pub struct Segment {
    /// Header.
    pub tcp: Tcp,
    /// Payload bytes on the wire.
    pub len: u32,
    /// The sender is the originator.
    pub from_src: bool,
    /// The checksum is wrong.
    pub bad_checksum: bool,
}

impl Segment {
    /// All of these flags are set.
    #[inline]
    #[must_use]
    pub fn has(&self, bits: u8) -> bool {
        self.tcp.flags & bits == bits
    }
}

/// What one segment did besides changing the endpoints.
#[derive(Clone, Copy, Debug, Default)]
pub struct Effect {
    /// The RST was outside the window and changed nothing.
    pub rst_out_of_window: bool,
    /// The sequence or acknowledgement number is impossible.
    pub forged: bool,
}

/// Update both endpoints with one segment of `me`.
#[inline]
pub fn update(me: &mut Side, peer: &mut Side, history: &mut History, seg: &Segment) -> Effect {
    let mut effect = Effect::default();
    let is_plain = seg.tcp.flags & (flag::SYN | flag::FIN | flag::RST) == 0;
    if !is_plain || me.state == State::Inactive {
        start_sequence(me, seg);
    }
    letters(me, peer, history, seg);
    if seg.has(flag::RST) && !rst_in_window(peer, seg) {
        effect.rst_out_of_window = true;
        return effect;
    }
    remember_window(me, peer, seg);
    effect.forged |= advance(me, history, seg);
    if seg.has(flag::ACK) {
        effect.forged |= acknowledge(peer, seg, history);
    }
    // Without these flags only a side that was not heard before changes its state.
    if !is_plain || me.state == State::Inactive {
        step(me, peer, seg);
    }
    effect
}

/// Zeek's transitions.
fn step(me: &mut Side, peer: &mut Side, seg: &Segment) {
    match me.state {
        State::Inactive => step_inactive(me, peer, seg),
        State::SynSent | State::SynAckSent => {
            if seg.has(flag::FIN) {
                me.enter(State::Closed);
            }
            if seg.has(flag::RST) {
                me.enter(State::Reset);
            }
        }
        State::Established | State::Partial => step_established(me, peer, seg),
        State::Closed => {
            if seg.has(flag::RST) && peer.state != State::Closed {
                me.enter(State::Reset);
            }
        }
        State::Reset => {}
    }
}

fn step_inactive(me: &mut Side, peer: &mut Side, seg: &Segment) {
    if seg.has(flag::SYN) {
        if seg.from_src {
            let acked = seg.has(flag::ACK);
            // A SYN captured after its answer opens the connection all the same.
            let late = !acked && peer.state == State::Established;
            me.enter(if late {
                State::Established
            } else if acked {
                State::SynAckSent
            } else {
                State::SynSent
            });
        } else {
            if peer.state == State::SynSent {
                peer.enter(State::Established);
            }
            me.enter(State::Established);
        }
    }
    if seg.has(flag::FIN) {
        me.enter(State::Closed);
    }
    if seg.has(flag::RST) {
        me.enter(State::Reset);
    }
    if me.state == State::Inactive {
        if !seg.from_src && seg.len == 0 && peer.state == State::SynSent {
            // Some stacks acknowledge a SYN before they answer it.
        } else if seg.has(flag::ACK) && peer.state == State::Established {
            me.enter(State::Established);
        } else {
            me.enter(State::Partial);
        }
    }
}

fn step_established(me: &mut Side, peer: &mut Side, seg: &Segment) {
    if seg.has(flag::SYN)
        && !seg.has(flag::ACK)
        && me.state == State::Partial
        && peer.state == State::Inactive
    {
        me.enter(State::SynSent);
    }
    if seg.has(flag::FIN) && !seg.has(flag::RST) {
        me.enter(State::Closed);
        if peer.state == State::Reset && peer.before == State::Closed {
            peer.enter(State::Closed);
        }
    }
    if seg.has(flag::RST) {
        me.enter(State::Reset);
    }
}

/// Zeek's summary of both endpoints (scripts/base/protocols/conn/main.zeek, `conn_state`).
#[must_use]
pub fn conn_state(src: Option<&Side>, dst: Option<&Side>, history: &str) -> &'static str {
    let unheard = Side::new();
    let (src, dst) = (src.unwrap_or(&unheard), dst.unwrap_or(&unheard));
    let (os, rs) = (src.state, dst.state);
    if rs == State::Reset {
        let no_data = src.stream_bytes() == 0 && dst.stream_bytes() == 0;
        let asked = matches!(os, State::SynSent | State::SynAckSent);
        return match () {
            () if asked || (os == State::Reset && no_data) => "REJ",
            () if src.is_vague() => "RSTRH",
            () => "RSTR",
        };
    }
    if os == State::Reset {
        return match () {
            () if !dst.is_vague() => "RSTO",
            () if syn_then_rst(history) => "RSTOS0",
            () => "OTH",
        };
    }
    match (os, rs) {
        (State::Closed, State::Closed) => "SF",
        (State::Closed, _) => {
            if dst.is_vague() {
                "SH"
            } else {
                "S2"
            }
        }
        (_, State::Closed) => {
            if src.is_vague() {
                "SHR"
            } else {
                "S3"
            }
        }
        (State::SynSent, State::Inactive) => "S0",
        (State::Established, State::Established) => "S1",
        _ => "OTH",
    }
}

/// Zeek's `/\^?S[^HAFGIQ]*R.*/` over the whole history.
fn syn_then_rst(history: &str) -> bool {
    let letters = history.strip_prefix('^').unwrap_or(history);
    let Some(rest) = letters.strip_prefix('S') else {
        return false;
    };
    rest.chars()
        .find(|letter| matches!(letter, 'H' | 'A' | 'F' | 'G' | 'I' | 'Q' | 'R'))
        == Some('R')
}
