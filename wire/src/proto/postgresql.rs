//! PostgreSQL logins: start-up, the authentication asked for, and how it ended. Of a password only the keyed hash is kept.
//!
//! Source: PostgreSQL documentation, "Frontend/Backend Protocol" (Start-up, SSL Session Encryption, Message Formats) and
//! appendix A (error codes; class 28 is invalid authorization).

use super::attempt::{Attempt, Outcome};
use super::dialogue::{Cut, Dialogue, Message, Pair, Side, Sink};
use super::escape::escape;
use super::read::{be32, octet};
use super::service::Service;
use super::weird::Weird;

const BAD_MESSAGE: Weird = Weird::new(1, "postgresql_bad_message");

/// Largest start-up message, bytes (MAX_STARTUP_PACKET_LENGTH of the server).
const MAX_STARTUP: usize = 10_000;
/// Largest message during the start, bytes; the longest are notices and lists of mechanisms.
const MAX_MESSAGE: usize = 1 << 16;
/// Bytes read of one message: names, versions and errors lie in front.
const MAX_HEAD: usize = 1024;

const SSL_REQUEST: u32 = 0x04d2_162f;
const GSS_REQUEST: u32 = 0x04d2_1630;

/// How far the start has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    #[default]
    Untyped,
    Started,
    Authenticated,
    Done,
}

/// One connection up to the end of its start.
#[derive(Default)]
pub(super) struct Postgresql {
    attempt: Attempt,
    client_is_lo: Option<bool>,
    /// The client asked for encryption: one octet answers.
    asked: bool,
    phase: Phase,
    next: Option<Service>,
}

impl Postgresql {
    /// Messages without a type: those of the client before the start. Nobody else's begin with a zero.
    fn is_untyped(&self, data: &[u8], from_lo: bool) -> bool {
        match self.client_is_lo {
            Some(client_is_lo) => from_lo == client_is_lo && self.phase == Phase::Untyped,
            None => octet(data, 0) == Some(0),
        }
    }

    fn decide(&mut self, outcome: Outcome, message: &Message<'_>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        self.attempt
            .decide(outcome, Service::Postgresql, message, client_is_lo, sink);
        self.phase = Phase::Done;
    }

    fn start(&mut self, message: &Message<'_>) {
        self.client_is_lo = Some(message.from_lo);
        match be32(message.data, 4) {
            Some(SSL_REQUEST | GSS_REQUEST) => {
                self.attempt.first.get_or_insert(message.meta);
                self.asked = true;
            }
            Some(0x0002_0000..=0x0003_ffff) => {
                self.attempt.first.get_or_insert(message.meta);
                self.phase = Phase::Started;
                self.read_settings(message.data.get(8..).unwrap_or_default());
            }
            // A request to cancel logs nobody in.
            _ => self.phase = Phase::Done,
        }
    }

    fn read_settings(&mut self, data: &[u8]) {
        let mut words = data.split(|byte| *byte == 0);
        while let (Some(key), Some(value)) =
            (words.next().filter(|key| !key.is_empty()), words.next())
        {
            match key {
                b"user" => self.attempt.user = Some(escape(value)),
                b"database" => self.attempt.target = Some(escape(value)),
                b"application_name" => self.attempt.client_app = Some(escape(value)),
                _ => {}
            }
        }
    }

    /// One octet: S goes on in TLS, G in GSSAPI, N in the clear.
    fn answered(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        self.asked = false;
        match octet(message.data, 0) {
            Some(b'S') => {
                self.attempt.method = Some("tls");
                self.next = Some(Service::Tls);
                self.decide(Outcome::Unknown, message, sink);
            }
            Some(b'G') => {
                self.attempt.method = Some("kerberos");
                self.decide(Outcome::Unknown, message, sink);
            }
            _ => {}
        }
    }

    fn typed(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let body = message.data.get(5..).unwrap_or_default();
        match octet(message.data, 0) {
            Some(b'R') => self.authentication(body),
            Some(b'S') => {
                let mut words = body.split(|byte| *byte == 0);
                if words.next() == Some(b"server_version") {
                    self.attempt.server_version = words.next().map(escape);
                }
            }
            Some(b'Z') => self.decide(Outcome::Ok, message, sink),
            Some(b'E') => {
                let code = field(body, b'C').unwrap_or_default();
                let words = field(body, b'M').unwrap_or_default();
                self.attempt.refusal = Some(escape(&[code, b" ", words].concat()));
                let outcome = match (self.phase == Phase::Authenticated, code.starts_with(b"28")) {
                    // The credentials were good; something else was not.
                    (true, _) => Outcome::Ok,
                    (false, true) => Outcome::Negative,
                    (false, false) => Outcome::Unknown,
                };
                self.decide(outcome, message, sink);
            }
            _ => {}
        }
    }

    /// A password in the clear, up to its NUL.
    fn password(&mut self, message: &Message<'_>, sink: &Sink<'_>) {
        if self.attempt.method == Some("password") && octet(message.data, 0) == Some(b'p') {
            let secret = message
                .data
                .get(5..)
                .and_then(|body| body.strip_suffix(&[0]));
            self.attempt.secret = secret.and_then(|secret| sink.out.secrets.hash(secret));
        }
    }

    fn authentication(&mut self, body: &[u8]) {
        let method = match be32(body, 0) {
            Some(0) => {
                self.phase = Phase::Authenticated;
                // Trusted without a question, or a client certificate.
                self.attempt.method.get_or_insert("none");
                return;
            }
            Some(3) => "password",
            Some(5) => "md5",
            Some(7) => "kerberos",
            Some(9) => "sspi",
            Some(10) => "scram-sha-256",
            // The steps of SASL and GSSAPI.
            Some(8 | 11 | 12) => return,
            _ => "other",
        };
        self.attempt.method = Some(method);
    }
}

/// Field of an error response.
fn field(body: &[u8], kind: u8) -> Option<&[u8]> {
    body.split(|byte| *byte == 0)
        .find_map(|field| field.strip_prefix(&[kind]))
}

impl Dialogue for Postgresql {
    const BAD: Weird = BAD_MESSAGE;
    const MAX_WAITING: usize = 16_384;

    fn cut(&self, data: &[u8], from_lo: bool, lost: bool) -> Cut {
        if self.phase == Phase::Done {
            return Cut::Message(data.len());
        }
        if lost {
            return Cut::Bad(data.len());
        }
        if self.is_untyped(data, from_lo) {
            return match be32(data, 0).map(|length| length as usize) {
                Some(length @ 8..=MAX_STARTUP) => Cut::Message(length),
                Some(_) => Cut::Bad(data.len()),
                None => Cut::Need,
            };
        }
        if self.asked && matches!(octet(data, 0), Some(b'S' | b'N' | b'G')) {
            return Cut::Message(1);
        }
        match (octet(data, 0), be32(data, 1).map(|length| length as usize)) {
            (Some(kind), Some(length @ 4..=MAX_MESSAGE)) if kind.is_ascii_alphabetic() => {
                let whole = length + 1;
                Cut::Head {
                    head: whole.min(MAX_HEAD),
                    whole,
                }
            }
            (_, None) => Cut::Need,
            _ => Cut::Bad(data.len()),
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if self.phase == Phase::Done {
            return;
        }
        if self.is_untyped(message.data, message.from_lo) {
            return self.start(message);
        }
        if self.client_is_lo.is_none() {
            // Seen from the middle on: who asks for or refuses credentials is the server.
            self.client_is_lo = Some(!message.from_lo);
            self.phase = Phase::Started;
            self.attempt.first = Some(message.meta);
        }
        if self.client_is_lo == Some(message.from_lo) {
            self.password(message, sink);
            return;
        }
        if self.asked && message.data.len() == 1 {
            self.answered(message, sink);
        } else {
            self.typed(message, sink);
        }
    }

    fn gap(&mut self, _from_lo: bool) {
        self.phase = Phase::Done;
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        if self.phase == Phase::Authenticated {
            self.attempt.outcome = Outcome::Ok;
        }
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        self.attempt
            .end(Service::Postgresql, sides, client_is_lo, sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn bytes(&self) -> usize {
        self.attempt.bytes()
    }

    fn successor(&self) -> Option<Service> {
        self.next
    }

    fn is_finished(&self) -> bool {
        self.phase == Phase::Done
    }
}
