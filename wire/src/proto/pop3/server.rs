//! What the server of a POP3 connection sends.

use super::verbs::{is_challenge, reply};
use super::{Asked, BAD_REPLY, Body, Capa, Pop3};
use crate::proto::dialogue::{Message, Sink};
use crate::proto::dotted::Dotted;
use crate::proto::escape::escape;
use crate::proto::line::word;
use crate::proto::mail::{Login, Told};
use crate::proto::texts::Texts;

impl Pop3 {
    /// Take in a line of the server.
    pub(super) fn on_server(&mut self, message: &Message<'_>, line: &[u8], sink: &mut Sink<'_>) {
        let ends = (message.receiver, message.sender);
        if matches!(self.body, Some(Body::Capabilities)) {
            if line == b"." {
                self.body = None;
                self.write_capa(ends, sink);
            } else {
                self.on_capability(line);
            }
            return;
        }
        let Some((status, words)) = reply(line) else {
            let is_auth = matches!(self.pending.front(), Some(Asked::Login(_)));
            if !(is_challenge(line) && is_auth) {
                sink.weird(BAD_REPLY, &message.meta);
            }
            return;
        };
        let ok = status == "OK";
        match self.pending.pop_front() {
            None if !self.greeted && self.rows == 0 => {
                self.greeted = true;
                self.banner = Some(escape(words.trim_ascii()));
            }
            Some(Asked::User(login, false)) if ok => {
                self.named = Some((login, Told::read(status, words)));
            }
            Some(Asked::User(login, false)) => {
                let told = login.hears(status, words);
                let outcome = login.outcome(Some(&told));
                self.write_login(&login, Some(&told), outcome, ends, sink);
            }
            Some(Asked::Login(login)) => self.on_login(&login, (status, words), message, sink),
            Some(Asked::StartTls(meta)) => {
                self.encrypted = ok;
                let told = Told::read(status, words);
                self.write_starttls(&meta, Some(&told), ends, sink);
            }
            Some(Asked::Capa(meta)) => {
                self.capa = Some(Capa {
                    meta,
                    told: Told::read(status, words),
                    list: Texts::default(),
                });
                if ok {
                    self.body = Some(Body::Capabilities);
                } else {
                    self.write_capa(ends, sink);
                }
            }
            Some(Asked::Retr) if ok => {
                self.fetched.retrieved = self.fetched.retrieved.saturating_add(1);
                self.body = Some(Body::Mail(Dotted::START));
            }
            Some(Asked::Lines(true)) if ok => self.body = Some(Body::Passed(Dotted::START)),
            Some(Asked::Dele) if ok => {
                self.fetched.deleted = self.fetched.deleted.saturating_add(1);
            }
            // All marks are taken back (RFC 1939 5, RSET).
            Some(Asked::Rset) if ok => self.fetched.deleted = 0,
            Some(Asked::Quit(meta)) => {
                let told = Told::read(status, words);
                self.write_quit(&meta, Some(&told), ends, sink);
            }
            // A refusal of what makes no row, or a farewell that nobody asked for.
            Some(_) | None => {}
        }
    }

    fn on_login(
        &mut self,
        login: &Login,
        (status, words): (&'static str, &[u8]),
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        if login.command == "AUTH" {
            self.in_auth = false;
        }
        let told = login.hears(status, words);
        let outcome = login.outcome(Some(&told));
        let ends = (message.receiver, message.sender);
        self.write_login(login, Some(&told), outcome, ends, sink);
    }

    /// One line of the answer to CAPA (RFC 2449 5).
    fn on_capability(&mut self, line: &[u8]) {
        let (name, value) = word(line);
        if name.eq_ignore_ascii_case(b"IMPLEMENTATION") {
            self.server_version = Some(escape(value));
        }
        if let Some(capa) = &mut self.capa {
            capa.list.push(escape(line));
        }
    }

    /// Pass over text; its last line is that of the dot.
    pub(super) fn pass(&mut self, data: &[u8]) {
        let Some(Body::Mail(dotted) | Body::Passed(dotted)) = &mut self.body else {
            return;
        };
        let ends = dotted.pass(data);
        let is_mail = matches!(self.body, Some(Body::Mail(_)));
        let dot = match (ends, data.ends_with(b"\r\n")) {
            (true, true) => 3,
            (true, false) => 2,
            (false, _) => 0,
        };
        if is_mail {
            self.fetched.add(data.len().saturating_sub(dot));
        }
        if ends {
            self.body = None;
            self.holed = false;
        }
    }
}
