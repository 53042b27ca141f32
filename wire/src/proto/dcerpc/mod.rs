//! Remote procedure calls of Windows: which interface and operation a client calls, over TCP or a named pipe of SMB.
//!
//! Source: C706 (DCE 1.1: Remote Procedure Call); [MS-RPCE].

mod association;
mod epm;
mod interfaces;
mod pdu;
mod pipe;
mod security;

pub(super) use pipe::Pipe;

use super::dialogue::{Cut, Dialogue, Message, Pair, Side, Sink};
use super::weird::Weird;
use association::Association;
use pdu::Header;

const BAD_UNIT: Weird = Weird::new(1, "dcerpc_bad_unit");

/// One TCP connection.
#[derive(Default)]
pub(super) struct DceRpc {
    association: Association,
    client_is_lo: Option<bool>,
}

/// A unit starts here: whether the client sends it.
pub(super) fn likeness(data: &[u8]) -> Option<bool> {
    Some(Header::read(data)?.is_from_client())
}

impl Dialogue for DceRpc {
    const BAD: Weird = BAD_UNIT;

    fn cut(&self, data: &[u8], _from_lo: bool, lost: bool) -> Cut {
        if lost {
            match pdu::seek(data) {
                Some(0) => {}
                Some(at) => return Cut::Bad(at),
                None if data.len() > 7 => return Cut::Bad(data.len() - 7),
                None => return Cut::Need,
            }
        }
        pdu::cut(data, self.association.wants_stub())
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let Some(header) = Header::read(message.data) else {
            return;
        };
        let client_is_lo = header.is_from_client() == message.from_lo;
        let from_client = *self.client_is_lo.get_or_insert(client_is_lo) == message.from_lo;
        let ends = if from_client {
            (message.sender, message.receiver)
        } else {
            (message.receiver, message.sender)
        };
        self.association
            .unit(&header, message.data, &message.meta, ends, sink);
    }

    fn gap(&mut self, _from_lo: bool) {}

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        let ends = (sides.get(client_is_lo), sides.get(!client_is_lo));
        self.association.end(ends, sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn bytes(&self) -> usize {
        self.association.bytes()
    }
}
