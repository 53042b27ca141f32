//! Lines of text protocols: framing with a bound, and replies of three digits (FTP, SMTP).
//!
//! Source: RFC 959 4.2 (replies), RFC 5321 4.2 (the same), RFC 854 (Telnet codes may precede a line).

use super::dialogue::Cut;
use super::read;

/// A line longer than this is read without its end: FTP sets no limit, SMTP allows 512 B and 12 KiB of authentication (RFC 4954 4),
/// IMAP servers stop at 8 KiB; what is longer tries to overflow a buffer.
const MAX_LINE: usize = 4096;

/// Find the next line: up to LF, or as much as there is of an overlong one. While `lost`, only a line that `may_start` counts.
pub(super) fn cut(data: &[u8], lost: bool, may_start: impl FnOnce(&[u8]) -> bool) -> Cut {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else {
        return match (data.len() > MAX_LINE, lost) {
            (false, _) => Cut::Need,
            (true, true) => Cut::Bad(data.len()),
            (true, false) => Cut::Message(data.len()),
        };
    };
    let line = trim(data.get(..end).unwrap_or(&[]));
    // Text has no NUL (RFC 854 allows it after CR only): this is something else.
    if line.contains(&0) || lost && !may_start(line) {
        return Cut::Bad(end + 1);
    }
    Cut::Message(end + 1)
}

/// Without line end and Telnet codes in front.
pub(super) fn trim(line: &[u8]) -> &[u8] {
    let mut line = line.strip_suffix(b"\n").unwrap_or(line);
    line = line.strip_suffix(b"\r").unwrap_or(line);
    while let [0xff, 0xf0..=0xff, rest @ ..] = line {
        line = rest;
    }
    line
}

/// First word, and what follows it and the space behind it.
pub(super) fn word(line: &[u8]) -> (&[u8], &[u8]) {
    let line = line.trim_ascii_start();
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    (word, rest.trim_ascii_start())
}

/// The word of `list` equal to `word`, ASCII case ignored.
pub(super) fn listed(list: &[&'static str], word: &[u8]) -> Option<&'static str> {
    list.iter()
        .find(|known| known.as_bytes().eq_ignore_ascii_case(word))
        .copied()
}

/// One reply line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reply<'a> {
    /// Three digits.
    pub(super) code: u16,
    /// More lines follow.
    pub(super) continues: bool,
    /// Text after the code.
    pub(super) text: &'a [u8],
}

/// Read a reply line: three digits 100 to 659, then a space, a hyphen, or nothing.
pub(super) fn reply(line: &[u8]) -> Option<Reply<'_>> {
    let digits = line.get(..3)?;
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    let continues = match read::octet(line, 3) {
        None | Some(b' ') => false,
        Some(b'-') => true,
        Some(_) => return None,
    };
    (100..660).contains(&code).then_some(Reply {
        code,
        continues,
        text: line.get(4..).unwrap_or(&[]),
    })
}
