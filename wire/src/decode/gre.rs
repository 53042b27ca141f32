//! GRE and what rides on it: IP, Ethernet (NVGRE), PPP (PPTP) and ERSPAN.

use super::ppp::Carrier;
use super::transport::Datagram;
use super::tunnel::Trust;
use super::walk::{Walk, be16};
use crate::packet::{Packet, Tunnel, quality};

/// Protocol types. Source: RFC 1701 and IANA ethertypes; ERSPAN: draft-foschiano-erspan-03 section 4.
pub(super) const ETHERNET: u16 = 0x6558;
const PPP: u16 = 0x880b;
const ERSPAN_1_2: u16 = 0x88be;
const ERSPAN_3: u16 = 0x22eb;

const CHECKSUM: u16 = 0x8000;
const ROUTING: u16 = 0x4000;
const KEY: u16 = 0x2000;
const SEQUENCE: u16 = 0x1000;
const ACKNOWLEDGE: u16 = 0x0080;
const VERSION: u16 = 0x0007;

/// Source route entries walked (range 1 .. 64). Source: RFC 1701 defines the list, RFC 2784 removed it.
const MAX_ROUTES: u8 = 16;

/// A GRE header that was read.
struct Header {
    flags: u16,
    protocol: u16,
    key: Option<u32>,
    /// Start of the payload.
    at: usize,
}

impl Walk<'_> {
    /// Step into a GRE tunnel, when its payload is one that is decoded.
    pub(super) fn gre(&mut self, datagram: &Datagram, out: &mut Packet) -> bool {
        let end = datagram.end;
        let Some(header) = self.gre_header(datagram.start, end) else {
            out.quality |= quality::PARSE_ERROR;
            return false;
        };
        let at = header.at;
        match (header.flags & VERSION, header.protocol) {
            // A PPTP acknowledgement carries nothing. Source: RFC 2637 section 4.1.
            (1, PPP) if header.flags & SEQUENCE != 0 => {
                // The key holds the payload length and the receiver's call id: no id that both directions share.
                self.enter((Tunnel::Gre, None), Trust::Declared, out, |walk, packet| {
                    walk.ppp(Carrier::Tunnel, at, end, packet)
                })
            }
            (0, ERSPAN_1_2 | ERSPAN_3) => self.erspan(&header, end, out),
            (0, protocol) => {
                let id = header.key.map(u64::from);
                self.enter(
                    (Tunnel::Gre, id),
                    Trust::Declared,
                    out,
                    |walk, packet| match protocol {
                        ETHERNET => walk.ethernet(at, end, packet),
                        _ => walk.ethertype(protocol, at, end, packet),
                    },
                )
            }
            _ => false,
        }
    }

    /// Read the header with its optional fields. Source: RFC 2784, RFC 2890, RFC 2637 section 4.1.
    fn gre_header(&self, at: usize, end: usize) -> Option<Header> {
        let h = self.header::<4>(at)?;
        let flags = be16(h[0], h[1]);
        let mut next = at + 4;
        if flags & (CHECKSUM | ROUTING) != 0 {
            next += 4;
        }
        let mut key = None;
        if flags & KEY != 0 {
            key = Some(u32::from_be_bytes(*self.header::<4>(next)?));
            next += 4;
        }
        if flags & SEQUENCE != 0 {
            next += 4;
        }
        if flags & VERSION == 1 && flags & ACKNOWLEDGE != 0 {
            next += 4;
        }
        if flags & ROUTING != 0 {
            next = self.gre_routes(next)?;
        }
        (next <= end).then_some(Header {
            flags,
            protocol: be16(h[2], h[3]),
            key,
            at: next,
        })
    }

    /// Step over source route entries up to the empty one. Source: RFC 1701.
    fn gre_routes(&self, at: usize) -> Option<usize> {
        let mut at = at;
        for _ in 0..MAX_ROUTES {
            let h = self.header::<4>(at)?;
            if h[3] == 0 {
                return Some(at + 4);
            }
            at += 4 + usize::from(h[3]);
        }
        None
    }

    /// Step into mirrored Ethernet. Source: draft-foschiano-erspan-03 sections 4.1 to 4.3.
    fn erspan(&mut self, header: &Header, end: usize, out: &mut Packet) -> bool {
        let mut at = header.at;
        let mut id = None;
        // Type I has neither a sequence number nor an ERSPAN header.
        if header.protocol == ERSPAN_3 || header.flags & SEQUENCE != 0 {
            let Some(h) = self.header::<8>(at) else {
                out.quality |= quality::PARSE_ERROR;
                return false;
            };
            id = Some(u64::from(be16(h[2], h[3]) & 0x03ff));
            at += 8;
        }
        if header.protocol == ERSPAN_3 {
            let Some(h) = self.header::<4>(at) else {
                out.quality |= quality::PARSE_ERROR;
                return false;
            };
            // The last bit announces a platform-specific subheader.
            at += 4 + usize::from(h[3] & 1) * 8;
        }
        self.enter(
            (Tunnel::Erspan, id),
            Trust::Declared,
            out,
            |walk, packet| walk.ethernet(at, end, packet),
        )
    }
}
