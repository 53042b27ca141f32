"""Renders the report and writes it, whole or not at all."""

from __future__ import annotations

import base64
import hashlib
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, tzinfo
from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from reporting.html._view import view
from reporting.html.model import Figures, check
from reporting.words import LANGUAGES

_TEMPLATES: Final = Path(__file__).parent / "templates"


def render_report(result: Mapping[str, Any], figures: Figures, lang: str, *, zone: tzinfo = UTC) -> str:
    """Return the report as one HTML text.

    Args:
        result: The scan's JSON object (``ScanResult.as_json()``).
        figures: Series, matrix and provenance of the run.
        lang: ``zh-CN`` or ``en``.
        zone: Zone that all times are shown in; it is stated in the report.

    Raises:
        ValueError: an unknown language, or keys that are missing.
    """
    if lang not in LANGUAGES:
        raise ValueError(f"report language: {lang!r}; allowed: {', '.join(LANGUAGES)}; choose one of them")
    check(result, figures)
    style = (_TEMPLATES / "style.css").read_text(encoding="utf-8")
    page = _environment().get_template("report.html.j2")
    return page.render(style=style, style_hash=_digest(style), **view(result, figures, lang, zone))


def write_report(
    result: Mapping[str, Any], figures: Figures, path: Path | str, lang: str, *, zone: tzinfo = UTC
) -> Path:
    """Write the report to ``path`` and return it; a temporary file is renamed, so half a report is never seen.

    Raises:
        ValueError: as ``render_report``.
        OSError: the file cannot be written.
    """
    target = Path(path)
    text = render_report(result, figures, lang, zone=zone)
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", suffix=".part", dir=target.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        part.chmod(0o644)
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return target


def _digest(style: str) -> str:
    """Return the source expression that allows exactly this style block. Source: W3C CSP Level 3, section 2.3.1."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode("utf-8")).digest()).decode("ascii")


@cache
def _environment() -> Environment:
    loader = FileSystemLoader(_TEMPLATES)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
