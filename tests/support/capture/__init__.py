"""Writing captures whose every byte, and so every column of every flow row, is known before any meter runs.

Headers are built inside out: transport segment, IP packet, tunnels, link frame, capture file. Nothing here reads.
"""
