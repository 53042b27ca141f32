//! Text up to a line that holds nothing but a dot: passed over without looking at its lines.
//!
//! Source: RFC 5321 4.5.2 (mail), RFC 1939 3 (responses of several lines).

use super::dialogue::Cut;

/// Where in such a text the reader stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Dotted {
    at_line_start: bool,
}

impl Dotted {
    /// At the start of a line.
    pub(super) const START: Self = Self {
        at_line_start: true,
    };
    /// In the middle of a line, or somewhere after a loss.
    pub(super) const WITHIN: Self = Self {
        at_line_start: false,
    };

    /// As much as may be passed over at once: all of it, or up to the end of the text.
    pub(super) fn cut(self, data: &[u8]) -> Cut {
        if let Some(end) = self.end(data) {
            return Cut::Message(end);
        }
        let waits = match data {
            [b'.'] | [b'.', b'\r'] if self.at_line_start => data.len(),
            [.., b'\n', b'.'] => 1,
            [.., b'\n', b'.', b'\r'] => 2,
            _ => 0,
        };
        match data.len() - waits {
            0 => Cut::Need,
            length => Cut::Message(length),
        }
    }

    /// Pass over what [`Self::cut`] found; true at the end of the text.
    pub(super) fn pass(&mut self, data: &[u8]) -> bool {
        let ends = self.end(data) == Some(data.len());
        self.at_line_start = data.ends_with(b"\n");
        ends
    }

    /// Length up to and with the line of the dot.
    fn end(self, data: &[u8]) -> Option<usize> {
        let mut at = 0;
        if !self.at_line_start {
            at = next_line(data, 0)?;
        }
        loop {
            match data.get(at..)? {
                [b'.', b'\r', b'\n', ..] => return Some(at + 3),
                [b'.', b'\n', ..] => return Some(at + 2),
                _ => at = next_line(data, at)?,
            }
        }
    }
}

/// Behind the first line end at or after `at`.
fn next_line(data: &[u8], at: usize) -> Option<usize> {
    let rest = data.get(at..)?;
    let end = rest.iter().position(|byte| *byte == b'\n')?;
    Some(at + end + 1)
}

#[cfg(test)]
mod tests {
    use super::{Cut, Dotted};

    /// Play a text in pieces of `size`; how many bytes were passed when its end was found.
    fn play(text: &[u8], size: usize) -> Option<usize> {
        let (mut state, mut waiting, mut passed) = (Dotted::START, Vec::new(), 0);
        for piece in text.chunks(size) {
            waiting.extend_from_slice(piece);
            while let (false, Cut::Message(length)) = (waiting.is_empty(), state.cut(&waiting)) {
                let taken: Vec<u8> = waiting.drain(..length).collect();
                passed += length;
                if state.pass(&taken) {
                    return Some(passed);
                }
            }
        }
        None
    }

    /// The end is found at the same byte, however the text is cut; dots elsewhere are none.
    #[test]
    fn ends() {
        for (text, end) in [
            (&b".\r\nrest"[..], Some(3)),
            (b".\nrest", Some(2)),
            (b"a\r\n..\r\n.x\r\n.\r\nrest", Some(14)),
            (b"a.\r\nb\r\n\r\n.\r\n", Some(12)),
            (b"a.\r\n.", None),
            (b"no end\r\n", None),
        ] {
            for size in 1..=text.len() {
                assert_eq!(play(text, size), end, "{text:?} by {size}");
            }
        }
    }
}
