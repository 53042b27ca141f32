//! The row of an operation with its result, or of either without the other.

use super::Pending;
use super::names;
use super::operation::Outcome;
use crate::columns::tables::LdapRow;
use crate::columns::text_lists::TextList;
use crate::proto::dialogue::{Meta, Side, Sink};

/// A row that says nothing.
const EMPTY: LdapRow<'static> = LdapRow {
    flow_uid: [0; 16],
    ts: 0,
    sender_ip: [0; 16],
    receiver_ip: [0; 16],
    receiver_port: 0,
    message_id: 0,
    operation: "request",
    ldap_version: None,
    bind_kind: None,
    sasl_mechanism: None,
    user: None,
    login_method: None,
    secret_hash: None,
    outcome: "request",
    object: None,
    argument: None,
    scope: None,
    deref_aliases: None,
    filter: None,
    attributes: TextList {
        text: "",
        ends: &[],
    },
    result_count: None,
    result_code: None,
    result_name: None,
    diagnostic: None,
    rtt_ns: None,
};

/// What a row says of an answer: its packet, message, the operation it ends, and how.
pub(super) struct Answer<'a> {
    pub(super) meta: &'a Meta,
    pub(super) id: i64,
    pub(super) name: &'static str,
    pub(super) outcome: &'a Outcome,
}

/// Write the row; one of `asked` and `answer` may lack. `ends` are client and server.
pub(super) fn write(
    asked: Option<&Pending>,
    answer: Option<&Answer<'_>>,
    ends: (&Side, &Side),
    sink: &mut Sink<'_>,
) {
    let first = asked.map(|asked| (&asked.meta, asked.id, asked.operation.name));
    let Some((meta, id, name)) =
        first.or_else(|| answer.map(|answer| (answer.meta, answer.id, answer.name)))
    else {
        return;
    };
    let code = answer.and_then(|answer| answer.outcome.code);
    let took =
        |answer: &Answer<'_>| asked.map(|asked| answer.meta.ts_ns.saturating_sub(asked.meta.ts_ns));
    sink.out.ldap.push(&LdapRow {
        flow_uid: meta.flow_uid,
        ts: meta.ts_ns,
        sender_ip: ends.0.ip,
        receiver_ip: ends.1.ip,
        receiver_port: i32::from(ends.1.port),
        message_id: i32::try_from(id).unwrap_or(i32::MAX),
        operation: name,
        outcome: outcome(name, answer.is_some(), code),
        result_count: asked
            .filter(|_| name == "search")
            .map(|asked| asked.entries),
        result_code: code,
        result_name: code.and_then(names::result),
        diagnostic: answer.and_then(|answer| answer.outcome.diagnostic.as_deref()),
        rtt_ns: answer.and_then(took),
        ..asked.map_or(EMPTY, asked_for)
    });
}

/// The columns of the operation itself.
fn asked_for(asked: &Pending) -> LdapRow<'_> {
    let operation = &asked.operation;
    LdapRow {
        ldap_version: operation.version,
        bind_kind: operation.bind_kind,
        sasl_mechanism: operation.mechanism.as_deref(),
        user: operation.user.as_deref(),
        login_method: operation.login_method,
        secret_hash: operation.secret.as_deref(),
        object: operation.object.as_deref(),
        argument: operation.argument.as_deref(),
        scope: operation.scope,
        deref_aliases: operation.deref,
        filter: operation.filter.as_deref(),
        attributes: TextList {
            text: &operation.attributes.0,
            ends: &operation.attributes.1,
        },
        ..EMPTY
    }
}

/// How a bind ended; other operations are no logins. In the midst of a SASL exchange 14 and after a referral 10 the client goes on;
/// a server with troubles of its own (1, 2, 3, 11, 51, 52, 80) tells nothing of the client (RFC 4511 A.2).
pub(super) fn outcome(name: &str, answered: bool, code: Option<i32>) -> &'static str {
    match (name, code) {
        ("bind", Some(0)) => "ok",
        ("bind", Some(10 | 14)) => "request",
        ("bind", None | Some(1..=3 | 11 | 51 | 52 | 80)) => "unknown",
        ("bind", Some(_)) if answered => "negative",
        _ => "request",
    }
}
