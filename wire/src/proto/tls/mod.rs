//! TLS and its national sister TLCP: one row per handshake, and nothing of what follows it.
//!
//! Read are hellos, the server's certificates and key exchange, and alerts in the clear. Once both sides protect their
//! records the conversation is finished.
//! Source: RFC 8446, RFC 5246, RFC 6101, GB/T 38636-2020.

mod cursor;
mod dtls;
mod exchange;
mod fingerprint;
mod hello;
mod leaf;
pub(super) mod names;
mod oids;
mod record;
mod shake;
pub(super) mod suites;

pub(super) use cursor::Cursor;
pub(super) use dtls::Dtls;
pub(super) use dtls::record as dtls_record;
pub(super) use fingerprint::{hex, ja3, ja3s, ja4};
pub(super) use hello::{ClientHello, ServerHello};
pub(super) use record::TLCP;

use super::dialogue::{Cut, Dialogue, Labels, Message, Pair, Side, Sink};
use super::weird::Weird;
use exchange::{Exchange, Way};
use record::{Fragments, HEADER, MAX_RECORD, content};

/// No record where one must start.
const BAD_RECORD: Weird = Weird::new(1, "tls_bad_record");
/// A handshake record without handshake messages, or with one too large to be read.
const BAD_HANDSHAKE: Weird = Weird::new(2, "tls_bad_handshake");
/// What is said of hellos whose lengths contradict one another, and of certificates that cannot be read.
const WAY: Way = Way {
    letter: 't',
    bad_hello: Weird::new(3, "tls_bad_hello"),
    bad_certificate: Weird::new(4, "tls_bad_certificate"),
};

/// Alert that ends a conversation although its level is a warning (RFC 8446 6.1).
const CLOSE_NOTIFY: u8 = 0;
/// Content of a protected record that holds an alert in TLS 1.3: alert, its type, and the tag of an AEAD (RFC 8446 5.2,
/// 6). A Finished message takes 53 octets at least.
const PROTECTED_ALERT: usize = 2 + 1 + 16;

/// How far one side has come.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    /// Speaks in the clear.
    #[default]
    Plain,
    /// Announced that protected records follow.
    Changed,
    /// Sent a protected record.
    Protected,
}

/// One conversation.
#[derive(Default)]
pub(super) struct Tls {
    exchange: Exchange,
    fragments: Pair<Fragments>,
    phases: Pair<Phase>,
    is_finished: bool,
}

impl Tls {
    fn handshake(&mut self, message: &Message<'_>, body: &[u8], sink: &mut Sink<'_>) {
        let mut fragments = std::mem::take(self.fragments.get_mut(message.from_lo));
        let sound = fragments.feed(body, |number, text| {
            self.exchange.take((number, text), &WAY, message, sink);
        });
        *self.fragments.get_mut(message.from_lo) = fragments;
        if !sound {
            sink.weird(BAD_HANDSHAKE, &message.meta);
        }
    }

    /// A side announces protected records. While another hello is awaited it does so only to please middleboxes
    /// (RFC 8446 appendix D.4).
    fn change(&mut self, from_lo: bool) {
        let from_server = self.exchange.is_server(from_lo);
        if let Some(shake) = self.exchange.shake.as_mut() {
            if shake.is_retrying {
                return;
            }
            if from_server {
                shake.server_changes();
            }
        }
        let phase = self.phases.get_mut(from_lo);
        *phase = (*phase).max(Phase::Changed);
    }

    fn alert(&mut self, message: &Message<'_>, body: &[u8], sink: &mut Sink<'_>) {
        if let [level, description] = *body {
            if let Some(shake) = self.exchange.shake.as_mut() {
                shake.last_alert = Some(description);
            }
            if level != 1 || description == CLOSE_NOTIFY {
                self.finish(sink);
            }
        } else if *self.phases.get(message.from_lo) == Phase::Changed {
            // A protected alert in place of Finished: the handshake failed.
            self.finish(sink);
        }
    }

    fn protected(&mut self, message: &Message<'_>, length: usize, sink: &mut Sink<'_>) {
        let was = *self.phases.get(message.from_lo);
        *self.phases.get_mut(message.from_lo) = Phase::Protected;
        let from_client = self.exchange.client_is_lo == Some(message.from_lo);
        let is_refusal = from_client && was != Phase::Protected && length == PROTECTED_ALERT;
        let both = *self.phases.get(!message.from_lo) == Phase::Protected;
        if let Some(shake) = self.exchange.shake.as_mut() {
            shake.is_established = both && shake.is_answered() && !is_refusal;
        }
        if both {
            self.finish(sink);
        }
    }

    /// Write the row; nothing that follows can be read.
    fn finish(&mut self, sink: &mut Sink<'_>) {
        self.exchange.write(sink);
        self.is_finished = true;
        self.fragments = Pair::default();
    }
}

impl Dialogue for Tls {
    const BAD: Weird = BAD_RECORD;
    /// One record that is not complete yet; what is, was read. Handshake messages of up to 64 KiB wait in [`Fragments`].
    const MAX_WAITING: usize = HEADER + MAX_RECORD as usize;

    fn cut(&self, data: &[u8], _from_lo: bool, _lost: bool) -> Cut {
        record::cut(data)
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let Some((header, body)) = message.data.split_at_checked(HEADER) else {
            return;
        };
        if self.is_finished {
            return;
        }
        let phase = *self.phases.get(message.from_lo);
        match header.first() {
            Some(&content::CHANGE) => self.change(message.from_lo),
            Some(&content::ALERT) => self.alert(message, body, sink),
            Some(&content::HANDSHAKE) if phase == Phase::Plain => {
                self.handshake(message, body, sink);
            }
            Some(&content::HANDSHAKE) => self.protected(message, body.len(), sink),
            Some(&content::DATA) => self.protected(message, message.missing, sink),
            _ => {}
        }
    }

    fn gap(&mut self, from_lo: bool) {
        *self.fragments.get_mut(from_lo) = Fragments::default();
    }

    fn end(&mut self, _sides: &Pair<Side>, sink: &mut Sink<'_>) {
        self.exchange.write(sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.exchange.client_is_lo
    }

    fn bytes(&self) -> usize {
        let fragments = self.fragments.lo.bytes() + self.fragments.hi.bytes();
        fragments + self.exchange.bytes()
    }

    fn labels(&self) -> Labels<'_> {
        self.exchange.labels()
    }

    fn is_finished(&self) -> bool {
        self.is_finished
    }
}
