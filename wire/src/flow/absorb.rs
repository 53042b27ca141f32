//! How one packet changes its flow.
//!
//! HOT: called once per packet.

use super::ext::Ext;
use super::letters;
use super::limits::OFFLOAD_PAYLOAD;
use super::row::{Basis, Pair, Row};
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
    row.flipped = true;
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
pub fn settle_roles(row: &mut Row, packet: &Packet, from_first: bool, hint: Hint) {
    if row.segment > 0 {
        return;
    }
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
    let first_payload = side.is_none_or(|side| side.data_pkts == 0);
    if row.basis >= Basis::App || row.flipped || !first_payload || row.synack_first {
        return;
    }
    if (from_first == row.first_is_src) == sender_is_client {
        row.basis = Basis::App;
    } else {
        flip(row, Basis::App);
    }
}

/// Count one packet into its flow.
#[inline]
pub fn add(row: &mut Row, packet: &Packet, payload: &[u8], from_first: bool) -> Oddities {
    let from_src = from_first == row.first_is_src;
    let before = row.packets();
    if !from_first && row.pair.is_none() {
        row.pair = Some(new_pair(&row.first));
    }
    add_common(row, packet, from_src);
    if let Some(ext) = &mut row.ext {
        ext.add(packet, payload, usize::from(!from_first));
    }
    let Row {
        first,
        pair,
        history,
        ..
    } = row;
    let unanswered = pair.is_none();
    let mut unheard = Side::new();
    let (me, peer) = match (from_first, pair.as_deref_mut()) {
        (true, Some(pair)) => (first, &mut pair.side),
        (true, None) => (first, &mut unheard),
        (false, Some(pair)) => (&mut pair.side, first),
        (false, None) => return Oddities::default(),
    };
    count(me, packet);
    note_late_syn(me, packet, before);
    if unanswered && !from_src && packet.has_tcp && is_synack(packet.tcp.flags) {
        let rare = me.rare.get_or_insert_with(Box::default);
        rare.early_synack_ts = rare.early_synack_ts.or(Some(packet.ts_ns));
    }
    let mut odd = Oddities::default();
    if packet.has_tcp {
        let seg = Segment {
            tcp: packet.tcp,
            len: packet.payload_len,
            from_src,
            bad_checksum: packet.quality & quality::BAD_CHECKSUM != 0,
        };
        let effect = tcp::update(me, peer, history, &seg);
        odd.rst_out_of_window = effect.rst_out_of_window;
        odd.seq_forgery = effect.forged;
    } else if packet.proto == super::life::UDP {
        letters::letter_once(me, history, from_src, b'D');
        if packet.quality & quality::BAD_CHECKSUM != 0 {
            letters::scaled_letter(me, history, from_src, 0, b'C');
        }
    }
    // Round trips belong to the first segment: later ones would measure a silence.
    let handshake = (row.segment == 0).then(|| Handshake {
        syn: row.syn_ts(),
        synack: first_synack(row),
    });
    if let Some(pair) = row.pair.as_deref_mut() {
        time_pair(pair, packet, before, from_src, handshake);
    }
    odd
}

fn new_pair(first: &Side) -> Box<Pair> {
    Box::new(Pair {
        side: Side::new(),
        both: first.gaps,
        rtt_syn: -1,
        rtt_ack: -1,
        synack_ts: i64::MIN,
    })
}

fn add_common(row: &mut Row, packet: &Packet, from_src: bool) {
    row.ts_max = row.ts_max.max(packet.ts_ns);
    row.last_off = packet.offset;
    row.quality |= packet.quality;
    if packet.payload_len > OFFLOAD_PAYLOAD && packet.has_tcp {
        row.quality |= quality::OFFLOAD;
    }
    row.frag_pkts = row.frag_pkts.saturating_add(u32::from(packet.is_fragment));
    if packet.has_icmp && from_src && row.icmp_type < 0 {
        row.icmp_type = i16::from(packet.icmp_type);
        row.icmp_code = i16::from(packet.icmp_code);
    }
    if packet.has_tcp {
        let syn = packet.tcp.flags & flag::SYN != 0;
        row.past_handshake |= !syn;
    }
}

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
    me.bytes_payload += u64::from(len);
    me.len_squares = me
        .len_squares
        .saturating_add(u64::from(len) * u64::from(len));
    me.data_pkts += u32::from(len > 0);
    if packet.has_tcp {
        count_flags(me, packet);
    }
}

/// Remember when a side's first SYN came, unless it is the flow's first packet, whose time is known anyway.
fn note_late_syn(me: &mut Side, packet: &Packet, before: u64) {
    let syn = packet.has_tcp && packet.tcp.flags & (flag::SYN | flag::ACK) == flag::SYN;
    if syn && before > 0 {
        let rare = me.rare.get_or_insert_with(Box::default);
        rare.late_syn_ts = rare.late_syn_ts.or(Some(packet.ts_ns));
    }
}

fn count_flags(me: &mut Side, packet: &Packet) {
    let flags = packet.tcp.flags;
    if !me.has_tcp {
        me.has_tcp = true;
        me.flags_first = flags;
        me.win_init = i32::from(packet.tcp.window);
    }
    me.flags |= flags;
    me.syn += u32::from(flags & flag::SYN != 0);
    me.fin += u32::from(flags & flag::FIN != 0);
    me.rst += u32::from(flags & flag::RST != 0);
    me.psh += u32::from(flags & flag::PSH != 0);
    if flags & flag::SYN != 0 && packet.tcp.mss != 0 {
        me.mss = packet.tcp.mss;
    }
}

/// Times of a handshake that the first side's first packet tells.
#[derive(Clone, Copy)]
struct Handshake {
    syn: Option<i64>,
    synack: Option<i64>,
}

/// The time of a SYN/ACK that the first side sent before it was answered, once it is known as the responder.
fn first_synack(row: &Row) -> Option<i64> {
    if row.segment > 0 || row.first_is_src {
        return None;
    }
    let opened = row.first.has_tcp && is_synack(row.first.flags_first);
    let early = row
        .first
        .rare
        .as_deref()
        .and_then(|rare| rare.early_synack_ts);
    if opened {
        Some(row.first.first_ts)
    } else {
        early
    }
}

/// SYN and ACK without RST.
fn is_synack(flags: u8) -> bool {
    flags & (flag::SYN | flag::ACK | flag::RST) == flag::SYN | flag::ACK
}

fn time_pair(
    pair: &mut Pair,
    packet: &Packet,
    before: u64,
    from_src: bool,
    handshake: Option<Handshake>,
) {
    if before == 0 {
        pair.both.start(packet.ts_ns);
    } else {
        pair.both
            .add(packet.ts_ns, u32::try_from(before).unwrap_or(u32::MAX));
    }
    let Some(handshake) = handshake.filter(|_| packet.has_tcp) else {
        return;
    };
    let flags = packet.tcp.flags & (flag::SYN | flag::ACK | flag::RST);
    let answered = pair.synack_ts != i64::MIN || handshake.synack.is_some();
    if flags == flag::SYN | flag::ACK && !from_src && !answered {
        pair.synack_ts = packet.ts_ns;
        if let Some(rtt) = handshake
            .syn
            .map(|ts| packet.ts_ns - ts)
            .filter(|rtt| *rtt >= 0)
        {
            pair.rtt_syn = rtt;
        }
    } else if flags == flag::ACK && from_src && pair.rtt_ack < 0 && pair.synack_ts != i64::MAX {
        let later = Some(pair.synack_ts).filter(|ts| *ts != i64::MIN);
        let synack = handshake.synack.or(later);
        if let Some(rtt) = synack.map(|ts| packet.ts_ns - ts).filter(|rtt| *rtt >= 0) {
            pair.rtt_ack = rtt;
            // Only the first acknowledgement counts.
            pair.synack_ts = i64::MAX;
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
    row.frag_pkts = 0;
    row.dup_pkts = 0;
    row.quality &= quality::FLIPPED | quality::MIDSTREAM;
    row.first.next_segment();
    if let Some(pair) = row.pair.as_deref_mut() {
        pair.side.next_segment();
        pair.both = Intervals::default();
        (pair.rtt_syn, pair.rtt_ack) = (-1, -1);
        pair.synack_ts = i64::MAX;
    }
    if row.ext.is_some() {
        row.ext = Some(Box::new(Ext::new(packet, from_first)));
    }
}
