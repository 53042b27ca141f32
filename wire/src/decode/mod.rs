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
mod plain;
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

use crate::packet::{Frame, Layer, Packet, Tcp, TunnelPath, Undecoded, quality};
use fragment::FragmentCache;
pub use reason::REASONS;
use walk::{MAX_LAYERS, Walk};

/// A packet of which nothing is known.
static EMPTY: Packet = Packet {
    ts_ns: 0,
    offset: 0,
    ordinal: 0,
    interface: 0,
    wire_len: 0,
    layer: Layer::Ip,
    ip_version: 0,
    proto: 0,
    src: [0; 16],
    dst: [0; 16],
    sport: 0,
    dport: 0,
    has_ports: false,
    has_icmp: false,
    icmp_type: 0,
    icmp_code: 0,
    icmp_id: 0,
    icmp_rest: [0; 4],
    ethertype: 0,
    appid: 0,
    has_mac: false,
    src_mac: [0; 6],
    dst_mac: [0; 6],
    vlan_outer: -1,
    vlan_inner: -1,
    mpls_label: -1,
    tunnel: TunnelPath(0),
    tunnel_id: 0,
    has_tunnel_id: false,
    tunnel_src: [0; 16],
    tunnel_dst: [0; 16],
    inner_index: 0,
    dscp: 0,
    ttl: 0,
    is_fragment: false,
    later_fragment: false,
    ip_len: 0,
    payload_len: 0,
    net_start: 0,
    payload_start: 0,
    payload_captured: 0,
    tcp: Tcp {
        flags: 0,
        seq: 0,
        ack: 0,
        window: 0,
        mss: 0,
        wscale: u8::MAX,
        syn_header: 0,
    },
    has_tcp: false,
    quality: 0,
};

/// Decodes frames one after the other; remembers first fragments between them.
#[derive(Default)]
pub struct Decoder {
    fragments: FragmentCache,
    is_general_only: bool,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A decoder without the short way for plain packets, to hold that way against.
    #[cfg(test)]
    pub(crate) fn general_only() -> Self {
        Self {
            is_general_only: true,
            ..Self::default()
        }
    }

    /// Decode one frame into `out`, which is reset first.
    ///
    /// # Errors
    /// [`Undecoded`] when the frame belongs to no flow; `out` then holds nothing of use.
    pub fn decode(&mut self, frame: &Frame<'_>, out: &mut Packet) -> Result<(), Undecoded> {
        // Copied from read-only memory in one piece; a value built on the stack first costs 10 ns more.
        *out = EMPTY;
        out.ts_ns = frame.ts_ns;
        out.offset = frame.offset;
        out.ordinal = frame.ordinal;
        out.interface = frame.interface;
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
            is_general_only: self.is_general_only,
            too_deep: false,
        };
        walk.link(frame.link, limit, out)
    }

    /// First fragments that were forgotten early because the cache was full.
    #[must_use]
    pub fn fragments_evicted(&self) -> u64 {
        self.fragments.evicted()
    }
}
