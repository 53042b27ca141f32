//! Text from the wire made safe to store and to show: bounded, valid UTF-8, nothing that a terminal obeys.

use std::fmt::Write;

/// Longest text kept of one field, bytes after escaping (`store/schema/`: at most 256 bytes).
pub(super) const MAX_TEXT: usize = 256;
/// Longest target kept of an HTTP request, bytes after escaping: long enough for the queries of injection attempts.
pub(super) const MAX_URI: usize = 2048;

/// Escape `raw`: control characters, invalid UTF-8, quotes, backslash and invisible or direction-changing characters
/// become `\xNN` per byte; cut at [`MAX_TEXT`] without splitting an escape or a character.
pub(super) fn escape(raw: &[u8]) -> String {
    escape_within(raw, MAX_TEXT)
}

/// As [`escape`], cut at `limit` bytes.
pub(super) fn escape_within(raw: &[u8], limit: usize) -> String {
    let mut out = String::with_capacity(raw.len().min(limit));
    for chunk in raw.utf8_chunks() {
        for letter in chunk.valid().chars() {
            if !push(&mut out, letter, limit) {
                return out;
            }
        }
        for byte in chunk.invalid() {
            if !push_byte(&mut out, *byte, limit) {
                return out;
            }
        }
    }
    out
}

fn push(out: &mut String, letter: char, limit: usize) -> bool {
    if is_plain(letter) {
        let fits = out.len() + letter.len_utf8() <= limit;
        if fits {
            out.push(letter);
        }
        return fits;
    }
    let mut buffer = [0; 4];
    let bytes = letter.encode_utf8(&mut buffer).as_bytes();
    out.len() + 4 * bytes.len() <= limit && bytes.iter().all(|byte| push_byte(out, *byte, limit))
}

fn push_byte(out: &mut String, byte: u8, limit: usize) -> bool {
    out.len() + 4 <= limit && write!(out, "\\x{byte:02x}").is_ok()
}

/// Printable without effect on its surroundings (Unicode TR 36: bidirectional controls and invisible characters are not).
fn is_plain(letter: char) -> bool {
    !letter.is_control()
        && !matches!(letter, '"' | '\'' | '\\' | '`')
        && !matches!(
            letter,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
        )
        && !matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        && !matches!(letter, '\u{e0000}'..='\u{e007f}')
}

/// Join numbers with commas, cut at [`MAX_TEXT`] between two numbers.
pub(super) fn join<T: std::fmt::Display>(values: impl Iterator<Item = T>) -> String {
    let mut out = String::new();
    for value in values {
        let before = out.len();
        let comma = if before == 0 { "" } else { "," };
        if write!(out, "{comma}{value}").is_err() || out.len() > MAX_TEXT {
            out.truncate(before);
            break;
        }
    }
    out
}
