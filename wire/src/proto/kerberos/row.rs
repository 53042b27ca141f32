//! The row of a request with its answer, or of either without the other.

use super::Pending;
use super::message::{Answer, Kind, Request};
use super::names;
use crate::columns::tables::KerberosRow;
use crate::proto::dialogue::{Meta, Side, Sink};

/// Bits of KDCOptions, the first of which is the highest (RFC 4120 5.4.1).
const FORWARDABLE: u32 = 1 << (31 - 1);
const RENEWABLE: u32 = 1 << (31 - 8);

/// A row that says nothing.
const EMPTY: KerberosRow<'static> = KerberosRow {
    flow_uid: [0; 16],
    ts: 0,
    sender_ip: [0; 16],
    receiver_ip: [0; 16],
    receiver_port: 0,
    exchange: None,
    user: None,
    domain: None,
    service_name: None,
    service_realm: None,
    login_method: None,
    outcome: "request",
    is_success: None,
    error_code: None,
    error_name: None,
    offered_etypes: &[],
    ticket_etype: None,
    ticket_cipher: None,
    reply_etype: None,
    reply_cipher: None,
    has_preauth: None,
    padata_types: &[],
    kdc_options: None,
    is_forwardable: None,
    is_renewable: None,
    valid_from: None,
    valid_till: None,
    rtt_ns: None,
};

/// What is known of a request and its answer.
#[derive(Clone, Copy)]
struct Known<'a> {
    request: Option<&'a Request>,
    answer: Option<&'a Answer>,
    kind: Option<Kind>,
}

/// Write the row; one of `asked` and `answer` may lack. `ends` are client and server, `answered` the packet of the answer.
pub(super) fn write(
    asked: Option<&Pending>,
    answer: Option<(Option<Kind>, &Answer)>,
    ends: (&Side, &Side),
    answered: Option<&Meta>,
    sink: &mut Sink<'_>,
) {
    let Some(meta) = asked.map(|asked| &asked.meta).or(answered) else {
        return;
    };
    let error = answer.and_then(|(_, answer)| answer.error);
    let known = Known {
        request: asked.map(|asked| &asked.request),
        answer: answer.map(|(_, answer)| answer),
        kind: asked
            .map(|asked| asked.kind)
            .or_else(|| answer.and_then(|(kind, _)| kind))
            .or_else(|| error.and_then(implied)),
    };
    let rtt_ns = asked
        .zip(answered)
        .map(|(asked, answered)| answered.ts_ns.saturating_sub(asked.meta.ts_ns));
    sink.out.kerberos.push(&KerberosRow {
        flow_uid: meta.flow_uid,
        ts: meta.ts_ns,
        sender_ip: ends.0.ip,
        receiver_ip: ends.1.ip,
        receiver_port: i32::from(ends.1.port),
        rtt_ns,
        ..known.row()
    });
}

impl<'a> Known<'a> {
    /// The row without identity and time.
    fn row(self) -> KerberosRow<'a> {
        let options = self.request.and_then(|request| request.options);
        let proof = |request: &Request| request.padata.iter().any(|kind| is_preauth(*kind));
        let is_login = self.kind == Some(Kind::As);
        KerberosRow {
            exchange: self.kind.map(Kind::name),
            login_method: is_login.then_some("kerberos"),
            outcome: outcome(self.kind, self.answer),
            offered_etypes: self.request.map_or(&[], |request| &request.etypes),
            has_preauth: self.request.filter(|_| is_login).map(proof),
            padata_types: self.request.map_or(&[], |request| &request.padata),
            kdc_options: options.map(i64::from),
            is_forwardable: options.map(|options| options & FORWARDABLE != 0),
            is_renewable: options.map(|options| options & RENEWABLE != 0),
            valid_from: self.request.and_then(|request| request.from),
            valid_till: self.request.and_then(|request| request.till),
            ..self.named()
        }
    }

    /// The columns of names and of the answer.
    fn named(self) -> KerberosRow<'a> {
        let (request, answer) = (self.request, self.answer);
        let error = answer.and_then(|answer| answer.error);
        let etype = answer
            .and_then(|answer| answer.ticket_etype)
            .or_else(|| request.and_then(|request| request.ticket_etype));
        let reply_etype = answer.and_then(|answer| answer.reply_etype);
        let asked_realm = request.and_then(|request| request.realm.as_deref());
        // The realm of an AS-REQ is the client's too (RFC 4120 5.4.1).
        let home = asked_realm.filter(|_| self.kind == Some(Kind::As));
        let of_answer = |value: fn(&Answer) -> Option<&str>| answer.and_then(value);
        KerberosRow {
            user: request
                .and_then(|request| request.user.as_deref())
                .or_else(|| of_answer(|answer| answer.user.as_deref())),
            domain: home.or_else(|| of_answer(|answer| answer.client_realm.as_deref())),
            service_name: of_answer(|answer| answer.service.as_deref())
                .or_else(|| request.and_then(|request| request.service.as_deref())),
            service_realm: of_answer(|answer| answer.service_realm.as_deref()).or(asked_realm),
            is_success: answer.map(|answer| answer.error.is_none()),
            error_code: error,
            error_name: error.and_then(names::error),
            ticket_etype: etype,
            ticket_cipher: etype.and_then(names::cipher),
            reply_etype,
            reply_cipher: reply_etype.and_then(names::cipher),
            ..EMPTY
        }
    }
}

/// Pre-authentication data that proves the client: encrypted timestamp 2, public key 14 to 17 (RFC 4556 3.1.1, and its draft),
/// encrypted challenge 138, SPAKE 151 (RFC 9588); and FAST 136, which hides the others (RFC 6113 7.1).
const fn is_preauth(kind: i32) -> bool {
    matches!(kind, 2 | 14..=17 | 136 | 138 | 151)
}

/// What was asked for when only the error was seen: those come from the check of a client's key or account, in a login only.
const fn implied(error: i32) -> Option<Kind> {
    match error {
        18 | 21 | 23 | 24 | 25 => Some(Kind::As),
        _ => None,
    }
}

/// How a login ended; other requests are none. A KDC that wants (other) pre-authentication 25, 91, TCP 52 or another realm 68
/// is asked again; one that is not there 29 or does not say what is wrong 60 tells nothing of the client.
fn outcome(kind: Option<Kind>, answer: Option<&Answer>) -> &'static str {
    match (kind, answer.map(|answer| answer.error)) {
        (Some(Kind::As), Some(None)) => "ok",
        (Some(Kind::As), None | Some(Some(29 | 60))) => "unknown",
        (Some(Kind::As), Some(Some(25 | 52 | 68 | 91))) => "request",
        (Some(Kind::As), Some(Some(_))) => "negative",
        _ => "request",
    }
}
