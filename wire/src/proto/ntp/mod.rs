//! NTP: the first message of each side, every change, and what asks a server about itself.
//!
//! Source: RFC 5905 section 7.3; RFC 9327 (control); ntpd's `ntp_request.h` (private).

mod clock;
mod names;

use super::dialogue::{Meta, Pair, Sink};
use super::packets::Packets;
use super::weird::Weird;
use super::{Context, Hint, read};
use crate::columns::tables::NtpRow;
use clock::{Clock, Stamp};

/// Shorter than its mode needs, or a version or mode out of use.
const BAD_MESSAGE: Weird = Weird::new(1, "ntp_bad_message");

/// Rows of one flow (range 16 .. 1024): an answer to `monlist` has up to 100 packets, of which the first tell all.
const MAX_ROWS: u16 = 64;

/// Modes of questions about the server itself.
const CONTROL: u8 = 6;
const PRIVATE: u8 = 7;

/// Messages between two ends.
#[derive(Default)]
pub(super) struct Ntp {
    rows: u16,
    /// What each side said last.
    said: Pair<Option<Clock>>,
    /// The request that waits: its transmit time as sent, when it was seen, and who sent it.
    asked: Option<(Stamp, i64, bool)>,
}

impl Packets for Ntp {
    fn packet(&mut self, ctx: &Context<'_>, sink: &mut Sink<'_>) -> Hint {
        let first = read::octet(ctx.payload, 0).unwrap_or(0);
        let (version, mode) = (first >> 3 & 7, first & 7);
        let is_known = (1..=4).contains(&version) && mode != 0;
        let read = is_known
            && match mode {
                CONTROL | PRIVATE => self.management(ctx, (version, mode), sink),
                _ => self.time(ctx, (version, mode), sink),
            };
        if !read && ctx.payload.len() >= ctx.payload_len as usize {
            sink.weird(BAD_MESSAGE, &Meta::of(ctx));
        }
        // Who asks whom is left to the ports (docs/flow-semantics.md 4.4 does not list this protocol).
        Hint::None
    }
}

impl Ntp {
    /// One more row fits.
    fn take_row(&mut self) -> bool {
        let fits = self.rows < MAX_ROWS;
        self.rows += u16::from(fits);
        fits
    }

    /// A message about time.
    fn time(&mut self, ctx: &Context<'_>, (version, mode): (u8, u8), sink: &mut Sink<'_>) -> bool {
        let Some(clock) = Clock::read(ctx.payload) else {
            return false;
        };
        let offset_ns = self.offset(ctx, &clock);
        let said = self.said.get_mut(ctx.from_lo);
        let is_new = said.is_none_or(|before| !before.says_as(&clock));
        *said = Some(clock);
        if is_new && self.take_row() {
            let ref_id = clock.ref_id();
            sink.out.ntp.push(&NtpRow {
                ntp_version: i16::from(version),
                ntp_mode: i16::from(mode),
                mode_name: names::mode(mode),
                leap: Some(i16::from(clock.leap)),
                stratum: Some(i16::from(clock.stratum)),
                ref_id: Some(&ref_id),
                poll: Some(i16::from(clock.poll)),
                precision: Some(i16::from(clock.precision)),
                root_delay_ns: Some(clock.root_delay.as_ns()),
                root_dispersion_ns: Some(clock.root_dispersion.as_ns()),
                xmit_time: clock.transmit.as_unix_ns(),
                offset_ns,
                ..blank(ctx)
            });
        }
        true
    }

    /// Clock of the server less that of the capture, when both messages were seen and the answer repeats what was asked: the mean of
    /// both ways, half the difference of which is its error.
    ///
    /// Source: RFC 5905 section 8, the times of the client taken by the capture.
    fn offset(&mut self, ctx: &Context<'_>, clock: &Clock) -> Option<i64> {
        if let Some((asked, seen_ns, from_lo)) = self.asked
            && from_lo != ctx.from_lo
            && clock.origin == asked
        {
            self.asked = None;
            let received = clock.receive.as_unix_ns()?;
            let sent = clock.transmit.as_unix_ns()?;
            let there = received.checked_sub(seen_ns)?;
            let back = sent.checked_sub(ctx.ts_ns)?;
            return there.checked_add(back).map(|sum| sum / 2);
        }
        self.asked = Some((clock.transmit, ctx.ts_ns, ctx.from_lo));
        None
    }

    /// A question about the server itself, or its answer.
    fn management(
        &mut self,
        ctx: &Context<'_>,
        (version, mode): (u8, u8),
        sink: &mut Sink<'_>,
    ) -> bool {
        let (code_at, mask, least) = if mode == CONTROL {
            (1, 0x1f, 12)
        } else {
            (3, 0xff, 8)
        };
        let Some(code) = read::octet(ctx.payload, code_at).map(|code| code & mask) else {
            return false;
        };
        if ctx.payload.len() < least && ctx.payload.len() >= ctx.payload_len as usize {
            return false;
        }
        if self.take_row() {
            sink.out.ntp.push(&NtpRow {
                ntp_version: i16::from(version),
                ntp_mode: i16::from(mode),
                mode_name: names::mode(mode),
                request_code: Some(i16::from(code)),
                request_name: if mode == CONTROL {
                    names::control(code)
                } else {
                    names::private(code)
                },
                is_response: Some(is_response(ctx.payload)),
                ..blank(ctx)
            });
        }
        true
    }
}

/// The response bit: of control messages in the second octet, of private ones in the first.
fn is_response(data: &[u8]) -> bool {
    let first = read::octet(data, 0).unwrap_or(0);
    let at = usize::from(first & 7 == CONTROL);
    read::octet(data, at).unwrap_or(0) & 0x80 != 0
}

/// A row with what every message has.
fn blank<'a>(ctx: &Context<'_>) -> NtpRow<'a> {
    NtpRow {
        flow_uid: ctx.flow_uid,
        ts: ctx.ts_ns,
        sender_ip: ctx.sender_ip,
        receiver_ip: ctx.receiver_ip,
        ntp_version: 0,
        ntp_mode: 0,
        mode_name: "",
        payload_len: i32::try_from(ctx.payload_len).ok(),
        leap: None,
        stratum: None,
        ref_id: None,
        poll: None,
        precision: None,
        root_delay_ns: None,
        root_dispersion_ns: None,
        xmit_time: None,
        offset_ns: None,
        request_code: None,
        request_name: None,
        is_response: None,
    }
}
