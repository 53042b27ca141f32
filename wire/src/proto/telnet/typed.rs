//! What a user types, with corrections, as lines; and text without what moves a cursor.
//!
//! Source: RFC 854 (ends of lines, NVT control codes), ECMA-48 5.4 (control sequences), POSIX.1-2017 11.1.9 and the defaults of
//! Linux' termios(3) (erase, kill, word erase).

use crate::proto::dialogue::Meta;

/// Octets kept of a line: names and passwords are shorter.
const MAX_LINE: usize = 256;

/// A line that was typed.
#[derive(Default)]
pub(super) struct Line {
    /// Packet of its first key.
    pub(super) meta: Meta,
    /// Its text.
    pub(super) text: Vec<u8>,
    /// It was longer than what is kept.
    pub(super) is_cut: bool,
}

/// A line on its way.
#[derive(Default)]
pub(super) struct Typed {
    line: Line,
    begun: bool,
    after_cr: bool,
    escape: Escape,
}

impl Typed {
    /// True when the octet is the second one of a line end, which is no key of its own.
    pub(super) fn is_rest_of_end(&self, octet: u8) -> bool {
        self.after_cr && matches!(octet, 0 | b'\n')
    }

    /// Nothing of the line is typed yet.
    pub(super) fn is_fresh(&self) -> bool {
        !self.begun
    }

    /// Read a key; returns the line that it ends.
    pub(super) fn take(&mut self, octet: u8, meta: Meta) -> Option<Line> {
        if self.is_rest_of_end(octet) {
            self.after_cr = false;
            return None;
        }
        self.after_cr = octet == b'\r';
        if !std::mem::replace(&mut self.begun, true) {
            self.line.meta = meta;
        }
        if self.escape.hides(octet) {
            return None;
        }
        match octet {
            b'\r' | b'\n' => {
                self.begun = false;
                return Some(std::mem::take(&mut self.line));
            }
            8 | 0x7f => self.erase(),
            // Kill, interrupt, end of file.
            0x15 | 3 | 4 => self.erase_line(),
            0x17 => {
                let text = &mut self.line.text;
                let is_space = |byte: &u8| *byte == b' ';
                let word = text.iter().rposition(|byte| !is_space(byte));
                let before = word.and_then(|end| text.get(..end)?.iter().rposition(is_space));
                text.truncate(before.map_or(0, |at| at + 1));
            }
            0..=0x1f => {}
            _ if self.line.text.len() < MAX_LINE => self.line.text.push(octet),
            _ => self.line.is_cut = true,
        }
        None
    }

    /// Take back the last letter, all octets of it (IUTF8).
    pub(super) fn erase(&mut self) {
        while let Some(0x80..=0xbf) = self.line.text.pop() {}
    }

    /// Take back the line.
    pub(super) fn erase_line(&mut self) {
        self.line.text.clear();
        self.line.is_cut = false;
    }

    /// Octets are missing: what was typed is not known.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        self.line.text.capacity()
    }
}

/// Where in a control sequence a text stands.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Escape {
    #[default]
    None,
    Begun,
    /// CSI: parameters, up to a final octet.
    Sequence,
    /// SS3: one octet follows.
    Key,
}

impl Escape {
    /// Read an octet; true when it belongs to a sequence.
    pub(super) fn hides(&mut self, octet: u8) -> bool {
        *self = match (*self, octet) {
            (_, 0x1b) => Self::Begun,
            (Self::None, _) => return false,
            (Self::Begun, b'[') | (Self::Sequence, 0x20..=0x3f) => Self::Sequence,
            (Self::Begun, b'O') => Self::Key,
            // A line end in a sequence: it was none.
            (_, b'\r' | b'\n') => {
                *self = Self::None;
                return false;
            }
            _ => Self::None,
        };
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Meta, Typed};

    /// Corrections take effect, line ends of all kinds end a line once, keys of a cursor are no text.
    #[test]
    fn lines() {
        for (keys, want) in [
            (&b"root\r\n"[..], &["root"][..]),
            (b"rot\x7fot\r\0x\r", &["root", "x"]),
            (b"a\x08\x08\x08b\nc\n", &["b", "c"]),
            (b"wrong\x15root\r\n\r\n", &["root", ""]),
            (b"one two\x17three\r", &["one three"]),
            (b"ro\x1b[A\x1bOBot\x01\r", &["root"]),
            (b"\xe7\x94\xa8\xe6\x88\xb7\x7fx\r", &["\u{7528}x"]),
            (b"ab\x03c\r", &["c"]),
            (b"open", &[]),
        ] {
            let mut typed = Typed::default();
            let lines = keys
                .iter()
                .filter_map(|key| typed.take(*key, Meta::default()));
            let lines: Vec<String> = lines
                .map(|line| String::from_utf8(line.text).unwrap())
                .collect();
            assert_eq!(lines, want, "{keys:?}");
        }
    }

    /// A line without end is bounded and says that it was cut.
    #[test]
    fn bounded() {
        let mut typed = Typed::default();
        for _ in 0..10_000 {
            assert!(typed.take(b'x', Meta::default()).is_none());
        }
        let line = typed.take(b'\r', Meta::default()).unwrap();
        assert!(line.is_cut && line.text.len() == 256);
    }
}
