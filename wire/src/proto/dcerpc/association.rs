//! What a client and a server agreed on, the calls that wait for their answers, and the rows they become.
//!
//! Source: C706 12.6.4.

use super::epm::{self, Mapped};
use super::interfaces::{self, Interface, uuid, uuid_text};
use super::pdu::{HEADER, Header, STUB, kind};
use super::security::Security;
use crate::columns::tables::DceRpcRow;
use crate::proto::dialogue::{Meta, Side, Sink};
use crate::proto::read::{le16, le32, octet};
use std::collections::VecDeque;

/// Interfaces of one association (range 8 .. 256): clients bind one to five, in three encodings each.
const MAX_CONTEXTS: usize = 32;
/// Calls that wait: one, but for clients that multiplex.
const MAX_CALLS: usize = 64;
/// Statuses with which a server refuses who calls: access denied, and failure of the security package ([MS-ERREF] 2.2).
const REFUSALS: [u32; 2] = [5, 0x721];

/// An interface under its number.
#[derive(Clone, Copy)]
struct Presented {
    id: u16,
    uuid: u128,
    interface: Option<&'static Interface>,
}

/// A call without its answer.
struct Call {
    id: u32,
    meta: Meta,
    context: Option<Presented>,
    opnum: u16,
}

/// How a call ended.
#[derive(Clone, Copy, Default)]
struct Ending {
    outcome: &'static str,
    status: Option<u32>,
    rtt_ns: Option<i64>,
    mapped: Option<Mapped>,
}

/// One association, or one pipe.
#[derive(Default)]
pub(super) struct Association {
    /// Pipe, escaped.
    pipe: Option<String>,
    contexts: Vec<Presented>,
    /// The bind that waits for its answer, and the first interface it presents.
    bind: Option<(Meta, Option<Presented>)>,
    calls: VecDeque<Call>,
    security: Security,
}

impl Association {
    /// Of a pipe with this name, escaped.
    pub(super) fn of_pipe(pipe: Option<String>) -> Self {
        Self {
            pipe,
            ..Self::default()
        }
    }

    /// Stubs of responses say something.
    pub(super) fn wants_stub(&self) -> bool {
        let mapper = |call: &Call| call.opnum == epm::MAP && call.is_mapper();
        self.calls.front().is_some_and(mapper)
    }

    /// Bytes of memory held beside the value itself.
    pub(super) fn bytes(&self) -> usize {
        self.contexts.capacity() * size_of::<Presented>()
            + self.calls.capacity() * size_of::<Call>()
            + self.security.bytes()
    }

    /// Take in a unit: `data` is as much of it as is wanted.
    pub(super) fn unit(
        &mut self,
        header: &Header,
        data: &[u8],
        meta: &Meta,
        ends: (&Side, &Side),
        sink: &mut Sink<'_>,
    ) {
        match header.kind {
            kind::REQUEST if header.is_first => self.request(header, data, meta, ends, sink),
            kind::RESPONSE if header.is_first => {
                let mapped = data.get(STUB..).filter(|_| self.wants_stub());
                let mapped = mapped.and_then(epm::mapped);
                self.security.prove("ok", None, ends, sink);
                self.answered(header, meta, ("ok", None, mapped), ends, sink);
            }
            kind::FAULT => {
                let status = le32(data, 24);
                let is_refused = status.is_some_and(|status| REFUSALS.contains(&status));
                let outcome = if is_refused { "negative" } else { "unknown" };
                self.security.prove(outcome, status, ends, sink);
                self.answered(header, meta, ("exception", status, None), ends, sink);
            }
            kind::BIND | kind::ALTER => {
                self.present(data, meta);
                self.security.token(header, data, meta);
            }
            kind::BIND_ACK | kind::ALTER_ACK => {
                self.security.token(header, data, meta);
                let refused = refusal(data, header.kind);
                self.bound(refused, meta, ends, sink);
            }
            kind::BIND_NAK => {
                let reason = le16(data, HEADER).map(u32::from);
                self.security.prove("unknown", None, ends, sink);
                self.bound(Some(reason.unwrap_or(0)), meta, ends, sink);
            }
            kind::AUTH3 => self.security.token(header, data, meta),
            _ => {}
        }
    }

    fn request(
        &mut self,
        header: &Header,
        data: &[u8],
        meta: &Meta,
        ends: (&Side, &Side),
        sink: &mut Sink<'_>,
    ) {
        let (Some(id), Some(opnum)) = (le16(data, 20), le16(data, 22)) else {
            return;
        };
        if self.calls.len() >= MAX_CALLS
            && let Some(oldest) = self.calls.pop_front()
        {
            self.write(&oldest, &Ending::default(), ends, sink);
        }
        self.calls.push_back(Call {
            id: header.call_id,
            meta: *meta,
            context: self.contexts.iter().find(|known| known.id == id).copied(),
            opnum,
        });
    }

    fn answered(
        &mut self,
        header: &Header,
        meta: &Meta,
        (outcome, status, mapped): (&'static str, Option<u32>, Option<Mapped>),
        ends: (&Side, &Side),
        sink: &mut Sink<'_>,
    ) {
        let at = self.calls.iter().position(|call| call.id == header.call_id);
        let Some(call) = at.and_then(|at| self.calls.remove(at)) else {
            return;
        };
        let ending = Ending {
            outcome,
            status,
            rtt_ns: Some(meta.ts_ns.saturating_sub(call.meta.ts_ns)),
            mapped,
        };
        self.write(&call, &ending, ends, sink);
    }

    /// The client presents interfaces: number, syntax of the interface, encodings.
    fn present(&mut self, data: &[u8], meta: &Meta) {
        let mut rest = data.get(28..).unwrap_or(&[]);
        let mut first = None;
        for _ in 0..octet(data, 24).unwrap_or(0) {
            let (Some(id), Some(encodings), Some(uuid)) =
                (le16(rest, 0), octet(rest, 2), uuid(rest, 4))
            else {
                break;
            };
            let presented = Presented {
                id,
                uuid,
                interface: interfaces::find(uuid),
            };
            first.get_or_insert(presented);
            let has_room = self.contexts.len() < MAX_CONTEXTS;
            match self.contexts.iter_mut().find(|known| known.id == id) {
                Some(known) => *known = presented,
                None if has_room => self.contexts.push(presented),
                None => {}
            }
            rest = rest.get(24 + 20 * usize::from(encodings)..).unwrap_or(&[]);
        }
        self.bind = Some((*meta, first));
    }

    /// The server answered a bind; a refused one is a row.
    fn bound(
        &mut self,
        refused: Option<u32>,
        meta: &Meta,
        ends: (&Side, &Side),
        sink: &mut Sink<'_>,
    ) {
        let Some((asked, first)) = self.bind.take() else {
            return;
        };
        let Some(status) = refused else {
            return;
        };
        let ending = Ending {
            outcome: "exception",
            status: Some(status),
            rtt_ns: Some(meta.ts_ns.saturating_sub(asked.ts_ns)),
            mapped: None,
        };
        self.push(&asked, first, (None, Some("bind")), &ending, (ends, sink));
    }

    /// The conversation ends: write the calls that were not answered.
    pub(super) fn end(&mut self, ends: (&Side, &Side), sink: &mut Sink<'_>) {
        for call in std::mem::take(&mut self.calls) {
            self.write(&call, &Ending::default(), ends, sink);
        }
        self.security.end(ends, sink);
    }

    fn write(&self, call: &Call, ending: &Ending, ends: (&Side, &Side), sink: &mut Sink<'_>) {
        let interface = call.context.and_then(|context| context.interface);
        let operation = interface.and_then(|interface| interface.operation(call.opnum));
        let names = (Some(call.opnum), operation);
        self.push(&call.meta, call.context, names, ending, (ends, sink));
    }

    fn push(
        &self,
        meta: &Meta,
        context: Option<Presented>,
        (opnum, operation): (Option<u16>, Option<&'static str>),
        ending: &Ending,
        ((client, server), sink): ((&Side, &Side), &mut Sink<'_>),
    ) {
        let mapped = ending.mapped;
        let mapped_interface = mapped.and_then(|mapped| interfaces::find(mapped.uuid));
        let outcome = match ending.outcome {
            "" => "unknown",
            outcome => outcome,
        };
        sink.out.dce_rpc.push(&DceRpcRow {
            flow_uid: meta.flow_uid,
            ts: meta.ts_ns,
            sender_ip: client.ip,
            receiver_ip: server.ip,
            receiver_port: i32::from(server.port),
            pipe: self.pipe.as_deref(),
            interface: context.and_then(|known| Some(known.interface?.name)),
            interface_uuid: context.map(|known| uuid_text(known.uuid)).as_deref(),
            opnum: opnum.map(i32::from),
            operation,
            mapped_interface: mapped_interface.map(|interface| interface.name),
            mapped_port: mapped.map(|mapped| i32::from(mapped.port)),
            auth_kind: self.security.kind,
            auth_level: self.security.level,
            nt_status: ending.status.map(i64::from),
            rtt_ns: ending.rtt_ns,
            outcome,
        });
    }
}

impl Call {
    fn is_mapper(&self) -> bool {
        let interface = self.context.and_then(|context| context.interface);
        interface.is_some_and(Interface::is_mapper)
    }
}

/// Reason why none of the interfaces of a bind was accepted: results follow the secondary address (C706 12.6.4.4).
fn refusal(data: &[u8], kind: u8) -> Option<u32> {
    /// Negotiation of features, which comes with an accepted interface ([MS-RPCE] 2.2.2.4).
    const NEGOTIATED: u16 = 3;
    let address = usize::from(le16(data, 24)?);
    let at = (26 + address).next_multiple_of(4);
    let count = octet(data, at)?;
    let results = (0..usize::from(count)).map_while(|item| {
        let result = le16(data, at + 4 + 24 * item)?;
        Some((result, le16(data, at + 6 + 24 * item)?))
    });
    let mut last = None;
    for (result, reason) in results {
        if result == 0 {
            return None;
        }
        if result != NEGOTIATED {
            last = Some(u32::from(reason));
        }
    }
    last.filter(|_| kind == kind::BIND_ACK || kind == kind::ALTER_ACK)
}
