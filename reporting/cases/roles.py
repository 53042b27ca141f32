"""Roles of a case's addresses: proposed from its traffic, confirmed by people, written in ``site.toml``."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from datetime import date
from typing import Any, Final

from detectors._role_evidence import NEEDS
from detectors.addresses import in_ranges, ip_text
from detectors.roles import Proposal, propose
from reporting.cases.book import casebook_of
from reporting.cases.case import Case
from reporting.cases.policy import policy_of
from store.quiet import ConfirmedRole
from store.reference.vendors import vendors_by_address
from store.site import bounds, load_site

COLUMNS: Final = (
    "address",
    "role",
    "state",
    "confidence",
    "since",
    "reason_en",
    "reason_zh",
    "expires",
    "by",
    "vendor",
)
"""Columns of the CSV form of the list."""


def role_rows(case: Case) -> list[dict[str, Any]]:
    """Return the roles in force and those that the traffic suggests, as rows with ``COLUMNS``.

    ``state``: ``site`` (site.toml), ``confirmed`` (casebook) or ``proposed``; what is in force is not proposed again.
    """
    policy = policy_of(case)
    with case.lake.reader(case.name, policy) as reader:
        for name in NEEDS:
            reader.has(name)
        proposals = propose(reader.arrow)
        vendors = vendors_by_address(reader, case.home.reference, [one.address for one in proposals])
    held = [
        (*bounds(network), role.value) for entry in policy.roles for network in entry.networks for role in entry.roles
    ]
    fresh = [one for one in proposals if not _is_held(one, held)]
    rows = [*_of_site(case), *(_confirmed(one) for one in _of_casebook(case))]
    return rows + [_proposed(one, vendors.get(one.address)) for one in fresh]


def _is_held(one: Proposal, held: list[tuple[bytes, bytes, str]]) -> bool:
    return in_ranges(one.address, [(low, high) for low, high, role in held if role == one.role])


def _of_site(case: Case) -> Iterator[dict[str, Any]]:
    for entry in load_site(case.home.site).roles:
        for network in entry.networks:
            for role in entry.roles:
                yield _row(str(network), role.value, "site", entry.why, entry.expires, entry.owner)


def _of_casebook(case: Case) -> list[ConfirmedRole]:
    with casebook_of(case.home) as casebook:
        return casebook.confirmed_roles() if casebook is not None else []


def _confirmed(one: ConfirmedRole) -> dict[str, Any]:
    return _row(one.cidr, one.role, "confirmed", one.reason, one.expires, one.actor)


def _row(cidr: str, role: str, state: str, why: str, expires: date | None, by: str) -> dict[str, Any]:
    network = ipaddress.ip_network(cidr)
    address = str(network.network_address) if network.num_addresses == 1 else str(network)
    told = {"address": address, "role": role, "state": state, "confidence": None, "since": None}
    return told | {"reason_en": why, "reason_zh": why, "expires": expires, "by": by, "vendor": None}


def _proposed(one: Proposal, vendor: str | None) -> dict[str, Any]:
    told = _row(ip_text(one.address), one.role, "proposed", one.reason.en, None, "")
    return told | {
        "confidence": one.confidence,
        "since": one.since,
        "reason_zh": one.reason.zh,
        "by": None,
        "vendor": vendor,
    }
