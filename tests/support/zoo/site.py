"""The site in which the nuisances of the zoo happen: hosts, servers, and short words for what hosts do.

A nuisance fills a ``Traffic`` with one working day, or with a few minutes where it is quick. Addresses outside are
those of RFC 5737, names those of RFC 2606.
"""

from __future__ import annotations

import random
from typing import Final

from tests.detectors.conftest import Traffic

HOUR: Final = 3600.0
DAY: Final = 86400.0
HOSTS: Final = tuple(f"10.0.1.{n}" for n in range(10, 70))
"""Sixty workplace computers."""

DC, RESOLVER, BACKUP, MAIL, CI, DATABASE, PRINTER = (f"10.0.0.{n}" for n in (2, 3, 20, 25, 30, 40, 50))
MONITOR, PROXY, WEB, VPN, GATEWAY, DEAD = (f"10.0.0.{n}" for n in (9, 8, 80, 90, 1, 99))
CHROME: Final = "t13d1516h2_8daaf6152771_02713d6af862"
"""JA4 of a widespread browser (FoxIO, ja4 README)."""


class Day:
    """A day of the site under construction.

    Args:
        seed: Of every choice made.
    """

    def __init__(self, seed: int) -> None:
        self.traffic = Traffic()
        self.dice = random.Random(seed)

    def asks(self, second: float, client: str, name: str, answer: str | None, *, kind: str = "A") -> None:
        """Add a DNS question of a client to the resolver; without an answer the name does not exist."""
        self.traffic.udp(second, client, RESOLVER, 53, answered=True, app_proto="dns", duration_s=0.01)
        uid = self.traffic.conversations[-1]["root_uid"]
        self.traffic.record(
            "dns",
            second,
            client,
            RESOLVER,
            flow_uid=uid,
            receiver_port=53,
            service="dns",
            has_query=True,
            has_response=True,
            query=name,
            qclass=1,
            qtype={"A": 1, "PTR": 12, "TXT": 16, "AAAA": 28, "SRV": 33}[kind],
            qtype_name=kind,
            rcode=0 if answer else 3,
            answers=[answer] if answer else [],
            ttls=[300] if answer else [],
            answer_count=int(answer is not None),
            is_rd=True,
            is_ra=True,
        )

    def web(
        self, second: float, client: str, server: str, name: str, *, up: int = 900, down: int = 6000, **columns: object
    ) -> bytes:
        """Add a TLS conversation with a server of that name, asked for in the DNS beforehand."""
        self.asks(second - 0.05, client, name, server)
        given = {"app_proto": "tls", "server_name": name, "ja4": CHROME, "duration_s": 1.0, **columns}
        uid = self.traffic.add(second, client, server, 443, **moved(up, down), **given)
        self.traffic.record(
            "tls",
            second,
            client,
            server,
            flow_uid=uid,
            receiver_port=443,
            version="TLSv13",
            client_version="TLSv13",
            server_name=name,
            ja4=CHROME,
            is_established=True,
            crypto_class="modern",
        )
        return uid

    def every(self, period: float, jitter: float, start: float = 0.0, end: float = DAY) -> list[float]:
        """Return moments about ``period`` seconds apart, each off by up to the share ``jitter`` of it."""
        moments, now = [], start + self.dice.uniform(0, period)
        while now < end:
            moments.append(now + period * jitter * self.dice.uniform(-1, 1))
            now += period
        return [max(start + 1.0, moment) for moment in moments]

    def working(self, count: int) -> list[float]:
        """Return that many moments of the working day, 8:00 to 18:00 of the site (the day starts at 8:00)."""
        return sorted(self.dice.uniform(60, 10 * HOUR) for _ in range(count))


def moved(up: int, down: int) -> dict[str, object]:
    """Return the columns of a conversation that moved so many payload bytes."""
    return {
        "src_bytes_payload": up,
        "dst_bytes_payload": down,
        "src_bytes_ip": up + 400,
        "dst_bytes_ip": down + 400,
        "src_pkts": 4 + up // 1400 + down // 2800,
        "dst_pkts": 4 + down // 1400 + up // 2800,
        "src_data_pkts": 1 + up // 1400,
        "dst_data_pkts": 1 + down // 1400,
    }
