//! DHCPv4: one row per message.
//!
//! Source: RFC 2131 (format), RFC 2132 (options).

use super::dialogue::Meta;
use super::escape::escape;
use super::weird::{Notes, Weird};
use super::{Context, Hint, Records, read};
use crate::columns::tables::DhcpRow;

/// Magic cookie before the options (RFC 2131 3), at this offset.
const COOKIE: u32 = 0x6382_5363;
const COOKIE_AT: usize = 236;
const OPTIONS_AT: usize = COOKIE_AT + 4;

/// The options that become columns.
#[derive(Default)]
struct Options<'a> {
    msg_type: Option<i16>,
    server_ip: Option<[u8; 16]>,
    subnet_mask: Option<i64>,
    router_ip: Option<[u8; 16]>,
    host_name: Option<&'a [u8]>,
    /// Where the options stop making sense.
    bad_at: Option<usize>,
}

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

/// Write the row of one message; anything else on the same ports is passed over.
pub(super) fn on_packet(ctx: &Context<'_>, notes: &mut Notes, out: &mut Records) -> Hint {
    let Some(hint) = recognise(ctx.payload) else {
        return Hint::None;
    };
    let options = options(ctx.payload);
    if let Some(at) = options.bad_at {
        notes.note(Weird::DHCP_BAD_OPTION, &Meta::of(ctx), Some(at), out);
    }
    let assigned = read::mapped_ip(ctx.payload, 16).filter(|ip| ip.get(12..) != Some(&[0; 4]));
    let host_name = options.host_name.map(escape);
    out.dhcp.push(&DhcpRow {
        flow_uid: ctx.flow_uid,
        ts: ctx.ts_ns,
        msg_type: options.msg_type,
        client_mac: read::mac(ctx.payload, 28).unwrap_or_default(),
        assigned_ip: assigned,
        server_ip: options.server_ip,
        subnet_mask: options.subnet_mask,
        router_ip: options.router_ip,
        host_name: host_name.as_deref(),
    });
    hint
}

fn options(data: &[u8]) -> Options<'_> {
    let mut found = Options::default();
    let mut at = OPTIONS_AT;
    loop {
        match read::octet(data, at) {
            Some(0) => at += 1,
            Some(255) => return found,
            Some(code) => {
                let length = read::octet(data, at + 1).map(usize::from);
                let Some(value) = length.and_then(|length| data.get(at + 2..at + 2 + length))
                else {
                    found.bad_at = Some(at);
                    return found;
                };
                found.set(code, value);
                at += 2 + value.len();
            }
            // Plain BOOTP has a fixed options field without an end mark; DHCP must have one.
            None => {
                found.bad_at = found.msg_type.map(|_| at);
                return found;
            }
        }
    }
}

impl<'a> Options<'a> {
    fn set(&mut self, code: u8, value: &'a [u8]) {
        match code {
            1 if value.len() == 4 => self.subnet_mask = read::be32(value, 0).map(i64::from),
            3 => self.router_ip = read::mapped_ip(value, 0),
            12 => self.host_name = Some(value.strip_suffix(&[0]).unwrap_or(value)),
            53 if value.len() == 1 => self.msg_type = read::octet(value, 0).map(i16::from),
            54 => self.server_ip = read::mapped_ip(value, 0),
            _ => {}
        }
    }
}
