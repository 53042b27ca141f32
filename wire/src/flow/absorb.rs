//! How one packet changes its flow.
//!
//! HOT: called once per packet.

use super::handshake::{note_syn, time_handshake};
use super::letters;
use super::limits::OFFLOAD_PAYLOAD;
use super::row::{Basis, Row};
use super::side::{Intervals, Side, State};
use super::tcp::{self, Segment, flag};
use crate::packet::{Packet, quality};
use crate::proto::Hint;

/// Oddities that one packet may add to the `weird` table.
#[derive(Clone, Copy, Debug, Default)]
pub struct Oddities {
    /// A RST outside the receiver's window.
    pub rst_out_of_window: bool,
    /// A sequence or acknowledgement number no window allows.
    pub seq_forgery: bool,
}

/// Exchange originator and responder (flow-semantics.md 4, last paragraph).
pub fn flip(row: &mut Row, basis: Basis) {
    row.first_is_src = !row.first_is_src;
    row.history.flip();
    row.quality |= quality::FLIPPED;
    row.basis = basis;
    if row.first.state == State::SynAckSent {
        row.first.enter(State::Established);
    }
}

/// Settle a SYN/ACK that came first, once the other side confirms it.
fn settle_synack(row: &mut Row, packet: &Packet, from_first: bool) {
    let flags = packet.tcp.flags;
    let has = |bits: u8| packet.has_tcp && flags & bits == bits;
    if !from_first && has(flag::RST) {
        row.synack_first = false;
        return;
    }
    let late_syn = !from_first && has(flag::SYN) && !has(flag::ACK);
    let ack = !from_first && has(flag::ACK) && !has(flag::SYN);
    if !(late_syn || ack || packet.payload_len > 0) {
        return;
    }
    row.synack_first = false;
    let basis = if late_syn {
        Basis::Syn
    } else {
        Basis::SynAckFlip
    };
    if row.first_is_src {
        flip(row, basis);
    } else {
        row.basis = basis;
    }
}

/// Let direction evidence of this packet exchange the roles.
#[inline]
pub fn settle_roles(row: &mut Row, packet: &Packet, from_first: bool, hint: Hint) {
    if row.segment == 0 && (row.synack_first || hint != Hint::None) {
        weigh_roles(row, packet, from_first, hint);
    }
}

fn weigh_roles(row: &mut Row, packet: &Packet, from_first: bool, hint: Hint) {
    if row.synack_first {
        settle_synack(row, packet, from_first);
    }
    let sender_is_client = match hint {
        Hint::None => return,
        Hint::SenderIsClient => true,
        Hint::ReceiverIsClient => false,
    };
    let side = if from_first {
        Some(&row.first)
    } else {
        row.pair.as_deref().map(|pair| &pair.side)
    };
    let is_flipped = row.quality & quality::FLIPPED != 0;
    let first_payload = side.is_none_or(|side| side.data_pkts == 0);
    if row.basis >= Basis::App || is_flipped || !first_payload || row.synack_first {
        return;
    }
    if (from_first == row.first_is_src) == sender_is_client {
        row.basis = Basis::App;
    } else {
        flip(row, Basis::App);
    }
}

/// Count one packet into its flow; a row whose second side speaks has its pair.
#[inline]
pub fn add(row: &mut Row, packet: &Packet, frame: &[u8], from_first: bool) -> Oddities {
    let from_src = from_first == row.first_is_src;
    add_common(row, packet, from_src);
    if let Some(ext) = &mut row.ext {
        ext.add(packet, frame, usize::from(!from_first));
    }
    let Row {
        first,
        pair,
        history,
        ..
    } = row;
    let mut unheard;
    let (me, peer, both) = match (from_first, pair.as_deref_mut()) {
        (true, Some(pair)) => (first, &mut pair.side, Some(&mut pair.both)),
        (false, Some(pair)) => (&mut pair.side, first, Some(&mut pair.both)),
        (_, None) => {
            unheard = Side::new();
            (first, &mut unheard, None)
        }
    };
    let before = me.pkts.saturating_add(peer.pkts);
    let is_answered = both.is_some();
    if let Some(both) = both {
        if before == 0 {
            both.start(packet.ts_ns);
        } else {
            both.add(packet.ts_ns, before);
        }
    }
    count(me, packet);
    if !packet.has_tcp {
        if packet.proto == super::life::UDP {
            letters::letter_once(me, history, from_src, b'D');
            if packet.quality & quality::BAD_CHECKSUM != 0 {
                letters::scaled_letter(me, history, from_src, 0, b'C');
            }
        }
        return Oddities::default();
    }
    count_flags(me, packet);
    if packet.tcp.flags & flag::SYN != 0 {
        note_syn(me, packet, before, from_src || is_answered);
    }
    let seg = Segment {
        tcp: packet.tcp,
        len: packet.payload_len,
        from_src,
        bad_checksum: packet.quality & quality::BAD_CHECKSUM != 0,
    };
    let effect = tcp::update(me, peer, history, &seg);
    // Round trips belong to the first segment: later ones would measure a silence.
    if is_answered && row.segment == 0 {
        time_handshake(row, packet, from_src);
    }
    Oddities {
        rst_out_of_window: effect.rst_out_of_window,
        seq_forgery: effect.forged,
    }
}

#[inline]
fn add_common(row: &mut Row, packet: &Packet, from_src: bool) {
    row.ts_max = row.ts_max.max(packet.ts_ns);
    row.last_off = packet.offset;
    row.quality |= packet.quality;
    if packet.is_fragment {
        let rare = row.first.rare();
        rare.frag_pkts = rare.frag_pkts.saturating_add(1);
    }
    if packet.has_tcp {
        row.past_handshake |= packet.tcp.flags & flag::SYN == 0;
        if packet.payload_len > OFFLOAD_PAYLOAD {
            row.quality |= quality::OFFLOAD;
        }
    } else if packet.has_icmp && from_src {
        row.icmp_src
            .get_or_insert((packet.icmp_type, packet.icmp_code));
    }
}

#[inline]
fn count(me: &mut Side, packet: &Packet) {
    let len = packet.payload_len;
    if me.pkts == 0 {
        me.first_ts = packet.ts_ns;
        me.gaps.start(packet.ts_ns);
        (me.ttl_min, me.ttl_max) = (packet.ttl, packet.ttl);
        (me.len_min, me.len_max) = (len, len);
    } else {
        me.gaps.add(packet.ts_ns, me.pkts);
        me.ttl_min = me.ttl_min.min(packet.ttl);
        me.ttl_max = me.ttl_max.max(packet.ttl);
        me.len_min = me.len_min.min(len);
        me.len_max = me.len_max.max(len);
    }
    if packet.has_mac && !me.has_mac {
        (me.mac, me.has_mac) = (packet.src_mac, true);
    }
    me.pkts = me.pkts.saturating_add(1);
    me.bytes_l2 += u64::from(packet.wire_len);
    me.bytes_ip += u64::from(packet.ip_len);
    if len > 0 {
        me.data_pkts = me.data_pkts.saturating_add(1);
        me.bytes_payload += u64::from(len);
        me.len_squares = me
            .len_squares
            .saturating_add(u64::from(len) * u64::from(len));
    }
}

#[inline]
fn count_flags(me: &mut Side, packet: &Packet) {
    let flags = packet.tcp.flags;
    if !me.has_tcp {
        me.has_tcp = true;
        me.flags_first = flags;
        me.win_init = packet.tcp.window;
    }
    me.flags |= flags;
    me.psh += u32::from(flags & flag::PSH != 0);
    if flags & (flag::SYN | flag::FIN | flag::RST) != 0 {
        me.syn += u32::from(flags & flag::SYN != 0);
        me.fin += u32::from(flags & flag::FIN != 0);
        me.rst += u32::from(flags & flag::RST != 0);
        if flags & flag::SYN != 0 && packet.tcp.mss != 0 {
            me.mss = packet.tcp.mss;
        }
    }
}

/// Begin the next segment after an active cut: counters anew, state kept.
pub fn next_segment(row: &mut Row, packet: &Packet, from_first: bool) {
    let root_ts = row.root_ts();
    row.first.rare.get_or_insert_with(Box::default).root_ts = Some(root_ts);
    row.segment = row.segment.saturating_add(1);
    row.ts_start = packet.ts_ns;
    row.ts_max = packet.ts_ns;
    row.first_off = packet.offset;
    row.quality &= quality::FLIPPED | quality::MIDSTREAM;
    row.first.next_segment();
    if let Some(pair) = row.pair.as_deref_mut() {
        pair.side.next_segment();
        pair.both = Intervals::default();
        (pair.rtt_syn, pair.rtt_ack) = (-1, -1);
        pair.synack_ts = i64::MAX;
    }
    if let Some(ext) = &mut row.ext {
        ext.next_segment(packet, from_first);
    }
}
