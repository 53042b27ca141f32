"""Decoding the packets of a flow in depth by ``tshark``: run it confined, read what it prints, show it (ADR 0018)."""
