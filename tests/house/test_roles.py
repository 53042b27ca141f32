"""One list of roles: what people may write in site.toml is what detectors and rules know."""

from __future__ import annotations

from detectors import registry
from detectors.rulefiles import load_rules
from store.site import RoleName


def test_one_list_of_roles() -> None:
    """Site policy, rule table and exemptions name the same roles; one that nothing matches would be a silent wish."""
    allowed = {role.value for role in RoleName}
    assert {row["role"] for row in load_rules("roles.csv").to_pylist()} == allowed
    assert {role for detector in registry().values() for role in detector.roles_exempt} <= allowed
