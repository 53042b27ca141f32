//! Handshake messages of one side, put together from fragments that may come in any order and twice.
//!
//! Source: RFC 6347 4.2.2 and 4.2.3.

use crate::proto::pieces::Pieces;
use crate::proto::tls::cursor::Cursor;
use crate::proto::tls::record::kind;

/// Largest message read, bytes (range 16 384 .. 2^24): as over TLS.
const MAX_MESSAGE: usize = 65_536;
/// Messages of one side that are put together at once (range 2 .. 16): a server's flight has five.
const MAX_PARTS: usize = 6;

/// A message of which fragments are missing.
struct Part {
    /// Ordinal of the message.
    number: u16,
    kind: u8,
    length: usize,
    pieces: Pieces,
}

/// One fragment.
struct Fragment<'a> {
    number: u16,
    kind: u8,
    /// Of the whole message.
    length: usize,
    offset: usize,
    data: &'a [u8],
}

/// Messages that are not complete yet, and which ones are.
#[derive(Default)]
pub(super) struct Fragments {
    parts: Vec<Part>,
    /// Bit per ordinal below 64.
    done: u64,
}

impl Fragments {
    /// Take in the content of one record and hand out type and body of each message it completes; false when it holds something
    /// else, or more than is kept.
    pub(super) fn feed(&mut self, content: &[u8], mut on: impl FnMut(u8, &[u8])) -> bool {
        let mut rest = Cursor(content);
        while !rest.0.is_empty() {
            let Some(fragment) = fragment(&mut rest) else {
                return false;
            };
            if !self.add(&fragment, &mut on) {
                return false;
            }
        }
        true
    }

    fn add(&mut self, fragment: &Fragment<'_>, on: &mut impl FnMut(u8, &[u8])) -> bool {
        let bit = 1_u64.checked_shl(u32::from(fragment.number)).unwrap_or(0);
        if self.done & bit != 0 || !is_read(fragment.kind) {
            return true;
        }
        if fragment.offset == 0 && fragment.data.len() == fragment.length {
            self.parts.retain(|part| part.number != fragment.number);
            self.done |= bit;
            on(fragment.kind, fragment.data);
            return true;
        }
        if fragment.length > MAX_MESSAGE {
            return false;
        }
        let at = self.parts.iter().position(|part| {
            part.number == fragment.number
                && part.kind == fragment.kind
                && part.length == fragment.length
        });
        let at = at.unwrap_or_else(|| {
            if self.parts.len() >= MAX_PARTS {
                self.parts.remove(0);
            }
            self.parts.push(Part {
                number: fragment.number,
                kind: fragment.kind,
                length: fragment.length,
                pieces: Pieces::default(),
            });
            self.parts.len() - 1
        });
        let Some(part) = self.parts.get_mut(at) else {
            return false;
        };
        let is_kept = part.pieces.add(fragment.offset, fragment.data, part.length);
        if part.pieces.head().len() == part.length {
            let part = self.parts.remove(at);
            self.done |= bit;
            on(part.kind, part.pieces.head());
        }
        is_kept
    }

    /// Memory held.
    pub(super) fn bytes(&self) -> usize {
        let held: usize = self.parts.iter().map(|part| part.pieces.bytes()).sum();
        held + self.parts.capacity() * size_of::<Part>()
    }
}

/// Messages that a row needs.
pub(super) const HELLO_VERIFY: u8 = 3;

const fn is_read(number: u8) -> bool {
    matches!(
        number,
        kind::CLIENT_HELLO
            | kind::SERVER_HELLO
            | HELLO_VERIFY
            | kind::CERTIFICATE
            | kind::KEY_EXCHANGE
            | kind::HELLO_DONE
    )
}

fn fragment<'a>(rest: &mut Cursor<'a>) -> Option<Fragment<'a>> {
    let kind = rest.u8()?;
    let length = rest.number(3)?;
    let number = rest.u16()?;
    let offset = rest.number(3)?;
    let data = rest.vector(3)?;
    let fits = offset + data.len() <= length;
    fits.then_some(Fragment {
        number,
        kind,
        length,
        offset,
        data,
    })
}
