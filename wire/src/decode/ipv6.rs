//! HOT: the IPv6 header.

use super::fragment::Key;
use super::ipv4::OFFLOAD_LENGTH;
use super::reason;
use super::transport::Datagram;
use super::walk::{Step, Walk, be16, narrow};
use crate::packet::{Packet, Undecoded, quality};

const HEADER: usize = 40;

impl Walk<'_> {
    /// Decode an IPv6 header and go on with its content. Source: RFC 8200 section 3.
    pub(super) fn ipv6(&mut self, at: usize, limit: usize, out: &mut Packet) -> Step {
        let strict = std::mem::take(&mut self.strict);
        let room = limit.saturating_sub(at);
        let Some(h) = self.header::<HEADER>(at).filter(|_| room >= HEADER) else {
            return Err(Undecoded::Error(reason::IPV6_TRUNCATED));
        };
        if h[0] >> 4 != 6 {
            return Err(Undecoded::Error(reason::IPV6_HEADER));
        }
        self.ip_layer(out)?;
        let payload = match be16(h[4], h[5]) {
            0 if h[6] == 0 => self.jumbo_length(at + HEADER).unwrap_or(0),
            length => usize::from(length),
        };
        let mut length = payload.saturating_add(HEADER);
        let clamped = length > room;
        if clamped {
            if strict {
                return Err(Undecoded::Error(reason::IPV6_HEADER));
            }
            length = room;
        }
        let end = at + length;
        let chain = self.extensions(h[6], at + HEADER, end)?;
        if clamped {
            out.quality |= quality::PARSE_ERROR;
        }
        note_header(h, length, out);
        out.net_start = narrow(at);
        out.is_fragment = chain.fragment.is_some();
        out.later_fragment = chain.fragment.is_some_and(|f| f.later);
        let datagram = Datagram {
            proto: chain.proto,
            start: chain.at,
            end,
            fragment: chain.fragment.filter(|f| !f.atomic).map(|f| Key {
                src: out.src,
                dst: out.dst,
                id: f.id,
                proto: f.next,
                tunnel_id: out.has_tunnel_id.then_some(out.tunnel_id),
            }),
            verifiable: !clamped && !chain.readdressed,
        };
        self.transport(&datagram, out);
        Ok(())
    }
}

/// Note what the fixed header says.
#[inline]
pub(super) fn note_header(h: &[u8; HEADER], length: usize, out: &mut Packet) {
    out.ip_version = 6;
    if let (Some(src), Some(dst)) = (h[8..].first_chunk(), h[24..].first_chunk()) {
        out.src = *src;
        out.dst = *dst;
    }
    out.dscp = (h[0] << 2 | h[1] >> 6) & 0x3f;
    out.ttl = h[7];
    out.ip_len = narrow(length);
    if length > OFFLOAD_LENGTH {
        out.quality |= quality::OFFLOAD;
    }
}
