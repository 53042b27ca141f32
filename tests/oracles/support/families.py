"""All comparisons of protocol records, by family."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from tests.oracles.support import auth, dhcp, link, mail, mailbox, ntp, quic, remote, verify, web, windows
from tests.oracles.support.comparison import Comparison

FAMILIES: Final[dict[str, Sequence[Comparison]]] = {
    "auth": auth.COMPARISONS,
    "dhcp": dhcp.COMPARISONS,
    "link": link.COMPARISONS,
    "mail": mail.COMPARISONS,
    "mailbox": mailbox.COMPARISONS,
    "ntp": ntp.COMPARISONS,
    "quic": quic.COMPARISONS,
    "remote": remote.COMPARISONS,
    "verify": verify.COMPARISONS,
    "web": web.COMPARISONS,
    "windows": windows.COMPARISONS,
}
"""Comparisons that share a table of exceptions, ``<family>_exceptions.csv``."""
