//! HOT: what an IP header carries: transport header, fragment, or tunnel.

use super::checksum::{Sum, pseudo_header};
use super::fragment::Key;
use super::walk::{Walk, be16, narrow};
use crate::packet::{Packet, quality};

/// IP protocol numbers. Source: IANA protocol numbers.
pub(super) const ICMP: u8 = 1;
/// IP in IP.
pub(super) const IPIP: u8 = 4;
/// TCP.
pub(super) const TCP: u8 = 6;
/// UDP.
pub(super) const UDP: u8 = 17;
/// DCCP.
const DCCP: u8 = 33;
/// IPv6 in IP.
pub(super) const IPV6: u8 = 41;
/// GRE.
pub(super) const GRE: u8 = 47;
/// ICMP for IPv6.
pub(super) const ICMPV6: u8 = 58;
/// SCTP.
const SCTP: u8 = 132;

/// The content of an IP packet.
pub(super) struct Datagram {
    /// Protocol of the content.
    pub(super) proto: u8,
    /// Start of the content in the frame.
    pub(super) start: usize,
    /// End of the content on the wire.
    pub(super) end: usize,
    /// Set for a part of a larger datagram.
    pub(super) fragment: Option<Key>,
    /// Lengths and addresses are those the checksum was made over.
    pub(super) verifiable: bool,
}

impl Walk<'_> {
    /// Finish the packet from the content of its (so far) innermost IP header. From here on nothing fails.
    #[inline]
    pub(super) fn transport(&mut self, datagram: &Datagram, out: &mut Packet) {
        out.proto = datagram.proto;
        self.set_payload(datagram.start, datagram.end, out);
        if out.later_fragment {
            if let Some(key) = &datagram.fragment {
                self.fragments.recall(key, self.ts_ns, out);
            }
            return;
        }
        match datagram.proto {
            TCP => self.tcp(datagram, out),
            UDP => self.udp(datagram, out),
            ICMP | ICMPV6 => self.icmp(datagram, out),
            SCTP => self.sctp(datagram, out),
            DCCP => self.dccp(datagram, out),
            _ => {}
        }
        if let Some(key) = datagram.fragment {
            self.fragments.remember(key, self.ts_ns, out);
        }
        let inside = match datagram.proto {
            UDP => self.udp_tunnel(datagram, out),
            IPIP | IPV6 => self.ip_in_ip(datagram, out),
            GRE => self.gre(datagram, out),
            _ => false,
        };
        if !inside && datagram.verifiable && datagram.fragment.is_none() {
            self.verify(datagram, out);
        }
    }

    /// Whether `size` bytes of transport header lie in the packet and were captured; else flag why not.
    ///
    /// A header that the snap length cut is still no payload; a packet too short for its header has none of either.
    pub(super) fn transport_fits(
        &self,
        datagram: &Datagram,
        size: usize,
        out: &mut Packet,
    ) -> bool {
        if datagram.end.saturating_sub(datagram.start) < size {
            out.quality |= quality::PARSE_ERROR;
            return false;
        }
        if self.data.len() < datagram.start + size {
            out.quality |= quality::TRUNCATED;
            self.set_payload(datagram.start + size, datagram.end, out);
            return false;
        }
        true
    }

    /// SCTP. Source: RFC 9260 section 3.1.
    fn sctp(&self, datagram: &Datagram, out: &mut Packet) {
        if self.transport_fits(datagram, 12, out) {
            self.ports(datagram, 12, out);
        }
    }

    /// DCCP. Source: RFC 4340 section 5.1.
    fn dccp(&self, datagram: &Datagram, out: &mut Packet) {
        if !self.transport_fits(datagram, 12, out) {
            return;
        }
        let Some(h) = self.header::<12>(datagram.start) else {
            return;
        };
        let (header, least) = (usize::from(h[4]) * 4, 12 + usize::from(h[8] & 1) * 4);
        if header < least || datagram.start + header > datagram.end {
            out.quality |= quality::PARSE_ERROR;
        } else {
            self.ports(datagram, header, out);
        }
    }

    /// Note the ports at the start of the header, and the payload after it.
    #[inline]
    pub(super) fn ports(&self, datagram: &Datagram, header: usize, out: &mut Packet) {
        if let Some(h) = self.header::<4>(datagram.start) {
            out.sport = be16(h[0], h[1]);
            out.dport = be16(h[2], h[3]);
            out.has_ports = true;
            self.set_payload(datagram.start + header, datagram.end, out);
        }
    }

    /// Check the transport checksum of a packet that was captured to its end.
    fn verify(&self, datagram: &Datagram, out: &mut Packet) {
        let Some(bytes) = self.data.get(datagram.start..datagram.end) else {
            return;
        };
        let pseudo = |covered: &[u8]| {
            let length = narrow(covered.len());
            pseudo_header(&out.src, &out.dst, datagram.proto, length)
        };
        let valid = match datagram.proto {
            TCP if out.has_tcp => pseudo(bytes).add(bytes).is_valid(),
            UDP if out.has_ports => match covered_by_udp(bytes) {
                Some(covered) => pseudo(covered).add(covered).is_valid(),
                None => true,
            },
            ICMP if out.has_icmp => Sum::default().add(bytes).is_valid(),
            ICMPV6 if out.has_icmp => pseudo(bytes).add(bytes).is_valid(),
            _ => true,
        };
        if !valid {
            out.quality |= quality::BAD_CHECKSUM;
        }
    }
}

/// The bytes a UDP checksum covers; `None` when there is none, or its length is impossible.
///
/// Source: RFC 768; RFC 2675 section 4 (length 0 = to the end of the packet).
pub(super) fn covered_by_udp(bytes: &[u8]) -> Option<&[u8]> {
    let h = bytes.first_chunk::<8>()?;
    if [h[6], h[7]] == [0, 0] {
        return None;
    }
    match usize::from(be16(h[4], h[5])) {
        0 => Some(bytes),
        1..8 => None,
        length => bytes.get(..length),
    }
}
