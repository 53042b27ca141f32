//! ICMP and ICMPv6: messages that report something are rows; requests and their replies are summed up.
//!
//! Source: RFC 792, RFC 950, RFC 1191, RFC 4443; neighbour discovery lies in `ndp`.

mod exchange;
mod kinds;
mod quote;

use super::dialogue::{Meta, Sink};
use super::packets::Packets;
use super::weird::Weird;
use super::{Context, Hint, IcmpHead, ndp, read};
use crate::columns::tables::IcmpRow;
use exchange::Exchange;
use kinds::{Kind, V6};
use quote::Quote;

/// No header of a packet where the one reported on must be quoted.
const BAD_QUOTE: Weird = Weird::new(1, "icmp_bad_quote");
/// More reports in one flow than become rows.
const MORE_ROWS: Weird = Weird::new(2, "icmp_more_reports");

/// Reports of one flow that become rows (range 256 .. 65 536): the 1000 usual ports of a UDP scan, four tries each; backscatter of
/// a flood has millions.
const MAX_REPORTS: u16 = 4096;

/// Messages between two ends.
#[derive(Default)]
pub(super) struct Icmp {
    exchange: Option<Box<Exchange>>,
    reports: u16,
}

impl Packets for Icmp {
    fn packet(&mut self, ctx: &Context<'_>, sink: &mut Sink<'_>) -> Hint {
        // Later fragments are part of a message that was read already.
        let Some(head) = ctx.icmp else {
            return Hint::None;
        };
        if ctx.proto == V6 && ndp::is_message(head.kind) {
            ndp::on_packet(ctx, head, sink);
            return Hint::None;
        }
        match kinds::kind(ctx.proto, head.kind) {
            Kind::Report => self.report(ctx, head, sink),
            kind => self.exchange(ctx, head, kind, sink),
        }
        Hint::None
    }

    fn end(&mut self, sink: &mut Sink<'_>) {
        if let Some(exchange) = self.exchange.take() {
            exchange.write(sink);
        }
    }

    fn bytes(&self) -> usize {
        self.exchange.as_ref().map_or(0, |_| size_of::<Exchange>())
    }
}

impl Icmp {
    /// Count a request, a reply or what is neither; a new segment of the flow has a row of its own.
    fn exchange(&mut self, ctx: &Context<'_>, head: IcmpHead, kind: Kind, sink: &mut Sink<'_>) {
        let is_over = |exchange: &Exchange| !exchange.has_room_for(ctx, head);
        if self.exchange.as_deref().is_some_and(is_over) {
            self.end(sink);
        }
        let exchange = self
            .exchange
            .get_or_insert_with(|| Box::new(Exchange::begin(ctx, head, kind)));
        exchange.add(ctx, head, kind);
    }

    /// Write a row about the packet that is reported on.
    fn report(&mut self, ctx: &Context<'_>, head: IcmpHead, sink: &mut Sink<'_>) {
        if self.reports >= MAX_REPORTS {
            sink.weird(MORE_ROWS, &Meta::of(ctx));
            return;
        }
        self.reports += 1;
        let quote = Quote::read(ctx.payload);
        let is_whole = ctx.payload.len() >= ctx.payload_len as usize;
        if quote.is_none() && is_whole {
            sink.weird(BAD_QUOTE, &Meta::of(ctx));
        }
        let quote = quote.unwrap_or_default();
        let is_redirect = ctx.proto != V6 && head.kind == 5;
        sink.out.icmp.push(&IcmpRow {
            flow_uid: ctx.flow_uid,
            ts: ctx.ts_ns,
            sender_ip: ctx.sender_ip,
            receiver_ip: ctx.receiver_ip,
            icmp_type: i16::from(head.kind),
            icmp_code: i16::from(head.code),
            icmp_name: kinds::name(ctx.proto, head.kind),
            requests: None,
            replies: None,
            echo_id: None,
            payload_len: None,
            reply_len: None,
            payload_differs: None,
            rtt_ns: None,
            quoted_proto: quote.proto.map(i16::from),
            quoted_src_ip: quote.src,
            quoted_dst_ip: quote.dst,
            quoted_src_port: quote.ports.map(|ports| i32::from(ports.0)),
            quoted_dst_port: quote.ports.map(|ports| i32::from(ports.1)),
            gateway_ip: is_redirect
                .then(|| read::mapped_ip(&head.rest, 0))
                .flatten(),
            mtu: mtu(ctx.proto, head),
        });
    }
}

/// Next-hop MTU of a packet that was too big: RFC 1191 section 4 (0 from old routers), RFC 4443 section 3.2.
fn mtu(ip_proto: u8, head: IcmpHead) -> Option<i32> {
    let [_, _, high, low] = head.rest;
    match (ip_proto == V6, head.kind, head.code) {
        (true, 2, _) => i32::try_from(u32::from_be_bytes(head.rest)).ok(),
        (false, 3, 4) => Some(i32::from(u16::from_be_bytes([high, low]))),
        _ => None,
    }
}
