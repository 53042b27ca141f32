//! Fields of Kerberos messages that rows show.
//!
//! Source: RFC 4120 5.2 (names, times), 5.3 (tickets), 5.4 (KDC requests and replies), 5.5.1 (AP-REQ), 5.9.1 (errors).

use super::time::generalized;
use crate::proto::ber::{self, Elements, INTEGER, SEQUENCE, context};
use crate::proto::escape::escape;
use crate::proto::read::be32;

/// Parts of a principal's name that are kept; names have one to three (RFC 4120 6.2).
const MAX_PARTS: usize = 8;
/// Numbers kept of a list: clients offer up to a dozen encryption types and send some five kinds of pre-authentication data.
const MAX_NUMBERS: usize = 32;
const GENERAL_STRING: u8 = 0x1b;
const GENERALIZED_TIME: u8 = 0x18;
const BIT_STRING: u8 = 0x03;
const TICKET: u8 = 0x61;
/// Protocol version.
const VERSION: i64 = 5;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A ticket for a principal that proves itself by its key: a login.
    As,
    /// A ticket for a service, by a ticket had before.
    Tgs,
    /// The use of a ticket.
    Ap,
}

impl Kind {
    /// As rows have it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::As => "AS",
            Self::Tgs => "TGS",
            Self::Ap => "AP",
        }
    }
}

/// What a request asks for.
#[derive(Debug, Default)]
pub(super) struct Request {
    pub(super) user: Option<String>,
    pub(super) realm: Option<String>,
    pub(super) service: Option<String>,
    pub(super) options: Option<u32>,
    /// Times, ns.
    pub(super) from: Option<i64>,
    pub(super) till: Option<i64>,
    pub(super) nonce: Option<i64>,
    pub(super) etypes: Vec<i32>,
    pub(super) padata: Vec<i32>,
    /// Encryption type of the ticket that an AP-REQ uses.
    pub(super) ticket_etype: Option<i32>,
}

/// What an answer says.
#[derive(Debug, Default)]
pub(super) struct Answer {
    pub(super) user: Option<String>,
    pub(super) client_realm: Option<String>,
    pub(super) service: Option<String>,
    pub(super) service_realm: Option<String>,
    pub(super) ticket_etype: Option<i32>,
    pub(super) reply_etype: Option<i32>,
    pub(super) error: Option<i32>,
}

/// One message.
#[derive(Debug)]
pub(super) enum Read {
    Request(Kind, Request),
    Reply(Kind, Answer),
    Error(Answer),
    /// Of no interest: AP-REP, KRB-SAFE, KRB-PRIV, KRB-CRED.
    Other,
}

/// Application tags of messages (RFC 4120 5.10).
pub(super) const fn is_message(tag: u8) -> bool {
    matches!(tag, 0x6a..=0x6f | 0x74..=0x76 | 0x7e)
}

/// Read a message; `None` when it is none.
pub(super) fn read(data: &[u8]) -> Option<Read> {
    let outer = Elements::new(data).next()?;
    let mut fields = Elements::new(ber::within(outer.content, &[SEQUENCE])?);
    // The version is field 1 of requests to a KDC, field 0 of all others.
    let number = u8::from(matches!(outer.tag, 0x6a | 0x6c));
    if integer(&mut fields, number)? != VERSION {
        return None;
    }
    // The tag has said the type already.
    fields.field(context(number + 1))?;
    Some(match outer.tag {
        0x6a => Read::Request(Kind::As, request(fields)?),
        0x6c => Read::Request(Kind::Tgs, request(fields)?),
        0x6b => Read::Reply(Kind::As, reply(fields)?),
        0x6d => Read::Reply(Kind::Tgs, reply(fields)?),
        0x6e => Read::Request(Kind::Ap, use_of_ticket(fields)?),
        0x7e => Read::Error(error(fields)?),
        tag if is_message(tag) => Read::Other,
        _ => return None,
    })
}

fn request(mut fields: Elements<'_>) -> Option<Request> {
    let mut request = Request::default();
    if let Some(padata) = fields.field(context(3)) {
        let list = ber::within(padata.content, &[SEQUENCE])?;
        let kinds = Elements::new(list).filter_map(|one| {
            let kind = integer(&mut Elements::new(one.content), 1)?;
            i32::try_from(kind).ok()
        });
        request.padata = kinds.take(MAX_NUMBERS).collect();
    }
    let body = fields.field(context(4))?;
    let mut body = Elements::new(ber::within(body.content, &[SEQUENCE])?);
    let options = body.field(context(0))?;
    request.options = ber::within(options.content, &[BIT_STRING]).and_then(|bits| be32(bits, 1));
    request.user = name(&mut body, 1);
    request.realm = string(&mut body, 2);
    request.service = name(&mut body, 3);
    request.from = time(&mut body, 4);
    request.till = time(&mut body, 5);
    time(&mut body, 6);
    request.nonce = integer(&mut body, 7);
    if let Some(list) = body.field(context(8)) {
        let etypes = Elements::new(ber::within(list.content, &[SEQUENCE]).unwrap_or(&[]));
        let numbers = etypes.filter_map(|one| i32::try_from(ber::number(one.content)?).ok());
        request.etypes = numbers.take(MAX_NUMBERS).collect();
    }
    Some(request)
}

fn reply(mut fields: Elements<'_>) -> Option<Answer> {
    fields.field(context(2));
    let client_realm = string(&mut fields, 3);
    let user = name(&mut fields, 4);
    let ticket = ticket(fields.field(context(5))?.content)?;
    let sealed = fields.field(context(6));
    Some(Answer {
        user,
        client_realm,
        reply_etype: sealed.and_then(|sealed| etype(sealed.content)),
        ..ticket
    })
}

fn use_of_ticket(mut fields: Elements<'_>) -> Option<Request> {
    fields.field(context(2))?;
    let ticket = ticket(fields.field(context(3))?.content)?;
    Some(Request {
        realm: ticket.service_realm,
        service: ticket.service,
        ticket_etype: ticket.ticket_etype,
        ..Request::default()
    })
}

fn error(mut fields: Elements<'_>) -> Option<Answer> {
    for number in 2..=5 {
        fields.field(context(number));
    }
    let code = integer(&mut fields, 6)?;
    Some(Answer {
        error: i32::try_from(code).ok(),
        client_realm: string(&mut fields, 7),
        user: name(&mut fields, 8),
        service_realm: string(&mut fields, 9),
        service: name(&mut fields, 10),
        ..Answer::default()
    })
}

/// For whom a ticket is, and how it is sealed.
fn ticket(content: &[u8]) -> Option<Answer> {
    let mut fields = Elements::new(ber::within(content, &[TICKET, SEQUENCE])?);
    fields.field(context(0))?;
    Some(Answer {
        service_realm: string(&mut fields, 1),
        service: name(&mut fields, 2),
        ticket_etype: fields
            .field(context(3))
            .and_then(|sealed| etype(sealed.content)),
        ..Answer::default()
    })
}

/// Encryption type of EncryptedData (RFC 4120 5.2.9).
fn etype(content: &[u8]) -> Option<i32> {
    let mut fields = Elements::new(ber::within(content, &[SEQUENCE])?);
    i32::try_from(integer(&mut fields, 0)?).ok()
}

fn integer(fields: &mut Elements<'_>, number: u8) -> Option<i64> {
    let field = fields.field(context(number))?;
    Elements::new(field.content).number(INTEGER)
}

fn string(fields: &mut Elements<'_>, number: u8) -> Option<String> {
    let field = fields.field(context(number))?;
    Elements::new(field.content)
        .content(GENERAL_STRING)
        .map(escape)
}

/// A principal's name, its parts joined by slashes.
fn name(fields: &mut Elements<'_>, number: u8) -> Option<String> {
    let field = fields.field(context(number))?;
    let mut parts = Elements::new(ber::within(field.content, &[SEQUENCE])?);
    parts.field(context(0))?;
    let parts = ber::within(parts.field(context(1))?.content, &[SEQUENCE])?;
    let parts = Elements::new(parts).filter(|part| part.tag == GENERAL_STRING && part.is_whole);
    let parts: Vec<&[u8]> = parts.take(MAX_PARTS).map(|part| part.content).collect();
    (!parts.is_empty()).then(|| escape(&parts.join(&b'/')))
}

fn time(fields: &mut Elements<'_>, number: u8) -> Option<i64> {
    let field = fields.field(context(number))?;
    Elements::new(field.content)
        .content(GENERALIZED_TIME)
        .and_then(generalized)
}
