//! First fragments remembered, so that later fragments find the flow they belong to.

use std::collections::{HashMap, VecDeque};

use crate::packet::Packet;

/// Datagrams remembered (range 1024 .. 1 Mi): about 2.4 MiB; a host reassembles far fewer at a time.
///
/// Source: docs/flow-semantics.md 1.8; Linux `ipfrag_high_thresh` (4 MiB) holds as many small datagrams.
const CAPACITY: usize = 16_384;

/// How long a first fragment is remembered, ns (range 15 s .. 60 s).
///
/// Source: Linux `ipfrag_time`, 30 s; RFC 791 section 3.2 and RFC 8200 section 4.5 ask for 15 to 120 s and 60 s.
const LIFETIME_NS: i64 = 30_000_000_000;

/// What the fragments of one datagram have in common.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    /// Sender.
    pub(super) src: [u8; 16],
    /// Receiver.
    pub(super) dst: [u8; 16],
    /// Identification field.
    pub(super) id: u32,
    /// Protocol as in the IP (or fragment) header, before any further extension header.
    pub(super) proto: u8,
    /// Innermost tunnel id around the header.
    pub(super) tunnel_id: Option<u64>,
}

/// Identity that the first fragment gave.
#[derive(Clone, Copy)]
struct Identity {
    ts_ns: i64,
    proto: u8,
    sport: u16,
    dport: u16,
    has_ports: bool,
    has_icmp: bool,
    icmp_type: u8,
    icmp_code: u8,
    icmp_id: u16,
}

/// Bounded memory of first fragments.
#[derive(Default)]
pub(super) struct FragmentCache {
    known: HashMap<Key, Identity>,
    /// Keys in the order in which they were first seen.
    order: VecDeque<Key>,
    evicted: u64,
}

impl FragmentCache {
    /// Remember the transport identity of a first fragment.
    pub(super) fn remember(&mut self, key: Key, ts_ns: i64, packet: &Packet) {
        let identity = Identity {
            ts_ns,
            proto: packet.proto,
            sport: packet.sport,
            dport: packet.dport,
            has_ports: packet.has_ports,
            has_icmp: packet.has_icmp,
            icmp_type: packet.icmp_type,
            icmp_code: packet.icmp_code,
            icmp_id: packet.icmp_id,
        };
        self.forget_old(ts_ns);
        if self.known.insert(key, identity).is_none() {
            self.order.push_back(key);
        }
        while self.known.len() > CAPACITY {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            self.known.remove(&oldest);
            self.evicted += 1;
        }
    }

    /// Give a later fragment the identity of its first one; without one it stays without ports.
    pub(super) fn recall(&self, key: &Key, ts_ns: i64, packet: &mut Packet) {
        let Some(known) = self.known.get(key) else {
            return;
        };
        let age = ts_ns.saturating_sub(known.ts_ns);
        if age.saturating_abs() > LIFETIME_NS {
            return;
        }
        packet.proto = known.proto;
        packet.sport = known.sport;
        packet.dport = known.dport;
        packet.has_ports = known.has_ports;
        packet.has_icmp = known.has_icmp;
        packet.icmp_type = known.icmp_type;
        packet.icmp_code = known.icmp_code;
        packet.icmp_id = known.icmp_id;
    }

    /// Datagrams forgotten before their time.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    fn forget_old(&mut self, ts_ns: i64) {
        while let Some(oldest) = self.order.front() {
            let expired = self
                .known
                .get(oldest)
                .is_none_or(|known| ts_ns.saturating_sub(known.ts_ns) > LIFETIME_NS);
            if !expired {
                break;
            }
            self.known.remove(oldest);
            self.order.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, FragmentCache, Key, LIFETIME_NS};
    use crate::packet::Packet;

    fn key(id: u32) -> Key {
        Key {
            src: [1; 16],
            dst: [2; 16],
            id,
            proto: 17,
            tunnel_id: None,
        }
    }

    fn first() -> Packet {
        Packet {
            proto: 17,
            sport: 5,
            dport: 6,
            has_ports: true,
            ..Packet::default()
        }
    }

    fn ports(cache: &FragmentCache, id: u32, ts_ns: i64) -> (u16, u16) {
        let mut later = Packet::default();
        cache.recall(&key(id), ts_ns, &mut later);
        (later.sport, later.dport)
    }

    /// An identity lives for 30 s of packet time, in both directions.
    #[test]
    fn lifetime() {
        let mut cache = FragmentCache::default();
        cache.remember(key(1), 0, &first());
        assert_eq!(ports(&cache, 1, LIFETIME_NS), (5, 6));
        assert_eq!(ports(&cache, 1, LIFETIME_NS + 1), (0, 0));
        assert_eq!(ports(&cache, 1, -LIFETIME_NS - 1), (0, 0));
        assert_eq!(ports(&cache, 2, 0), (0, 0));
        cache.remember(key(2), LIFETIME_NS + 1, &first());
        assert_eq!(
            (cache.known.len(), cache.order.len(), cache.evicted()),
            (1, 1, 0)
        );
    }

    /// The cache is bounded, the oldest goes first and is counted; a repeated first fragment takes no room.
    #[test]
    fn bound() {
        let mut cache = FragmentCache::default();
        for id in 0..u32::try_from(CAPACITY).unwrap() + 3 {
            cache.remember(key(id), 0, &first());
            cache.remember(key(id), 0, &first());
        }
        assert_eq!((cache.known.len(), cache.order.len()), (CAPACITY, CAPACITY));
        assert_eq!(cache.evicted(), 3);
        assert_eq!(ports(&cache, 2, 0), (0, 0));
        assert_eq!(ports(&cache, 3, 0), (5, 6));
    }
}
