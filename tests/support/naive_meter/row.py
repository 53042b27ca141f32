"""One finished flow segment as a row: every column of ``flow`` and ``flow_ext`` that the wire fills."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from naive_meter import signature, stats
from naive_meter.flow import Entry, Flow
from naive_meter.identity import community_id, flow_uid
from naive_meter.packet import Quality

Row = dict[str, Any]
"""Column name to value: bytes for identifiers, addresses and MACs, None for NULL, times in us (``*_ns`` in ns)."""

FLAGS = {"syn": 0x02, "fin": 0x01, "rst": 0x04, "psh": 0x08}


def make_row(flow: Flow, source_id: bytes, end_reason: str) -> Row:
    """Return the row of a flow's present segment."""
    row = _identity(flow, source_id, end_reason)
    row |= _times(flow)
    row |= _network(flow)
    for name, side in (("src", flow.originator), ("dst", 1 - flow.originator)):
        row |= _side(flow, name, side)
        row |= _tcp_side(flow, name, side)
    row |= _shape(flow)
    row |= signature.columns(flow.opened[flow.originator], flow.opened[1 - flow.originator])
    row |= {"app_proto": None, "app_basis": "none", "server_name": None, "ja4": None}
    return row


def _identity(flow: Flow, source_id: bytes, end_reason: str) -> Row:
    first, index = flow.first, flow.first.packet.around.depth
    start = flow.entries[0].frame.ts_ns
    uid = flow_uid(source_id, first.frame.ordinal, index, flow.segment_seq, start)
    if flow.root_uid is None:
        flow.root_uid = uid
    packet, who = first.packet, first.who
    cid = None
    if packet.version:
        cid = community_id(packet.proto or 0, packet.src, packet.dst, who.ports, who.icmp)
    return {
        "flow_uid": uid,
        "flow_root_uid": flow.root_uid if flow.segment_seq else None,
        "segment_seq": flow.segment_seq,
        "is_final": end_reason != "active",
        "community_id": cid,
        "observation_point_id": flow.first.frame.interface,
        "pcap_first_off": flow.entries[0].frame.offset,
        "pcap_last_off": flow.entries[-1].frame.offset,
        "end_reason": end_reason,
        "dir_basis": flow.basis,
        "quality_flags": int(_quality(flow)),
        "dup_pkts": flow.dup_pkts,
        "conn_state": flow.state_text(),
        "history": flow.tcp.history.text(flow.originator) if flow.has_history else None,
    }


def _quality(flow: Flow) -> Quality:
    quality = flow.extra
    for entry in flow.entries:
        quality |= entry.packet.quality
    if len({entry.side for entry in flow.entries}) == 1:
        quality |= Quality.ONE_SIDED
    if flow.flipped:
        quality |= Quality.FLIPPED
    if flow.midstream:
        quality |= Quality.MIDSTREAM
    if flow.dup_pkts:
        quality |= Quality.DUPLICATES
    return quality


def _times(flow: Flow) -> Row:
    times = [entry.frame.ts_ns for entry in flow.entries]
    start, end = times[0], max(times)
    answer = _first(flow.entries, lambda entry: entry.side != flow.originator)
    return {
        "ts_start_ns": start,
        "ts_end_ns": end,
        "ts_start": start // 1000,
        "ts_end": end // 1000,
        "duration_ns": end - start,
        "dst_first_delay_ns": None if answer is None else max(answer.frame.ts_ns - start, 0),
        "rtt_syn_ns": flow.rtt_syn,
        "rtt_ack_ns": flow.rtt_ack,
    }


def _first(entries: Sequence[Entry], wanted: Callable[[Entry], bool]) -> Entry | None:
    return next((entry for entry in entries if wanted(entry)), None)


def _network(flow: Flow) -> Row:
    head = flow.entries[0]
    packet, around = head.packet, head.packet.around
    ends = (flow.key.lo, flow.key.hi)
    orig, resp = ends[flow.originator], ends[1 - flow.originator]
    is_ip = flow.key.version != 0
    with_ports = flow.first.who.ports is not None
    icmp = flow.icmp
    outer = around.outer_ips
    if outer is not None and head.side != flow.originator:
        outer = (outer[1], outer[0])
    vlans = (*flow.first.packet.around.vlans, None, None)
    return {
        "ip_version": flow.key.version,
        "src_ip": orig[0] if is_ip else None,
        "dst_ip": resp[0] if is_ip else None,
        "src_port": orig[1] if with_ports else None,
        "dst_port": resp[1] if with_ports else None,
        "ip_proto": flow.key.proto if is_ip else None,
        "ethertype": packet.ethertype,
        "appid": packet.appid,
        "icmp_type": icmp[0] if icmp else None,
        "icmp_code": icmp[1] if icmp else None,
        "vlan_outer": vlans[0],
        "vlan_inner": vlans[1],
        "mpls_label": around.mpls,
        "tunnel_type": ">".join(around.tunnels) or "none",
        "tunnel_id": flow.first.packet.around.tunnel_id,
        "tunnel_src_ip": outer[0] if outer else None,
        "tunnel_dst_ip": outer[1] if outer else None,
        "frag_pkts": sum(entry.packet.is_fragment for entry in flow.entries),
    }


def _mac(flow: Flow, side: int) -> bytes | None:
    """Return the sender MAC of a side's first packet; of a layer-2 flow the end of its key."""
    if flow.key.version == 0:
        return (flow.key.lo, flow.key.hi)[side][0]
    sent = _first(flow.entries, lambda e: e.side == side)
    macs = sent.packet.around.macs if sent is not None else None
    return macs[0] if macs is not None else None


def _side(flow: Flow, name: str, side: int) -> Row:
    own = [entry for entry in flow.entries if entry.side == side]
    packets = [entry.packet for entry in own]
    hops = [packet.ttl for packet in packets if packet.ttl is not None]
    lengths = [packet.payload_len for packet in packets]
    gaps = stats.gaps_ns([entry.frame.ts_ns for entry in own])
    shown = b"".join(packet.payload for packet in packets)[:256]
    return {
        f"{name}_mac": _mac(flow, side),
        f"{name}_ttl_min": min(hops, default=None),
        f"{name}_ttl_max": max(hops, default=None),
        f"{name}_dscp": packets[0].dscp if packets else None,
        f"{name}_pkts": len(own),
        f"{name}_bytes_l2": sum(entry.frame.wire_len for entry in own),
        f"{name}_bytes_ip": sum(packet.ip_len for packet in packets),
        f"{name}_bytes_payload": sum(lengths),
        f"{name}_data_pkts": sum(length > 0 for length in lengths),
        f"{name}_entropy": stats.entropy(shown),
        **stats.four(f"{name}_len", lengths),
        **stats.four(f"{name}_iat", stats.microseconds(gaps)),
    }


def _tcp_side(flow: Flow, name: str, side: int) -> Row:
    segments = [e.packet.tcp for e in flow.entries if e.side == side and e.packet.tcp is not None]
    union = 0
    for segment in segments:
        union |= segment.flags
    me = flow.tcp.sides[side]
    gap = me.seq.gap - flow.carry.gap[side]
    return {
        f"{name}_bytes_seq": flow.stream(side) - flow.carry.reported[side] if flow.is_tcp else None,
        f"{name}_tcp_flags": union if segments else None,
        f"{name}_flags_first": segments[0].flags if segments else None,
        **{f"{name}_{word}": sum(bool(s.flags & bit) for s in segments) for word, bit in FLAGS.items()},
        f"{name}_win_init": segments[0].window if segments else None,
        f"{name}_retx_pkts": me.seq.retransmitted - flow.carry.retransmitted[side],
        f"{name}_ooo_pkts": me.seq.filled - flow.carry.filled[side],
        f"{name}_gap_bytes": gap,
        f"{name}_isn": me.syn_isn,
        f"{name}_mss": me.mss,
    }


def _shape(flow: Flow) -> Row:
    times = [entry.frame.ts_ns for entry in flow.entries]
    lengths = [entry.packet.payload_len for entry in flow.entries]
    data = [(e.frame.ts_ns, e.packet.payload_len, e.side == flow.originator) for e in flow.entries]
    return {
        **stats.four("len", lengths),
        **stats.four("iat", stats.microseconds(stats.gaps_ns(times))),
        **stats.bursts(times),
        **stats.splt(data),
    }
