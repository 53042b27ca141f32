//! TLS and its national sister TLCP: one row per handshake, and nothing of what follows it.
//!
//! Read are hellos, the server's certificates and key exchange, and alerts in the clear. Once both sides protect their
//! records the conversation is finished.
//! Source: RFC 8446, RFC 5246, RFC 6101, GB/T 38636-2020.

mod cursor;
mod dtls;
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
use record::{Fragments, HEADER, MAX_RECORD, content, kind};
use shake::Shake;

/// No record where one must start.
const BAD_RECORD: Weird = Weird::new(1, "tls_bad_record");
/// A handshake record without handshake messages, or with one too large to be read.
const BAD_HANDSHAKE: Weird = Weird::new(2, "tls_bad_handshake");
/// A hello whose lengths contradict one another.
const BAD_HELLO: Weird = Weird::new(3, "tls_bad_hello");
/// A certificate that cannot be read.
const BAD_CERTIFICATE: Weird = Weird::new(4, "tls_bad_certificate");

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
    shake: Option<Box<Shake>>,
    client_is_lo: Option<bool>,
    fragments: Pair<Fragments>,
    phases: Pair<Phase>,
    is_written: bool,
    is_finished: bool,
}

impl Tls {
    fn handshake(&mut self, message: &Message<'_>, body: &[u8], sink: &mut Sink<'_>) {
        let mut fragments = std::mem::take(self.fragments.get_mut(message.from_lo));
        let sound = fragments.feed(body, |number, text| {
            self.on_message(number, text, message, sink);
        });
        *self.fragments.get_mut(message.from_lo) = fragments;
        if !sound {
            sink.weird(BAD_HANDSHAKE, &message.meta);
        }
    }

    fn on_message(&mut self, number: u8, body: &[u8], message: &Message<'_>, sink: &mut Sink<'_>) {
        let from_server = self.client_is_lo == Some(!message.from_lo);
        match number {
            kind::CLIENT_HELLO => self.client_hello(body, message, sink),
            kind::SERVER_HELLO => self.server_hello(body, message, sink),
            kind::CERTIFICATE if from_server => {
                if let Some(shake) = self.shake.as_mut()
                    && !shake.certificates(body)
                {
                    sink.weird(BAD_CERTIFICATE, &message.meta);
                }
            }
            kind::KEY_EXCHANGE if from_server => {
                if let Some(shake) = self.shake.as_mut() {
                    shake.key_exchange(body);
                }
            }
            kind::HELLO_DONE if from_server => {
                if let Some(shake) = self.shake.as_mut() {
                    shake.hello_done();
                }
            }
            _ => {}
        }
    }

    fn client_hello(&mut self, body: &[u8], message: &Message<'_>, sink: &mut Sink<'_>) {
        let Some(hello) = ClientHello::parse(body) else {
            sink.weird(BAD_HELLO, &message.meta);
            return;
        };
        if !hello.is_sound {
            sink.weird(BAD_HELLO, &message.meta);
        }
        self.client_is_lo.get_or_insert(message.from_lo);
        if self.client_is_lo == Some(message.from_lo) && !self.is_written {
            self.shake(message, true).offer(&hello, 't');
        }
    }

    fn server_hello(&mut self, body: &[u8], message: &Message<'_>, sink: &mut Sink<'_>) {
        let Some(hello) = ServerHello::parse(body) else {
            sink.weird(BAD_HELLO, &message.meta);
            return;
        };
        if !hello.is_sound {
            sink.weird(BAD_HELLO, &message.meta);
        }
        self.client_is_lo.get_or_insert(!message.from_lo);
        if self.client_is_lo == Some(!message.from_lo) && !self.is_written {
            let shake = self.shake(message, false);
            if !shake.is_answered() {
                shake.choose(&hello);
            }
        }
    }

    fn shake(&mut self, message: &Message<'_>, from_client: bool) -> &mut Shake {
        self.shake
            .get_or_insert_with(|| Box::new(Shake::new(message, from_client)))
    }

    /// A side announces protected records. While another hello is awaited it does so only to please middleboxes
    /// (RFC 8446 appendix D.4).
    fn change(&mut self, from_lo: bool) {
        let from_server = self.client_is_lo == Some(!from_lo);
        if let Some(shake) = self.shake.as_mut() {
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
            if let Some(shake) = self.shake.as_mut() {
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
        let from_client = self.client_is_lo == Some(message.from_lo);
        let is_refusal = from_client && was != Phase::Protected && length == PROTECTED_ALERT;
        let both = *self.phases.get(!message.from_lo) == Phase::Protected;
        if let Some(shake) = self.shake.as_mut() {
            shake.is_established = both && shake.is_answered() && !is_refusal;
        }
        if both {
            self.finish(sink);
        }
    }

    /// Write the row; nothing that follows can be read.
    fn finish(&mut self, sink: &mut Sink<'_>) {
        self.write(sink);
        self.is_finished = true;
        self.fragments = Pair::default();
    }

    fn write(&mut self, sink: &mut Sink<'_>) {
        if let Some(shake) = self.shake.as_ref()
            && !std::mem::replace(&mut self.is_written, true)
        {
            shake.write(sink.out);
        }
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
        self.write(sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn bytes(&self) -> usize {
        let fragments = self.fragments.lo.bytes() + self.fragments.hi.bytes();
        fragments + self.shake.as_deref().map_or(0, Shake::bytes)
    }

    fn labels(&self) -> Labels<'_> {
        let (server_name, ja4) = self
            .shake
            .as_ref()
            .map_or((None, None), |shake| shake.labels());
        Labels { server_name, ja4 }
    }

    fn is_finished(&self) -> bool {
        self.is_finished
    }
}
