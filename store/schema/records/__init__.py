"""Records of protocols: one module per table, found by looking; to add a protocol is to add a file.

Each module declares ``TABLE``: keyed by ``flow_uid``, emitted by ``wire/src/proto/<name>``.
"""

from __future__ import annotations

import importlib
import pkgutil
from typing import Final

from store.schema._column import Table

RECORDS: Final[tuple[Table, ...]] = tuple(
    importlib.import_module(f"{__name__}.{name}").TABLE
    for name in sorted(module.name for module in pkgutil.iter_modules(__path__))
)
"""Tables in the order of their names."""
