//! FTP control connections: commands paired with their replies, and how logins ended. No password is ever kept in a row.
//!
//! Source: RFC 959 4.2 and 5.4 (reply sequences), RFC 2228 (AUTH), RFC 4217 4 (AUTH TLS).

mod line;
mod verbs;

pub(super) use line::{Likeness, likeness};

use super::dialogue::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::escape::escape;
use super::line::{Reply, reply, trim};
use super::service::Service;
use super::weird::Weird;
use crate::columns::tables::FtpRow;
use line::{PORT, command};
use std::collections::VecDeque;

/// Commands that may wait for their reply; clients pipeline a handful.
const MAX_PENDING: usize = 16;
/// Raw bytes kept of a secret and, twice as many, of a reply: more than what escaping lets into a row.
const MAX_RAW: usize = 256;

/// A command that waits for its final reply.
struct Pending {
    meta: Meta,
    verb: &'static str,
    arg: Option<String>,
    /// Kept only to recognise it in the reply, never written.
    secret: Vec<u8>,
    user: Option<String>,
    secret_hash: Option<String>,
    /// Code and first line of the latest reply.
    reply: Option<(u16, Option<String>)>,
}

/// One control connection.
#[derive(Default)]
pub(super) struct Ftp {
    server_is_lo: Option<bool>,
    /// The server was seen greeting.
    greeted: bool,
    user: Option<String>,
    pending: VecDeque<Pending>,
    /// Code of the multi-line reply being read, and its first line.
    multi_line: Option<(u16, Vec<u8>)>,
    /// The end of an overlong line has not come yet.
    unfinished: Pair<bool>,
    encrypted: bool,
    /// What encrypts it is TLS.
    is_tls: bool,
}

impl Ftp {
    fn is_server(&self, from_lo: bool, port: u16, data: &[u8]) -> bool {
        match self.server_is_lo {
            Some(lo) => lo == from_lo,
            None => port == PORT || reply(trim(data)).is_some(),
        }
    }

    fn on_command(&mut self, message: &Message<'_>, line: &[u8], sink: &mut Sink<'_>) {
        let (verb, raw) = command(line);
        let secret = verbs::is_secret(verb);
        if verb == "USER" {
            self.user = Some(escape(raw));
        }
        if self.pending.len() >= MAX_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            write(&oldest, message.sender, message.receiver, sink);
        }
        self.pending.push_back(Pending {
            meta: message.meta,
            verb,
            arg: (!secret && !raw.is_empty()).then(|| escape(raw)),
            secret: if secret {
                head(raw, MAX_RAW).to_vec()
            } else {
                Vec::new()
            },
            user: self.user.clone(),
            secret_hash: (verb == "PASS")
                .then(|| sink.out.secrets.hash(raw))
                .flatten(),
            reply: None,
        });
    }

    fn on_reply(&mut self, message: &Message<'_>, line: &[u8], sink: &mut Sink<'_>) {
        if let Some((code, _)) = &self.multi_line {
            let ends = reply(line).is_some_and(|reply| reply.code == *code && !reply.continues);
            if !ends {
                return;
            }
            if let Some((code, first)) = self.multi_line.take() {
                self.replied(code, &first, message, sink);
            }
            return;
        }
        match reply(line) {
            Some(Reply {
                code,
                continues: true,
                text,
            }) => {
                self.multi_line = Some((code, head(text, 2 * MAX_RAW).to_vec()));
            }
            Some(Reply { code, text, .. }) => self.replied(code, text, message, sink),
            None => sink.weird(Weird::FTP_BAD_REPLY, &message.meta),
        }
    }

    fn replied(&mut self, code: u16, text: &[u8], message: &Message<'_>, sink: &mut Sink<'_>) {
        let Some(pending) = self.pending.front_mut() else {
            // A greeting, or a farewell (421) nobody asked for.
            self.greeted |= code == 220;
            return;
        };
        let shown = !repeats(text, &pending.secret);
        pending.reply = Some((code, shown.then(|| escape(text))));
        // 1xx announces that another reply follows (RFC 959 4.2.1).
        if code < 200 {
            return;
        }
        if pending.verb == "AUTH" && matches!(code, 234 | 334) {
            self.encrypted = true;
            self.is_tls = pending.arg.as_deref().is_some_and(verbs::is_tls);
        }
        if let Some(done) = self.pending.pop_front() {
            write(&done, message.receiver, message.sender, sink);
        }
    }
}

fn head(data: &[u8], length: usize) -> &[u8] {
    data.get(..length).unwrap_or(data)
}

/// A reply that repeats the secret must not be stored either.
fn repeats(text: &[u8], secret: &[u8]) -> bool {
    !secret.is_empty() && super::read::contains_word(text, secret)
}

/// How a login ended: 230 and 202 let the user in, 4xx and 5xx do not; 332 asks for an account (RFC 959 5.4).
fn outcome(pending: &Pending) -> &'static str {
    match (pending.verb, &pending.reply) {
        ("PASS", Some((202 | 230, _))) => "ok",
        ("PASS", Some((400..=599, _))) => "negative",
        ("PASS", _) => "unknown",
        _ => "request",
    }
}

fn write(pending: &Pending, client: &Side, server: &Side, sink: &mut Sink<'_>) {
    let (code, text) = match &pending.reply {
        Some((code, text)) => (Some(i32::from(*code)), text.as_deref()),
        None => (None, None),
    };
    sink.out.ftp.push(&FtpRow {
        flow_uid: pending.meta.flow_uid,
        ts: pending.meta.ts_ns,
        sender_ip: client.ip,
        receiver_ip: server.ip,
        receiver_port: i32::from(server.port),
        user: pending.user.as_deref(),
        login_method: (pending.verb == "PASS").then_some("password"),
        secret_hash: pending.secret_hash.as_deref(),
        command: pending.verb,
        arg: pending.arg.as_deref(),
        reply_code: code,
        reply_msg: text,
        outcome: outcome(pending),
    });
}

impl Dialogue for Ftp {
    const BAD: Weird = Weird::FTP_BAD_LINE;

    fn cut(&self, data: &[u8], from_lo: bool, lost: bool) -> Cut {
        line::cut(data, self.server_is_lo.map(|lo| lo == from_lo), lost)
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let line = trim(message.data);
        let from_server = self.is_server(message.from_lo, message.sender.port, message.data);
        self.server_is_lo
            .get_or_insert(from_server == message.from_lo);
        let ends = message.data.ends_with(b"\n");
        if !ends {
            sink.weird(Weird::FTP_BAD_LINE, &message.meta);
        }
        if std::mem::replace(self.unfinished.get_mut(message.from_lo), !ends) {
            return;
        }
        if self.encrypted || line.is_empty() && self.multi_line.is_none() {
            return;
        }
        if from_server {
            self.on_reply(message, line, sink);
        } else {
            self.on_command(message, line, sink);
        }
    }

    fn gap(&mut self, from_lo: bool) {
        *self.unfinished.get_mut(from_lo) = false;
        if self.server_is_lo == Some(from_lo) {
            self.multi_line = None;
        }
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let server_is_lo = self.server_is_lo.unwrap_or(false);
        let (client, server) = (sides.get(!server_is_lo), sides.get(server_is_lo));
        for pending in self.pending.drain(..) {
            write(&pending, client, server, sink);
        }
    }

    /// Only a greeting says who connected (flow-semantics.md 4.4).
    fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::capacity);
        let held = |pending: &Pending| {
            let reply = pending.reply.as_ref().map_or(0, |(_, line)| text(line));
            text(&pending.arg) + pending.secret.capacity() + text(&pending.user) + reply
        };
        let lines = self
            .multi_line
            .as_ref()
            .map_or(0, |(_, line)| line.capacity());
        let table = self.pending.capacity() * size_of::<Pending>();
        table + text(&self.user) + lines + self.pending.iter().map(held).sum::<usize>()
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.server_is_lo.filter(|_| self.greeted).map(|lo| !lo)
    }

    fn successor(&self) -> Option<Service> {
        self.is_tls.then_some(Service::Tls)
    }

    fn is_finished(&self) -> bool {
        self.encrypted
    }
}
