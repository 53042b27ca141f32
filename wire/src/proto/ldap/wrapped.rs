//! Buffers of a SASL security layer: sealed ones end the reading, signed ones hold messages in clear.
//!
//! Source: RFC 4422 3.7 (buffers), RFC 4121 4.2.4 and 4.2.6.2 (Kerberos wrap tokens), [MS-NLMP] 2.2.2.9 (NTLM signatures).

use super::Ldap;
use crate::proto::ber::SEQUENCE;
use crate::proto::dialogue::Message;
use crate::proto::read::{be16, be32, octet};

/// Length field before a buffer, bytes.
const PREFIX: usize = 4;
/// Largest buffer, bytes: implementations negotiate up to 16 MiB - 1, what three octets can say (RFC 4752 3.1).
const MAX_BUFFER: usize = (1 << 24) - 1;
/// Header of a Kerberos wrap token, and the whole of an NTLM signature, bytes.
const HEADER: usize = 16;
/// Flag of a Kerberos wrap token: the contents are encrypted.
const SEALED: u8 = 2;

/// A buffer by its first bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Buffer {
    /// Bytes before the messages in clear: length field, token header, and a checksum that was turned round to the front.
    pub(super) head: usize,
    /// Bytes of messages; 0 when they are sealed.
    pub(super) clear: usize,
    /// Bytes of the checksum behind them.
    pub(super) tail: usize,
}

/// What lies at the start of a stream that may have a security layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// Too few bytes to say.
    Unknown,
    /// No token of a known kind.
    Invalid,
    /// A buffer.
    Buffer(Buffer),
}

/// What the buffer at the start of `data` is.
pub(super) fn start(data: &[u8]) -> Start {
    let (Some(length), Some(kind)) = (be32(data, 0), be16(data, PREFIX)) else {
        return Start::Unknown;
    };
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    // Tokens with the name of their mechanism in front (RFC 2743 3.1) are of old ciphers, all sealed.
    let is_known = matches!(kind, 0x0504 | 0x0100) || kind >> 8 == 0x60;
    if !is_known || length <= HEADER || length > MAX_BUFFER {
        return Start::Invalid;
    }
    let sealed = Buffer {
        head: PREFIX + length,
        ..Buffer::default()
    };
    let clear = match kind {
        0x0504 => {
            let fields = (
                octet(data, PREFIX + 2),
                be16(data, PREFIX + 4),
                be16(data, PREFIX + 6),
            );
            let (Some(flags), Some(checksum), Some(rotated)) = fields else {
                return Start::Unknown;
            };
            let checksum = usize::from(checksum);
            match usize::from(rotated) {
                _ if flags & SEALED != 0 => None,
                0 => Some((0, checksum)),
                turned if turned == checksum => Some((checksum, 0)),
                _ => None,
            }
        }
        0x0100 => Some((0, 0)),
        _ => None,
    };
    let buffer = clear.and_then(|(front, tail)| {
        let clear = length.checked_sub(HEADER + front + tail)?;
        let head = PREFIX + HEADER + front;
        Some(Buffer { head, clear, tail })
    });
    Start::Buffer(buffer.unwrap_or(sealed))
}

impl Ldap {
    /// Keep account of the buffers of a security layer; true when the bytes are its own and no message.
    pub(super) fn layer(&mut self, message: &Message<'_>) -> bool {
        let inside = self.inside.get_mut(message.from_lo);
        let length = message.data.len() + message.missing;
        if *inside == (0, 0) {
            let Start::Buffer(buffer) = start(message.data) else {
                return false;
            };
            if octet(message.data, 0) != Some(0) {
                return false;
            }
            *inside = (buffer.clear, buffer.tail);
            self.sealed = buffer.clear == 0;
            return true;
        }
        if inside.0 == 0 {
            inside.1 = 0;
            return true;
        }
        inside.0 = inside.0.saturating_sub(length);
        let is_message = octet(message.data, 0) == Some(SEQUENCE);
        self.sealed |= !is_message;
        !is_message
    }
}
