//! LDAP over TCP and CLDAP over UDP: operations paired with their results. No password is ever kept in a row.
//!
//! Source: RFC 4511; connectionless [MS-ADTS] 3.1.1.3.1.3 (rootDSE over UDP).

mod filter;
mod names;
mod ntlm;
mod operation;
mod row;
mod wrapped;

use super::ber::{Element, Elements, Extent, INTEGER, SEQUENCE, extent};
use super::dialogue::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::ntlm::Ntlm;
use super::read::octet;
use super::service::Service;
use super::weird::Weird;
use operation::{Operation, Outcome, Read};
use row::Answer;
use std::collections::VecDeque;
use wrapped::Start;

/// No message where one must start.
const BAD_FRAME: Weird = Weird::new(1, "ldap_bad_frame");
/// An operation that cannot be read.
const BAD_OPERATION: Weird = Weird::new(2, "ldap_bad_operation");

/// Longest message, bytes: Active Directory takes requests of 10 MiB (MaxReceiveBuffer, [MS-ADTS] 3.1.1.3.4.6), entries are smaller.
const MAX_MESSAGE: usize = 1 << 24;
/// Bytes of a message that are read.
const MAX_HEAD: usize = 65_536;
/// Operations of a connection that may wait for their results; Zeek keeps 100 (LDAP::max_pending_searches), clients have some five.
const MAX_PENDING: usize = 64;
/// Bytes of a buffer's head that say what it is.
const BUFFER_HEAD: usize = 12;
/// Identifier and length of an operation, bytes at most.
const OPERATION_HEAD: usize = 6;

/// An operation that waits for its result.
struct Pending {
    meta: Meta,
    from_lo: bool,
    id: i64,
    operation: Operation,
    entries: i32,
    /// The NTLM login of which this bind is a leg.
    ntlm: Option<Box<Ntlm>>,
}

/// One conversation.
#[derive(Default)]
pub(super) struct Ldap {
    pending: VecDeque<Pending>,
    client_is_lo: Option<bool>,
    /// A SASL bind was asked for: buffers of a security layer may follow.
    sasl: bool,
    /// Both agreed on TLS.
    tls: bool,
    /// Bytes of a buffer that are still to come of each side: messages, and the checksum behind them.
    inside: Pair<(usize, usize)>,
    /// What follows is sealed.
    sealed: bool,
    /// An NTLM login between two of its binds.
    ntlm: Option<Box<Ntlm>>,
}

impl Ldap {
    /// Read one LDAPMessage; false when it is none.
    fn one(&mut self, element: Element<'_>, message: &Message<'_>, sink: &mut Sink<'_>) -> bool {
        let mut fields = Elements::new(element.content);
        let (Some(id), Some(body)) = (fields.number(INTEGER), fields.next()) else {
            return false;
        };
        match operation::read(body.tag, body.content, &sink.out.secrets) {
            Some(Read::Request(operation)) => {
                self.ask(id, (operation, body.content), message, sink);
            }
            Some(Read::Unanswered(operation)) => {
                self.client_is_lo.get_or_insert(message.from_lo);
                let asked = waiting(id, operation, message);
                row::write(Some(&asked), None, (message.sender, message.receiver), sink);
            }
            Some(Read::Entry) => {
                let from_lo = message.from_lo;
                let mut waiting = self.pending.iter_mut();
                if let Some(asked) = waiting.find(|asked| asked.is_answered_by(id, from_lo)) {
                    asked.entries = asked.entries.saturating_add(1);
                }
            }
            Some(Read::Done(name, outcome)) => {
                self.done(id, (name, &outcome, body.content), message, sink);
            }
            Some(Read::Other) => {}
            None => return false,
        }
        true
    }

    fn ask(
        &mut self,
        id: i64,
        (operation, content): (Operation, &[u8]),
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        self.client_is_lo.get_or_insert(message.from_lo);
        self.sasl |= matches!(operation.bind_kind, Some("sasl" | "sicily"));
        let mut waits = self.pending.iter();
        if waits.any(|asked| asked.id == id && asked.operation.name == operation.name) {
            // The same datagram again: a number is not used anew before its result (RFC 4511 4.1.1.1).
            return;
        }
        if self.pending.len() >= MAX_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            let ends = if oldest.from_lo == message.from_lo {
                (message.sender, message.receiver)
            } else {
                (message.receiver, message.sender)
            };
            oldest.give_up(ends, sink);
        }
        let mut asked = waiting(id, operation, message);
        self.prove(&mut asked, content, message, sink);
        self.pending.push_back(asked);
    }

    fn done(
        &mut self,
        id: i64,
        (name, outcome, content): (&'static str, &Outcome, &[u8]),
        message: &Message<'_>,
        sink: &mut Sink<'_>,
    ) {
        self.client_is_lo.get_or_insert(!message.from_lo);
        let mut waits = self.pending.iter();
        let at = waits.position(|asked| {
            asked.is_answered_by(id, message.from_lo) && asked.operation.name == name
        });
        let mut asked = at.and_then(|at| self.pending.remove(at));
        self.tls |= outcome.code == Some(0)
            && asked
                .as_ref()
                .is_some_and(|asked| asked.operation.starts_tls);
        let answer = Answer {
            meta: &message.meta,
            id,
            name,
            outcome,
        };
        let ends = (message.receiver, message.sender);
        row::write(asked.as_ref(), Some(&answer), ends, sink);
        if let Some(login) = asked.as_mut().and_then(|asked| asked.ntlm.take()) {
            self.proved(login, (outcome.code, content), message, sink);
        }
    }
}

impl Pending {
    /// No answer came.
    fn give_up(self, ends: (&Side, &Side), sink: &mut Sink<'_>) {
        row::write(Some(&self), None, ends, sink);
        if let Some(login) = self.ntlm {
            login.write("ldap", ends, None, "unknown", sink);
        }
    }

    fn is_answered_by(&self, id: i64, from_lo: bool) -> bool {
        self.id == id && self.from_lo != from_lo
    }
}

fn waiting(id: i64, operation: Operation, message: &Message<'_>) -> Pending {
    Pending {
        meta: message.meta,
        from_lo: message.from_lo,
        id,
        operation,
        entries: 0,
        ntlm: None,
    }
}

/// Sequence, message number, operation of a known kind.
fn cut_message(data: &[u8]) -> Cut {
    let whole = match extent(data) {
        Extent::Unknown => return Cut::Need,
        Extent::Bytes(whole) if octet(data, 0) == Some(SEQUENCE) && whole <= MAX_MESSAGE => whole,
        _ => return Cut::Bad(1),
    };
    // The length field takes as many octets as its first says (X.690 8.1.3.5).
    let field = octet(data, 1).map_or(0, |first| if first < 0x80 { 0 } else { first & 0x7f });
    let at = 2 + usize::from(field);
    let (tag, length) = (octet(data, at), octet(data, at + 1));
    let number = usize::from(length.unwrap_or(1));
    let operation_at = at + 2 + number;
    let sound = tag.is_none_or(|tag| tag == INTEGER)
        && (1..=4).contains(&number)
        && operation_at < whole
        && octet(data, operation_at).is_none_or(operation::is_operation);
    if !sound {
        return Cut::Bad(1);
    }
    match octet(data, operation_at) {
        None => Cut::Need,
        // Entries and references are counted at most.
        Some(0x64 | 0x73) => Cut::Head {
            head: whole.min(operation_at + OPERATION_HEAD),
            whole,
        },
        Some(_) => Cut::Head {
            head: whole.min(MAX_HEAD),
            whole,
        },
    }
}

/// A message in a buffer of which `left` bytes are left; what is none, or is longer, is passed over with the rest of the buffer.
fn cut_inside(data: &[u8], left: usize) -> Cut {
    match cut_message(data) {
        Cut::Head { head, whole } if whole <= left => Cut::Head { head, whole },
        Cut::Need if data.len() < left && octet(data, 0) == Some(SEQUENCE) => Cut::Need,
        _ => Cut::Head {
            head: 1,
            whole: left,
        },
    }
}

impl Dialogue for Ldap {
    const BAD: Weird = BAD_FRAME;
    const MAX_WAITING: usize = MAX_HEAD;

    fn cut(&self, data: &[u8], from_lo: bool, _lost: bool) -> Cut {
        if self.sealed {
            return Cut::Message(data.len());
        }
        if self.tls {
            return Cut::Need;
        }
        match *self.inside.get(from_lo) {
            (0, 0) => {}
            (0, tail) => {
                return Cut::Head {
                    head: 1,
                    whole: tail,
                };
            }
            (clear, _) => return cut_inside(data, clear),
        }
        if !self.sasl || octet(data, 0) != Some(0) {
            return cut_message(data);
        }
        match wrapped::start(data) {
            Start::Unknown => Cut::Need,
            Start::Invalid => Cut::Bad(1),
            Start::Buffer(buffer) => Cut::Head {
                head: BUFFER_HEAD,
                whole: buffer.head,
            },
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if self.sealed {
            return;
        }
        if message.in_stream && self.layer(message) {
            return;
        }
        for element in Elements::new(message.data) {
            let read = element.tag == SEQUENCE && self.one(element, message, sink);
            if !read {
                if message.missing == 0 {
                    sink.weird(BAD_OPERATION, &message.meta);
                }
                return;
            }
        }
    }

    fn gap(&mut self, from_lo: bool) {
        *self.inside.get_mut(from_lo) = (0, 0);
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        for asked in self.pending.drain(..) {
            let ends = (sides.get(asked.from_lo), sides.get(!asked.from_lo));
            asked.give_up(ends, sink);
        }
        self.end_login(sides, sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn bytes(&self) -> usize {
        let texts = self.pending.iter().map(|asked| asked.operation.bytes());
        let logins = self.pending.iter().filter_map(|asked| asked.ntlm.as_ref());
        let logins = logins.chain(&self.ntlm);
        let logins = logins.map(|login| size_of::<Ntlm>() + login.bytes());
        let table = self.pending.capacity() * size_of::<Pending>();
        table + texts.sum::<usize>() + logins.sum::<usize>()
    }

    fn successor(&self) -> Option<Service> {
        self.tls.then_some(Service::Tls)
    }

    fn is_finished(&self) -> bool {
        self.sealed
    }
}
