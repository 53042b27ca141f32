"""dga: generated names are found, with and without the one that resolves; names of people and machines are not."""

from __future__ import annotations

import random

import pytest

from detectors.catalogue._lexical import label_of, lexical
from detectors.catalogue.dga import DETECTOR
from detectors.models import load_model
from tests.detectors.conftest import Traffic
from tools.dga_families import RANDOM, names

CLIENT = "10.0.0.66"


def _ask(traffic: Traffic, second: float, query: str, *, exists: bool, client: str = CLIENT) -> None:
    told = {"rcode": 0, "answers": ["203.0.113.5"]} if exists else {"rcode": 3, "answers": []}
    traffic.record(
        "dns", second, client, "10.0.0.53", query=query, service="dns", has_query=True, has_response=True, **told
    )


def _infected(traffic: Traffic, family: str, *, contact: bool, count: int = 40) -> None:
    made = names(family, count, 77)
    for n, name in enumerate(made):
        _ask(traffic, n * 20, name, exists=contact and n >= count - 3)


@pytest.mark.parametrize("family", ["conficker", "cryptolocker", "qakbot", "ramnit", "gameover"])
@pytest.mark.parametrize(("contact", "severity"), [(True, "high"), (False, "medium")])
def test_families(traffic: Traffic, family: str, severity: str, *, contact: bool) -> None:
    """A machine that goes through the names of a family is medium, high once one of them resolves."""
    _infected(traffic, family, contact=contact)
    (alert,) = traffic.run(DETECTOR)
    assert alert["severity"] == severity
    assert alert["attack"] == ["T1568.002"]


def test_sentence_has_the_numbers(traffic: Traffic) -> None:
    """The evidence says how many names did not exist, how many look generated, and which did resolve."""
    _infected(traffic, "cryptolocker", contact=True)
    (alert,) = traffic.run(DETECTOR)
    (indicator,) = alert["indicators"]
    assert indicator.removeprefix("domain:") in names("cryptolocker", 40, 77)[-3:]
    for text in (alert["evidence_en"], alert["evidence_zh"]):
        assert "37" in text
        assert indicator.removeprefix("domain:") in text


def test_words_are_only_noted(traffic: Traffic) -> None:
    """Joined words look like names; the burst of missing domains alone is informational."""
    _infected(traffic, "suppobox", contact=False)
    assert [row["severity"] for row in traffic.run(DETECTOR)] == ["info"]


def test_search_suffix_is_one_domain(traffic: Traffic) -> None:
    """Names that the resolver completes by the site's suffix do not exist, but they are one registered domain."""
    for n, name in enumerate(names("qakbot", 60, 1)):
        _ask(traffic, n * 5, f"{name}.corp.example.com", exists=False)
    assert traffic.run(DETECTOR) == []


def test_single_labels_are_ignored(traffic: Traffic) -> None:
    """Browsers probe for captive portals with single random labels."""
    chance = random.Random(1)
    for n in range(60):
        _ask(traffic, n, "".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(12)), exists=False)
    assert traffic.run(DETECTOR) == []


def test_machine_zones_are_ignored(traffic: Traffic) -> None:
    """Names below zones of content networks are letters by chance, and they exist."""
    chance = random.Random(2)
    for n in range(60):
        _ask(traffic, n, f"d{chance.randbytes(7).hex()}.akamaihd.net", exists=True)
    assert traffic.run(DETECTOR) == []


def test_browsing_with_typing_errors(traffic: Traffic) -> None:
    """Three hundred ordinary names of which eight do not exist are nothing."""
    for n, name in enumerate(names("suppobox", 300, 3)):
        _ask(traffic, n * 60, name, exists=n % 37 != 0)
    assert traffic.run(DETECTOR) == []


def test_mail_server_with_spam_is_informational(traffic: Traffic) -> None:
    """Sender domains of spam that do not exist are words; a burst of them is noted."""
    for n, name in enumerate(names("matsnu", 200, 3)):
        _ask(traffic, n * 30, name, exists=n % 3 != 0, client="10.0.0.25")
    assert {row["severity"] for row in traffic.run(DETECTOR)} <= {"info"}


def test_order_duplicates_and_buckets_change_nothing(traffic: Traffic) -> None:
    """The same records give the same alerts in any order, twice, or cut into buckets."""
    _infected(traffic, "tinba", contact=True)
    for n, name in enumerate(names("necurs", 40, 5)):
        _ask(traffic, n * 7, name, exists=False, client="10.0.0.67")
    expected = traffic.run(DETECTOR)
    assert len(expected) == 2
    assert traffic.shuffled().run(DETECTOR) == expected
    assert traffic.run(DETECTOR, buckets=3) == expected
    assert traffic.twice().run(DETECTOR) == expected


def test_nothing_asked(traffic: Traffic) -> None:
    """Without any record there is no alert."""
    assert traffic.run(DETECTOR) == []


def test_the_shipped_model_knows_families_from_popular_names() -> None:
    """The model on record gives most random-letter names 0.95 and more, and ordinary names less."""
    model = lexical(load_model("dga"))
    made = [label for f in ("qakbot", "gameover", "ramnit") for n in names(f, 200, 9) if (label := label_of(n))]
    assert sum(p >= 0.95 for p in model.probability(made)) > 0.7 * len(made)
    plain = [
        "wikipedia",
        "stackoverflow",
        "nytimes",
        "washingtonpost",
        "cloudflare",
        "salesforce",
        "mercedes-benz",
        "instagram",
    ]
    assert max(model.probability(plain)) < 0.95


def test_families_are_reproducible() -> None:
    """A seed decides the names of every family, and there are fifteen families or more."""
    assert len(RANDOM) >= 15
    assert all(names(family, 20, 1) == names(family, 20, 1) for family in RANDOM)
