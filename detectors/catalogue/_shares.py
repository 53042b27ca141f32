"""Files written to administrative shares (C$, ADMIN$): shared by the detectors of tools carried over and then run."""

from __future__ import annotations

from typing import Any, Final

from detectors.model import Tables
from detectors.sql import rows

Row = dict[str, Any]

COLUMNS: Final = (
    *("flow_uid", "ts", "sender_ip", "receiver_ip", "receiver_port", "command", "action", "share", "file_name"),
    *("new_name", "bytes_written", "disposition", "nt_status"),
)
"""Columns of ``smb`` that the detectors read."""

PROGRAMS: Final = r"(?i)\.(exe|dll|sys|scr|com|pif|bat|cmd|ps1|psm1|vbs|vbe|js|jse|wsf|hta|msi|jar|py|lnk|cpl|ocx)$"
"""Names of what Windows runs (PATHEXT, PowerShell, script hosts, installers, libraries)."""

WRITES_SQL: Final = rf"""
SELECT flow_uid, ts, sender_ip, receiver_ip, receiver_port, share, file_name, any_value(is_program) AS is_program,
    max(written) AS written FROM (
    SELECT *, regexp_matches(file_name, '{PROGRAMS}') AS is_program, coalesce(bytes_written, 0) AS written FROM smb
    WHERE command = 'create' AND coalesce(nt_status, 0) = 0 AND sender_ip IS NOT NULL AND receiver_ip IS NOT NULL
        AND sender_ip <> receiver_ip AND regexp_matches(share, '(?i)(^|/)(admin|[a-z])\$$') AND file_name <> ''
        AND (bytes_written > 0 OR action IN ('created', 'overwritten', 'superseded'))
) GROUP BY flow_uid, ts, sender_ip, receiver_ip, receiver_port, share, file_name
ORDER BY sender_ip, receiver_ip, ts, flow_uid, share, file_name
"""
"""Files made or written on C$, D$, …, ADMIN$, each once. Pipes lie on IPC$ and are none."""


def writes(tables: Tables) -> list[Row]:
    """Return the files written to administrative shares, by source, target and time."""
    return rows(WRITES_SQL, {"smb": tables["smb"]})


def files_text(found: list[Row], limit: int = 4) -> str:
    """Return the names of written files as a list, with an ellipsis when there are more than ``limit``."""
    names = list(dict.fromkeys(f"{row['share']}/{row['file_name']}" for row in found))
    return ", ".join(names[:limit]) + (" …" if len(names) > limit else "")
