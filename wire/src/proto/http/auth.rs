//! Credentials of HTTP requests: their scheme and the user they name; what is secret in them is never kept but as a keyed hash.
//!
//! Source: RFC 9110 11.6.2, RFC 7617 (Basic), RFC 7616 3.4 (Digest).

use crate::proto::base64::decode;
use crate::proto::read::starts_with_word;

/// Base64 letters decoded: names and passwords are shorter than what a row keeps of them.
const MAX_LETTERS: usize = 512;
const SCHEMES: [&str; 6] = ["basic", "bearer", "digest", "kerberos", "negotiate", "ntlm"];

/// What credentials show.
#[derive(Default)]
pub(super) struct Credentials {
    /// Scheme; `None` when there are no credentials.
    pub(super) kind: Option<&'static str>,
    /// User, where the scheme shows one.
    pub(super) user: Option<Vec<u8>>,
    /// Password, where the scheme shows one; to be hashed at once.
    pub(super) password: Option<Vec<u8>>,
}

/// Read the value of an Authorization field.
pub(super) fn credentials(value: &[u8]) -> Credentials {
    let end = value
        .iter()
        .position(u8::is_ascii_whitespace)
        .unwrap_or(value.len());
    let (scheme, rest) = value.split_at(end);
    let kind = SCHEMES
        .into_iter()
        .find(|name| scheme.eq_ignore_ascii_case(name.as_bytes()))
        .unwrap_or("other");
    let (user, password) = match kind {
        "basic" => basic(rest.trim_ascii()),
        "digest" => (digest_user(rest), None),
        _ => (None, None),
    };
    Credentials {
        kind: Some(kind),
        user,
        password,
    }
}

/// Base64 letters of the token of NTLM or Negotiate in a field (RFC 4559 4; [MS-NTHT] 2.1); none: the scheme is only named, or another.
pub(super) fn ntlm_token(value: &[u8]) -> Option<&[u8]> {
    let end = value.iter().position(u8::is_ascii_whitespace)?;
    let (scheme, rest) = value.split_at(end);
    let rest = rest.trim_ascii();
    let known = ["ntlm", "negotiate"];
    let mut known = known.iter().map(|name| name.as_bytes());
    (known.any(|name| scheme.eq_ignore_ascii_case(name)) && !rest.is_empty()).then_some(rest)
}

/// What stands before and after the first colon; without a colon it may be a password alone.
fn basic(text: &[u8]) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
    let (plain, is_whole) = decode(text.get(..MAX_LETTERS).unwrap_or(text));
    let Some(colon) = plain.iter().position(|byte| *byte == b':') else {
        return (None, None);
    };
    let (user, password) = plain.split_at(colon);
    // The hash of a part would be that of another password.
    let is_whole = is_whole && text.len() <= MAX_LETTERS;
    let password = password.get(1..).filter(|_| is_whole);
    (Some(user.to_vec()), password.map(<[u8]>::to_vec))
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
