//! POP3 connections: logins and how they ended, what the server can do, hand-over to TLS, and how much was fetched. Mails are
//! counted, not read; no password comes into a row but as a keyed hash.
//!
//! Source: RFC 1939, RFC 2449 (CAPA, codes), RFC 2595 4 (STLS), RFC 5034 (AUTH).

mod client;
mod rows;
mod server;
mod verbs;

use super::dialogue::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::dotted::Dotted;
use super::line::{self, trim};
use super::mail::{Fetched, Login, Told};
use super::service::Service;
use super::texts::Texts;
use super::weird::Weird;
use std::collections::VecDeque;
use verbs::{command, is_challenge, reply};

const BAD_LINE: Weird = Weird::new(1, "pop3_bad_line");
const BAD_REPLY: Weird = Weird::new(2, "pop3_bad_reply");

/// Registered port.
const PORT: u16 = 110;
/// Commands that may wait for their reply: RFC 2449 6.6 sets no limit to a pipeline, clients that fetch whole mailboxes send a few
/// dozen.
const MAX_PENDING: usize = 64;

/// What a reply is about.
enum Asked {
    /// A user is named; true when the password followed before the reply.
    User(Box<Login>, bool),
    Login(Box<Login>),
    StartTls(Meta),
    Capa(Meta),
    Retr,
    Dele,
    Rset,
    Quit(Meta),
    /// A response that is passed over; true: of several lines.
    Lines(bool),
    Other,
}

/// Several lines that the server sends.
#[derive(Clone, Copy)]
enum Body {
    Mail(Dotted),
    Passed(Dotted),
    Capabilities,
}

/// CAPA that is being answered.
struct Capa {
    meta: Meta,
    told: Told,
    list: Texts,
}

/// One connection.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "things that were seen, each by itself"
)]
pub(super) struct Pop3 {
    client_is_lo: Option<bool>,
    /// The server was seen greeting.
    greeted: bool,
    banner: Option<String>,
    server_version: Option<String>,
    pending: VecDeque<Asked>,
    /// A user was accepted, and the password has not come.
    named: Option<(Box<Login>, Told)>,
    /// Answers of a login come next.
    in_auth: bool,
    body: Option<Body>,
    /// Bytes of the lines are missing: their end may lie among them.
    holed: bool,
    capa: Option<Capa>,
    /// User of the login that succeeded.
    user: Option<String>,
    encrypted: bool,
    fetched: Fetched,
    /// Packet of the latest message.
    latest: Meta,
    rows: u32,
    /// The end of an overlong line has not come yet.
    unfinished: Pair<bool>,
}

impl Pop3 {
    fn is_client(&self, from_lo: bool) -> Option<bool> {
        self.client_is_lo.map(|lo| lo == from_lo)
    }

    fn learn(&mut self, message: &Message<'_>, line: &[u8]) -> bool {
        self.is_client(message.from_lo).unwrap_or_else(|| {
            let from_server = reply(line).is_some() || message.sender.port == PORT;
            self.client_is_lo = Some(from_server != message.from_lo);
            !from_server
        })
    }
}

impl Dialogue for Pop3 {
    const BAD: Weird = BAD_LINE;

    fn cut(&self, data: &[u8], from_lo: bool, lost: bool) -> Cut {
        let from_client = self.is_client(from_lo);
        if from_client == Some(false) {
            match self.body {
                Some(Body::Mail(dotted) | Body::Passed(dotted)) => return dotted.cut(data),
                Some(Body::Capabilities) => return line::cut(data, false, |_| true),
                None => {}
            }
        }
        let in_auth = self.in_auth;
        line::cut(data, lost, |line| {
            let may_be = |client: bool| from_client.is_none_or(|known| known == client);
            may_be(false) && (reply(line).is_some() || is_challenge(line))
                || may_be(true) && (command(line).is_some() || in_auth)
        })
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let line = trim(message.data);
        let from_client = self.learn(message, line);
        self.latest = message.meta;
        let is_text = matches!(self.body, Some(Body::Mail(_) | Body::Passed(_)));
        if !from_client && is_text {
            self.pass(message.data);
            return;
        }
        let ends = message.data.ends_with(b"\n");
        if !ends {
            sink.weird(BAD_LINE, &message.meta);
        }
        let continued = std::mem::replace(self.unfinished.get_mut(message.from_lo), !ends);
        if self.encrypted {
            return;
        }
        if continued {
            return;
        }
        if from_client {
            self.on_client(message, line, ends, sink);
        } else {
            self.on_server(message, line, sink);
        }
    }

    fn gap(&mut self, from_lo: bool) {
        *self.unfinished.get_mut(from_lo) = false;
        if self.is_client(from_lo) == Some(false) {
            self.body = None;
            self.capa = None;
        }
    }

    fn pass_hole(&mut self, from_lo: bool, bytes: u32) -> bool {
        let Some(Body::Mail(dotted) | Body::Passed(dotted)) = &mut self.body else {
            return false;
        };
        if self.client_is_lo.is_none_or(|lo| lo == from_lo) {
            return false;
        }
        *dotted = Dotted::WITHIN;
        self.holed = true;
        if matches!(self.body, Some(Body::Mail(_))) {
            self.fetched.add(bytes as usize);
        }
        true
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        let ends = (sides.get(client_is_lo), sides.get(!client_is_lo));
        self.write_capa(ends, sink);
        for asked in std::mem::take(&mut self.pending) {
            self.write_unanswered(asked, ends, sink);
        }
        self.write_named(ends, sink);
        self.write_end(ends, sink);
    }

    /// Only a greeting says who connected (flow-semantics.md 4.4).
    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo.filter(|_| self.greeted)
    }

    fn bytes(&self) -> usize {
        let login = |login: &Login| size_of::<Login>() + login.bytes();
        let asked = self.pending.iter().map(|asked| match asked {
            Asked::User(held, _) | Asked::Login(held) => login(held),
            _ => 0,
        });
        let named = self.named.as_ref();
        let texts = [&self.banner, &self.server_version, &self.user];
        let capa = self.capa.as_ref();
        asked.sum::<usize>()
            + self.pending.capacity() * size_of::<Asked>()
            + named.map_or(0, |(held, told)| login(held) + told.bytes())
            + texts
                .into_iter()
                .flatten()
                .map(String::capacity)
                .sum::<usize>()
            + capa.map_or(0, |capa| capa.told.bytes() + capa.list.bytes())
    }

    fn successor(&self) -> Option<Service> {
        self.encrypted.then_some(Service::Tls)
    }
}
