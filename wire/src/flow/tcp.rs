//! TCP: sequence space, Zeek's endpoint states and history letters (flow-semantics.md 5).
//!
//! HOT: runs for every TCP packet; no allocation except for a direction's first hole or repeated letter.

use super::limits::{LARGE_DELTA, MAX_HOLES, MAX_WINDOW};
use super::row::History;
use super::side::{Rare, Side, State};
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

fn delta(a: u32, b: u32) -> i32 {
    a.wrapping_sub(b).cast_signed()
}

/// Update both endpoints with one segment of `me`.
#[inline]
pub fn update(me: &mut Side, peer: &mut Side, history: &mut History, seg: &Segment) -> Effect {
    let mut effect = Effect::default();
    start_sequence(me, seg);
    letters(me, peer, history, seg);
    if seg.has(flag::RST) && !rst_in_window(me, peer, seg) {
        effect.rst_out_of_window = true;
        return effect;
    }
    remember_window(me, seg);
    effect.forged |= advance(me, history, seg);
    if seg.has(flag::ACK) {
        effect.forged |= acknowledge(peer, seg, history);
    }
    step(me, peer, seg);
    effect
}

/// Set up sequence numbers as Zeek's `init_endpoint` does.
fn start_sequence(me: &mut Side, seg: &Segment) {
    if seg.has(flag::RST) {
        // Numbers of resets are not to be trusted, least of all the first one.
        return;
    }
    let syn = seg.has(flag::SYN);
    let again = match me.state {
        _ if !me.has_seq => true,
        State::Inactive => true,
        State::SynSent | State::SynAckSent => syn && seg.tcp.seq != me.start_seq,
        State::Established | State::Partial => syn,
        State::Reset => syn && me.before == State::Inactive,
        State::Closed => false,
    };
    if !again {
        return;
    }
    if me.has_seq && syn && seg.tcp.seq == me.start_seq {
        me.has_isn = true;
        return;
    }
    let start = if syn {
        seg.tcp.seq
    } else {
        seg.tcp.seq.wrapping_sub(1)
    };
    me.start_seq = start;
    me.end_rel = 1;
    me.gap_rel = 1;
    me.has_seq = true;
    me.has_isn = syn;
    if let Some(rare) = &mut me.rare {
        rare.holes.clear();
    }
}

/// Relative position of a raw number near the highest end.
fn relative(side: &Side, seq: u32) -> i64 {
    i64::try_from(side.end_rel).unwrap_or(i64::MAX) + i64::from(delta(seq, side.end_seq()))
}

fn rst_in_window(me: &Side, peer: &Side, seg: &Segment) -> bool {
    if !peer.has_ack || !me.has_seq {
        return true;
    }
    let Some(window) = window_of(peer, me) else {
        return true;
    };
    let window = i64::from(window.clamp(1, MAX_WINDOW));
    let off = i64::from(delta(seg.tcp.seq, peer.acked));
    (-window..=2 * window).contains(&off)
}

/// The window a side advertised last, bytes; `None` when its scale is unknown because a SYN was missed (RFC 7323 2.2: both
/// SYNs must offer a scale).
fn window_of(side: &Side, other: &Side) -> Option<u32> {
    let window = u32::from(side.window);
    let declines = |side: &Side| side.has_isn && side.wscale == NO_SCALE;
    if side.window_in_syn || declines(side) || declines(other) {
        return Some(window);
    }
    (side.has_isn && other.has_isn).then(|| window << side.wscale.min(MAX_SCALE))
}

/// No window-scale option.
const NO_SCALE: u8 = 255;

/// Largest window scale (RFC 7323 2.3).
const MAX_SCALE: u8 = 14;

fn remember_window(me: &mut Side, seg: &Segment) {
    if seg.has(flag::SYN) {
        me.wscale = seg.tcp.wscale;
    }
    if !seg.has(flag::RST) {
        me.window = seg.tcp.window;
        me.window_in_syn = seg.has(flag::SYN);
    }
    if seg.has(flag::ACK) && !seg.has(flag::RST) {
        let forward = !me.has_ack || delta(seg.tcp.ack, me.acked) > 0;
        if forward {
            me.acked = seg.tcp.ack;
            me.has_ack = true;
        }
    }
}

/// Take an acknowledgement of the peer's bytes: unseen bytes below it are gaps. Returns true when it is impossible.
fn acknowledge(peer: &mut Side, seg: &Segment, history: &mut History) -> bool {
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
        peer.gap_bytes += lost;
        if !seg.has(flag::FIN) {
            scaled_letter(peer, history, !seg.from_src, 3, b'G');
        }
    }
    false
}

/// Move the highest end, count retransmissions, reordering and holes. Returns true when the number is impossible.
fn advance(me: &mut Side, history: &mut History, seg: &Segment) -> bool {
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
        me.ooo += 1;
    }
    if end > top {
        if start > top {
            open_hole(me, top.unsigned_abs(), start.unsigned_abs());
        }
        me.end_rel = end.unsigned_abs();
        me.gap_rel = me.gap_rel.max(me.end_rel);
    } else if seg.len > 0 {
        if !filled {
            me.retx += 1;
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
    let rare = me.rare.get_or_insert_with(Box::default);
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

/// Bit of a letter in `Side::letters`.
const fn letter_bit(letter: u8) -> u16 {
    match letter {
        b'S' => 1,
        b'H' => 2,
        b'A' => 4,
        b'D' => 8,
        b'F' => 16,
        b'R' => 32,
        b'I' => 64,
        b'Q' => 128,
        _ => 0,
    }
}

fn cased(letter: u8, from_src: bool) -> u8 {
    if from_src {
        letter
    } else {
        letter.to_ascii_lowercase()
    }
}

/// Add a letter unless the direction has it; true when the direction had it already.
#[inline]
pub fn letter_once(me: &mut Side, history: &mut History, from_src: bool, letter: u8) -> bool {
    let bit = letter_bit(letter);
    if me.letters & bit != 0 {
        return true;
    }
    me.letters |= bit;
    history.push(cased(letter, from_src));
    false
}

/// Add a letter at its 1st, 10th, 100th … occurrence.
pub fn scaled_letter(
    me: &mut Side,
    history: &mut History,
    from_src: bool,
    which: usize,
    letter: u8,
) {
    let rare = me.rare.get_or_insert_with(Box::default);
    if let Some(count) = rare.scaled.get_mut(which) {
        *count = count.saturating_add(1);
        let power = 10_u32.checked_pow(count.ilog10()).unwrap_or(0);
        if *count == power {
            history.push(cased(letter, from_src));
        }
    }
}

fn letters(me: &mut Side, peer: &Side, history: &mut History, seg: &Segment) {
    let from_src = seg.from_src;
    if seg.bad_checksum {
        scaled_letter(me, history, from_src, 0, b'C');
    }
    let (syn, fin, rst) = (seg.has(flag::SYN), seg.has(flag::FIN), seg.has(flag::RST));
    match u8::from(syn) + u8::from(fin) + u8::from(rst) {
        0 => {
            if seg.len > 0 {
                letter_once(me, history, from_src, b'D');
            } else if seg.has(flag::ACK) {
                letter_once(me, history, from_src, b'A');
            }
        }
        1 => {
            let (letter, which, number) = if syn {
                (if seg.has(flag::ACK) { b'H' } else { b'S' }, 0, seg.tcp.seq)
            } else if fin {
                (b'F', 1, seg.tcp.seq.wrapping_add(seg.len))
            } else {
                (b'R', 2, seg.tcp.seq)
            };
            if let Some(mark) = me.marks.get_mut(which) {
                let moved = std::mem::replace(mark, number) != number;
                if letter_once(me, history, from_src, letter) && moved {
                    history.push(cased(letter, from_src));
                }
            }
        }
        _ => {
            let letter = if fin && rst { b'I' } else { b'Q' };
            letter_once(me, history, from_src, letter);
        }
    }
    let zero = seg.tcp.window == 0 && !rst;
    if zero && peer.state != State::Closed && me.state != State::Reset {
        scaled_letter(me, history, from_src, 2, b'W');
    }
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
    let unheard = Side::default();
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
