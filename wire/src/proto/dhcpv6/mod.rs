//! DHCPv6: one row per message, relayed ones unwrapped.
//!
//! Source: RFC 8415.

mod duid;
mod options;

use super::dialogue::{Meta, Sink};
use super::escape::{escape, join};
use super::packets::Packets;
use super::texts::colon_hex;
use super::weird::Weird;
use super::{Context, Hint, read};
use crate::columns::tables::Dhcpv6Row;
use options::Options;

/// Ports of clients and of servers and relays (RFC 8415 7.2).
pub(super) const PORTS: [u16; 2] = [546, 547];

/// Options that do not end where they should, or a message that is none.
const BAD_OPTION: Weird = Weird::new(1, "dhcpv6_bad_option");
/// Relayed more often than may be.
const TOO_DEEP: Weird = Weird::new(2, "dhcpv6_too_many_relays");

/// Relays that may have passed a message on (`HOP_COUNT_LIMIT`, RFC 8415 7.6).
const MAX_RELAYS: i16 = 8;
/// Message types of relays (RFC 8415 7.3).
const RELAY_FORWARD: u8 = 12;
const RELAY_REPLY: u8 = 13;
/// Largest type in use (IANA DHCPv6 message types: `STATE`, 35).
const MAX_TYPE: u8 = 35;
/// Headers of relayed and of other messages, bytes (RFC 8415 8, 9).
const RELAY_HEADER: usize = 34;
const HEADER: usize = 4;

/// Tell a message from anything else: a type in use, and options that end where the datagram does. What a
/// client, server or relay sends says who is who (RFC 8415 7.3); a server's Reconfigure comes unasked.
pub(super) fn recognise(data: &[u8], is_whole: bool) -> Option<Hint> {
    let kind = read::octet(data, 0)?;
    let header = header_length(kind)?;
    let walked = options::walk(data, header, |_, _, _| {});
    if data.len() <= header || walked.is_err() && is_whole {
        return None;
    }
    Some(match kind {
        1 | 3..=6 | 8 | 9 | 11 | RELAY_FORWARD => Hint::SenderIsClient,
        2 | 7 | RELAY_REPLY => Hint::ReceiverIsClient,
        _ => Hint::None,
    })
}

fn header_length(kind: u8) -> Option<usize> {
    match kind {
        RELAY_FORWARD | RELAY_REPLY => Some(RELAY_HEADER),
        1..=MAX_TYPE => Some(HEADER),
        _ => None,
    }
}

/// Messages between two ends; each stands for itself.
#[derive(Default)]
pub(super) struct Dhcpv6;

/// A message out of its relays.
struct Unwrapped<'a> {
    kind: u8,
    xid: Option<i64>,
    /// Relays that passed it on.
    relays: i16,
    /// Client side address of the innermost relay, and what that relay heard it from.
    relay_ip: Option<[u8; 16]>,
    peer_ip: Option<[u8; 16]>,
    options: Options<'a>,
    odd: Option<Weird>,
}

impl Packets for Dhcpv6 {
    fn packet(&mut self, ctx: &Context<'_>, sink: &mut Sink<'_>) -> Hint {
        let is_whole = ctx.payload.len() >= ctx.payload_len as usize;
        let Some(message) = unwrap(ctx.payload) else {
            if is_whole {
                sink.weird(BAD_OPTION, &Meta::of(ctx));
            }
            return Hint::None;
        };
        if let Some(odd) = message.odd.filter(|odd| is_whole || *odd == TOO_DEEP) {
            sink.weird(odd, &Meta::of(ctx));
        }
        write(ctx, &message, sink);
        // Who asks whom is left to the ports (docs/flow-semantics.md 4.4 does not list this protocol).
        Hint::None
    }
}

/// Follow the relays inward, without recursion.
fn unwrap(data: &[u8]) -> Option<Unwrapped<'_>> {
    let mut rest = data;
    let mut found = Unwrapped {
        kind: 0,
        xid: None,
        relays: 0,
        relay_ip: None,
        peer_ip: None,
        options: Options::default(),
        odd: None,
    };
    loop {
        let kind = read::octet(rest, 0)?;
        let header = header_length(kind)?;
        let head = rest.get(..header)?;
        let mut options = Options::default();
        let read = options.read(rest, header);
        found.kind = kind;
        found.odd = read.err().map(|()| BAD_OPTION);
        let inner = options.relayed;
        options.keep_relay(&found.options);
        found.options = options;
        if header == HEADER {
            found.xid = read::be32(head, 0).map(|word| i64::from(word & 0x00ff_ffff));
            return Some(found);
        }
        found.relays += 1;
        found.relay_ip = address(head, 2);
        found.peer_ip = address(head, 18);
        let Some(inner) = inner else {
            return Some(found);
        };
        if found.relays > MAX_RELAYS {
            found.odd = Some(TOO_DEEP);
            return Some(found);
        }
        if header_length(inner.first().copied().unwrap_or(0)).is_none_or(|end| inner.len() < end) {
            found.odd = Some(BAD_OPTION);
            return Some(found);
        }
        rest = inner;
    }
}

fn address(data: &[u8], at: usize) -> Option<[u8; 16]> {
    let ip: [u8; 16] = data.get(at..at + 16)?.try_into().ok()?;
    (ip != [0; 16]).then_some(ip)
}

fn write(ctx: &Context<'_>, message: &Unwrapped<'_>, sink: &mut Sink<'_>) {
    let options = &message.options;
    let client_duid = options.client_duid.map(colon_hex);
    let server_duid = options.server_duid.map(colon_hex);
    let param_list = options.requested.map(|list| {
        let codes = list.chunks_exact(2).filter_map(|code| read::be16(code, 0));
        join(codes)
    });
    let client_fqdn = options.client_fqdn.as_deref().map(escape);
    let domain_name = options.domain_name.as_deref().map(escape);
    let vendor_class = options.vendor_class.map(escape);
    let circuit_id = options.interface_id.map(escape);
    let remote_id = options.remote_id.map(escape);
    let text = options.message.map(escape);
    sink.out.dhcpv6.push(&Dhcpv6Row {
        flow_uid: ctx.flow_uid,
        ts: ctx.ts_ns,
        sender_ip: ctx.sender_ip,
        receiver_ip: ctx.receiver_ip,
        msg_type: Some(i16::from(message.kind)),
        xid: message.xid,
        relays: message.relays,
        relay_ip: message.relay_ip,
        peer_ip: message.peer_ip,
        client_duid: client_duid.as_deref(),
        client_mac: options
            .link_address
            .or_else(|| options.client_duid.and_then(duid::mac)),
        server_duid: server_duid.as_deref(),
        server_mac: options.server_duid.and_then(duid::mac),
        addresses: options.addresses.list(),
        prefixes: options.prefixes.list(),
        lease_s: options.lease_s,
        dns_servers: options.dns_servers.list(),
        client_fqdn: client_fqdn.as_deref(),
        domain_name: domain_name.as_deref(),
        vendor_id: options.vendor_id,
        vendor_class: vendor_class.as_deref(),
        param_list: param_list.as_deref(),
        status_code: options.status_code,
        message: text.as_deref(),
        circuit_id: circuit_id.as_deref(),
        remote_id: remote_id.as_deref(),
    });
}
