//! Google's QUIC before the standard: its public header, and the names in its client hello.
//!
//! Source: "QUIC Wire Layout Specification" and "QUIC Crypto" (Google, 2016); Chromium `quic_framer.cc`,
//! `crypto_framer.cc`.

use crate::proto::read::{le16, le32, octet};

/// Octets of a packet in which a hello must begin: headers, hash and the frames in front of it (range 64 .. 1350).
const SEARCHED: usize = 256;
/// Entries of a message; Chromium takes 128 at most (`kMaxEntries`).
const MAX_ENTRIES: u16 = 128;

/// Public header with a version, as clients send it first (Q025 to Q043): version number and connection id.
pub(in crate::proto) fn public_header(data: &[u8]) -> Option<(u32, &[u8])> {
    let flags = octet(data, 0)?;
    // Version and connection id are there, and it is no reset; the two high bits are not used.
    if flags & 0xcb != 0x09 {
        return None;
    }
    let id = data.get(1..9)?;
    let version: [u8; 4] = data.get(9..13)?.try_into().ok()?;
    let is_version = version.starts_with(b"Q0") && version.iter().skip(2).all(u8::is_ascii_digit);
    is_version.then(|| (u32::from_be_bytes(version), id))
}

/// What a client hello of Google's own handshake says.
#[derive(Default)]
pub(super) struct Hello<'a> {
    pub(super) server_name: Option<&'a [u8]>,
    pub(super) user_agent: Option<&'a [u8]>,
}

/// Find and read the client hello in the text of a packet.
pub(super) fn hello(text: &[u8]) -> Option<Hello<'_>> {
    let searched = text.get(..text.len().min(SEARCHED))?;
    let at = searched.windows(4).position(|word| word == b"CHLO")?;
    let message = text.get(at..)?;
    let count = le16(message, 4)?;
    if count == 0 || count > MAX_ENTRIES {
        return None;
    }
    let values = message.get(8 + 8 * usize::from(count)..)?;
    let mut hello = Hello::default();
    let mut start = 0;
    for entry in 0..usize::from(count) {
        let tag = message.get(8 + 8 * entry..12 + 8 * entry)?;
        let end = usize::try_from(le32(message, 12 + 8 * entry)?).ok()?;
        // Values that lie beyond the packet are not had; those in front of them are.
        let Some(value) = values.get(start..end) else {
            break;
        };
        match tag {
            b"SNI\0" => hello.server_name = Some(value),
            b"UAID" => hello.user_agent = Some(value),
            _ => {}
        }
        start = end;
    }
    Some(hello)
}
