"""The ordinary traffic of an office: people with hours, servers at night, and the nuisances every network has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from campaign_tables import DAY_US, HOUR_US, Campaign, address, conversations, micros_of

DC: Final = "10.0.0.10"
FILE_SERVER: Final = "10.0.0.20"
INTRANET: Final = "10.0.0.30"
DATABASE: Final = "10.0.0.40"
PRINTER: Final = "10.0.0.50"
BACKUP: Final = "10.0.0.60"
MONITOR: Final = "10.0.0.70"
WEB: Final = "10.0.0.80"
SERVERS: Final = (DC, FILE_SERVER, INTRANET, DATABASE, PRINTER, BACKUP, MONITOR, WEB)

ADMINS: Final = 2
"""The first workstations belong to administrators."""

_WORK: Final = np.array([0, 0, 0, 0, 0, 0, 1, 3, 8, 10, 10, 9, 5, 8, 10, 10, 8, 4, 2, 1, 1, 0, 0, 0], dtype=float)
_SITES: Final = 3000
_BROWSERS: Final = ("t13d1516h2_8daaf6152771_d8a2da3f94cd", "t13d1715h2_5b57614c22b0_3d5424432f57")
_SERVICES: Final = {
    "mail": ("52.96.10.5", "outlook.mail-saas.com"),
    "sync": ("13.107.6.10", "sync.cloud-drive.com"),
    "meet": ("52.112.9.9", "meet.video-calls.com"),
    "telemetry": ("20.42.65.90", "events.telemetry-vendor.com"),
    "update": ("23.55.161.7", "dl.update-vendor.com"),
    "offsite": ("52.219.72.8", "vault.backup-cloud.com"),
}
_SHARES: Final = tuple((f"162.125.{n}.1", f"up.file-share{n}.com") for n in range(1, 5))

Floats = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class _Office:
    """The people of an office and the days on which each of them is there."""

    seed: int
    hosts: Numbers
    present: npt.NDArray[np.bool_]

    def rng(self, what: int) -> np.random.Generator:
        """Return the random numbers of one kind of traffic, independent of all others."""
        return np.random.default_rng([self.seed, what])

    def events(self, rng: np.random.Generator, rate: float, *, spread: float = 0.4) -> tuple[Numbers, Numbers]:
        """Return who did something and when: ``rate`` times a present day on average, in working hours.

        Args:
            rng: Random numbers.
            rate: Per host and day.
            spread: Sigma of the log-normal by which hosts differ.
        """
        own = rate * rng.lognormal(-(spread**2) / 2, spread, len(self.hosts))
        counts = rng.poisson(own[:, None] * self.present)
        who, day = (np.repeat(index, counts.ravel()) for index in np.indices(counts.shape).reshape(2, -1))
        hour = rng.choice(24, len(day), p=_WORK / _WORK.sum()) + rng.random(len(day))
        return who, micros_of(0) + day * DAY_US + (hour * HOUR_US).astype(np.int64)


def workstation(n: int) -> str:
    """Return the address of the n-th workstation of an office."""
    return f"10.0.{1 + n // 200}.{10 + n % 200}"


@cache
def benign_office(seed: int, hosts: int = 50, days: int = 90) -> Campaign:
    """Return the conversations of an office in which nothing is wrong.

    People browse (sites by Zipf's law, most of them visited by few), read mail, sync files, meet by video and now and
    then send a large file; machines log on in the morning, report telemetry and update; administrators work on servers
    by SSH, RDP and SMB and patch all machines once a month; a monitor polls; backups run at night, in the house and to
    a cloud; the web server is asked from outside.

    Args:
        seed: The same seed gives the same rows.
        hosts: Workstations; there are eight servers besides.
        days: From ``START`` on; days 5 and 6 of each week are weekend.
    """
    rng = np.random.default_rng([seed, 0])
    weekday = np.arange(days) % 7 < 5
    present = rng.random((hosts, days)) < np.where(weekday, 0.93, 0.04)
    office = _Office(seed, np.array([address(workstation(n)) for n in range(hosts)]), present)
    tables = [*_people(office), *_machines(office), *_admins(office), *_servers(office, days), *_outside(office, days)]
    roles = ((DC, "domain_controller"), (BACKUP, "backup"), (MONITOR, "monitor"))
    return Campaign(pa.concat_tables(tables).sort_by("ts_start"), roles=roles)


def _sizes(rng: np.random.Generator, median: float, sigma: float, n: int, most: float = 4e9) -> Numbers:
    return np.minimum(median * rng.lognormal(0, sigma, n), most).astype(np.int64)


def _browse(office: _Office) -> pa.Table:
    rng = office.rng(1)
    who, start = office.events(rng, 55)
    n = len(who)
    rank = np.minimum((rng.pareto(0.7, n) * 4).astype(np.int64), 20 * _SITES)
    # Beyond the popular sites everybody has their own.
    site = np.where(rank < _SITES, rank, _SITES + (who * 97 + rank % 40) % 6000)
    dst = address("104.16.0.0") + (site * 2654435761) % (1 << 20)
    names = [f"www.site{one}.com" for one in range(_SITES + 6000)]
    up = _sizes(rng, 1800, 1.1, n, 3e6)
    down = _sizes(rng, 25_000, 1.6, n, 5e8)
    browser = np.arange(len(office.hosts)) % 2
    return conversations(
        f"browse{office.seed}", start, office.hosts[who], dst, 443, up, down, rng.exponential(20, n) + 0.1,
        app="tls", name=(site, names), ja4=(browser[who], _BROWSERS),
    )  # fmt: skip


def _service(
    office: _Office, number: int, service: str, rate: float, up: Numbers | float, down: Numbers | float, seconds: float
) -> pa.Table:
    rng = office.rng(number)
    who, start = office.events(rng, rate)
    ip, name = _SERVICES[service]
    return conversations(
        f"{service}{office.seed}", start, office.hosts[who], address(ip), 443,
        _sizes(rng, float(up), 1.5, len(who)), _sizes(rng, float(down), 1.0, len(who)), seconds,
        app="tls", name=name, ja4=(np.zeros(len(who), dtype=int), _BROWSERS),
    )  # fmt: skip


def _people(office: _Office) -> list[pa.Table]:
    rng = office.rng(2)
    who, start = office.events(rng, 0.04)
    share = rng.integers(0, len(_SHARES), len(who))
    ips = np.array([address(ip) for ip, _ in _SHARES])
    sent = conversations(
        f"share{office.seed}", start, office.hosts[who], ips[share], 443, _sizes(rng, 3e7, 1.0, len(who), 3e8), 20_000,
        120.0, app="tls", name=(share, [name for _, name in _SHARES]),
    )  # fmt: skip
    return [
        _browse(office),
        sent,
        _service(office, 3, "mail", 18, 6000, 20_000, 60),
        _service(office, 4, "sync", 4, 150_000, 30_000, 30),
        _service(office, 5, "meet", 0.6, 1.5e8, 2.5e8, 1800),
    ]


def _machines(office: _Office) -> list[pa.Table]:
    seed, tables = office.seed, []
    inside = ((10, "dns", DC, 53, 25, 45, 180, 17), (11, "krb", DC, 88, 5, 1500, 1600, 6),
              (12, "ldap", DC, 389, 4, 900, 4000, 6), (13, "smb", FILE_SERVER, 445, 6, 60_000, 900_000, 6),
              (14, "app", INTRANET, 443, 12, 4000, 60_000, 6), (15, "print", PRINTER, 9100, 0.8, 900_000, 200, 6),
              (16, "ntp", DC, 123, 4, 48, 48, 17))  # fmt: skip
    for number, kind, server, port, rate, up, down, proto in inside:
        rng = office.rng(number)
        who, start = office.events(rng, rate)
        n = len(who)
        sent, got = (_sizes(rng, size, 0.9 if size > 2000 else 0.0, n) for size in (up, down))
        seconds = 0.02 if proto == 17 else 5.0
        tables.append(
            conversations(
                f"{kind}{seed}", start, office.hosts[who], address(server), port, sent, got, seconds, proto=proto
            )
        )
    rng = office.rng(17)
    who = np.flatnonzero(rng.random(len(office.hosts)) < 0.2)
    pulls = _Office(seed, office.hosts[who], office.present[who])
    some, start = pulls.events(rng, 2)
    rows = _sizes(rng, 400_000, 1.2, len(some), 5e7)
    tables.append(conversations(f"sql{seed}", start, pulls.hosts[some], address(DATABASE), 5432, 5000, rows, 10.0))
    return [
        *tables,
        _service(office, 18, "telemetry", 6, 2500, 500, 2),
        _service(office, 19, "update", 1, 3000, 4_000_000, 30),
    ]


def _admins(office: _Office) -> list[pa.Table]:
    rng, seed = office.rng(20), office.seed
    admins = _Office(seed, office.hosts[:ADMINS], office.present[:ADMINS])
    who, start = admins.events(rng, 9)
    n = len(who)
    choice = rng.integers(0, 4, n)
    servers = np.array([address(one) for one in (WEB, DATABASE, FILE_SERVER, DC)])[choice]
    ports = np.array([22, 22, 445, 3389])[choice]
    work = conversations(
        f"admin{seed}", start, admins.hosts[who], servers, ports,
        _sizes(rng, 60_000, 1, n), _sizes(rng, 200_000, 1, n), rng.exponential(900, n) + 5,
    )  # fmt: skip
    who, start = admins.events(rng, 0.5)
    helped = rng.integers(ADMINS, max(len(office.hosts), ADMINS + 1), len(who)) % len(office.hosts)
    desk = conversations(
        f"desk{seed}", start, admins.hosts[who], office.hosts[helped], 3389, 300_000, 2_000_000, 600.0, app="rdp"
    )
    patch_days = np.arange(8, office.present.shape[1], 28)
    moments = (patch_days[:, None] * 24 + 19 + np.arange(len(office.hosts)) / 60).ravel() * HOUR_US
    victims = np.tile(office.hosts, len(patch_days))
    start = micros_of(0) + moments.astype(np.int64)
    patch = conversations(f"patch{seed}", start, admins.hosts[0], victims, 445, 8_000_000, 20_000, 20.0, app="smb")
    return [work, desk, patch]


def _servers(office: _Office, days: int) -> list[pa.Table]:
    rng, seed = office.rng(30), office.seed
    night = micros_of(0) + np.arange(days) * DAY_US + 2 * HOUR_US
    backed = [address(one) for one in (FILE_SERVER, DATABASE, WEB)]
    tables = [
        conversations(f"backup{seed}.{n}", night + n * HOUR_US // 2 + rng.integers(0, 6 * 10**7, days),
                      address(BACKUP), server, 445, 500_000, _sizes(rng, 3e9, 0.2, days), 1500.0)
        for n, server in enumerate(backed)
    ]  # fmt: skip
    ip, name = _SERVICES["offsite"]
    size = _sizes(rng, 2e9, 0.2, days)
    tables.append(conversations(f"offsite{seed}", night + 2 * HOUR_US, address(BACKUP), address(ip), 443, size, 90_000,
                                3000.0, app="tls", name=name))  # fmt: skip
    polls = np.arange(days * 24)
    for n, server in enumerate(one for one in SERVERS if one != MONITOR):
        start = micros_of(0) + polls * HOUR_US + n * 1_000_000
        port = (443, 22, 161)[n % 3]
        tables.append(conversations(f"poll{seed}.{n}", start, address(MONITOR), address(server), port, 400, 1500, 0.2,
                                    proto=17 if port == 161 else 6))  # fmt: skip
    return tables


def _outside(office: _Office, days: int) -> list[pa.Table]:
    rng, seed = office.rng(40), office.seed
    n = rng.poisson(200 * days)
    start = micros_of(0) + np.sort(rng.random(n) * days * DAY_US).astype(np.int64)
    clients = rng.integers(address("81.0.0.0"), address("95.0.0.0"), n)
    sizes = _sizes(rng, 900, 0.8, n), _sizes(rng, 30_000, 1.4, n)
    asked = conversations(f"web{seed}", start, clients, address(WEB), 443, *sizes, 3.0, app="tls")
    n = rng.poisson(60 * days)
    start = micros_of(0) + np.sort(rng.random(n) * days * DAY_US).astype(np.int64)
    noise = rng.integers(address("45.0.0.0"), address("46.0.0.0"), n)
    ports = np.array([22, 23, 445, 3389, 8080])[rng.integers(0, 5, n)]
    probed = conversations(f"noise{seed}", start, noise, address(WEB), ports, failed=True)
    return [asked, probed]
