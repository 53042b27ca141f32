"""dns_tunnel: data in names is found from 0.7 B/s on, names that machines make for other reasons are not."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Callable

import pytest

from detectors.addresses import ip_text
from detectors.catalogue.dns_tunnel import DETECTOR
from tests.detectors.conftest import Traffic

RESOLVER = "10.0.0.53"


def _ask(traffic: Traffic, second: float, client: str, query: str, qtype: str = "A", **columns: object) -> None:
    told = {"service": "dns", "has_query": True, "has_response": True, "rcode": 0, "answers": ["203.0.113.5"]}
    traffic.record("dns", second, client, RESOLVER, query=query, qtype_name=qtype, **(told | columns))


def iodine(traffic: Traffic, chance: random.Random, *, names: int, step: float, client: str = "10.0.0.66") -> None:
    """Ask as iodine does: upstream data in base 32 below the zone, NULL questions, labels of 60 characters."""
    for n in range(names):
        data = base64.b32encode(chance.randbytes(60)).decode().lower().rstrip("=")
        _ask(traffic, n * step, client, f"{data[:60]}.{data[60:]}.t.pirate-zone.com", "NULL", answers=["<unknown>"])


def dnscat(traffic: Traffic, chance: random.Random, *, names: int, step: float, zone: str = "evil-zone.com") -> None:
    """Ask as dnscat2 does: hexadecimal labels, TXT, MX and CNAME questions by turns."""
    for n in range(names):
        query = f"{chance.randbytes(24).hex()}.{zone}"
        _ask(traffic, n * step, "10.0.0.66", query, ("TXT", "MX", "CNAME")[n % 3], answers=[chance.randbytes(16).hex()])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_iodine_and_dnscat_are_high(traffic: Traffic, seed: int) -> None:
    """Encoders of both kinds are found with their zone as indicator and the bytes they carried."""
    chance = random.Random(seed)
    iodine(traffic, chance, names=150, step=2)
    dnscat(traffic, chance, names=150, step=2)
    found = {row["indicators"][0]: row for row in traffic.run(DETECTOR)}
    assert set(found) == {"domain:pirate-zone.com", "domain:evil-zone.com"}
    assert {row["severity"] for row in found.values()} == {"high"}
    assert found["domain:pirate-zone.com"]["lost_bytes"] > 4000
    assert {ip_text(row["actor_ip"]) for row in found.values()} == {"10.0.0.66"}


@pytest.mark.parametrize(("rate", "alerts"), [(0.8, 1), (0.5, 0)])
def test_information_of_an_hour(traffic: Traffic, rate: float, alerts: int) -> None:
    """A tunnel of plain A questions is found at 0.7 B/s sustained for an hour and above, half of it is silent."""
    chance = random.Random(7)
    carried, second = 0.0, 0.0
    while second < 7200:
        name = base64.b32encode(chance.randbytes(13)).decode().lower().rstrip("=")
        carried += 12.0
        _ask(traffic, second, "10.0.0.66", f"{name}.slow-zone.com")
        second += 11.0 / rate
    found = traffic.run(DETECTOR, {"min_names": 100000})
    assert len([row for row in found if row["severity"] == "medium"]) == alerts


def test_sentence_has_the_numbers(traffic: Traffic) -> None:
    """The evidence says how many names, how long, how much and since when, in both languages."""
    dnscat(traffic, random.Random(1), names=300, step=10)
    (alert,) = traffic.run(DETECTOR)
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert "300" in text
        assert "48" in text
        assert "2026-03-02 08:00:00" in text
    assert "many names in a day" in alert["evidence_en"]
    assert "一天内名称多" in alert["evidence_zh"]


def test_tunnel_without_a_zone(traffic: Traffic) -> None:
    """A client that speaks to its server directly puts the data into the last labels; it is one tunnel all the same."""
    chance = random.Random(2)
    for n in range(200):
        _ask(traffic, n * 5, "10.0.0.66", f"dnscat.{chance.randbytes(24).hex()}", "TXT")
    (alert,) = traffic.run(DETECTOR)
    assert "dnscat.*" in alert["title_en"]


def test_slow_tunnel_of_a_month(traffic: Traffic) -> None:
    """Two kilobytes and a half a day for 30 days to a domain that one host asks for is found by its sum."""
    chance = random.Random(3)
    for day in range(30):
        for n in range(90):
            name = base64.b32encode(chance.randbytes(30)).decode().lower().rstrip("=")
            _ask(traffic, 86400 * day + 950 * n, "10.0.0.66", f"{name}.drip-zone.com")
    (alert,) = traffic.run(DETECTOR)
    assert "much information over weeks" in alert["evidence_en"]
    assert alert["severity"] == "medium"


def cdn(traffic: Traffic, chance: random.Random) -> None:
    """Ask for machine-made names of a content network and contact them."""
    for n in range(150):
        name = f"r{n}---sn-{chance.randbytes(14).hex()}.video-cdn.com"
        _ask(traffic, n * 20, "10.0.0.7", name)
        traffic.record("tls", n * 20 + 1, "10.0.0.7", "203.0.113.9", server_name=name)


def blocklists(traffic: Traffic, chance: random.Random) -> None:
    """Look reversed addresses up, as mail servers do, in a zone that is listed and in one that is not."""
    for n in range(300):
        reverse = ".".join(str(chance.randrange(256)) for _ in range(4))
        _ask(traffic, n * 10, "10.0.0.25", f"{reverse}.zen.spamhaus.org", rcode=3)
        _ask(traffic, n * 10, "10.0.0.25", f"{reverse}.list.unheard-of.org", rcode=3)


def reverse_names(traffic: Traffic, chance: random.Random) -> None:
    """Ask for the names of addresses."""
    for n in range(300):
        octets = ".".join(str(chance.randrange(256)) for _ in range(4))
        _ask(traffic, n, "10.0.0.26", f"{octets}.in-addr.arpa", "PTR")
        _ask(traffic, n, "10.0.0.26", ".".join(chance.randbytes(16).hex()) + ".ip6.arpa", "PTR")


def antivirus(traffic: Traffic, chance: random.Random) -> None:
    """Look file hashes up: in the zone of a product, and in an unknown one that answers as lists do."""
    for n in range(200):
        _ask(traffic, n * 20, "10.0.0.8", f"{chance.randbytes(20).hex()}.avqs.mcafee.com", answers=["127.0.0.128"])
        _ask(traffic, n * 20, "10.0.0.8", f"{chance.randbytes(20).hex()}.avlist.example", answers=["127.0.0.4"])


def telemetry(traffic: Traffic, chance: random.Random) -> None:
    """Let a third of thirty hosts put hashes into names of the same vendor."""
    for host in range(30):
        traffic.add(0, f"10.0.1.{host + 1}", "203.0.113.80", 443)
        for n in range(120 if host % 3 == 0 else 0):
            _ask(traffic, n * 30, f"10.0.1.{host + 1}", f"{chance.randbytes(20).hex()}.metrics-vendor.com")


def multicast(traffic: Traffic, chance: random.Random) -> None:
    """Announce long names on the local link."""
    for n in range(300):
        _ask(traffic, n, "10.0.0.9", f"{chance.randbytes(20).hex()}._tcp.local", service="mdns")


def cloud(traffic: Traffic, chance: random.Random) -> None:
    """Ask for names of load balancers and machines of a cloud again and again."""
    names = [
        f"ip-{chance.randrange(256)}-internal-api-{chance.randbytes(8).hex()}.service-cloud.com" for _ in range(40)
    ]
    for n in range(2000):
        _ask(traffic, n, "10.0.0.11", names[n % 40])


def mail_keys(traffic: Traffic, chance: random.Random) -> None:
    """Fetch keys of mail senders: large TXT answers."""
    for n in range(200):
        selector = chance.randbytes(16).hex()
        _ask(traffic, n * 9, "10.0.0.25", f"{selector}._domainkey.mailing-list.com", "TXT", answers=["k" * 800])


LOOKALIKES = [cdn, blocklists, reverse_names, antivirus, telemetry, multicast, cloud, mail_keys]


@pytest.mark.parametrize("nuisance", LOOKALIKES, ids=lambda nuisance: nuisance.__name__)
def test_lookalikes_are_at_most_informational(
    traffic: Traffic, nuisance: Callable[[Traffic, random.Random], None]
) -> None:
    """What machines ask for without tunnelling raises nothing above informational."""
    nuisance(traffic, random.Random(5))
    assert [row for row in traffic.run(DETECTOR) if row["severity"] != "info"] == []


def test_false_alarms_on_ordinary_names(traffic: Traffic) -> None:
    """Of 500 pairs of client and domain with up to 60 ordinary names each fewer than 0.4 % are alerts."""
    chance = random.Random(11)
    words = [
        "mail",
        "www",
        "api",
        "static",
        "img",
        "login",
        "shop",
        "news",
        "video",
        "files",
        "docs",
        "cdn",
        "edge",
        "auth",
        "eu",
        "us",
        "west",
        "east",
        "prod",
        "test",
    ]
    for pair in range(500):
        for n in range(chance.randrange(1, 60)):
            name = "-".join(chance.choice(words) for _ in range(chance.randrange(1, 4)))
            _ask(traffic, pair + n * 40, f"10.0.2.{pair % 200 + 1}", f"{name}{chance.randrange(100)}.site{pair}.com")
    assert len(traffic.run(DETECTOR)) < 0.004 * 500


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same records give the same alerts in any order, twice, or cut into buckets."""
    dnscat(traffic, random.Random(1), names=120, step=5)
    iodine(traffic, random.Random(2), names=40, step=5, client="10.0.0.67")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
    assert traffic.twice().run(DETECTOR) == expected


def test_resolver_is_only_noted(traffic: Traffic) -> None:
    """What a resolver asks is its clients' doing: noted, because its clients are judged themselves."""
    dnscat(traffic, random.Random(1), names=120, step=5)
    traffic.role("10.0.0.66", "resolver")
    assert [row["severity"] for row in traffic.run(DETECTOR)] == ["info"]


def test_nothing_asked(traffic: Traffic) -> None:
    """Without any record there is no alert."""
    assert traffic.run(DETECTOR) == []


def test_encoders_are_reproducible() -> None:
    """The same seed gives the same questions."""
    digests = set()
    for _ in range(2):
        traffic = Traffic()
        iodine(traffic, random.Random(4), names=20, step=1)
        digests.add(hashlib.sha256(repr(traffic.records).encode()).hexdigest())
    assert len(digests) == 1
