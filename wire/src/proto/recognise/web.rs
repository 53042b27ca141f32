//! Signatures of the web and of peer-to-peer transport.

use super::{Found, Look};
use crate::proto::read::{be16, be32, contains_word, octet};
use crate::proto::service::Service;

const METHODS: [&str; 18] = [
    "GET",
    "POST",
    "HEAD",
    "PUT",
    "DELETE",
    "OPTIONS",
    "CONNECT",
    "TRACE",
    "PATCH",
    "PROPFIND",
    "PROPPATCH",
    "MKCOL",
    "COPY",
    "MOVE",
    "LOCK",
    "UNLOCK",
    "REPORT",
    "SEARCH",
];

/// HTTP/1 (RFC 9112 3 and 4): status line, or request line with a target and, where the line is complete, the version.
pub(super) fn http(look: &Look<'_>) -> Option<Found> {
    if let Some(rest) = look.data.strip_prefix(b"HTTP/1.") {
        let status = rest
            .get(2..5)
            .is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
        let sound = matches!(rest, [b'0' | b'1', b' ', ..]) && status;
        return sound.then_some(Found::sent(Service::Http, false));
    }
    let rest = METHODS.iter().find_map(|method| {
        look.data
            .strip_prefix(method.as_bytes())?
            .strip_prefix(b" ")
    })?;
    let end = rest.iter().position(|byte| *byte == b'\n');
    let line = rest.get(..end.unwrap_or(rest.len()))?;
    if line.iter().any(|byte| *byte < 0x20 && *byte != b'\r') {
        return None;
    }
    let sound = if end.is_some() {
        contains_word(line, b" HTTP/1.")
    } else {
        line.len() >= 8 && (matches!(line, [b'/' | b'*', ..]) || contains_word(line, b"http"))
    };
    sound.then_some(Found::sent(Service::Http, true))
}

/// HTTP/2 with prior knowledge (RFC 9113 3.4).
pub(super) fn http2(look: &Look<'_>) -> Option<Found> {
    look.data
        .starts_with(b"PRI * HTTP/2.0\r\n")
        .then_some(Found::sent(Service::Http2, true))
}

/// SSDP (UPnP Device Architecture 1.3.2).
pub(super) fn ssdp(look: &Look<'_>) -> Option<Found> {
    let known = ["M-SEARCH * HTTP/1.1", "NOTIFY * HTTP/1.1"]
        .iter()
        .any(|line| look.data.starts_with(line.as_bytes()));
    let answer = look.data.starts_with(b"HTTP/1.1 200 ") && look.from_port == 1900;
    (known || answer).then_some(Found::sure(Service::Ssdp))
}

/// QUIC long header (RFC 8999 5.1, RFC 9000 17.2): a version in use and connection ids of at most 20 octets.
pub(super) fn quic(look: &Look<'_>) -> Option<Found> {
    if octet(look.data, 0)? & 0xc0 != 0xc0 {
        return None;
    }
    let version = be32(look.data, 1)?;
    // Versions 1 and 2 (RFC 9369), drafts 1 to 34, and Google's Q043 to Q050 which share the header.
    let known =
        matches!(version, 1 | 0x6b33_43cf | 0xff00_0001..=0xff00_0022 | 0x5130_3433..=0x5130_3530);
    let dcid = usize::from(octet(look.data, 5)?);
    let scid = usize::from(octet(look.data, 6 + dcid)?);
    let room = look.data.len() > 7 + dcid + scid;
    (known && dcid <= 20 && scid <= 20 && room).then_some(Found::sure(Service::Quic))
}

/// MQTT CONNECT (MQTT 3.1.1 3.1): protocol name and level; CONNACK at its port.
pub(super) fn mqtt(look: &Look<'_>) -> Option<Found> {
    let &[kind, ..] = look.data else {
        return None;
    };
    if kind == 0x20 {
        let sound = look.data.len() >= 4
            && look.from_port == 1883
            && matches!(look.data, [_, 2, 0 | 1, 0..=5]);
        return sound.then_some(Found::sure(Service::Mqtt));
    }
    // The remaining length takes one to four octets, the last without its top bit.
    let skip = look
        .data
        .iter()
        .skip(1)
        .take(4)
        .position(|byte| byte & 0x80 == 0)?;
    let rest = look.data.get(2 + skip..)?;
    let name = [&b"\x00\x04MQTT"[..], b"\x00\x06MQIsdp"]
        .iter()
        .find_map(|name| rest.strip_prefix(*name))?;
    (kind == 0x10 && matches!(octet(name, 0)?, 3..=5)).then_some(Found::sure(Service::Mqtt))
}

/// BitTorrent peer handshake (BEP 3).
pub(super) fn bittorrent(look: &Look<'_>) -> Option<Found> {
    look.data
        .starts_with(b"\x13BitTorrent protocol")
        .then_some(Found::sure(Service::Bittorrent))
}

/// BitTorrent DHT (BEP 5): bencoded query, response or error.
pub(super) fn bittorrent_dht(look: &Look<'_>) -> Option<Found> {
    let known = ["d1:ad2:id20:", "d1:rd2:id20:", "d1:el", "d2:ip6:"]
        .iter()
        .any(|word| look.data.starts_with(word.as_bytes()));
    let tracker = be32(look.data, 0)? == 0x417
        && be32(look.data, 4)? == 0x2710_1980
        && be16(look.data, 10)? == 0;
    // The search runs only over what already looks like bencode.
    ((known && contains_word(look.data, b"1:y1:")) || tracker)
        .then_some(Found::sure(Service::Bittorrent))
}
