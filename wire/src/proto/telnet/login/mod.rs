//! Logins by prompt, followed key by key: what the server asks, what is typed, and what it says next.
//!
//! A prompt counts when it stands at the end of what was sent and a key follows: "Current user: root" asks nothing. An outcome is told
//! by a refusal, by being asked again, by the prompt of a shell, or by text behind which the client goes on typing; otherwise it
//! stays unknown.

mod outcome;

use super::typed::{Escape, Line, Typed};
use super::words::{Asks, asks, is_shell, refuses};
use crate::proto::dialogue::Meta;
use crate::proto::escape::escape;
use crate::proto::secrets::Secrets;
pub(super) use outcome::Attempt;
use std::collections::VecDeque;

/// Octets kept of the line that the server is sending; the earlier half goes when it is full.
const MAX_LINE: usize = 512;
/// Octets of text behind a password after which it was no refusal: those are a line or two, what greets a user is a page.
const MAX_ANSWER: usize = 1024;
/// Octets kept of what the server began with: more than what escaping lets into a row.
const MAX_BANNER: usize = 512;
/// Lines typed ahead of their prompts: a name, a password and a few commands.
const MAX_AHEAD: usize = 8;
/// Octets of a server that asked for no login after which none is waited for: banners have a page, 64 KiB are a session.
const MAX_QUIET: usize = 64 << 10;

/// The dialogue of prompts and keys.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "things that were seen, each by itself"
)]
pub(super) struct Prompts {
    typed: Typed,
    ahead: VecDeque<Line>,
    /// What is being typed answers something that is not understood.
    is_ignored: bool,
    escape: Escape,
    line: Vec<u8>,
    /// What the server said since the last answer.
    answer: Vec<u8>,
    /// What stands on the screen was answered.
    is_answered: bool,
    /// What the end of the line asks, and that line.
    candidate: Option<(Asks, Vec<u8>)>,
    asked: Option<(Asks, Vec<u8>)>,
    attempt: Option<Attempt>,
    /// A password was typed on this connection.
    had_password: bool,
    banner: Vec<u8>,
    has_asked: bool,
    quiet: usize,
    /// Attempts that are over.
    pub(super) ended: Vec<Attempt>,
    /// Somebody was let in, or nobody will be asked: the rest is a session.
    pub(super) is_done: bool,
}

impl Prompts {
    /// An octet of the server's text.
    pub(super) fn hear(&mut self, octet: u8) {
        if self.is_done || self.escape.hides(octet) {
            return;
        }
        match octet {
            b'\r' | b'\n' => self.end_line(),
            0..=0x1f | 0x7f => {}
            _ => self.letter(octet),
        }
        self.quiet = self.quiet.saturating_add(1);
        self.is_done |= self.attempt.is_none() && self.quiet > MAX_QUIET;
    }

    fn letter(&mut self, octet: u8) {
        if self.line.len() >= MAX_LINE {
            self.line.drain(..MAX_LINE / 2);
        }
        self.line.push(octet);
        self.add_answer(octet);
        if octet == b' ' {
            return;
        }
        self.is_answered = false;
        // The last octets of a colon in ASCII, UTF-8 and GB 18030.
        let may_ask = matches!(octet, b':' | 0x9a | 0xba);
        let asks = may_ask.then(|| asks(&self.line)).flatten();
        self.candidate = asks.map(|asks| (asks, self.line.clone()));
        if !self.ahead.is_empty() {
            self.confirm();
        }
    }

    fn add_answer(&mut self, octet: u8) {
        if self.answer.len() < MAX_ANSWER {
            self.answer.push(octet);
        } else if self.attempt.as_ref().is_some_and(|it| it.is_shown) && self.has_said() {
            self.decide("ok", None);
        }
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if self.attempt.is_some() && refuses(&line) {
            self.decide("negative", Some(&line));
        }
        if !self.has_asked && !line.trim_ascii().is_empty() {
            let room = MAX_BANNER.saturating_sub(self.banner.len());
            let space = if self.banner.is_empty() {
                &b""[..]
            } else {
                b" "
            };
            let words = space.iter().chain(line.trim_ascii());
            self.banner.extend(words.take(room));
        }
        self.add_answer(b'\n');
    }

    /// A key of the client.
    pub(super) fn press(&mut self, octet: u8, meta: Meta, secrets: &Secrets) {
        if self.is_done {
            return;
        }
        if self.typed.is_fresh() && !self.typed.is_rest_of_end(octet) {
            self.begin_line();
        }
        if self.is_done {
            return;
        }
        if let Some(line) = self.typed.take(octet, meta) {
            self.enter(line, secrets);
            self.take_ahead(secrets);
        }
    }

    /// A correction by a Telnet command.
    pub(super) fn correct(&mut self, whole_line: bool) {
        if whole_line {
            self.typed.erase_line();
        } else {
            self.typed.erase();
        }
    }

    /// The first key of a line: what stands on the screen is what it answers.
    fn begin_line(&mut self) {
        if self.candidate.is_some() {
            self.confirm();
        } else if let Some(attempt) = &self.attempt {
            let is_in = if attempt.is_shown {
                self.has_said()
            } else {
                is_shell(&self.line)
            };
            if is_in {
                self.decide_by_text();
            }
        }
        let is_blank = self.line.trim_ascii().is_empty();
        self.is_ignored = self.asked.is_none() && !is_blank && !self.is_answered;
    }

    /// The server asks what the candidate says.
    fn confirm(&mut self) {
        let Some((asks, line)) = self.candidate.take() else {
            return;
        };
        self.has_asked = true;
        let shown = self.attempt.as_ref().map(|attempt| attempt.is_shown);
        let asks = match (asks, shown) {
            (Asks::User, _) => {
                // Who was refused is asked again.
                match shown {
                    Some(true) => self.decide_again(),
                    Some(false) => self.decide("unknown", None),
                    None => {}
                }
                if self.had_password {
                    // What was typed ahead may be a password by now.
                    self.ahead.clear();
                }
                asks
            }
            (Asks::Password, Some(true)) => {
                let user = self.attempt.as_ref().and_then(|it| it.user.clone());
                self.decide_again();
                if let Some(user) = user {
                    self.attempt = Some(Attempt {
                        user: Some(user),
                        prompt: Some(escape(line.trim_ascii())),
                        ..Attempt::default()
                    });
                }
                asks
            }
            (Asks::NewPassword, Some(true)) => {
                self.decide("ok", None);
                return;
            }
            // What is asked behind the name is the password, in whatever language.
            (Asks::Other, Some(false)) => Asks::Password,
            (Asks::Other, Some(true)) => {
                self.decide("unknown", None);
                asks
            }
            _ => asks,
        };
        self.asked = Some((asks, line));
    }

    /// Use the lines that were typed ahead for what is asked by now.
    pub(super) fn take_ahead(&mut self, secrets: &Secrets) {
        while self.asked.is_some()
            && let Some(line) = self.ahead.pop_front()
        {
            self.enter(line, secrets);
        }
    }

    fn enter(&mut self, line: Line, secrets: &Secrets) {
        let is_ignored = std::mem::take(&mut self.is_ignored);
        let text = line.text.trim_ascii();
        match self.asked.take() {
            // An empty name is asked for again.
            Some((Asks::User, prompt)) if !text.is_empty() => {
                self.attempt = Some(Attempt {
                    meta: line.meta,
                    user: Some(escape(text)),
                    prompt: Some(escape(prompt.trim_ascii())),
                    ..Attempt::default()
                });
            }
            Some((Asks::Password, prompt)) => {
                self.had_password = true;
                let attempt = self.attempt.get_or_insert_with(|| Attempt {
                    meta: line.meta,
                    prompt: Some(escape(prompt.trim_ascii())),
                    ..Attempt::default()
                });
                if attempt.meta.flow_uid == [0; 16] {
                    attempt.meta = line.meta;
                }
                attempt.is_shown = true;
                // The hash of a part would be that of another password.
                attempt.secret_hash = (!line.is_cut).then(|| secrets.hash(&line.text)).flatten();
                attempt.secret = line.text;
            }
            Some(_) => {}
            None if !is_ignored && !text.is_empty() && self.ahead.len() < MAX_AHEAD => {
                self.ahead.push_back(line);
                return;
            }
            None => return,
        }
        self.answer.clear();
        self.is_answered = true;
    }

    /// What the server began with, escaped.
    pub(super) fn banner(&self) -> Option<String> {
        (!self.banner.is_empty()).then(|| escape(&self.banner))
    }

    /// Octets of a side are missing: what was typed, or what stands on the screen, is not known.
    pub(super) fn forget(&mut self, of_client: bool) {
        if of_client {
            self.typed.forget();
            self.ahead.clear();
            self.asked = None;
        } else {
            self.line.clear();
            self.candidate = None;
            self.escape = Escape::None;
        }
    }

    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        let ahead = self.ahead.iter().map(|line| line.text.capacity());
        let asked = [&self.candidate, &self.asked];
        let asked = asked.into_iter().flatten().map(|(_, line)| line.capacity());
        self.typed.bytes()
            + self.ahead.capacity() * size_of::<Line>()
            + ahead.sum::<usize>()
            + asked.sum::<usize>()
            + self.line.capacity()
            + self.answer.capacity()
            + self.banner.capacity()
            + self.ended.capacity() * size_of::<Attempt>()
            + self.ended.iter().map(Attempt::bytes).sum::<usize>()
            + self.attempt.as_ref().map_or(0, Attempt::bytes)
    }
}
