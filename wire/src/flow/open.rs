//! A packet of a tuple that is not in the table opens a flow.

use super::absorb;
use super::direction::decide;
use super::ext::Ext;
use super::follow::{begins_message, parse, report};
use super::history::History;
use super::life::{TCP, UDP, as_ms, deadline, timeout};
use super::row::{Basis, Row};
use super::side::Side;
use super::table::{Keyed, Table};
use super::tcp::flag;
use crate::packet::{Packet, quality};
use crate::proto::{App, Hint};

impl Table {
    /// Open a flow with its first packet; returns its slot.
    pub(super) fn open(&mut self, packet: &Packet, frame: &[u8], keyed: &Keyed, now: i64) -> u32 {
        if self.rows.live() >= self.options.max_flows {
            self.evict();
        }
        let row = self.begin(packet, frame, keyed, now);
        let slot = self.rows.insert(row);
        self.index.insert(keyed.hash, slot);
        let emergency = self.is_emergency();
        self.was_emergency |= emergency;
        if let Some(row) = self.rows.get_mut(slot) {
            row.timeout_ms = as_ms(timeout(row, &self.options.timeouts, emergency));
            if emergency {
                row.quality |= quality::EMERGENCY;
            }
            row.due = self.wheel.bucket_for(deadline(row));
            self.wheel.insert(slot, row.due);
        }
        slot
    }

    /// Build the row of a flow's first packet, with that packet counted.
    pub(super) fn begin(&mut self, packet: &Packet, frame: &[u8], keyed: &Keyed, now: i64) -> Row {
        self.counters.created += 1;
        let mut app = App::default();
        let hint = if self.options.parsers && begins_message(packet) {
            let uid = self
                .uids
                .uid(packet.ts_ns, packet.ordinal, packet.inner_index, 0);
            parse(
                &mut app,
                uid,
                packet,
                packet.payload(frame),
                keyed.from_lo,
                (None, None),
                &mut self.out.records,
            )
        } else {
            Hint::None
        };
        let (first_is_src, basis) = decide(packet, hint);
        let mut row = Row {
            key: keyed.key,
            alive: true,
            first_is_lo: keyed.from_lo,
            first_is_src,
            synack_first: false,
            past_handshake: false,
            has_ports: packet.has_ports,
            basis,
            inner_index: packet.inner_index,
            ts_start: packet.ts_ns,
            ts_max: packet.ts_ns,
            last_seen: now,
            last_off: packet.offset,
            pair: None,
            app,
            timeout_ms: 0,
            quality: 0,
            due: 0,
            first: Side::new(),
            ordinal: packet.ordinal,
            first_off: packet.offset,
            history: History::default(),
            ext: self
                .options
                .head_room()
                .map(|room| Box::new(Ext::new(packet, true, room))),
            segment: 0,
            interface: u16::try_from(packet.interface).unwrap_or(u16::MAX),
            vlan_outer: packet.vlan_outer,
            vlan_inner: packet.vlan_inner,
            icmp_first: packet
                .has_icmp
                .then_some((packet.icmp_type, packet.icmp_code)),
            icmp_src: None,
        };
        first_flags(&mut row, packet, basis);
        if keyed.key.is_one_way_tunnel() && packet.has_tunnel_id {
            row.first.rare().tunnel_id = Some(packet.tunnel_id);
        }
        let odd = absorb::add(&mut row, packet, frame, true);
        report(odd, &row, packet, &self.uids, &mut self.out.records);
        row
    }
}

fn first_flags(row: &mut Row, packet: &Packet, basis: Basis) {
    if packet.has_tcp {
        let syn = packet.tcp.flags & flag::SYN != 0;
        row.synack_first = syn && basis != Basis::Syn;
        if !syn {
            row.quality |= quality::MIDSTREAM;
        }
    }
    if !row.first_is_src && matches!(row.key.proto, TCP | UDP) {
        row.history.push(b'^');
    }
}
