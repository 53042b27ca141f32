//! What the client of an IMAP connection sends: commands, the literals in them, and answers of a login.

use super::syntax::{command, literal, program, strings};
use super::{Asked, Imap, MAX_PENDING, Pending, Text};
use crate::proto::dialogue::{Message, Sink};
use crate::proto::escape::escape;
use crate::proto::mail::Login;

/// Octets kept of a string of a command: user names and passwords are shorter, and what is longer tries to overflow a buffer.
const MAX_STRING: usize = 1024;
/// Strings kept of an ID list: RFC 2971 3.3 allows thirty pairs.
const MAX_ID: usize = 60;

impl Imap {
    /// Take in a line of the client, or a part of one; `continued`: its start came before; `ends`: its end is here.
    pub(super) fn on_client(
        &mut self,
        message: &Message<'_>,
        line: &[u8],
        (continued, ends): (bool, bool),
        sink: &mut Sink<'_>,
    ) {
        if continued || !ends {
            // Too long to be read: its strings would be parts of what was sent.
            let begins = !continued && !self.client_text.open;
            if let Some((tag, verb, _)) = command(line).filter(|_| begins) {
                self.on_command((tag, verb), message, sink);
            }
            self.spoil();
        } else if !self.client_text.open {
            match command(line) {
                Some((tag, verb, rest)) => {
                    let skipped = line.len() - rest.len();
                    self.on_command((tag, verb), message, sink);
                    self.on_part(line, skipped, sink);
                }
                None if self.in_auth => self.on_answer(line, sink),
                // DONE, or a password typed at the wrong moment: nothing of it is kept.
                None => {}
            }
            return;
        } else {
            self.on_part(line, 0, sink);
        }
        if ends && continued {
            self.announce(line, sink);
        }
    }

    fn on_command(
        &mut self,
        (tag, verb): (&[u8], &'static str),
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        self.in_auth = verb == "AUTHENTICATE";
        let login = |method| Asked::Login(Box::new(Login::new(message.meta, verb, method)));
        let (asked, most) = match verb {
            "LOGIN" => (login(Some("password")), 2),
            "AUTHENTICATE" => (login(None), 2),
            "CAPABILITY" => (Asked::Capability, 0),
            "ID" => (Asked::Id, MAX_ID),
            "STARTTLS" => (Asked::StartTls, 0),
            "SELECT" | "EXAMINE" => (Asked::Open(verb), 1),
            "LOGOUT" => (Asked::Logout, 0),
            "COMPRESS" => (Asked::Compress, 0),
            _ => (Asked::Other, 0),
        };
        if self.pending.len() >= MAX_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            self.write(oldest, None, (message.sender, message.receiver), sink);
        }
        self.pending.push_back(Pending {
            tag: tag.to_vec(),
            meta: message.meta,
            asked,
            words: Vec::new(),
            most,
            object: None,
        });
    }

    /// A part of a command: strings, and the literal that follows it or the end of the command.
    fn on_part(&mut self, line: &[u8], from: usize, sink: &Sink<'_>) {
        let end = literal(line).map_or(line.len(), |found| found.at);
        let part = line.get(from..end).unwrap_or(&[]);
        if let Some(pending) = self.pending.back_mut() {
            let room = pending.most.saturating_sub(pending.words.len());
            pending.words.extend(strings(part, room));
            if pending.words.iter().any(|word| word.len() > MAX_STRING)
                && !matches!(&pending.asked, Asked::Login(login) if login.command == "AUTHENTICATE")
            {
                self.spoil();
            }
        }
        self.announce(line, sink);
    }

    /// See what follows a line: a literal, or the next command.
    fn announce(&mut self, line: &[u8], sink: &Sink<'_>) {
        if let Some(found) = literal(line).filter(|_| !self.in_auth) {
            self.client_text = Text {
                left: found.length,
                open: true,
                waits: found.waits,
            };
            if found.length == 0 {
                self.close_literal();
            }
        } else {
            self.client_text = Text::default();
            self.read_command(sink);
        }
    }

    /// Keep octets of a literal that is a string which is wanted.
    pub(super) fn keep(&mut self, data: &[u8]) {
        let wants = |pending: &Pending| pending.words.len() < pending.most;
        if !self.pending.back().is_some_and(wants) {
            return;
        }
        if self.kept.len() + data.len() > MAX_STRING {
            self.spoil();
        } else {
            self.kept.extend_from_slice(data);
        }
    }

    /// A literal is over.
    pub(super) fn close_literal(&mut self) {
        let kept = std::mem::take(&mut self.kept);
        if let Some(pending) = self.pending.back_mut()
            && pending.words.len() < pending.most
        {
            pending.words.push(kept);
        }
    }

    /// Of a command that was lost in part nothing is kept: a password could stand where the user is looked for.
    pub(super) fn spoil(&mut self) {
        self.kept = Vec::new();
        if let Some(pending) = self.pending.back_mut() {
            pending.most = 0;
            pending.words = Vec::new();
        }
    }

    /// All of a command is here.
    fn read_command(&mut self, sink: &Sink<'_>) {
        let Some(pending) = self.pending.back_mut() else {
            return;
        };
        pending.most = 0;
        let words = std::mem::take(&mut pending.words);
        let secrets = &sink.out.secrets;
        match (&mut pending.asked, words.as_slice()) {
            (Asked::Login(login), [name, rest @ ..]) if login.command == "AUTHENTICATE" => {
                let initial = rest.first().map_or(&[][..], Vec::as_slice);
                **login = Login::sasl(login.meta, login.command, (name, initial), secrets);
            }
            (Asked::Login(login), [user, rest @ ..]) => {
                login.name(user);
                if let Some(secret) = rest.first() {
                    login.show(secret, secrets);
                }
            }
            (Asked::Open(_), [mailbox, ..]) => pending.object = Some(escape(mailbox)),
            (Asked::Id, list) => {
                let app = program(list).map(|app| escape(&app));
                self.client_app = app.or(self.client_app.take());
            }
            _ => {}
        }
    }

    fn on_answer(&mut self, line: &[u8], sink: &Sink<'_>) {
        let login = self
            .pending
            .iter_mut()
            .rev()
            .find_map(|pending| match &mut pending.asked {
                Asked::Login(login) => Some(login),
                _ => None,
            });
        if let Some(login) = login {
            login.answer(line, &sink.out.secrets);
        }
    }
}
