"""``taishi doctor``, ``key`` and ``audit``: sound homes pass, each kind of damage is named and sets the exit code."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from reporting.health.installation import NEEDED_PYTHON, PACKAGES
from reporting.width import MAX_COLUMNS, cells
from reporting.words import LANGUAGES

Run = Callable[..., Result]
Over = Callable[[Path], Run]
ROOT = Path(__file__).resolve().parents[3]


def _checks(run: Run, code: int, *options: str) -> dict[str, Any]:
    result = run("doctor", *options, "-o", "json")
    assert result.exit_code == code, result.output
    said = json.loads(result.stdout)
    assert said["is_sound"] is (code == 0)
    return {check["check"]: check for check in said["checks"]}


def test_requirements_are_those_of_the_project() -> None:
    """What doctor looks for is what pyproject.toml asks for."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert sorted(re.split(r"[^\w-]", item)[0] for item in project["dependencies"]) == sorted(PACKAGES)
    assert project["requires-python"] == ">=" + ".".join(str(part) for part in NEEDED_PYTHON)


def test_a_sound_home_passes(taishi: Run) -> None:
    """Every part is there and nothing is broken."""
    checks = _checks(taishi, 0)
    assert [name for name, check in checks.items() if check["status"] == "fail"] == []
    assert set(checks) == {
        *("python", "packages", "core", "tshark", "home", "keys", "disk", "site.toml", "audit"),
        *("lake.segments", "captures", "capture.losses"),
    }
    assert "65,048 frames" in checks["capture.losses"]["found"]["en"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_fits(taishi: Run, lang: str) -> None:
    """In both languages."""
    result = taishi("--lang", lang, "doctor")
    assert result.exit_code == 0
    assert max(cells(line) for line in result.stdout.splitlines()) <= MAX_COLUMNS


def test_an_absent_home_is_no_damage(over: Over, tmp_path: Path) -> None:
    """Before the first scan there is none; doctor makes none."""
    assert _checks(over(tmp_path / "none"), 0)["home"]["status"] == "ok"
    assert not (tmp_path / "none").exists()


def test_open_permissions_are_seen(over: Over, own_home: Path) -> None:
    """A home others can enter is worth a look, a private key they can read is broken."""
    own_home.chmod(0o755)
    assert _checks(over(own_home), 0)["home"]["status"] == "warn"
    assert over(own_home)("key", "init", "--no-passphrase").exit_code == 0
    (key,) = (own_home / "keys").glob("*.pem")
    key.chmod(0o644)
    assert _checks(over(own_home), 1)["keys"]["status"] == "fail"


def test_a_wrong_site_policy_is_told_with_its_line(over: Over, own_home: Path) -> None:
    """As the scan would tell it."""
    (own_home / "site.toml").write_text('[[home_networks]]\ncidr = "10.0.0.0/99"\nwhy = "x"\n', encoding="utf-8")
    check = _checks(over(own_home), 1)["site.toml"]
    assert check["status"] == "fail"
    assert "site.toml:2" in check["found"]["en"]


def test_damaged_segments_are_found(over: Over, own_home: Path) -> None:
    """A cut file, a renamed one and one in the wrong place are each told; exit code 9."""
    files = sorted((own_home / "lake" / "arp").rglob("*.parquet"))
    cut = files[0]
    cut.write_bytes(cut.read_bytes()[:-10])
    moved = min((own_home / "lake" / "dhcp").rglob("*.parquet"))
    moved = moved.rename(moved.with_name("0" * 64 + ".parquet"))
    ftp = min((own_home / "lake" / "ftp").rglob("*.parquet"))
    ftp.rename(moved.with_name(ftp.name))
    told_in = _checks(over(own_home), 9)["lake.segments"]["found"]
    assert all(text in told_in["zh"] for text in ("无法读取", "文件名与写入时不同", "自称表 ftp"))
    found = told_in["en"]
    assert found.startswith("3 of ")
    assert "not readable" in found
    assert "under another name" in found
    assert "says it is table ftp" in found
    told = over(own_home)("alert", "list")
    assert told.exit_code == 1
    assert "taishi doctor" in told.stderr


def test_names_are_checked_without_the_list_of_a_case(over: Over, own_home: Path) -> None:
    """A lake copied without its hidden files is sound; a name that is no hash is not."""
    for hidden in (own_home / "lake").rglob(".adopted"):
        hidden.unlink()
    assert _checks(over(own_home), 0)["lake.segments"]["status"] == "ok"
    file = min((own_home / "lake" / "arp").rglob("*.parquet"))
    file.rename(file.with_name("mine.parquet"))
    assert "under another name" in _checks(over(own_home), 9)["lake.segments"]["found"]["en"]


def test_deep_proves_every_byte(over: Over, own_home: Path) -> None:
    """One turned bit in the rows is found by ``--deep`` only, and the file is named in both languages."""
    run = over(own_home)
    checks = _checks(run, 0, "--deep")
    assert checks["lake.hashes"]["status"] == "ok"
    files = sorted((own_home / "lake").rglob("*.parquet"))
    assert checks["lake.hashes"]["found"]["en"].startswith(f"{len(files)} segments")
    victim = max((own_home / "lake" / "flow").rglob("*.parquet"))
    data = bytearray(victim.read_bytes())
    data[1000] ^= 4
    victim.write_bytes(data)
    assert "lake.hashes" not in _checks(run, 0)
    check = _checks(run, 9, "--deep")["lake.hashes"]
    assert check["status"] == "fail"
    for lang, count in (("en", f"1 of {len(files)} segments"), ("zh", f"{len(files)} 个分段中有 1 个")):
        assert count in check["found"][lang]
        assert hashlib.sha256(data).hexdigest() in check["found"][lang]
        assert str(victim.relative_to(own_home / "lake")) in check["found"][lang]
        assert "--into" in check["advice"][lang]
    for lang in LANGUAGES:
        told = run("--lang", lang, "doctor", "--deep")
        assert told.exit_code == 9
        assert max(cells(line) for line in told.stdout.splitlines()) <= MAX_COLUMNS


def test_a_moved_capture_is_worth_a_look(over: Over, own_home: Path, tmp_path: Path, scanned: Path) -> None:
    """Flows stay good without their capture, packets do not; a cut capture counts as read in part."""
    capture = tmp_path / "cut.pcap"
    capture.write_bytes((scanned / "day.pcap").read_bytes()[:100_001])
    assert over(own_home)("scan", capture, "--into", "cut").exit_code == 7
    capture.unlink()
    checks = _checks(over(own_home), 0)
    assert checks["captures"]["status"] == "warn"
    assert "cut.pcap" in checks["captures"]["found"]["en"]
    assert "1 captures read only in part" in checks["capture.losses"]["found"]["en"]


def _tamper(home: Path) -> None:
    with sqlite3.connect(home / "casebook.sqlite") as file:
        for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f'DROP TRIGGER "{name}"')
        file.execute("UPDATE audit SET actor = 'somebody else' WHERE seq = 1")
    file.close()


def test_a_changed_audit_row_is_found(over: Over, own_home: Path) -> None:
    """``audit verify`` and ``doctor`` end with 9 and name the row."""
    run = over(own_home)
    whole = json.loads(run("audit", "verify", "-o", "json").stdout)
    assert whole["is_intact"]
    assert whole["rows"] >= 1
    assert run("audit", "verify").stdout.startswith("Audit chain holds: ")
    _tamper(own_home)
    broken = run("audit", "verify")
    assert broken.exit_code == 9
    assert "audit row 1" in broken.stderr
    said = json.loads(run("audit", "verify", "-o", "json").stdout)
    assert not said["is_intact"]
    assert said["problems"] == [{"en": "audit row 1: its content was changed", "zh": "审计第 1 行：内容被改动"}]
    assert _checks(run, 9)["audit"]["status"] == "fail"


def test_keys_are_made_once_and_trusted_by_file(over: Over, tmp_path: Path) -> None:
    """One home's public key is trusted by another; making again keeps; nonsense is refused."""
    city, town = over(tmp_path / "city"), over(tmp_path / "town")
    made = json.loads(city("key", "init", "--no-passphrase", "-o", "json").stdout)
    assert json.loads(city("key", "init", "--no-passphrase", "-o", "json").stdout) == made
    assert "is kept" in city("key", "init", "--no-passphrase").stdout
    (tmp_path / "city.pub").write_text(made["pem"], encoding="ascii")
    trusted = town("key", "trust", tmp_path / "city.pub", "--reason", "read over the telephone")
    assert trusted.exit_code == 0
    assert trusted.stdout == f"Key {made['fingerprint']} is trusted as city.\n"
    (row,) = json.loads(town("key", "list", "-o", "json").stdout)
    assert (row["name"], row["is_own"], row["is_trusted"]) == ("city", False, True)
    reason = "SELECT reason FROM audit WHERE command = 'key trust'"
    with sqlite3.connect(tmp_path / "town" / "casebook.sqlite") as file:
        assert file.execute(reason).fetchall() == [("read over the telephone",)]
    file.close()
    (tmp_path / "bad.pub").write_bytes(b"\xffno key")
    assert town("key", "trust", tmp_path / "bad.pub").exit_code == 1
    (tmp_path / "bad.pub").write_text("0123", encoding="ascii")
    assert "Ed25519" in town("key", "trust", tmp_path / "bad.pub").stderr
    assert town("key", "trust", tmp_path / "none.pub").exit_code == 3
    assert len(json.loads(town("key", "list", "-o", "json").stdout)) == 1


def test_key_list_of_a_home_without_keys(taishi: Run) -> None:
    """An empty array, or what to type."""
    assert taishi("key", "list", "-o", "json").stdout == "[]\n"
    assert "key init" in taishi("key", "list").stdout
