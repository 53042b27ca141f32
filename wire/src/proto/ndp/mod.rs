//! Neighbour discovery of IPv6: one row per message.
//!
//! Source: RFC 4861 section 4, RFC 4191 section 2.2 (preference), RFC 8106 section 5 (name servers).

mod options;

use super::Context;
use super::IcmpHead;
use super::dialogue::{Meta, Sink};
use super::escape::escape;
use super::weird::Weird;
use crate::columns::tables::NdpRow;
use crate::proto::read;
use options::Options;

/// Message types.
const ROUTER_ADVERTISEMENT: u8 = 134;
const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
const REDIRECT: u8 = 137;

/// Too short for its type, or an option of no length or past the end. Numbered among the oddities of ICMP, whose flow it is.
const BAD_MESSAGE: Weird = Weird::new(3, "ndp_bad_message");

/// Neighbour discovery has this type.
pub(super) const fn is_message(kind: u8) -> bool {
    matches!(kind, 133..=137)
}

/// Write the row of one message.
pub(super) fn on_packet(ctx: &Context<'_>, head: IcmpHead, sink: &mut Sink<'_>) {
    let options_at = match head.kind {
        ROUTER_ADVERTISEMENT => 8,
        NEIGHBOUR_SOLICITATION | NEIGHBOUR_ADVERTISEMENT => 16,
        REDIRECT => 32,
        _ => 0,
    };
    let options = ctx.payload.get(options_at..).map(Options::read);
    let is_bad = options.as_ref().is_none_or(|options| options.is_bad);
    if is_bad && ctx.payload.len() >= ctx.payload_len as usize {
        sink.weird(BAD_MESSAGE, &Meta::of(ctx));
    }
    if let Some(options) = options {
        write(ctx, head, &options, sink);
    }
}

fn write(ctx: &Context<'_>, head: IcmpHead, options: &Options, sink: &mut Sink<'_>) {
    let [hop_limit, flags, high, low] = head.rest;
    let of_router = |bit: u8| (head.kind == ROUTER_ADVERTISEMENT).then_some(flags & bit != 0);
    let of_neighbour =
        |bit: u8| (head.kind == NEIGHBOUR_ADVERTISEMENT).then_some(hop_limit & bit != 0);
    let is_advertisement = head.kind == ROUTER_ADVERTISEMENT;
    let has_target = head.kind >= NEIGHBOUR_SOLICITATION;
    let domain_name = options.domain.as_deref().map(escape);
    sink.out.ndp.push(&NdpRow {
        flow_uid: ctx.flow_uid,
        ts: ctx.ts_ns,
        sender_ip: ctx.sender_ip,
        receiver_ip: ctx.receiver_ip,
        sender_mac: ctx.sender_mac,
        icmp_type: i16::from(head.kind),
        ndp_name: name(head.kind),
        target_ip: has_target.then(|| ip(ctx.payload, 0)).flatten(),
        destination_ip: (head.kind == REDIRECT)
            .then(|| ip(ctx.payload, 16))
            .flatten(),
        link_mac: options.link_mac,
        is_router: of_neighbour(0x80),
        is_solicited: of_neighbour(0x40),
        is_override: of_neighbour(0x20),
        hop_limit: is_advertisement.then_some(i16::from(hop_limit)),
        is_managed: of_router(0x80),
        is_other: of_router(0x40),
        preference: is_advertisement.then(|| preference(flags)),
        router_lifetime_s: is_advertisement.then(|| i64::from(u16::from_be_bytes([high, low]))),
        mtu: options.mtu,
        prefixes: options.prefixes.list(),
        prefix_flags: options.prefix_flags.list(),
        prefix_valid_s: &options.prefix_valid_s,
        dns_servers: options.dns_servers.list(),
        dns_lifetime_s: options.dns_lifetime_s,
        domain_name: domain_name.as_deref(),
    });
}

const fn name(kind: u8) -> &'static str {
    match kind {
        133 => "router-solicitation",
        ROUTER_ADVERTISEMENT => "router-advertisement",
        NEIGHBOUR_SOLICITATION => "neighbour-solicitation",
        NEIGHBOUR_ADVERTISEMENT => "neighbour-advertisement",
        _ => "redirect",
    }
}

/// Source: RFC 4191 section 2.1; the reserved value counts as medium.
const fn preference(flags: u8) -> &'static str {
    match flags >> 3 & 3 {
        1 => "high",
        3 => "low",
        _ => "medium",
    }
}

fn ip(data: &[u8], at: usize) -> Option<[u8; 16]> {
    read::array(data, at)
}
