//! DNS over UDP and TCP, multicast DNS, LLMNR and the NetBIOS name service: questions matched with their responses.
//!
//! HOT: names and answers are written into buffers that are used again; a waiting question owns nothing but its name.
//! Source: RFC 1035, RFC 6762 (mDNS), RFC 4795 (LLMNR), RFC 1002 4.2 (NetBIOS), RFC 6891 (EDNS).

mod answers;
mod header;
mod name;
mod rdata;
mod row;
mod types;

use super::read::be16;
use super::session::{Cut, Dialogue, Message, Meta, Pair, Side, Sink};
use super::weird::Weird;
use answers::{Answers, Edns, sections};
use header::{Asked, Flags, Header};
use name::Name;
use std::cell::RefCell;
use std::collections::VecDeque;

/// Questions of a flow that may wait for a response. Zeek keeps 50 per transaction; a forwarder that asks from one socket has
/// some tens under way.
const MAX_PENDING: usize = 64;
/// A question older than this is not answered any more, ns: resolvers give up after at most 30 s (RFC 1035 7.2 asks for
/// retransmission after 2 to 5 s); twice that.
const MAX_WAIT_NS: i64 = 60_000_000_000;
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
}

/// A question, its name as text.
struct Question {
    name: String,
    suffix: Option<u8>,
    asked: Asked,
}

/// A question that waits for its response.
struct Pending {
    meta: Meta,
    id: u16,
    flags: Flags,
    from_lo: bool,
    question: Question,
    edns: Option<Edns>,
}

/// What is needed for the time of one message only.
#[derive(Default)]
struct Scratch {
    name: Name,
    /// Name of the question of a response.
    text: String,
    answers: Answers,
}

thread_local! {
    /// One for all flows of a thread: a flow that waits holds no buffers.
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

/// One conversation.
#[derive(Default)]
pub(super) struct Dns {
    pending: VecDeque<Pending>,
    /// The buffer of a name that is not needed any more.
    spare: Option<String>,
    client_is_lo: Option<bool>,
}

/// What a response says.
struct Response<'a> {
    header: &'a Header,
    /// Its question, or the owner of its first answer, with or without type and class.
    name: Option<(&'a str, Option<u8>)>,
    asked: Option<Asked>,
    edns: Option<Edns>,
    answers: &'a Answers,
}

impl Dns {
    fn query(&mut self, data: &[u8], message: &Message<'_>, kind: Kind, sink: &mut Sink<'_>) {
        let Some(header) = Header::read(data) else {
            return;
        };
        let mut name = Name::default();
        let mut at = header::LENGTH;
        let mut made = 0;
        for _ in 0..header.questions.min(MAX_QUESTIONS) {
            let Some((asked, end)) = header::question(data, at, &mut name) else {
                if message.missing == 0 {
                    sink.weird(BAD_QUESTION, &message.meta);
                }
                return;
            };
            at = end;
            let mut text = self.spare.take().unwrap_or_default();
            let suffix = write_name(&name, kind, &mut text);
            self.wait(
                Pending {
                    meta: message.meta,
                    id: header.id,
                    flags: header.flags,
                    from_lo: message.from_lo,
                    question: Question {
                        name: text,
                        suffix,
                        asked,
                    },
                    edns: None,
                },
                message,
                kind,
                sink,
            );
            made += 1;
        }
        let more = header.questions.saturating_sub(MAX_QUESTIONS);
        let netbios = kind == Kind::Netbios;
        let found = header::past_questions(data, at, more)
            .map(|at| sections(data, at, &header, netbios, (None, &mut name)));
        let whole = found.as_ref().is_some_and(|found| found.whole);
        let edns = found.and_then(|found| found.edns);
        if !whole && message.missing == 0 {
            sink.weird(BAD_RECORD, &message.meta);
        }
        if edns.is_some() {
            for pending in self.pending.iter_mut().rev().take(made) {
                pending.edns = edns;
            }
        }
    }

    /// Let a question wait; those that waited too long, or are too many, are written.
    fn wait(&mut self, pending: Pending, message: &Message<'_>, kind: Kind, sink: &mut Sink<'_>) {
        while let Some(oldest) = self.pending.front() {
            let age = pending.meta.ts_ns.saturating_sub(oldest.meta.ts_ns);
            if self.pending.len() < MAX_PENDING && age <= MAX_WAIT_NS {
                break;
            }
            if let Some(oldest) = self.pending.pop_front() {
                let (sender, receiver) = ends(oldest.from_lo, message);
                row::write(Some(&oldest), None, (sender, receiver), None, kind, sink);
                self.reuse(oldest);
            }
        }
        self.pending.push_back(pending);
    }

    fn reuse(&mut self, done: Pending) {
        let mut name = done.question.name;
        name.clear();
        self.spare = Some(name);
    }

    fn response(
        &mut self,
        data: &[u8],
        message: &Message<'_>,
        kind: Kind,
        (scratch, sink): (&mut Scratch, &mut Sink<'_>),
    ) {
        let Some(header) = Header::read(data) else {
            return;
        };
        let Scratch {
            name,
            text,
            answers,
        } = scratch;
        text.clear();
        answers.clear();
        let mut asked = None;
        let mut suffix = None;
        let mut named = false;
        let mut at = Some(header::LENGTH);
        if header.questions > 0 {
            at = header::question(data, header::LENGTH, name).map(|(found, end)| {
                suffix = write_name(name, kind, text);
                named = true;
                asked = Some(found);
                end
            });
            at = at.and_then(|at| header::past_questions(data, at, header.questions - 1));
        } else if header.answers > 0 && name.read(data, header::LENGTH).is_some() {
            suffix = write_name(name, kind, text);
            named = true;
        }
        let mut edns = None;
        if let Some(at) = at {
            let netbios = kind == Kind::Netbios;
            let found = sections(data, at, &header, netbios, (Some(answers), name));
            edns = found.edns;
            if !found.whole && message.missing == 0 && !header.flags.tc() {
                sink.weird(BAD_RECORD, &message.meta);
            }
        } else if message.missing == 0 {
            sink.weird(BAD_QUESTION, &message.meta);
        }
        let response = Response {
            header: &header,
            name: named.then_some((text.as_str(), suffix)),
            asked,
            edns,
            answers,
        };
        self.answer(&response, message, kind, sink);
    }

    fn answer(
        &mut self,
        response: &Response<'_>,
        message: &Message<'_>,
        kind: Kind,
        sink: &mut Sink<'_>,
    ) {
        let at = self.find(response, message.from_lo);
        let asked = at.and_then(|at| self.pending.remove(at));
        row::write(
            asked.as_ref(),
            Some(response),
            (message.receiver, message.sender),
            Some(&message.meta),
            kind,
            sink,
        );
        if let Some(asked) = asked {
            self.reuse(asked);
        }
    }

    /// The first question of the other side with the same number; and of the same words when the response repeats them.
    fn find(&self, response: &Response<'_>, from_lo: bool) -> Option<usize> {
        self.pending.iter().position(|pending| {
            pending.id == response.header.id
                && pending.from_lo != from_lo
                && response.asked.is_none_or(|asked| {
                    let question = &pending.question;
                    question.asked.qtype == asked.qtype
                        && response.name.is_none_or(|(name, _)| name == question.name)
                })
        })
    }
}

fn write_name(name: &Name, kind: Kind, text: &mut String) -> Option<u8> {
    if kind == Kind::Netbios {
        return name.write_netbios(text);
    }
    name.write(text);
    None
}

/// Sender and receiver of what a side sent, seen from a message of the same conversation.
fn ends<'a>(from_lo: bool, message: &Message<'a>) -> (&'a Side, &'a Side) {
    if from_lo == message.from_lo {
        (message.sender, message.receiver)
    } else {
        (message.receiver, message.sender)
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
        if is_response {
            SCRATCH.with_borrow_mut(|scratch| self.response(data, message, kind, (scratch, sink)));
        } else {
            self.query(data, message, kind, sink);
        }
    }

    fn gap(&mut self, _from_lo: bool) {}

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let kind = Kind::of(sides.get(true).port, sides.get(false).port);
        for pending in self.pending.drain(..) {
            let ends = (sides.get(pending.from_lo), sides.get(!pending.from_lo));
            row::write(Some(&pending), None, ends, None, kind, sink);
        }
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }
}
