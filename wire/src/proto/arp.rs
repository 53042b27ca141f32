//! ARP over Ethernet for IPv4: one row per packet.
//!
//! Source: RFC 826.

use super::dialogue::{Meta, Sink};
use super::packets::Packets;
use super::weird::Weird;
use super::{Context, Hint, read};
use crate::columns::tables::ArpRow;

/// Ethertype of ARP.
pub(super) const ETHERTYPE: u16 = 0x0806;

/// Not Ethernet/IPv4, or cut.
const BAD: Weird = Weird::new(1, "arp_bad");

/// Packets between two stations; each stands for itself.
#[derive(Default)]
pub(super) struct Arp;

impl Packets for Arp {
    fn packet(&mut self, ctx: &Context<'_>, sink: &mut Sink<'_>) -> Hint {
        if let Some(row) = parse(ctx) {
            sink.out.arp.push(&row);
        } else {
            sink.weird_at(BAD, &Meta::of(ctx), 0);
        }
        Hint::None
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
