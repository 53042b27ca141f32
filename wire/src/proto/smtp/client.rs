//! What the client of an SMTP connection sends: commands, answers of a login, and mail, which is passed over.

use super::mail::Mail;
use super::verbs::{chunk, command, path};
use super::{Asked, BAD_CHUNK, Login, Mode, Smtp};
use crate::proto::dialogue::{Message, Side, Sink};
use crate::proto::dotted::Dotted;
use crate::proto::escape::escape;
use crate::proto::line::{trim, word};
use crate::proto::sasl::Sasl;

/// Mails whose final reply may be outstanding; clients wait for it.
const MAX_DONE: usize = 8;

impl Smtp {
    /// Take in what [`super::Smtp::cut`] found of the client.
    pub(super) fn on_client(
        &mut self,
        message: &Message<'_>,
        continued: bool,
        sink: &mut Sink<'_>,
    ) {
        let line = trim(message.data);
        let whole = message.data.ends_with(b"\n") && !continued;
        match self.mode {
            Mode::Command if whole => self.on_command(message, line, sink),
            Mode::Command => {}
            Mode::Auth => self.on_answer(message, line, whole, sink),
            Mode::Head if continued => self.count(message.data.len()),
            Mode::Head => self.on_head(message, line, sink),
            Mode::Body(mut body) => {
                self.count(message.data.len());
                if body.pass(message.data) {
                    self.finish(message.sender, message.receiver, sink);
                } else {
                    self.mode = Mode::Body(body);
                }
            }
            Mode::Chunk { .. } => self.on_chunk(message, line),
        }
    }

    fn on_command(&mut self, message: &Message<'_>, line: &[u8], sink: &mut Sink<'_>) {
        let Some((verb, rest)) = command(line) else {
            // Not known, or a password typed at the wrong moment: nothing of it is kept.
            self.ask(Asked::Other);
            return;
        };
        let (client, server) = (message.sender, message.receiver);
        match verb {
            "EHLO" | "HELO" | "LHLO" => {
                self.hello = Some((message.meta, verb, escape(word(rest).0)));
                let asked = self.abort(client, server, sink);
                self.ask(asked);
            }
            "RSET" => {
                let asked = self.abort(client, server, sink);
                self.ask(asked);
            }
            "MAIL" => {
                if let Some(mail) = self.mail.take() {
                    self.write_mail(&mail, client, server, sink);
                }
                let mut mail = self.new_mail(message);
                mail.from = Some(escape(path(rest, b"FROM:")));
                self.mail = Some(mail);
                self.ask(Asked::Mail);
            }
            "RCPT" => {
                self.with_mail(message).add(path(rest, b"TO:"));
                self.ask(Asked::Mail);
            }
            "DATA" => {
                let _begun = self.with_mail(message);
                self.mode = Mode::Head;
                self.ask(Asked::Data);
            }
            "BDAT" => self.on_bdat(message, rest, sink),
            "AUTH" => self.on_auth(message, rest, sink),
            "STARTTLS" => {
                self.starttls = Some(message.meta);
                self.ask(Asked::StartTls);
            }
            _ => self.ask(Asked::Other),
        }
    }

    fn new_mail(&mut self, message: &Message<'_>) -> Mail {
        self.depth = self.depth.saturating_add(1);
        Mail::new(message.meta, self.depth)
    }

    fn with_mail(&mut self, message: &Message<'_>) -> &mut Mail {
        if self.mail.is_none() {
            self.mail = Some(self.new_mail(message));
        }
        let depth = self.depth;
        self.mail
            .get_or_insert_with(|| Mail::new(message.meta, depth))
    }

    /// The mail that is open is given up: its row follows when the command that does it is answered.
    fn abort(&mut self, client: &Side, server: &Side, sink: &mut Sink<'_>) -> Asked {
        let Some(mail) = self.mail.take() else {
            return Asked::Other;
        };
        self.keep(mail, client, server, sink);
        Asked::Abort
    }

    fn keep(&mut self, mail: Mail, client: &Side, server: &Side, sink: &mut Sink<'_>) {
        if self.done.len() >= MAX_DONE
            && let Some(oldest) = self.done.pop_front()
        {
            self.write_mail(&oldest, client, server, sink);
        }
        self.done.push_back(mail);
    }

    /// The mail is whole: its reply follows.
    fn finish(&mut self, client: &Side, server: &Side, sink: &mut Sink<'_>) {
        self.mode = Mode::Command;
        self.holed = false;
        if let Some(mail) = self.mail.take() {
            self.keep(mail, client, server, sink);
        }
        self.ask(Asked::End);
    }

    fn count(&mut self, bytes: usize) {
        if let Some(mail) = &mut self.mail {
            mail.length = mail.length.saturating_add(bytes as u64);
        }
    }

    fn on_head(&mut self, message: &Message<'_>, line: &[u8], sink: &mut Sink<'_>) {
        self.count(message.data.len());
        let ends = message.data.ends_with(b"\n");
        if line == b"." && ends {
            self.finish(message.sender, message.receiver, sink);
        } else if !self.header_line(line) {
            self.mode = Mode::Body(if ends { Dotted::START } else { Dotted::WITHIN });
        }
    }

    /// False when the header is over.
    fn header_line(&mut self, line: &[u8]) -> bool {
        let mail = self.mail.as_mut();
        !line.is_empty() && mail.is_none_or(|mail| mail.header(line))
    }

    fn on_bdat(&mut self, message: &Message<'_>, rest: &[u8], sink: &mut Sink<'_>) {
        let Some((size, is_last)) = chunk(rest) else {
            sink.weird(BAD_CHUNK, &message.meta);
            self.ask(Asked::Mail);
            return;
        };
        let mail = self.with_mail(message);
        let in_head = mail.length == 0;
        if size > 0 {
            self.mode = Mode::Chunk {
                left: size,
                is_last,
                in_head,
            };
        } else if is_last {
            self.finish(message.sender, message.receiver, sink);
            return;
        }
        // The reply to the last chunk is that of the mail.
        self.ask(if is_last { Asked::End } else { Asked::Mail });
    }

    fn on_chunk(&mut self, message: &Message<'_>, line: &[u8]) {
        self.count(message.data.len());
        if let Mode::Chunk { in_head: true, .. } = self.mode
            && !self.header_line(line)
            && let Mode::Chunk { in_head, .. } = &mut self.mode
        {
            *in_head = false;
        }
        self.pass_chunk(message.data.len());
    }

    /// That many bytes of the chunk are over.
    pub(super) fn pass_chunk(&mut self, bytes: usize) {
        let Mode::Chunk { left, is_last, .. } = &mut self.mode else {
            return;
        };
        *left = left.saturating_sub(bytes);
        if *left > 0 {
            return;
        }
        let is_last = *is_last;
        self.mode = Mode::Command;
        if is_last && let Some(mail) = self.mail.take() {
            self.done.push_back(mail);
        }
    }

    fn on_auth(&mut self, message: &Message<'_>, rest: &[u8], sink: &mut Sink<'_>) {
        let (name, initial) = word(rest);
        let mut sasl = Sasl::begin(name);
        if !initial.is_empty() {
            sasl.answer(initial, &sink.out.secrets);
        }
        self.login = Some(Login {
            meta: message.meta,
            sasl,
        });
        self.mode = Mode::Auth;
        self.ask(Asked::Auth);
    }

    /// An answer to a challenge; commands that come instead end the exchange.
    fn on_answer(&mut self, message: &Message<'_>, line: &[u8], whole: bool, sink: &mut Sink<'_>) {
        if whole && command(line).is_some() {
            self.mode = Mode::Command;
            self.on_command(message, line, sink);
            return;
        }
        if whole && let Some(login) = &mut self.login {
            login.sasl.answer(line, &sink.out.secrets);
        }
        self.ask(Asked::Auth);
    }
}
