"""Fields of tshark, packet by packet."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.oracles.support.truth import absent


def tshark_fields(capture: Path, wanted: str, fields: Sequence[str]) -> list[dict[str, list[str]]]:
    """Return the values of ``fields`` in each packet that the filter ``wanted`` lets through; absent is empty."""
    program = shutil.which("tshark")
    if program is None:
        absent("tshark is not installed")
    argv = [
        program,
        "-n",
        "-r",
        str(capture),
        "-Y",
        wanted,
        "-T",
        "json",
        *(part for name in fields for part in ("-e", name)),
    ]
    # A capture cut short makes it fail after what it could read.
    done = subprocess.run(argv, check=False, capture_output=True, timeout=120)
    packets: list[dict[str, Any]] = json.loads(done.stdout or b"[]")
    return [{name: packet["_source"]["layers"].get(name, []) for name in fields} for packet in packets]
