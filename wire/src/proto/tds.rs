//! SQL Server logins (TDS 7): pre-login, LOGIN7 in the clear, and the answer. Of the password only the keyed hash is kept.
//!
//! Source: [MS-TDS] 2.2.3.1 (packets), 2.2.6.4 (LOGIN7), 2.2.6.5 (PRELOGIN), 2.2.7.10 (ERROR), 2.2.7.14 (LOGINACK).

use super::attempt::{Attempt, Outcome};
use super::dialogue::{Cut, Dialogue, Message, Pair, Side, Sink};
use super::escape::escape;
use super::read::{be16, le16, le32, octet};
use super::service::Service;
use super::weird::Weird;

const BAD_PACKET: Weird = Weird::new(1, "tds_bad_packet");
const BAD_LOGIN: Weird = Weird::new(2, "tds_bad_login");

/// Bytes of a packet header.
const HEADER: usize = 8;
const PRELOGIN: u8 = 0x12;
const LOGIN7: u8 = 0x10;
const RESPONSE: u8 = 4;
/// ENCRYPT_NOT_SUP: the login goes on in the clear; all other values protect it (2.2.6.5).
const NOT_ENCRYPTED: u8 = 2;
/// Login failed for user ([MS-TDS] 2.2.7.10; sys.messages).
const LOGIN_FAILED: u32 = 18456;
/// Letters kept of a name; LOGIN7 allows 128.
const MAX_LETTERS: usize = 128;

/// One connection up to the answer to its login.
#[derive(Default)]
pub(super) struct Tds {
    attempt: Attempt,
    client_is_lo: Option<bool>,
    /// What the client said of encryption.
    wanted: Option<u8>,
    logged_in: bool,
    done: bool,
}

impl Tds {
    fn decide(&mut self, outcome: Outcome, message: &Message<'_>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        self.attempt
            .decide(outcome, Service::Tds, message, client_is_lo, sink);
        self.done = true;
    }

    /// The server's pre-login: its version, and whether what follows is protected.
    fn agreed(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let body = message.data.get(HEADER..).unwrap_or_default();
        if let Some([major, minor, build @ ..]) = option(body, 0) {
            let build = be16(build, 0).unwrap_or(0);
            self.attempt.server_version = Some(format!("{major}.{minor}.{build}"));
        }
        let answer = option(body, 1).and_then(|value| octet(value, 0));
        let in_clear = answer.is_none_or(|value| value & 0x1f == NOT_ENCRYPTED)
            || self
                .wanted
                .is_some_and(|value| value & 0x1f == NOT_ENCRYPTED);
        if !in_clear {
            self.attempt.method = Some("tls");
            self.decide(Outcome::Unknown, message, sink);
        }
    }

    fn login(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let login = message.data.get(HEADER..).unwrap_or_default();
        self.logged_in = true;
        self.attempt.first = Some(message.meta);
        let Some(flags) = octet(login, 25) else {
            sink.weird(BAD_LOGIN, &message.meta);
            return;
        };
        // Option flags 2: integrated security.
        self.attempt.method = Some(if flags & 0x80 == 0 {
            "password"
        } else {
            integrated(login).unwrap_or("other")
        });
        self.attempt.client_host = name(login, 36);
        self.attempt.user = name(login, 40);
        self.attempt.secret = secret(login).and_then(|secret| sink.out.secrets.hash(&secret));
        self.attempt.client_app = name(login, 48);
        self.attempt.server_name = name(login, 52);
        self.attempt.target = name(login, 68);
    }

    /// Tokens of the answer until one decides.
    fn answer(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let mut rest = message.data.get(HEADER..).unwrap_or_default();
        let mut failed = false;
        while let (Some(token), Some(length)) = (octet(rest, 0), le16(rest, 1)) {
            let value = rest.get(3..).unwrap_or_default();
            let value = value.get(..usize::from(length)).unwrap_or(value);
            match token {
                // LOGINACK.
                0xad => {
                    self.attempt.server_version =
                        product(value).or(self.attempt.server_version.take());
                    return self.decide(Outcome::Ok, message, sink);
                }
                // ERROR; more than one may come, the refusal of the login last.
                0xaa => {
                    let code = le32(value, 0).unwrap_or(0);
                    let letters = usize::from(le16(value, 6).unwrap_or(0));
                    let words = wide(
                        value.get(8..).unwrap_or_default(),
                        letters.min(2 * MAX_LETTERS),
                    );
                    self.attempt.refusal = Some(escape(format!("{code} {words}").as_bytes()));
                    failed |= code == LOGIN_FAILED;
                }
                // INFO, ENVCHANGE, SSPI: the same shape.
                0xab | 0xe3 | 0xed => {}
                _ => break,
            }
            rest = rest.get(3 + usize::from(length)..).unwrap_or_default();
        }
        if failed {
            self.decide(Outcome::Negative, message, sink);
        } else if self.attempt.refusal.is_some() {
            self.decide(Outcome::Unknown, message, sink);
        }
    }
}

/// Value of a pre-login option: type, offset, length, up to the terminator FFH.
fn option(body: &[u8], wanted: u8) -> Option<&[u8]> {
    let entry = body
        .chunks_exact(5)
        .take_while(|entry| octet(entry, 0) != Some(0xff))
        .find(|entry| octet(entry, 0) == Some(wanted))?;
    let (at, length) = (usize::from(be16(entry, 1)?), usize::from(be16(entry, 3)?));
    body.get(at..at + length)
}

/// Name whose offset and count of letters stand at `at`.
fn name(login: &[u8], at: usize) -> Option<String> {
    let (from, letters) = (
        usize::from(le16(login, at)?),
        usize::from(le16(login, at + 2)?),
    );
    let text = wide(login.get(from..)?, letters.min(MAX_LETTERS));
    (!text.is_empty()).then(|| escape(text.as_bytes()))
}

/// The password in UTF-8, as other protocols would show it: nibbles are exchanged and bits flipped (2.2.6.4).
fn secret(login: &[u8]) -> Option<Vec<u8>> {
    let (from, letters) = (usize::from(le16(login, 44)?), usize::from(le16(login, 46)?));
    let hidden = login.get(from..from + 2 * letters.min(MAX_LETTERS))?;
    let shown: Vec<u8> = hidden
        .iter()
        .map(|octet| (octet ^ 0xa5).rotate_left(4))
        .collect();
    (letters > 0).then(|| wide(&shown, MAX_LETTERS).into_bytes())
}

/// UTF-16, little-endian.
fn wide(data: &[u8], letters: usize) -> String {
    let units = data
        .chunks_exact(2)
        .take(letters)
        .filter_map(|pair| le16(pair, 0));
    char::decode_utf16(units)
        .map(|letter| letter.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

/// What integrated security speaks: NTLM by its signature, else SPNEGO or Kerberos.
fn integrated(login: &[u8]) -> Option<&'static str> {
    let (from, length) = (usize::from(le16(login, 78)?), usize::from(le16(login, 80)?));
    let token = login.get(from..from + length)?;
    let is_ntlm = token.windows(8).take(64).any(|part| part == b"NTLMSSP\0");
    Some(if is_ntlm { "ntlm" } else { "negotiate" })
}

/// Program name and version of a LOGINACK: interface 1, TDS version 4, name, four octets of version.
fn product(value: &[u8]) -> Option<String> {
    let letters = usize::from(octet(value, 5)?);
    let name = wide(value.get(6..)?, letters);
    let version = value.get(6 + 2 * letters..10 + 2 * letters)?;
    let [major, minor, ..] = *version else {
        return None;
    };
    let text = format!(
        "{} {major}.{minor}.{}",
        name.trim_end_matches('\0'),
        be16(version, 2)?
    );
    Some(escape(text.as_bytes()))
}

impl Dialogue for Tds {
    const BAD: Weird = BAD_PACKET;
    /// Packets are at most 32 767 bytes (2.2.6.4, PacketSize).
    const MAX_WAITING: usize = 32_768;

    fn cut(&self, data: &[u8], _from_lo: bool, lost: bool) -> Cut {
        if self.done {
            return Cut::Message(data.len());
        }
        if lost {
            return Cut::Bad(data.len());
        }
        match (octet(data, 0), be16(data, 2).map(usize::from)) {
            (Some(1..=0x17), Some(length @ HEADER..=32_767)) => Cut::Message(length),
            (Some(1..=0x17), None) => Cut::Need,
            _ => Cut::Bad(data.len()),
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if self.done {
            return;
        }
        let kind = octet(message.data, 0).unwrap_or(0);
        let from_client = kind != RESPONSE;
        let client_is_lo = *self
            .client_is_lo
            .get_or_insert(from_client == message.from_lo);
        match (kind, client_is_lo == message.from_lo) {
            (PRELOGIN, true) => {
                let body = message.data.get(HEADER..).unwrap_or_default();
                self.wanted = option(body, 1).and_then(|value| octet(value, 0));
                self.attempt.first.get_or_insert(message.meta);
            }
            (LOGIN7, true) if !self.logged_in => self.login(message, sink),
            // Parts of a long login.
            (LOGIN7 | 0x11, true) => {}
            (RESPONSE, false) if self.logged_in => self.answer(message, sink),
            (RESPONSE, false) => self.agreed(message, sink),
            _ => self.done = true,
        }
    }

    fn gap(&mut self, _from_lo: bool) {
        self.done = true;
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        self.attempt.end(Service::Tds, sides, client_is_lo, sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn bytes(&self) -> usize {
        self.attempt.bytes()
    }

    fn is_finished(&self) -> bool {
        self.done
    }
}
