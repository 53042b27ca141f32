//! Lines of the FTP control connection: framing, commands, replies, recognition.
//!
//! Source: RFC 959 4.2 (replies), 5.3 (commands); RFC 854 (Telnet codes may precede ABOR).

use super::verbs::{OTHER, verb};
use crate::proto::dialogue::Cut;
use crate::proto::read;

/// Registered port.
pub(super) const PORT: u16 = 21;
/// A line longer than this is read without its end: RFC 959 sets no limit, servers stop at 512 B to 4 KiB, and what is
/// longer tries to overflow a buffer.
const MAX_LINE: usize = 4096;

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

/// Find the next line: up to LF, or as much as there is of an overlong one. While `lost`, only a line that its sender may
/// begin with counts; who the server is may not be known.
pub(super) fn cut(data: &[u8], from_server: Option<bool>, lost: bool) -> Cut {
    let Some(end) = data.iter().position(|byte| *byte == b'\n') else {
        return match (data.len() > MAX_LINE, lost) {
            (false, _) => Cut::Need,
            (true, true) => Cut::Bad(data.len()),
            (true, false) => Cut::Message(data.len()),
        };
    };
    let line = trim(data.get(..end).unwrap_or(&[]));
    // Text has no NUL (RFC 854 allows it after CR only): this is something else.
    if line.contains(&0) {
        return Cut::Bad(end + 1);
    }
    let may_be = |server: bool| from_server.is_none_or(|known| known == server);
    let is_start =
        may_be(true) && reply(line).is_some() || may_be(false) && command(line).0 != OTHER;
    if lost && !is_start {
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

/// Verb and argument of a command line.
pub(super) fn command(line: &[u8]) -> (&'static str, &[u8]) {
    let line = line.trim_ascii_start();
    let end = line
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(line.len());
    let (word, rest) = line.split_at(end);
    match verb(word) {
        Some(verb) => (verb, rest.trim_ascii_start()),
        None => (OTHER, line),
    }
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

/// What a payload says about being FTP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::proto) enum Likeness {
    /// Nothing.
    No,
    /// A 220 greeting that any protocol of this family could send.
    Greeting,
    /// A command that FTP shares with others: USER.
    Command,
    /// FTP for certain.
    Sure,
}

/// Judge the first line of a payload.
pub(in crate::proto) fn likeness(data: &[u8], from_port: u16, to_port: u16) -> Likeness {
    // Commands and replies begin with a letter or a digit; binary payloads must not cost a search for a line end.
    if !data.first().is_some_and(u8::is_ascii_alphanumeric) {
        return Likeness::No;
    }
    let whole = data.contains(&b'\n');
    let end = data
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(data.len());
    let line = trim(data.get(..end).unwrap_or(&[]));
    if !whole || line.iter().any(|byte| *byte < 0x20 && *byte != b'\t') {
        return Likeness::No;
    }
    if let Some(reply) = reply(line) {
        let greets = reply.code == 220;
        let named = read::contains_word(data, b"ftp") && !read::contains_word(data, b"smtp");
        return match (greets, from_port == PORT) {
            (_, true) => Likeness::Sure,
            (true, false) if named => Likeness::Sure,
            (true, false) => Likeness::Greeting,
            (false, false) => Likeness::No,
        };
    }
    match command(line) {
        (OTHER, _) => Likeness::No,
        _ if to_port == PORT => Likeness::Sure,
        ("USER", name) if !name.is_empty() && !name.contains(&b' ') => Likeness::Command,
        ("AUTH", b"TLS" | b"SSL") => Likeness::Command,
        _ => Likeness::No,
    }
}
