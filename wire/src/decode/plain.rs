//! HOT: the packet that almost every packet is: IPv4 without options, or IPv6 without extension headers, not a fragment, with a
//! whole TCP or UDP header inside and no tunnel.
//!
//! It says the same as the general way through `ipv4.rs`, `ipv6.rs` and `transport.rs`, in half the instructions; a test decodes
//! every packet both ways. Whatever is not plain is left to the general way, untouched.

use super::checksum::{Sum, pseudo_header};
use super::ipv4;
use super::ipv6;
use super::transport::{TCP, UDP, covered_by_udp};
use super::udp_tunnel::is_tunnel_port;
use super::walk::{MAX_DEPTH, Walk, be16, narrow};
use crate::packet::{Packet, Tcp, quality};

/// Flags and offset of an IPv4 fragment; "don't fragment" is none of them.
const FRAGMENT_BITS: u16 = 0x3fff;

/// A transport header that is whole.
struct Head {
    sport: u16,
    dport: u16,
    /// Where the payload starts.
    payload: usize,
    tcp: Option<Tcp>,
}

impl Walk<'_> {
    /// Decode a plain IPv4 packet; false when it is not plain.
    #[inline]
    pub(super) fn plain_ipv4(&mut self, at: usize, limit: usize, out: &mut Packet) -> bool {
        let Some(h) = self.header::<20>(at) else {
            return false;
        };
        let end = at + usize::from(be16(h[2], h[3]));
        let is_plain = h[0] == 0x45 && be16(h[6], h[7]) & FRAGMENT_BITS == 0 && end <= limit;
        if !is_plain || !self.may_be_plain(out) {
            return false;
        }
        let Some(head) = self.head(h[9], at + 20, end) else {
            return false;
        };
        ipv4::note_header(h, end - at, out);
        if !Sum::default().add(h).is_valid() {
            out.quality |= quality::BAD_CHECKSUM;
        }
        self.note(h[9], at, at + 20, end, &head, out);
        true
    }

    /// Decode a plain IPv6 packet; false when it is not plain.
    #[inline]
    pub(super) fn plain_ipv6(&mut self, at: usize, limit: usize, out: &mut Packet) -> bool {
        let Some(h) = self.header::<40>(at) else {
            return false;
        };
        let end = at + 40 + usize::from(be16(h[4], h[5]));
        if h[0] >> 4 != 6 || end > limit || !self.may_be_plain(out) {
            return false;
        }
        let Some(head) = self.head(h[6], at + 40, end) else {
            return false;
        };
        ipv6::note_header(h, end - at, out);
        self.note(h[6], at, at + 40, end, &head, out);
        true
    }

    /// Neither a guess nor deeper than is followed.
    #[inline]
    fn may_be_plain(&self, out: &Packet) -> bool {
        !self.is_general_only
            && !self.strict
            && self.layers_left > 0
            && out.inner_index <= MAX_DEPTH
    }

    /// Read a transport header that lies whole in the packet and was captured.
    #[inline]
    fn head(&self, proto: u8, start: usize, end: usize) -> Option<Head> {
        match proto {
            TCP => {
                let h = self.header::<20>(start)?;
                let payload = start + usize::from(h[12] >> 4) * 4;
                if payload < start + 20 || payload > end {
                    return None;
                }
                Some(Head {
                    sport: be16(h[0], h[1]),
                    dport: be16(h[2], h[3]),
                    payload,
                    tcp: Some(self.tcp_header(h, start, payload)),
                })
            }
            UDP => {
                let h = self.header::<8>(start)?;
                let (sport, dport) = (be16(h[0], h[1]), be16(h[2], h[3]));
                let length = usize::from(be16(h[4], h[5]));
                let fits = length >= 8 && start + length <= end;
                let is_tunnel = is_tunnel_port(sport) || is_tunnel_port(dport);
                (fits && !is_tunnel).then_some(Head {
                    sport,
                    dport,
                    payload: start + 8,
                    tcp: None,
                })
            }
            _ => None,
        }
    }

    /// Note what the transport header says, and check its checksum when the packet was captured to its end.
    #[inline]
    fn note(
        &mut self,
        proto: u8,
        at: usize,
        start: usize,
        end: usize,
        head: &Head,
        out: &mut Packet,
    ) {
        self.too_deep = false;
        out.net_start = narrow(at);
        out.proto = proto;
        (out.sport, out.dport, out.has_ports) = (head.sport, head.dport, true);
        self.set_payload(head.payload, end, out);
        let whole = self.data.get(start..end);
        let covered = if let Some(tcp) = head.tcp {
            (out.tcp, out.has_tcp) = (tcp, true);
            whole
        } else {
            whole.and_then(covered_by_udp)
        };
        if let Some(bytes) = covered {
            let pseudo = pseudo_header(&out.src, &out.dst, proto, narrow(bytes.len()));
            if !pseudo.add(bytes).is_valid() {
                out.quality |= quality::BAD_CHECKSUM;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Decoder;
    use super::super::captures::each_frame;
    use super::super::craft::{ether, frame, ipv4, ipv6, tag, tcp, udp};
    use crate::packet::{Frame, LinkType, Packet};

    fn both_ways(frame: &Frame<'_>) {
        let (mut one, mut other) = (Packet::default(), Packet::default());
        let plain = Decoder::new().decode(frame, &mut one);
        let general = Decoder::general_only().decode(frame, &mut other);
        assert_eq!(plain, general, "{:02x?}", frame.data);
        if plain.is_ok() {
            assert_eq!(
                format!("{one:?}"),
                format!("{other:?}"),
                "{:02x?}",
                frame.data
            );
        }
    }

    /// As captured whole, and as cut by a snap length.
    fn both_lengths(data: &[u8], wire_len: usize) {
        let whole = frame(LinkType::Ethernet, data);
        both_ways(&whole);
        both_ways(&Frame {
            wire_len: u32::try_from(wire_len).unwrap(),
            ..whole
        });
    }

    /// Every octet of the headers set to every edge, and every cut.
    #[test]
    fn equals_the_general_way() {
        let frames = [
            ether(
                0x0800,
                &ipv4(6, &tcp(false, 0x18, &[1, 1, 1, 0], b"payload!")),
            ),
            ether(
                0x0800,
                &ipv4(6, &tcp(false, 0x02, &[2, 4, 5, 0xb4, 3, 3, 7, 0], &[])),
            ),
            ether(0x0800, &ipv4(17, &udp(false, 4000, 53, b"question"))),
            ether(0x0800, &ipv4(17, &udp(false, 4789, 4789, &[8; 60]))),
            ether(0x86dd, &ipv6(6, &tcp(true, 0x10, &[], b"six"))),
            ether(0x86dd, &ipv6(17, &udp(true, 53, 4000, b"answer"))),
            ether(
                0x8100,
                &tag(7, 0x0800, &ipv4(6, &tcp(false, 0x11, &[], &[]))),
            ),
        ];
        for bytes in frames {
            for at in 12..bytes.len().min(80) {
                for value in [0, 1, 6, 17, 0x40, 0x45, 0x46, 0x50, 0x60, 0x80, 0xf0, 0xff] {
                    let mut changed = bytes.clone();
                    changed[at] = value;
                    both_lengths(&changed, bytes.len() + 9);
                }
            }
            for cut in 0..bytes.len() {
                both_lengths(&bytes[..cut], bytes.len());
            }
        }
    }

    /// The same over the reference captures.
    #[test]
    fn equals_the_general_way_on_captures() {
        each_frame(both_ways);
    }
}
