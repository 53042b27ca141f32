//! Times of a TCP handshake: first SYN, first SYN/ACK, first acknowledgement, whichever way round they were captured.

use super::row::{Pair, Row};
use super::side::Side;
use super::tcp::flag;
use crate::packet::Packet;

/// Remember when a side's first SYN came, unless it is the flow's first packet, whose time is known anyway; and when the
/// responder's SYN/ACK came before anything was heard of the originator.
pub(super) fn note_syn(me: &mut Side, packet: &Packet, before: u32, is_usual: bool) {
    if packet.tcp.flags & flag::ACK == 0 && before > 0 {
        let rare = me.rare();
        rare.late_syn_ts = rare.late_syn_ts.or(Some(packet.ts_ns));
    }
    if !is_usual && is_synack(packet.tcp.flags) {
        let rare = me.rare();
        rare.early_synack_ts = rare.early_synack_ts.or(Some(packet.ts_ns));
    }
}

/// The time of a SYN/ACK that the first side sent before it was answered, once it is known as the responder.
fn first_synack(row: &Row) -> Option<i64> {
    if row.first_is_src {
        return None;
    }
    let opened = row.first.has_tcp && is_synack(row.first.flags_first);
    if opened {
        Some(row.first.first_ts)
    } else {
        row.first.seldom(|rare| rare.early_synack_ts)
    }
}

/// SYN and ACK without RST.
fn is_synack(flags: u8) -> bool {
    flags & (flag::SYN | flag::ACK | flag::RST) == flag::SYN | flag::ACK
}

/// Take the round trips of the handshake: SYN to SYN/ACK, and SYN/ACK to the first acknowledgement.
#[inline]
pub(super) fn time_handshake(row: &mut Row, packet: &Packet, from_src: bool) {
    let flags = packet.tcp.flags & (flag::SYN | flag::ACK | flag::RST);
    if flags == flag::SYN | flag::ACK && !from_src {
        time_synack(row, packet.ts_ns);
    } else if flags == flag::ACK && from_src {
        let waits = |pair: &Pair| pair.rtt_ack < 0 && pair.synack_ts != i64::MAX;
        if row.pair.as_deref().is_some_and(waits) {
            time_ack(row, packet.ts_ns);
        }
    }
}

fn time_synack(row: &mut Row, now: i64) {
    let (syn, known) = (row.syn_ts(), first_synack(row));
    let Some(pair) = row.pair.as_deref_mut() else {
        return;
    };
    if pair.synack_ts == i64::MIN && known.is_none() {
        pair.synack_ts = now;
        if let Some(rtt) = syn.map(|ts| now - ts).filter(|rtt| *rtt >= 0) {
            pair.rtt_syn = rtt;
        }
    }
}

fn time_ack(row: &mut Row, now: i64) {
    let known = first_synack(row);
    let Some(pair) = row.pair.as_deref_mut() else {
        return;
    };
    let synack = known.or(Some(pair.synack_ts).filter(|ts| *ts != i64::MIN));
    if let Some(rtt) = synack.map(|ts| now - ts).filter(|rtt| *rtt >= 0) {
        pair.rtt_ack = rtt;
        // Only the first acknowledgement counts.
        pair.synack_ts = i64::MAX;
    }
}
