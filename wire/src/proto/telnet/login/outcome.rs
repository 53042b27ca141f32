//! How an attempt ends: by words of the server, by being asked again, or by what the client goes on to do.

use super::Prompts;
use crate::proto::dialogue::Meta;
use crate::proto::escape::escape;
use crate::proto::read::contains_word;
use crate::proto::telnet::words::{Asks, is_shell, lets_in, refuses};

/// One attempt.
#[derive(Default)]
pub(in crate::proto::telnet) struct Attempt {
    /// Packet of its first key.
    pub(in crate::proto::telnet) meta: Meta,
    /// User typed, escaped.
    pub(in crate::proto::telnet) user: Option<String>,
    /// Hash of the password.
    pub(in crate::proto::telnet) secret_hash: Option<String>,
    /// A password was typed.
    pub(in crate::proto::telnet) is_shown: bool,
    /// Line that asked, escaped.
    pub(in crate::proto::telnet) prompt: Option<String>,
    /// Words of the refusal, escaped.
    pub(in crate::proto::telnet) refusal: Option<String>,
    /// How it ended.
    pub(in crate::proto::telnet) outcome: &'static str,
    /// Kept only to recognise an echo of it, never written.
    pub(super) secret: Vec<u8>,
}

impl Attempt {
    /// Bytes of memory held beside the value itself.
    pub(super) fn bytes(&self) -> usize {
        let texts = [&self.user, &self.secret_hash, &self.prompt, &self.refusal];
        let texts = texts.into_iter().flatten().map(String::capacity);
        self.secret.capacity() + texts.sum::<usize>()
    }
}

impl Prompts {
    /// Asked again after a password: refused, in the words of the last line before the prompt.
    pub(super) fn decide_again(&mut self) {
        let answer = std::mem::take(&mut self.answer);
        let lines: Vec<&[u8]> = answer.split(|byte| *byte == b'\n').collect();
        let before = lines.split_last().map_or(&[][..], |(_, before)| before);
        let words = before
            .iter()
            .rev()
            .copied()
            .find(|line| !self.is_echo(line));
        self.decide("negative", words);
    }

    /// The client goes on typing behind a text: let in, unless it refuses.
    pub(super) fn decide_by_text(&mut self) {
        let line = self.line.clone();
        if refuses(&line) {
            self.decide("negative", Some(&line));
        } else {
            self.decide("ok", None);
        }
    }

    /// The server said something that is no echo of the password.
    pub(super) fn has_said(&self) -> bool {
        self.answer
            .split(|byte| *byte == b'\n')
            .any(|line| !self.is_echo(line))
    }

    /// Nothing, the password itself, or stars for it.
    fn is_echo(&self, line: &[u8]) -> bool {
        let line = line.trim_ascii();
        let attempt = self.attempt.as_ref();
        let secret = attempt.map_or(&[][..], |it| it.secret.trim_ascii());
        line == secret || line.iter().all(|byte| *byte == b'*')
    }

    pub(super) fn decide(&mut self, outcome: &'static str, refusal: Option<&[u8]>) {
        let Some(mut attempt) = self.attempt.take() else {
            return;
        };
        let hides =
            |words: &&[u8]| attempt.secret.is_empty() || !contains_word(words, &attempt.secret);
        attempt.refusal = refusal.map(<[u8]>::trim_ascii).filter(hides).map(escape);
        attempt.secret = Vec::new();
        attempt.outcome = outcome;
        self.ended.push(attempt);
        self.answer.clear();
        self.is_done |= outcome == "ok";
    }

    /// The flow segment ends: what is known by now decides.
    pub(in crate::proto::telnet) fn end(&mut self) {
        let Some(is_shown) = self.attempt.as_ref().map(|attempt| attempt.is_shown) else {
            return;
        };
        let line = self.line.clone();
        let candidate = self.candidate.as_ref().map(|(asks, _)| *asks);
        if refuses(&line) {
            self.decide("negative", Some(&line));
        } else if !is_shown {
            let outcome = if is_shell(&line) { "ok" } else { "unknown" };
            self.decide(outcome, None);
        } else if matches!(candidate, Some(Asks::User | Asks::Password)) {
            self.decide_again();
        } else if candidate == Some(Asks::NewPassword) || self.has_said() && lets_in(&self.answer) {
            self.decide("ok", None);
        } else {
            self.decide("unknown", None);
        }
    }
}
