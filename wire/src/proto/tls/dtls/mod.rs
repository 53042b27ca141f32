//! DTLS: handshakes in datagrams, one row each; also where STUN and media share the port.
//!
//! Read is what TLS reads too. A datagram that is none of DTLS is passed over, so that the flow of a call that begins with STUN is
//! read as well.
//! Source: RFC 6347, RFC 9147, RFC 7983.

mod fragments;
pub(in crate::proto) mod record;

use super::exchange::{Exchange, Way};
use super::record::content;
use super::{CLOSE_NOTIFY, Phase};
use crate::proto::dialogue::{Cut, Dialogue, Labels, Message, Pair, Side, Sink};
use crate::proto::tls::cursor::Cursor;
use crate::proto::weird::Weird;
use fragments::{Fragments, HELLO_VERIFY};
use record::Record;

/// No record where one must be, or one that its datagram does not hold.
const BAD_RECORD: Weird = Weird::new(1, "dtls_bad_record");
/// A handshake record whose fragments contradict one another, or too large to be read.
const BAD_HANDSHAKE: Weird = Weird::new(2, "dtls_bad_handshake");
/// What is said of hellos whose lengths contradict one another, and of certificates that cannot be read.
const WAY: Way = Way {
    letter: 'd',
    bad_hello: Weird::new(3, "dtls_bad_hello"),
    bad_certificate: Weird::new(4, "dtls_bad_certificate"),
};

/// Datagrams without a handshake after which none is awaited (range 16 .. 1000): connectivity checks of a call (RFC 8445) take a
/// few dozen before DTLS starts, and where keys come another way media follows at 50 a second.
const MAX_FOREIGN: u16 = 200;
/// Records read of one datagram (range 4 .. 64): a flight has six messages.
const MAX_RECORDS: usize = 24;
/// Datagrams of a handshake (range 16 .. 1000): certificates in small fragments, each sent several times.
const MAX_DATAGRAMS: u16 = 200;

/// One conversation.
#[derive(Default)]
pub(in crate::proto) struct Dtls {
    exchange: Exchange,
    fragments: Pair<Fragments>,
    phases: Pair<Phase>,
    foreign: u16,
    datagrams: u16,
    /// Other protocols share the flow: who is the client here says nothing of the flow.
    is_shared: bool,
    is_finished: bool,
}

impl Dtls {
    fn record(&mut self, record: (u8, u16, &[u8]), message: &Message<'_>, sink: &mut Sink<'_>) {
        let (kind, epoch, body) = record;
        let from_lo = message.from_lo;
        match (kind, epoch) {
            (content::CHANGE, 0) => {
                if self.exchange.is_server(from_lo)
                    && let Some(shake) = self.exchange.shake.as_mut()
                {
                    shake.server_changes();
                }
                self.advance(from_lo, Phase::Changed);
            }
            (content::ALERT, 0) => self.alert(body, sink),
            (content::HANDSHAKE, 0) => self.handshake(message, body, sink),
            // A protected alert in place of Finished: the handshake failed.
            (content::ALERT, _)
                if *self.phases.get(from_lo) != Phase::Protected
                    && self.exchange.shake.is_some() =>
            {
                self.finish(sink);
            }
            (content::HANDSHAKE | content::DATA, _) => self.protected(from_lo, sink),
            _ => {}
        }
    }

    fn advance(&mut self, from_lo: bool, phase: Phase) {
        let known = self.phases.get_mut(from_lo);
        *known = (*known).max(phase);
    }

    fn alert(&mut self, body: &[u8], sink: &mut Sink<'_>) {
        if let ([level, description], Some(shake)) = (body, self.exchange.shake.as_mut()) {
            shake.last_alert = Some(*description);
            if *level != 1 || *description == CLOSE_NOTIFY {
                self.finish(sink);
            }
        }
    }

    fn protected(&mut self, from_lo: bool, sink: &mut Sink<'_>) {
        self.advance(from_lo, Phase::Protected);
        let both = *self.phases.get(!from_lo) == Phase::Protected;
        if let Some(shake) = self.exchange.shake.as_mut() {
            shake.is_established = both && shake.is_answered();
        }
        if both {
            self.finish(sink);
        }
    }

    fn handshake(&mut self, message: &Message<'_>, body: &[u8], sink: &mut Sink<'_>) {
        let mut fragments = std::mem::take(self.fragments.get_mut(message.from_lo));
        let is_sound = fragments.feed(body, |number, text| {
            if number == HELLO_VERIFY {
                self.exchange.client_is_lo.get_or_insert(!message.from_lo);
            } else {
                self.exchange.take((number, text), &WAY, message, sink);
            }
        });
        *self.fragments.get_mut(message.from_lo) = fragments;
        if !is_sound && !self.is_shared {
            sink.weird(BAD_HANDSHAKE, &message.meta);
        }
    }

    /// Write the row; nothing that follows can be read.
    fn finish(&mut self, sink: &mut Sink<'_>) {
        self.exchange.write(sink);
        self.is_finished = true;
        self.fragments = Pair::default();
    }

    fn datagram(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let mut rest = Cursor(message.data);
        for _ in 0..MAX_RECORDS {
            if rest.0.is_empty() || self.is_finished {
                return;
            }
            match record::next(&mut rest) {
                Record::Plain {
                    kind,
                    epoch,
                    content,
                } => self.record((kind, epoch, content), message, sink),
                Record::Unified => {
                    self.protected(message.from_lo, sink);
                    return;
                }
                // Where others share the port, they need not keep to RFC 7983.
                Record::Other if self.is_shared => return,
                Record::Cut if message.missing > 0 || self.is_shared => return,
                Record::Cut | Record::Other => {
                    sink.weird(BAD_RECORD, &message.meta);
                    return;
                }
            }
        }
    }
}

impl Dialogue for Dtls {
    const BAD: Weird = BAD_RECORD;

    fn cut(&self, data: &[u8], _from_lo: bool, _lost: bool) -> Cut {
        Cut::Bad(data.len())
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if self.is_finished || message.in_stream {
            return;
        }
        if message.data.first().copied().is_some_and(record::is_own) {
            self.datagrams += 1;
            self.datagram(message, sink);
        } else {
            self.is_shared |= self.exchange.shake.is_none();
            self.foreign += 1;
        }
        if !self.is_finished && (self.foreign >= MAX_FOREIGN || self.datagrams >= MAX_DATAGRAMS) {
            self.finish(sink);
        }
    }

    fn gap(&mut self, _from_lo: bool) {}

    fn end(&mut self, _sides: &Pair<Side>, sink: &mut Sink<'_>) {
        self.exchange.write(sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.exchange.client_is_lo.filter(|_| !self.is_shared)
    }

    fn labels(&self) -> Labels<'_> {
        self.exchange.labels()
    }

    fn bytes(&self) -> usize {
        self.exchange.bytes() + self.fragments.lo.bytes() + self.fragments.hi.bytes()
    }

    fn is_finished(&self) -> bool {
        self.is_finished
    }
}
