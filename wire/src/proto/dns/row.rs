//! The row of a question with its response, or of either without the other.

use super::header::Flags;
use super::pending::Pending;
use super::response::Response;
use super::{Kind, types};
use crate::columns::tables::DnsRow;
use crate::columns::text_lists::TextList;
use crate::proto::session::{Meta, Side, Sink};

/// Write the row; one of `asked` and `response` may lack. `ends` are who asked and who was asked, `answered` the packet of
/// the response.
pub(super) fn write(
    asked: Option<&Pending>,
    response: Option<&Response<'_>>,
    (sender, receiver): (&Side, &Side),
    answered: Option<&Meta>,
    kind: Kind,
    sink: &mut Sink<'_>,
) {
    let Some(meta) = asked.map(|asked| &asked.meta).or(answered) else {
        return;
    };
    let theirs = response.map(|response| response.header.flags);
    let ours = asked
        .map(|asked| asked.flags)
        .or(theirs)
        .unwrap_or_default();
    let last = theirs.unwrap_or(ours);
    let answer = theirs.unwrap_or(Flags(0));
    let own = asked.map(|asked| (asked.name.as_str(), asked.suffix));
    let named = own.or_else(|| response.and_then(|response| response.name));
    let question = asked
        .map(|asked| asked.asked)
        .or_else(|| response.and_then(|response| response.asked));
    let own_edns = asked.and_then(|asked| asked.edns);
    let edns = own_edns.or_else(|| response.and_then(|response| response.edns));
    let id = asked.map(|asked| asked.id);
    let id = id.or_else(|| response.map(|response| response.header.id));
    sink.out.dns.push(&DnsRow {
        flow_uid: meta.flow_uid,
        ts: meta.ts_ns,
        sender_ip: sender.ip,
        receiver_ip: receiver.ip,
        receiver_port: i32::from(receiver.port),
        service: kind.name(),
        opcode: small(ours.opcode()),
        trans_id: id.map_or(0, i32::from),
        has_query: asked.is_some(),
        has_response: response.is_some(),
        rtt_ns: asked
            .zip(answered)
            .map(|(asked, answered)| answered.ts_ns.saturating_sub(asked.meta.ts_ns)),
        query: named.map(|(name, _)| name),
        name_suffix: named.and_then(|(_, suffix)| suffix).map(i16::from),
        qclass: question.map(|question| i32::from(question.qclass)),
        qtype: question.map(|question| i32::from(question.qtype)),
        qtype_name: question
            .and_then(|question| types::name(question.qtype, kind == Kind::Netbios)),
        rcode: response.map(rcode),
        is_aa: answer.aa(),
        is_tc: last.tc(),
        is_rd: ours.rd(),
        is_ra: answer.ra(),
        z: small(ours.z()),
        answers: response.map_or(TextList::default(), |response| response.answers.list()),
        ttls: response.map_or(&[], |response| &response.answers.ttls),
        answer_count: response.map(|response| i32::from(response.header.answers)),
        is_rejected: response.is_some_and(|response| response.header.is_bare()),
        edns_version: edns.map(|edns| i16::from(edns.version)),
        edns_payload: edns.map(|edns| i32::from(edns.payload)),
        edns_do: edns.map(|edns| edns.dnssec),
    });
}

/// The four bits of the header and the eight of EDNS above them (RFC 6891 6.1.3).
fn rcode(response: &Response<'_>) -> i16 {
    let high = response.edns.map_or(0, |edns| i16::from(edns.rcode) << 4);
    high | small(response.header.flags.rcode())
}

/// A few bits, which always fit.
fn small(bits: u16) -> i16 {
    i16::try_from(bits).unwrap_or(i16::MAX)
}
