//! Identifiers: deterministic flow uids and the community id (flow-semantics.md 8).

use super::key::{Key, bytes};
use sha1::{Digest, Sha1};
use siphasher::sip128::{Hasher128, SipHasher24};
use std::hash::Hasher;

/// Makes the uids of one source.
#[derive(Clone)]
pub struct Uids {
    key: [u8; 16],
}

impl Uids {
    /// Uids keyed by the first 16 bytes of the source id.
    #[must_use]
    pub fn new(source_id: &[u8; 32]) -> Self {
        let mut key = [0; 16];
        key.iter_mut()
            .zip(source_id)
            .for_each(|(to, from)| *to = *from);
        Self { key }
    }

    /// `UUIDv7` layout: 48 bits of milliseconds, version, 12 + 62 hash bits (RFC 9562 5.7).
    #[must_use]
    pub fn uid(&self, ts_ns: i64, ordinal: u64, inner_index: u8, segment: u32) -> [u8; 16] {
        let mut hasher = SipHasher24::new_with_key(&self.key);
        let mut input = [0_u8; 13];
        let parts = ordinal
            .to_le_bytes()
            .into_iter()
            .chain([inner_index])
            .chain(segment.to_le_bytes());
        input
            .iter_mut()
            .zip(parts)
            .for_each(|(to, from)| *to = from);
        hasher.write(&input);
        let hash = hasher.finish128();
        let millis =
            u64::try_from(ts_ns.div_euclid(1_000_000).max(0)).unwrap_or(0) & 0xffff_ffff_ffff;
        let high = millis << 16 | 0x7000 | (hash.h1 & 0x0fff);
        let low = 1 << 63 | (hash.h2 & 0x3fff_ffff_ffff_ffff);
        (u128::from(high) << 64 | u128::from(low)).to_be_bytes()
    }
}

/// ICMP types with a counterpart: (type, counterpart); community-id specification, v4 and v6 tables.
const ICMP4_COUNTERPART: [(u8, u8); 10] = [
    (8, 0),
    (0, 8),
    (13, 14),
    (14, 13),
    (15, 16),
    (16, 15),
    (10, 9),
    (9, 10),
    (17, 18),
    (18, 17),
];
const ICMP6_COUNTERPART: [(u8, u8); 14] = [
    (128, 129),
    (129, 128),
    (133, 134),
    (134, 133),
    (135, 136),
    (136, 135),
    (130, 131),
    (131, 130),
    (144, 145),
    (145, 144),
    (139, 140),
    (140, 139),
    (146, 147),
    (147, 146),
];

/// What the community id hashes besides the key.
#[derive(Clone, Copy)]
pub struct CommunityInput {
    /// The sender of the flow's first packet is the lower key end.
    pub first_is_lo: bool,
    /// Ports are part of the tuple.
    pub has_ports: bool,
    /// ICMP type and code of the first packet.
    pub icmp: Option<(u8, u8)>,
}

/// Protocols whose ports the specification hashes: TCP, UDP, SCTP.
const PORTED: [u8; 3] = [6, 17, 132];

/// Community ID v1 with seed 0: SHA-1 of the ordered tuple.
#[must_use]
pub fn community_id(key: &Key, input: CommunityInput) -> Option<[u8; 20]> {
    if key.ip_version() == 0 {
        return None;
    }
    let (mut src, mut dst) = ((key.lo, key.lo_port), (key.hi, key.hi_port));
    if !input.first_is_lo {
        std::mem::swap(&mut src, &mut dst);
    }
    let mut one_way = false;
    if let Some((kind, code)) = input.icmp {
        let table: &[(u8, u8)] = if key.proto == 58 {
            &ICMP6_COUNTERPART
        } else {
            &ICMP4_COUNTERPART
        };
        src.1 = u16::from(kind);
        if let Some((_, other)) = table.iter().find(|(known, _)| *known == kind) {
            dst.1 = u16::from(*other);
        } else {
            one_way = true;
            dst.1 = u16::from(code);
        }
    }
    if !one_way && src > dst {
        std::mem::swap(&mut src, &mut dst);
    }
    let mut data = [0_u8; 40];
    let mut len = 0;
    let mut put = |part: &[u8]| {
        if let Some(room) = data.get_mut(len..len + part.len()) {
            room.copy_from_slice(part);
            len += part.len();
        }
    };
    put(&[0, 0]);
    let skip = if key.ip_version() == 4 { 12 } else { 0 };
    put(bytes(src.0).get(skip..).unwrap_or_default());
    put(bytes(dst.0).get(skip..).unwrap_or_default());
    put(&[key.proto, 0]);
    if (input.has_ports && PORTED.contains(&key.proto)) || input.icmp.is_some() {
        put(&src.1.to_be_bytes());
        put(&dst.1.to_be_bytes());
    }
    Some(Sha1::digest(data.get(..len).unwrap_or_default()).into())
}
