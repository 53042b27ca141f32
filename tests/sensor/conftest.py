"""Makes ``tests.store.rows`` importable; at the end of the path, so that the installed packages stay in front."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
