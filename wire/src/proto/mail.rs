//! What POP3 and IMAP have in common: replies of a status, a code in brackets and words; logins; and what a session fetched.
//!
//! Source: RFC 1939 3, RFC 2449 8 and RFC 3206 (POP3), RFC 9051 7.1 and RFC 5530 (IMAP).

use super::dialogue::Meta;
use super::escape::{escape, escape_within};
use super::line::word;
use super::read::contains_word;
use super::sasl::Sasl;
use super::secrets::Secrets;

/// Raw bytes kept of a password, to recognise it in a reply: more than what escaping lets into a row.
const MAX_SECRET: usize = 256;
/// Bytes kept of a code: the longest registered one has 20 (RFC 5530, AUTHENTICATIONFAILED).
const MAX_CODE: usize = 32;
/// Codes of a refusal that say nothing of the credentials: RFC 2449 8.1 and RFC 3206 4 (POP3), RFC 5530 3 (IMAP).
const NO_MATTER: [&str; 9] = [
    "SYS/TEMP",
    "SYS/PERM",
    "IN-USE",
    "LOGIN-DELAY",
    "UNAVAILABLE",
    "PRIVACYREQUIRED",
    "CONTACTADMIN",
    "INUSE",
    "SERVERBUG",
];
/// Words of a refusal of the way of logging in: Dovecot auth-common ("Plaintext authentication disallowed"), Cyrus imapd
/// ("Login only available under a layer"), UW imapd ("LOGIN is disabled").
const NO_WAY: [&str; 4] = [
    "plaintext",
    "under a layer",
    "login is disabled",
    "login disabled",
];

/// A reply.
pub(super) struct Told {
    /// `OK`, `ERR`, `NO` or `BAD`.
    pub(super) status: &'static str,
    /// First word between brackets, upper case, escaped.
    pub(super) code: Option<String>,
    /// Words behind the brackets, escaped.
    pub(super) text: Option<String>,
}

impl Told {
    /// Read what follows the status.
    pub(super) fn read(status: &'static str, words: &[u8]) -> Self {
        let (code, text) = bracketed(words.trim_ascii());
        let code = code.map(|inside| word(inside).0.to_ascii_uppercase());
        Self {
            status,
            code: code.map(|code| escape_within(&code, MAX_CODE)),
            text: Some(escape(text)),
        }
    }

    /// A refusal that says nothing of the credentials.
    fn is_no_matter(&self) -> bool {
        let code = self.code.as_deref().unwrap_or_default();
        let text = self.text.as_deref().unwrap_or_default().as_bytes();
        NO_MATTER.contains(&code) || NO_WAY.iter().any(|way| contains_word(text, way.as_bytes()))
    }

    /// Bytes of text held.
    pub(super) fn bytes(&self) -> usize {
        capacity(self.code.as_ref()) + capacity(self.text.as_ref())
    }
}

/// What stands in brackets at the start, and what follows them.
pub(super) fn bracketed(words: &[u8]) -> (Option<&[u8]>, &[u8]) {
    let inside = words.strip_prefix(b"[");
    let end = inside.and_then(|rest| rest.iter().position(|byte| *byte == b']'));
    match (inside, end) {
        (Some(rest), Some(end)) => {
            let text = rest.get(end + 1..).unwrap_or(&[]);
            (rest.get(..end), text.trim_ascii_start())
        }
        _ => (None, words),
    }
}

/// Bytes of an optional text held.
pub(super) fn capacity(text: Option<&String>) -> usize {
    text.map_or(0, String::capacity)
}

/// A login on its way.
pub(super) struct Login {
    /// Packet it began with.
    pub(super) meta: Meta,
    /// Command.
    pub(super) command: &'static str,
    method: Option<&'static str>,
    user: Option<String>,
    secret_hash: Option<String>,
    /// Kept only to recognise it in the reply, never written.
    secret: Vec<u8>,
    sasl: Option<Sasl>,
    /// Credentials were shown, and not withdrawn.
    is_shown: bool,
}

impl Login {
    /// A login without SASL.
    pub(super) fn new(meta: Meta, command: &'static str, method: Option<&'static str>) -> Self {
        Self {
            meta,
            command,
            method,
            user: None,
            secret_hash: None,
            secret: Vec::new(),
            sasl: None,
            is_shown: false,
        }
    }

    /// A login by a SASL mechanism, with the answer that came with its name.
    pub(super) fn sasl(
        meta: Meta,
        command: &'static str,
        (name, initial): (&[u8], &[u8]),
        secrets: &Secrets,
    ) -> Self {
        let mut login = Self::new(meta, command, None);
        login.sasl = Some(Sasl::begin(name));
        if !initial.is_empty() {
            login.answer(initial, secrets);
        }
        login
    }

    /// The user is named.
    pub(super) fn name(&mut self, user: &[u8]) {
        self.user = Some(escape(user));
        self.is_shown = true;
    }

    /// The user is the one that `other` named.
    pub(super) fn take_name(&mut self, other: &mut Self) {
        self.user = other.user.take();
    }

    /// The password is shown.
    pub(super) fn show(&mut self, secret: &[u8], secrets: &Secrets) {
        self.secret_hash = secrets.hash(secret);
        self.secret = secret.get(..MAX_SECRET).unwrap_or(secret).to_vec();
        self.is_shown = true;
    }

    /// Answer a challenge; `*` gives up (RFC 5034 4, RFC 9051 6.2.2).
    pub(super) fn answer(&mut self, line: &[u8], secrets: &Secrets) {
        let line = line.trim_ascii();
        self.is_shown = line != b"*";
        if let Some(sasl) = self.sasl.as_mut().filter(|_| line != b"*") {
            // `=` stands for an empty answer (RFC 4959 3, RFC 5034 4).
            sasl.answer(line.strip_prefix(b"=").unwrap_or(line), secrets);
        }
    }

    /// User, escaped.
    pub(super) fn user(&self) -> Option<&str> {
        let of_sasl = self.sasl.as_ref().and_then(|sasl| sasl.user.as_deref());
        of_sasl.or(self.user.as_deref())
    }

    /// Name of the method.
    pub(super) fn method(&self) -> Option<&'static str> {
        self.sasl.as_ref().map(|sasl| sasl.method).or(self.method)
    }

    /// Hash of the secret.
    pub(super) fn secret_hash(&self) -> Option<&str> {
        let of_sasl = self
            .sasl
            .as_ref()
            .and_then(|sasl| sasl.secret_hash.as_deref());
        of_sasl.or(self.secret_hash.as_deref())
    }

    /// How it ended: a status that is no refusal of shown credentials leaves it open.
    pub(super) fn outcome(&self, told: Option<&Told>) -> &'static str {
        match told {
            Some(told) if told.status == "OK" => "ok",
            Some(told) if self.is_shown && told.status != "BAD" && !told.is_no_matter() => {
                "negative"
            }
            _ => "unknown",
        }
    }

    /// A reply that repeats the secret must not be stored either.
    pub(super) fn hears(&self, status: &'static str, words: &[u8]) -> Told {
        let mut told = Told::read(status, words);
        if !self.secret.is_empty() && contains_word(words, &self.secret) {
            told.text = None;
        }
        told
    }

    /// Bytes held.
    pub(super) fn bytes(&self) -> usize {
        let sasl = self.sasl.as_ref();
        let texts = [
            self.user.as_ref(),
            self.secret_hash.as_ref(),
            sasl.and_then(|sasl| sasl.user.as_ref()),
            sasl.and_then(|sasl| sasl.secret_hash.as_ref()),
        ];
        texts.into_iter().map(capacity).sum::<usize>() + self.secret.capacity()
    }
}

/// What a session fetched.
#[derive(Clone, Copy, Default)]
pub(super) struct Fetched {
    /// Messages.
    pub(super) retrieved: i32,
    /// Messages deleted.
    pub(super) deleted: i32,
    /// Octets of messages.
    pub(super) bytes: i64,
}

impl Fetched {
    /// Nothing at all.
    pub(super) const fn is_nothing(&self) -> bool {
        self.retrieved == 0 && self.deleted == 0 && self.bytes == 0
    }

    /// More octets of messages.
    pub(super) fn add(&mut self, bytes: usize) {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.bytes = self.bytes.saturating_add(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::{Told, bracketed};

    /// Codes come out of their brackets, and only from the start.
    #[test]
    fn codes() {
        let told = Told::read("NO", b" [AuthenticationFailed] no [x]\x07");
        assert_eq!(told.code.as_deref(), Some("AUTHENTICATIONFAILED"));
        assert_eq!(told.text.as_deref(), Some("no [x]\\x07"));
        assert_eq!(
            bracketed(b"[CAPABILITY A B] hi"),
            (Some(&b"CAPABILITY A B"[..]), &b"hi"[..])
        );
        assert_eq!(bracketed(b"[open"), (None, &b"[open"[..]));
        assert_eq!(bracketed(b"no [AUTH]"), (None, &b"no [AUTH]"[..]));
    }
}
