//! Questions that wait for their responses: few, not for long, found by number and words.

use super::answers::Edns;
use super::header::{Asked, Flags};
use super::response::Response;
use super::{Kind, row};
use crate::proto::dialogue::{Message, Meta, Pair, Side, Sink};
use std::collections::VecDeque;

/// Questions of a flow that may wait for a response. Zeek keeps 50 per transaction; a forwarder that asks from one socket has
/// some tens under way.
const MAX_PENDING: usize = 64;
/// A question older than this is not answered any more, ns: resolvers give up after at most 30 s (RFC 1035 7.2 asks for
/// retransmission after 2 to 5 s); twice that.
const MAX_WAIT_NS: i64 = 60_000_000_000;

/// A question that waits for its response.
pub(super) struct Pending {
    /// Its packet.
    pub(super) meta: Meta,
    /// Transaction.
    pub(super) id: u16,
    /// Flags of the query.
    pub(super) flags: Flags,
    /// The lower key end asked.
    pub(super) from_lo: bool,
    /// Name as text.
    pub(super) name: String,
    /// What has the name (NetBIOS).
    pub(super) suffix: Option<u8>,
    /// Type and class.
    pub(super) asked: Asked,
    /// EDNS of the query.
    pub(super) edns: Option<Edns>,
}

impl Pending {
    /// The response has the same number; and the same words when it repeats them.
    fn is_answered_by(&self, response: &Response<'_>, kind: Kind) -> bool {
        if self.id != response.header.id {
            return false;
        }
        let same_name = || response.name.is_none_or(|(name, _)| name == self.name);
        match response.asked {
            Some(asked) => asked.qtype == self.asked.qtype && same_name(),
            // Numbers mean nothing there (RFC 6762 18.1): what is answered must be what was asked.
            None if kind == Kind::Mdns => same_name(),
            None => true,
        }
    }
}

/// The waiting questions of a conversation.
#[derive(Default)]
pub(super) struct Waiting {
    pending: VecDeque<Pending>,
    /// The buffer of a name that is not needed any more.
    spare: Option<String>,
}

impl Waiting {
    /// Bytes of memory held.
    pub(super) fn bytes(&self) -> usize {
        let names = self.pending.iter().map(|question| question.name.capacity());
        self.pending.capacity() * size_of::<Pending>() + names.sum::<usize>()
    }

    /// An empty buffer for a name.
    pub(super) fn buffer(&mut self) -> String {
        self.spare.take().unwrap_or_default()
    }

    /// Let a question wait; those that waited too long, or are too many, are written.
    pub(super) fn add(
        &mut self,
        new: Pending,
        message: &Message<'_>,
        kind: Kind,
        sink: &mut Sink<'_>,
    ) {
        while let Some(oldest) = self.pending.front() {
            let age = new.meta.ts_ns.saturating_sub(oldest.meta.ts_ns);
            if self.pending.len() < MAX_PENDING && age <= MAX_WAIT_NS {
                break;
            }
            if let Some(oldest) = self.pending.pop_front() {
                let ends = ends(oldest.from_lo, message);
                row::write(Some(&oldest), None, ends, None, kind, sink);
                self.reuse(oldest);
            }
        }
        self.pending.push_back(new);
    }

    /// What EDNS says goes with the latest `count` questions.
    pub(super) fn set_edns(&mut self, count: usize, edns: Edns) {
        for pending in self.pending.iter_mut().rev().take(count) {
            pending.edns = Some(edns);
        }
    }

    /// Write the row of a response, with the first question of the other side that it answers.
    pub(super) fn answer(
        &mut self,
        response: &Response<'_>,
        message: &Message<'_>,
        kind: Kind,
        sink: &mut Sink<'_>,
    ) {
        let at = self.pending.iter().position(|pending| {
            pending.from_lo != message.from_lo && pending.is_answered_by(response, kind)
        });
        let asked = at.and_then(|at| self.pending.remove(at));
        let ends = (message.receiver, message.sender);
        row::write(
            asked.as_ref(),
            Some(response),
            ends,
            Some(&message.meta),
            kind,
            sink,
        );
        if let Some(asked) = asked {
            self.reuse(asked);
        }
    }

    /// The conversation ends: write what nobody answered.
    pub(super) fn end(&mut self, sides: &Pair<Side>, kind: Kind, sink: &mut Sink<'_>) {
        for pending in self.pending.drain(..) {
            let ends = (sides.get(pending.from_lo), sides.get(!pending.from_lo));
            row::write(Some(&pending), None, ends, None, kind, sink);
        }
    }

    fn reuse(&mut self, done: Pending) {
        let mut name = done.name;
        name.clear();
        self.spare = Some(name);
    }
}

/// Sender and receiver of what a side sent, seen from a message of the same conversation.
fn ends<'a>(from_lo: bool, message: &Message<'a>) -> (&'a Side, &'a Side) {
    if from_lo == message.from_lo {
        (message.sender, message.receiver)
    } else {
        (message.receiver, message.sender)
    }
}
