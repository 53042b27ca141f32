//! POP3 commands and replies.
//!
//! Source: RFC 1939 (commands, replies), RFC 2449 5 (CAPA), RFC 5034 (AUTH), RFC 2595 4 (STLS), RFC 6856 (LANG, UTF8).

use crate::proto::line::{listed, word};
use crate::proto::read::starts_with_word;

const VERBS: [&str; 19] = [
    "APOP", "AUTH", "CAPA", "DELE", "LANG", "LAST", "LIST", "NOOP", "PASS", "QUIT", "RETR", "RSET",
    "STAT", "STLS", "TOP", "UIDL", "USER", "UTF8", "XTND",
];

/// Verb and what follows the one space behind it: spaces of a password are part of it (RFC 1939 7, PASS).
pub(super) fn command(line: &[u8]) -> Option<(&'static str, &[u8])> {
    let verb = listed(&VERBS, word(line).0)?;
    let rest = line.trim_ascii_start().get(verb.len()..).unwrap_or(&[]);
    Some((verb, rest.get(1..).unwrap_or(&[])))
}

/// Status and words of a reply; `None` for challenges and anything else.
pub(super) fn reply(line: &[u8]) -> Option<(&'static str, &[u8])> {
    [("+OK", "OK"), ("-ERR", "ERR")]
        .iter()
        .find(|(word, _)| {
            let ends = line.get(word.len()).is_none_or(u8::is_ascii_whitespace);
            starts_with_word(line, word.as_bytes()) && ends
        })
        .map(|(word, status)| (*status, line.get(word.len()..).unwrap_or(&[])))
}

/// A challenge of a login (RFC 5034 4).
pub(super) fn is_challenge(line: &[u8]) -> bool {
    line == b"+" || line.starts_with(b"+ ")
}
