//! ARP over Ethernet for IPv4: one row per packet.
//!
//! Source: RFC 826.

use super::dialogue::Meta;
use super::weird::{Notes, Weird};
use super::{Context, Records, read};
use crate::columns::tables::ArpRow;

/// Ethertype of ARP.
pub(super) const ETHERTYPE: u16 = 0x0806;

/// Write the row of one packet, or note that it is none.
pub(super) fn on_packet(ctx: &Context<'_>, notes: &mut Notes, out: &mut Records) {
    match parse(ctx) {
        Some(row) => out.arp.push(&row),
        None => notes.note(Weird::ARP_BAD, &Meta::of(ctx), Some(0), out),
    }
}

fn parse(ctx: &Context<'_>) -> Option<ArpRow> {
    let body = ctx.payload;
    // Hardware type Ethernet, protocol type IPv4, address lengths 6 and 4.
    if body.get(..6)? != [0, 1, 8, 0, 6, 4] {
        return None;
    }
    Some(ArpRow {
        flow_uid: ctx.flow_uid,
        ts: ctx.ts_ns,
        arp_op: read::signed16(read::be16(body, 6)?),
        sender_mac: read::mac(body, 8)?,
        sender_ip: read::mapped_ip(body, 14)?,
        target_mac: read::mac(body, 18)?,
        target_ip: read::mapped_ip(body, 24)?,
    })
}
