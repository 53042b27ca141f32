//! Where HTTP/1 messages begin and end in a stream: heads whole, bodies passed over as they come.
//!
//! Source: RFC 9112 6.3 (body length), 7.1 (chunks).

use super::head::{self, Fields, Start};
use crate::proto::dialogue::Cut;

/// Longest head read whole: servers stop at 8 to 16 KiB (nginx, Apache httpd, Tomcat).
pub(super) const MAX_HEAD: usize = 16_384;
/// Longest line of chunk size with extensions: what longer is, attacks.
const MAX_CHUNK_LINE: usize = 4096;
/// Hexadecimal digits of a chunk size that a file may have: 15, so that sums stay within 63 bits.
const MAX_CHUNK_DIGITS: usize = 15;

/// What comes next on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Reading {
    /// A start line.
    #[default]
    Start,
    /// A start line, after something that was none.
    Seek,
    /// That many bytes of a body.
    Length(u64),
    /// A body until the connection closes.
    UntilClose,
    /// The size of a chunk.
    ChunkSize,
    /// That many bytes of a chunk.
    Chunk(u64),
    /// The line end after a chunk.
    ChunkEnd,
    /// Fields after the last chunk.
    Trailer,
}

/// What a start line may be, by who sends it; `None` while that is unknown.
pub(super) fn may_start(line: &[u8], from_client: Option<bool>, strict: bool) -> Option<Start<'_>> {
    let start = head::start(line, strict)?;
    let is_request = matches!(start, Start::Request(..));
    from_client
        .is_none_or(|client| client == is_request)
        .then_some(start)
}

/// First line with its end; `None` when the end has not come.
pub(super) fn first_line(data: &[u8]) -> Option<&[u8]> {
    let end = data.iter().position(|byte| *byte == b'\n')?;
    data.get(..=end)
}

/// Find the next part of a message: a head, a line, or body bytes. Nothing here depends on where segments end, but for body
/// bytes, of which only the number matters.
pub(super) fn cut(reading: Reading, data: &[u8], from_client: Option<bool>) -> Cut {
    let limit = match reading {
        Reading::Start | Reading::Seek => MAX_HEAD,
        Reading::Length(left) | Reading::Chunk(left) => {
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            return Cut::Message(left.min(data.len()));
        }
        Reading::UntilClose => return Cut::Message(data.len()),
        Reading::ChunkSize | Reading::ChunkEnd | Reading::Trailer => MAX_CHUNK_LINE,
    };
    let whole = match first_line(data) {
        Some(line) if limit == MAX_HEAD => {
            let strict = reading == Reading::Seek;
            match may_start(line.trim_ascii_end(), from_client, strict) {
                None | Some(Start::Request(_, _, "0.9")) => Some(line.len()),
                Some(_) => head::length(data),
            }
        }
        line => line.map(<[u8]>::len),
    };
    match whole {
        Some(length) => Cut::Message(length.min(limit)),
        None if data.len() >= limit => Cut::Message(limit),
        None => Cut::Need,
    }
}

/// What follows the head of a request.
pub(super) fn after_request(fields: &Fields<'_>) -> Reading {
    match (fields.chunked, fields.length) {
        (true, _) => Reading::ChunkSize,
        (false, Some(length)) if length > 0 => Reading::Length(length),
        _ => Reading::Start,
    }
}

/// What follows the head of a response to a request with `method`.
pub(super) fn after_response(fields: &Fields<'_>, method: Option<&str>, code: u16) -> Reading {
    let has_none = code < 200 || code == 204 || code == 304 || method == Some("HEAD");
    match (has_none, fields.chunked, fields.length) {
        (true, _, _) | (false, false, Some(0)) => Reading::Start,
        (false, true, _) => Reading::ChunkSize,
        (false, false, Some(length)) => Reading::Length(length),
        (false, false, None) => Reading::UntilClose,
    }
}

/// Size that a chunk line states (RFC 9112 7.1); extensions are left out.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let end = line
        .iter()
        .position(|byte| matches!(byte, b';' | b' ' | b'\t' | b'\r' | b'\n'))?;
    let digits = line.get(..end)?;
    let zeros = digits.iter().take_while(|digit| **digit == b'0').count();
    if digits.is_empty() || digits.len() - zeros > MAX_CHUNK_DIGITS {
        return None;
    }
    digits.iter().try_fold(0_u64, |sum, digit| {
        let value = char::from(*digit).to_digit(16)?;
        Some(sum << 4 | u64::from(value))
    })
}

/// Reading after `data`, which [`cut`] found in a body, and the body bytes among it; `None` when the framing is broken.
pub(super) fn advance(reading: Reading, data: &[u8]) -> Option<(Reading, u64)> {
    let count = u64::try_from(data.len()).unwrap_or(0);
    Some(match reading {
        Reading::Start | Reading::Seek => (reading, 0),
        Reading::UntilClose => (reading, count),
        Reading::Length(left) if left > count => (Reading::Length(left - count), count),
        Reading::Length(_) => (Reading::Start, count),
        Reading::Chunk(left) if left > count => (Reading::Chunk(left - count), count),
        Reading::Chunk(_) => (Reading::ChunkEnd, count),
        Reading::ChunkEnd if data.trim_ascii().is_empty() => (Reading::ChunkSize, 0),
        Reading::ChunkEnd => return None,
        Reading::ChunkSize => match chunk_size(data)? {
            0 => (Reading::Trailer, 0),
            size => (Reading::Chunk(size), 0),
        },
        Reading::Trailer if data.trim_ascii().is_empty() => (Reading::Start, 0),
        Reading::Trailer => (Reading::Trailer, 0),
    })
}

/// Reading after missing bytes that lie wholly inside of a body.
pub(super) fn beyond(reading: Reading, missing: u32) -> Option<Reading> {
    let missing = u64::from(missing);
    match reading {
        Reading::UntilClose => Some(reading),
        Reading::Length(left) if left > missing => Some(Reading::Length(left - missing)),
        Reading::Length(left) if left == missing => Some(Reading::Start),
        Reading::Chunk(left) if left > missing => Some(Reading::Chunk(left - missing)),
        Reading::Chunk(left) if left == missing => Some(Reading::ChunkEnd),
        _ => None,
    }
}
