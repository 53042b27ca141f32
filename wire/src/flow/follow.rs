//! A packet for a row that is in the table: the same flow, its next segment, or a new flow on the same tuple.
//!
//! HOT: one call per packet.

use super::absorb::{self, Oddities};
use super::ident::Uids;
use super::life::{as_ms, deadline, is_reuse, silent_end, timeout};
use super::row::{End, Row};
use super::table::{Keyed, Table};
use super::tcp::flag;
use crate::columns::tables::WeirdRow;
use crate::packet::{Packet, quality};
use crate::proto::{App, Context, Hint, IcmpHead, Records};

/// What must happen to a row before a packet is counted into it.
enum Turn {
    /// Nothing.
    Same,
    /// The flow ended; the packet opens the next one on its tuple.
    Anew(End),
    /// The active time-out cuts the flow.
    Cut,
}

impl Table {
    /// Count a packet into the row in `slot`.
    #[inline]
    pub(super) fn meet(
        &mut self,
        slot: u32,
        packet: &Packet,
        frame: &[u8],
        keyed: &Keyed,
        now: i64,
    ) {
        let Some(row) = self.rows.get(slot) else {
            return;
        };
        match turn(
            row,
            packet,
            keyed.from_lo,
            now,
            self.options.timeouts.active,
        ) {
            Turn::Same => {}
            Turn::Cut => self.cut(slot, packet, keyed.from_lo),
            Turn::Anew(end) => {
                self.write(slot, end);
                return self.renew(slot, packet, frame, keyed, now);
            }
        }
        self.follow(slot, packet, frame, keyed.from_lo, now);
    }

    /// Let a packet open the next flow in the place of one that was written.
    fn renew(&mut self, slot: u32, packet: &Packet, frame: &[u8], keyed: &Keyed, now: i64) {
        let fresh = self.begin(packet, frame, keyed, now);
        if let Some(row) = self.rows.get_mut(slot) {
            // The wheel entry of the flow before stays; a nearer deadline gets a second one.
            *row = Row {
                due: row.due,
                timeout_ms: u32::MAX,
                ..fresh
            };
        }
        self.limit(slot);
    }

    /// Write a segment and begin the next one.
    fn cut(&mut self, slot: u32, packet: &Packet, from_lo: bool) {
        self.write(slot, End::Active);
        if let Some(row) = self.rows.get_mut(slot) {
            let from_first = from_lo == row.first_is_lo;
            absorb::next_segment(row, packet, from_first);
        }
    }

    /// Count a packet of the same segment.
    #[inline]
    fn follow(&mut self, slot: u32, packet: &Packet, frame: &[u8], from_lo: bool, now: i64) {
        let Some(row) = self.rows.get_mut(slot) else {
            return;
        };
        let from_first = from_lo == row.first_is_lo;
        let is_parsed = self.options.parsers && begins_message(packet) && !row.app.is_done();
        let keeps_timeout = !is_parsed && keeps_timeout(row, packet);
        let Some(row) = self.rows.get_paired(slot, !from_first) else {
            return;
        };
        let uids = &self.uids;
        let hint = if is_parsed {
            let uid = uids.uid(row.ts_start, row.ordinal, row.inner_index, row.segment);
            let out = &mut self.out.records;
            let begins = row.begins(from_first);
            let payload = packet.payload(frame);
            parse(&mut row.app, uid, packet, payload, from_lo, begins, out)
        } else {
            Hint::None
        };
        absorb::settle_roles(row, packet, from_first, hint);
        let odd = absorb::add(row, packet, frame, from_first);
        row.last_seen = now;
        report(odd, row, packet, uids, &mut self.out.records);
        if !keeps_timeout || self.was_emergency || self.is_emergency() {
            self.limit(slot);
        }
    }

    /// Set the time-out of a row's present state; a nearer deadline gets an entry in the wheel.
    fn limit(&mut self, slot: u32) {
        let emergency = self.is_emergency();
        self.was_emergency |= emergency;
        let Some(row) = self.rows.get_mut(slot) else {
            return;
        };
        if emergency {
            row.quality |= quality::EMERGENCY;
        }
        // A time-out that does not shrink cannot bring the deadline nearer: the wheel will find out when the bucket comes up.
        let timeout_ms = as_ms(timeout(row, &self.options.timeouts, emergency));
        let is_nearer = timeout_ms < row.timeout_ms;
        row.timeout_ms = timeout_ms;
        if is_nearer {
            let due = self.wheel.bucket_for(deadline(row));
            if self.wheel.comes_before(due, row.due) {
                row.due = due;
                self.wheel.insert(slot, due);
            }
        }
    }
}

/// What must happen before the packet is counted.
#[inline]
fn turn(row: &Row, packet: &Packet, from_lo: bool, now: i64, active: i64) -> Turn {
    if now > deadline(row) {
        return Turn::Anew(silent_end(row));
    }
    if packet.has_tcp && packet.tcp.flags & (flag::SYN | flag::ACK) == flag::SYN {
        let silence = now.saturating_sub(row.last_seen);
        if is_reuse(row, packet, from_lo == row.first_is_lo, silence) {
            return Turn::Anew(End::Reuse);
        }
    }
    if active > 0 && packet.ts_ns.saturating_sub(row.ts_start) >= active {
        return Turn::Cut;
    }
    Turn::Same
}

/// The packet cannot change the idle time-out of a flow that was answered before: only TCP flags and the end of the handshake
/// do (`life.rs`).
#[inline]
fn keeps_timeout(row: &Row, packet: &Packet) -> bool {
    let is_plain = packet.tcp.flags & (flag::SYN | flag::FIN | flag::RST) == 0;
    row.pair.is_some() && (!packet.has_tcp || (row.past_handshake && is_plain))
}

/// The packet has something for a parser: a payload, or an ICMP header that says all by itself; and it does not begin in the
/// middle of a datagram.
#[inline]
pub(super) fn begins_message(packet: &Packet) -> bool {
    (packet.payload_len > 0 || packet.has_icmp) && !packet.later_fragment
}

/// Hand the payload to the flow's parser.
pub(super) fn parse(
    app: &mut App,
    flow_uid: [u8; 16],
    packet: &Packet,
    payload: &[u8],
    from_lo: bool,
    begins: (Option<u32>, Option<u32>),
    out: &mut Records,
) -> Hint {
    let syn = u32::from(packet.has_tcp && packet.tcp.flags & flag::SYN != 0);
    app.on_payload(
        &Context {
            flow_uid,
            ts_ns: packet.ts_ns,
            frame_no: packet.ordinal,
            proto: packet.proto,
            ethertype: packet.ethertype,
            from_lo,
            sender_ip: packet.src,
            receiver_ip: packet.dst,
            sender_port: packet.sport,
            receiver_port: packet.dport,
            sender_mac: packet.has_mac.then_some(packet.src_mac),
            seq: packet.has_tcp.then(|| packet.tcp.seq.wrapping_add(syn)),
            begin: begins.0,
            peer_begin: begins.1,
            payload,
            // How much the other fragments hold is not known here, but that they hold something is.
            payload_len: packet.payload_len + u32::from(packet.is_fragment),
            icmp: (packet.has_icmp && !packet.later_fragment).then_some(IcmpHead {
                kind: packet.icmp_type,
                code: packet.icmp_code,
                rest: packet.icmp_rest,
            }),
        },
        out,
    )
}

/// Note the oddities of a packet.
#[inline]
pub(super) fn report(odd: Oddities, row: &Row, packet: &Packet, uids: &Uids, out: &mut Records) {
    if odd.rst_out_of_window {
        weird("rst_out_of_window", row, packet, uids, out);
    }
    if odd.seq_forgery {
        weird("seq_forgery", row, packet, uids, out);
    }
}

#[cold]
fn weird(code: &'static str, row: &Row, packet: &Packet, uids: &Uids, out: &mut Records) {
    out.weird.push(&WeirdRow {
        flow_uid: Some(uids.uid(row.ts_start, row.ordinal, row.inner_index, row.segment)),
        ts: packet.ts_ns,
        code,
        frame_no: i64::try_from(packet.ordinal).unwrap_or(i64::MAX),
        byte_off: None,
    });
}
