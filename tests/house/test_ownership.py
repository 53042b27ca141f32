"""Our flat package names are ours alone, and the rules lie beside them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path

import pytest

import store

NAMES = ("sensor", "detectors", "store", "reporting")


@pytest.fixture
def installed() -> None:
    """Skip where the package is not installed; `make test` installs it."""
    try:
        distribution("taishi")
    except PackageNotFoundError:
        pytest.skip("taishi is not installed in this environment: run `make test`")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", NAMES)
def test_nobody_else_owns_the_name(name: str) -> None:
    """Another distribution with the same top-level package would overwrite ours in site-packages."""
    assert set(packages_distributions().get(name, ())) <= {"taishi"}


@pytest.mark.usefixtures("installed")
def test_no_distribution_shadows_the_rules() -> None:
    """``rules`` is no importable package of anybody, so its folder is ours."""
    assert "rules" not in packages_distributions()
    assert (Path(store.__file__).parent.parent / "rules").is_dir()
