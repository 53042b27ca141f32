//! Signatures of mail protocols.

use super::{Found, Look};
use crate::proto::read::{contains_word, starts_with_word};
use crate::proto::service::Service;

/// Longest line looked at, bytes: RFC 5321 4.5.3.1.5 allows replies of 512, RFC 2449 4 commands of 255.
const MAX_LINE: usize = 512;

/// First line without its end; `None` without a line end or with control characters in it.
pub(super) fn line(data: &[u8]) -> Option<&[u8]> {
    // Binary payloads, which are most, must not cost a search for a line end.
    let _printable = data.first().filter(|byte| matches!(byte, 0x20..=0x7e))?;
    let end = data.iter().take(MAX_LINE).position(|byte| *byte == b'\n')?;
    let line = data.get(..end)?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line.iter()
        .all(|byte| *byte >= 0x20 || *byte == b'\t')
        .then_some(line)
}

/// SMTP (RFC 5321): greeting by name or by port, EHLO, HELO (and LHLO of RFC 2033).
pub(super) fn smtp(look: &Look<'_>) -> Option<Found> {
    let line = line(look.data)?;
    let mail_port = |port| matches!(port, 25 | 465 | 587 | 2525);
    if line.starts_with(b"220 ") || line.starts_with(b"220-") {
        let named = contains_word(line, b"smtp") || contains_word(line, b"mail server");
        return (named || mail_port(look.from_port)).then_some(Found::sent(Service::Smtp, false));
    }
    let word = line.get(..5)?;
    let hello = ["EHLO ", "HELO ", "LHLO "]
        .iter()
        .any(|verb| word.eq_ignore_ascii_case(verb.as_bytes()));
    let other = mail_port(look.to_port)
        && ["MAIL FROM:", "RCPT TO:", "STARTTLS", "AUTH "]
            .iter()
            .any(|verb| starts_with_word(line, verb.as_bytes()));
    ((hello && line.len() > 5) || other).then_some(Found::sure(Service::Smtp))
}

/// POP3 (RFC 1939): greeting by name or by port, client commands by port.
pub(super) fn pop3(look: &Look<'_>) -> Option<Found> {
    let line = line(look.data)?;
    let server =
        line.starts_with(b"+OK") && (look.from_port == 110 || contains_word(line, b"pop3"));
    let client = look.to_port == 110
        && ["USER ", "PASS ", "APOP ", "CAPA", "STLS", "STAT", "AUTH"]
            .iter()
            .any(|verb| starts_with_word(line, verb.as_bytes()));
    (server || client).then_some(Found::sure(Service::Pop3))
}

/// IMAP4 (RFC 9051): untagged greeting by name or by port, tagged command by port.
pub(super) fn imap(look: &Look<'_>) -> Option<Found> {
    let line = line(look.data)?;
    let greets = ["* OK", "* PREAUTH", "* BYE"]
        .iter()
        .any(|word| line.starts_with(word.as_bytes()));
    if greets && (look.from_port == 143 || contains_word(line, b"imap")) {
        return Some(Found::sure(Service::Imap));
    }
    if look.to_port != 143 {
        return None;
    }
    let mut words = line.split(|byte| *byte == b' ');
    let (tag, verb) = (words.next()?, words.next()?);
    let tagged = !tag.is_empty() && tag.len() <= 16 && tag.iter().all(u8::is_ascii_alphanumeric);
    let known = [
        "CAPABILITY",
        "LOGIN",
        "AUTHENTICATE",
        "STARTTLS",
        "ID",
        "NOOP",
        "SELECT",
        "LIST",
    ]
    .iter()
    .any(|name| verb.eq_ignore_ascii_case(name.as_bytes()));
    (tagged && known).then_some(Found::sure(Service::Imap))
}
