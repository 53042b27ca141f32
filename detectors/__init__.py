"""Detectors, scoring and correlation: pure functions from Arrow tables to alerts and incidents.

A detector is one file in ``detectors/catalogue/`` with a constant ``DETECTOR``; ``registry()`` finds it by its file
name. Adding one touches its file, its test and the regenerated docs.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from detectors import catalogue
from detectors.model import Detector

__all__ = ["registry"]


@cache
def registry() -> Mapping[str, Detector]:
    """Return every detector by id, in the order of the ids.

    Modules whose name begins with an underscore hold logic shared by detectors and are skipped.

    Raises:
        TypeError: a module of the catalogue has no ``DETECTOR``, or one of another type.
    """
    found: dict[str, Detector] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(catalogue.__path__)):
        if name.startswith("_"):
            continue
        detector = getattr(importlib.import_module(f"{catalogue.__name__}.{name}"), "DETECTOR", None)
        if not isinstance(detector, Detector):
            raise TypeError(
                f"detectors/catalogue/{name}.py: DETECTOR is {type(detector).__name__};"
                " allowed: a detectors.model.Detector; define it, or begin the file name with an underscore"
            )
        found[name] = detector
    return MappingProxyType(found)
