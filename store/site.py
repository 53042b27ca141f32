"""Site policy: what is known about the organisation's networks, from ``site.toml`` and from the wire."""

from __future__ import annotations

from store._home_inference import infer_home
from store._policy import Basis, HomeNetwork, Master, Role, RoleName, SitePolicy, Zone, bounds
from store._site_reader import read_site as load_site

__all__ = [
    "Basis",
    "HomeNetwork",
    "Master",
    "Role",
    "RoleName",
    "SitePolicy",
    "Zone",
    "bounds",
    "infer_home",
    "load_site",
]
