//! The start of the packet that an ICMP message reports on.

use crate::proto::read;

/// Extension headers that are walked; honest packets have one or two (range 2 .. 16).
const MAX_EXTENSIONS: usize = 8;

/// Ends of the quoted packet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Quote {
    /// IP protocol.
    pub(super) proto: Option<u8>,
    /// Sender.
    pub(super) src: Option<[u8; 16]>,
    /// Receiver.
    pub(super) dst: Option<[u8; 16]>,
    /// Ports of TCP, UDP, DCCP and SCTP.
    pub(super) ports: Option<(u16, u16)>,
}

impl Quote {
    /// Read the header of the quoted packet; `None` when there is none.
    pub(super) fn read(data: &[u8]) -> Option<Self> {
        match read::octet(data, 0)? >> 4 {
            4 => Self::v4(data),
            6 => Self::v6(data),
            _ => None,
        }
    }

    /// Source: RFC 791 section 3.1.
    fn v4(data: &[u8]) -> Option<Self> {
        let header = usize::from(read::octet(data, 0)? & 15) * 4;
        if header < 20 {
            return None;
        }
        let proto = read::octet(data, 9)?;
        let is_first = read::be16(data, 6)? << 3 == 0;
        Some(Self {
            proto: Some(proto),
            src: read::mapped_ip(data, 12),
            dst: Some(read::mapped_ip(data, 16)?),
            ports: ports(data, header, proto).filter(|_| is_first),
        })
    }

    /// Source: RFC 8200 sections 3 and 4.
    fn v6(data: &[u8]) -> Option<Self> {
        let mut proto = read::octet(data, 6)?;
        let mut at = 40;
        let mut is_first = true;
        for _ in 0..MAX_EXTENSIONS {
            let units = read::octet(data, at + 1).map(usize::from);
            let size = match (proto, units) {
                (0 | 43 | 60, Some(units)) => (units + 1) * 8,
                (51, Some(units)) => (units + 2) * 4,
                (44, _) => {
                    is_first = read::be16(data, at + 2).is_some_and(|offset| offset & 0xfff8 == 0);
                    8
                }
                _ => break,
            };
            let Some(next) = read::octet(data, at) else {
                break;
            };
            proto = next;
            at += size;
        }
        Some(Self {
            proto: Some(proto),
            src: read::array(data, 8),
            dst: Some(read::array(data, 24)?),
            ports: ports(data, at, proto).filter(|_| is_first),
        })
    }
}

fn ports(data: &[u8], at: usize, proto: u8) -> Option<(u16, u16)> {
    matches!(proto, 6 | 17 | 33 | 132)
        .then(|| Some((read::be16(data, at)?, read::be16(data, at + 2)?)))
        .flatten()
}
