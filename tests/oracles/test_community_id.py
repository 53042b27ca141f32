"""The Community ID of our flows against the baselines of the specification."""

from __future__ import annotations

from pathlib import Path

from tests.oracles.support import community
from tests.oracles.support.meter import conversations

SEPARATE = {"timeouts": {"icmp": 1}}
"""The capture has two hosts solicit each other, five seconds apart, which is one flow of ours by default and has one
identifier, but two in the baseline: with one second of ICMP time-out every exchange is a flow of its own."""


def test_identifiers_are_those_of_the_specification(data: Path) -> None:
    """Every identifier of the baseline is ours, for the same protocol and addresses, and we have no other."""
    capture = data / "oracles" / "community-id" / "combined.pcap"
    assert community.ours(conversations(capture, **SEPARATE)) == community.baseline(data)


def test_single_protocol_captures_have_known_identifiers(data: Path) -> None:
    """The captures of one protocol each have no identifier that the baseline lacks."""
    known = community.baseline(data)
    captures = sorted((data / "oracles" / "community-id").glob("*.pcap"))
    assert len(captures) == 9
    for capture in captures:
        for identifier, ends in community.ours(conversations(capture, **SEPARATE)).items():
            assert ends <= known[identifier], capture.name
