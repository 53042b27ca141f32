//! HOT: a captured frame becomes a [`Packet`]: link headers, IP, tunnels, transport (docs/flow-semantics.md 1 and 2).
//!
//! One pass, no allocation. A frame is read no further than it was captured, and lengths come from its headers.

mod checksum;
mod extension;
mod fragment;
mod gre;
mod icmp;
mod ipv4;
mod ipv6;
mod layer2;
mod link;
mod mpls;
mod ppp;
pub mod reason;
mod tcp;
mod transport;
mod tunnel;
mod udp;
mod udp_tunnel;
mod walk;

#[cfg(test)]
mod captures;
#[cfg(test)]
mod craft;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tunnel_tests;

use crate::packet::{Frame, Packet, Undecoded, quality};
use fragment::FragmentCache;
pub use reason::REASONS;
use walk::{MAX_LAYERS, Walk};

/// Decodes frames one after the other; remembers first fragments between them.
#[derive(Default)]
pub struct Decoder {
    fragments: FragmentCache,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Decode one frame into `out`, which is reset first.
    ///
    /// # Errors
    /// [`Undecoded`] when the frame belongs to no flow; `out` then holds nothing of use.
    pub fn decode(&mut self, frame: &Frame<'_>, out: &mut Packet) -> Result<(), Undecoded> {
        *out = Packet::default();
        out.ts_ns = frame.ts_ns;
        out.offset = frame.offset;
        out.ordinal = frame.ordinal;
        out.interface = frame.interface;
        out.vlan_outer = -1;
        out.vlan_inner = -1;
        out.mpls_label = -1;
        out.tcp.wscale = u8::MAX;
        let captured = frame.data.len();
        let limit = captured.max(frame.wire_len as usize);
        out.wire_len = walk::narrow(limit);
        if captured < limit {
            out.quality = quality::TRUNCATED;
        }
        if let Some((_, tci)) = frame.vlan {
            link::note_vlan(tci, out);
        }
        let mut walk = Walk {
            data: frame.data,
            ts_ns: frame.ts_ns,
            fragments: &mut self.fragments,
            layers_left: MAX_LAYERS,
            strict: false,
        };
        walk.link(frame.link, limit, out)
    }

    /// First fragments that were forgotten early because the cache was full.
    #[must_use]
    pub fn fragments_evicted(&self) -> u64 {
        self.fragments.evicted()
    }
}
