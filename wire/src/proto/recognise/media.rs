//! Signatures of media streams: RTP and its control protocol.

use super::{Found, Look};
use crate::proto::read::{be16, be32, octet};
use crate::proto::service::Service;

/// The packet behind the length that a stream puts in front of it (RFC 4571 2), when it fills the segment.
fn framed(data: &[u8]) -> Option<&[u8]> {
    let packet = data.get(2..)?;
    (usize::from(be16(data, 0)?) == packet.len()).then_some(packet)
}

/// RTP (RFC 3550 5.1), in a stream behind its length (RFC 4571 2): version 2, a payload type in use, room for the sources named; one packet alone is weak.
pub(super) fn rtp(look: &Look<'_>) -> Option<Found> {
    let data = if look.is_stream {
        framed(look.data)?
    } else {
        look.data
    };
    let &[first @ 0x80..=0xbf, second, ..] = data else {
        return None;
    };
    // Payload types of RFC 3551 6, and dynamic ones; 64 to 95 would be control packets (RFC 5761 4).
    let known = matches!(second & 0x7f, 0..=34 | 96..=127);
    let header = 12 + 4 * usize::from(first & 15);
    // Some senders leave their source zero; only framed packets are believed then.
    let named = look.is_stream || be32(data, 8)? != 0;
    (known && named && data.len() > header).then_some(Found::weak(Service::Rtp))
}

/// Two RTP packets of one source: the same synchronisation source and payload type, a sequence number a few further on, and a
/// timestamp that did not jump by more than a minute of 90 kHz.
pub(super) fn rtp_agrees(earlier: &[u8], later: &[u8], same_side: bool) -> bool {
    let steps = match (be16(earlier, 2), be16(later, 2)) {
        (Some(one), Some(two)) => two.wrapping_sub(one),
        _ => 0,
    };
    let ticks = match (be32(earlier, 4), be32(later, 4)) {
        (Some(one), Some(two)) => two.wrapping_sub(one),
        _ => u32::MAX,
    };
    let kind = |data: &[u8]| octet(data, 1).map(|octet| octet & 0x7f);
    same_side
        && earlier.get(8..12) == later.get(8..12)
        && kind(earlier) == kind(later)
        && (1..=16).contains(&steps)
        && ticks <= 60 * 90_000
}

/// RTCP (RFC 3550 6.1, 6.4; RFC 4585 6.1): packets of known types whose lengths add up to the datagram; one packet alone is weak.
pub(super) fn rtcp(look: &Look<'_>) -> Option<Found> {
    let mut at = 0;
    let mut count = 0;
    while at < look.data.len() && count < 16 {
        let &[0x80..=0xbf, 200..=207, ..] = look.data.get(at..)? else {
            // Behind sound packets stand the index and tag of SRTCP (RFC 3711 3.4).
            break;
        };
        at += 4 * (usize::from(be16(look.data, at + 2)?) + 1);
        count += 1;
    }
    let left = look.data.len().checked_sub(at)?;
    if count == 0 || be32(look.data, 4)? == 0 || left > 0 && (count > 1 || left > 24) {
        return None;
    }
    Some(if count > 1 {
        Found::sure(Service::Rtcp)
    } else {
        Found::weak(Service::Rtcp)
    })
}

/// Two RTCP packets of one side come from the same source.
pub(super) fn rtcp_agrees(earlier: &[u8], later: &[u8], same_side: bool) -> bool {
    same_side && earlier.get(4..8) == later.get(4..8)
}
