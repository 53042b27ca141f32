//! Extended row to columns.

use super::emit::i;
use super::ext::mean_max;
use super::ident::Uids;
use super::row::Row;
use super::summary::{View, view};
use super::syn_signature::SynSignature;
use crate::columns::tables::{FlowExtRow, FlowExtRows, PayloadHeadRow, PayloadHeadRows};

/// Write the extended columns of one segment.
pub fn push(row: &mut Row, out: &mut FlowExtRows, uids: &Uids) {
    let Some(mut ext) = row.ext.take() else {
        return;
    };
    ext.finish();
    let (src, dst) = row.sides();
    let (s, d) = (view(src), view(dst));
    let (at_src, at_dst) = if row.first_is_src { (0, 1) } else { (1, 0) };
    let dscp = |side: usize| ext.dscp.get(side).copied().filter(|dscp| *dscp >= 0);
    let isn = |view: &View<'_>| {
        (view.side.has_isn && view.side.has_seq).then_some(i64::from(view.side.start_seq))
    };
    let mss = |view: &View<'_>| (view.side.mss > 0).then_some(i32::from(view.side.mss));
    let (active_mean, active_max) = mean_max(ext.active);
    let (idle_mean, idle_max) = mean_max(ext.idle);
    let lengths: Vec<i16> = ext.splt.iter().map(|step| step.0).collect();
    let directions: Vec<i8> = ext
        .splt
        .iter()
        .map(|step| if step.1 == row.first_is_src { 1 } else { -1 })
        .collect();
    let [src_syn_sig, dst_syn_sig] = signatures(ext.syns.get(at_src), ext.syns.get(at_dst));
    let intervals: Vec<i32> = ext.splt.iter().map(|step| step.2).collect();
    out.push(&FlowExtRow {
        flow_uid: uids.uid(row.ts_start, row.ordinal, row.inner_index, row.segment),
        mpls_label: (ext.mpls_label >= 0).then_some(ext.mpls_label),
        tunnel_src_ip: ext.tunnel.and_then(|ends| ends.get(at_src).copied()),
        tunnel_dst_ip: ext.tunnel.and_then(|ends| ends.get(at_dst).copied()),
        src_dscp: dscp(at_src),
        dst_dscp: dscp(at_dst),
        src_isn: isn(&s),
        dst_isn: isn(&d),
        src_mss: mss(&s),
        dst_mss: mss(&d),
        src_ooo_pkts: i(s.side.seldom(|rare| rare.ooo)),
        dst_ooo_pkts: i(d.side.seldom(|rare| rare.ooo)),
        active_mean,
        active_max,
        idle_mean,
        idle_max,
        subflows: i(ext.idle.0 + 1),
        splt_len: &lengths,
        splt_dir: &directions,
        splt_iat: &intervals,
        src_entropy: ext.entropy(at_src),
        dst_entropy: ext.entropy(at_dst),
        src_syn_sig: src_syn_sig.as_deref(),
        dst_syn_sig: dst_syn_sig.as_deref(),
    });
    row.ext = Some(ext);
}

/// Signatures of the originator's SYN and of the responder's SYN+ACK; a simultaneous open or a lone answer has fewer.
fn signatures(
    src: Option<&Option<SynSignature>>,
    dst: Option<&Option<SynSignature>>,
) -> [Option<String>; 2] {
    let syn = src.copied().flatten().filter(|syn| !syn.is_answer());
    let answer = dst.copied().flatten().filter(SynSignature::is_answer);
    let asked = syn.map_or(0, |syn| syn.mss());
    [
        syn.map(|syn| syn.text(0)),
        answer.map(|answer| answer.text(asked)),
    ]
}

/// Write the first `limit` payload bytes of each direction; later segments of a flow do not begin it.
pub fn push_heads(row: &Row, limit: usize, out: &mut PayloadHeadRows, uids: &Uids) {
    let Some(ext) = row.ext.as_deref().filter(|_| row.segment == 0) else {
        return;
    };
    let uid = uids.uid(row.ts_start, row.ordinal, row.inner_index, 0);
    for (head, is_first) in ext.heads.iter().zip([true, false]) {
        if !head.is_empty() {
            out.push(&PayloadHeadRow {
                flow_uid: uid,
                ts: row.ts_start,
                dir: if is_first == row.first_is_src { 1 } else { -1 },
                bytes: head.get(..limit).unwrap_or(head),
            });
        }
    }
}
