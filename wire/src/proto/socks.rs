//! SOCKS 4, 4A and 5: the method of the login, its result, where the client wants to go, and whether it got there.
//!
//! Source: RFC 1928 3 to 6, RFC 1929 2, "SOCKS: A protocol for TCP proxy across firewalls" (version 4) and its 4A memo.

use super::attempt::{self, Attempt, Outcome};
use super::dialogue::{Cut, Dialogue, Message, Pair, Side, Sink};
use super::escape::escape;
use super::read::{be16, octet};
use super::service::Service;
use super::weird::Weird;
use std::net::{Ipv4Addr, Ipv6Addr};

const BAD_MESSAGE: Weird = Weird::new(1, "socks_bad_message");

/// Longest request of version 4, bytes: a user and a name of 255 each.
const MAX_REQUEST4: usize = 8 + 2 * 256;

/// Whose message comes next, and which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    /// Methods of version 5, or the request of version 4.
    #[default]
    Greeting,
    Method,
    Password,
    Status,
    Request,
    Reply,
    Reply4,
    Done,
}

impl Step {
    const fn is_of_client(self) -> bool {
        matches!(self, Self::Greeting | Self::Password | Self::Request)
    }
}

/// One connection up to the answer to its request.
#[derive(Default)]
pub(super) struct Socks {
    attempt: Attempt,
    client_is_lo: Option<bool>,
    step: Step,
}

impl Socks {
    fn decide(&mut self, outcome: Outcome, message: &Message<'_>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        self.attempt
            .decide(outcome, Service::Socks, message, client_is_lo, sink);
        self.step = Step::Done;
    }

    fn greeting(&mut self, message: &Message<'_>) {
        // Nobody offers no method: a reply, whose request was not seen.
        if message.data == [5, 0] {
            self.step = Step::Done;
            return;
        }
        self.client_is_lo = Some(message.from_lo);
        self.attempt.first = Some(message.meta);
        self.step = Step::Method;
        if octet(message.data, 0) == Some(4) {
            self.attempt.method = Some("none");
            self.attempt.outcome = Outcome::Request;
            let mut words = message
                .data
                .get(8..)
                .unwrap_or_default()
                .split(|byte| *byte == 0);
            let user = words.next().unwrap_or_default();
            self.attempt.user = (!user.is_empty()).then(|| escape(user));
            let name = words.next().filter(|_| is_named(message.data));
            self.attempt.target = match name {
                Some(name) => target(Host::Name(name), be16(message.data, 2)),
                None => target(
                    Host::Address(message.data.get(4..8).unwrap_or_default()),
                    be16(message.data, 2),
                ),
            };
            self.step = Step::Reply4;
        }
    }

    fn method(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let (method, step) = match octet(message.data, 1) {
            Some(0) => ("none", Step::Request),
            Some(1) => ("kerberos", Step::Done),
            Some(2) => ("password", Step::Password),
            Some(3) => ("challenge", Step::Done),
            Some(0xff) => {
                self.attempt.refusal = Some("no acceptable method".to_owned());
                return self.decide(Outcome::Unknown, message, sink);
            }
            _ => ("other", Step::Done),
        };
        self.attempt.method = Some(method);
        self.step = step;
        if method == "none" {
            self.attempt.outcome = Outcome::Request;
        }
        if step == Step::Done {
            self.decide(Outcome::Unknown, message, sink);
        }
    }

    fn status(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        if octet(message.data, 1) == Some(0) {
            self.attempt.outcome = Outcome::Ok;
            self.step = Step::Request;
        } else {
            self.decide(Outcome::Negative, message, sink);
        }
    }

    fn request(&mut self, message: &Message<'_>) {
        let data = message.data;
        let host = match octet(data, 3) {
            Some(3) => Host::Name(
                data.get(5..data.len().saturating_sub(2))
                    .unwrap_or_default(),
            ),
            _ => Host::Address(
                data.get(4..data.len().saturating_sub(2))
                    .unwrap_or_default(),
            ),
        };
        self.attempt.target = target(host, be16(data, data.len().saturating_sub(2)));
        self.step = Step::Reply;
    }

    fn reply(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let code = octet(message.data, 1).unwrap_or(0);
        let words = match (self.step, code) {
            (Step::Reply, 0) | (Step::Reply4, 0x5a) => None,
            (Step::Reply, 1) => Some("general failure"),
            (Step::Reply, 2) => Some("not allowed by ruleset"),
            (Step::Reply, 3) => Some("network unreachable"),
            (Step::Reply, 4) => Some("host unreachable"),
            (Step::Reply, 5) => Some("connection refused"),
            (Step::Reply, 6) => Some("TTL expired"),
            (Step::Reply, 7) => Some("command not supported"),
            (Step::Reply, 8) => Some("address type not supported"),
            (Step::Reply4, 0x5b) => Some("rejected or failed"),
            (Step::Reply4, 0x5c) => Some("no identd at the client"),
            (Step::Reply4, 0x5d) => Some("identd says another user"),
            _ => Some("unknown"),
        };
        self.attempt.refusal = words.map(|words| format!("{code} {words}"));
        self.decide(self.attempt.outcome, message, sink);
    }
}

/// Where a client wants to go.
#[derive(Clone, Copy)]
enum Host<'a> {
    Name(&'a [u8]),
    Address(&'a [u8]),
}

fn target(host: Host<'_>, port: Option<u16>) -> Option<String> {
    let port = port?;
    Some(match host {
        Host::Name(name) => format!("{}:{port}", escape(name)),
        Host::Address(raw) => match (<[u8; 4]>::try_from(raw), <[u8; 16]>::try_from(raw)) {
            (Ok(v4), _) => format!("{}:{port}", Ipv4Addr::from(v4)),
            (_, Ok(v6)) => format!("[{}]:{port}", Ipv6Addr::from(v6)),
            _ => return None,
        },
    })
}

/// Address 0.0.0.x of version 4 announces a name behind the user (4A).
fn is_named(data: &[u8]) -> bool {
    matches!(data.get(4..8), Some([0, 0, 0, 1..=255]))
}

/// Request of version 4: eight octets, a user, and in 4A a name, each up to NUL.
fn cut_request4(data: &[u8]) -> Cut {
    let words = if is_named(data) { 2 } else { 1 };
    let ends = data
        .iter()
        .enumerate()
        .skip(8)
        .filter(|(_, byte)| **byte == 0);
    match ends.map(|(at, _)| at).nth(words - 1) {
        Some(at) if data.len() >= 8 && at < MAX_REQUEST4 => Cut::Message(at + 1),
        None if data.len() < MAX_REQUEST4 => Cut::Need,
        _ => Cut::Bad(data.len()),
    }
}

/// Request and reply of version 5: their address says how long they are.
fn cut_address(data: &[u8]) -> Cut {
    match (octet(data, 0), octet(data, 3), octet(data, 4)) {
        (Some(5), Some(1), _) => Cut::Message(10),
        (Some(5), Some(4), _) => Cut::Message(22),
        (Some(5), Some(3), Some(length)) => Cut::Message(7 + usize::from(length)),
        (Some(5), None, _) | (Some(5), Some(3), None) => Cut::Need,
        _ => Cut::Bad(data.len()),
    }
}

/// User and password (RFC 1929 2), each with its length.
fn cut_password(data: &[u8]) -> Cut {
    let Some(user) = octet(data, 1).map(usize::from) else {
        return Cut::Need;
    };
    match octet(data, 2 + user).map(usize::from) {
        Some(secret) => Cut::Message(3 + user + secret),
        None => Cut::Need,
    }
}

impl Dialogue for Socks {
    const BAD: Weird = BAD_MESSAGE;

    fn cut(&self, data: &[u8], from_lo: bool, lost: bool) -> Cut {
        let is_client = self.client_is_lo.map(|client| client == from_lo);
        let turn = attempt::Turn {
            is_done: self.step == Step::Done,
            is_others: is_client.is_some_and(|is_client| is_client != self.step.is_of_client()),
        };
        if let Some(cut) = turn.cut(data, lost) {
            return cut;
        }
        match self.step {
            Step::Greeting => match (octet(data, 0), octet(data, 1)) {
                (Some(4), _) => cut_request4(data),
                (Some(5), Some(count)) => Cut::Message(2 + usize::from(count)),
                (Some(5) | None, None) => Cut::Need,
                _ => Cut::Bad(data.len()),
            },
            Step::Method | Step::Status => Cut::Message(2),
            Step::Password => cut_password(data),
            Step::Request | Step::Reply => cut_address(data),
            Step::Reply4 => Cut::Message(8),
            Step::Done => Cut::Message(data.len()),
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        match self.step {
            Step::Greeting => self.greeting(message),
            Step::Method => self.method(message, sink),
            Step::Password => {
                let length = octet(message.data, 1).map_or(0, usize::from);
                self.attempt.user = message.data.get(2..2 + length).map(escape);
                let secret = message.data.get(3 + length..);
                self.attempt.secret = secret.and_then(|secret| sink.out.secrets.hash(secret));
                self.step = Step::Status;
            }
            Step::Status => self.status(message, sink),
            Step::Request => self.request(message),
            Step::Reply | Step::Reply4 => self.reply(message, sink),
            Step::Done => {}
        }
    }

    fn gap(&mut self, _from_lo: bool) {
        self.step = Step::Done;
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        self.attempt.end(Service::Socks, sides, client_is_lo, sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn bytes(&self) -> usize {
        self.attempt.bytes()
    }

    fn is_finished(&self) -> bool {
        self.step == Step::Done
    }
}
