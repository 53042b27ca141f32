//! Suppression of SPAN duplicates (flow-semantics.md 7): the same packet seen twice by one tap.

use super::limits::DEDUP_FRAMES;
use crate::packet::{Layer, Packet};
use siphasher::sip::SipHasher24;
use std::hash::Hasher;

#[derive(Clone, Copy, Default)]
struct Print {
    length: u32,
    hash: u64,
    ts: i64,
}

/// Fingerprints of the last frames.
pub struct Dedup {
    window: i64,
    ring: [Print; DEDUP_FRAMES],
    at: usize,
}

impl Dedup {
    /// Duplicates come at most `window` ns after the first copy.
    pub fn new(window: i64) -> Self {
        Self {
            window,
            ring: [Print::default(); DEDUP_FRAMES],
            at: 0,
        }
    }

    /// Whether an equal packet is among the last frames; remembers this one otherwise. Packets cut by the snap length take part
    /// with what was captured.
    pub fn is_duplicate(&mut self, packet: &Packet, frame: &[u8]) -> bool {
        if packet.layer != Layer::Ip {
            return false;
        }
        let start = usize::try_from(packet.net_start).unwrap_or(usize::MAX);
        let bytes = frame.get(start..).unwrap_or_default();
        // Ethernet padding is no part of the packet.
        let length = usize::try_from(packet.ip_len).unwrap_or(usize::MAX);
        let bytes = bytes.get(..length).unwrap_or(bytes);
        let print = Print {
            length: packet.ip_len,
            hash: fingerprint(packet.ip_version, bytes),
            ts: packet.ts_ns,
        };
        let known = self.ring.iter().any(|other| {
            other.length == print.length
                && other.hash == print.hash
                && print.ts.saturating_sub(other.ts).abs() <= self.window
                && other.ts != 0
        });
        if !known {
            if let Some(place) = self.ring.get_mut(self.at) {
                *place = print;
            }
            self.at = (self.at + 1) % DEDUP_FRAMES;
        }
        known
    }
}

/// Hash of a packet without what a router changes: TTL and header checksum (IPv4), hop limit (IPv6).
fn fingerprint(ip_version: u8, bytes: &[u8]) -> u64 {
    let mut hasher = SipHasher24::new_with_keys(0x7461_6973_6869, 0x6465_6475_7021);
    let parts: [&[u8]; 3] = match ip_version {
        4 => [
            bytes.get(..8).unwrap_or(bytes),
            bytes.get(9..10).unwrap_or_default(),
            bytes.get(12..).unwrap_or_default(),
        ],
        6 => [
            bytes.get(..7).unwrap_or(bytes),
            bytes.get(8..).unwrap_or_default(),
            &[],
        ],
        _ => [bytes, &[], &[]],
    };
    for part in parts {
        hasher.write(part);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::Dedup;
    use crate::packet::Packet;

    /// A routed copy (TTL and checksum changed) inside the window is a duplicate, a later or different one is not.
    #[test]
    fn finds_routed_copies() {
        let mut dedup = Dedup::new(1000);
        let mut frame = [9_u8; 60];
        let packet = |ts_ns| Packet {
            ts_ns,
            ip_version: 4,
            ip_len: 60,
            ..Packet::default()
        };
        assert!(!dedup.is_duplicate(&packet(10), &frame));
        frame[8] = 1;
        frame[10] = 2;
        assert!(dedup.is_duplicate(&packet(500), &frame));
        assert!(!dedup.is_duplicate(&packet(5000), &frame));
        frame[4] = 3;
        assert!(!dedup.is_duplicate(&packet(5001), &frame));
    }
}
