//! QUIC: one row per connection, out of its Initial packets; nothing of what follows them can be read.
//!
//! Initial packets are protected with keys that follow from what stands in the first of them. The hellos are put together
//! from CRYPTO frames over packets and datagrams. A connection costs a bounded number of packets opened, then it is finished.
//! Source: RFC 9000, RFC 9001, RFC 9369; Google's QUIC see [`google`].

mod connection;
mod frames;
mod google;
mod header;
mod keys;
mod opening;
mod parameters;
mod version;

pub(super) use google::public_header;
#[cfg(test)]
pub(super) use keys::seal;
pub(super) use version::Version;

use super::dialogue::{Cut, Dialogue, Labels, Message, Pair, Side, Sink};
use super::pieces::Pieces;
use super::tls::{ClientHello, ServerHello};
use super::weird::Weird;
use connection::{Connection, Offer};
use header::{Header, Packet};
use opening::Opener;
use version::Kind;

/// A long header whose lengths contradict one another.
const BAD_PACKET: Weird = Weird::new(1, "quic_bad_packet");
/// Initial packets, none of which could be opened.
const NOT_OPENED: Weird = Weird::new(2, "quic_not_opened");
/// Frames that may not stand in an Initial packet, or lie too far ahead.
const BAD_FRAME: Weird = Weird::new(3, "quic_bad_frame");
/// A hello whose lengths contradict one another.
const BAD_HELLO: Weird = Weird::new(4, "quic_bad_hello");

/// Datagrams looked at per connection (range 8 .. 250): 0-RTT data may come before the server's hello.
const MAX_DATAGRAMS: u8 = 48;
/// Packets read of one datagram (range 3 .. 16): Initial, 0-RTT, Handshake and padding share one.
const MAX_COALESCED: usize = 6;

/// Handshake types (RFC 8446 4).
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

/// One connection.
#[derive(Default)]
pub(super) struct Quic {
    connection: Option<Box<Connection>>,
    opener: Opener,
    crypto: Pair<Pieces>,
    /// Handshake bytes already read of each side.
    read: Pair<usize>,
    client_is_lo: Option<bool>,
    datagrams: u8,
    is_answered: bool,
    is_written: bool,
    is_finished: bool,
}

impl Quic {
    fn connection(&mut self, message: &Message<'_>, version: Version) -> &mut Connection {
        self.connection
            .get_or_insert_with(|| Box::new(Connection::new(message, version)))
    }

    fn datagram(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let mut rest = message.data;
        for _ in 0..MAX_COALESCED {
            match header::read(rest) {
                Header::Packet(packet) => {
                    rest = rest.get(packet.data.len()..).unwrap_or(&[]);
                    self.packet(&packet, message, sink);
                }
                Header::Negotiation { dcid, scid } => {
                    let connection = self.connection(message, Version(0));
                    connection.name(message.from_lo, dcid, scid);
                    connection.seen.negotiation = true;
                    self.client_is_lo.get_or_insert(!message.from_lo);
                    return;
                }
                Header::Unknown {
                    version,
                    dcid,
                    scid,
                } => {
                    self.connection(message, version)
                        .name(message.from_lo, dcid, scid);
                    return;
                }
                Header::Bad => {
                    if message.missing == 0 {
                        sink.weird(BAD_PACKET, &message.meta);
                    }
                    return;
                }
                Header::Other => {
                    self.public(rest, message);
                    return;
                }
            }
        }
    }

    /// A packet of Google's QUIC with the older header, whose hello is in the clear.
    fn public(&mut self, data: &[u8], message: &Message<'_>) {
        let Some((version, id)) = public_header(data) else {
            return;
        };
        self.client_is_lo.get_or_insert(message.from_lo);
        self.connection(message, Version(version))
            .name(message.from_lo, id, &[]);
        self.google(data, message);
    }

    fn packet(&mut self, packet: &Packet<'_>, message: &Message<'_>, sink: &mut Sink<'_>) {
        let from_lo = message.from_lo;
        let connection = self.connection(message, packet.version);
        connection.name(from_lo, packet.dcid, packet.scid);
        match packet.kind {
            Kind::Retry if !packet.version.is_plain() => {
                connection.seen.retry = true;
                self.client_is_lo.get_or_insert(!from_lo);
            }
            Kind::Early if !packet.version.is_plain() => {
                connection.seen.early = true;
                self.client_is_lo.get_or_insert(from_lo);
            }
            Kind::Initial if !packet.version.is_plain() => self.initial(packet, message, sink),
            _ if packet.version.is_plain() => {
                connection.version = packet.version;
                self.google(packet.data, message);
            }
            _ => {}
        }
    }

    fn initial(&mut self, packet: &Packet<'_>, message: &Message<'_>, sink: &mut Sink<'_>) {
        let from_client = self.client_is_lo.is_none_or(|lo| lo == message.from_lo);
        let Some(opened) = self.opener.open(packet, from_client) else {
            return;
        };
        let text = opened.text;
        if from_client && opened.is_anew {
            *self.crypto.get_mut(message.from_lo) = Pieces::default();
            *self.read.get_mut(message.from_lo) = 0;
        }
        self.client_is_lo.get_or_insert(message.from_lo);
        self.connection(message, packet.version).version = packet.version;
        if packet.version.is_google() {
            self.google(&text, message);
            return;
        }
        if !frames::collect(&text, self.crypto.get_mut(message.from_lo)) {
            sink.weird(BAD_FRAME, &message.meta);
        }
        let crypto = std::mem::take(self.crypto.get_mut(message.from_lo));
        self.handshake(crypto.head(), from_client, message, sink);
        *self.crypto.get_mut(message.from_lo) = crypto;
    }

    /// Read the messages that are complete.
    fn handshake(
        &mut self,
        head: &[u8],
        from_client: bool,
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        let mut at = *self.read.get(message.from_lo);
        while let Some(&[kind, a, b, c]) = head.get(at..at + 4) {
            let length = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
            let Some(body) = head.get(at + 4..at + 4 + length) else {
                break;
            };
            at += 4 + length;
            let is_sound = match (kind, from_client) {
                (CLIENT_HELLO, true) => self.client_hello(body),
                (SERVER_HELLO, false) => self.server_hello(body),
                _ => false,
            };
            if !is_sound {
                sink.weird(BAD_HELLO, &message.meta);
            }
        }
        *self.read.get_mut(message.from_lo) = at;
    }

    /// The first hello counts; the one after a retry repeats it.
    fn client_hello(&mut self, body: &[u8]) -> bool {
        let hello = ClientHello::parse(body);
        if let (Some(hello), Some(connection)) = (&hello, self.connection.as_mut()) {
            connection.offer.get_or_insert_with(|| Offer::of_tls(hello));
        }
        hello.is_some_and(|hello| hello.is_sound)
    }

    fn server_hello(&mut self, body: &[u8]) -> bool {
        let hello = ServerHello::parse(body);
        if let (Some(hello), Some(connection)) = (&hello, self.connection.as_mut()) {
            connection.choose(hello);
            self.is_answered = !hello.is_retry;
        }
        hello.is_some_and(|hello| hello.is_sound)
    }

    /// A handshake of Google's own; of the server nothing is kept.
    fn google(&mut self, text: &[u8], message: &Message<'_>) {
        if let Some(hello) = google::hello(text) {
            self.client_is_lo.get_or_insert(message.from_lo);
            if let Some(connection) = self.connection.as_mut() {
                connection
                    .offer
                    .get_or_insert_with(|| Offer::of_google(&hello));
            }
            self.is_answered = true;
        }
    }

    fn finish(&mut self, sink: &mut Sink<'_>) {
        self.write(sink);
        self.is_finished = true;
        self.opener.forget();
        self.crypto = Pair::default();
    }

    fn write(&mut self, sink: &mut Sink<'_>) {
        let Some(connection) = self.connection.as_ref() else {
            return;
        };
        if std::mem::replace(&mut self.is_written, true) {
            return;
        }
        connection.write(self.client_is_lo, sink.out);
        if self.opener.has_failed() {
            sink.weird(NOT_OPENED, connection.meta());
        }
    }
}

impl Dialogue for Quic {
    const BAD: Weird = BAD_PACKET;

    fn cut(&self, data: &[u8], _from_lo: bool, _lost: bool) -> Cut {
        Cut::Bad(data.len())
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if self.is_finished || message.in_stream {
            return;
        }
        self.datagrams += 1;
        self.datagram(message, sink);
        let has_offer = self
            .connection
            .as_ref()
            .is_some_and(|connection| connection.offer.is_some());
        let is_spent = self.datagrams >= MAX_DATAGRAMS || self.opener.is_spent();
        if is_spent || (has_offer && self.is_answered) {
            self.finish(sink);
        }
    }

    fn gap(&mut self, _from_lo: bool) {}

    fn end(&mut self, _sides: &Pair<Side>, sink: &mut Sink<'_>) {
        self.write(sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn labels(&self) -> Labels<'_> {
        let offer = self
            .connection
            .as_ref()
            .and_then(|connection| connection.offer.as_ref());
        let (server_name, ja4) = offer.map_or((None, None), Offer::labels);
        Labels { server_name, ja4 }
    }

    fn bytes(&self) -> usize {
        let connection = self
            .connection
            .as_ref()
            .map_or(0, |_| size_of::<Connection>());
        self.opener.bytes() + connection + self.crypto.lo.bytes() + self.crypto.hi.bytes()
    }

    fn is_finished(&self) -> bool {
        self.is_finished
    }
}
