//! RESP: elements of requests and replies, put together to whole ones without keeping more than their first words.
//!
//! Source: Redis serialization protocol specification (RESP2, RESP3), "RESP protocol description" and "Inline commands".

use crate::proto::dialogue::{Cut, Meta};

/// Longest line of one element, bytes: the server takes 64 KiB inline, of which only the first words are wanted.
const MAX_LINE: usize = 4096;
/// Bytes of a bulk string that are read: names and passwords are shorter, values need not be known.
const MAX_BULK: usize = 512;
/// Words kept of a request: HELLO 3 AUTH user password SETNAME name.
const MAX_WORDS: usize = 8;
/// Elements that one message may announce (the server's own limit of multibulk requests).
const MAX_ELEMENTS: u32 = 1024 * 1024;

/// Find the next element: a line, and behind the line of a bulk string its bytes.
pub(super) fn cut(data: &[u8]) -> Cut {
    let Some(end) = data.iter().take(MAX_LINE).position(|byte| *byte == b'\n') else {
        return if data.len() < MAX_LINE {
            Cut::Need
        } else {
            Cut::Bad(data.len())
        };
    };
    let line = end + 1;
    if !matches!(data.first(), Some(b'$' | b'=' | b'!')) {
        return Cut::Message(line);
    }
    match count(data.get(1..end).unwrap_or_default()) {
        Some(length) => {
            let whole = line + length as usize + 2;
            Cut::Head {
                head: whole.min(line + MAX_BULK),
                whole,
            }
        }
        // Null.
        None => Cut::Message(line),
    }
}

/// A decimal number up to its line end; `None` when it is negative or none.
fn count(digits: &[u8]) -> Option<u32> {
    std::str::from_utf8(digits.trim_ascii_end())
        .ok()?
        .parse()
        .ok()
}

/// A whole request or reply.
pub(super) struct Whole {
    /// Its first packet.
    pub(super) meta: Meta,
    /// First octet, which says what it is.
    pub(super) kind: u8,
    /// Its first words; of a reply of one line the line.
    pub(super) words: Vec<Vec<u8>>,
}

/// Elements of one side on their way to a whole message.
#[derive(Default)]
pub(super) struct Reader {
    open: Option<Whole>,
    left: u32,
}

impl Reader {
    /// Take one element; the whole message when it was the last.
    pub(super) fn take(&mut self, meta: Meta, element: &[u8]) -> Option<Whole> {
        let kind = *element.first()?;
        let line_end = element.iter().position(|byte| *byte == b'\n')?;
        let line = element.get(1..line_end)?.trim_ascii_end();
        let inside = match kind {
            b'*' | b'~' | b'>' => count(line).unwrap_or(0),
            b'%' => count(line).unwrap_or(0).saturating_mul(2),
            // Attributes stand in front of what they describe.
            b'|' => count(line).unwrap_or(0).saturating_mul(2).saturating_add(1),
            _ => 0,
        };
        self.left = self
            .left
            .saturating_sub(1)
            .saturating_add(inside)
            .min(MAX_ELEMENTS);
        let whole = self.open.get_or_insert(Whole {
            meta,
            kind,
            words: Vec::new(),
        });
        let word = match kind {
            b'$' | b'=' | b'!' => {
                let bulk = element.get(line_end + 1..).unwrap_or_default();
                let length = count(line).map_or(0, |length| length as usize);
                Some(bulk.get(..length).unwrap_or(bulk))
            }
            b'*' | b'~' | b'>' | b'%' | b'|' => None,
            _ => element.get(..line_end).map(<[u8]>::trim_ascii_end),
        };
        if let Some(word) = word.filter(|_| whole.words.len() < MAX_WORDS) {
            let word = word.get(..MAX_BULK).unwrap_or(word);
            whole.words.push(word.to_vec());
        }
        if self.left > 0 {
            None
        } else {
            self.open.take()
        }
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let words = self.open.iter().flat_map(|whole| &whole.words);
        words.map(Vec::capacity).sum()
    }
}
