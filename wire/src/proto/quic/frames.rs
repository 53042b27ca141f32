//! Frames of Initial packets.
//!
//! Source: RFC 9000 12.4 (which may stand there) and 19.

use super::header::varint;
use crate::proto::pieces::Pieces;
use crate::proto::tls::Cursor;

/// Largest flight of handshake bytes kept of one side (range 4096 .. 65 536): hellos with post-quantum shares take 2 KiB, and
/// servers need not keep more than 4096 bytes out of order (RFC 9000 7.5).
const MAX_CRYPTO: usize = 16_384;

const PADDING: u64 = 0;
const PING: u64 = 1;
const ACK: u64 = 2;
const ACK_ECN: u64 = 3;
const CRYPTO: u64 = 6;
const CLOSE: u64 = 0x1c;

/// Take the handshake bytes out of a packet's frames; false when the frames make no sense or hold more than is kept.
pub(super) fn collect(text: &[u8], crypto: &mut Pieces) -> bool {
    let mut rest = Cursor(text);
    while !rest.0.is_empty() {
        if frame(&mut rest, crypto).is_none() {
            return false;
        }
    }
    true
}

fn frame(rest: &mut Cursor<'_>, crypto: &mut Pieces) -> Option<()> {
    match varint(rest)? {
        PADDING => {
            let zeros = rest.0.iter().take_while(|octet| **octet == 0).count();
            rest.take(zeros)?;
        }
        PING => {}
        kind @ (ACK | ACK_ECN) => {
            varint(rest)?;
            varint(rest)?;
            let ranges = varint(rest)?;
            varint(rest)?;
            // Each takes two octets at least, so that a false count ends with the packet.
            for _ in 0..ranges {
                varint(rest)?;
                varint(rest)?;
            }
            if kind == ACK_ECN {
                varint(rest)?;
                varint(rest)?;
                varint(rest)?;
            }
        }
        CRYPTO => {
            let offset = usize::try_from(varint(rest)?).ok()?;
            let length = usize::try_from(varint(rest)?).ok()?;
            let piece = rest.take(length)?;
            crypto.add(offset, piece, MAX_CRYPTO).then_some(())?;
        }
        // The connection ends: nothing that follows matters.
        CLOSE => rest.0 = &[],
        _ => return None,
    }
    Some(())
}
