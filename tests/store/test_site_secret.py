"""The site's secret: made once, for its owner alone, and what is wrong with its file is said."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from store.errors import TaishiError
from store.home import Home
from store.site_secret import SIZE, site_secret


def test_it_is_made_once_and_for_the_owner_alone(tmp_path: Path) -> None:
    """The same bytes come back, others for another home, and only the owner may read the file."""
    home = Home.open(tmp_path / "a")
    secret = site_secret(home)
    assert len(secret) == SIZE
    assert site_secret(home) == secret
    (file,) = home.keys.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert site_secret(Home.open(tmp_path / "b")) != secret


def test_many_at_once_get_the_same(tmp_path: Path) -> None:
    """Whoever comes first makes it."""
    home = Home.open(tmp_path)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: site_secret(home), range(32)))
    assert len(found) == 1
    assert len(list(home.keys.iterdir())) == 1


def test_a_damaged_file_is_said_without_its_contents(tmp_path: Path) -> None:
    """A file of another length, or a folder in its place, is no secret."""
    home = Home.open(tmp_path)
    file = home.keys / "site.secret"
    file.write_bytes(b"hunter2")
    with pytest.raises(TaishiError) as told:
        site_secret(home)
    assert "7 bytes" in str(told.value)
    assert "hunter2" not in str(told.value)
    file.unlink()
    file.mkdir()
    with pytest.raises(TaishiError, match="not usable"):
        site_secret(home)
