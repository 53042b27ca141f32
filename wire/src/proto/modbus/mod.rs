//! Modbus/TCP: requests matched with their responses, and who commands whom.
//!
//! Who is master follows from the shape of the messages; port 502 decides only when nothing else does.
//! Source: MODBUS Messaging on TCP/IP Implementation Guide V1.0b; MODBUS Application Protocol Specification V1.1b3.

mod fields;
mod frame;
mod functions;
mod rows;

pub(super) use frame::{Likeness, PORT, agree, likeness};

use super::dialogue::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::weird::Weird;
use fields::Fields;
use frame::Frame;
use functions::{EXCEPTION, Shape, shape};

/// Requests that may wait for their response: the largest number of outstanding transactions a server should accept
/// (Implementation Guide 4.4.1.2: 1 to 16).
const MAX_PENDING: usize = 16;

/// A request that waits for its response.
struct Pending {
    tid: u16,
    unit: u8,
    func: u8,
    from_lo: bool,
    meta: Meta,
    fields: Fields,
}

/// One conversation.
#[derive(Default)]
pub(super) struct Modbus {
    pending: Vec<Pending>,
    master_is_lo: Option<bool>,
}

/// What a message is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Request,
    Response,
}

impl Modbus {
    fn part(&mut self, frame: &Frame<'_>, shape: Shape, message: &Message<'_>) -> Part {
        let part = match shape {
            Shape::Request => Part::Request,
            Shape::Response | Shape::Exception => Part::Response,
            Shape::Broken if frame.func & EXCEPTION != 0 => Part::Response,
            Shape::Either | Shape::Broken => return self.guess(frame, message),
        };
        let sender_is_master = part == Part::Request;
        self.master_is_lo
            .get_or_insert(sender_is_master == message.from_lo);
        part
    }

    /// Decide by what waits, then by the roles learned, then by the port; the first speaker is taken for the master.
    fn guess(&mut self, frame: &Frame<'_>, message: &Message<'_>) -> Part {
        if self.find(frame, message.from_lo).is_some() {
            let lo = !message.from_lo;
            self.master_is_lo.get_or_insert(lo);
            return Part::Response;
        }
        let asks = match self.master_is_lo {
            Some(lo) => lo == message.from_lo,
            None => message.sender.port != PORT,
        };
        if asks { Part::Request } else { Part::Response }
    }

    fn find(&self, frame: &Frame<'_>, from_lo: bool) -> Option<usize> {
        let func = frame.func & !EXCEPTION;
        self.pending.iter().rposition(|p| {
            p.tid == frame.tid && p.unit == frame.unit && p.func == func && p.from_lo != from_lo
        })
    }

    fn request(&mut self, frame: &Frame<'_>, message: &Message<'_>, sink: &mut Sink<'_>) {
        let fields = fields::request(frame.pdu);
        rows::request(message, frame, &fields, sink.out);
        if self.pending.len() >= MAX_PENDING {
            let oldest = self.pending.remove(0);
            let (sender, receiver) = ends(&oldest, message);
            rows::exchange(&oldest, sender, receiver, None, sink.out);
        }
        self.pending.push(Pending {
            tid: frame.tid,
            unit: frame.unit,
            func: frame.func,
            from_lo: message.from_lo,
            meta: message.meta,
            fields,
        });
    }

    fn response(&mut self, frame: &Frame<'_>, message: &Message<'_>, sink: &mut Sink<'_>) {
        let asked = self
            .find(frame, message.from_lo)
            .map(|at| self.pending.remove(at));
        let answer = rows::Answer::new(frame, asked.as_ref().map(|p| &p.fields));
        rows::response(message, frame, &answer, sink.out);
        if let Some(asked) = asked {
            rows::exchange(
                &asked,
                message.receiver,
                message.sender,
                Some(&answer),
                sink.out,
            );
        } else {
            sink.weird(Weird::MODBUS_UNASKED, &message.meta);
            rows::unasked(message, frame, &answer, sink.out);
        }
    }
}

/// Sender and receiver of a waiting request, seen from a message of the same conversation.
fn ends<'a>(pending: &Pending, message: &Message<'a>) -> (&'a Side, &'a Side) {
    if pending.from_lo == message.from_lo {
        (message.sender, message.receiver)
    } else {
        (message.receiver, message.sender)
    }
}

impl Dialogue for Modbus {
    const BAD: Weird = Weird::MODBUS_BAD_FRAME;

    fn cut(&self, data: &[u8], _from_lo: bool, lost: bool) -> Cut {
        frame::cut(data, lost)
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let Some(frame) = frame::frame(message.data) else {
            return;
        };
        let shape = shape(frame.pdu);
        if shape == Shape::Broken {
            sink.weird(Weird::MODBUS_BAD_PDU, &message.meta);
        }
        match self.part(&frame, shape, message) {
            Part::Request => self.request(&frame, message, sink),
            Part::Response => self.response(&frame, message, sink),
        }
    }

    fn gap(&mut self, _from_lo: bool) {}

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        for pending in self.pending.drain(..) {
            let (sender, receiver) = (sides.get(pending.from_lo), sides.get(!pending.from_lo));
            rows::exchange(&pending, sender, receiver, None, sink.out);
        }
    }

    fn bytes(&self) -> usize {
        let held = |pending: &Pending| pending.fields.values.capacity() * size_of::<i32>();
        let table = self.pending.capacity() * size_of::<Pending>();
        table + self.pending.iter().map(held).sum::<usize>()
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.master_is_lo
    }
}
