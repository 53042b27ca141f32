//! The row of a question with its response, or of either without the other.

use super::pending::Pending;
use super::response::Response;
use super::{Kind, types};
use crate::columns::tables::DnsRow;
use crate::columns::text_lists::TextList;
use crate::proto::dialogue::{Meta, Side, Sink};

/// A row that says nothing.
const EMPTY: DnsRow<'static> = DnsRow {
    flow_uid: [0; 16],
    ts: 0,
    sender_ip: [0; 16],
    receiver_ip: [0; 16],
    receiver_port: 0,
    service: "dns",
    opcode: 0,
    trans_id: 0,
    has_query: false,
    has_response: false,
    rtt_ns: None,
    query: None,
    name_suffix: None,
    qclass: None,
    qtype: None,
    qtype_name: None,
    rcode: None,
    is_aa: false,
    is_tc: false,
    is_rd: false,
    is_ra: false,
    z: 0,
    answers: TextList {
        text: "",
        ends: &[],
    },
    ttls: &[],
    answer_count: None,
    is_rejected: false,
    edns_version: None,
    edns_payload: None,
    edns_do: None,
};

/// Write the row; one of `asked` and `response` may lack. `ends` are who asked and who was asked, `answered` the packet of
/// the response.
pub(super) fn write(
    asked: Option<&Pending>,
    response: Option<&Response<'_>>,
    ends: (&Side, &Side),
    answered: Option<&Meta>,
    kind: Kind,
    sink: &mut Sink<'_>,
) {
    let Some(meta) = asked.map(|asked| &asked.meta).or(answered) else {
        return;
    };
    let mut row = question(asked, response, ends, meta, kind);
    if let Some(response) = response {
        answer(&mut row, response);
    }
    row.rtt_ns = asked
        .zip(answered)
        .map(|(asked, answered)| answered.ts_ns.saturating_sub(asked.meta.ts_ns));
    sink.out.dns.push(&row);
}

/// The columns of the question: of the query, or as far as the response repeats it.
fn question<'a>(
    asked: Option<&'a Pending>,
    response: Option<&Response<'a>>,
    (sender, receiver): (&Side, &Side),
    meta: &Meta,
    kind: Kind,
) -> DnsRow<'a> {
    let theirs = response.map(|response| response.header);
    let own = asked.map(|asked| (asked.name.as_str(), asked.suffix));
    let named = own.or_else(|| response.and_then(|response| response.name));
    let own = asked.map(|asked| asked.asked);
    let words = own.or_else(|| response.and_then(|response| response.asked));
    let own = asked.and_then(|asked| asked.edns);
    let edns = own.or_else(|| response.and_then(|response| response.edns));
    let own = asked.map(|asked| (asked.id, asked.flags));
    let (id, flags) = own
        .or_else(|| theirs.map(|header| (header.id, header.flags)))
        .unwrap_or_default();
    DnsRow {
        flow_uid: meta.flow_uid,
        ts: meta.ts_ns,
        sender_ip: sender.ip,
        receiver_ip: receiver.ip,
        receiver_port: i32::from(receiver.port),
        service: kind.name(),
        opcode: small(flags.opcode()),
        trans_id: i32::from(id),
        has_query: asked.is_some(),
        query: named.map(|(name, _)| name),
        name_suffix: named.and_then(|(_, suffix)| suffix).map(i16::from),
        qclass: words.map(|words| i32::from(words.qclass)),
        qtype: words.map(|words| i32::from(words.qtype)),
        qtype_name: words.and_then(|words| types::name(words.qtype, kind == Kind::Netbios)),
        is_tc: flags.tc(),
        is_rd: flags.rd(),
        z: small(flags.z()),
        edns_version: edns.map(|edns| i16::from(edns.version)),
        edns_payload: edns.map(|edns| i32::from(edns.payload)),
        edns_do: edns.map(|edns| edns.dnssec),
        ..EMPTY
    }
}

/// The columns that only a response has.
fn answer<'a>(row: &mut DnsRow<'a>, response: &Response<'a>) {
    let flags = response.header.flags;
    row.has_response = true;
    row.rcode = Some(rcode(response));
    row.is_aa = flags.aa();
    row.is_tc = flags.tc();
    row.is_ra = flags.ra();
    row.answers = response.answers.list();
    row.ttls = &response.answers.ttls;
    row.answer_count = Some(i32::from(response.header.answers));
    row.is_rejected = response.header.is_bare();
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
