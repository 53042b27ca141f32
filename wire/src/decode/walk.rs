//! HOT: the state of one walk through a frame, from header to header.

use super::fragment::FragmentCache;
use super::reason;
use crate::packet::{Packet, Undecoded};

/// Headers followed in one frame (range 8 .. 64): tags, labels, sessions, IP and tunnel headers together.
///
/// Source: Suricata `decoder.max-layers`, default 16; real stacks (`QinQ`, MPLS, `PPPoE`, IP, VXLAN, IP) stay below 10.
pub(super) const MAX_LAYERS: u8 = 16;

/// IP headers inside the outermost one (range 2 .. 8). Source: Zeek `Tunnel::max_depth`; docs/flow-semantics.md 1.4.
pub(super) const MAX_DEPTH: u8 = 4;

/// Outcome of a step: the packet is complete, or why it is not.
pub(super) type Step = Result<(), Undecoded>;

/// A walk through the captured bytes of one frame.
///
/// Positions are offsets in the frame. `limit` and `end` arguments are ends on the wire, which may lie beyond the
/// captured bytes.
pub(super) struct Walk<'a> {
    /// Captured bytes of the frame.
    pub(super) data: &'a [u8],
    /// Time of the frame, ns.
    pub(super) ts_ns: i64,
    /// First fragments seen so far.
    pub(super) fragments: &'a mut FragmentCache,
    /// Headers still allowed.
    pub(super) layers_left: u8,
    /// The next IP header is a guess (inside a UDP tunnel): inconsistent lengths refuse it.
    pub(super) strict: bool,
    /// Plain packets go the general way too.
    pub(super) is_general_only: bool,
    /// An IP header was met that lies in more tunnels than are followed.
    pub(super) too_deep: bool,
}

impl<'a> Walk<'a> {
    /// The bytes of a fixed-size header, if all of them were captured.
    #[inline]
    pub(super) fn header<const N: usize>(&self, at: usize) -> Option<&'a [u8; N]> {
        self.data.get(at..)?.first_chunk::<N>()
    }

    /// The bytes of a link-layer header.
    #[inline]
    pub(super) fn link_header<const N: usize>(&self, at: usize) -> Result<&'a [u8; N], Undecoded> {
        self.header(at)
            .ok_or(Undecoded::Error(reason::LINK_TRUNCATED))
    }

    /// Count one more header.
    #[inline]
    pub(super) fn layer(&mut self) -> Step {
        match self.layers_left.checked_sub(1) {
            Some(left) => {
                self.layers_left = left;
                Ok(())
            }
            None => Err(Undecoded::Error(reason::LAYERS_EXCEEDED)),
        }
    }

    /// Count one more IP header, unless it lies too deep in tunnels.
    #[inline]
    pub(super) fn ip_layer(&mut self, packet: &Packet) -> Step {
        self.too_deep = packet.inner_index > MAX_DEPTH;
        if self.too_deep {
            return Err(Undecoded::Error(reason::LAYERS_EXCEEDED));
        }
        self.layer()
    }

    /// Note what lies from `start` to `end` on the wire as the payload.
    #[inline]
    pub(super) fn set_payload(&self, start: usize, end: usize, out: &mut Packet) {
        let captured = self.data.len();
        out.payload_start = narrow(start.min(captured));
        out.payload_len = narrow(end.saturating_sub(start));
        out.payload_captured = narrow(end.min(captured).saturating_sub(start));
    }
}

/// A length as it is stored; frames are far shorter than 4 GiB.
#[inline]
pub(super) fn narrow(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

/// Two octets, network order.
#[inline]
pub(super) fn be16(high: u8, low: u8) -> u16 {
    u16::from_be_bytes([high, low])
}
