//! Options of a DHCPv4 message: those behind the cookie, and those in the fields of file and server name when these are lent to options.

use crate::proto::read;
use std::borrow::Cow;

/// Where options begin.
const OPTIONS_AT: usize = 240;
/// The fields that option 52 lends: boot file name and server name (RFC 2131 2, RFC 2132 9.3).
const FILE: std::ops::Range<usize> = 108..236;
const SNAME: std::ops::Range<usize> = 44..108;
/// Longest name (RFC 1035 2.3.4), octets.
const MAX_NAME: usize = 255;

/// The options that become columns.
#[derive(Default)]
pub(super) struct Options<'a> {
    /// 53.
    pub(super) msg_type: Option<i16>,
    /// 54.
    pub(super) server_ip: Option<[u8; 16]>,
    /// 1.
    pub(super) subnet_mask: Option<i64>,
    /// 3.
    pub(super) router_ip: Option<[u8; 16]>,
    /// 6.
    pub(super) dns_servers: &'a [u8],
    /// 12.
    pub(super) host_name: Option<&'a [u8]>,
    /// 15.
    pub(super) domain_name: Option<&'a [u8]>,
    /// 50.
    pub(super) requested_ip: Option<[u8; 16]>,
    /// 51.
    pub(super) lease_s: Option<i64>,
    /// 55.
    pub(super) param_list: Option<&'a [u8]>,
    /// 56.
    pub(super) message: Option<&'a [u8]>,
    /// 60.
    pub(super) vendor_class: Option<&'a [u8]>,
    /// 61.
    pub(super) client_id: Option<&'a [u8]>,
    /// 81.
    pub(super) client_fqdn: Option<Cow<'a, [u8]>>,
    /// 82, sub-option 1.
    pub(super) circuit_id: Option<&'a [u8]>,
    /// 82, sub-option 2.
    pub(super) remote_id: Option<&'a [u8]>,
    /// Where the options stop making sense.
    pub(super) bad_at: Option<usize>,
    /// 52: bit 1 the file field, bit 2 the server name field hold options.
    overload: u8,
}

impl<'a> Options<'a> {
    /// Read the options of a message.
    pub(super) fn read(data: &'a [u8]) -> Self {
        let mut found = Self::default();
        found.walk(data, OPTIONS_AT, data.len());
        for (bit, field) in [(1, FILE), (2, SNAME)] {
            if found.overload & bit != 0 {
                found.walk(data, field.start, field.end);
            }
        }
        found
    }

    fn walk(&mut self, data: &'a [u8], mut at: usize, end: usize) {
        let data = data.get(..end).unwrap_or(data);
        loop {
            match read::octet(data, at) {
                Some(0) => at += 1,
                Some(255) => return,
                Some(code) => {
                    let length = read::octet(data, at + 1).map(usize::from);
                    let Some(value) = length.and_then(|length| data.get(at + 2..at + 2 + length))
                    else {
                        self.bad_at = Some(at);
                        return;
                    };
                    self.set(code, value);
                    at += 2 + value.len();
                }
                // Plain BOOTP has a fixed options field without an end mark; DHCP must have one.
                None => {
                    self.bad_at = self.msg_type.map(|_| at);
                    return;
                }
            }
        }
    }

    fn set(&mut self, code: u8, value: &'a [u8]) {
        match code {
            1 if value.len() == 4 => self.subnet_mask = read::be32(value, 0).map(i64::from),
            3 => self.router_ip = read::mapped_ip(value, 0),
            6 => self.dns_servers = value,
            12 => self.host_name = Some(plain(value)),
            15 => self.domain_name = Some(plain(value)),
            50 => self.requested_ip = read::mapped_ip(value, 0),
            51 if value.len() == 4 => self.lease_s = read::be32(value, 0).map(i64::from),
            52 if value.len() == 1 => self.overload = read::octet(value, 0).unwrap_or(0),
            53 if value.len() == 1 => self.msg_type = read::octet(value, 0).map(i16::from),
            54 => self.server_ip = read::mapped_ip(value, 0),
            55 => self.param_list = Some(value),
            56 => self.message = Some(plain(value)),
            60 => self.vendor_class = Some(plain(value)),
            61 => self.client_id = Some(value),
            81 => self.client_fqdn = fqdn(value),
            82 => self.relay_agent(value),
            _ => {}
        }
    }

    /// Source: RFC 3046 section 2.0.
    fn relay_agent(&mut self, mut value: &'a [u8]) {
        while let [code, length, rest @ ..] = value {
            let Some((content, after)) = rest.split_at_checked(usize::from(*length)) else {
                return;
            };
            match code {
                1 => self.circuit_id = Some(content),
                2 => self.remote_id = Some(content),
                _ => {}
            }
            value = after;
        }
    }
}

/// A text without the zero that some senders end it with.
fn plain(value: &[u8]) -> &[u8] {
    value.strip_suffix(&[0]).unwrap_or(value)
}

/// The name in a client FQDN option: flags, two octets out of use, then text or DNS labels by the E flag.
///
/// Source: RFC 4702 section 2.
fn fqdn(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let (&[flags, _, _], name) = value.split_first_chunk::<3>()?;
    if flags & 4 == 0 {
        return Some(Cow::Borrowed(plain(name)));
    }
    Some(Cow::Owned(labels(name)))
}

/// DNS labels without compression as a dotted name; what is no label ends it.
///
/// Source: RFC 1035 section 3.1.
pub(in crate::proto) fn labels(mut rest: &[u8]) -> Vec<u8> {
    let mut name = Vec::new();
    while let Some((length, after)) = rest.split_first() {
        let Some((label, next)) = after.split_at_checked(usize::from(*length)) else {
            break;
        };
        if label.is_empty() || *length > 63 || name.len() + label.len() > MAX_NAME {
            break;
        }
        if !name.is_empty() {
            name.push(b'.');
        }
        name.extend_from_slice(label);
        rest = next;
    }
    name
}
