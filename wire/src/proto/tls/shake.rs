//! One handshake as far as it was seen, and its row.

use super::fingerprint::{ja3, ja3s, ja4};
use super::hello::{ClientHello, ServerHello};
use super::leaf::Leaf;
use super::names;
use super::record::TLCP;
use super::suites;
use crate::columns::tables::TlsRow;
use crate::proto::Records;
use crate::proto::dialogue::{Message, Meta, Side};
use crate::proto::escape::{escape, join};

/// What the client offered.
struct Offer {
    version: u16,
    session_id: Vec<u8>,
    server_name: Option<String>,
    alpn: Option<String>,
    ja3: String,
    ja4: String,
}

/// What the server chose.
struct Choice {
    version: u16,
    cipher: u16,
    alpn: Option<String>,
    ja3s: String,
    resumes: bool,
}

/// One handshake.
pub(super) struct Shake {
    meta: Meta,
    client: Side,
    server: Side,
    offer: Option<Offer>,
    choice: Option<Choice>,
    group: Option<u16>,
    leaf: Option<Leaf>,
    cert_count: Option<i32>,
    /// The server asked for another hello and has not answered that one yet.
    pub(super) is_retrying: bool,
    /// The server sent a message that belongs to a full handshake only.
    is_full: bool,
    /// Both sides went over to protected records.
    pub(super) is_established: bool,
    /// Description of the last alert in the clear.
    pub(super) last_alert: Option<u8>,
}

impl Shake {
    /// Begun by a message of the client or of the server.
    pub(super) fn new(message: &Message<'_>, from_client: bool) -> Self {
        let (client, server) = if from_client {
            (message.sender, message.receiver)
        } else {
            (message.receiver, message.sender)
        };
        Self {
            meta: message.meta,
            client: *client,
            server: *server,
            offer: None,
            choice: None,
            group: None,
            leaf: None,
            cert_count: None,
            is_retrying: false,
            is_full: false,
            is_established: false,
            last_alert: None,
        }
    }

    /// Bytes of memory taken.
    pub(super) fn bytes(&self) -> usize {
        let text = |text: &Option<String>| text.as_ref().map_or(0, String::capacity);
        let offer = self.offer.as_ref().map_or(0, |offer| {
            let fingerprints = offer.ja3.capacity() + offer.ja4.capacity();
            offer.session_id.capacity()
                + text(&offer.server_name)
                + text(&offer.alpn)
                + fingerprints
        });
        let choice = self
            .choice
            .as_ref()
            .map_or(0, |choice| choice.ja3s.capacity() + text(&choice.alpn));
        size_of::<Self>() + offer + choice + self.leaf.as_ref().map_or(0, Leaf::bytes)
    }

    /// The client's hello; the first one counts, the one after a retry repeats it. `protocol`: see [`ja4`].
    pub(super) fn offer(&mut self, hello: &ClientHello<'_>, protocol: char) {
        if self.offer.is_some() {
            return;
        }
        let mut alpn = hello.alpn().peekable();
        self.offer = Some(Offer {
            version: hello.highest_version(),
            session_id: hello.session_id.to_vec(),
            server_name: hello.server_name().map(escape),
            alpn: alpn.peek().is_some().then(|| join(alpn.map(escape))),
            ja3: ja3(hello),
            ja4: ja4(hello, protocol),
        });
    }

    /// The server's hello, or its wish for another hello of the client.
    pub(super) fn choose(&mut self, hello: &ServerHello<'_>) {
        self.is_retrying = hello.is_retry;
        self.group = hello.group().or(self.group);
        let version = hello.negotiated_version();
        let echoed = self.offer.as_ref().is_some_and(|offer| {
            !offer.session_id.is_empty() && offer.session_id == hello.session_id
        });
        // TLS 1.3 echoes the session id always; a pre-shared key says there what an echoed id says before.
        let is_old = names::is_before_1_3(version);
        self.choice = Some(Choice {
            version,
            cipher: hello.cipher,
            alpn: hello.alpn().map(escape),
            ja3s: ja3s(hello),
            resumes: if is_old { echoed } else { hello.has_psk() },
        });
    }

    /// The server chose a version and a suite.
    pub(super) fn is_answered(&self) -> bool {
        self.choice.is_some() && !self.is_retrying
    }

    /// Version in use, once the server chose.
    pub(super) fn version(&self) -> Option<u16> {
        self.choice.as_ref().map(|choice| choice.version)
    }

    /// The server's certificates: vectors of DER in a vector (RFC 5246 7.4.2); false when the first cannot be read.
    pub(super) fn certificates(&mut self, body: &[u8]) -> bool {
        self.is_full = true;
        if self.cert_count.is_some() {
            return true;
        }
        let mut list = super::cursor::Cursor(body);
        let Some(list) = list.vector(3) else {
            return false;
        };
        let mut rest = super::cursor::Cursor(list);
        let first = rest.vector(3);
        let mut count = i32::from(first.is_some());
        while rest.vector(3).is_some() {
            count += 1;
        }
        self.cert_count = Some(count);
        self.leaf = first.map(Leaf::read);
        self.leaf.as_ref().is_none_or(|leaf| leaf.fields.is_some())
    }

    /// The server's key exchange: a named group, when the suite says that there is one (RFC 8422 5.4).
    pub(super) fn key_exchange(&mut self, body: &[u8]) {
        self.is_full = true;
        let name = self
            .choice
            .as_ref()
            .and_then(|choice| suites::name(choice.cipher));
        let has_group = name.is_some_and(|name| name.contains("ECDH"));
        if let (true, Some([3, a, b])) = (has_group, body.first_chunk()) {
            self.group = Some(u16::from_be_bytes([*a, *b]));
        }
    }

    /// The server finished its part of a full handshake.
    pub(super) fn hello_done(&mut self) {
        self.is_full = true;
    }

    /// The server changes its cipher: right after its hello that takes up a session by ticket (RFC 5077 3.1).
    pub(super) fn server_changes(&mut self) {
        let is_full = self.is_full;
        if let Some(choice) = self
            .choice
            .as_mut()
            .filter(|choice| names::is_before_1_3(choice.version))
        {
            choice.resumes |= !is_full;
        }
    }

    /// Name of the server and fingerprint of the client.
    pub(super) fn labels(&self) -> (Option<&str>, Option<&str>) {
        let offer = self.offer.as_ref();
        (
            offer.and_then(|offer| offer.server_name.as_deref()),
            offer.map(|offer| offer.ja4.as_str()),
        )
    }

    /// Write the row.
    pub(super) fn write(&self, out: &mut Records) {
        let offer = self.offer.as_ref();
        let choice = self.choice.as_ref();
        let cipher = choice.and_then(|choice| suites::name(choice.cipher));
        let fields = self.leaf.as_ref().and_then(|leaf| leaf.fields.as_ref());
        out.tls.push(&TlsRow {
            flow_uid: self.meta.flow_uid,
            ts: self.meta.ts_ns,
            sender_ip: self.client.ip,
            receiver_ip: self.server.ip,
            receiver_port: i32::from(self.server.port),
            version: choice.map(|choice| names::version(choice.version)),
            client_version: offer.map(|offer| names::version(offer.version)),
            cipher,
            cipher_id: choice.map(|choice| i32::from(choice.cipher)),
            curve: self.group.and_then(names::group),
            curve_id: self.group.map(i32::from),
            server_name: offer.and_then(|offer| offer.server_name.as_deref()),
            alpn_offered: offer.and_then(|offer| offer.alpn.as_deref()),
            alpn: choice.and_then(|choice| choice.alpn.as_deref()),
            is_resumed: choice.map(|choice| choice.resumes),
            is_established: self.is_established,
            last_alert: self.last_alert.map(i32::from),
            is_tlcp: self.version().or(offer.map(|offer| offer.version)) == Some(TLCP),
            crypto_class: choice.map(|choice| names::class(choice.version, cipher)),
            ja3: offer.map(|offer| offer.ja3.as_str()),
            ja3s: choice.map(|choice| choice.ja3s.as_str()),
            ja4: offer.map(|offer| offer.ja4.as_str()),
            cert_count: self.cert_count,
            cert_subject: fields.map(|fields| fields.subject.as_str()),
            cert_issuer: fields.map(|fields| fields.issuer.as_str()),
            cert_not_before: fields.map(|fields| fields.not_before),
            cert_not_after: fields.map(|fields| fields.not_after),
            cert_key_alg: fields.map(|fields| fields.key_alg),
            cert_key_bits: fields.and_then(|fields| fields.key_bits),
            cert_sig_alg: fields.map(|fields| fields.sig_alg),
            is_self_signed: fields.map(|fields| fields.is_self_signed),
            cert_san: fields.and_then(|fields| fields.names.as_deref()),
            cert_san_count: fields.map(|fields| fields.name_count),
            cert_sha256: self.leaf.as_ref().map(|leaf| leaf.sha256.as_str()),
        });
    }
}
