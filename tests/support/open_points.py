"""Where the Rust meter is known to depart from the specification; each point has a case in ``test_settled_points.py``.

Everything here is expected to fail *strictly*: when a point is settled in the Rust meter, the tests say so, and its
entry (and the call of ``pending`` in its case) must go. With both tables empty, delete this module.
"""

from __future__ import annotations

from typing import Final

COLUMNS: Final = {
    "src_dscp": "0 instead of NULL for layer-2 flows",
    "dst_dscp": "0 instead of NULL for layer-2 flows",
    "tunnel_src_ip": "not turned with the originator",
    "tunnel_dst_ip": "not turned with the originator",
    "rtt_syn_ns": "measured from a SYN of the wrong side",
    "rtt_ack_ns": "not measured when the SYN+ACK is the first packet",
}
"""Columns left out of the comparison on real and on tame captures."""

CAPTURES: Final = {
    "oracles/arkime/gtp-iphone.pcap": "GTP-U ids of the two directions are keyed",
    "oracles/zeek/traces/tunnels/gtp/gtp6_gtp_0x32.pcap": "GTP-U ids of the two directions are keyed",
    "oracles/arkime/tcp_handshake_synthetic.pcap": "a SYN after its SYN+ACK leaves SYN_SENT",
    "robust/tcpdump/dccp_partial_csum_v4_longer.pcap": "Community ID of DCCP hashes ports",
    "robust/tcpdump/tcp_eight_lowest_weight_flags_set.pcap": "a RST starts the sequence space",
}
"""Real captures on which the meters differ, with the reason."""

WILD: Final = "the points of test_settled_points.py that are still pending"
"""Why random captures without any restraint differ."""
