//! SSH: identification lines, key exchange offers, and how logins ended as far as sizes tell. One row per connection.
//!
//! Source: RFC 4253 4.2 (identification), 6 (binary packets), 7 (key exchange), 12 (message numbers); RFC 4419 5 and RFC 5656
//! 7.1 (who sends which).

mod kexinit;
mod login;

use super::dialogue::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::escape::escape;
use super::read::{be32, octet};
use super::weird::Weird;
use crate::columns::tables::SshRow;
use kexinit::{Agreed, Offer};
use login::Login;

const BAD_PACKET: Weird = Weird::new(1, "ssh_bad_packet");
const BAD_KEXINIT: Weird = Weird::new(2, "ssh_bad_kexinit");
const BAD_BANNER: Weird = Weird::new(3, "ssh_bad_banner");

const PORT: u16 = 22;
/// Largest packet that all must take (RFC 4253 6.1), with its length field.
const MAX_PACKET: usize = 35_000;
/// Longest line before the key exchange read whole (RFC 4253 4.2: 255; longer ones are cut).
const MAX_LINE: usize = 1024;
/// Lengths that the field of a packet may state, bytes.
const LENGTHS: std::ops::RangeInclusive<usize> = 2..=MAX_PACKET - 4;
const KEXINIT: u8 = 20;
const NEWKEYS: u8 = 21;

/// What comes next on one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Lines, the last of which is the identification.
    #[default]
    Lines,
    /// Packets in clear.
    Packets,
    /// Bytes that only their number says something of.
    Encrypted,
}

/// One side.
#[derive(Default)]
struct End {
    phase: Phase,
    banner: Option<Vec<u8>>,
    offer: Option<Offer>,
}

/// One connection.
#[derive(Default)]
pub(super) struct Ssh {
    first: Option<Meta>,
    ends: Pair<End>,
    client_is_lo: Option<bool>,
    /// Ports at the first message say so.
    guess: Option<bool>,
    login: Login,
}

impl Ssh {
    fn is_client(&self, from_lo: bool) -> bool {
        self.client_is_lo.or(self.guess) == Some(from_lo)
    }

    fn line(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let line = message.data.trim_ascii_end();
        let end = self.ends.get_mut(message.from_lo);
        if !line.starts_with(b"SSH-") {
            return;
        }
        if !message.data.ends_with(b"\n") {
            sink.weird(BAD_BANNER, &message.meta);
        }
        let version = version(line);
        end.banner = Some(line.to_vec());
        end.phase = if version == Some(2) {
            Phase::Packets
        } else {
            Phase::Encrypted
        };
        if version.is_none() {
            sink.weird(BAD_BANNER, &message.meta);
        }
    }

    fn packet(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let from_lo = message.from_lo;
        let length = be32(message.data, 0).and_then(|length| usize::try_from(length).ok());
        if !length.is_some_and(|length| LENGTHS.contains(&length)) {
            sink.weird(BAD_PACKET, &message.meta);
            // A packet start cannot be told from other bytes: nothing more is read of this side.
            return self.gap(from_lo);
        }
        match octet(message.data, 5) {
            Some(KEXINIT) => {
                let Some(offer) = message.data.get(6..).and_then(Offer::read) else {
                    return sink.weird(BAD_KEXINIT, &message.meta);
                };
                if let Some(is_client) = offer.is_client() {
                    self.client_is_lo.get_or_insert(is_client == from_lo);
                }
                self.ends.get_mut(from_lo).offer.get_or_insert(offer);
            }
            Some(NEWKEYS) => self.ends.get_mut(from_lo).phase = Phase::Encrypted,
            // Of all key exchanges the client sends 30, 32 and 34, the server 31 and 33.
            Some(30 | 32 | 34) => {
                self.client_is_lo.get_or_insert(from_lo);
            }
            Some(31 | 33) => {
                self.client_is_lo.get_or_insert(!from_lo);
            }
            _ => {}
        }
    }

    fn write(&self, first: &Meta, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.or(self.guess).unwrap_or(true);
        let (client, server) = (self.ends.get(client_is_lo), self.ends.get(!client_is_lo));
        let agreed = match (&client.offer, &server.offer) {
            (Some(client), Some(server)) => Agreed::of(client, server),
            _ => Agreed::default(),
        };
        let hassh = client.offer.as_ref().map(|offer| offer.hassh(true));
        let hassh_server = server.offer.as_ref().map(|offer| offer.hassh(false));
        let banner = |end: &End| end.banner.as_deref().map(escape);
        let versions = [client, server].map(|end| end.banner.as_deref().and_then(version));
        sink.out.ssh.push(&SshRow {
            flow_uid: first.flow_uid,
            ts: first.ts_ns,
            sender_ip: sides.get(client_is_lo).ip,
            receiver_ip: sides.get(!client_is_lo).ip,
            receiver_port: i32::from(sides.get(!client_is_lo).port),
            ssh_version: versions.into_iter().flatten().min(),
            client_banner: banner(client).as_deref(),
            server_banner: banner(server).as_deref(),
            kex_alg: agreed.kex.as_deref(),
            host_key_alg: agreed.host_key.as_deref(),
            cipher_alg: agreed.cipher.as_deref(),
            mac_alg: agreed.mac.as_deref(),
            compression_alg: agreed.compression.as_deref(),
            hassh: hassh.as_deref(),
            hassh_server: hassh_server.as_deref(),
            auth_attempts: self.login.attempts(),
            outcome: self.login.outcome(),
        });
    }
}

/// Version that an identification line states: 2.0, or 1.99 of a server that speaks both (RFC 4253 5.1), else 1.
fn version(line: &[u8]) -> Option<i32> {
    match line.strip_prefix(b"SSH-")? {
        [b'2', b'.', ..] | [b'1', b'.', b'9', b'9', b'-', ..] => Some(2),
        [b'1', b'.', ..] => Some(1),
        _ => None,
    }
}

fn cut_line(data: &[u8]) -> Cut {
    let end = data.iter().take(MAX_LINE).position(|byte| *byte == b'\n');
    match end {
        Some(end) => Cut::Message(end + 1),
        None if data.len() >= MAX_LINE => Cut::Message(MAX_LINE),
        None => Cut::Need,
    }
}

/// Packets in clear: length, padding length, payload, padding (RFC 4253 6); of all but offers the number is enough.
fn cut_packet(data: &[u8]) -> Cut {
    let (Some(length), Some(kind)) = (be32(data, 0), octet(data, 5)) else {
        return Cut::Need;
    };
    match usize::try_from(length) {
        Ok(length) if LENGTHS.contains(&length) => {
            let whole = length + 4;
            let head = if kind == KEXINIT { whole } else { 6 };
            Cut::Head { head, whole }
        }
        _ => Cut::Message(data.len()),
    }
}

impl Dialogue for Ssh {
    const BAD: Weird = BAD_PACKET;
    const MAX_WAITING: usize = MAX_PACKET;

    fn cut(&self, data: &[u8], from_lo: bool, _lost: bool) -> Cut {
        match self.ends.get(from_lo).phase {
            Phase::Lines => cut_line(data),
            Phase::Packets => cut_packet(data),
            Phase::Encrypted => Cut::Message(data.len()),
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        self.first.get_or_insert(message.meta);
        let (from, to) = (message.sender.port, message.receiver.port);
        // The registered port tells the server, else the lower one: clients have high ports.
        self.guess.get_or_insert(match (from == PORT, to == PORT) {
            (false, true) => message.from_lo,
            (true, false) => !message.from_lo,
            _ => (from > to) == message.from_lo,
        });
        match self.ends.get(message.from_lo).phase {
            Phase::Lines => self.line(message, sink),
            Phase::Packets => self.packet(message, sink),
            Phase::Encrypted => {
                let from_client = self.is_client(message.from_lo);
                self.login.segment(from_client, message.data.len());
            }
        }
    }

    fn gap(&mut self, from_lo: bool) {
        self.login.gap();
        self.ends.get_mut(from_lo).phase = Phase::Encrypted;
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        if let Some(first) = self.first.take() {
            self.write(&first, sides, sink);
        }
    }

    fn bytes(&self) -> usize {
        let of = |end: &End| {
            let banner = end.banner.as_ref().map_or(0, Vec::capacity);
            banner + end.offer.as_ref().map_or(0, Offer::bytes)
        };
        of(&self.ends.lo) + of(&self.ends.hi)
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }
}
