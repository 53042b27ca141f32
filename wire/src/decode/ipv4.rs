//! HOT: the IPv4 header.

use super::checksum::Sum;
use super::fragment::Key;
use super::reason;
use super::transport::Datagram;
use super::walk::{Step, Walk, be16, narrow};
use crate::packet::{Packet, Undecoded, quality};

/// IP total length above which a frame was assembled by the capturing machine, bytes (range 1501 .. 65 535).
///
/// Source: docs/flow-semantics.md 1.7; 9216 is the largest jumbo MTU that switches commonly offer.
pub(super) const OFFLOAD_LENGTH: usize = 9216;

/// IP protocol of the authentication header.
pub(super) const PROTO_AH: u8 = 51;

impl Walk<'_> {
    /// Decode an IPv4 header and go on with its content. Source: RFC 791 section 3.1.
    #[inline]
    pub(super) fn ipv4(&mut self, at: usize, limit: usize, out: &mut Packet) -> Step {
        let strict = std::mem::take(&mut self.strict);
        let Some(h) = self.header::<20>(at) else {
            return Err(Undecoded::Error(reason::IPV4_TRUNCATED));
        };
        let header = usize::from(h[0] & 0x0f) * 4;
        if h[0] >> 4 != 4 || header < 20 {
            return Err(Undecoded::Error(reason::IPV4_HEADER));
        }
        self.ip_layer(out)?;
        let room = limit.saturating_sub(at);
        let (length, flags) = ipv4_length(be16(h[2], h[3]), header, room, strict)?;
        let Some(bytes) = self.data.get(at..at + header).filter(|_| header <= room) else {
            return Err(Undecoded::Error(reason::IPV4_TRUNCATED));
        };
        out.quality |= flags;
        if !Sum::default().add(bytes).is_valid() {
            out.quality |= quality::BAD_CHECKSUM;
        }
        note_header(h, length, out);
        out.net_start = narrow(at);
        let mut datagram = Datagram {
            proto: h[9],
            start: at + header,
            end: at + length,
            fragment: out.is_fragment.then(|| Key {
                src: out.src,
                dst: out.dst,
                id: u32::from(be16(h[4], h[5])),
                proto: h[9],
                tunnel_id: out.has_tunnel_id.then_some(out.tunnel_id),
            }),
            verifiable: flags & quality::PARSE_ERROR == 0 && !(header > 20 && source_routed(bytes)),
        };
        if datagram.proto == PROTO_AH && !out.later_fragment {
            self.skip_authentication(&mut datagram);
        }
        self.transport(&datagram, out);
        Ok(())
    }

    /// Step over authentication headers; one that does not fit stays the protocol of the packet.
    fn skip_authentication(&self, datagram: &mut Datagram) {
        let mut left = super::extension::MAX_EXTENSIONS;
        while datagram.proto == PROTO_AH && left > 0 {
            let Some(h) = self.header::<2>(datagram.start) else {
                return;
            };
            let next = datagram.start + (usize::from(h[1]) + 2) * 4;
            if next > datagram.end.min(self.data.len()) {
                return;
            }
            datagram.proto = h[0];
            datagram.start = next;
            left -= 1;
        }
    }
}

/// Note what the fixed header says.
#[inline]
pub(super) fn note_header(h: &[u8; 20], length: usize, out: &mut Packet) {
    out.ip_version = 4;
    out.src = mapped([h[12], h[13], h[14], h[15]]);
    out.dst = mapped([h[16], h[17], h[18], h[19]]);
    out.dscp = h[1] >> 2;
    out.ttl = h[8];
    out.ip_len = narrow(length);
    if length > OFFLOAD_LENGTH {
        out.quality |= quality::OFFLOAD;
    }
    let fragment = be16(h[6], h[7]);
    out.later_fragment = fragment & 0x1fff != 0;
    out.is_fragment = fragment & 0x3fff != 0;
}

/// The length to believe, and flags: 0 is what segmentation offload writes, too much is clamped.
fn ipv4_length(
    total: u16,
    header: usize,
    room: usize,
    strict: bool,
) -> Result<(usize, u16), Undecoded> {
    let total = usize::from(total);
    if total == 0 && !strict {
        return Ok((room, quality::OFFLOAD));
    }
    if total < header || (strict && total > room) {
        return Err(Undecoded::Error(reason::IPV4_HEADER));
    }
    if total > room {
        return Ok((room, quality::PARSE_ERROR));
    }
    Ok((total, 0))
}

/// Whether loose or strict source routing changes the destination of the pseudo header. Source: RFC 791 section 3.1.
fn source_routed(header: &[u8]) -> bool {
    let mut options = header.get(20..).unwrap_or(&[]);
    while let [kind, rest @ ..] = options {
        match (kind, rest) {
            (0, _) => return false,
            (1, _) => options = rest,
            (131 | 137, _) => return true,
            (_, [length, ..]) if *length >= 2 => {
                options = options.get(usize::from(*length)..).unwrap_or(&[]);
            }
            _ => return false,
        }
    }
    false
}

/// The address as `::ffff:a.b.c.d`.
#[inline]
fn mapped(address: [u8; 4]) -> [u8; 16] {
    // One wide number instead of sixteen octets: the checksum reads it back as words, which must not stall.
    (0xffff_0000_0000 | u128::from(u32::from_be_bytes(address))).to_be_bytes()
}
