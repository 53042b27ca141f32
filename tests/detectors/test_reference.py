"""What detectors ask of reference data: networks, well-known names and addresses, and caution when it is old."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from detectors import registry
from detectors.addresses import ip_bytes
from detectors.derive import POLICY, REF_ASN, REF_BENIGN, REFERENCE_AGE
from detectors.engine import arrow_source, config_hash, run_all
from detectors.reference import STALE, Benign, Networks, caution
from detectors.scoring import WEIGHTS
from store.reference import ages, benign, networks
from tests.detectors.conftest import Traffic


def ages_of(**states: str) -> pa.Table:
    """Return REFERENCE_AGE with these states."""
    return pa.Table.from_pylist([{"kind": k, "source": "x", "state": s} for k, s in states.items()], REFERENCE_AGE)


def test_the_schemas_are_those_of_the_store() -> None:
    """What the store gives is what detectors are told they get."""
    assert (networks.REF_ASN, benign.REF_BENIGN, ages.REFERENCE_AGE) == (REF_ASN, REF_BENIGN, REFERENCE_AGE)
    assert {"ref_asn", "ref_benign", "reference_age"} <= set(POLICY)


def test_networks_by_address() -> None:
    """Inside a range its AS and country, outside nothing."""
    row = {"ip_lo": ip_bytes("198.51.100.0"), "ip_hi": ip_bytes("198.51.100.255"), "asn": 64500, "country": "CN"}
    found = Networks(pa.Table.from_pylist([row], REF_ASN))
    assert found.of(ip_bytes("198.51.100.9")) == (64500, "CN")
    assert found.of(ip_bytes("198.51.101.0")) == found.of(ip_bytes("1.1.1.1")) == found.of(None) == (None, None)
    assert Networks(REF_ASN.empty_table()).of(ip_bytes("1.1.1.1")) == (None, None)


def test_benign_by_suffix_and_range() -> None:
    """Whole labels only; classes behind which anybody may be do not count unless asked for."""
    rows: list[dict[str, Any]] = [
        {"kind": "name", "value": "example.com", "list": "top", "class": "popular"},
        {"kind": "range", "value": "x", "ip_lo": ip_bytes("1.0.0.0"), "ip_hi": ip_bytes("1.0.0.9"), "list": "c"}
        | {"class": "cdn"},
    ]
    table = pa.Table.from_pylist(rows, REF_BENIGN)
    assert Benign(table).name("WWW.example.com.") == "top"
    assert Benign(table).name("notexample.com") is Benign(table).name(None) is None
    assert Benign(table).address(ip_bytes("1.0.0.5")) is None
    assert Benign(table, ("cdn",)).address(ip_bytes("1.0.0.5")) == "c"
    assert Benign(table, ("cdn",)).name("example.com") is None


def test_old_or_missing_data_is_a_reason_for_caution() -> None:
    """Fresh data of all kinds asked for is none; the weight lowers confidence."""
    assert caution(ages_of(asn="fresh", warning="fresh"), "asn", "warning") == ()
    assert caution(ages_of(asn="stale", warning="fresh"), "asn", "warning") == (STALE,)
    assert caution(ages_of(warning="fresh"), "asn") == (STALE,)
    assert WEIGHTS[STALE].logit < 0


def test_the_data_in_use_is_part_of_the_configuration(traffic: Traffic) -> None:
    """Another file is another configuration; without any, hashes are what they were."""
    detector = registry()["scan_horizontal"]
    policy = {name: form.empty_table() for name, form in POLICY.items()}
    params = {name: param.default for name, param in detector.params.items()}
    bare = config_hash(detector, params, policy, {})
    assert config_hash(detector, params, policy | {"reference_age": ages_of(asn="fresh")}, {}) != bare
    alerts, _ = run_all(arrow_source(traffic.tables()), traffic.policy(), detectors=[detector])
    assert alerts.num_rows == 0
