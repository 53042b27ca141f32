//! DNS over UDP and TCP, multicast DNS, LLMNR and the NetBIOS name service: questions matched with their responses.
//!
//! HOT: names and answers are written into buffers that are used again; a waiting question owns nothing but its name.
//! Source: RFC 1035, RFC 6762 (mDNS), RFC 4795 (LLMNR), RFC 1002 4.2 (NetBIOS), RFC 6891 (EDNS).

mod answers;
mod header;
mod name;
mod pending;
mod rdata;
mod response;
mod row;
mod types;

use super::dialogue::{Cut, Dialogue, Message, Pair, Side, Sink};
use super::read::be16;
use super::weird::Weird;
use answers::sections;
use header::Header;
use name::Name;
use pending::{Pending, Waiting};
use response::Scratch;
use std::cell::RefCell;

/// Questions of one message that become rows: as many as may wait. Only multicast DNS asks more than one (RFC 6762 5.3), some
/// ten; without a bound, pointers to one long name would make 40 times their size in rows.
const MAX_QUESTIONS: u16 = 64;
/// Bytes of a message that are read, length field included. A message over TCP may have 64 KiB, in zone transfers only.
const MAX_HEAD: usize = 16_384;
/// Length field before a message over TCP (RFC 1035 4.2.2).
const PREFIX: usize = 2;

/// A length field that announces no message, or a message that is none.
const BAD_FRAME: Weird = Weird::new(1, "dns_bad_frame");
/// A question that cannot be read: its name points ahead or is too long, or it ends too early.
const BAD_QUESTION: Weird = Weird::new(2, "dns_bad_question");
/// A record that cannot be read, or fewer than announced.
const BAD_RECORD: Weird = Weird::new(3, "dns_bad_record");

/// Which of the protocols with this format.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Dns,
    Mdns,
    Llmnr,
    Netbios,
}

impl Kind {
    /// By port, as it was recognised: the format does not tell.
    const fn of(one: u16, other: u16) -> Self {
        match (one, other) {
            (137, _) | (_, 137) => Self::Netbios,
            (5353, _) | (_, 5353) => Self::Mdns,
            (5355, _) | (_, 5355) => Self::Llmnr,
            _ => Self::Dns,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Dns => "dns",
            Self::Mdns => "mdns",
            Self::Llmnr => "llmnr",
            Self::Netbios => "netbios-ns",
        }
    }

    /// Append a name as text; returns the suffix of a NetBIOS name.
    fn write_name(self, name: &Name, text: &mut String) -> Option<u8> {
        if self == Self::Netbios {
            return name.write_netbios(text);
        }
        name.write(text);
        None
    }
}

thread_local! {
    /// One for all flows of a thread: a flow that waits holds no buffers.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// One conversation.
#[derive(Default)]
pub(super) struct Dns {
    waiting: Waiting,
    client_is_lo: Option<bool>,
}

impl Dns {
    /// Read a query; returns what is odd about it.
    fn query(
        &mut self,
        (data, header): (&[u8], &Header),
        message: &Message<'_>,
        kind: Kind,
        sink: &mut Sink<'_>,
    ) -> Option<Weird> {
        let mut name = Name::default();
        let mut at = header::LENGTH;
        let rows = header.questions.min(MAX_QUESTIONS);
        for _ in 0..rows {
            let Some((asked, end)) = header::question(data, at, &mut name) else {
                return Some(BAD_QUESTION);
            };
            at = end;
            let mut text = self.waiting.buffer();
            let suffix = kind.write_name(&name, &mut text);
            let pending = Pending {
                meta: message.meta,
                id: header.id,
                flags: header.flags,
                from_lo: message.from_lo,
                name: text,
                suffix,
                asked,
                edns: None,
            };
            self.waiting.add(pending, message, kind, sink);
        }
        let netbios = kind == Kind::Netbios;
        let found = header::past_questions(data, at, header.questions - rows)
            .map(|at| sections(data, at, header, netbios, (None, &mut name)));
        if let Some(edns) = found.as_ref().and_then(|found| found.edns) {
            self.waiting.set_edns(usize::from(rows), edns);
        }
        let whole = found.is_some_and(|found| found.whole);
        (!whole).then_some(BAD_RECORD)
    }
}

impl Dialogue for Dns {
    const BAD: Weird = BAD_FRAME;
    const MAX_WAITING: usize = MAX_HEAD;

    fn cut(&self, data: &[u8], _from_lo: bool, _lost: bool) -> Cut {
        let Some(length) = be16(data, 0).map(usize::from) else {
            return Cut::Need;
        };
        if length < header::LENGTH {
            return Cut::Bad(1);
        }
        let Some(header) = data.get(PREFIX..).and_then(Header::read) else {
            return Cut::Need;
        };
        // Opcodes in use are 0 to 6 (IANA), the top Z bit must be zero, one question is the rule (RFC 9619).
        let plausible =
            header.flags.opcode() <= 6 && header.flags.z() & 4 == 0 && header.questions <= 1;
        if !plausible {
            return Cut::Bad(1);
        }
        Cut::Head {
            head: (PREFIX + length).min(MAX_HEAD),
            whole: PREFIX + length,
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let skip = if message.in_stream { PREFIX } else { 0 };
        let data = message.data.get(skip..).unwrap_or(&[]);
        let Some(header) = Header::read(data) else {
            if message.missing == 0 {
                sink.weird(BAD_FRAME, &message.meta);
            }
            return;
        };
        let kind = Kind::of(message.sender.port, message.receiver.port);
        let is_response = header.flags.is_response();
        if kind != Kind::Mdns {
            // Peers ask each other there, and both speak from one port.
            self.client_is_lo
                .get_or_insert(is_response != message.from_lo);
        }
        let odd = if is_response {
            SCRATCH.with_borrow_mut(|scratch| {
                let (response, odd) = response::read(data, header, kind, scratch);
                self.waiting.answer(&response, message, kind, sink);
                odd
            })
        } else {
            self.query((data, &header), message, kind, sink)
        };
        if let Some(odd) = odd.filter(|_| message.missing == 0) {
            sink.weird(odd, &message.meta);
        }
    }

    fn gap(&mut self, _from_lo: bool) {}

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let kind = Kind::of(sides.get(true).port, sides.get(false).port);
        self.waiting.end(sides, kind, sink);
    }

    fn bytes(&self) -> usize {
        self.waiting.bytes()
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }
}
