//! Options of neighbour discovery.

use crate::proto::dhcp::labels;
use crate::proto::read;
use crate::proto::texts::Texts;
use std::net::Ipv6Addr;

/// Prefixes kept of an advertisement; hosts keep a few (range 4 .. 32).
const MAX_PREFIXES: usize = 32;

/// The options that become columns.
#[derive(Default)]
pub(super) struct Options {
    /// 1 or 2: link address of the sender or of the target.
    pub(super) link_mac: Option<[u8; 6]>,
    /// 3: prefixes with their lengths.
    pub(super) prefixes: Texts,
    /// What they are good for: `L` on the link, `A` to make addresses of.
    pub(super) prefix_flags: Texts,
    /// Their valid lifetimes, s.
    pub(super) prefix_valid_s: Vec<i64>,
    /// 5.
    pub(super) mtu: Option<i32>,
    /// 25.
    pub(super) dns_servers: Texts,
    /// Of the name servers, s.
    pub(super) dns_lifetime_s: Option<i64>,
    /// 31: the first domain to search.
    pub(super) domain: Option<Vec<u8>>,
    /// The options do not end where the message does.
    pub(super) is_bad: bool,
}

impl Options {
    /// Read options to the end of the message: type, length in units of eight octets, value.
    ///
    /// Source: RFC 4861 section 4.6.
    pub(super) fn read(mut data: &[u8]) -> Self {
        let mut found = Self::default();
        while !data.is_empty() {
            let size = read::octet(data, 1).map_or(0, |units| usize::from(units) * 8);
            let Some(option) = data.get(..size).filter(|option| !option.is_empty()) else {
                found.is_bad = true;
                break;
            };
            found.set(option);
            data = data.get(size..).unwrap_or(&[]);
        }
        found
    }

    fn set(&mut self, option: &[u8]) {
        let seconds = |at| read::be32(option, at).map(i64::from);
        match option.first() {
            Some(1 | 2) => self.link_mac = read::mac(option, 2),
            Some(3) => self.prefix(option),
            Some(5) => {
                self.mtu = read::be32(option, 4).map(|mtu| i32::try_from(mtu).unwrap_or(i32::MAX));
            }
            Some(25) => {
                self.dns_lifetime_s = seconds(4);
                let servers = option.get(8..).unwrap_or(&[]).chunks_exact(16);
                for server in servers.filter_map(|octets| read::array::<16>(octets, 0)) {
                    self.dns_servers.push(Ipv6Addr::from(server));
                }
            }
            Some(31) => self.domain = option.get(8..).map(labels),
            _ => {}
        }
    }

    /// Source: RFC 4861 section 4.6.2.
    fn prefix(&mut self, option: &[u8]) {
        let (Some([length, flags]), Some(valid), Some(prefix)) = (
            read::array::<2>(option, 2),
            read::be32(option, 4),
            read::array::<16>(option, 16),
        ) else {
            return;
        };
        if self.prefix_valid_s.len() >= MAX_PREFIXES {
            return;
        }
        let on_link = if flags & 0x80 == 0 { "" } else { "L" };
        let autonomous = if flags & 0x40 == 0 { "" } else { "A" };
        self.prefixes
            .push(format_args!("{}/{length}", Ipv6Addr::from(prefix)));
        self.prefix_flags
            .push(format_args!("{on_link}{autonomous}"));
        self.prefix_valid_s.push(i64::from(valid));
    }
}
