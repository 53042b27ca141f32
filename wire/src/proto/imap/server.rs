//! What the server of an IMAP connection sends: responses without a tag, and replies that end commands.

use super::syntax::{completion, is_of_server, literal, program, strings};
use super::{Asked, BAD_REPLY, Imap, Text};
use crate::proto::dialogue::{Message, Sink};
use crate::proto::escape::escape;
use crate::proto::line::word;
use crate::proto::mail::Told;
use crate::proto::read::contains_word;
use crate::proto::texts::Texts;

/// Strings looked at in an ID list: thirty pairs (RFC 2971 3.3).
const MAX_ID: usize = 60;
/// Capabilities looked at in a list; some servers name fifty.
const MAX_CAPABILITIES: usize = 64;

impl Imap {
    /// Take in a line of the server, or a part of one; `continued`: its start came before; `ends`: its end is here.
    pub(super) fn on_server(
        &mut self,
        message: &Message<'_>,
        line: &[u8],
        (continued, ends): (bool, bool),
        sink: &mut Sink<'_>,
    ) {
        if !continued && !self.server_text.open {
            self.in_fetch = false;
            if let Some(rest) = line.strip_prefix(b"* ") {
                self.on_untagged(message, rest, sink);
            } else if let Some((tag, status, words)) = completion(line) {
                self.on_completion(message, (tag, status, words), sink);
            } else if !is_of_server(line) && !line.is_empty() {
                sink.weird(BAD_REPLY, &message.meta);
            }
        }
        if !ends {
            return;
        }
        let follows = literal(line);
        self.server_text = Text {
            left: follows.map_or(0, |found| found.length),
            open: follows.is_some(),
            waits: false,
        };
    }

    fn on_untagged(&mut self, message: &Message<'_>, line: &[u8], sink: &mut Sink<'_>) {
        let (first, rest) = word(line);
        let is = |name: &str| first.eq_ignore_ascii_case(name.as_bytes());
        if is("OK") || is("PREAUTH") || is("BYE") {
            // What was said before anybody asked is the greeting (RFC 9051 7.1).
            if !self.greeted && self.rows == 0 && self.pending.is_empty() {
                self.greeted = true;
                self.banner = Some(escape(rest));
                if is("PREAUTH") {
                    let ends = (message.receiver, message.sender);
                    self.write_preauth(&message.meta, ends, sink);
                }
            }
        } else if is("CAPABILITY") {
            let mut capabilities = Texts::default();
            for name in strings(rest, MAX_CAPABILITIES) {
                capabilities.push(escape(&name));
            }
            self.capabilities = capabilities;
        } else if is("ID") {
            let version = program(&strings(rest, MAX_ID)).map(|version| escape(&version));
            self.server_version = version.or(self.server_version.take());
        } else if first.iter().all(u8::is_ascii_digit) {
            self.on_message_data(rest);
        }
    }

    /// What a numbered response says of a message.
    fn on_message_data(&mut self, rest: &[u8]) {
        let (kind, items) = word(rest);
        if kind.eq_ignore_ascii_case(b"EXPUNGE") {
            self.fetched.deleted = self.fetched.deleted.saturating_add(1);
        } else if kind.eq_ignore_ascii_case(b"FETCH") {
            // Header or text (RFC 9051 7.5.2, RFC 3501 7.4.2); BODYSTRUCTURE, sizes and flags are none.
            let brings = [
                "BODY[",
                "RFC822 ",
                "RFC822.HEADER ",
                "RFC822.TEXT ",
                "BINARY[",
            ]
            .iter()
            .any(|name| contains_word(items, name.as_bytes()));
            self.in_fetch = brings;
            if brings {
                self.fetched.retrieved = self.fetched.retrieved.saturating_add(1);
            }
        }
    }

    fn on_completion(
        &mut self,
        message: &Message<'_>,
        (tag, status, words): (&[u8], &'static str, &[u8]),
        sink: &mut Sink<'_>,
    ) {
        let Some(at) = self.pending.iter().position(|pending| pending.tag == tag) else {
            return;
        };
        // Refused before its literal was asked for: it will not come (RFC 9051 4.3).
        if at + 1 == self.pending.len() && self.client_text.open && self.client_text.waits {
            self.client_text = Text::default();
        }
        let Some(pending) = self.pending.remove(at) else {
            return;
        };
        let told = match &pending.asked {
            Asked::Login(login) => login.hears(status, words),
            _ => Told::read(status, words),
        };
        match &pending.asked {
            Asked::Login(login) if login.command == "AUTHENTICATE" => self.in_auth = false,
            Asked::StartTls => self.encrypted = status == "OK",
            Asked::Compress => self.compressed = status == "OK",
            _ => {}
        }
        let ends = (message.receiver, message.sender);
        self.write(pending, Some(&told), ends, sink);
    }
}
