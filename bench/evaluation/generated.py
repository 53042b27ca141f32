"""Generated campaigns inside ninety days of an office: slow scans, slow beacons, drips, wake-ups, tunnels, hops.

Every campaign is drawn by seed over three seeds; it is found when an expected detector alerts on its actor. The peers'
column says what the figures of detectors.md give for the same situation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

import numpy as np
import pyarrow as pa
from campaign_tables import DAY_US, HOUR_US, Campaign, address, conversations, micros_of
from campaigns import RARE, benign_office, dormant, drip, lateral, staging, workstation, worm

from bench.evaluation.page import Case
from detectors import registry
from detectors.addresses import ip_bytes
from detectors.engine import arrow_source, run_all
from store.domains import registered_domain, subdomain
from tests.detectors.conftest import form

SEEDS: Final = (1, 2, 3)
HOSTS: Final = 50
DAYS: Final = 90
ACTOR: Final = workstation(17)


@dataclass(frozen=True)
class Plan:
    """One campaign: how it is made from a seed, who should find it, and what peers do with it."""

    what: str
    make: Callable[[int], Campaign]
    expected: tuple[str, ...]
    peers: str
    start_day: float


@cache
def office(seed: int) -> Campaign:
    """Return the office without any campaign."""
    return benign_office(seed, HOSTS, DAYS)


def slow_scan(seed: int, per_day: float, days: float, port: int = 445) -> Campaign:
    """Return a host that tries one new address at a time, most of which nobody has."""
    rng = np.random.default_rng([seed, 201])
    count = int(per_day * days)
    start = micros_of(20) + np.sort((np.arange(count) + rng.uniform(0.2, 0.8, count)) / per_day * DAY_US).astype(
        np.int64
    )
    dead = address("10.0.200.0") + rng.choice(6000, count, replace=False)
    return Campaign(conversations(f"slowscan{seed}.{per_day}", start, address(ACTOR), dead, port, failed=True))


def beacon(seed: int, hours: float, jitter: float) -> Campaign:
    """Return a host that calls one place outside every so many hours, each pause off by up to ``jitter`` of it."""
    rng = np.random.default_rng([seed, 202])
    count = int(DAYS * 24 / hours)
    pauses = hours * HOUR_US * (1 + jitter * rng.uniform(-1, 1, count))
    start = micros_of(0.3) + np.cumsum(pauses).astype(np.int64)
    start = start[start < micros_of(DAYS)]
    up = 700 * (1 + 0.03 * rng.uniform(-1, 1, len(start)))
    return Campaign(
        conversations(
            f"beacon{seed}.{hours}.{jitter}", start, address(ACTOR), address(RARE), 443, up, 900, 1.0, app="tls"
        )
    )


def tunnel(seed: int, rate: float, hours: float) -> Campaign:
    """Return a client whose questions carry ``rate`` bytes of information a second under one domain."""
    rng = np.random.default_rng([seed, 203])
    letters = np.array(list("abcdefghijklmnopqrstuvwxyz234567"))
    size = 40  # 25 octets in base32
    step = size * 5 / 8 / rate
    start = micros_of(40) + (np.arange(int(hours * 3600 / step)) * step * 1e6).astype(np.int64)
    names = ["".join(rng.choice(letters, size)) + ".t.quiet-zone.com" for _ in start]
    talk = conversations(
        f"tunnel{seed}.{rate}", start, address(ACTOR), address("10.0.0.10"), 53, 90, 120, 0.05, proto=17, app="dns"
    )
    return Campaign(talk, {"dns_site": _dns(talk, names)})


def _dns(talk: pa.Table, names: list[str]) -> pa.Table:
    n = len(names)
    given: dict[str, Any] = {
        "flow_uid": talk["root_uid"],
        "ts": talk["ts_start"],
        "sender_ip": talk["src_ip"],
        "receiver_ip": talk["dst_ip"],
        "receiver_port": [53] * n,
        "service": ["dns"] * n,
        "has_query": [True] * n,
        "has_response": [True] * n,
        "query": names,
        "qclass": [1] * n,
        "qtype": [16] * n,
        "qtype_name": ["TXT"] * n,
        "rcode": [0] * n,
        "answers": [["v=ok"]] * n,
        "ttls": [[60]] * n,
        "answer_count": [1] * n,
        "sender_home": [True] * n,
        "receiver_home": [True] * n,
        "domain": [registered_domain(name) for name in names],
        "sub": [subdomain(name) for name in names],
    }
    return _table("dns_site", given, n)


def _table(name: str, given: dict[str, Any], n: int) -> pa.Table:
    """Return a table with the given columns; of the others flags are false and the rest is NULL."""
    columns = []
    wanted = [(field.name, field.type) for field in form(name)]
    for column, kind in wanted:
        if column in given:
            values = given[column]
            held = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else pa.array(values)
            columns.append(held if held.type == kind else held.cast(kind))
        elif pa.types.is_boolean(kind):
            columns.append(pa.array([False] * n))
        else:
            columns.append(pa.nulls(n, kind))
    return pa.Table.from_arrays(columns, schema=pa.schema(wanted))


def spray(seed: int, users: int) -> Campaign:
    """Return a host that tries two passwords for each of many accounts at the domain controller, over two hours."""
    rng = np.random.default_rng([seed, 204])
    n = users * 2
    start = micros_of(50.4) + np.sort(rng.random(n) * 2 * HOUR_US).astype(np.int64)
    talk = conversations(f"spray{seed}", start, address(ACTOR), address("10.0.0.10"), 88, 300, 200, 0.05, app="krb5")
    given: dict[str, Any] = {
        "flow_uid": talk["root_uid"],
        "ts": talk["ts_start"],
        "service": ["kerberos"] * n,
        "client_ip": talk["src_ip"],
        "server_ip": talk["dst_ip"],
        "server_port": [88] * n,
        "user": [f"person{number % users}" for number in range(n)],
        "outcome": ["negative"] * n,
        "attempts": [1] * n,
        "basis": ["reply"] * n,
    }
    table = _table("logins", given, n)
    return Campaign(talk, {"logins": table})


def _calling(hours: float, jitter: float) -> Callable[[int], Campaign]:
    return lambda seed: beacon(seed, hours, jitter)


def _beacons() -> dict[str, Plan]:
    plans = {}
    for hours, said in ((6, "6 h"), (12, "12 h"), (24, "1 d"), (168, "7 d")):
        for jitter in (0.0, 0.2, 0.5, 0.9):
            plans[f"beacon {said}, jitter {jitter:.0%}"] = Plan(
                f"calls out every {said} for 90 days",
                _calling(hours, jitter),
                ("beacon_slow",),
                "RITA: not analysed" if hours >= 12 else "RITA: below its base threshold",
                0,
            )
    return plans


CAMPAIGNS: Final[dict[str, Plan]] = {
    **_beacons(),
    "slow scan 1/h": Plan(
        "one new address an hour", lambda seed: slow_scan(seed, 24, 20), ("scan_slow",), "Zeek, Slips, Maltrail: 0", 20
    ),
    "slow scan 1/d": Plan(
        "one new address a day", lambda seed: slow_scan(seed, 1, 60), ("scan_slow",), "Zeek, Slips, Maltrail: 0", 20
    ),
    "drip 5 MB/day": Plan(
        "5 MB a day to one place for 60 days",
        lambda seed: drip(seed, ACTOR),
        ("exfil_drip",),
        "Slips, RITA, ntopng: never",
        20,
    ),
    "staging, then upload": Plan(
        "2 GB pulled inside, pushed out packed after 30 h",
        lambda seed: staging(seed, ACTOR),
        ("exfil_staging", "exfil_volume"),
        "Slips: upload only, at 500 MB/h",
        60,
    ),
    "dormant wake-up": Plan(
        "an edge wakes after 60 silent days", lambda seed: dormant(seed, ACTOR), ("dormant_wakeup",), "none", 63
    ),
    "lateral chain of three hops": Plan(
        "RDP, SMB, SSH from host to host",
        lambda seed: lateral(seed, [ACTOR, workstation(21), workstation(30), "10.0.0.40"]),
        ("lateral_chain", "new_internal_edge"),
        "Hopper (needs host logs): 94.5 %",
        60,
    ),
    "worm": Plan(
        "four generations over SMB", lambda seed: worm(seed, ACTOR), ("worm_spread",), "Maltrail: 32 hosts", 60
    ),
    "DNS tunnel 0.7 B/s": Plan(
        "0.7 B/s of information for two hours", lambda seed: tunnel(seed, 0.75, 2), ("dns_tunnel",), "ibHH: 0.7 B/s", 40
    ),
    "password spray": Plan(
        "two passwords for forty accounts", lambda seed: spray(seed, 40), ("password_spray", "brute_force"), "none", 50
    ),
}
"""Name to plan."""


AFTER_DAYS: Final = (0.5, 1, 2, 3, 5, 7, 10, 14, 21, 30, 45, 60, 90)
"""Days of data after the start of a campaign at which it is asked whether it is found yet."""


def play(name: str) -> Case:
    """Return what the expected detectors find of a campaign, over all seeds; it is found when every seed is."""
    plan = CAMPAIGNS[name]
    held: dict[str, list[dict[str, object]]] = {}
    missed = 0
    for seed in SEEDS:
        own = alerts_of(plan, office(seed) + plan.make(seed))
        missed += not own
        for alert in own:
            held.setdefault(alert["detector"], []).append({"severity": alert["severity"], "text": alert["evidence_en"]})
    told = f"{len(SEEDS) - missed} of {len(SEEDS)} seeds"
    if not missed:
        told += f", {first_found(plan):g} d of data"
    return Case(name, plan.what, plan.expected, {} if missed else held, told, plan.peers)


def alerts_of(plan: Plan, site: Campaign) -> list[dict[str, Any]]:
    """Return the alerts of the expected detectors on the actor."""
    known = [registry()[name] for name in plan.expected]
    source = arrow_source({table: site.table(table) for detector in known for table in detector.needs})
    alerts, _ = run_all(source, site.policy, detectors=known)
    return [alert for alert in alerts.to_pylist() if alert["actor_ip"] == ip_bytes(ACTOR)]


def first_found(plan: Plan) -> float:
    """Return the least of ``AFTER_DAYS`` of data with which the first seed is found, bisected."""
    site = office(SEEDS[0]) + plan.make(SEEDS[0])
    low, high = 0, len(AFTER_DAYS) - 1
    while low < high:
        middle = (low + high) // 2
        if alerts_of(plan, site.between(0, plan.start_day + AFTER_DAYS[middle])):
            high = middle
        else:
            low = middle + 1
    return AFTER_DAYS[low]
