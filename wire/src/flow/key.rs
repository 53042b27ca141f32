//! The flow key: both ends in canonical order, so that both directions meet in one row.
//!
//! HOT: built for every packet; seven words compared and hashed.

use crate::packet::{Layer, Packet};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

/// Canonical key of a flow (flow-semantics.md 2). `lo` is the smaller (address, port) pair.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key {
    /// Lower end: address as two big-endian words.
    pub lo: [u64; 2],
    /// Higher end.
    pub hi: [u64; 2],
    /// Tunnel id, or APPID of a layer-2 flow.
    pub tunnel_id: u64,
    /// Tunnel path; the top bit of `tags` says whether `tunnel_id` was present.
    pub path: u32,
    /// VLAN ids when they are keyed, else 0.
    pub vlan: u32,
    /// Ports of the two ends.
    pub lo_port: u16,
    /// Port of the higher end.
    pub hi_port: u16,
    /// Ethertype of a layer-2 flow.
    pub ethertype: u16,
    /// IP protocol.
    pub proto: u8,
    /// 4, 6 or 0, plus 0x80 when `tunnel_id` is present, or 0x40 when it stands for the tunnel's ends.
    pub tags: u8,
}

/// Bit of `tags`: the two directions of the tunnel have different ids.
const ONE_WAY: u8 = 0x40;

/// A number for the unordered pair of outermost addresses.
fn tunnel_ends(packet: &Packet) -> u64 {
    let (a, b) = (packet.tunnel_src, packet.tunnel_dst);
    let mut hasher = SipHasher24::new();
    hasher.write(&a.min(b));
    hasher.write(&a.max(b));
    hasher.finish()
}

/// ICMP types that carry an identifier, as (request, reply): RFC 792, RFC 950, RFC 4443.
const ICMP4_PAIRS: [(u8, u8); 4] = [(8, 0), (13, 14), (15, 16), (17, 18)];

/// What an ICMP message is to its flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IcmpKind {
    /// Asks; its sender is the originator.
    Request,
    /// Answers; its receiver is the originator.
    Reply,
    /// Neither.
    Other,
}

/// Classify an ICMP message for direction (flow-semantics.md 4.3).
#[must_use]
pub fn icmp_kind(proto: u8, icmp_type: u8) -> IcmpKind {
    if proto == 58 {
        return match icmp_type {
            128 => IcmpKind::Request,
            129 => IcmpKind::Reply,
            _ => IcmpKind::Other,
        };
    }
    for (request, reply) in ICMP4_PAIRS {
        if icmp_type == request {
            return IcmpKind::Request;
        }
        if icmp_type == reply {
            return IcmpKind::Reply;
        }
    }
    IcmpKind::Other
}

/// What stands for ports of an ICMP message: (sender's, receiver's, code). The answer meets the question; a neighbour or
/// router solicitation keeps the asker apart, so that two hosts that ask for each other are two flows.
fn icmp_ports(packet: &Packet) -> (u16, u16, u16) {
    if icmp_kind(packet.proto, packet.icmp_type) != IcmpKind::Other {
        return (packet.icmp_id, packet.icmp_id, packet.icmp_id);
    }
    if packet.proto == 58 {
        match packet.icmp_type {
            133 | 135 => return (u16::from(packet.icmp_type), 0, 0),
            134 | 136 => return (0, u16::from(packet.icmp_type) - 1, 0),
            _ => {}
        }
    }
    let kind = u16::from(packet.icmp_type);
    (kind, kind, u16::from(packet.icmp_code))
}

#[inline]
fn words(value: u128) -> [u64; 2] {
    [half(value >> 64), half(value)]
}

/// The low 64 bits.
#[inline]
fn half(value: u128) -> u64 {
    u64::try_from(value & u128::from(u64::MAX)).unwrap_or(0)
}

/// The 16 bytes behind two words.
#[must_use]
pub fn bytes(words: [u64; 2]) -> [u8; 16] {
    (u128::from(words[0]) << 64 | u128::from(words[1])).to_be_bytes()
}

fn mac_number(mac: [u8; 6]) -> u128 {
    mac.iter().fold(0, |sum, byte| sum << 8 | u128::from(*byte))
}

impl Key {
    /// Build the key of a packet; the flag says that the sender is the lower end.
    #[must_use]
    #[inline]
    pub fn of(packet: &Packet, vlan_in_key: bool) -> (Self, bool) {
        let mut key = Self {
            vlan: if vlan_in_key { vlan_word(packet) } else { 0 },
            ..Self::default()
        };
        let (src, dst): (u128, u128);
        let (sport, dport);
        if packet.layer == Layer::Link {
            key.ethertype = packet.ethertype;
            key.tunnel_id = u64::from(packet.appid);
            (src, dst) = (mac_number(packet.src_mac), mac_number(packet.dst_mac));
            (sport, dport) = (0, 0);
        } else {
            key.proto = packet.proto;
            key.tags = packet.ip_version | u8::from(packet.has_tunnel_id) << 7;
            key.tunnel_id = packet.tunnel_id;
            key.path = packet.tunnel.0;
            if packet.tunnel.has_one_way_id() {
                // The ends of the tunnel stand for it instead.
                key.tunnel_id = tunnel_ends(packet);
                key.tags = packet.ip_version | ONE_WAY;
            }
            (src, dst) = (
                u128::from_be_bytes(packet.src),
                u128::from_be_bytes(packet.dst),
            );
            (sport, dport) = if packet.has_ports {
                (packet.sport, packet.dport)
            } else if packet.has_icmp {
                let (from, to, code) = icmp_ports(packet);
                key.ethertype = code;
                (from, to)
            } else {
                (0, 0)
            };
        }
        let from_lo = src < dst || (src == dst && sport <= dport);
        if from_lo {
            (key.lo, key.lo_port, key.hi, key.hi_port) = (words(src), sport, words(dst), dport);
        } else {
            (key.lo, key.lo_port, key.hi, key.hi_port) = (words(dst), dport, words(src), sport);
        }
        (key, from_lo)
    }

    /// The key holds the tunnel's ends, not its id.
    #[must_use]
    pub fn is_one_way_tunnel(&self) -> bool {
        self.tags & ONE_WAY != 0
    }

    /// 4, 6 or 0.
    #[must_use]
    pub fn ip_version(&self) -> u8 {
        self.tags & 0x0f
    }

    /// A tunnel id was present.
    #[must_use]
    pub fn has_tunnel_id(&self) -> bool {
        self.tags & 0x80 != 0
    }

    /// Seeded hash of the key.
    #[must_use]
    #[inline]
    pub fn hash(&self, seed: [u64; 2]) -> u64 {
        let ports = u64::from(self.lo_port) << 48
            | u64::from(self.hi_port) << 32
            | u64::from(self.ethertype) << 16
            | u64::from(self.proto) << 8
            | u64::from(self.tags);
        let rest = u64::from(self.path) << 32 | u64::from(self.vlan);
        let one = fold(self.lo[0] ^ seed[0], self.lo[1] ^ seed[1]);
        let two = fold(self.hi[0] ^ seed[1] ^ one, self.hi[1] ^ seed[0]);
        let three = fold(ports ^ two, self.tunnel_id ^ seed[0]);
        fold(three ^ rest, seed[1] ^ 0x9e37_79b9_7f4a_7c15)
    }
}

fn vlan_word(packet: &Packet) -> u32 {
    let tag = |id: i16| u32::try_from(id).map_or(0xffff, |id| id & 0x0fff);
    tag(packet.vlan_outer) << 16 | tag(packet.vlan_inner)
}

/// Multiply two words and fold the halves of the product: one multiplication mixes all bits.
#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let product = u128::from(a | 1) * u128::from(b ^ 0xa076_1d64_78bd_642f);
    half(product) ^ half(product >> 64)
}
