//! DTLS: handshakes in datagrams, one row each; also where STUN and media share the port.
//!
//! Read is what TLS reads too. A datagram that is none of DTLS is passed over, so that the flow of a call that begins with STUN is
//! read as well.
//! Source: RFC 6347, RFC 9147, RFC 7983.

mod fragments;
pub(in crate::proto) mod record;

use super::hello::{ClientHello, ServerHello};
use super::record::{content, kind};
use super::shake::Shake;
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
/// A hello whose lengths contradict one another.
const BAD_HELLO: Weird = Weird::new(3, "dtls_bad_hello");
/// A certificate that cannot be read.
const BAD_CERTIFICATE: Weird = Weird::new(4, "dtls_bad_certificate");

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
    shake: Option<Box<Shake>>,
    client_is_lo: Option<bool>,
    fragments: Pair<Fragments>,
    phases: Pair<Phase>,
    foreign: u16,
    datagrams: u16,
    /// Other protocols share the flow: who is the client here says nothing of the flow.
    is_shared: bool,
    is_written: bool,
    is_finished: bool,
}

impl Dtls {
    fn record(&mut self, record: (u8, u16, &[u8]), message: &Message<'_>, sink: &mut Sink<'_>) {
        let (kind, epoch, body) = record;
        let from_lo = message.from_lo;
        match (kind, epoch) {
            (content::CHANGE, 0) => {
                if self.client_is_lo == Some(!from_lo)
                    && let Some(shake) = self.shake.as_mut()
                {
                    shake.server_changes();
                }
                self.advance(from_lo, Phase::Changed);
            }
            (content::ALERT, 0) => self.alert(body, sink),
            (content::HANDSHAKE, 0) => self.handshake(message, body, sink),
            // A protected alert in place of Finished: the handshake failed.
            (content::ALERT, _)
                if *self.phases.get(from_lo) != Phase::Protected && self.shake.is_some() =>
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
        if let ([level, description], Some(shake)) = (body, self.shake.as_mut()) {
            shake.last_alert = Some(*description);
            if *level != 1 || *description == CLOSE_NOTIFY {
                self.finish(sink);
            }
        }
    }

    fn protected(&mut self, from_lo: bool, sink: &mut Sink<'_>) {
        self.advance(from_lo, Phase::Protected);
        let both = *self.phases.get(!from_lo) == Phase::Protected;
        if let Some(shake) = self.shake.as_mut() {
            shake.is_established = both && shake.is_answered();
        }
        if both {
            self.finish(sink);
        }
    }

    fn handshake(&mut self, message: &Message<'_>, body: &[u8], sink: &mut Sink<'_>) {
        let mut fragments = std::mem::take(self.fragments.get_mut(message.from_lo));
        let is_sound = fragments.feed(body, |number, text| {
            self.on_message(number, text, message, sink);
        });
        *self.fragments.get_mut(message.from_lo) = fragments;
        if !is_sound && !self.is_shared {
            sink.weird(BAD_HANDSHAKE, &message.meta);
        }
    }

    fn on_message(&mut self, number: u8, body: &[u8], message: &Message<'_>, sink: &mut Sink<'_>) {
        let from_server = self.client_is_lo == Some(!message.from_lo);
        match number {
            kind::CLIENT_HELLO => self.client_hello(body, message, sink),
            kind::SERVER_HELLO => self.server_hello(body, message, sink),
            HELLO_VERIFY => {
                self.client_is_lo.get_or_insert(!message.from_lo);
            }
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
        let hello = ClientHello::parse_datagram(body);
        if hello.as_ref().is_none_or(|hello| !hello.is_sound) {
            sink.weird(BAD_HELLO, &message.meta);
        }
        let Some(hello) = hello else {
            return;
        };
        self.client_is_lo.get_or_insert(message.from_lo);
        if self.client_is_lo == Some(message.from_lo) && !self.is_written {
            self.shake(message, true).offer(&hello, 'd');
        }
    }

    fn server_hello(&mut self, body: &[u8], message: &Message<'_>, sink: &mut Sink<'_>) {
        let hello = ServerHello::parse(body);
        if hello.as_ref().is_none_or(|hello| !hello.is_sound) {
            sink.weird(BAD_HELLO, &message.meta);
        }
        let Some(hello) = hello else {
            return;
        };
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
            self.is_shared |= self.shake.is_none();
            self.foreign += 1;
        }
        if !self.is_finished && (self.foreign >= MAX_FOREIGN || self.datagrams >= MAX_DATAGRAMS) {
            self.finish(sink);
        }
    }

    fn gap(&mut self, _from_lo: bool) {}

    fn end(&mut self, _sides: &Pair<Side>, sink: &mut Sink<'_>) {
        self.write(sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo.filter(|_| !self.is_shared)
    }

    fn labels(&self) -> Labels<'_> {
        let (server_name, ja4) = self
            .shake
            .as_ref()
            .map_or((None, None), |shake| shake.labels());
        Labels { server_name, ja4 }
    }

    fn bytes(&self) -> usize {
        let shake = self.shake.as_ref().map_or(0, |_| size_of::<Shake>());
        shake + self.fragments.lo.bytes() + self.fragments.hi.bytes()
    }

    fn is_finished(&self) -> bool {
        self.is_finished
    }
}
