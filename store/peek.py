"""A look into the casebook without its machinery: lists of alerts must not pay for it when nobody decided anything."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import quote


def has_quiet(path: Path) -> bool:
    """Tell whether the casebook at ``path`` may hold suppressions in force or verdicts on alerts.

    Returns:
        False when there is no casebook or it certainly holds neither; True also when that cannot be told cheaply.
    """
    if not path.exists():
        return False
    try:
        with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as connection:
            names = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if not {"suppression", "alert_feedback"} <= names:
                return False
            asked = (
                "SELECT EXISTS (SELECT 1 FROM suppression WHERE removed_seq IS NULL) "
                "OR EXISTS (SELECT 1 FROM alert_feedback)"
            )
            return bool(connection.execute(asked).fetchone()[0])
    except sqlite3.Error:
        return True
