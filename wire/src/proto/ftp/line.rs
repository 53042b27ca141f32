//! Lines of the FTP control connection: commands and recognition.
//!
//! Source: RFC 959 5.3 (commands).

use super::verbs::{OTHER, verb};
use crate::proto::dialogue::Cut;
use crate::proto::line::{self, reply, trim};
use crate::proto::read;

/// Registered port.
pub(super) const PORT: u16 = 21;
/// Find the next line. While `lost`, only a line that its sender may begin with counts; who the server is may not be known.
pub(super) fn cut(data: &[u8], from_server: Option<bool>, lost: bool) -> Cut {
    line::cut(data, lost, |line| {
        let may_be = |server: bool| from_server.is_none_or(|known| known == server);
        may_be(true) && reply(line).is_some() || may_be(false) && command(line).0 != OTHER
    })
}

/// Verb and argument of a command line.
pub(super) fn command(line: &[u8]) -> (&'static str, &[u8]) {
    let (word, rest) = line::word(line);
    match verb(word) {
        Some(verb) => (verb, rest),
        None => (OTHER, line.trim_ascii_start()),
    }
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
