//! SMTP connections: mails with their envelope and the fields of their header that say who wrote whom about what, logins and how
//! they ended. Bodies are counted, not read; no password comes into a row but as a keyed hash.
//!
//! Source: RFC 5321 (commands, replies), RFC 2920 (pipelining), RFC 3030 (BDAT), RFC 3207 (STARTTLS), RFC 4954 (AUTH).

mod client;
mod mail;
mod rows;
mod verbs;

use super::dialogue::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::dotted::Dotted;
use super::escape::escape;
use super::line::{self, reply, trim};
use super::sasl::Sasl;
use super::service::Service;
use super::weird::Weird;
use mail::Mail;
use std::collections::VecDeque;
use verbs::command;

const BAD_LINE: Weird = Weird::new(1, "smtp_bad_line");
const BAD_REPLY: Weird = Weird::new(2, "smtp_bad_reply");
const BAD_CHUNK: Weird = Weird::new(3, "smtp_bad_chunk");

/// Commands that may wait for their reply: a pipelined envelope has one per recipient (RFC 2920 3.1).
const MAX_PENDING: usize = 256;

/// A line of a header in a chunk that is longer is read in parts; RFC 5322 2.1.1 allows 998 letters.
const MAX_HEADER_LINE: usize = 4096;

/// What the next bytes of the client are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mode {
    #[default]
    Command,
    /// Answers of a login.
    Auth,
    /// Header of a mail.
    Head,
    /// Its body.
    Body(Dotted),
    /// A counted part of a mail.
    Chunk {
        left: usize,
        is_last: bool,
        in_head: bool,
    },
}

/// What a reply is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    /// The envelope, or a part of the mail.
    Mail,
    Data,
    /// The whole mail.
    End,
    /// Giving up a mail.
    Abort,
    Auth,
    StartTls,
    Other,
}

/// A login in progress.
struct Login {
    meta: Meta,
    sasl: Sasl,
}

/// One connection.
#[derive(Default)]
pub(super) struct Smtp {
    client_is_lo: Option<bool>,
    /// The server was seen greeting.
    greeted: bool,
    mode: Mode,
    /// Bytes of the mail are missing: its end may lie among them.
    holed: bool,
    /// Packet, verb and name of the client's hello.
    hello: Option<(Meta, &'static str, String)>,
    mail: Option<Mail>,
    /// Mails that wait for their last reply, oldest first.
    done: VecDeque<Mail>,
    pending: VecDeque<Asked>,
    login: Option<Login>,
    /// User of the login that succeeded.
    user: Option<String>,
    starttls: Option<Meta>,
    encrypted: bool,
    depth: i32,
    rows: u32,
    /// The end of an overlong line has not come yet.
    unfinished: Pair<bool>,
}

impl Smtp {
    fn is_client(&self, from_lo: bool) -> Option<bool> {
        self.client_is_lo.map(|lo| lo == from_lo)
    }

    fn ask(&mut self, asked: Asked) {
        if self.pending.len() >= MAX_PENDING {
            self.pending.pop_front();
        }
        self.pending.push_back(asked);
    }

    fn on_reply(&mut self, message: &Message<'_>, line: &[u8], sink: &mut Sink<'_>) {
        let Some(reply) = reply(line) else {
            sink.weird(BAD_REPLY, &message.meta);
            return;
        };
        if reply.continues {
            return;
        }
        let (client, server) = (message.receiver, message.sender);
        let told = || (reply.code, escape(reply.text));
        match self.pending.pop_front() {
            None if self.holed && reply.code != 354 => self.on_hidden_end(told(), message, sink),
            // A greeting, or a farewell (421) nobody asked for.
            None => self.greeted |= reply.code == 220,
            Some(asked @ (Asked::Mail | Asked::Data)) => {
                // Of mails that wait for their last reply the oldest comes first.
                if let Some(mail) = self.done.front_mut().or(self.mail.as_mut()) {
                    mail.reply = Some(told());
                }
                let is_body = matches!(self.mode, Mode::Head | Mode::Body(_));
                if asked == Asked::Data && reply.code >= 400 && is_body {
                    self.mode = Mode::Command;
                }
            }
            Some(Asked::End) => {
                if let Some(mut mail) = self.done.pop_front().or_else(|| self.mail.take()) {
                    mail.reply = Some(told());
                    self.write_mail(&mail, client, server, sink);
                }
            }
            Some(Asked::Abort) => {
                if let Some(mail) = self.done.pop_front() {
                    self.write_mail(&mail, client, server, sink);
                }
            }
            Some(Asked::Auth) if reply.code == 334 => {}
            Some(Asked::Auth) => {
                if self.mode == Mode::Auth {
                    self.mode = Mode::Command;
                }
                self.write_login(Some(&told()), client, server, sink);
            }
            Some(Asked::StartTls) => {
                self.encrypted = reply.code == 220;
                self.write_starttls(Some(&told()), client, server, sink);
            }
            Some(Asked::Other) => {}
        }
    }

    /// A reply to a mail whose end was not captured.
    fn on_hidden_end(&mut self, told: (u16, String), message: &Message<'_>, sink: &mut Sink<'_>) {
        self.holed = false;
        if matches!(self.mode, Mode::Head | Mode::Body(_)) {
            self.mode = Mode::Command;
        }
        if let Some(mut mail) = self.mail.take() {
            mail.reply = Some(told);
            self.write_mail(&mail, message.receiver, message.sender, sink);
        }
    }
}

/// The next line of a chunk while it has the header, else all there is.
fn cut_chunk(part: &[u8], left: usize, in_head: bool) -> Cut {
    let line = part.iter().position(|byte| *byte == b'\n');
    match line.filter(|_| in_head) {
        Some(end) => Cut::Message(end + 1),
        None if in_head && part.len() < left.min(MAX_HEADER_LINE) => Cut::Need,
        None => Cut::Message(part.len()),
    }
}

impl Dialogue for Smtp {
    const BAD: Weird = BAD_LINE;

    fn cut(&self, data: &[u8], from_lo: bool, lost: bool) -> Cut {
        let from_client = self.is_client(from_lo);
        if from_client == Some(true) {
            match self.mode {
                Mode::Body(body) => return body.cut(data),
                Mode::Chunk { left, in_head, .. } => {
                    return cut_chunk(data.get(..left).unwrap_or(data), left, in_head);
                }
                Mode::Head | Mode::Auth => return line::cut(data, false, |_| true),
                Mode::Command => {}
            }
        }
        line::cut(data, lost, |line| {
            let may_be = |client: bool| from_client.is_none_or(|known| known == client);
            may_be(false) && reply(line).is_some() || may_be(true) && command(line).is_some()
        })
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let line = trim(message.data);
        let from_client = self.is_client(message.from_lo).unwrap_or_else(|| {
            let is_reply = reply(line).is_some() && command(line).is_none();
            self.client_is_lo = Some(is_reply != message.from_lo);
            !is_reply
        });
        let is_line = !from_client || !matches!(self.mode, Mode::Body(_) | Mode::Chunk { .. });
        let ends = message.data.ends_with(b"\n") || !is_line;
        if !ends {
            sink.weird(BAD_LINE, &message.meta);
        }
        let continued = std::mem::replace(self.unfinished.get_mut(message.from_lo), !ends);
        if self.encrypted {
            return;
        }
        if from_client {
            self.on_client(message, continued, sink);
        } else if !continued {
            self.on_reply(message, line, sink);
        }
    }

    fn gap(&mut self, from_lo: bool) {
        *self.unfinished.get_mut(from_lo) = false;
        if self.is_client(from_lo) != Some(true) {
            return;
        }
        match self.mode {
            Mode::Head | Mode::Body(_) => {
                self.mode = Mode::Body(Dotted::WITHIN);
                self.holed = true;
            }
            Mode::Auth => {}
            Mode::Command | Mode::Chunk { .. } => self.mode = Mode::Command,
        }
    }

    fn pass_hole(&mut self, from_lo: bool, bytes: u32) -> bool {
        if self.is_client(from_lo) != Some(true) {
            return false;
        }
        let bytes = bytes as usize;
        match self.mode {
            Mode::Body(_) => {
                self.mode = Mode::Body(Dotted::WITHIN);
                self.holed = true;
            }
            Mode::Chunk { left, .. } if bytes <= left => {
                if let Mode::Chunk { in_head, .. } = &mut self.mode {
                    *in_head = false;
                }
                self.pass_chunk(bytes);
            }
            _ => return false,
        }
        if let Some(mail) = self.mail.as_mut().or(self.done.back_mut()) {
            mail.length = mail.length.saturating_add(bytes as u64);
        }
        true
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        let (client, server) = (sides.get(client_is_lo), sides.get(!client_is_lo));
        for mail in std::mem::take(&mut self.done) {
            self.write_mail(&mail, client, server, sink);
        }
        if let Some(mail) = self.mail.take() {
            self.write_mail(&mail, client, server, sink);
        }
        self.write_login(None, client, server, sink);
        self.write_starttls(None, client, server, sink);
        self.write_hello(client, server, sink);
    }

    /// Only a greeting says who connected (flow-semantics.md 4.4).
    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo.filter(|_| self.greeted)
    }

    fn bytes(&self) -> usize {
        let mails = self.done.iter().chain(&self.mail).map(Mail::bytes);
        mails.sum::<usize>() + self.pending.capacity() + self.done.capacity() * size_of::<Mail>()
    }

    fn successor(&self) -> Option<Service> {
        self.encrypted.then_some(Service::Tls)
    }
}
