//! One connection as far as it was seen, and its row.

use super::version::Version;
use crate::columns::tables::QuicRow;
use crate::proto::Records;
use crate::proto::dialogue::{Message, Meta, Pair, Side};
use crate::proto::escape::{escape, join};
use crate::proto::tls::{ClientHello, ServerHello, hex, ja3, ja3s, ja4, names, suites};

/// Version of TLS inside of QUIC (RFC 9001 4.2).
const TLS_1_3: u16 = 0x0304;

/// What the client offered.
#[derive(Default)]
pub(super) struct Offer {
    server_name: Option<String>,
    alpn: Option<String>,
    user_agent: Option<String>,
    ja3: Option<String>,
    ja4: Option<String>,
}

impl Offer {
    /// Of a `ClientHello`.
    pub(super) fn of_tls(hello: &ClientHello<'_>) -> Self {
        let mut alpn = hello.alpn().peekable();
        Self {
            server_name: hello.server_name().map(escape),
            alpn: alpn.peek().is_some().then(|| join(alpn.map(escape))),
            user_agent: super::parameters::user_agent(hello).map(escape),
            ja3: Some(ja3(hello)),
            ja4: Some(ja4(hello, 'q')),
        }
    }

    /// Of Google's own client hello.
    pub(super) fn of_google(hello: &super::google::Hello<'_>) -> Self {
        Self {
            server_name: hello.server_name.map(escape),
            user_agent: hello.user_agent.map(escape),
            ..Self::default()
        }
    }

    /// Name of the server and fingerprint of the client.
    pub(super) fn labels(&self) -> (Option<&str>, Option<&str>) {
        (self.server_name.as_deref(), self.ja4.as_deref())
    }
}

/// What the server chose.
struct Choice {
    cipher: u16,
    group: Option<u16>,
    ja3s: String,
    resumes: bool,
}

/// One connection.
pub(super) struct Connection {
    meta: Meta,
    /// The lower key end sent the first packet.
    first_is_lo: bool,
    ends: Pair<Side>,
    /// Version of the last Initial packet.
    pub(super) version: Version,
    ids: Pair<Ids>,
    pub(super) offer: Option<Offer>,
    choice: Option<Choice>,
    pub(super) seen: Seen,
}

/// Packets that do not belong to every connection.
#[derive(Default)]
pub(super) struct Seen {
    /// The server sent a Retry packet.
    pub(super) retry: bool,
    /// The server listed its versions.
    pub(super) negotiation: bool,
    /// The client sent 0-RTT packets.
    pub(super) early: bool,
}

/// Connection ids in the first packet of a side, hexadecimal.
#[derive(Default)]
struct Ids {
    destination: Option<String>,
    source: Option<String>,
}

impl Connection {
    /// Begun by a datagram.
    pub(super) fn new(message: &Message<'_>, version: Version) -> Self {
        let mut ends = Pair::default();
        *ends.get_mut(message.from_lo) = *message.sender;
        *ends.get_mut(!message.from_lo) = *message.receiver;
        Self {
            meta: message.meta,
            first_is_lo: message.from_lo,
            ends,
            version,
            ids: Pair::default(),
            offer: None,
            choice: None,
            seen: Seen::default(),
        }
    }

    /// Its first packet.
    pub(super) fn meta(&self) -> &Meta {
        &self.meta
    }

    /// Connection ids of a packet; the first of each side count.
    pub(super) fn name(&mut self, from_lo: bool, dcid: &[u8], scid: &[u8]) {
        let ids = self.ids.get_mut(from_lo);
        ids.destination.get_or_insert_with(|| hex(dcid));
        ids.source.get_or_insert_with(|| hex(scid));
    }

    /// The server's hello, or its wish for another hello of the client.
    pub(super) fn choose(&mut self, hello: &ServerHello<'_>) {
        self.choice = Some(Choice {
            cipher: hello.cipher,
            group: hello.group(),
            ja3s: ja3s(hello),
            resumes: hello.has_psk(),
        });
    }

    /// Who is the client when no packet told: who does not use a well-known port, else who was first.
    fn guess(&self) -> bool {
        match (self.ends.lo.port < 1024, self.ends.hi.port < 1024) {
            (true, false) => false,
            (false, true) => true,
            _ => self.first_is_lo,
        }
    }

    /// Write the row.
    pub(super) fn write(&self, client_is_lo: Option<bool>, out: &mut Records) {
        let lo = client_is_lo.unwrap_or_else(|| self.guess());
        let (client, server) = (self.ends.get(lo), self.ends.get(!lo));
        let (asked, answered) = (self.ids.get(lo), self.ids.get(!lo));
        let (offer, choice) = (self.offer.as_ref(), self.choice.as_ref());
        let cipher = choice.and_then(|choice| suites::name(choice.cipher));
        let group = choice.and_then(|choice| choice.group);
        out.quic.push(&QuicRow {
            flow_uid: self.meta.flow_uid,
            ts: self.meta.ts_ns,
            sender_ip: client.ip,
            receiver_ip: server.ip,
            receiver_port: i32::from(server.port),
            version: Some(self.version.name()),
            dcid: asked.destination.as_deref(),
            scid: asked.source.as_deref(),
            server_scid: answered.source.as_deref(),
            server_name: offer.and_then(|offer| offer.server_name.as_deref()),
            alpn_offered: offer.and_then(|offer| offer.alpn.as_deref()),
            user_agent: offer.and_then(|offer| offer.user_agent.as_deref()),
            cipher,
            cipher_id: choice.map(|choice| i32::from(choice.cipher)),
            curve: group.and_then(names::group),
            curve_id: group.map(i32::from),
            crypto_class: choice.map(|_| names::class(TLS_1_3, cipher)),
            is_resumed: choice.map(|choice| choice.resumes),
            is_retry: self.seen.retry,
            is_negotiated: self.seen.negotiation,
            is_early: self.seen.early,
            ja3: offer.and_then(|offer| offer.ja3.as_deref()),
            ja3s: choice.map(|choice| choice.ja3s.as_str()),
            ja4: offer.and_then(|offer| offer.ja4.as_deref()),
        });
    }
}
