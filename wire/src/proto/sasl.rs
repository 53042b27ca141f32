//! Logins by SASL as mail protocols carry them: which mechanism, which user, and the secret as a keyed hash where one is shown.
//!
//! Source: RFC 4422; RFC 4616 (PLAIN), draft-murchison-sasl-login (LOGIN), RFC 2195 (CRAM-MD5), RFC 2831 (DIGEST-MD5), RFC 5802
//! 5.1 (SCRAM), RFC 7628 3.1 (OAUTHBEARER), Google "OAuth 2.0 mechanism" (XOAUTH2), MS-SMTPNTLM, MS-POP3 and MS-OXIMAP (NTLM).

use super::base64::decode;
use super::dialogue::Meta;
use super::escape::escape;
use super::line::listed;
use super::ntlm::Ntlm;
use super::read::starts_with_word;
use super::secrets::Secrets;

/// Base64 letters of one message that are decoded: a bearer token has some 2 000, names and passwords far fewer.
const MAX_LETTERS: usize = 4096;
const MECHANISMS: [&str; 18] = [
    "anonymous",
    "cram-md5",
    "digest-md5",
    "external",
    "gss-spnego",
    "gssapi",
    "login",
    "msn",
    "ntlm",
    "oauthbearer",
    "plain",
    "scram-sha-1",
    "scram-sha-1-plus",
    "scram-sha-256",
    "scram-sha-256-plus",
    "scram-sha-512",
    "xoauth",
    "xoauth2",
];

/// One exchange.
#[derive(Debug)]
pub(super) struct Sasl {
    /// Mechanism, lower case; `other` outside the list.
    pub(super) method: &'static str,
    /// User, escaped.
    pub(super) user: Option<String>,
    /// Hash of the secret.
    pub(super) secret_hash: Option<String>,
    /// Messages of the client so far.
    step: u8,
}

impl Sasl {
    /// Begin with the name of a mechanism.
    pub(super) fn begin(name: &[u8]) -> Self {
        Self {
            method: listed(&MECHANISMS, name).unwrap_or("other"),
            user: None,
            secret_hash: None,
            step: 0,
        }
    }

    /// Read one message of the client, base64 as sent.
    pub(super) fn answer(&mut self, text: &[u8], secrets: &Secrets) {
        let step = self.step;
        self.step = step.saturating_add(1);
        let text = text.trim_ascii();
        // The hash of a part would be that of another secret.
        let (plain, is_whole) = decode(text.get(..MAX_LETTERS).unwrap_or(text));
        if !is_whole || text.len() > MAX_LETTERS {
            return;
        }
        match (self.method, step) {
            ("plain", _) => self.plain(&plain, secrets),
            ("login", 0) => self.user = Some(escape(&plain)),
            ("login", 1) => self.secret_hash = secrets.hash(&plain),
            ("cram-md5", _) => {
                let end = plain.iter().rposition(|byte| *byte == b' ');
                self.user = end.and_then(|end| plain.get(..end)).map(escape);
            }
            ("digest-md5", 0) => self.user = between(&plain, b"username=\"", b'"').map(escape),
            ("xoauth2", 0) => self.bearer(&plain, b"user=", 1, secrets),
            ("oauthbearer", 0) => self.bearer(&plain, b"a=", b',', secrets),
            ("ntlm", _) => {
                let mut ntlm = Ntlm::default();
                ntlm.read(&plain, &Meta::default());
                self.user = ntlm.user().map(str::to_owned).or(self.user.take());
            }
            (method, 0) if method.starts_with("scram") => {
                self.user = between(&plain, b"n=", b',').map(escape);
            }
            _ => {}
        }
    }

    /// Identity to act as, identity to check, password, with NUL between.
    fn plain(&mut self, plain: &[u8], secrets: &Secrets) {
        let mut parts = plain.splitn(3, |byte| *byte == 0).skip(1);
        if let (Some(user), Some(password)) = (parts.next(), parts.next()) {
            self.user = Some(escape(user));
            self.secret_hash = secrets.hash(password);
        }
    }

    fn bearer(&mut self, plain: &[u8], word: &[u8], ends: u8, secrets: &Secrets) {
        self.user = between(plain, word, ends).map(escape);
        let token = between(plain, b"auth=Bearer ", 1);
        self.secret_hash = token.and_then(|token| secrets.hash(token));
    }
}

/// What stands between `word` at the start of a field and the byte that ends it.
fn between<'a>(data: &'a [u8], word: &[u8], ends: u8) -> Option<&'a [u8]> {
    let at = (0..data.len()).find(|at| {
        let before = at.checked_sub(1).and_then(|at| data.get(at));
        before.is_none_or(|byte| matches!(byte, 1 | b',' | b' '))
            && data
                .get(*at..)
                .is_some_and(|rest| starts_with_word(rest, word))
    })?;
    let rest = data.get(at + word.len()..)?;
    let end = rest.iter().position(|byte| *byte == ends);
    rest.get(..end.unwrap_or(rest.len()))
}
