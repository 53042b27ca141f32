//! VNC logins: versions, the security type, and the result. Challenge and response are passed over.
//!
//! Source: RFC 6143 7.1 (handshake), 8.1 (security types; further ones by IANA, "Remote Framebuffer Security Types").

use super::attempt::{self, Attempt, Outcome};
use super::dialogue::{Cut, Dialogue, Message, Pair, Side, Sink};
use super::escape::escape;
use super::read::{be32, octet};
use super::service::Service;
use super::weird::Weird;

const BAD_MESSAGE: Weird = Weird::new(1, "vnc_bad_message");

/// Ports of displays 0 to 99 (RFC 6143 says only that 5900 is the first).
const PORTS: std::ops::RangeInclusive<u16> = 5900..=5999;
/// "RFB 003.008\n".
const VERSION: usize = 12;
/// Challenge and response of VNC authentication, bytes (RFC 6143 7.2.2).
const CHALLENGE: usize = 16;
/// Longest reason of a refusal, bytes; a sentence is shorter.
const MAX_REASON: usize = 4096;

/// Whose message comes next, and which.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Step {
    #[default]
    ServerVersion,
    ClientVersion,
    /// Types to choose from (3.7 and later).
    Types,
    Choice,
    /// The type, as the server decides (3.3).
    Decided,
    Challenge,
    Response,
    Result,
    /// Why it was refused.
    Reason,
    Done,
}

impl Step {
    const fn is_of_client(self) -> bool {
        matches!(self, Self::ClientVersion | Self::Choice | Self::Response)
    }
}

/// One connection up to the result of its login.
#[derive(Default)]
pub(super) struct Vnc {
    attempt: Attempt,
    client_is_lo: Option<bool>,
    step: Step,
    /// Minor version that both speak: 3, 7 or 8.
    minor: u8,
    next: Option<Service>,
}

impl Vnc {
    fn decide(&mut self, outcome: Outcome, message: &Message<'_>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        self.attempt
            .decide(outcome, Service::Rfb, message, client_is_lo, sink);
        self.step = Step::Done;
    }

    fn version(&mut self, message: &Message<'_>) {
        let Some(minor) = version(message.data) else {
            self.step = Step::Done;
            return;
        };
        let at_port = |side: &Side| PORTS.contains(&side.port);
        if self.step == Step::ServerVersion && at_port(message.receiver) && !at_port(message.sender)
        {
            // The server's version, which comes first, was not seen.
            self.client_is_lo = Some(message.from_lo);
            self.step = Step::Done;
        } else if self.step == Step::ServerVersion {
            self.client_is_lo = Some(!message.from_lo);
            self.attempt.first = Some(message.meta);
            self.attempt.server_version = Some(escape(message.data.trim_ascii_end()));
            self.minor = minor;
            self.step = Step::ClientVersion;
        } else {
            self.attempt.client_app = Some(escape(message.data.trim_ascii_end()));
            self.minor = self.minor.min(minor);
            self.step = if self.minor == 3 {
                Step::Decided
            } else {
                Step::Types
            };
        }
    }

    fn chosen(&mut self, kind: u32, message: &Message<'_>, sink: &mut Sink<'_>) {
        self.attempt.method = Some(method(kind));
        match kind {
            1 if self.minor == 8 => self.step = Step::Result,
            1 => self.decide(Outcome::Request, message, sink),
            2 => self.step = Step::Challenge,
            _ => {
                if kind == 18 {
                    self.next = Some(Service::Tls);
                }
                self.decide(Outcome::Unknown, message, sink);
            }
        }
    }

    fn result(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        match be32(message.data, 0) {
            Some(0) if self.attempt.method == Some("none") => {
                self.decide(Outcome::Request, message, sink);
            }
            Some(0) => self.decide(Outcome::Ok, message, sink),
            // 1 failed, 2 too many attempts; 3.8 gives the reason.
            _ if self.minor == 8 => {
                self.attempt.outcome = Outcome::Negative;
                self.step = Step::Reason;
            }
            _ => self.decide(Outcome::Negative, message, sink),
        }
    }

    fn reason(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        let words = message.data.get(4..).unwrap_or_default();
        self.attempt.refusal = Some(escape(words));
        self.decide(self.attempt.outcome, message, sink);
    }
}

/// Minor version of a protocol version: what is neither 3.7 nor newer speaks 3.3 (RFC 6143 7.1.1).
fn version(data: &[u8]) -> Option<u8> {
    let digits = |from: usize| {
        std::str::from_utf8(data.get(from..from + 3)?)
            .ok()?
            .parse::<u16>()
            .ok()
    };
    let (major, minor) = (digits(4)?, digits(8)?);
    data.starts_with(b"RFB ").then_some(match (major, minor) {
        (4.., _) | (3, 8..) => 8,
        (3, 7) => 7,
        _ => 3,
    })
}

const fn method(kind: u32) -> &'static str {
    match kind {
        1 => "none",
        2 => "challenge",
        5 | 6 | 13 | 129..=133 => "ra2",
        16 => "tight",
        17 => "ultra",
        18 => "tls",
        19 => "vencrypt",
        20 => "sasl",
        22 => "xvp",
        30 => "diffie-hellman",
        113 => "mslogon",
        _ => "other",
    }
}

/// Length that stands at the start and what it counts.
fn counted(data: &[u8]) -> Cut {
    match be32(data, 0).map(|length| length as usize) {
        Some(length @ 0..=MAX_REASON) => Cut::Message(4 + length),
        Some(_) => Cut::Bad(data.len()),
        None => Cut::Need,
    }
}

impl Dialogue for Vnc {
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
            Step::ServerVersion | Step::ClientVersion => Cut::Message(VERSION),
            Step::Types => match octet(data, 0) {
                Some(count) => Cut::Message(1 + usize::from(count)),
                None => Cut::Need,
            },
            Step::Choice => Cut::Message(1),
            Step::Decided | Step::Result => Cut::Message(4),
            Step::Challenge | Step::Response => Cut::Message(CHALLENGE),
            Step::Reason | Step::Done => counted(data),
        }
    }

    fn message(&mut self, message: &Message<'_>, sink: &mut Sink<'_>) {
        match self.step {
            Step::ServerVersion | Step::ClientVersion => self.version(message),
            Step::Types => {
                let refused = octet(message.data, 0) == Some(0);
                self.step = if refused { Step::Reason } else { Step::Choice };
            }
            Step::Choice => {
                let kind = octet(message.data, 0).map_or(0, u32::from);
                self.chosen(kind, message, sink);
            }
            Step::Decided => match be32(message.data, 0) {
                Some(0) => self.step = Step::Reason,
                kind => self.chosen(kind.unwrap_or(0), message, sink),
            },
            Step::Challenge => self.step = Step::Response,
            Step::Response => self.step = Step::Result,
            Step::Result => self.result(message, sink),
            Step::Reason => self.reason(message, sink),
            Step::Done => {}
        }
    }

    fn gap(&mut self, _from_lo: bool) {
        self.step = Step::Done;
    }

    fn end(&mut self, sides: &Pair<Side>, sink: &mut Sink<'_>) {
        let client_is_lo = self.client_is_lo.unwrap_or(true);
        self.attempt.end(Service::Rfb, sides, client_is_lo, sink);
    }

    fn client_is_lo(&self) -> Option<bool> {
        self.client_is_lo
    }

    fn bytes(&self) -> usize {
        self.attempt.bytes()
    }

    fn successor(&self) -> Option<Service> {
        self.next
    }

    fn is_finished(&self) -> bool {
        self.step == Step::Done
    }
}
