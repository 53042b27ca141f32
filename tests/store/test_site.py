"""The site policy: defaults, mistakes told together with their lines, inference from the wire, tables."""

from __future__ import annotations

import contextlib
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from store import schema
from store.errors import TaishiError
from store.home import Home, default_home
from store.site import Basis, RoleName, SitePolicy, infer_home, load_site
from tests.store.rows import batch, ip

GOOD = """
[[home_networks]]
cidr = "203.0.113.0/24"
why = "our public range"

[[zones]]
name = "control"
networks = ["10.1.0.0/16", "2001:db8::/32"]
why = "dispatch"
expires = 2026-06-30

[[known_masters]]
station = "10.1.2.0/24"
masters = ["10.1.0.5", "10.1.0.6"]
why = "SCADA front ends"
owner = "dispatch centre"

[[roles]]
address = "10.0.0.9"
roles = ["scanner", "monitor"]
why = "weekly scan"
owner = "security office"
"""

BAD = """\
homenet = 1

[[roles]]
address = "10.0.0.300"
roles = ["scaner"]
why = 7
owner = "x"

[[zones]]
nam = "a"
networks = []
why = "w"
expires = "soon"

[[known_masters]]
station = "10.0.0.1/8"
masters = 5
why = "w"
"""


def _site(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_absent_file_is_the_default_policy(tmp_path: Path) -> None:
    """Without a file the private ranges are home, each with its reason in both languages."""
    policy = load_site(tmp_path / "site.toml")
    assert policy == SitePolicy()
    assert policy.is_home("10.1.2.3")
    assert policy.is_home("fe80::1")
    assert not policy.is_home("8.8.8.8")
    assert all(n.why.en and n.why.zh for n in policy.home)
    assert not policy.is_home_declared


def test_good_file(tmp_path: Path) -> None:
    """A complete file becomes the policy and its four tables."""
    policy = load_site(_site(tmp_path, GOOD))
    assert [str(n.network) for n in policy.home] == ["203.0.113.0/24"]
    assert policy.home[0].why.en == "site policy: our public range"
    assert policy.masters_table().num_rows == 2
    assert policy.roles_table().to_pylist() == [
        {"ip_lo": ip("10.0.0.9"), "ip_hi": ip("10.0.0.9"), "role": "scanner"},
        {"ip_lo": ip("10.0.0.9"), "ip_hi": ip("10.0.0.9"), "role": "monitor"},
    ]
    assert policy.zones_table()["prefix_len"].to_pylist() == [112, 32]
    assert policy.networks_table()["ip_hi"].to_pylist() == [ip("203.0.113.255")]
    assert policy.masters_table().schema.names == ["station_lo", "station_hi", "master_lo", "master_hi"]


def test_entries_end(tmp_path: Path) -> None:
    """An entry counts through the day it expires, judged by the data's date."""
    policy = load_site(_site(tmp_path, GOOD))
    assert policy.in_force(date(2026, 6, 30)).zones
    assert not policy.in_force(date(2026, 7, 1)).zones
    assert policy.in_force(date(2026, 7, 1)).roles


def test_all_mistakes_at_once(tmp_path: Path) -> None:
    """Unknown keys, wrong types, bad networks and missing keys come together, each with its line."""
    path = _site(tmp_path, BAD)
    with pytest.raises(TaishiError) as caught:
        load_site(path)
    told = caught.value.diagnostics()
    for line, what in (
        (1, "unknown key 'homenet'; allowed: home_networks"),
        (4, "'10.0.0.300' is no network"),
        (5, "unknown role 'scaner'; allowed: scanner, .*did you mean 'scanner'"),
        (6, "why is an integer; allowed: a string"),
        (10, "unknown key 'nam'; allowed: .*did you mean 'name'"),
        (9, "key 'name' is missing"),
        (15, "key 'owner' is missing"),
    ):
        assert caught.match(f"site.toml:{line}: {what}"), told
    assert "7 mistake(s)" in told


def test_mistakes_inside_complete_entries(tmp_path: Path) -> None:
    """Types and host bits are checked where no key is missing."""
    zone = '[[zones]]\nname = "z"\nnetworks = []\nwhy = "w"\nexpires = "soon"\n'
    text = zone + '[[home_networks]]\ncidr="10.0.0.1/8"\nwhy=""\n'
    with pytest.raises(TaishiError) as caught:
        load_site(_site(tmp_path, text))
    assert caught.match("site.toml:3: networks is an array")
    assert caught.match("site.toml:5: expires is a string; allowed: a date")
    assert caught.match("site.toml:7: '10.0.0.1/8' is no network .*host bits")
    for wrong in ("zones = 1\n", "[zones]\nname='x'\n", 'roles = ["x"]\n'):
        with pytest.raises(TaishiError, match="allowed: a"):
            load_site(_site(tmp_path, wrong))


def test_no_toml_and_no_text(tmp_path: Path) -> None:
    """A syntax error names its line; bytes that are no UTF-8 are told as such."""
    with pytest.raises(TaishiError, match=r"site.toml:2: not TOML"):
        load_site(_site(tmp_path, "a = 1\nb = = 2\n"))
    (tmp_path / "site.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(TaishiError, match="UTF-8"):
        load_site(tmp_path / "site.toml")


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_a_policy_or_an_error(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """No text ends in another exception."""
    path = tmp_path_factory.mktemp("any") / "site.toml"
    path.write_text(text, encoding="utf-8", newline="")
    with contextlib.suppress(TaishiError):
        assert load_site(path).home


def _arp(*rows: tuple[str, int]) -> pa.Table:
    cells = [{"arp_op": 1, "sender_ip": ip(a), "sender_mac": m.to_bytes(6), "ts": 0} for a, m in rows]
    return pa.Table.from_batches([batch(schema.table("arp"), cells)])


def _dhcp(*rows: tuple[str, int, int]) -> pa.Table:
    cells = [
        {"msg_type": t, "assigned_ip": ip(a), "subnet_mask": m, "server_ip": ip("131.202.240.1"), "ts": 0}
        for a, m, t in rows
    ]
    return pa.Table.from_batches([batch(schema.table("dhcp"), cells)])


def test_arp_speakers_make_home() -> None:
    """Public addresses that spoke ARP make their /24 home, with the reason; probes and covered ones add nothing."""
    arp = _arp(("131.202.240.5", 1), ("131.202.240.6", 2), ("0.0.0.0", 3), ("10.9.9.9", 4))
    policy = infer_home(SitePolicy(), arp, _dhcp())
    added = [n for n in policy.home if n.basis is not Basis.DEFAULT]
    assert [str(n.network) for n in added] == ["131.202.240.0/24"]
    assert added[0].why == ("ARP: 2 address(es) spoke on the wire", "ARP：有 2 个地址在链路上发言")


def test_dhcp_mask_wins_over_the_guess() -> None:
    """A confirmed lease gives the true mask; offers and broken masks count for nothing."""
    dhcp = _dhcp(("131.202.241.7", 0xFFFFFE00, 5), ("9.9.9.9", 0xFFFFFF00, 2), ("8.8.8.8", 0xFF00FF00, 5))
    policy = infer_home(SitePolicy(), _arp(("131.202.240.5", 1)), dhcp)
    added = [n for n in policy.home if n.basis is not Basis.DEFAULT]
    assert [(str(n.network), n.basis) for n in added] == [("131.202.240.0/23", Basis.DHCP)]
    assert "131.202.240.1" in added[0].why.zh


def test_proxy_arp_and_declared_home_add_nothing() -> None:
    """A router that answers for strangers is no proof; what people declared stands alone."""
    proxy = _arp(*((f"198.51.{n}.1", 9) for n in range(6)))
    assert infer_home(SitePolicy(), proxy, _dhcp()) == SitePolicy()
    declared = SitePolicy().with_home(["192.0.2.0/24"])
    assert infer_home(declared, _arp(("131.202.240.5", 1)), _dhcp()) is declared
    with pytest.raises(ValueError, match="host bits"):
        SitePolicy().with_home(["192.0.2.1/24"])


def test_arp_flood_is_bounded() -> None:
    """A forged flood of senders does not make the world home."""
    flood = _arp(*((f"{40 + n % 100}.{n % 250}.1.1", n) for n in range(2000)))
    assert len(infer_home(SitePolicy(), flood, _dhcp()).home) <= len(SitePolicy().home) + 64


def test_home_layout(tmp_path: Path) -> None:
    """A home is made private and found again; an absent one is told with exit code 3."""
    home = Home.open(tmp_path / "h")
    assert home.path.stat().st_mode & 0o777 == 0o700
    assert home.lake.is_dir()
    assert Home.open(tmp_path / "h", create=False) == home
    with pytest.raises(TaishiError) as caught:
        Home.open(tmp_path / "none", create=False)
    assert caught.value.exit_code == 3
    (tmp_path / "file").write_text("x")
    with pytest.raises(TaishiError, match="cannot be made a home"):
        Home.open(tmp_path / "file")
    assert default_home().name == "taishi"
    assert RoleName("scanner") is RoleName.SCANNER
