//! PPP frames and the `PPPoE` sessions that carry them.

use super::link::ETHERTYPE_PPPOE;
use super::reason;
use super::walk::{Step, Walk, be16};
use crate::packet::{Packet, Tunnel, Undecoded, quality};

const PPP_IPV4: u16 = 0x0021;
const PPP_IPV6: u16 = 0x0057;
const PPP_MPLS: [u16; 2] = [0x0281, 0x0283];

/// What a PPP frame lies in; it names the counter of frames that carry no IP.
#[derive(Clone, Copy)]
pub(super) enum Carrier {
    /// A PPP link: counted under the PPP protocol number.
    Link,
    /// A `PPPoE` session: counted under its ethertype.
    Session,
    /// A tunnel inside IP: the outer packet is the flow.
    Tunnel,
}

impl Walk<'_> {
    /// A `PPPoE` session frame. Source: RFC 2516 section 4.
    pub(super) fn pppoe(&mut self, at: usize, limit: usize, out: &mut Packet) -> Step {
        self.layer()?;
        let h = self.link_header::<6>(at)?;
        if h[0] != 0x11 || h[1] != 0 {
            return Err(Undecoded::Error(reason::PPPOE_HEADER));
        }
        let end = at + 6 + usize::from(be16(h[4], h[5]));
        if end > limit {
            out.quality |= quality::PARSE_ERROR;
        }
        if !out.tunnel.push(Tunnel::Pppoe) {
            return Err(Undecoded::Error(reason::LAYERS_EXCEEDED));
        }
        out.tunnel_id = u64::from(be16(h[2], h[3]));
        out.has_tunnel_id = true;
        self.ppp(Carrier::Session, at + 6, end.min(limit), out)
    }

    /// A PPP frame: optional address and control, then a protocol of one or two octets.
    ///
    /// Source: RFC 1661 sections 2 and 6.5 (an odd first octet is a compressed protocol field), RFC 1662 section 3.1.
    pub(super) fn ppp(
        &mut self,
        carrier: Carrier,
        at: usize,
        limit: usize,
        out: &mut Packet,
    ) -> Step {
        self.layer()?;
        let at = match self.header::<2>(at) {
            Some([0xff, 0x03]) => at + 2,
            _ => at,
        };
        let first = self.link_header::<1>(at)?[0];
        let (protocol, at) = if first & 1 == 1 {
            (u16::from(first), at + 1)
        } else {
            (u16::from_be_bytes(*self.link_header::<2>(at)?), at + 2)
        };
        match protocol {
            PPP_IPV4 => self.ipv4(at, limit, out),
            PPP_IPV6 => self.ipv6(at, limit, out),
            _ if PPP_MPLS.contains(&protocol) => self.mpls(protocol, at, limit, out),
            _ => Err(Undecoded::NonFlow(match carrier {
                Carrier::Link | Carrier::Tunnel => protocol,
                Carrier::Session => ETHERTYPE_PPPOE,
            })),
        }
    }
}
