//! The row of a live flow: hot, one per flow, stable slot.
//!
//! HOT: a one-packet flow holds a `Row` alone (its only side is inline); the second side, the statistics over both directions and
//! the round-trip times come with the first answer, the extended columns only when they are asked for.

use super::ext::Ext;
use super::history::History;
use super::key::Key;
use super::side::{Intervals, Side};
use crate::proto::App;

/// How src and dst were decided; the order is the strength (flow-semantics.md 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Basis {
    /// Sender of the first packet.
    FirstPacket,
    /// Exactly one side has a service port.
    ServicePort,
    /// A client or server message.
    App,
    /// ICMP request and reply.
    Icmp,
    /// SYN/ACK first, confirmed.
    SynAckFlip,
    /// SYN without ACK.
    Syn,
}

impl Basis {
    /// Name as stored in `dir_basis`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstPacket => "first_packet",
            Self::ServicePort => "service_port",
            Self::App => "app",
            Self::Icmp => "icmp",
            Self::SynAckFlip => "synack_flip",
            Self::Syn => "syn",
        }
    }
}

/// Why a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Silent beyond its time-out.
    Idle,
    /// Cut by the active time-out.
    Active,
    /// Both sides closed, or reset.
    Closed,
    /// Evicted from a full table.
    Resource,
    /// The tuple was used anew.
    Reuse,
    /// End of input.
    Shutdown,
}

impl End {
    /// Name as stored in `end_reason`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Active => "active",
            Self::Closed => "end",
            Self::Resource => "resource",
            Self::Reuse => "reuse",
            Self::Shutdown => "shutdown",
        }
    }
}

/// What only flows with an answer have: four cache lines.
#[derive(Clone, Debug, Default)]
#[repr(C, align(64))]
pub struct Pair {
    /// The side that did not send the flow's first packet.
    pub side: Side,
    /// Intervals over both directions.
    pub both: Intervals,
    /// First SYN to first SYN/ACK, ns; negative = not seen.
    pub rtt_syn: i64,
    /// First SYN/ACK to the first ACK, ns; negative = not seen.
    pub rtt_ack: i64,
    /// Time of the first SYN/ACK; `i64::MIN` = none.
    pub synack_ts: i64,
}

/// A live flow: six cache lines, in this order: key and roles; what every packet changes; the first side (three); what is
/// read when a row is written.
#[repr(C, align(64))]
pub struct Row {
    /// Its key.
    pub key: Key,
    /// The row is in use.
    pub alive: bool,
    /// The sender of the first packet is the lower key end.
    pub first_is_lo: bool,
    /// The sender of the first packet is the originator.
    pub first_is_src: bool,
    /// A SYN/ACK came first and was not confirmed yet.
    pub synack_first: bool,
    /// A packet other than SYN or SYN/ACK was seen.
    pub past_handshake: bool,
    /// The key has real ports.
    pub has_ports: bool,
    /// How the roles were decided.
    pub basis: Basis,
    /// IP headers outside the innermost one.
    pub inner_index: u8,

    /// First packet of the segment, own time.
    pub ts_start: i64,
    /// Latest packet of the segment, own time.
    pub ts_max: i64,
    /// The sweep clock at the latest packet.
    pub last_seen: i64,
    /// Offset of the segment's last record.
    pub last_off: u64,
    /// What an answer brings.
    pub pair: Option<Box<Pair>>,
    /// Application state.
    pub app: App,
    /// Idle time-out in the state after the latest packet, ms.
    pub timeout_ms: u32,
    /// Bits of `packet::quality`, of which 13 exist.
    pub quality: u16,
    /// Bucket of the wheel in which the row's valid entry stands.
    pub due: u16,

    /// The side that sent the flow's first packet.
    pub first: Side,

    /// Ordinal of the flow's first frame.
    pub ordinal: u64,
    /// Offset of the segment's first record.
    pub first_off: u64,
    /// History letters of the flow.
    pub history: History,
    /// Extended columns.
    pub ext: Option<Box<Ext>>,
    /// Active-time-out cuts so far.
    pub segment: u32,
    /// Interface; a source describes at most 65 536.
    pub interface: u16,
    /// VLAN ids of the first packet, -1 = none.
    pub vlan_outer: i16,
    /// Inner VLAN id.
    pub vlan_inner: i16,
    /// ICMP type and code of the flow's first packet.
    pub icmp_first: Option<(u8, u8)>,
    /// ICMP type and code of the originator's first packet.
    pub icmp_src: Option<(u8, u8)>,
}

impl Pair {
    /// For a flow of which so far only `first` was heard.
    #[must_use]
    pub fn of(first: &Side) -> Self {
        Self {
            side: Side::new(),
            both: first.gaps,
            rtt_syn: -1,
            rtt_ack: -1,
            synack_ts: i64::MIN,
        }
    }

    /// Read a word of every cache line; the value means nothing.
    #[inline]
    pub fn touch(&self) -> u64 {
        self.side.touch() ^ self.both.mean.to_bits()
    }
}

impl Row {
    /// Read a word of every cache line; the value means nothing.
    #[inline]
    pub fn touch(&self) -> u64 {
        self.first.touch() ^ self.last_off ^ self.key.tunnel_id
    }

    /// Both sides in the order (originator, responder); the responder may be unheard.
    #[must_use]
    pub fn sides(&self) -> (Option<&Side>, Option<&Side>) {
        let second = self.pair.as_deref().map(|pair| &pair.side);
        if self.first_is_src {
            (Some(&self.first), second)
        } else {
            (second, Some(&self.first))
        }
    }

    /// Sequence numbers of the first bytes of the streams of a packet's sender and receiver, where their SYN was seen.
    #[inline]
    pub fn begins(&self, from_first: bool) -> (Option<u32>, Option<u32>) {
        let begin = |side: &Side| side.has_isn.then(|| side.start_seq.wrapping_add(1));
        let first = begin(&self.first);
        let second = self.pair.as_deref().and_then(|pair| begin(&pair.side));
        if from_first {
            (first, second)
        } else {
            (second, first)
        }
    }

    /// Start of segment 0.
    #[must_use]
    pub fn root_ts(&self) -> i64 {
        let kept = self.first.rare.as_deref().and_then(|rare| rare.root_ts);
        kept.unwrap_or(self.ts_start)
    }

    /// Id of the innermost tunnel that has one.
    #[must_use]
    pub fn tunnel_id(&self) -> Option<u64> {
        if self.key.is_one_way_tunnel() {
            return self.first.rare.as_deref().and_then(|rare| rare.tunnel_id);
        }
        self.key.has_tunnel_id().then_some(self.key.tunnel_id)
    }

    /// Time of the originator's first SYN without ACK.
    #[must_use]
    pub fn syn_ts(&self) -> Option<i64> {
        const SYN_ACK: u8 = 0x12;
        let opened =
            self.segment == 0 && self.first.has_tcp && self.first.flags_first & SYN_ACK == 0x02;
        if opened && self.first_is_src {
            return Some(self.first.first_ts);
        }
        let (src, _) = self.sides();
        src?.rare.as_deref()?.late_syn_ts
    }

    /// Packets of the segment.
    #[must_use]
    pub fn packets(&self) -> u64 {
        let second = self.pair.as_deref().map_or(0, |pair| pair.side.pkts);
        u64::from(self.first.pkts) + u64::from(second)
    }
}

#[cfg(test)]
mod tests {
    use super::{Pair, Row};

    /// A one-packet flow must stay well below 450 B with its index cell and wheel entry; both are whole cache lines.
    #[test]
    fn row_is_small() {
        assert!(
            size_of::<Row>() <= 384 && size_of::<Pair>() <= 256,
            "row {} B, side {} B, pair {} B, key {}, app {}",
            size_of::<Row>(),
            size_of::<super::Side>(),
            size_of::<Pair>(),
            size_of::<super::Key>(),
            size_of::<super::App>()
        );
    }
}
