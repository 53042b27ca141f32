//! How a login ended, told by the sizes of encrypted segments.
//!
//! With one cipher and MAC, padding makes SSH_MSG_SERVICE_ACCEPT (17 bytes for "ssh-userauth") exactly 16 bytes longer on the
//! wire than SSH_MSG_USERAUTH_SUCCESS (1 byte), whether blocks are of 8 or of 16 bytes; each refusal has the same size as
//! the first one, which answers the method "none" that clients ask with to learn the methods.
//!
//! Source: RFC 4253 6 and 10, RFC 4252 5 (messages); the order of judgements is that of Zeek's analyzer
//! (src/analyzer/protocol/ssh/SSH.cc, ProcessEncrypted), so that both name the same logins.

/// Difference of SERVICE_ACCEPT and USERAUTH_SUCCESS, bytes.
const SHORTER: usize = 16;
/// A first answer that is longer than SERVICE_ACCEPT by more than this is the banner shown before login, bytes (Zeek's
/// bound: a refusal lists methods, about 50 bytes).
const BANNER: usize = 256;

/// What the encrypted segments say so far.
#[derive(Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "four things that are independently so or not"
)]
pub(super) struct Login {
    /// The client has sent encrypted bytes: what the server sent before is no answer (RFC 8308 EXT_INFO).
    asked: bool,
    accept: Option<usize>,
    refusal: Option<usize>,
    skipped_banner: bool,
    failures: i32,
    succeeded: bool,
    /// Bytes are missing: sizes mean nothing from here on.
    blind: bool,
}

impl Login {
    /// Take in one encrypted segment.
    pub(super) fn segment(&mut self, from_client: bool, length: usize) {
        if self.blind || self.succeeded {
            return;
        }
        if from_client {
            self.asked = true;
            return;
        }
        if !self.asked {
            return;
        }
        let Some(accept) = self.accept else {
            self.accept = Some(length);
            return;
        };
        let succeeds = length + SHORTER == accept;
        match self.refusal {
            None if succeeds => self.succeeded = true,
            None if !self.skipped_banner && length > accept + BANNER => self.skipped_banner = true,
            None => self.refusal = Some(length),
            Some(refusal) if refusal == length => self.failures = self.failures.saturating_add(1),
            Some(_) => self.succeeded = succeeds,
        }
    }

    /// Bytes are missing.
    pub(super) fn gap(&mut self) {
        self.blind = true;
    }

    /// Attempts seen; `None` when none could be told.
    pub(super) fn attempts(&self) -> Option<i32> {
        let count = self.failures.saturating_add(i32::from(self.succeeded));
        (count > 0 || self.refusal.is_some()).then_some(count)
    }

    /// How it ended.
    pub(super) fn outcome(&self) -> &'static str {
        match (self.succeeded, self.failures) {
            (true, _) => "ok",
            (false, 0) => "unknown",
            // After a gap the login may have been let in unseen.
            (false, _) if self.blind => "unknown",
            (false, _) => "negative",
        }
    }
}
