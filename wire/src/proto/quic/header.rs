//! Long headers: the part of a packet that is not encrypted.
//!
//! Source: RFC 8999 5.1 and 6, RFC 9000 17.2 (versions 1 and 2, drafts), Chromium `quic_framer.cc` (Q044 to Q049).

use super::version::{Kind, Version};
use crate::proto::tls::Cursor;

/// Largest connection id (RFC 9000 17.2).
const MAX_ID: usize = 20;

/// One packet with a long header.
#[derive(Clone, Copy)]
pub(super) struct Packet<'a> {
    pub(super) version: Version,
    pub(super) kind: Kind,
    pub(super) dcid: &'a [u8],
    pub(super) scid: &'a [u8],
    /// From its first octet to its end.
    pub(super) data: &'a [u8],
    /// Where its number stands, protected; 0 when it has none.
    pub(super) number_at: usize,
}

/// What stands at the start of a datagram, or behind a packet.
pub(super) enum Header<'a> {
    /// Short header, padding, or nothing that is known.
    Other,
    /// The server lists the versions it speaks.
    Negotiation {
        dcid: &'a [u8],
        scid: &'a [u8],
    },
    /// A packet of a version that is not known, whose ids can be read all the same.
    Unknown {
        version: Version,
        dcid: &'a [u8],
        scid: &'a [u8],
    },
    Packet(Packet<'a>),
    /// Lengths contradict one another, or the end was not captured.
    Bad,
}

/// A number of 1, 2, 4 or 8 octets (RFC 9000 16).
pub(super) fn varint(rest: &mut Cursor<'_>) -> Option<u64> {
    let first = rest.u8()?;
    let more = rest.take((1 << (first >> 6)) - 1)?;
    let start = u64::from(first & 0x3f);
    Some(more.iter().fold(start, |sum, b| sum << 8 | u64::from(*b)))
}

/// A number that says how many octets follow, and these.
fn counted<'a>(rest: &mut Cursor<'a>) -> Option<&'a [u8]> {
    let length = usize::try_from(varint(rest)?).ok()?;
    rest.take(length)
}

/// Read the header at the start of `data`.
pub(super) fn read(data: &[u8]) -> Header<'_> {
    let mut rest = Cursor(data);
    let (Some(first), Some(high), Some(low)) = (rest.u8(), rest.u16(), rest.u16()) else {
        return Header::Other;
    };
    let version = Version(u32::from(high) << 16 | u32::from(low));
    if first & 0x80 == 0 || (first & 0x40 == 0 && version.0 != 0) {
        return Header::Other;
    }
    let ids = if version.is_plain() {
        short_ids(&mut rest)
    } else {
        ids(&mut rest)
    };
    let Some((dcid, scid)) = ids else {
        return Header::Bad;
    };
    if version.0 == 0 {
        return Header::Negotiation { dcid, scid };
    }
    if !version.is_known() {
        return Header::Unknown {
            version,
            dcid,
            scid,
        };
    }
    packet(data, rest, version, (dcid, scid)).map_or(Header::Bad, Header::Packet)
}

fn ids<'a>(rest: &mut Cursor<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let dcid = rest.vector(1)?;
    let scid = rest.vector(1)?;
    (dcid.len() <= MAX_ID && scid.len() <= MAX_ID).then_some((dcid, scid))
}

/// Two lengths in one octet, each less by three unless it is none.
fn short_ids<'a>(rest: &mut Cursor<'a>) -> Option<(&'a [u8], &'a [u8])> {
    let both = usize::from(rest.u8()?);
    let length = |nibble: usize| if nibble == 0 { 0 } else { nibble + 3 };
    Some((rest.take(length(both >> 4))?, rest.take(length(both & 15))?))
}

fn packet<'a>(
    data: &'a [u8],
    mut rest: Cursor<'a>,
    version: Version,
    (dcid, scid): (&'a [u8], &'a [u8]),
) -> Option<Packet<'a>> {
    let kind = version.kind(*data.first()?);
    let whole = Packet {
        version,
        kind,
        dcid,
        scid,
        data,
        number_at: 0,
    };
    if kind == Kind::Retry || version.is_plain() {
        return Some(whole);
    }
    if kind == Kind::Initial {
        // A token of the server.
        counted(&mut rest)?;
    }
    let length = usize::try_from(varint(&mut rest)?).ok()?;
    let number_at = data.len() - rest.0.len();
    let data = data.get(..number_at.checked_add(length)?)?;
    Some(Packet {
        data,
        number_at,
        ..whole
    })
}
