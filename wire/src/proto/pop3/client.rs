//! What the client of a POP3 connection sends.

use super::verbs::command;
use super::{Asked, MAX_PENDING, Pop3};
use crate::proto::dialogue::{Message, Sink};
use crate::proto::line::word;
use crate::proto::mail::Login;

impl Pop3 {
    /// Take in a line of the client.
    pub(super) fn on_client(
        &mut self,
        message: &Message<'_>,
        line: &[u8],
        whole: bool,
        sink: &mut Sink<'_>,
    ) {
        // Nobody asks again before the lines of the answer are over: their end was lost.
        if std::mem::take(&mut self.holed) {
            self.body = None;
        }
        match command(line).filter(|_| whole) {
            Some((verb, rest)) => {
                self.in_auth = false;
                self.on_command(verb, rest, message, sink);
            }
            None if self.in_auth => self.on_answer(line, whole, sink),
            // Not known, or a password typed at the wrong moment: nothing of it is kept.
            None => self.ask(Asked::Other, message, sink),
        }
    }

    fn on_command(
        &mut self,
        verb: &'static str,
        rest: &[u8],
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        let meta = message.meta;
        let has_argument = !rest.trim_ascii().is_empty();
        let asked = match verb {
            "USER" => {
                self.write_named((message.sender, message.receiver), sink);
                let mut login = Login::new(meta, verb, Some("password"));
                login.name(rest.trim_ascii());
                Asked::User(Box::new(login), false)
            }
            "PASS" => Asked::Login(Box::new(self.with_password(message, rest, sink))),
            "APOP" => {
                // The digest changes with every greeting (RFC 1939 7): its hash would tell nothing.
                let mut login = Login::new(meta, verb, Some("apop"));
                login.name(word(rest).0);
                Asked::Login(Box::new(login))
            }
            "AUTH" if has_argument => {
                self.in_auth = true;
                let login = Login::sasl(meta, verb, word(rest), &sink.out.secrets);
                Asked::Login(Box::new(login))
            }
            // Without a mechanism it asks for a list of them, without a message for all messages.
            "AUTH" | "TOP" => Asked::Lines(true),
            "LIST" | "UIDL" | "LANG" => Asked::Lines(!has_argument),
            "STLS" => Asked::StartTls(meta),
            "CAPA" => Asked::Capa(meta),
            "RETR" => Asked::Retr,
            "DELE" => Asked::Dele,
            "RSET" => Asked::Rset,
            "QUIT" => Asked::Quit(meta),
            _ => Asked::Other,
        };
        self.ask(asked, message, sink);
    }

    /// The login that a password belongs to: that of the user named last.
    fn with_password(&mut self, message: &Message<'_>, secret: &[u8], sink: &Sink<'_>) -> Login {
        let mut login = Login::new(message.meta, "PASS", Some("password"));
        let named = self.named.take().map(|(named, _)| named);
        if let Some(Asked::User(waiting, followed)) = self.pending.back_mut() {
            *followed = true;
            login.take_name(waiting);
        } else if let Some(mut named) = named {
            login.take_name(&mut named);
        }
        login.show(secret, &sink.out.secrets);
        login
    }

    fn on_answer(&mut self, line: &[u8], whole: bool, sink: &Sink<'_>) {
        let login = self.pending.iter_mut().rev().find_map(|asked| match asked {
            Asked::Login(login) => Some(login),
            _ => None,
        });
        if let Some(login) = login.filter(|_| whole) {
            login.answer(line, &sink.out.secrets);
        }
    }

    fn ask(&mut self, asked: Asked, message: &Message<'_>, sink: &mut Sink<'_>) {
        if self.pending.len() >= MAX_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            self.write_unanswered(oldest, (message.sender, message.receiver), sink);
        }
        self.pending.push_back(asked);
    }
}
