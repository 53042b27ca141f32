//! Credentials of HTTP requests: their scheme and the user they name; what is secret in them is never kept.
//!
//! Source: RFC 9110 11.6.2, RFC 7617 (Basic), RFC 7616 3.4 (Digest), RFC 4648 4 (base64).

use crate::proto::read::starts_with_word;

/// Base64 letters decoded: names are shorter than what a row keeps of them.
const MAX_LETTERS: usize = 512;
const SCHEMES: [&str; 6] = ["basic", "bearer", "digest", "kerberos", "negotiate", "ntlm"];

/// Scheme, and the user where the scheme shows one.
pub(super) fn credentials(value: &[u8]) -> (&'static str, Option<Vec<u8>>) {
    let end = value
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(value.len());
    let (scheme, rest) = value.split_at(end);
    let kind = SCHEMES
        .into_iter()
        .find(|name| scheme.eq_ignore_ascii_case(name.as_bytes()))
        .unwrap_or("other");
    let user = match kind {
        "basic" => basic_user(rest.trim_ascii()),
        "digest" => digest_user(rest),
        _ => None,
    };
    (kind, user)
}

/// What stands before the first colon; without a colon it may be a password alone.
fn basic_user(text: &[u8]) -> Option<Vec<u8>> {
    let mut plain = decode(text);
    let colon = plain.iter().position(|byte| *byte == b':')?;
    plain.truncate(colon);
    Some(plain)
}

fn decode(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut bits, mut count) = (0_u32, 0_u8);
    for letter in text.iter().take(MAX_LETTERS) {
        let value = match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            let [.., octet] = (bits >> count).to_be_bytes();
            out.push(octet);
        }
    }
    out
}

fn digest_user(rest: &[u8]) -> Option<Vec<u8>> {
    const WORD: &[u8] = b"username=\"";
    let at = (0..rest.len()).find(|at| {
        rest.get(*at..)
            .is_some_and(|part| starts_with_word(part, WORD))
    })?;
    let name = rest.get(at + WORD.len()..)?;
    let end = name.iter().position(|byte| *byte == b'"')?;
    Some(name.get(..end)?.to_vec())
}
