//! Frames around SMB messages: NetBIOS session service, and its shadow over TCP port 445.
//!
//! Source: RFC 1002 4.3 (packets), 4.1 (names in their encoded form); [MS-SMB2] 2.1 (direct TCP).

use crate::proto::escape::escape;
use crate::proto::read::{be32, octet};

/// Octets before a message.
pub(super) const HEAD: usize = 4;
/// An encoded name: length, 32 letters, end.
const NAME: usize = 34;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Frame {
    /// A message of that many octets.
    Message(usize),
    /// The client says whom it calls.
    Request(usize),
    /// Any other packet of the service.
    Control(usize),
}

/// The frame that starts here; `None` when none does. At least [`HEAD`] octets are needed.
pub(super) fn frame(data: &[u8]) -> Option<Frame> {
    let length = (be32(data, 0)? & 0x00ff_ffff) as usize;
    match (octet(data, 0)?, length) {
        (0, _) => Some(Frame::Message(length)),
        // Names with a scope may be longer than two bare ones.
        (0x81, 68..=512) => Some(Frame::Request(length)),
        (0x82 | 0x85, 0) | (0x83, 1) | (0x84, 6) => Some(Frame::Control(length)),
        _ => None,
    }
}

/// Called and calling name of a session request, decoded and escaped.
pub(super) fn names(packet: &[u8]) -> (Option<String>, Option<String>) {
    (name(packet, HEAD), name(packet, HEAD + NAME))
}

/// A name of 15 characters, padded with spaces, and what has it; each octet is two letters A to P (RFC 1001 14.1).
fn name(packet: &[u8], at: usize) -> Option<String> {
    let letters = packet.get(at + 1..at + NAME - 1)?;
    if octet(packet, at) != Some(32) || !letters.iter().all(|letter| (b'A'..=b'P').contains(letter))
    {
        return None;
    }
    let octets: Vec<u8> = letters
        .chunks_exact(2)
        .take(15)
        .filter_map(|pair| Some((octet(pair, 0)? - b'A') << 4 | (octet(pair, 1)? - b'A')))
        .collect();
    Some(escape(octets.trim_ascii_end()))
}

/// Octets until the next place where a frame with an SMB message may start; 0: here; `None`: nowhere in `data`.
pub(super) fn seek(data: &[u8]) -> Option<usize> {
    data.windows(HEAD + 4)
        .position(|part| matches!(part, [0, _, _, _, 0xfc..=0xff, b'S', b'M', b'B']))
}
