//! FTP control connections: commands paired with their replies, and how logins ended. No password is ever kept in a row.
//!
//! Source: RFC 959 4.2 and 5.4 (reply sequences), RFC 2228 (AUTH), RFC 4217 4 (AUTH TLS).

mod line;
mod pending;
mod verbs;

pub(super) use line::{Likeness, likeness};

use super::dialogue::{Cut, Dialogue, Message, Pair, Side, Sink};
use super::escape::escape;
use super::line::{Reply, reply, trim};
use super::service::Service;
use super::weird::Weird;
use line::{PORT, command};
use pending::{Pending, repeats, write};
use std::collections::VecDeque;

/// Commands that may wait for their reply; clients pipeline a handful.
const MAX_PENDING: usize = 16;
/// Replies that may wait for commands behind a hole: as many as commands for replies.
const MAX_EARLY: usize = MAX_PENDING;
/// Raw bytes kept of a secret and, twice as many, of a reply: more than what escaping lets into a row.
const MAX_RAW: usize = 256;

/// A reply, as long as it has no command.
struct Early {
    ts_ns: i64,
    code: u16,
    text: Vec<u8>,
}

/// One control connection.
#[derive(Default)]
pub(super) struct Ftp {
    server_is_lo: Option<bool>,
    /// The server was seen greeting.
    greeted: bool,
    user: Option<String>,
    pending: VecDeque<Pending>,
    /// Replies that were read before their commands, which wait behind a hole.
    early: VecDeque<Early>,
    /// Code of the multi-line reply being read, and its first line.
    multi_line: Option<(u16, Vec<u8>)>,
    /// The end of an overlong line has not come yet.
    unfinished: Pair<bool>,
    /// Bytes were lost since the last reply that found its command.
    lost: bool,
    encrypted: bool,
    /// What encrypts it, when that is read.
    next: Option<Service>,
}

impl Ftp {
    fn is_server(&self, from_lo: bool, port: u16, data: &[u8]) -> bool {
        match self.server_is_lo {
            Some(lo) => lo == from_lo,
            None => port == PORT || reply(trim(data)).is_some(),
        }
    }

    fn on_command(&mut self, message: &Message<'_>, line: &[u8], sink: &mut Sink<'_>) {
        self.settle(message.meta.ts_ns, message.sender, message.receiver, sink);
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
        let (client, server) = (message.receiver, message.sender);
        self.settle(i64::MAX, client, server, sink);
        if self.pending.is_empty() {
            // A greeting, a farewell (421) nobody asked for, or the reply to a command that waits behind a hole.
            self.greeted |= code == 220;
            if self.early.len() >= MAX_EARLY {
                self.early.pop_front();
            }
            self.early.push_back(Early {
                ts_ns: message.meta.ts_ns,
                code,
                text: head(text, 2 * MAX_RAW).to_vec(),
            });
            return;
        }
        self.match_reply(message.meta.ts_ns, (code, text), (client, server), sink);
    }

    /// Hand out the replies up to `until_ns` that were read before their commands.
    fn settle(&mut self, until_ns: i64, client: &Side, server: &Side, sink: &mut Sink<'_>) {
        if self.pending.is_empty() && until_ns == i64::MAX {
            return;
        }
        while self
            .early
            .front()
            .is_some_and(|reply| reply.ts_ns <= until_ns)
            && let Some(Early { ts_ns, code, text }) = self.early.pop_front()
        {
            self.match_reply(ts_ns, (code, &text), (client, server), sink);
        }
    }

    /// Give up commands whose replies were lost: a client that saw no reply would not have gone on (RFC 959 5.4).
    ///
    /// Streams behind a hole are read late, so only the times of the packets tell which command came last before a reply.
    fn align(&mut self, ts_ns: i64, client: &Side, server: &Side, sink: &mut Sink<'_>) {
        while self
            .pending
            .get(1)
            .is_some_and(|next| next.meta.ts_ns <= ts_ns)
            && let Some(stale) = self.pending.pop_front()
        {
            write(&stale, client, server, sink);
        }
    }

    /// Give a reply to the command it answers.
    fn match_reply(
        &mut self,
        ts_ns: i64,
        (code, text): (u16, &[u8]),
        (client, server): (&Side, &Side),
        sink: &mut Sink<'_>,
    ) {
        if self.lost {
            self.align(ts_ns, client, server, sink);
        }
        // Nobody is answered before asking: behind a hole, that is the reply to a command that was lost or given up.
        let is_answer = |pending: &&mut Pending| !self.lost || pending.meta.ts_ns <= ts_ns;
        let Some(pending) = self.pending.front_mut().filter(is_answer) else {
            return;
        };
        self.lost = false;
        let shown = !repeats(text, &pending.secret);
        pending.reply = Some((code, shown.then(|| escape(text))));
        // 1xx announces that another reply follows (RFC 959 4.2.1).
        if code < 200 {
            return;
        }
        if pending.verb == "AUTH" && matches!(code, 234 | 334) {
            self.encrypted = true;
            let is_tls = pending.arg.as_deref().is_some_and(verbs::is_tls);
            self.next = is_tls.then_some(Service::Tls);
        }
        if let Some(done) = self.pending.pop_front() {
            write(&done, client, server, sink);
        }
    }
}

fn head(data: &[u8], length: usize) -> &[u8] {
    data.get(..length).unwrap_or(data)
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
        self.lost = true;
        *self.unfinished.get_mut(from_lo) = false;
        if self.server_is_lo == Some(from_lo) {
            self.multi_line = None;
        }
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let server_is_lo = self.server_is_lo.unwrap_or(false);
        let (client, server) = (sides.get(!server_is_lo), sides.get(server_is_lo));
        self.settle(i64::MAX, client, server, sink);
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
        let early = self.early.capacity() * size_of::<Early>();
        let texts = self.early.iter().map(|reply| reply.text.capacity());
        let table = self.pending.capacity() * size_of::<Pending>() + early + texts.sum::<usize>();
        table + text(&self.user) + lines + self.pending.iter().map(held).sum::<usize>()
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.server_is_lo.filter(|_| self.greeted).map(|lo| !lo)
    }

    fn successor(&self) -> Option<Service> {
        self.next
    }

    fn is_finished(&self) -> bool {
        self.encrypted
    }
}
