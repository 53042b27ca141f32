//! Lists of short texts on their way into a row.

use super::escape::MAX_TEXT;
use crate::columns::text_lists::TextList;
use std::fmt::{Display, Write};

/// Texts kept of one list: more than any honest message has (range 8 .. 64).
const MAX_TEXTS: usize = 32;

/// Texts one behind the other.
#[derive(Default)]
pub(super) struct Texts {
    text: String,
    ends: Vec<i32>,
}

impl Texts {
    /// Append a text, which must be escaped or made here; what does not fit is left out.
    pub(super) fn push(&mut self, text: impl Display) {
        let before = self.text.len();
        if self.ends.len() >= MAX_TEXTS {
            return;
        }
        let written = write!(self.text, "{text}").is_ok();
        let end = i32::try_from(self.text.len()).ok();
        match end.filter(|_| written && self.text.len() - before <= MAX_TEXT) {
            Some(end) => self.ends.push(end),
            None => self.text.truncate(before),
        }
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<i32>()
    }

    /// As a row wants them.
    pub(super) fn list(&self) -> TextList<'_> {
        TextList {
            text: &self.text,
            ends: &self.ends,
        }
    }
}

/// Octets as two hexadecimal digits each, joined by colons, cut at [`MAX_TEXT`] between two octets.
pub(super) fn colon_hex(raw: &[u8]) -> String {
    let kept = raw.get(..raw.len().min((MAX_TEXT + 1) / 3)).unwrap_or(raw);
    let mut out = String::with_capacity(kept.len() * 3);
    for (at, octet) in kept.iter().enumerate() {
        let colon = if at == 0 { "" } else { ":" };
        // Writing into a string cannot fail.
        let _ = write!(out, "{colon}{octet:02x}");
    }
    out
}
