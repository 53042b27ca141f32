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

/// STUN (RFC 8489 5): two zero bits, length in words, magic cookie.
pub(super) fn stun(look: &Look<'_>) -> Option<Found> {
    let kind = be16(look.data, 0)?;
    let length = usize::from(be16(look.data, 2)?);
    let sound = kind < 0x4000 && length % 4 == 0 && be32(look.data, 4)? == 0x2112_a442;
    (sound && length + 20 == look.data.len()).then_some(Found::sure(Service::Stun))
}
