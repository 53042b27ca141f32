//! SNMP over UDP and TCP: requests paired with their answers, and notifications.
//!
//! A row per exchange, as for DNS: what is asked again and again are the same few texts, which columns store once; how often,
//! and when an answer stayed away, is told by rows only.
//!
//! Source: RFC 1157 (version 1), RFC 1901 and 3416 (2c), RFC 3412 and 3414 (3), RFC 3430 (TCP).

mod message;
mod names;
mod oid;
mod row;
mod variables;

use super::ber::{Extent, INTEGER, SEQUENCE, extent};
use super::dialogue::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::escape::escape;
use super::read::octet;
use super::secrets::Secrets;
use super::weird::Weird;
use message::{Kind, Read, Version};
use std::collections::VecDeque;
use std::fmt::Write;
use std::hash::{DefaultHasher, Hash, Hasher};
use variables::Variables;

/// No message where one must start.
const BAD_FRAME: Weird = Weird::new(1, "snmp_bad_frame");
/// A message that cannot be read.
const BAD_MESSAGE: Weird = Weird::new(2, "snmp_bad_message");

/// Longest message, bytes: what a datagram carries (RFC 3417 3.2 wants at least 484), and what RFC 3430 2.1 wants of TCP at least.
const MAX_MESSAGE: usize = 65_536;
/// Requests that may wait; managers have some ten under way.
const MAX_PENDING: usize = 64;
/// A request older than this is not answered any more, ns: managers wait some seconds and ask again some times.
const MAX_WAIT_NS: i64 = 60_000_000_000;
/// An answer may be sent to it (RFC 3412 6.4).
const REPORTABLE: u8 = 4;

/// What rows show of a message.
struct Facts {
    version: Version,
    /// `None`: encrypted.
    kind: Option<Kind>,
    request_id: Option<i64>,
    numbers: Option<(i64, i64)>,
    message_id: Option<i64>,
    flags: Option<u8>,
    engine: Option<String>,
    user: Option<String>,
    context: Option<String>,
    enterprise: Option<String>,
    agent: Option<[u8; 16]>,
    /// Generic and specific number of a trap.
    trap: Option<(i64, i64)>,
    secret: Option<String>,
    variables: Variables,
}

/// What finds the request of an answer: version, number, and the community, which the answer repeats.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Key {
    version: Version,
    id: i64,
    community: u64,
}

/// A request that waits for its answer.
struct Pending {
    meta: Meta,
    from_lo: bool,
    /// Of its first copy, and of the latest.
    keys: [Key; 2],
    /// Of all that stays the same when it is sent again.
    digest: u64,
    retransmits: i32,
    facts: Facts,
}

/// One conversation.
#[derive(Default)]
pub(super) struct Snmp {
    pending: VecDeque<Pending>,
    /// The latest request that was answered: it may be answered twice.
    answered: Option<(Key, bool)>,
}

impl Facts {
    fn of(read: &Read<'_>, secrets: &Secrets) -> Self {
        let pdu = read.pdu.as_ref();
        let user = read.header.as_ref().and_then(|header| header.user);
        let context = read.header.as_ref().map(|header| header.context);
        let trap = pdu.and_then(|pdu| pdu.trap.as_ref());
        let variables = pdu.map(|pdu| Variables::read(pdu, true));
        Self {
            version: read.version,
            kind: pdu.map(|pdu| pdu.kind),
            request_id: pdu.and_then(|pdu| pdu.request_id),
            numbers: pdu.and_then(|pdu| pdu.numbers),
            message_id: read.header.as_ref().map(|header| header.id),
            flags: read.header.as_ref().map(|header| header.flags),
            engine: user.map(|(engine, _)| hex(engine)),
            user: user.map(|(_, name)| escape(name)),
            context: context.filter(|name| !name.is_empty()).map(escape),
            enterprise: trap.and_then(|trap| oid::dotted(trap.enterprise)),
            agent: trap.and_then(|trap| super::read::mapped_ip(trap.agent, 0)),
            trap: trap.map(|trap| (trap.generic, trap.specific)),
            secret: read.community.and_then(|secret| secrets.hash(secret)),
            variables: variables.unwrap_or_default(),
        }
    }

    fn bytes(&self) -> usize {
        let texts = [
            &self.engine,
            &self.user,
            &self.context,
            &self.enterprise,
            &self.secret,
        ];
        let texts = texts.into_iter().flatten().map(String::capacity);
        texts.sum::<usize>() + self.variables.bytes()
    }
}

/// Engine identifiers have 5 to 32 octets (RFC 3411 5).
fn hex(engine: &[u8]) -> String {
    let mut text = String::new();
    for octet in engine.iter().take(32) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{octet:02x}");
    }
    text
}

fn hash(parts: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

impl Key {
    /// Version 3 answers with the number of the message (RFC 3412 7.1), as its reports may not know that of the request.
    fn of(read: &Read<'_>) -> Option<Self> {
        let id = match &read.header {
            Some(header) => header.id,
            None => read.pdu.as_ref()?.request_id?,
        };
        Some(Self {
            version: read.version,
            id,
            community: hash(read.community),
        })
    }
}

impl Snmp {
    fn take_in(&mut self, read: &Read<'_>, message: &Message<'_>, sink: &mut Sink<'_>) {
        let key = Key::of(read);
        let waits = key.and_then(|key| {
            let mut all = self.pending.iter();
            all.position(|asked| asked.from_lo != message.from_lo && asked.keys.contains(&key))
        });
        let kind = read.pdu.as_ref().map(|pdu| pdu.kind);
        match (kind, key) {
            (Some(kind), _) if kind.is_answer() => self.answer(waits, key, read, message, sink),
            (None, _) if waits.is_some() => self.answer(waits, key, read, message, sink),
            (Some(kind), Some(key)) if !kind.is_trap() => self.ask(key, read, message, sink),
            (None, Some(key)) if is_reportable(read) => self.ask(key, read, message, sink),
            _ => {
                let facts = Facts::of(read, &sink.out.secrets);
                let ends = (message.sender, message.receiver);
                row::write(&row::Asked::alone(&facts, &message.meta), None, ends, sink);
            }
        }
    }

    fn ask(&mut self, key: Key, read: &Read<'_>, message: &Message<'_>, sink: &mut Sink<'_>) {
        let content = read.pdu.as_ref().map(|pdu| pdu.content);
        // A manager of version 3 gives each copy a new number (RFC 3412 6.2), and of what is encrypted nothing else is to be seen.
        let own = content.is_none().then_some(key.id);
        let user = read.header.as_ref().map(|header| header.user);
        let digest = hash((read.community, user, content, own));
        let mut waiting = self.pending.iter_mut();
        let again =
            waiting.find(|asked| asked.from_lo == message.from_lo && asked.digest == digest);
        if let Some(asked) = again {
            asked.retransmits = asked.retransmits.saturating_add(1);
            asked.keys[1] = key;
            return;
        }
        self.answered = self.answered.filter(|(answered, _)| *answered != key);
        self.make_room(message, sink);
        self.pending.push_back(Pending {
            meta: message.meta,
            from_lo: message.from_lo,
            keys: [key; 2],
            digest,
            retransmits: 0,
            facts: Facts::of(read, &sink.out.secrets),
        });
    }

    /// Write what waited too long, or is too much.
    fn make_room(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        while let Some(oldest) = self.pending.front() {
            let age = message.meta.ts_ns.saturating_sub(oldest.meta.ts_ns);
            if self.pending.len() < MAX_PENDING && age <= MAX_WAIT_NS {
                return;
            }
            if let Some(oldest) = self.pending.pop_front() {
                let ends = if oldest.from_lo == message.from_lo {
                    (message.sender, message.receiver)
                } else {
                    (message.receiver, message.sender)
                };
                row::write(&row::Asked::of(&oldest), None, ends, sink);
            }
        }
    }

    fn answer(
        &mut self,
        waits: Option<usize>,
        key: Option<Key>,
        read: &Read<'_>,
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        let ends = (message.receiver, message.sender);
        let told = row::Answer {
            meta: &message.meta,
            pdu: read.pdu.as_ref(),
        };
        let asked = waits.and_then(|at| self.pending.remove(at));
        let answered = key.map(|key| (key, message.from_lo));
        if let Some(asked) = asked {
            self.answered = answered;
            row::write(&row::Asked::of(&asked), Some(&told), ends, sink);
        } else if answered.is_none() || self.answered != answered {
            let facts = Facts::of(read, &sink.out.secrets);
            let alone = row::Asked::alone(&facts, &message.meta);
            row::write(&alone, Some(&told), ends, sink);
        }
    }
}

fn is_reportable(read: &Read<'_>) -> bool {
    let header = read.header.as_ref();
    header.is_some_and(|header| header.flags & REPORTABLE != 0)
}

impl Dialogue for Snmp {
    const BAD: Weird = BAD_FRAME;
    const MAX_WAITING: usize = MAX_MESSAGE;

    fn cut(&self, data: &[u8], _from_lo: bool, _lost: bool) -> Cut {
        let whole = match extent(data) {
            Extent::Unknown => return Cut::Need,
            Extent::Bytes(whole) if octet(data, 0) == Some(SEQUENCE) && whole <= MAX_MESSAGE => {
                whole
            }
            _ => return Cut::Bad(1),
        };
        // The length field takes as many octets as its first says (X.690 8.1.3.5); a version of one octet follows.
        let field = octet(data, 1).map_or(0, |first| if first < 0x80 { 0 } else { first & 0x7f });
        let at = 2 + usize::from(field);
        let head = (octet(data, at), octet(data, at + 1), octet(data, at + 2));
        match head {
            (Some(INTEGER), Some(1), Some(0 | 1 | 3)) if whole > at + 2 => Cut::Message(whole),
            (None, ..) | (Some(INTEGER), None, _) | (Some(INTEGER), Some(1), None)
                if whole > at + 2 =>
            {
                Cut::Need
            }
            _ => Cut::Bad(1),
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        match message::read(message.data) {
            Some(read) => self.take_in(&read, message, sink),
            None if message.missing == 0 => sink.weird(BAD_MESSAGE, &message.meta),
            None => {}
        }
    }

    fn gap(&mut self, _from_lo: bool) {}

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        for asked in self.pending.drain(..) {
            let ends = (sides.get(asked.from_lo), sides.get(!asked.from_lo));
            row::write(&row::Asked::of(&asked), None, ends, sink);
        }
    }

    // Managers ask agents and agents notify managers: who is who is left to the ports (docs/flow-semantics.md 4.4).
    fn client_is_lo(&self) -> Option<bool> {
        None
    }

    fn bytes(&self) -> usize {
        let held = self.pending.iter().map(|asked| asked.facts.bytes());
        self.pending.capacity() * size_of::<Pending>() + held.sum::<usize>()
    }
}
