//! Signatures of remote control of screens.

use super::{Found, Look};
use crate::proto::Hint;
use crate::proto::read::{be16, be32, le16, octet};
use crate::proto::service::Service;

/// Displays 0 to 99 (RFC 6143 says only that 5900 is the first).
const VNC_PORTS: std::ops::RangeInclusive<u16> = 5900..=5999;

/// VNC: protocol version (RFC 6143 7.1.1); both sides send one, so only the known port tells who is who.
pub(super) fn vnc(look: &Look<'_>) -> Option<Found> {
    let is_version =
        |digits: Option<&[u8]>| digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_digit));
    let sound = look.data.starts_with(b"RFB ")
        && is_version(look.data.get(4..7))
        && octet(look.data, 7)? == b'.'
        && is_version(look.data.get(8..11))
        && octet(look.data, 11)? == b'\n';
    let hint = match (
        VNC_PORTS.contains(&look.from_port),
        VNC_PORTS.contains(&look.to_port),
    ) {
        (true, false) => Hint::ReceiverIsClient,
        (false, true) => Hint::SenderIsClient,
        _ => Hint::None,
    };
    sound.then_some(Found::with(Service::Rfb, hint))
}

/// X11 connection set-up (X Window System Protocol 11, 8): byte order, version 11.0, and lengths that fill the segment; the
/// server's answer at ports 6000 to 6063.
pub(super) fn x11(look: &Look<'_>) -> Option<Found> {
    let read = match octet(look.data, 0)? {
        b'l' => le16,
        b'B' => be16,
        0..=2 if (6000..=6063).contains(&look.from_port) => {
            let sound = matches!(look.data.get(2..6)?, [0, 11, 0, 0] | [11, 0, 0, 0]);
            return sound.then_some(Found::sent(Service::X11, false));
        }
        _ => return None,
    };
    let padded = |at| Some(usize::from(read(look.data, at)?).next_multiple_of(4));
    let sound = read(look.data, 2)? == 11 && read(look.data, 4)? == 0;
    let length = 12 + padded(6)? + padded(8)?;
    (sound && length == look.data.len()).then_some(Found::sent(Service::X11, true))
}

/// TeamViewer at port 5938: the magic 1724H of its TCP commands, in UDP at octet 11 (seen in captures; the vendor publishes
/// nothing but the port).
pub(super) fn teamviewer(look: &Look<'_>) -> Option<Found> {
    let at = if look.is_stream { 0 } else { 11 };
    let framed = look.is_stream || octet(look.data, 0)? == 0;
    (look.at_port(5938) && framed && be16(look.data, at)? == 0x1724)
        .then_some(Found::sure(Service::Teamviewer))
}

/// Radmin 2 and 3: octet 1, length, the sum of the payload as little-endian words, and a payload that fills the segment (worked
/// out from captures; the vendor publishes nothing but port 4899).
pub(super) fn radmin(look: &Look<'_>) -> Option<Found> {
    let length = be32(look.data, 1)? as usize;
    let payload = look.data.get(9..)?;
    if octet(look.data, 0)? != 1 || length != payload.len() || payload.is_empty() {
        return None;
    }
    let sum = payload.chunks(4).fold(0_u32, |sum, part| {
        let word = part
            .iter()
            .rev()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        sum.wrapping_add(word)
    });
    (sum != 0 && sum == be32(look.data, 5)?).then_some(Found::sure(Service::Radmin))
}
