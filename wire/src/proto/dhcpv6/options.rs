//! Options of a DHCPv6 message, those inside of identity associations included.

use crate::proto::dhcp::labels;
use crate::proto::read;
use crate::proto::texts::Texts;
use std::borrow::Cow;
use std::net::Ipv6Addr;

/// The options that become columns.
#[derive(Default)]
pub(super) struct Options<'a> {
    /// 1.
    pub(super) client_duid: Option<&'a [u8]>,
    /// 2.
    pub(super) server_duid: Option<&'a [u8]>,
    /// 5 inside of 3 and 4.
    pub(super) addresses: Texts,
    /// 26 inside of 25.
    pub(super) prefixes: Texts,
    /// Valid lifetime of the first of them.
    pub(super) lease_s: Option<i64>,
    /// 6.
    pub(super) requested: Option<&'a [u8]>,
    /// 9: the message that a relay passes on.
    pub(super) relayed: Option<&'a [u8]>,
    /// 13, of the message or of an association in it: the first that is no success, else the first.
    pub(super) status_code: Option<i32>,
    /// Its text.
    pub(super) message: Option<&'a [u8]>,
    /// 16: enterprise number.
    pub(super) vendor_id: Option<i64>,
    /// 16: first class.
    pub(super) vendor_class: Option<&'a [u8]>,
    /// 18: port of the relay.
    pub(super) interface_id: Option<&'a [u8]>,
    /// 37: the client as the relay names it, behind the enterprise number.
    pub(super) remote_id: Option<&'a [u8]>,
    /// 23.
    pub(super) dns_servers: Texts,
    /// 24: the first domain.
    pub(super) domain_name: Option<Vec<u8>>,
    /// 39.
    pub(super) client_fqdn: Option<Cow<'a, [u8]>>,
    /// 79: link address of the client as its relay saw it (RFC 6939).
    pub(super) link_address: Option<[u8; 6]>,
}

/// Give code, place and value of each option from `at` on.
///
/// Errors when the last one does not end where the data do.
pub(super) fn walk<'a>(
    data: &'a [u8],
    mut at: usize,
    mut each: impl FnMut(u16, usize, &'a [u8]),
) -> Result<(), ()> {
    while at < data.len() {
        let code = read::be16(data, at).ok_or(())?;
        let length = usize::from(read::be16(data, at + 2).ok_or(())?);
        let value = data.get(at + 4..at + 4 + length).ok_or(())?;
        each(code, at, value);
        at += 4 + length;
    }
    Ok(())
}

impl<'a> Options<'a> {
    /// Read the options from `at` on.
    pub(super) fn read(&mut self, data: &'a [u8], at: usize) -> Result<(), ()> {
        let mut inner = Ok(());
        let outer = walk(data, at, |code, _, value| {
            if let Err(()) = self.set(code, value) {
                inner = Err(());
            }
        });
        outer.and(inner)
    }

    /// Take over what only relays know.
    pub(super) fn keep_relay(&mut self, outer: &Options<'a>) {
        self.interface_id = self.interface_id.or(outer.interface_id);
        self.remote_id = self.remote_id.or(outer.remote_id);
        self.link_address = self.link_address.or(outer.link_address);
    }

    fn set(&mut self, code: u16, value: &'a [u8]) -> Result<(), ()> {
        match code {
            1 => self.client_duid = Some(value),
            2 => self.server_duid = Some(value),
            // Identity associations: IAID, two times (not IA_TA), then options.
            3 | 25 => return self.association(value, 12),
            4 => return self.association(value, 4),
            6 => self.requested = Some(value),
            9 => self.relayed = Some(value),
            13 => self.status(value),
            16 => {
                self.vendor_id = read::be32(value, 0).map(i64::from);
                let length = read::be16(value, 4).map(usize::from);
                self.vendor_class = length.and_then(|length| value.get(6..6 + length));
            }
            18 => self.interface_id = Some(value),
            23 => {
                let servers = value.chunks_exact(16).filter_map(address);
                servers.for_each(|ip| self.dns_servers.push(ip));
            }
            24 => self.domain_name = Some(labels(value)),
            37 => self.remote_id = value.get(4..),
            39 => {
                let name = value.get(1..).map(|name| Cow::Owned(labels(name)));
                self.client_fqdn = name;
            }
            79 if value.starts_with(&[0, 1]) => self.link_address = read::mac(value, 2),
            _ => {}
        }
        Ok(())
    }

    /// Addresses, prefixes and status inside of an association (RFC 8415 21.4 to 21.6, 21.21, 21.22).
    fn association(&mut self, value: &'a [u8], header: usize) -> Result<(), ()> {
        walk(value, header, |code, _, inner| match code {
            5 => {
                if let Some(ip) = inner.get(..16).and_then(address) {
                    self.addresses.push(ip);
                    self.note_lease(read::be32(inner, 20));
                }
            }
            13 => self.status(inner),
            26 => {
                let length = read::octet(inner, 8);
                let ip = inner.get(9..25).and_then(address);
                if let (Some(length), Some(ip)) = (length, ip) {
                    self.prefixes.push(format_args!("{ip}/{length}"));
                    self.note_lease(read::be32(inner, 4));
                }
            }
            _ => {}
        })
    }

    fn note_lease(&mut self, valid: Option<u32>) {
        self.lease_s = self.lease_s.or(valid.map(i64::from));
    }

    /// Source: RFC 8415 section 21.13.
    fn status(&mut self, value: &'a [u8]) {
        if self.status_code.is_none_or(|code| code == 0) {
            self.status_code = read::be16(value, 0).map(i32::from);
            self.message = value.get(2..).filter(|text| !text.is_empty());
        }
    }
}

fn address(octets: &[u8]) -> Option<Ipv6Addr> {
    Some(Ipv6Addr::from(<[u8; 16]>::try_from(octets).ok()?))
}
