"""Files of reference data in the home: one per kind, copied with its SHA-256 and date, checked whenever it is read."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from store.errors import Problem, TaishiError
from store.text import Text

_MODE: Final = 0o700


class Kind(StrEnum):
    """Kinds of reference data."""

    MAC = "mac"
    SUFFIX = "suffix"
    ASN = "asn"
    COUNTRY = "country"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Imported:
    """One imported file.

    Attributes:
        kind: What it is.
        file: Name of the copy inside the folder.
        source: Name of the file it was copied from.
        sha256: Of the file as delivered.
        dated: Day of the data: stated inside it, else the day the file was last changed.
        imported_at: Wall clock of the import, ISO 8601 UTC.
        items: How many entries it has.
    """

    kind: str
    file: str
    source: str
    sha256: str
    dated: str
    imported_at: str
    items: int

    @property
    def day(self) -> date:
        """Return the day of the data."""
        return date.fromisoformat(self.dated)


def imported(folder: Path, kind: Kind) -> Imported | None:
    """Return what was imported of a kind, or None; a record or copy that is damaged counts as none."""
    try:
        found = Imported(**json.loads((folder / f"{kind.value}.json").read_text(encoding="utf-8")))
        is_there = (folder / found.file).is_file() and found.day is not None
    except (OSError, ValueError, TypeError):
        return None
    return found if is_there else None


def is_intact(folder: Path, one: Imported) -> bool:
    """Tell whether the copy still has the SHA-256 of its import."""
    try:
        return sha256_of(folder / one.file) == one.sha256
    except OSError:
        return False


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def keep(folder: Path, kind: Kind, path: Path, items: int, dated: date | None) -> Imported:
    """Copy a file that was read and found good into the folder, in place of an earlier one of its kind.

    Args:
        folder: ``reference/`` of the home.
        kind: What it is.
        path: The file.
        items: Entries found in it.
        dated: Day stated inside the data, if any.
    """
    folder.mkdir(mode=_MODE, parents=True, exist_ok=True)
    before = imported(folder, kind)
    digest = sha256_of(path)
    suffixes = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    name = f"{kind.value}-{digest[:12]}{suffixes}"
    _place(folder / name, lambda beside: shutil.copyfile(path, beside))
    day = dated or datetime.fromtimestamp(path.stat().st_mtime, UTC).date()
    now = datetime.now(UTC).isoformat(timespec="seconds")
    made = Imported(kind.value, name, path.name, digest, day.isoformat(), now, items)
    text = json.dumps(asdict(made), ensure_ascii=False, indent=1, sort_keys=True)
    _place(folder / f"{kind.value}.json", lambda beside: beside.write_text(text + "\n", encoding="utf-8"))
    if before is not None and before.file != name:
        (folder / before.file).unlink(missing_ok=True)
    return made


def _place(path: Path, write: Callable[[Path], object]) -> None:
    """Write beside and rename, so that a reader sees the old file or the new one."""
    beside = path.with_name(f".tmp-{path.name}")
    try:
        write(beside)
        beside.chmod(0o600)
        os.replace(beside, path)  # noqa: PTH105 - the same call, atomic on one file system
    finally:
        beside.unlink(missing_ok=True)


def refused(path: Path, found: Text, allowed: Text) -> TaishiError:
    """Return the error for a file that is not what its kind needs."""
    todo = Text("check the file, nothing was imported", "请检查文件；什么也没有导入")
    return TaishiError(Problem(str(path), found, allowed, todo))
