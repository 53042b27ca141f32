//! Tunnels inside UDP, guessed from the port: VXLAN, Geneve, GTP-U, Teredo, L2TP and CAPWAP.
//!
//! A port proves nothing. A tunnel is entered only when its header is valid and the inner packet is consistent;
//! everything else stays plain UDP.

use super::gre;
use super::ppp::Carrier;
use super::transport::Datagram;
use super::tunnel::Trust;
use super::walk::{Walk, be16};
use crate::packet::{Packet, Tunnel};

/// UDP ports. Source: IANA service names; 8472 is the port Linux used before VXLAN had one.
const VXLAN: [u16; 2] = [4789, 8472];
const GENEVE: u16 = 6081;
const GTP_U: u16 = 2152;
const TEREDO: u16 = 3544;
const L2TP: u16 = 1701;
const CAPWAP_DATA: u16 = 5247;

/// GTP-U extension headers walked (range 1 .. 16); 3GPP TS 29.281 section 5.2 defines fewer than ten types.
const MAX_GTP_EXTENSIONS: u8 = 8;

/// A tunnel may hide behind this port.
#[inline]
pub(super) fn is_tunnel_port(port: u16) -> bool {
    matches!(
        port,
        4789 | 8472 | GENEVE | GTP_U | TEREDO | L2TP | CAPWAP_DATA
    )
}

/// What lies inside, and where.
enum Inner {
    Ethernet(usize),
    Protocol(u16, usize),
    Ip(usize),
    Ipv6(usize),
    Ppp(usize),
}

/// A tunnel header that was read.
type Header = (Tunnel, Option<u64>, Inner);

impl Walk<'_> {
    /// Step into a tunnel when one of the ports and the payload say so.
    #[inline]
    pub(super) fn udp_tunnel(&mut self, datagram: &Datagram, out: &mut Packet) -> bool {
        if !out.has_ports {
            return false;
        }
        // The server's port is the destination on the way there and, for those that answer, the source on the way back.
        self.udp_tunnel_at(out.dport, datagram, out) || self.udp_tunnel_at(out.sport, datagram, out)
    }

    #[inline]
    fn udp_tunnel_at(&mut self, port: u16, datagram: &Datagram, out: &mut Packet) -> bool {
        is_tunnel_port(port) && self.try_udp_tunnel(port, datagram, out)
    }

    #[cold]
    fn try_udp_tunnel(&mut self, port: u16, datagram: &Datagram, out: &mut Packet) -> bool {
        let (at, end) = (datagram.start + 8, datagram.end);
        let header = match port {
            GENEVE => self.geneve(at),
            GTP_U => self.gtp_u(at, end),
            TEREDO => Some(self.teredo(at)),
            L2TP => self.l2tp(at, end),
            CAPWAP_DATA => self.capwap(at),
            _ if VXLAN.contains(&port) => self.vxlan(at),
            _ => None,
        };
        let Some((tunnel, id, inner)) = header else {
            return false;
        };
        self.enter(
            (tunnel, id),
            Trust::Guessed,
            out,
            |walk, packet| match inner {
                Inner::Ethernet(at) | Inner::Protocol(gre::ETHERNET, at) => {
                    walk.ethernet(at, end, packet)
                }
                Inner::Protocol(protocol, at) => walk.ethertype(protocol, at, end, packet),
                Inner::Ip(at) => walk.raw_ip(at, end, packet),
                Inner::Ipv6(at) => walk.ipv6(at, end, packet),
                Inner::Ppp(at) => walk.ppp(Carrier::Tunnel, at, end, packet),
            },
        )
    }

    /// Source: RFC 7348 section 5: the I flag must be set; other flags are to be ignored.
    fn vxlan(&self, at: usize) -> Option<Header> {
        let h = self.header::<8>(at)?;
        let vni = u64::from(u32::from_be_bytes([0, h[4], h[5], h[6]]));
        (h[0] & 0x08 != 0).then_some((Tunnel::Vxlan, Some(vni), Inner::Ethernet(at + 8)))
    }

    /// Source: RFC 8926 section 3.4: version 0, options in units of 4 octets.
    fn geneve(&self, at: usize) -> Option<Header> {
        let h = self.header::<8>(at)?;
        let inner = at + 8 + usize::from(h[0] & 0x3f) * 4;
        let vni = u64::from(u32::from_be_bytes([0, h[4], h[5], h[6]]));
        let protocol = be16(h[2], h[3]);
        (h[0] >> 6 == 0).then_some((Tunnel::Geneve, Some(vni), Inner::Protocol(protocol, inner)))
    }

    /// Source: 3GPP TS 29.281 sections 5.1 and 5.2: version 1, protocol type GTP, message G-PDU (255).
    fn gtp_u(&self, at: usize, end: usize) -> Option<Header> {
        let h = self.header::<8>(at)?;
        let length = usize::from(be16(h[2], h[3]));
        if h[0] & 0xf0 != 0x30 || h[1] != 255 || at + 8 + length > end {
            return None;
        }
        let teid = u64::from(u32::from_be_bytes([h[4], h[5], h[6], h[7]]));
        let mut inner = at + 8;
        if h[0] & 0x07 != 0 {
            let optional = self.header::<4>(inner)?;
            let mut next = if h[0] & 0x04 != 0 { optional[3] } else { 0 };
            inner += 4;
            let mut left = MAX_GTP_EXTENSIONS;
            while next != 0 {
                let size = usize::from(self.header::<1>(inner)?[0]) * 4;
                left = left.checked_sub(1)?;
                if size == 0 {
                    return None;
                }
                inner += size;
                next = *self.data.get(inner - 1)?;
            }
        }
        Some((Tunnel::Gtpu, Some(teid), Inner::Ip(inner)))
    }

    /// Source: RFC 4380 section 5.1.1: optional authentication, then optional origin indication, then IPv6.
    fn teredo(&self, at: usize) -> Header {
        let mut at = at;
        if let Some([0, 1, id, value]) = self.header::<4>(at) {
            at += 13 + usize::from(*id) + usize::from(*value);
        }
        if let Some([0, 0]) = self.header::<2>(at) {
            at += 8;
        }
        (Tunnel::Teredo, None, Inner::Ipv6(at))
    }

    /// Source: RFC 2661 section 3.1: a data message (T = 0) of version 2; length, sequence and offset are optional.
    fn l2tp(&self, at: usize, end: usize) -> Option<Header> {
        let h = self.header::<2>(at)?;
        let flags = be16(h[0], h[1]);
        if flags & 0x8000 != 0 || flags & 0x000f != 2 {
            return None;
        }
        let mut next = at + 2;
        if flags & 0x4000 != 0 {
            let length = self.header::<2>(next)?;
            if at + usize::from(be16(length[0], length[1])) > end {
                return None;
            }
            next += 2;
        }
        let ids = u32::from_be_bytes(*self.header::<4>(next)?);
        next += 4;
        if flags & 0x0800 != 0 {
            next += 4;
        }
        if flags & 0x0200 != 0 {
            let offset = self.header::<2>(next)?;
            next += 2 + usize::from(be16(offset[0], offset[1]));
        }
        // Tunnel id in the upper half, session id in the lower one.
        Some((Tunnel::L2tp, Some(u64::from(ids)), Inner::Ppp(next)))
    }

    /// Source: RFC 5415 section 4.3: version 0, not DTLS, native frame format off, no fragment; length in 4 octets.
    fn capwap(&self, at: usize) -> Option<Header> {
        let h = self.header::<8>(at)?;
        let length = usize::from(h[1] >> 3) * 4;
        let plain = h[0] == 0 && h[2] & 0x01 == 0 && h[3] & 0x80 == 0 && length >= 8;
        plain.then_some((Tunnel::Capwap, None, Inner::Ethernet(at + length)))
    }
}
