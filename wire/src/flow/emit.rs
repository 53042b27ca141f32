//! Row to columns.
//!
//! HOT: one call per written row; about 110 stores.

use super::ident::{CommunityInput, Uids, community_id};
use super::key::bytes;
use super::life::{TCP, UDP};
use super::row::{End, Row};
use super::side::Side;
use super::summary::{View, both_lengths, gap_stats, side_lengths, view};
use super::tcp::conn_state;
use crate::columns::tables::{FlowRow, FlowRows};
use crate::packet::{Tunnel, quality};
use crate::proto::port_guess;

/// Names of tunnel paths, built once each.
#[derive(Default)]
pub struct Paths {
    known: Vec<(u32, &'static str)>,
}

/// Distinct tunnel paths named; each is a leaked string, so hostile nesting must not be able to make many.
const MAX_PATHS: usize = 256;

impl Paths {
    fn name(&mut self, path: u32) -> &'static str {
        if path == 0 {
            return "none";
        }
        if let Some((_, name)) = self.known.iter().find(|(known, _)| *known == path) {
            return name;
        }
        if self.known.len() >= MAX_PATHS {
            return "other";
        }
        let steps: Vec<&str> = (0..8)
            .rev()
            .map(|step| path >> (step * 4) & 0x0f)
            .skip_while(|code| *code == 0)
            .map(|code| Tunnel::name(u8::try_from(code).unwrap_or(0)))
            .collect();
        let name: &'static str = Box::leak(steps.join(">").into_boxed_str());
        self.known.push((path, name));
        name
    }
}

/// `conn_state` of a row, by transport.
#[must_use]
pub fn state_name(row: &Row) -> Option<&'static str> {
    let (src, dst) = row.sides();
    match row.key.proto {
        _ if row.key.ip_version() == 0 => None,
        TCP => Some(conn_state(src, dst, row.history.as_str())),
        UDP => {
            let spoke = |side: Option<&Side>| side.is_some_and(|side| side.letters & 8 != 0);
            Some(match (spoke(src), spoke(dst)) {
                (true, true) => "SF",
                (true, false) => "S0",
                (false, true) => "SHR",
                (false, false) => "OTH",
            })
        }
        _ => Some("OTH"),
    }
}

/// Counter as stored.
pub fn i(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

fn l(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn vlan(id: i16) -> Option<i16> {
    (id >= 0).then_some(id)
}

fn community(row: &Row) -> Option<[u8; 20]> {
    community_id(
        &row.key,
        CommunityInput {
            first_is_lo: row.first_is_lo,
            has_ports: row.has_ports,
            icmp: row.icmp_first,
        },
    )
}

fn app(row: &Row) -> (Option<&'static str>, &'static str) {
    if let Some(name) = row.app.name() {
        return (Some(name), row.app.basis());
    }
    let (_, dst) = ends(row);
    match port_guess(row.key.proto, dst.1).filter(|_| row.has_ports) {
        Some(name) => (Some(name), "port_guess"),
        None => (None, "none"),
    }
}

type EndPoint = ([u64; 2], u16);

fn ends(row: &Row) -> (EndPoint, EndPoint) {
    let (lo, hi) = ((row.key.lo, row.key.lo_port), (row.key.hi, row.key.hi_port));
    if row.first_is_lo == row.first_is_src {
        (lo, hi)
    } else {
        (hi, lo)
    }
}

/// Write one segment of a flow.
#[expect(
    clippy::too_many_lines,
    reason = "one literal with every column of the schema, in its order"
)]
pub fn push(row: &Row, end: End, out: &mut FlowRows, paths: &mut Paths, uids: &Uids) {
    let (src, dst) = row.sides();
    let (s, d) = (view(src), view(dst));
    let (from, to) = ends(row);
    let is_ip = row.key.ip_version() != 0;
    let is_tcp = row.key.proto == TCP && is_ip;
    let len = both_lengths(s.side, d.side);
    let (s_len, d_len) = (side_lengths(s.side), side_lengths(d.side));
    let packets = row.packets();
    let pair = row.pair.as_deref();
    let gaps = gap_stats(pair.map_or(&row.first.gaps, |pair| &pair.both), packets);
    let (s_gap, d_gap) = (
        gap_stats(&s.side.gaps, u64::from(s.side.pkts)),
        gap_stats(&d.side.gaps, u64::from(d.side.pkts)),
    );
    let (app_proto, app_basis) = app(row);
    let (server_name, ja4) = row.app.labels();
    let one_sided = if s.heard && d.heard {
        0
    } else {
        quality::ONE_SIDED
    };
    let ttl = |view: &View<'_>, value: u8| view.some(i16::from(value)).filter(|_| is_ip);
    out.push(&FlowRow {
        flow_uid: uids.uid(row.ts_start, row.ordinal, row.inner_index, row.segment),
        flow_root_uid: (row.segment > 0)
            .then(|| uids.uid(row.root_ts(), row.ordinal, row.inner_index, 0)),
        segment_seq: i(row.segment),
        is_final: end != End::Active,
        community_id: community(row),
        observation_point_id: i32::from(row.interface),
        pcap_first_off: Some(l(row.first_off)),
        pcap_last_off: Some(l(row.last_off)),
        ts_start: row.ts_start,
        ts_end: row.ts_max,
        duration_ns: row.ts_max.saturating_sub(row.ts_start),
        dst_first_delay_ns: d.some(d.side.first_ts.saturating_sub(row.ts_start).max(0)),
        ip_version: i8::try_from(row.key.ip_version()).unwrap_or(0),
        src_ip: is_ip.then(|| bytes(from.0)),
        dst_ip: is_ip.then(|| bytes(to.0)),
        src_port: row.has_ports.then_some(i32::from(from.1)),
        dst_port: row.has_ports.then_some(i32::from(to.1)),
        ip_proto: is_ip.then_some(i16::from(row.key.proto)),
        ethertype: (!is_ip).then_some(i32::from(row.key.ethertype)),
        appid: (!is_ip && matches!(row.key.ethertype, 0x88b8 | 0x88ba))
            .then_some(i32::try_from(row.key.tunnel_id).unwrap_or(0)),
        icmp_type: row.icmp_src.map(|(kind, _)| i16::from(kind)),
        icmp_code: row.icmp_src.map(|(_, code)| i16::from(code)),
        src_mac: if is_ip { s.mac() } else { Some(mac_of(from.0)) },
        dst_mac: if is_ip { d.mac() } else { Some(mac_of(to.0)) },
        vlan_outer: vlan(row.vlan_outer),
        vlan_inner: vlan(row.vlan_inner),
        tunnel_type: paths.name(row.key.path),
        tunnel_id: row.tunnel_id().map(l),
        src_ttl_min: ttl(&s, s.side.ttl_min),
        dst_ttl_min: ttl(&d, d.side.ttl_min),
        src_ttl_max: ttl(&s, s.side.ttl_max),
        dst_ttl_max: ttl(&d, d.side.ttl_max),
        frag_pkts: i(row.first.seldom(|rare| rare.frag_pkts)),
        src_pkts: i64::from(s.side.pkts),
        dst_pkts: i64::from(d.side.pkts),
        src_bytes_l2: l(s.side.bytes_l2),
        dst_bytes_l2: l(d.side.bytes_l2),
        src_bytes_ip: l(s.side.bytes_ip),
        dst_bytes_ip: l(d.side.bytes_ip),
        src_bytes_payload: l(s.side.bytes_payload),
        dst_bytes_payload: l(d.side.bytes_payload),
        src_bytes_seq: is_tcp.then(|| l(s.side.stream_bytes())),
        dst_bytes_seq: is_tcp.then(|| l(d.side.stream_bytes())),
        src_data_pkts: i64::from(s.side.data_pkts),
        dst_data_pkts: i64::from(d.side.data_pkts),
        conn_state: state_name(row),
        history: matches!(row.key.proto, TCP | UDP)
            .then(|| row.history.as_str())
            .filter(|_| is_ip),
        end_reason: end.name(),
        src_tcp_flags: s.tcp(i16::from(s.side.flags)),
        dst_tcp_flags: d.tcp(i16::from(d.side.flags)),
        src_flags_first: s.tcp(i16::from(s.side.flags_first)),
        dst_flags_first: d.tcp(i16::from(d.side.flags_first)),
        src_syn: i(s.side.syn),
        dst_syn: i(d.side.syn),
        src_fin: i(s.side.fin),
        dst_fin: i(d.side.fin),
        src_rst: i(s.side.rst),
        dst_rst: i(d.side.rst),
        src_psh: i(s.side.psh),
        dst_psh: i(d.side.psh),
        src_win_init: s.tcp(i32::from(s.side.win_init)),
        dst_win_init: d.tcp(i32::from(d.side.win_init)),
        src_retx_pkts: i(s.side.seldom(|rare| rare.retx)),
        dst_retx_pkts: i(d.side.seldom(|rare| rare.retx)),
        src_gap_bytes: l(s.side.gap_bytes()),
        dst_gap_bytes: l(d.side.gap_bytes()),
        rtt_syn_ns: pair.map(|pair| pair.rtt_syn).filter(|rtt| *rtt >= 0),
        rtt_ack_ns: pair.map(|pair| pair.rtt_ack).filter(|rtt| *rtt >= 0),
        len_min: len[0],
        len_mean: len[1],
        len_std: len[2],
        len_max: len[3],
        src_len_min: s_len[0],
        src_len_mean: s_len[1],
        src_len_std: s_len[2],
        src_len_max: s_len[3],
        dst_len_min: d_len[0],
        dst_len_mean: d_len[1],
        dst_len_std: d_len[2],
        dst_len_max: d_len[3],
        iat_min: gaps[0],
        iat_mean: gaps[1],
        iat_std: gaps[2],
        iat_max: gaps[3],
        src_iat_min: s_gap[0],
        src_iat_mean: s_gap[1],
        src_iat_std: s_gap[2],
        src_iat_max: s_gap[3],
        dst_iat_min: d_gap[0],
        dst_iat_mean: d_gap[1],
        dst_iat_std: d_gap[2],
        dst_iat_max: d_gap[3],
        app_proto,
        app_basis,
        server_name,
        ja4,
        dir_basis: if row.segment > 0 {
            "inherited"
        } else {
            row.basis.name()
        },
        quality_flags: i32::from(row.quality | one_sided),
        dup_pkts: i(row.first.seldom(|rare| rare.dup_pkts)),
    });
}

fn mac_of(words: [u64; 2]) -> [u8; 6] {
    let [_, _, a, b, c, d, e, f] = words[1].to_be_bytes();
    [a, b, c, d, e, f]
}
