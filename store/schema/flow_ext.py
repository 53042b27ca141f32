"""Extended columns of flows, on demand."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store.schema._column import F32, I16, I32, I64, IP, TEXT, UID, Table, c, pair

SYN_SIG: Final = (
    "Signature of the stack that sent the first {segment}, ver:ittl:olen:mss:wsize,scale:olayout:quirks:pclass; "
    "ittl is the initial TTL alone (the next of 32, 64, 128, 255): equal stacks have equal texts at any distance; "
    "NULL without that segment, or when it was a fragment or cut inside its headers."
)
P0F: Final = "p0f 3 README section 5"

FLOW_EXT: Final = Table(
    "flow_ext",
    "Extended columns of a flow segment, same key; written only when enabled.",
    (
        c("flow_uid", UID, "Deterministic UUIDv7 of this segment.", std="IPFIX flowId(148)"),
        c("mpls_label", I32, "Top MPLS label.", null=True, std="IPFIX 70"),
        c("tunnel_src_ip", IP, "Outermost tunnel source address.", null=True),
        c("tunnel_dst_ip", IP, "Outermost tunnel destination address.", null=True),
        *pair("{}_dscp", I16, "DSCP of the first packet.", null=True, std="IPFIX 195"),
        *pair("{}_isn", I64, "initial sequence number; NULL midstream.", null=True, std="YAF 184"),
        *pair("{}_mss", I32, "MSS option.", "B", null=True),
        *pair("{}_ooo_pkts", I32, "segments that filled a hole below the highest sequence.", "pkt"),
        c("active_mean", F32, "Mean length of bursts separated by gaps > 1 s.", "us", null=True),
        c("active_max", F32, "Longest burst.", "us", null=True),
        c("idle_mean", F32, "Mean of the gaps > 1 s.", "us", null=True),
        c("idle_max", F32, "Longest gap > 1 s.", "us", null=True),
        c("subflows", I32, "Number of bursts: gaps > 1 s plus one."),
        c("splt_len", pa.list_(pa.int16()), "Payload length of the first 20 payload-bearing packets.", "B"),
        c("splt_dir", pa.list_(pa.int8()), "+1 originator, -1 responder, same packets."),
        c(
            "splt_iat",
            pa.list_(pa.int32()),
            "Gap to the previous payload-bearing packet (0 for the first), saturating.",
            "us",
        ),
        *pair("{}_entropy", F32, "Shannon entropy of the first 256 payload bytes.", "bit/B", null=True),
        c("src_syn_sig", TEXT, SYN_SIG.format(segment="SYN"), null=True, std=P0F),
        c("dst_syn_sig", TEXT, SYN_SIG.format(segment="SYN+ACK"), null=True, std=P0F),
    ),
    key=("flow_uid",),
    wire=True,
)
