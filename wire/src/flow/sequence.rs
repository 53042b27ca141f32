//! TCP sequence space: how far a side has sent, what its peer acknowledged, what was never seen (flow-semantics.md 5).
//!
//! HOT: runs for every TCP packet; positions are relative 64-bit numbers, so that wrapping needs no case of its own.

use super::history::History;
use super::letters::scaled_letter;
use super::limits::{LARGE_DELTA, MAX_HOLES, MAX_WINDOW};
use super::side::{Rare, Side, State};
use super::tcp::{Segment, flag};

fn delta(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b).cast_signed()
}

/// Set up sequence numbers as Zeek's `init_endpoint` does.
pub(super) fn start_sequence(me: &mut Side, seg: &Segment) {
    if seg.has(flag::RST) {
        // Numbers of resets are not to be trusted, least of all the first one.
        return;
    }
    let syn = seg.has(flag::SYN);
    let other_number = !me.has_seq || seg.tcp.seq != me.start_seq;
    let again = match me.state {
        State::Inactive => true,
        State::SynSent | State::SynAckSent | State::Established | State::Partial => {
            syn && other_number
        }
        State::Reset => syn && other_number && me.before == State::Inactive,
        State::Closed => false,
    };
    if !again {
        me.has_isn |= syn && me.has_seq && !other_number;
        return;
    }
    me.start_seq = if syn {
        seg.tcp.seq
    } else {
        seg.tcp.seq.wrapping_sub(1)
    };
    me.end_rel = 1;
    me.gap_rel = 1;
    me.has_seq = true;
    me.has_isn = syn;
    me.fin_seen = false;
    if let Some(rare) = &mut me.rare {
        rare.holes.clear();
    }
}

/// Relative position of a raw number near the highest end.
fn relative(side: &Side, seq: u32) -> i64 {
    i64::try_from(side.end_rel).unwrap_or(i64::MAX) + i64::from(delta(seq, side.end_seq()))
}

pub(super) fn rst_in_window(peer: &Side, seg: &Segment) -> bool {
    // A reset without an acknowledgement that answers a SYN has no number to be judged by.
    let answers_syn = !seg.has(flag::ACK) && peer.state == State::SynSent;
    if answers_syn || !peer.has_ack || peer.window == UNKNOWN_WINDOW {
        return true;
    }
    let window = i64::from(peer.window.clamp(1, MAX_WINDOW));
    let off = i64::from(delta(seg.tcp.seq, peer.acked));
    (-window..=2 * window).contains(&off)
}

/// A window whose scale is unknown because a SYN was missed.
const UNKNOWN_WINDOW: u32 = u32::MAX;

/// No window-scale option in the SYN.
const NO_SCALE: u8 = 255;

/// The SYN was not seen.
pub(super) const UNKNOWN_SCALE: u8 = 254;

/// Largest window scale (RFC 7323 2.3).
const MAX_SCALE: u8 = 14;

/// Remember the sender's window and acknowledgement; a scale is in force when both SYNs offered one (RFC 7323 2.2).
pub(super) fn remember_window(me: &mut Side, peer: &Side, seg: &Segment) {
    if seg.has(flag::SYN) {
        me.wscale = if seg.tcp.wscale == NO_SCALE {
            NO_SCALE
        } else {
            seg.tcp.wscale.min(MAX_SCALE)
        };
    }
    if seg.has(flag::RST) {
        return;
    }
    let window = u32::from(seg.tcp.window);
    me.window = match (me.wscale, peer.wscale) {
        _ if seg.has(flag::SYN) => window,
        (NO_SCALE, _) | (_, NO_SCALE) => window,
        (UNKNOWN_SCALE, _) | (_, UNKNOWN_SCALE) => UNKNOWN_WINDOW,
        (scale, _) => window << scale,
    };
    if seg.has(flag::ACK) && (!me.has_ack || delta(seg.tcp.ack, me.acked) > 0) {
        me.acked = seg.tcp.ack;
        me.has_ack = true;
    }
}

/// Take an acknowledgement of the peer's bytes: unseen bytes below it are gaps. Returns true when it is impossible.
pub(super) fn acknowledge(peer: &mut Side, seg: &Segment, history: &mut History) -> bool {
    if peer.state == State::Inactive || !peer.has_seq || seg.has(flag::RST) {
        return false;
    }
    let rel = relative(peer, seg.tcp.ack);
    let Ok(ack) = u64::try_from(rel) else {
        return false;
    };
    let ahead = ack.saturating_sub(peer.end_rel);
    if ahead > u64::from(MAX_WINDOW)
        || (seg.tcp.ack == 0 && ahead > LARGE_DELTA.unsigned_abs().into())
    {
        return true;
    }
    let mut lost = ack.saturating_sub(peer.end_rel.max(peer.gap_rel));
    peer.gap_rel = peer.gap_rel.max(ack);
    if let Some(rare) = &mut peer.rare {
        for hole in &mut rare.holes {
            if hole.0 < ack {
                lost += hole.1.min(ack) - hole.0;
                hole.0 = hole.1.min(ack);
            }
        }
        rare.holes.retain(|hole| hole.0 < hole.1);
    }
    if lost > 0 {
        peer.rare().gap_bytes += lost;
        if !seg.has(flag::FIN) {
            scaled_letter(peer, history, !seg.from_src, 3, b'G');
        }
    }
    false
}

/// Move the highest end, count retransmissions, reordering and holes. Returns true when the number is impossible.
pub(super) fn advance(me: &mut Side, history: &mut History, seg: &Segment) -> bool {
    if seg.has(flag::RST) || me.state == State::Reset {
        return false;
    }
    let data_start = seg.tcp.seq.wrapping_add(u32::from(seg.has(flag::SYN)));
    let start = relative(me, data_start);
    let end = start + i64::from(seg.len) + i64::from(seg.has(flag::FIN));
    let top = i64::try_from(me.end_rel).unwrap_or(i64::MAX);
    let only_ends = seg.has(flag::FIN) && me.end_rel == 1;
    if end - top > i64::from(MAX_WINDOW) && !only_ends {
        return true;
    }
    if seg.has(flag::SYN) && (end - top).abs() > i64::from(LARGE_DELTA) {
        return true;
    }
    if seg.has(flag::FIN) {
        me.fin_seen = true;
    }
    let filled = seg.len > 0 && start < top && fill(me, start, start + i64::from(seg.len));
    if filled {
        me.rare().ooo += 1;
    }
    if end > top {
        if start > top {
            open_hole(me, top.unsigned_abs(), start.unsigned_abs());
        }
        me.end_rel = end.unsigned_abs();
        me.gap_rel = me.gap_rel.max(me.end_rel);
    } else if seg.len > 0 {
        if !filled {
            me.rare().retx += 1;
        }
        scaled_letter(me, history, seg.from_src, 1, b'T');
    }
    false
}

fn open_hole(me: &mut Side, from: u64, to: u64) {
    // Bytes below gap_rel were counted as a gap when they were acknowledged.
    let from = from.max(me.gap_rel.min(to));
    if from >= to {
        return;
    }
    let rare = me.rare();
    if rare.holes.len() < MAX_HOLES {
        rare.holes.push((from, to));
    } else if let Some(last) = rare.holes.last_mut() {
        last.1 = to;
    }
}

/// Take `[start, end)` out of the holes; true when it touched one.
fn fill(me: &mut Side, start: i64, end: i64) -> bool {
    let Some(rare) = &mut me.rare else {
        return false;
    };
    let (start, end) = (start.max(0).unsigned_abs(), end.max(0).unsigned_abs());
    fill_holes(rare, start, end)
}

fn fill_holes(rare: &mut Rare, start: u64, end: u64) -> bool {
    let mut touched = false;
    let mut rest = None;
    for hole in &mut rare.holes {
        if start >= hole.1 || end <= hole.0 {
            continue;
        }
        touched = true;
        if start <= hole.0 {
            hole.0 = end.min(hole.1);
        } else {
            if end < hole.1 {
                rest = Some((end, hole.1));
            }
            hole.1 = start;
        }
    }
    rare.holes.retain(|hole| hole.0 < hole.1);
    if let Some(rest) = rest
        && rare.holes.len() < MAX_HOLES
    {
        rare.holes.push(rest);
        rare.holes.sort_unstable();
    }
    touched
}
