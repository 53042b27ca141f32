//! DHCPv4: one row per message.
//!
//! Source: RFC 2131 (format), RFC 2132 (options), RFC 3046 (relay agents), RFC 4702 (names).

mod options;

use super::dialogue::{Meta, Sink};
use super::escape::escape;
use super::packets::Packets;
use super::texts::{Texts, colon_hex};
use super::weird::Weird;
use super::{Context, Hint, read};
use crate::columns::tables::DhcpRow;
use options::Options;
pub(super) use options::labels;
use std::net::Ipv4Addr;

/// Options that do not end where they should.
const BAD_OPTION: Weird = Weird::new(1, "dhcp_bad_option");

/// Magic cookie before the options (RFC 2131 3), at this offset.
const COOKIE: u32 = 0x6382_5363;
const COOKIE_AT: usize = 236;

/// Tell a DHCP or BOOTP message from anything else, and who sent it.
pub(super) fn recognise(data: &[u8]) -> Option<Hint> {
    let &[op, hardware, length, hops, ..] = data else {
        return None;
    };
    // Hop counts above 16 are illegal (RFC 1542 4.1.1).
    if hardware == 0 || length > 16 || hops > 16 || read::be32(data, COOKIE_AT) != Some(COOKIE) {
        return None;
    }
    match op {
        1 => Some(Hint::SenderIsClient),
        2 => Some(Hint::ReceiverIsClient),
        _ => None,
    }
}

/// Messages between two ends; each stands for itself.
#[derive(Default)]
pub(super) struct Dhcp;

impl Packets for Dhcp {
    fn packet(&mut self, ctx: &Context<'_>, sink: &mut Sink<'_>) -> Hint {
        let Some(hint) = recognise(ctx.payload) else {
            return Hint::None;
        };
        let options = Options::read(ctx.payload);
        let is_whole = ctx.payload.len() >= ctx.payload_len as usize;
        if let Some(at) = options.bad_at.filter(|_| is_whole) {
            sink.weird_at(BAD_OPTION, &Meta::of(ctx), at);
        }
        write(ctx, &options, sink);
        hint
    }
}

fn write(ctx: &Context<'_>, options: &Options<'_>, sink: &mut Sink<'_>) {
    let data = ctx.payload;
    let address = |at| read::mapped_ip(data, at).filter(|ip| ip.get(12..) != Some(&[0; 4]));
    let text = |value: Option<&[u8]>| value.map(escape);
    let host_name = text(options.host_name);
    let domain_name = text(options.domain_name);
    let client_fqdn = options.client_fqdn.as_deref().map(escape);
    let vendor_class = text(options.vendor_class);
    let message = text(options.message);
    let circuit_id = text(options.circuit_id);
    let remote_id = text(options.remote_id);
    let client_id = options.client_id.map(colon_hex);
    let param_list = options
        .param_list
        .map(|list| super::escape::join(list.iter()));
    let mut dns_servers = Texts::default();
    for server in options.dns_servers.chunks_exact(4) {
        if let &[a, b, c, d] = server {
            dns_servers.push(Ipv4Addr::new(a, b, c, d));
        }
    }
    sink.out.dhcp.push(&DhcpRow {
        flow_uid: ctx.flow_uid,
        ts: ctx.ts_ns,
        sender_ip: ctx.sender_ip,
        receiver_ip: ctx.receiver_ip,
        msg_type: options.msg_type,
        xid: read::be32(data, 4).map(i64::from),
        client_mac: read::mac(data, 28).unwrap_or_default(),
        client_ip: address(12),
        assigned_ip: address(16),
        requested_ip: options.requested_ip,
        server_ip: options.server_ip,
        relay_ip: address(24),
        lease_s: options.lease_s,
        subnet_mask: options.subnet_mask,
        router_ip: options.router_ip,
        dns_servers: dns_servers.list(),
        host_name: host_name.as_deref(),
        client_fqdn: client_fqdn.as_deref(),
        domain_name: domain_name.as_deref(),
        client_id: client_id.as_deref(),
        vendor_class: vendor_class.as_deref(),
        param_list: param_list.as_deref(),
        circuit_id: circuit_id.as_deref(),
        remote_id: remote_id.as_deref(),
        message: message.as_deref(),
    });
}
