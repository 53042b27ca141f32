//! The row of a request with its answer, of a notification, or of an answer alone.

use super::message::{Kind, Pdu, Version};
use super::variables::Variables;
use super::{Facts, Pending, names};
use crate::columns::tables::SnmpRow;
use crate::columns::text_lists::TextList;
use crate::proto::dialogue::{Meta, Side, Sink};

/// The message is signed (RFC 3412 6.4).
const SIGNED: u8 = 1;
/// Who asks may not do so (RFC 3413 3.2).
const AUTHORIZATION_ERROR: i64 = 16;

/// The message that a row begins with.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    meta: &'a Meta,
    facts: &'a Facts,
    retransmits: i32,
    /// It is an answer, or nobody answers it.
    is_alone: bool,
}

/// An answer.
pub(super) struct Answer<'a> {
    pub(super) meta: &'a Meta,
    /// `None`: encrypted.
    pub(super) pdu: Option<&'a Pdu<'a>>,
}

impl<'a> Asked<'a> {
    /// A request.
    pub(super) fn of(asked: &'a Pending) -> Self {
        Self {
            meta: &asked.meta,
            facts: &asked.facts,
            retransmits: asked.retransmits,
            is_alone: false,
        }
    }

    /// A trap, or an answer whose request was not seen.
    pub(super) fn alone(facts: &'a Facts, meta: &'a Meta) -> Self {
        Self {
            meta,
            facts,
            retransmits: 0,
            is_alone: true,
        }
    }
}

/// Write the row. `ends` are who asks or notifies, and who is asked or notified.
pub(super) fn write(
    asked: &Asked<'_>,
    answer: Option<&Answer<'_>>,
    ends: (&Side, &Side),
    sink: &mut Sink<'_>,
) {
    let facts = asked.facts;
    let pdu = answer.and_then(|answer| answer.pdu);
    let told = pdu.map(|pdu| Variables::read(pdu, false));
    let report = told
        .as_ref()
        .filter(|_| pdu.is_some_and(|pdu| pdu.kind == Kind::Report))
        .map(|told| told.first.as_deref().map_or("other", names::report));
    let response = pdu.filter(|pdu| pdu.kind == Kind::Response);
    let numbers = response.and_then(|pdu| pdu.numbers);
    let (method, outcome) = verdict(asked, answer, report);
    // What the agent says of itself stands in its answers and notifications.
    let (own, at) = match (&told, answer) {
        (Some(told), Some(answer)) if facts.kind.is_none_or(|kind| !kind.notifies()) => {
            (told, answer.meta)
        }
        _ => (&facts.variables, asked.meta),
    };
    let rtt_ns = answer
        .filter(|_| !asked.is_alone)
        .map(|answer| answer.meta.ts_ns.saturating_sub(asked.meta.ts_ns));
    sink.out.snmp.push(&SnmpRow {
        flow_uid: asked.meta.flow_uid,
        ts: asked.meta.ts_ns,
        sender_ip: ends.0.ip,
        receiver_ip: ends.1.ip,
        receiver_port: i32::from(ends.1.port),
        retransmits: asked.retransmits,
        varbind_count: facts.variables.count.filter(|_| !is_answer(facts)),
        answer_count: told.as_ref().and_then(|told| told.count),
        error_status: numbers.and_then(|(status, _)| i32::try_from(status).ok()),
        error_name: numbers.and_then(|(status, _)| names::error(status)),
        error_index: numbers.and_then(|(_, index)| i32::try_from(index).ok()),
        report_name: report,
        display_string: own.descr.as_deref(),
        sys_name: own.name.as_deref(),
        up_since: own.up_since(at.ts_ns),
        login_method: method,
        secret_hash: facts.secret.as_deref(),
        rtt_ns,
        outcome,
        ..shown(facts)
    });
}

fn is_answer(facts: &Facts) -> bool {
    facts.kind.is_some_and(Kind::is_answer)
}

/// The columns that show the message itself.
fn shown(facts: &Facts) -> SnmpRow<'_> {
    let bulk = facts
        .numbers
        .filter(|_| facts.kind == Some(Kind::GetBulk))
        .map(|(once, often)| (i32::try_from(once).ok(), i32::try_from(often).ok()));
    SnmpRow {
        flow_uid: [0; 16],
        ts: 0,
        sender_ip: [0; 16],
        receiver_ip: [0; 16],
        receiver_port: 0,
        snmp_version: facts.version.name(),
        pdu_type: facts.kind.map(Kind::name),
        request_id: facts.request_id,
        message_id: facts.message_id.and_then(|id| i32::try_from(id).ok()),
        retransmits: 0,
        oids: TextList {
            text: &facts.variables.names.0,
            ends: &facts.variables.names.1,
        },
        varbind_count: None,
        answer_count: None,
        non_repeaters: bulk.and_then(|(once, _)| once),
        max_repetitions: bulk.and_then(|(_, often)| often),
        error_status: None,
        error_name: None,
        error_index: None,
        report_name: None,
        engine_id: facts.engine.as_deref(),
        context_name: facts.context.as_deref(),
        user: facts.user.as_deref().filter(|user| !user.is_empty()),
        security_level: facts.flags.and_then(names::level),
        msg_flags: facts.flags.map(i16::from),
        enterprise: facts.enterprise.as_deref(),
        agent_ip: facts.agent,
        generic_trap: facts.trap.and_then(|trap| i32::try_from(trap.0).ok()),
        specific_trap: facts.trap.map(|trap| trap.1),
        trap_oid: facts.variables.trap.as_deref(),
        display_string: None,
        sys_name: None,
        up_since: None,
        login_method: None,
        secret_hash: None,
        rtt_ns: None,
        outcome: "request",
    }
}

/// How who asks proves that they may, and whether they did.
///
/// A community is a secret without a user: who is answered knows it, while a wrong one is answered with silence (RFC 1157 4.1), as is
/// a request to nobody, which is no refusal that could be told. A user is proven by the signature, and what is not right is
/// reported (RFC 3414 3.2). Notifications hand out the community of the receiver, who need not look at it; and of an answer alone
/// nobody knows whether its receiver asked at all: reflected floods consist of them.
fn verdict(
    asked: &Asked<'_>,
    answer: Option<&Answer<'_>>,
    report: Option<&'static str>,
) -> (Option<&'static str>, &'static str) {
    let facts = asked.facts;
    let notifies = facts.kind.is_some_and(Kind::notifies);
    if asked.is_alone || notifies && facts.version != Version::V3 {
        return (None, "request");
    }
    if facts.version != Version::V3 {
        let denied = |pdu: &Pdu<'_>| {
            pdu.numbers
                .is_some_and(|(error, _)| error == AUTHORIZATION_ERROR)
        };
        let outcome = match answer {
            None => "unknown",
            Some(answer) if answer.pdu.is_some_and(denied) => "negative",
            Some(_) => "ok",
        };
        return (Some("community"), outcome);
    }
    let is_signed = facts.flags.is_some_and(|flags| flags & SIGNED != 0);
    let is_named = facts.user.as_deref().is_some_and(|user| !user.is_empty());
    match (is_signed, is_named) {
        (true, _) => (Some("usm"), signed(answer.is_some(), report)),
        // A name alone proves nothing, but that it is not known is told.
        (false, true) if report == Some("usmStatsUnknownUserNames") => (Some("none"), "negative"),
        (false, true) => (Some("none"), "request"),
        (false, false) => (None, "request"),
    }
}

/// Who did not know the engine or its clock asks again (RFC 3414 4).
fn signed(answered: bool, report: Option<&'static str>) -> &'static str {
    match report {
        Some(
            "usmStatsUnknownUserNames"
            | "usmStatsWrongDigests"
            | "usmStatsUnsupportedSecLevels"
            | "usmStatsDecryptionErrors",
        ) => "negative",
        Some("usmStatsUnknownEngineIDs" | "usmStatsNotInTimeWindows") => "request",
        None if answered => "ok",
        Some(_) | None => "unknown",
    }
}
