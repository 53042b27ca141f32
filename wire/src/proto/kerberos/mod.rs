//! Kerberos 5 over UDP and TCP: requests for tickets paired with their replies or errors.
//!
//! Source: RFC 4120 5.4 (messages), 7.2.1 and 7.2.2 (transports).

mod message;
mod names;
mod row;
mod time;

use super::ber::{Extent, extent};
use super::dialogue::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::read::{be32, octet};
use super::weird::Weird;
use message::{Answer, Kind, Read, Request};
use std::collections::VecDeque;

/// A length field that announces no message.
const BAD_FRAME: Weird = Weird::new(1, "kerberos_bad_frame");
/// A message that cannot be read.
const BAD_MESSAGE: Weird = Weird::new(2, "kerberos_bad_message");

/// Length field before a message over TCP, bytes.
const PREFIX: usize = 4;
/// Longest message, bytes: tickets with group memberships have at most 64 KiB (MaxTokenSize 65 535, [MS-KILE] 3.1.1.2), requests
/// carry two.
const MAX_MESSAGE: usize = 1 << 20;
/// Bytes of a message that are read; what rows show of a request stands behind one ticket.
const MAX_HEAD: usize = 65_536;
/// Requests that may wait for their answer: clients have one under way per connection, some per UDP socket.
const MAX_PENDING: usize = 16;

/// A request that waits for its answer.
struct Pending {
    meta: Meta,
    from_lo: bool,
    kind: Kind,
    request: Request,
}

/// One conversation.
#[derive(Default)]
pub(super) struct Kerberos {
    pending: VecDeque<Pending>,
    client_is_lo: Option<bool>,
}

impl Kerberos {
    fn ask(&mut self, message: &Message<'_>, kind: Kind, request: Request, sink: &mut Sink<'_>) {
        let again = |waiting: &Pending| {
            waiting.kind == kind
                && request.nonce.is_some()
                && waiting.request.nonce == request.nonce
        };
        if self.pending.iter().any(again) {
            return;
        }
        let new = Pending {
            meta: message.meta,
            from_lo: message.from_lo,
            kind,
            request,
        };
        if self.pending.len() >= MAX_PENDING
            && let Some(oldest) = self.pending.pop_front()
        {
            let ends = if oldest.from_lo == message.from_lo {
                (message.sender, message.receiver)
            } else {
                (message.receiver, message.sender)
            };
            row::write(Some(&oldest), None, ends, None, sink);
        }
        self.pending.push_back(new);
    }

    fn answer(
        &mut self,
        message: &Message<'_>,
        kind: Option<Kind>,
        answer: &Answer,
        sink: &mut Sink<'_>,
    ) {
        let fits = |waiting: &Pending| {
            waiting.from_lo != message.from_lo && kind.is_none_or(|kind| kind == waiting.kind)
        };
        let at = self.pending.iter().position(fits);
        let asked = at.and_then(|at| self.pending.remove(at));
        let ends = (message.receiver, message.sender);
        let answered = Some(&message.meta);
        row::write(asked.as_ref(), Some((kind, answer)), ends, answered, sink);
    }
}

impl Dialogue for Kerberos {
    const BAD: Weird = BAD_FRAME;
    const MAX_WAITING: usize = MAX_HEAD;

    fn cut(&self, data: &[u8], _from_lo: bool, _lost: bool) -> Cut {
        let (Some(length), Some(tag)) = (be32(data, 0), octet(data, PREFIX)) else {
            return Cut::Need;
        };
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        if !message::is_message(tag) || length > MAX_MESSAGE {
            return Cut::Bad(1);
        }
        match extent(data.get(PREFIX..).unwrap_or(&[])) {
            Extent::Unknown => Cut::Need,
            Extent::Bytes(bytes) if bytes == length => Cut::Head {
                head: (PREFIX + length).min(MAX_HEAD),
                whole: PREFIX + length,
            },
            _ => Cut::Bad(1),
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let skip = if message.in_stream { PREFIX } else { 0 };
        let read = message::read(message.data.get(skip..).unwrap_or(&[]));
        let is_request = match read {
            Some(Read::Request(..)) => true,
            Some(Read::Reply(..) | Read::Error(_)) => false,
            None if message.missing == 0 => return sink.weird(BAD_MESSAGE, &message.meta),
            Some(Read::Other) | None => return,
        };
        self.client_is_lo
            .get_or_insert(is_request == message.from_lo);
        match read {
            Some(Read::Request(kind, request)) => self.ask(message, kind, request, sink),
            Some(Read::Reply(kind, answer)) => self.answer(message, Some(kind), &answer, sink),
            Some(Read::Error(answer)) => self.answer(message, None, &answer, sink),
            _ => {}
        }
    }

    fn gap(&mut self, _from_lo: bool) {}

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        for pending in self.pending.drain(..) {
            let ends = (sides.get(pending.from_lo), sides.get(!pending.from_lo));
            row::write(Some(&pending), None, ends, None, sink);
        }
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn bytes(&self) -> usize {
        self.pending.capacity() * size_of::<Pending>()
    }
}
