//! Text of Windows protocols (UTF-16, little endian) made safe to store.

use super::escape::escape;
use super::read::le16;

/// Code units read: each becomes at least one byte of what a row keeps.
const MAX_UNITS: usize = super::escape::MAX_TEXT;

/// Decode and escape a name; zeros at its end are no part of it.
pub(super) fn text(raw: &[u8]) -> String {
    escape(decode(raw).as_bytes())
}

/// As [`text`], with `/` for `\`: a path that reads well and needs no escapes.
pub(super) fn path(raw: &[u8]) -> String {
    escape(decode(raw).replace('\\', "/").as_bytes())
}

/// As [`path`], of octets in a code page of which only ASCII is known.
pub(super) fn narrow_path(raw: &[u8]) -> String {
    let raw = raw.get(..MAX_UNITS).unwrap_or(raw);
    let slashes: Vec<u8> = raw
        .iter()
        .map(|octet| if *octet == b'\\' { b'/' } else { *octet })
        .collect();
    escape(&slashes)
}

fn decode(raw: &[u8]) -> String {
    let units = raw.chunks_exact(2).take(MAX_UNITS);
    let units = units.filter_map(|unit| le16(unit, 0));
    let mut text: String = char::decode_utf16(units)
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.truncate(text.trim_end_matches('\0').len());
    text
}
