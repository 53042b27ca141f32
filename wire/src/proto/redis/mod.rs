//! Redis logins: AUTH and HELLO with their replies, and whether commands are obeyed without any. Of passwords only the keyed hash is kept.
//!
//! Source: Redis documentation, AUTH, HELLO, "Redis security" (protected mode), "ACL"; replies as in the server's sources
//! (acl.c, networking.c).

mod resp;

use super::attempt::{Attempt, Outcome};
use super::dialogue::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::escape::escape;
use super::read::contains_word;
use super::service::Service;
use super::weird::Weird;
use resp::{Reader, Whole};
use std::collections::VecDeque;

const BAD_MESSAGE: Weird = Weird::new(1, "redis_bad_message");

const PORT: u16 = 6379;
/// Logins that may wait for their reply; clients send one before the next.
const MAX_WAITING_LOGINS: usize = 16;
/// Commands looked at before the connection is given up: logins stand at the start.
const MAX_COMMANDS: u32 = 256;

/// Commands that a server obeys before a login, or that have no reply of their own.
const BEFORE_LOGIN: [&str; 8] = [
    "AUTH", "HELLO", "QUIT", "RESET", "PING", "CLIENT", "COMMAND", "ECHO",
];

/// One connection up to its login, or to the first command obeyed.
#[derive(Default)]
pub(super) struct Redis {
    client_is_lo: Option<bool>,
    client: Reader,
    server: Reader,
    commands: u32,
    replies: u32,
    /// Number of the command, and the login that it is.
    waiting: VecDeque<(u32, Attempt)>,
    /// A command without login is being watched.
    watched: bool,
    done: bool,
}

impl Redis {
    fn command(&mut self, whole: &Whole, sink: &Sink<'_>) {
        self.commands += 1;
        let words: Vec<&[u8]> = if whole.kind == b'*' {
            whole.words.iter().map(Vec::as_slice).collect()
        } else {
            let line = whole.words.first().map_or(&[][..], Vec::as_slice);
            line.split(u8::is_ascii_whitespace)
                .filter(|word| !word.is_empty())
                .collect()
        };
        let attempt = login(&words, sink).or_else(|| self.watch(&words));
        if let Some(mut attempt) = attempt.filter(|_| self.waiting.len() < MAX_WAITING_LOGINS) {
            attempt.first = Some(whole.meta);
            self.waiting.push_back((self.commands, attempt));
        }
        self.done |= self.commands >= MAX_COMMANDS && self.waiting.is_empty();
    }

    /// The first command that needs a login tells whether anybody may enter.
    fn watch(&mut self, words: &[&[u8]]) -> Option<Attempt> {
        let verb = words.first()?;
        let is_free = BEFORE_LOGIN
            .iter()
            .any(|free| verb.eq_ignore_ascii_case(free.as_bytes()));
        if is_free || self.watched {
            return None;
        }
        self.watched = true;
        Some(Attempt {
            method: Some("none"),
            ..Attempt::default()
        })
    }

    fn reply(&mut self, whole: &Whole, message: &Message<'_>, sink: &mut Sink<'_>) {
        let line = whole.words.first().map_or(&[][..], Vec::as_slice);
        // Pushed messages answer nobody.
        if whole.kind == b'>' {
            return;
        }
        self.replies += 1;
        if self.commands == 0 && line.starts_with(b"-") {
            // Protected mode refuses before anything is asked.
            let mut attempt = Attempt {
                first: Some(whole.meta),
                refusal: Some(escape(line)),
                ..Attempt::default()
            };
            self.decide(&mut attempt, Outcome::Negative, message, sink);
            self.done = true;
            return;
        }
        let is_due = self
            .waiting
            .front()
            .is_some_and(|(number, _)| *number <= self.replies);
        let Some((_, mut attempt)) = is_due.then(|| self.waiting.pop_front()).flatten() else {
            return;
        };
        let is_error = whole.kind == b'-';
        if is_error {
            attempt.refusal = Some(escape(line.get(1..).unwrap_or_default()));
        }
        let outcome = match (attempt.method, is_error) {
            (Some("none"), true) if !is_about_login(line) => return,
            (Some("none"), false) => Outcome::Request,
            (_, false) => Outcome::Ok,
            // A server without a password refuses whoever brings one.
            (_, true) if contains_word(line, b"no password is set") || !is_about_login(line) => {
                Outcome::Unknown
            }
            _ => Outcome::Negative,
        };
        self.done |= !is_error;
        self.decide(&mut attempt, outcome, message, sink);
    }

    fn decide(
        &self,
        attempt: &mut Attempt,
        outcome: Outcome,
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        attempt.decide(outcome, Service::Redis, message, client_is_lo, sink);
    }

    /// Requests are arrays of strings or words; replies begin with a sign.
    fn learn(&mut self, message: &Message<'_>) {
        let from_client = match (message.sender.port == PORT, message.receiver.port == PORT) {
            (true, false) => false,
            (false, true) => true,
            _ => !matches!(
                message.data.first(),
                Some(b'+' | b'-' | b':' | b'$' | b'%' | b'_' | b'>')
            ),
        };
        self.client_is_lo
            .get_or_insert(from_client == message.from_lo);
    }
}

/// What a refusal of a login begins with; older servers say ERR.
fn is_about_login(line: &[u8]) -> bool {
    [
        "-WRONGPASS",
        "-NOAUTH",
        "-NOPERM",
        "-DENIED",
        "-ERR invalid password",
        "-ERR operation not permitted",
    ]
    .iter()
    .any(|word| line.starts_with(word.as_bytes()))
}

/// AUTH [user] password, HELLO version AUTH user password.
fn login(words: &[&[u8]], sink: &Sink<'_>) -> Option<Attempt> {
    let is = |word: &[u8], name: &str| word.eq_ignore_ascii_case(name.as_bytes());
    let (user, secret) = match words {
        [verb, secret] if is(verb, "AUTH") => (None, *secret),
        [verb, user, secret] if is(verb, "AUTH") => (Some(*user), *secret),
        [verb, _, rest @ ..] if is(verb, "HELLO") => {
            let at = rest.iter().position(|word| is(word, "AUTH"))?;
            (Some(*rest.get(at + 1)?), *rest.get(at + 2)?)
        }
        _ => return None,
    };
    Some(Attempt {
        user: user.map(escape),
        secret: sink.out.secrets.hash(secret),
        method: Some("password"),
        ..Attempt::default()
    })
}

impl Dialogue for Redis {
    const BAD: Weird = BAD_MESSAGE;

    fn cut(&self, data: &[u8], _from_lo: bool, lost: bool) -> Cut {
        if self.done {
            return Cut::Message(data.len());
        }
        if lost {
            return Cut::Bad(data.len());
        }
        resp::cut(data)
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if self.done {
            return;
        }
        self.learn(message);
        let meta: Meta = message.meta;
        if self.client_is_lo == Some(message.from_lo) {
            if let Some(whole) = self.client.take(meta, message.data) {
                self.command(&whole, sink);
            }
        } else if let Some(whole) = self.server.take(meta, message.data) {
            self.reply(&whole, message, sink);
        }
    }

    fn gap(&mut self, _from_lo: bool) {
        self.done = true;
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        for (_, mut attempt) in self.waiting.drain(..) {
            if attempt.method != Some("none") {
                attempt.end(Service::Redis, sides, client_is_lo, sink);
            }
        }
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn bytes(&self) -> usize {
        let logins = self
            .waiting
            .iter()
            .map(|(_, attempt)| attempt.bytes() + size_of::<Attempt>());
        self.client.bytes() + self.server.bytes() + logins.sum::<usize>()
    }

    fn is_finished(&self) -> bool {
        self.done
    }
}
