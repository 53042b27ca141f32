//! Telnet connections: who tried to log in at the prompts of a server, and how that ended. Only the login is read; the session behind
//! it is not, and of a password nothing comes into a row but a keyed hash.
//!
//! Source: RFC 854, RFC 855; see `options.rs`, `typed.rs`, `words.rs` and `login.rs`.

mod login;
mod options;
mod typed;
mod words;

pub(super) use words::asks_for_login;

use super::dialogue::{Cut, Dialogue, Message, Pair, Side, Sink};
use super::escape::escape;
use super::service::Service;
use super::weird::Weird;
use crate::columns::tables::TelnetRow;
use login::{Attempt, Prompts};
use options::{ERASE, ERASE_LINE, Found, Options, Said};

const ENDLESS: Weird = Weird::new(1, "telnet_endless_option");

/// Registered port.
pub(super) const PORT: u16 = 23;

/// One connection.
#[derive(Default)]
pub(super) struct Telnet {
    server_is_lo: Option<bool>,
    options: Pair<Options>,
    prompts: Prompts,
    terminal: Option<String>,
    environ_user: Option<String>,
    /// The side said that TLS follows.
    tls_follows: Pair<bool>,
    encrypted: bool,
}

impl Telnet {
    fn learn(&mut self, message: &Message<'_>) {
        let at_port = (message.sender.port == PORT, message.receiver.port == PORT);
        if self.server_is_lo.is_none() && at_port.0 != at_port.1 {
            self.server_is_lo = Some(at_port.0 == message.from_lo);
        }
    }

    /// Read an octet of a side.
    fn take(&mut self, octet: u8, message: &Message<'_>, sink: &mut Sink<'_>) {
        let from_lo = message.from_lo;
        match self.options.get_mut(from_lo).take(octet) {
            Found::Nothing => {}
            Found::Endless => sink.weird(ENDLESS, &message.meta),
            Found::Option(verb, option) => {
                if let Some(server) = options::is_of_server(verb, option) {
                    self.server_is_lo.get_or_insert(server == from_lo);
                }
            }
            Found::Sub(sub) => self.on_sub(&sub, from_lo),
            // A server speaks first.
            found => {
                let from_server = *self.server_is_lo.get_or_insert(from_lo) == from_lo;
                match found {
                    Found::Text(octet) if from_server => {
                        self.prompts.hear(octet);
                        self.prompts.take_ahead(&sink.out.secrets);
                    }
                    Found::Text(octet) => {
                        let secrets = &sink.out.secrets;
                        self.prompts.press(octet, message.meta, secrets);
                    }
                    Found::Command(ERASE) if !from_server => self.prompts.correct(false),
                    Found::Command(ERASE_LINE) if !from_server => self.prompts.correct(true),
                    _ => {}
                }
            }
        }
    }

    fn on_sub(&mut self, sub: &[u8], from_lo: bool) {
        match options::read(sub) {
            Said::Nothing => {}
            // A client names its terminals one by one; the first is what it is (RFC 1091).
            Said::Terminal(name) => {
                self.terminal.get_or_insert_with(|| escape(name));
            }
            Said::Environ(variables) => {
                let user = variables.into_iter().find(|(name, _)| name == b"USER");
                self.environ_user = user
                    .map(|(_, user)| escape(&user))
                    .or(self.environ_user.take());
            }
            Said::Encrypted => self.prompts.is_done = true,
            Said::TlsFollows => {
                *self.tls_follows.get_mut(from_lo) = true;
                self.encrypted = self.tls_follows.lo && self.tls_follows.hi;
            }
        }
    }

    fn write_ended(&mut self, client: &Side, server: &Side, sink: &mut Sink<'_>) {
        for attempt in std::mem::take(&mut self.prompts.ended) {
            self.write(&attempt, client, server, sink);
        }
    }

    fn write(&self, attempt: &Attempt, client: &Side, server: &Side, sink: &mut Sink<'_>) {
        let banner = self.prompts.banner();
        sink.out.telnet.push(&TelnetRow {
            flow_uid: attempt.meta.flow_uid,
            ts: attempt.meta.ts_ns,
            sender_ip: client.ip,
            receiver_ip: server.ip,
            receiver_port: i32::from(server.port),
            user: attempt.user.as_deref().or(self.environ_user.as_deref()),
            login_method: attempt.is_shown.then_some("password"),
            secret_hash: attempt.secret_hash.as_deref(),
            outcome: attempt.outcome,
            refusal: attempt.refusal.as_deref(),
            banner: banner.as_deref(),
            prompt: attempt.prompt.as_deref(),
            terminal_type: self.terminal.as_deref(),
            environ_user: self.environ_user.as_deref(),
        });
    }
}

impl Dialogue for Telnet {
    const BAD: Weird = ENDLESS;

    /// A stream of octets: any part of it may be read.
    fn cut(&self, data: &[u8], _from_lo: bool, _lost: bool) -> Cut {
        Cut::Message(data.len())
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if self.is_finished() || self.encrypted {
            return;
        }
        self.learn(message);
        for octet in message.data {
            self.take(*octet, message, sink);
        }
        if !self.prompts.ended.is_empty() {
            let from_server = self.server_is_lo == Some(message.from_lo);
            let (client, server) = if from_server {
                (message.receiver, message.sender)
            } else {
                (message.sender, message.receiver)
            };
            self.write_ended(client, server, sink);
        }
    }

    fn gap(&mut self, from_lo: bool) {
        self.options.get_mut(from_lo).forget();
        if let Some(server_is_lo) = self.server_is_lo {
            self.prompts.forget(server_is_lo != from_lo);
        }
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let server_is_lo = self.server_is_lo.unwrap_or(false);
        self.prompts.end();
        self.write_ended(sides.get(!server_is_lo), sides.get(server_is_lo), sink);
    }

    /// Both sides may begin with the same options: nothing that would say who connected.
    fn client_is_lo(&self) -> Option<bool> {
        None
    }

    fn bytes(&self) -> usize {
        let texts = [&self.terminal, &self.environ_user];
        let texts = texts.into_iter().flatten().map(String::capacity);
        self.options.lo.bytes()
            + self.options.hi.bytes()
            + self.prompts.bytes()
            + texts.sum::<usize>()
    }

    fn successor(&self) -> Option<Service> {
        self.encrypted.then_some(Service::Tls)
    }

    fn is_finished(&self) -> bool {
        self.prompts.is_done
    }
}
