"""Keys with a passphrase, and signed heads of the audit chain that others verify without network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from reporting.cli import _passphrase
from reporting.cli._root import ROOT

Run = Callable[..., Result]

SECRET = "correct horse battery"


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Return a runner on a terminal: the lines are typed at its prompts."""
    monkeypatch.setattr(_passphrase, "on_terminal", lambda: True)

    def run(*args: str, lines: tuple[str, ...] = (), **env: str) -> Result:
        settings = {"LC_ALL": "C.UTF-8", "TAISHI_HOME": str(tmp_path / "home"), "TAISHI_PASSPHRASE": "", **env}
        return CliRunner(env=settings).invoke(ROOT, list(args), input="".join(f"{line}\n" for line in lines))

    return run


def _private(home: Path) -> str:
    (file,) = (home / "keys").glob("*.pem")
    return file.read_text(encoding="ascii")


def test_init_asks_twice_on_a_terminal_and_keeps_no_trace(typed: Run, tmp_path: Path) -> None:
    """The key file is encrypted; the passphrase is neither shown nor stored anywhere in the home."""
    result = typed("key", "init", lines=(SECRET, SECRET))
    assert result.exit_code == 0, result.output
    assert "ENCRYPTED PRIVATE KEY" in _private(tmp_path / "home")
    assert SECRET not in result.output
    files = [path for path in (tmp_path / "home").rglob("*") if path.is_file()]
    assert files
    assert all(SECRET.encode() not in path.read_bytes() for path in files)


def test_two_different_passphrases_are_asked_for_again(typed: Run, tmp_path: Path) -> None:
    """A slip of the finger does not make a key that nobody can open; three of them end it."""
    assert typed("key", "init", lines=(SECRET, "slip of the finger", SECRET, SECRET)).exit_code == 0
    assert "ENCRYPTED" in _private(tmp_path / "home")
    wrong = typed("key", "init", "--home", str(tmp_path / "b"), lines=("aaaaaaaa", "bbbbbbbb") * 3)
    assert wrong.exit_code == 2
    assert not list((tmp_path / "b" / "keys").glob("*"))


def test_a_short_passphrase_is_refused(typed: Run, tmp_path: Path) -> None:
    """The message says how long it must be, not what was typed."""
    result = typed("key", "init", lines=("hunter2", "hunter2"))
    assert result.exit_code == 2
    assert "at least 8" in result.stderr
    assert "hunter2" not in result.output


def test_without_a_terminal_one_must_say_what_is_meant(over: Callable[[Path], Run], tmp_path: Path) -> None:
    """No key without passphrase by accident: a flag says so; a file or the environment gives one."""
    run = over(tmp_path / "home")
    refused = run("key", "init")
    assert refused.exit_code == 2
    assert "--no-passphrase" in refused.stderr
    assert not list((tmp_path / "home" / "keys").glob("*")) if (tmp_path / "home" / "keys").exists() else True
    assert run("key", "init", "--no-passphrase").exit_code == 0
    assert "ENCRYPTED" not in _private(tmp_path / "home")


def test_passphrase_from_a_file_or_the_environment(
    over: Callable[[Path], Run], typed: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first line of the file counts, as for other tools; both ways open the key again."""
    file = tmp_path / "pass"
    file.write_text(f"{SECRET}\nsecond line\n", encoding="utf-8")
    assert over(tmp_path / "a")("key", "init", "--passphrase-file", file).exit_code == 0
    assert "ENCRYPTED" in _private(tmp_path / "a")
    assert typed("audit", "export", "--home", str(tmp_path / "a"), TAISHI_PASSPHRASE=SECRET).exit_code == 0
    assert typed("key", "init", TAISHI_PASSPHRASE=SECRET).exit_code == 0
    assert typed("audit", "export", "--passphrase-file", str(file)).exit_code == 0
    assert over(tmp_path / "c")("key", "init", "--passphrase-file", tmp_path / "none").exit_code == 3
    both = over(tmp_path / "c")("key", "init", "--passphrase-file", file, "--no-passphrase")
    assert both.exit_code == 2


def test_an_existing_key_is_kept_without_asking(typed: Run) -> None:
    """Nothing is asked for what is not needed."""
    typed("key", "init", lines=(SECRET, SECRET))
    again = typed("key", "init")
    assert again.exit_code == 0
    assert "kept" in again.stdout


@pytest.fixture
def signed(own_home: Path, over: Callable[[Path], Run], tmp_path: Path) -> tuple[Run, Path]:
    """Return a runner over a home with a key, and a statement that it signed."""
    run = over(own_home)
    assert run("key", "init", "--no-passphrase", "--name", "county").exit_code == 0
    statement = tmp_path / "statement.json"
    written = run("audit", "export", "-w", statement)
    assert written.exit_code == 0, written.stderr
    return run, statement


def test_a_statement_holds_at_home_and_elsewhere(
    signed: tuple[Run, Path], over: Callable[[Path], Run], tmp_path: Path
) -> None:
    """At home it is compared with the chain; elsewhere the key decides, given on the line or trusted before."""
    run, statement = signed
    said = json.loads(run("audit", "verify", statement, "-o", "json").stdout)
    assert (said["is_valid"], said["is_in_chain"], said["problems"]) == (True, True, [])
    public = tmp_path / "county.pem"
    public.write_text(run("key", "init").stdout.split("\n", 1)[1], encoding="ascii")
    other = over(tmp_path / "elsewhere")
    alone = other("audit", "verify", statement, "--public-key", public)
    assert alone.exit_code == 0, alone.stderr
    assert not (tmp_path / "elsewhere").exists()
    assert other("key", "trust", public, "--name", "county").exit_code == 0
    there = json.loads(other("audit", "verify", statement, "-o", "json").stdout)
    assert (there["is_valid"], there["is_in_chain"], there["key_name"]) == (True, None, "county")


def test_an_unknown_key_a_changed_statement_and_a_cut_chain_end_with_9(
    signed: tuple[Run, Path], own_home: Path, over: Callable[[Path], Run], tmp_path: Path
) -> None:
    """Each is told in the language of the run, with exit code 9."""
    run, statement = signed
    stranger = over(tmp_path / "elsewhere")
    stranger("key", "init", "--no-passphrase")
    result = stranger("audit", "verify", statement)
    assert result.exit_code == 9
    assert "not trusted here" in result.stderr
    content = json.loads(statement.read_text(encoding="utf-8"))
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps({**content, "entries": content["entries"] + 1}), encoding="utf-8")
    result = run("audit", "verify", changed, "--lang", "zh-CN")
    assert result.exit_code == 9
    assert "签名不符" in result.stderr
    changed.write_text("no statement", encoding="utf-8")
    assert run("audit", "verify", changed).exit_code == 9
    assert run("audit", "verify", tmp_path / "absent.json").exit_code == 3


def test_a_locked_key_asks_once_and_a_wrong_passphrase_is_told(typed: Run) -> None:
    """Signing with a locked key takes the passphrase; without a right one nothing is signed."""
    typed("key", "init", lines=(SECRET, SECRET))
    good = typed("audit", "export", lines=(SECRET,))
    assert good.exit_code == 0, good.stderr
    assert json.loads(good.stdout[good.stdout.index("{") :])["entries"] >= 1
    bad = typed("audit", "export", lines=("wrong passphrase",))
    assert bad.exit_code == 1
    assert "wrong passphrase" not in bad.output
    assert json.loads(typed("audit", "verify", "-o", "json").stdout)["anchors"] == 1


def test_signing_needs_a_key(over: Callable[[Path], Run], own_home: Path) -> None:
    """Without an own key the message names the command that makes one."""
    result = over(own_home)("audit", "export")
    assert result.exit_code == 3
    assert "key init" in result.stderr
