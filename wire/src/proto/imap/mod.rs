//! IMAP4 connections: logins and how they ended, who client and server say they are, mailboxes opened, hand-over to TLS, and how
//! much was fetched. Mails are counted, not read; no password comes into a row but as a keyed hash.
//!
//! Source: RFC 9051 and RFC 3501, RFC 7888 (literals), RFC 4959 (SASL-IR), RFC 2971 (ID), RFC 4978 (COMPRESS).

mod client;
mod rows;
mod server;
mod syntax;

use super::dialogue::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::line::{self, trim};
use super::mail::{Fetched, Login, capacity};
use super::service::Service;
use super::texts::Texts;
use super::weird::Weird;
use std::collections::VecDeque;
use syntax::{command, is_of_server};

const BAD_LINE: Weird = Weird::new(1, "imap_bad_line");
const BAD_REPLY: Weird = Weird::new(2, "imap_bad_reply");

/// Registered port.
const PORT: u16 = 143;
/// Commands that may wait for their reply: RFC 9051 5.5 sets no limit, clients send some ten at once.
const MAX_PENDING: usize = 64;
/// Octets of an overlong line that wait for its end: the announcement of a literal stands there, `~{`, ten digits, `+}` and CR.
const LINE_TAIL: usize = 32;

/// What a command is about.
enum Asked {
    Login(Box<Login>),
    Capability,
    Id,
    StartTls,
    /// A mailbox is opened.
    Open(&'static str),
    Logout,
    Compress,
    Other,
}

/// A command that waits for its reply.
struct Pending {
    tag: Vec<u8>,
    meta: Meta,
    asked: Asked,
    /// Its strings while it is being read, as many as are wanted.
    words: Vec<Vec<u8>>,
    most: usize,
    /// Mailbox, or the program of the client.
    object: Option<String>,
}

/// Octets that follow a line.
#[derive(Default)]
struct Text {
    /// Those still to come.
    left: usize,
    /// The line goes on behind them.
    open: bool,
    /// Their sender waits to be asked for them.
    waits: bool,
}

/// One connection.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "things that were seen, each by itself"
)]
pub(super) struct Imap {
    client_is_lo: Option<bool>,
    /// The server was seen greeting.
    greeted: bool,
    banner: Option<String>,
    server_version: Option<String>,
    client_app: Option<String>,
    capabilities: Texts,
    pending: VecDeque<Pending>,
    /// Answers of a login come next.
    in_auth: bool,
    client_text: Text,
    server_text: Text,
    /// Octets of the client's literal that is a string of its command.
    kept: Vec<u8>,
    /// The response that goes on brings a message.
    in_fetch: bool,
    /// User of the login that succeeded.
    user: Option<String>,
    encrypted: bool,
    compressed: bool,
    fetched: Fetched,
    /// Packet of the latest message.
    latest: Meta,
    rows: u32,
    /// The end of an overlong line has not come yet.
    unfinished: Pair<bool>,
}

impl Imap {
    fn is_client(&self, from_lo: bool) -> Option<bool> {
        self.client_is_lo.map(|lo| lo == from_lo)
    }

    fn learn(&mut self, message: &Message<'_>, line: &[u8]) -> bool {
        self.is_client(message.from_lo).unwrap_or_else(|| {
            let at_port = message.sender.port == PORT && command(line).is_none();
            let from_server = is_of_server(line) || at_port;
            self.client_is_lo = Some(from_server != message.from_lo);
            !from_server
        })
    }

    fn text(&self, from_client: bool) -> &Text {
        if from_client {
            &self.client_text
        } else {
            &self.server_text
        }
    }

    /// Octets of a literal are over.
    fn on_text(&mut self, data: &[u8], from_client: bool) {
        if !from_client {
            self.server_text.left = self.server_text.left.saturating_sub(data.len());
            if self.in_fetch {
                self.fetched.add(data.len());
            }
            return;
        }
        self.keep(data);
        self.client_text.left = self.client_text.left.saturating_sub(data.len());
        if self.client_text.left == 0 {
            self.close_literal();
        }
    }
}

impl Dialogue for Imap {
    const BAD: Weird = BAD_LINE;

    fn cut(&self, data: &[u8], from_lo: bool, lost: bool) -> Cut {
        let from_client = self.is_client(from_lo);
        let mut goes_on = false;
        if let Some(client) = from_client {
            let text = self.text(client);
            if text.left > 0 {
                return Cut::Message(text.left.min(data.len()));
            }
            goes_on = text.open || client && self.in_auth || *self.unfinished.get(from_lo);
        }
        let cut = line::cut(data, lost && !goes_on, |line| {
            let may_be = |client: bool| from_client.is_none_or(|known| known == client);
            may_be(false) && is_of_server(line) || may_be(true) && command(line).is_some()
        });
        match cut {
            Cut::Message(length)
                if !data.get(..length).is_some_and(|part| part.ends_with(b"\n")) =>
            {
                Cut::Message(length.saturating_sub(LINE_TAIL))
            }
            cut => cut,
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let line = trim(message.data);
        let from_client = self.learn(message, line);
        self.latest = message.meta;
        if self.text(from_client).left > 0 {
            self.on_text(message.data, from_client);
            return;
        }
        let ends = message.data.ends_with(b"\n");
        if !ends {
            sink.weird(BAD_LINE, &message.meta);
        }
        let continued = std::mem::replace(self.unfinished.get_mut(message.from_lo), !ends);
        if self.encrypted || self.compressed {
            return;
        }
        if from_client {
            self.on_client(message, line, (continued, ends), sink);
        } else {
            self.on_server(message, line, (continued, ends), sink);
        }
    }

    fn gap(&mut self, from_lo: bool) {
        *self.unfinished.get_mut(from_lo) = false;
        match self.is_client(from_lo) {
            Some(true) => {
                self.spoil();
                self.client_text = Text::default();
            }
            Some(false) => {
                self.server_text = Text::default();
                self.in_fetch = false;
            }
            None => {}
        }
    }

    fn pass_hole(&mut self, from_lo: bool, bytes: u32) -> bool {
        let Some(from_client) = self.is_client(from_lo) else {
            return false;
        };
        let bytes = bytes as usize;
        let text = if from_client {
            &mut self.client_text
        } else {
            &mut self.server_text
        };
        if text.left == 0 || text.left < bytes {
            return false;
        }
        text.left -= bytes;
        if from_client {
            self.spoil();
        } else if self.in_fetch {
            self.fetched.add(bytes);
        }
        true
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        let ends = (sides.get(client_is_lo), sides.get(!client_is_lo));
        for pending in std::mem::take(&mut self.pending) {
            self.write(pending, None, ends, sink);
        }
        self.write_end(ends, sink);
    }

    /// Only a greeting says who connected (flow-semantics.md 4.4).
    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo.filter(|_| self.greeted)
    }

    fn bytes(&self) -> usize {
        let pending = self.pending.iter().map(|pending| {
            let login = match &pending.asked {
                Asked::Login(login) => size_of::<Login>() + login.bytes(),
                _ => 0,
            };
            let words = pending.words.iter().map(Vec::capacity).sum::<usize>();
            let table = pending.words.capacity() * size_of::<Vec<u8>>();
            login + words + table + pending.tag.capacity() + capacity(pending.object.as_ref())
        });
        let texts = [
            &self.banner,
            &self.server_version,
            &self.client_app,
            &self.user,
        ];
        pending.sum::<usize>()
            + self.pending.capacity() * size_of::<Pending>()
            + texts
                .into_iter()
                .flatten()
                .map(String::capacity)
                .sum::<usize>()
            + self.capabilities.bytes()
            + self.kept.capacity()
    }

    fn successor(&self) -> Option<Service> {
        self.encrypted.then_some(Service::Tls)
    }

    fn is_finished(&self) -> bool {
        self.compressed
    }
}
