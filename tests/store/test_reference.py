"""Reference data: imported files are checked, copied and found again; what is bad or absent never breaks a look-up."""

from __future__ import annotations

import gzip
import ipaddress
import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from store import domains
from store.errors import TaishiError
from store.home import Home
from store.reference import ages, benign, networks, suffixes, vendors
from store.reference.ages import AgeState
from store.reference.files import Kind, imported, is_intact
from store.reference.intake import take_in

IP2ASN = (
    "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDFLARENET\n"
    "1.0.1.0\t1.0.3.255\t0\tNone\tNot routed\n"
    "198.51.100.0\t198.51.100.255\t64500\tCN\tEXAMPLE\n"
    "2001:db8::\t2001:db8::ffff\t64501\tNone\tSIX\n"
)
WANTED = [
    {"list": "tranco10k", "class": "popular", "use": "accept"},
    {"list": "cloudflare", "class": "cdn", "use": "accept"},
    {"list": "dynamic-dns", "class": "none", "use": "refuse"},
]


def packed(text: str) -> bytes:
    """Return an address as stored."""
    address = ipaddress.ip_address(text)
    return address.packed if address.version == 6 else bytes(10) + b"\xff\xff" + address.packed


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the reference folder of a home that has none yet."""
    return tmp_path / "reference"


@pytest.fixture
def own_list() -> Iterator[None]:
    """Give the process its own list of suffixes back."""
    yield
    suffixes.choose(Path("/nowhere"))


def written(path: Path, text: str) -> Path:
    """Return a file with this text."""
    path.write_text(text, encoding="utf-8")
    return path


def test_networks_of_a_table_of_ranges(folder: Path, tmp_path: Path) -> None:
    """Only ranges that hold an address asked for come back; unrouted space and unknown addresses give nothing."""
    one = take_in(folder, Kind.ASN, written(tmp_path / "ip2asn.tsv", IP2ASN))
    assert (one.items, one.source, is_intact(folder, one)) == (3, "ip2asn.tsv", True)
    asked = [packed(a) for a in ("1.0.0.7", "1.0.0.8", "1.0.2.2", "2001:db8::5", "9.9.9.9")]
    rows = networks.networks_of(folder, asked).to_pylist()
    assert [(row["asn"], row["country"]) for row in rows] == [(13335, "US"), (64501, None)]
    assert networks.asn_by_address(folder, asked) == {asked[0]: 13335, asked[1]: 13335, asked[3]: 64501}


def test_a_country_file_stands_before_the_countries_of_the_other(folder: Path, tmp_path: Path) -> None:
    """Two files are joined; a range is no larger than either says."""
    with gzip.open(tmp_path / "asn.tsv.gz", "wt") as file:
        file.write(IP2ASN)
    take_in(folder, Kind.ASN, tmp_path / "asn.tsv.gz")
    take_in(folder, Kind.COUNTRY, written(tmp_path / "c.csv", "start,end,country\n198.51.100.0,198.51.100.127,DE\n"))
    asked = [packed("198.51.100.3"), packed("198.51.100.200"), packed("1.0.0.1")]
    found = {(row["asn"], row["country"]) for row in networks.networks_of(folder, asked).to_pylist()}
    assert found == {(64500, "DE"), (64500, "CN"), (13335, "US")}
    (german,) = [r for r in networks.networks_of(folder, asked).to_pylist() if r["country"] == "DE"]
    assert german["ip_hi"] == packed("198.51.100.127")


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (Kind.ASN, "", "no range"),
        (Kind.ASN, "1.0.0.0,1.0.0.255,13335\nrubbish,line,here\n", "line 2"),
        (Kind.ASN, "1.0.0.0,1.0.0.255,DE\n", "no AS number"),
        (Kind.COUNTRY, "1.0.0.0,1.0.0.255,13335\n", "no country"),
        (Kind.MAC, "nothing of the kind\n", "no assignment"),
        (Kind.SUFFIX, "com\norg\n", "no line"),
        (Kind.WARNING, "{}", "no list"),
        (Kind.WARNING, "{", "not readable"),
    ],
)
def test_a_bad_file_is_refused_and_nothing_is_kept(
    folder: Path, tmp_path: Path, kind: Kind, text: str, said: str
) -> None:
    """The message says what is allowed, in both languages, and what was there stays."""
    with pytest.raises(TaishiError, match=f"{said}.*allowed: ") as raised:
        take_in(folder, kind, written(tmp_path / "bad.txt", text))
    assert "可用：" in raised.value.text().zh
    assert imported(folder, kind) is None
    assert not folder.exists() or list(folder.iterdir()) == []


def test_makers_of_cards(folder: Path, tmp_path: Path) -> None:
    """The package knows many, an import stands before it, and self-given addresses have no maker."""
    assert "VMware" in str(vendors.vendor_of(bytes.fromhex("000c29123456")))
    for nobody in ("020000000001", "ffffffffffff", "0c29"):
        assert vendors.vendor_of(bytes.fromhex(nobody)) is None
    table = "Registry,Assignment,Organization Name,Organization Address\nMA-L,000C29,New Owner,Somewhere\n"
    table += 'MA-M,0055DA0,"Narrow, Inc.",Somewhere\n'
    take_in(folder, Kind.MAC, written(tmp_path / "oui.csv", table))
    assert vendors.vendor_of(bytes.fromhex("000c29123456"), folder) == "New Owner"
    assert vendors.vendor_of(bytes.fromhex("0055da012345"), folder) == "Narrow, Inc."
    assert "Raspberry" in str(vendors.vendor_of(bytes.fromhex("b827eb112233"), folder))


SUFFIXES = "// VERSION: {day}_00-00-00_UTC\n// ===BEGIN ICANN DOMAINS===\ncom\nlab.example\n"


def test_a_newer_list_of_suffixes_takes_over(tmp_path: Path, own_list: None) -> None:
    """Opening the home is enough; an older list than the package's is kept but not used."""
    home = Home.open(tmp_path / "home")
    assert domains.registered_domain("a.b.lab.example") == "lab.example"
    take_in(home.reference, Kind.SUFFIX, written(tmp_path / "new.dat", SUFFIXES.format(day="2099-01-01")))
    Home.open(tmp_path / "home")
    assert domains.registered_domain("a.b.lab.example") == "b.lab.example"
    assert domains.subdomain("a.b.lab.example") == "a"
    take_in(home.reference, Kind.SUFFIX, written(tmp_path / "old.dat", SUFFIXES.format(day="2001-01-01")))
    assert domains.registered_domain("a.b.lab.example") == "lab.example"
    Home.open(tmp_path / "other")
    assert domains.registered_domain("a.b.lab.example") == "lab.example"


def test_only_entries_that_concern_the_case_are_taken(folder: Path) -> None:
    """Names by suffix, addresses by range; what anybody may register is never benign."""
    names = ["www.baidu.com", "home.duckdns.org", "x.github.io", "unheard-of.example"]
    rows = benign.benign_of(folder, WANTED, [packed("104.16.1.1"), packed("192.0.2.1")], names).to_pylist()
    assert {(r["kind"], r["value"], r["class"]) for r in rows} == {
        ("name", "baidu.com", "popular"),
        ("range", "104.16.0.0/13", "cdn"),
    }
    assert benign.benign_of(folder, WANTED, [], []).num_rows == 0


def test_lists_can_be_imported(folder: Path, tmp_path: Path) -> None:
    """A single list is the site's own; a repository replaces the lists of the same name."""
    held = {"name": "Our partners", "type": "hostname", "version": 20270101, "list": ["partner.example"]}
    take_in(folder, Kind.WARNING, written(tmp_path / "list.json", json.dumps(held)))
    (row,) = benign.benign_of(folder, WANTED, [], ["mail.partner.example"]).to_pylist()
    assert (row["value"], row["list"], row["class"]) == ("partner.example", "our-partners", "site")
    with zipfile.ZipFile(tmp_path / "repo.zip", "w") as archive:
        tranco = {"name": "T", "type": "hostname", "version": 20260101, "list": ["fresh.example"]}
        archive.writestr("misp-warninglists-main/lists/tranco10k/list.json", json.dumps(tranco))
    one = take_in(folder, Kind.WARNING, tmp_path / "repo.zip")
    assert one.dated == "2026-01-01"
    rows = benign.benign_of(folder, WANTED, [], ["a.fresh.example", "www.baidu.com"]).to_pylist()
    assert [row["value"] for row in rows] == ["fresh.example"]


def test_ages_are_told_against_a_day(folder: Path, tmp_path: Path) -> None:
    """Packages state their day, imports theirs; from a number of days on data is old, and none is missing."""
    found = {one.kind: one for one in ages.ages(folder, date(2026, 12, 1), ["tranco10k"])}
    assert found[Kind.ASN].state is found[Kind.COUNTRY].state is AgeState.MISSING
    assert found[Kind.MAC].dated is not None
    assert found[Kind.MAC].state is AgeState.STALE
    assert found[Kind.SUFFIX].source.startswith("publicsuffixlist ")
    assert {one.state for one in ages.ages(folder, date(2001, 1, 1), ["tranco10k"]) if one.source} == {AgeState.FRESH}
    take_in(folder, Kind.ASN, written(tmp_path / "a.tsv", IP2ASN))
    (asn,) = [one for one in ages.ages(folder, date(2099, 1, 1), []) if one.kind is Kind.ASN]
    assert (asn.source, asn.state) == ("a.tsv", AgeState.STALE)
    table = ages.age_table(ages.ages(folder, date(2099, 1, 1), []))
    assert table.schema == ages.REFERENCE_AGE
    assert all(limit.why.zh and 30 <= limit.days <= 3650 for limit in ages.STALE.values())


def test_damage_is_told_and_breaks_nothing(folder: Path, tmp_path: Path) -> None:
    """A copy that changed is named by status; look-ups go on with what can be read."""
    one = take_in(folder, Kind.ASN, written(tmp_path / "a.tsv", IP2ASN))
    (folder / one.file).write_text("changed", encoding="utf-8")
    (asn,) = [age for age in ages.ages(folder, date(2026, 1, 1), [], deep=True) if age.kind is Kind.ASN]
    assert asn.state is AgeState.DAMAGED
    for index in folder.glob("*.ranges"):
        index.write_bytes(b"no parquet")
    assert networks.networks_of(folder, [packed("1.0.0.7")]).num_rows == 0
    (folder / "asn.json").write_text("{", encoding="utf-8")
    assert imported(folder, Kind.ASN) is None
