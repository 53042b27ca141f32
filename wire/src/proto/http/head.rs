//! Heads of HTTP/1 messages: start lines and the header fields a row keeps. Read line by line and leniently: one bad byte in
//! a field must not hide the request it came with.
//!
//! Source: RFC 9112 2 to 6 (syntax, framing), RFC 9110 (fields).

use super::auth;
use crate::proto::read::{contains_word, octet, starts_with_word};

/// Longest method: the longest registered one (UPDATEREDIRECTREF) has 17 letters.
const MAX_METHOD: usize = 32;
/// Fields that proxies add (those of Zeek's `HTTP::proxy_headers`, and X-Real-IP), as they are shown.
const PROXY_FIELDS: [&str; 8] = [
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-From",
    "Client-IP",
    "Via",
    "Xroxy-Connection",
    "Proxy-Connection",
    "X-Real-IP",
];
/// Fields of proxies that are kept.
const MAX_PROXIED: usize = 8;

/// A start line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start<'a> {
    /// Method, target and version.
    Request(&'a [u8], &'a [u8], &'static str),
    /// Version, status code and reason.
    Status(&'static str, u16, &'a [u8]),
}

/// Read a start line. `strict` asks for all that tells it from any other text: upper-case method and version.
pub(super) fn start(line: &[u8], strict: bool) -> Option<Start<'_>> {
    match line.strip_prefix(b"HTTP/") {
        Some(rest) => status(rest),
        None => request(line, strict),
    }
}

fn version(text: &[u8]) -> &'static str {
    match text {
        b"1.0" => "1.0",
        b"1.1" => "1.1",
        b"0.9" => "0.9",
        _ => "other",
    }
}

fn status(rest: &[u8]) -> Option<Start<'_>> {
    let at = rest.iter().position(|byte| *byte == b' ')?;
    let (number, rest) = rest.split_at(at);
    let sound = matches!(number, [b'0'..=b'9', b'.', b'0'..=b'9']);
    let rest = rest.trim_ascii_start();
    let digits = rest.get(..3)?;
    let ends = octet(rest, 3).is_none_or(|byte| byte.is_ascii_whitespace());
    if !sound || !ends || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let code = digits
        .iter()
        .fold(0, |sum, digit| sum * 10 + u16::from(digit - b'0'));
    let reason = rest.get(3..)?.trim_ascii();
    Some(Start::Status(version(number), code, reason))
}

fn request(line: &[u8], strict: bool) -> Option<Start<'_>> {
    let end = line.iter().position(|byte| *byte == b' ')?;
    let (method, rest) = line.split_at(end);
    if method.is_empty() || method.len() > MAX_METHOD || !method.iter().all(|byte| is_token(*byte))
    {
        return None;
    }
    if strict && method.iter().any(u8::is_ascii_lowercase) {
        return None;
    }
    let rest = rest.trim_ascii();
    let split = rest.windows(5).rposition(|part| part == b"HTTP/");
    let (target, number) = match split {
        Some(at) => (
            rest.get(..at)?.trim_ascii_end(),
            version(rest.get(at + 5..)?),
        ),
        // HTTP/0.9 has no version; anything with a space in it is text.
        None if strict || method != b"GET" || octet(rest, 0) != Some(b'/') => return None,
        None => (rest, "0.9"),
    };
    (!target.is_empty()).then_some(Start::Request(method, target, number))
}

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Length of the head that `data` starts with: up to and with the first empty line.
pub(super) fn length(data: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += data.get(at..)?.iter().position(|byte| *byte == b'\n')? + 1;
        match data.get(at..)? {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
}

/// Who asks for credentials (RFC 9110 11.6 and 11.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Asker {
    #[default]
    Server,
    Proxy,
}

/// The fields of a head that matter here.
#[derive(Default)]
pub(super) struct Fields<'a> {
    pub(super) host: Option<&'a [u8]>,
    pub(super) referrer: Option<&'a [u8]>,
    pub(super) user_agent: Option<&'a [u8]>,
    pub(super) content_type: Option<&'a [u8]>,
    pub(super) coding: Option<&'a [u8]>,
    pub(super) credentials: Option<&'a [u8]>,
    /// Who asked for them.
    pub(super) asker: Asker,
    /// What the server asks for by NTLM, or answers.
    pub(super) challenge: Option<&'a [u8]>,
    pub(super) proxied: Vec<(&'static str, &'a [u8])>,
    pub(super) length: Option<u64>,
    pub(super) chunked: bool,
    /// A line that is no field.
    pub(super) bad_field: bool,
    /// Lengths that contradict one another, or are no numbers, or come together with chunks (RFC 9112 6.3).
    pub(super) bad_length: bool,
}

/// Read the lines after the start line.
pub(super) fn fields(lines: &[u8]) -> Fields<'_> {
    let mut found = Fields::default();
    let mut rest = lines;
    while !rest.is_empty() {
        let end = field_end(rest);
        let (line, after) = rest.split_at(end);
        rest = after;
        let line = line.trim_ascii();
        if line.is_empty() {
            break;
        }
        match line.iter().position(|byte| *byte == b':') {
            Some(colon) if colon > 0 => {
                let (name, value) = line.split_at(colon);
                let value = value.strip_prefix(b":").unwrap_or(value);
                found.take(name.trim_ascii(), value.trim_ascii());
            }
            _ => found.bad_field = true,
        }
    }
    found.bad_length |= found.chunked && found.length.is_some();
    found
}

/// End of the first field line with the lines folded into it (RFC 9112 5.2).
fn field_end(data: &[u8]) -> usize {
    let mut at = 0;
    while let Some(next) = data
        .get(at..)
        .and_then(|rest| rest.iter().position(|b| *b == b'\n'))
    {
        at += next + 1;
        if !matches!(octet(data, at), Some(b' ' | b'\t')) {
            return at;
        }
    }
    data.len()
}

impl<'a> Fields<'a> {
    fn take(&mut self, name: &[u8], value: &'a [u8]) {
        let is = |word: &str| name.eq_ignore_ascii_case(word.as_bytes());
        let place = if is("host") {
            &mut self.host
        } else if is("referer") {
            &mut self.referrer
        } else if is("user-agent") {
            &mut self.user_agent
        } else if is("content-type") {
            &mut self.content_type
        } else if is("content-encoding") {
            &mut self.coding
        } else if is("authorization") || is("proxy-authorization") {
            if self.credentials.is_none() && is("proxy-authorization") {
                self.asker = Asker::Proxy;
            }
            &mut self.credentials
        } else if (is("www-authenticate") || is("proxy-authenticate"))
            && auth::ntlm_token(value).is_some()
        {
            &mut self.challenge
        } else {
            if is("content-length") {
                self.measure(value);
            } else if is("transfer-encoding") {
                self.chunked |= contains_word(value, b"chunked");
            } else if let Some(name) = PROXY_FIELDS.into_iter().find(|name| is(name))
                && self.proxied.len() < MAX_PROXIED
            {
                self.proxied.push((name, value));
            }
            return;
        };
        // The first one counts, as for servers.
        place.get_or_insert(value);
    }

    fn measure(&mut self, value: &[u8]) {
        for part in value.split(|byte| *byte == b',') {
            let number = number(part.trim_ascii());
            self.bad_length |=
                number.is_none() || self.length.is_some_and(|known| Some(known) != number);
            self.length = self.length.or(number);
        }
    }
}

/// A decimal number that a file may be long: at most 18 digits.
fn number(text: &[u8]) -> Option<u64> {
    let significant = text.iter().position(|byte| *byte != b'0');
    let digits = text.get(significant.unwrap_or(text.len())..)?;
    if text.is_empty() || digits.len() > 18 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(
        digits
            .iter()
            .fold(0, |sum, digit| sum * 10 + u64::from(digit - b'0')),
    )
}

/// Host without the port (RFC 9110 7.2); an IPv6 address stands in brackets.
pub(super) fn without_port(host: &[u8]) -> &[u8] {
    match host.iter().rposition(|byte| *byte == b':') {
        Some(at)
            if host
                .get(at + 1..)
                .is_some_and(|port| !port.is_empty() && port.iter().all(u8::is_ascii_digit)) =>
        {
            host.get(..at).unwrap_or(host)
        }
        _ => host,
    }
}

/// Target in two parts, without the password of an absolute form (RFC 3986 3.2.1: user:password@host).
pub(super) fn without_password(target: &[u8]) -> (&[u8], &[u8]) {
    let whole = (target, &[][..]);
    let Some(scheme) = target.windows(3).position(|part| part == b"://") else {
        return whole;
    };
    let begin = scheme + 3;
    let rest = target.get(begin..).unwrap_or(&[]);
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?' | b'#'))
        .unwrap_or(rest.len());
    let authority = rest.get(..end).unwrap_or(&[]);
    let at = authority.iter().rposition(|byte| *byte == b'@');
    let colon = authority.iter().position(|byte| *byte == b':');
    match (colon, at) {
        // A scheme further back is part of a query, not of this URI.
        (Some(colon), Some(at)) if colon < at && !starts_with_word(target, b"/") => (
            target.get(..begin + colon).unwrap_or(&[]),
            target.get(begin + at..).unwrap_or(&[]),
        ),
        _ => whole,
    }
}
