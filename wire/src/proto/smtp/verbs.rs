//! SMTP command lines, and paths in them.
//!
//! Source: RFC 5321 4.1 (commands, paths), RFC 3030 2 (BDAT), RFC 3207 (STARTTLS), RFC 4954 4 (AUTH), RFC 2033 (LHLO).

use crate::proto::line::{listed, word};
use crate::proto::read::starts_with_word;

const VERBS: [&str; 17] = [
    "AUTH", "BDAT", "DATA", "EHLO", "ETRN", "EXPN", "HELO", "HELP", "LHLO", "MAIL", "NOOP", "QUIT",
    "RCPT", "RSET", "STARTTLS", "VRFY", "XCLIENT",
];

/// Verb, and what follows it; `None` when it is no command.
pub(super) fn command(line: &[u8]) -> Option<(&'static str, &[u8])> {
    let (verb, rest) = word(line);
    listed(&VERBS, verb).map(|verb| (verb, rest))
}

/// The address of `FROM:<address> …` or `TO:<address> …`: without brackets and without what follows.
pub(super) fn path<'a>(argument: &'a [u8], label: &[u8]) -> &'a [u8] {
    let rest = if starts_with_word(argument, label) {
        argument.get(label.len()..).unwrap_or(&[])
    } else {
        argument
    };
    let rest = rest.trim_ascii();
    let (inside, ends) = match rest.strip_prefix(b"<") {
        Some(inside) => (inside, b'>'),
        None => (rest, b' '),
    };
    let end = inside.iter().position(|byte| *byte == ends);
    inside.get(..end.unwrap_or(inside.len())).unwrap_or(&[])
}

/// Size and `LAST` of a BDAT command; `None` when its size is no number of at most 9 digits.
pub(super) fn chunk(argument: &[u8]) -> Option<(usize, bool)> {
    let (number, rest) = word(argument);
    if number.is_empty() || number.len() > 9 || !number.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let size = number
        .iter()
        .fold(0, |sum, digit| sum * 10 + usize::from(digit - b'0'));
    Some((size, rest.trim_ascii().eq_ignore_ascii_case(b"LAST")))
}
