//! Signatures of the web and of peer-to-peer transport.

use super::{Found, Look};
use crate::proto::quic::{Version, public_header};
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
    // Answers name the search target and the service, whatever the ports.
    let head = look.data.get(..look.data.len().min(1024))?;
    let answer = head.starts_with(b"HTTP/1.1 200 ")
        && (look.from_port == 1900
            || contains_word(head, b"\nST:") && contains_word(head, b"\nUSN:"));
    (known || answer).then_some(Found::sure(Service::Ssdp))
}

/// Smallest datagram of a client that begins a connection (RFC 9000 14.1).
const QUIC_FIRST: usize = 1200;

/// QUIC: a long header (RFC 8999 5.1, RFC 9000 17.2) of a version in use, a list of versions, or Google's public header.
pub(super) fn quic(look: &Look<'_>) -> Option<Found> {
    if public_header(look.data).is_some() {
        return Some(Found::sent(Service::Quic, true));
    }
    let first = octet(look.data, 0)?;
    if first & 0xc0 == 0 && look.from_port == 443 && google_rejects(look.data) {
        return Some(Found::sent(Service::Quic, false));
    }
    let version = Version(be32(look.data, 1)?);
    if first & 0x80 == 0 || look.is_stream {
        return None;
    }
    if version.0 == 0 {
        return quic_versions(look.data).then_some(Found::sent(Service::Quic, false));
    }
    let begins = look.data.len() >= QUIC_FIRST && look.to_port == 443;
    let known = version.is_known() || (version.is_reserved() && begins);
    if first & 0x40 == 0 || !known {
        return None;
    }
    let end = if version.is_plain() {
        6
    } else {
        quic_ids(look.data)?
    };
    (look.data.len() > end).then_some(Found::sure(Service::Quic))
}

/// Google's server refuses a first hello: its message stands behind header, hash and frames.
fn google_rejects(data: &[u8]) -> bool {
    let head = data.get(..data.len().min(80)).unwrap_or(&[]);
    head.windows(4).any(|word| word == b"REJ\0")
}

/// Where two connection ids of at most 20 octets end.
fn quic_ids(data: &[u8]) -> Option<usize> {
    let dcid = usize::from(octet(data, 5)?);
    let scid = usize::from(octet(data, 6 + dcid)?);
    (dcid <= 20 && scid <= 20).then_some(7 + dcid + scid)
}

/// Versions that a server speaks, one of them known, up to the end (RFC 8999 6).
fn quic_versions(data: &[u8]) -> bool {
    let versions = quic_ids(data).and_then(|at| data.get(at..)).unwrap_or(&[]);
    let (versions, rest) = versions.as_chunks::<4>();
    let mut numbers = versions.iter().copied().map(u32::from_be_bytes);
    rest.is_empty() && numbers.any(|number| Version(number).is_known())
}

/// BitTorrent peer handshake (BEP 3).
pub(super) fn bittorrent(look: &Look<'_>) -> Option<Found> {
    look.data
        .starts_with(b"\x13BitTorrent protocol")
        .then_some(Found::sure(Service::Bittorrent))
}

/// BitTorrent over uTP (BEP 29): version 1, an extension in use; the peer handshake in it, or two packets that agree.
pub(super) fn bittorrent_utp(look: &Look<'_>) -> Option<Found> {
    let &[first, 0..=2, _, _, ..] = look.data else {
        return None;
    };
    if first & 15 != 1 || first >> 4 > 4 {
        return None;
    }
    if look.data.get(20..)?.starts_with(b"\x13BitTorrent protocol") {
        return Some(Found::sure(Service::Bittorrent));
    }
    (look.data.len() >= 20).then_some(Found::weak(Service::Bittorrent))
}

/// A uTP SYN and the state that acknowledges it: the same connection, its sequence number.
pub(super) fn bittorrent_agrees(earlier: &[u8], later: &[u8], same_side: bool) -> bool {
    !same_side
        && matches!((earlier.first(), later.first()), (Some(0x41), Some(0x21)))
        && earlier.get(2..4) == later.get(2..4)
        && earlier.get(16..18) == later.get(18..20)
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
