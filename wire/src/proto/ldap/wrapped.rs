//! Buffers of a SASL security layer: sealed ones end the reading, signed ones hold messages in clear.
//!
//! Source: RFC 4422 3.7 (buffers), RFC 4121 4.2.4 and 4.2.6.2 (Kerberos wrap tokens), [MS-NLMP] 2.2.2.9 (NTLM signatures).

use crate::proto::ber::{Extent, extent};
use crate::proto::read::{be16, be32, octet};

/// Length field before a buffer, bytes.
const PREFIX: usize = 4;
/// Largest buffer, bytes: implementations negotiate up to 16 MiB - 1, what three octets can say (RFC 4752 3.1).
const MAX_BUFFER: usize = (1 << 24) - 1;
/// Header of a Kerberos wrap token, and the whole of an NTLM signature, bytes.
const HEADER: usize = 16;
/// Flag of a Kerberos wrap token: the contents are encrypted.
const SEALED: u8 = 2;

/// Bytes of the buffer at the start of `data` with its length field; `None` when it is too short to say. Anything but a token of a known kind has 0.
pub(super) fn whole(data: &[u8]) -> Option<usize> {
    let length = usize::try_from(be32(data, 0)?).unwrap_or(usize::MAX);
    let known = match (octet(data, PREFIX)?, octet(data, PREFIX + 1)?) {
        (5, 4) | (1, 0) => length > HEADER,
        // Tokens with the name of their mechanism in front (RFC 2743 3.1).
        (0x60, _) => length > 2,
        _ => false,
    };
    Some(if known && length <= MAX_BUFFER {
        PREFIX + length
    } else {
        0
    })
}

/// The messages in a buffer, of which `missing` bytes are not at hand; `None` when it is encrypted.
pub(super) fn messages(buffer: &[u8], missing: usize) -> Option<&[u8]> {
    let token = buffer.get(PREFIX..)?;
    let body = token.get(HEADER..)?;
    let clear = if token.starts_with(&[5, 4]) {
        if octet(token, 2)? & SEALED != 0 {
            return None;
        }
        let (checksum, rotated) = (usize::from(be16(token, 4)?), usize::from(be16(token, 6)?));
        match rotated {
            0 => body.get(..body.len() - checksum.saturating_sub(missing).min(body.len()))?,
            // The checksum was turned round to the front.
            _ if rotated == checksum => body.get(checksum..)?,
            _ => return None,
        }
    } else {
        body
    };
    let is_clear = octet(clear, 0)? == 0x30
        && matches!(extent(clear), Extent::Bytes(bytes) if bytes <= clear.len() + missing);
    is_clear.then_some(clear)
}
