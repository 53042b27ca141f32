//! How long a flow lives (flow-semantics.md 3.2 and 3.5).

use super::limits::{REUSE_SILENCE, Timeouts};
use super::row::{End, Row};
use super::side::{Side, State};
use super::tcp::flag;
use crate::packet::Packet;

/// TCP.
pub const TCP: u8 = 6;
/// UDP.
pub const UDP: u8 = 17;
const ICMP: [u8; 2] = [1, 58];

fn states(row: &Row) -> (State, State) {
    let second = row
        .pair
        .as_deref()
        .map_or(State::Inactive, |pair| pair.side.state);
    (row.first.state, second)
}

/// Both sides closed, or one reset.
#[must_use]
pub fn is_closed(row: &Row) -> bool {
    let (a, b) = states(row);
    (a == State::Closed && b == State::Closed) || a == State::Reset || b == State::Reset
}

/// The side sent payload in this segment or an earlier one.
fn has_data(side: &Side) -> bool {
    side.data_pkts > 0 || side.rare.as_deref().is_some_and(|rare| rare.carried > 0)
}

fn tcp_timeout(row: &Row, limits: &Timeouts) -> i64 {
    let (a, b) = states(row);
    if is_closed(row) {
        return limits.closed;
    }
    if a == State::Closed || b == State::Closed {
        return limits.fin;
    }
    if row.pair.is_none() && !has_data(&row.first) {
        return limits.syn;
    }
    if !row.past_handshake {
        return limits.half_open;
    }
    if row.app.long_lived() {
        limits.ics
    } else {
        limits.established
    }
}

/// Idle time-out of a flow in its present state, ns.
#[inline]
#[must_use]
pub fn timeout(row: &Row, limits: &Timeouts, emergency: bool) -> i64 {
    let proto = row.key.proto;
    let answered = row.pair.is_some();
    let normal = match proto {
        TCP => tcp_timeout(row, limits),
        UDP if !answered => limits.udp_one,
        UDP if row.key.lo_port == 53 || row.key.hi_port == 53 => limits.dns,
        UDP => limits.udp_both,
        _ if ICMP.contains(&proto) => limits.icmp,
        _ => limits.other,
    };
    if !emergency {
        return normal;
    }
    normal.min(match proto {
        TCP if row.past_handshake && answered => limits.emergency_established,
        TCP => limits.emergency_new,
        UDP => limits.emergency_udp,
        _ => normal,
    })
}

/// Nanoseconds in a millisecond.
const MILLI: i64 = 1_000_000;

/// A time-out as a row keeps it: whole milliseconds, which is how finely time-outs can be set.
#[inline]
pub fn as_ms(timeout: i64) -> u32 {
    u32::try_from(timeout / MILLI).unwrap_or(u32::MAX)
}

/// When a row is due: after its latest packet plus its time-out, sweep time in ns.
#[inline]
pub fn deadline(row: &Row) -> i64 {
    row.last_seen
        .saturating_add(i64::from(row.timeout_ms) * MILLI)
}

/// Why a flow that fell silent ends.
#[must_use]
pub fn silent_end(row: &Row) -> End {
    if row.key.proto == TCP && is_closed(row) {
        End::Closed
    } else {
        End::Idle
    }
}

/// A SYN that opens the tuple anew.
#[must_use]
pub fn is_reuse(row: &Row, packet: &Packet, from_first: bool, silence: i64) -> bool {
    if !packet.has_tcp || packet.tcp.flags & (flag::SYN | flag::ACK) != flag::SYN {
        return false;
    }
    let closed = is_closed(row);
    let sender = if from_first {
        Some(&row.first)
    } else {
        row.pair.as_deref().map(|pair| &pair.side)
    };
    let same_isn = sender.is_some_and(|side| side.has_isn && side.start_seq == packet.tcp.seq);
    if same_isn {
        return false;
    }
    if from_first != row.first_is_src {
        return closed;
    }
    let (a, b) = states(row);
    closed || a == State::Closed || b == State::Closed || silence > REUSE_SILENCE
}
