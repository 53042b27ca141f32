//! Signatures of telephony and media control.

use super::{Found, Look};
use crate::proto::read::{be16, be32};
use crate::proto::service::Service;

/// SIP (RFC 3261 7): request line with a SIP URI, or status line.
pub(super) fn sip(look: &Look<'_>) -> Option<Found> {
    const METHODS: [&str; 14] = [
        "REGISTER",
        "INVITE",
        "ACK",
        "BYE",
        "CANCEL",
        "OPTIONS",
        "SUBSCRIBE",
        "NOTIFY",
        "PUBLISH",
        "INFO",
        "REFER",
        "MESSAGE",
        "UPDATE",
        "PRACK",
    ];
    if look.data.starts_with(b"SIP/2.0 ") {
        return Some(Found::sure(Service::Sip));
    }
    METHODS
        .iter()
        .filter_map(|method| look.data.strip_prefix(method.as_bytes()))
        .any(|rest| {
            rest.starts_with(b" sip:") || rest.starts_with(b" sips:") || rest.starts_with(b" tel:")
        })
        .then_some(Found::sure(Service::Sip))
}

/// RTSP (RFC 7826): request line with an RTSP URI, or status line.
pub(super) fn rtsp(look: &Look<'_>) -> Option<Found> {
    const METHODS: [&str; 9] = [
        "OPTIONS",
        "DESCRIBE",
        "SETUP",
        "PLAY",
        "PAUSE",
        "TEARDOWN",
        "ANNOUNCE",
        "RECORD",
        "GET_PARAMETER",
    ];
    let response = look.data.starts_with(b"RTSP/1.0 ") || look.data.starts_with(b"RTSP/2.0 ");
    let request = METHODS
        .iter()
        .filter_map(|method| look.data.strip_prefix(method.as_bytes()))
        .any(|rest| rest.starts_with(b" rtsp"));
    (response || request).then_some(Found::sure(Service::Rtsp))
}

/// STUN and TURN (RFC 8489 5, RFC 8656): two zero bits, length in words, magic cookie; without the cookie (RFC 3489) a known
/// method and attributes that add up; TURN channel data at port 3478.
pub(super) fn stun(look: &Look<'_>) -> Option<Found> {
    // Framed by its length where media share the stream (RFC 4571).
    if look.is_stream && usize::from(be16(look.data, 0)?) + 2 == look.data.len() {
        let framed = look.data.get(2..)?;
        let sound = be16(framed, 0)? < 0x4000 && be32(framed, 4)? == 0x2112_a442;
        return (sound && usize::from(be16(framed, 2)?) + 20 == framed.len())
            .then_some(Found::sure(Service::Stun));
    }
    let kind = be16(look.data, 0)?;
    let length = usize::from(be16(look.data, 2)?);
    let exact = length + 20 == look.data.len();
    // A stream may hold several messages.
    let begun = look.is_stream && length <= 2048 && length + 20 <= look.data.len();
    if kind < 0x4000 && length % 4 == 0 && be32(look.data, 4)? == 0x2112_a442 {
        return (exact || begun).then_some(Found::sure(Service::Stun));
    }
    // Channel numbers 4000H to 4FFFH (RFC 8656 12).
    let channel = (0x4000..0x5000).contains(&kind)
        && look.at_port(3478)
        && (4..=7).contains(&(look.data.len() - length.min(look.data.len())));
    let classic = matches!(kind, 1 | 2 | 0x101 | 0x102 | 0x111 | 0x112)
        && exact
        && !look.is_stream
        && (length > 0 || look.at_port(3478))
        && are_stun_attributes(look.data.get(20..)?);
    (classic || channel).then_some(Found::sure(Service::Stun))
}

/// Attributes of RFC 3489 11.2 or vendors', padded to words, up to the end.
fn are_stun_attributes(mut data: &[u8]) -> bool {
    while !data.is_empty() {
        let (Some(kind), Some(length)) = (be16(data, 0), be16(data, 2)) else {
            return false;
        };
        let known = matches!(kind, 1..=0x0b | 0x0d..=0x2a | 0x8000..=0x8070);
        match data.get(4 + usize::from(length).next_multiple_of(4)..) {
            Some(rest) if known => data = rest,
            _ => return false,
        }
    }
    true
}
