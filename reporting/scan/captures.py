"""The captures of a scan: which case they go to, and what came of each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from reporting.result import FileResult, FileStatus
from sensor.identity import Digest, sample_id
from sensor.known import Held
from sensor.metering import MeterResult, meter_capture
from sensor.problems import in_both
from store.errors import TaishiError
from store.lake_files import LakeFiles

NAME_LENGTH: Final = 40
"""Letters of a capture's name that go into the name of its case (8 … 100): enough to recognise it in a list."""

FileProgress = Callable[[Path, int, int], None]
"""Called now and then with (file, bytes read, bytes of the file)."""


@dataclass(frozen=True, slots=True)
class Intake:
    """What reading the files gave.

    Attributes:
        files: One per file, in the order given.
        counters: Terms of the conservation law, summed over the captures that were read now or before.
        is_new: Something was read that the case did not hold.
    """

    files: tuple[FileResult, ...]
    counters: Mapping[str, int]
    is_new: bool


def samples_of(files: Sequence[Path]) -> dict[Path, bytes | TaishiError]:
    """Return the sample id of each file (``sensor.identity``), or why it cannot be read.

    Raises:
        TaishiError: none of the files can be read.
    """
    found: dict[Path, bytes | TaishiError] = {}
    for path in files:
        try:
            found[path] = sample_id(path)
        except TaishiError as error:
            found[path] = error
    errors = [entry for entry in found.values() if isinstance(entry, TaishiError)]
    if errors and len(errors) == len(found):
        raise errors[0]
    return found


def case_name(samples: Mapping[Path, bytes | TaishiError]) -> str:
    """Return the name of the case that these files make up by themselves: the first one's name and what they hold."""
    known = [entry for entry in samples.values() if isinstance(entry, bytes)]
    first = next(iter(samples))
    stem = re.sub(r"[^A-Za-z0-9_-]+", "-", first.name.split(".")[0]).strip("-") or "capture"
    content = known[0] if len(known) == 1 else hashlib.sha256(b"".join(sorted(known))).digest()
    return f"{stem[:NAME_LENGTH]}-{content.hex()[:8]}"


def take_in(
    samples: Mapping[Path, bytes | TaishiError],
    lake: LakeFiles,
    case: str,
    options: Mapping[str, object],
    progress: FileProgress | None = None,
    *,
    digest: Digest,
    secret_key: bytes | None = None,
) -> Intake:
    """Meter every file into the case; one that cannot be read does not keep the others out.

    Args:
        samples: ``samples_of`` the files.
        lake: Lake to write into.
        case: Case the rows belong to.
        options: Options of the meter.
        progress: Called while a file is read.
        digest: Digest to make of each file while it is read.
        secret_key: Key of the hashes of secrets; None leaves them NULL.

    Raises:
        TaishiError: not a single file could be metered.
    """
    results: list[FileResult] = []
    counters: dict[str, int] = {}
    errors: list[TaishiError] = []
    is_new = False
    held = Held(lake, case)
    for path, sample in samples.items():
        report = None if progress is None else _bound(progress, path)
        try:
            if isinstance(sample, TaishiError):
                raise sample
            metered = meter_capture(
                path,
                lake,
                case,
                options=options,
                progress=report,
                sample=sample,
                digest=digest,
                held=held,
                secret_key=secret_key,
            )
        except TaishiError as error:
            errors.append(error)
            results.append(FileResult(str(path), "", _size(path), 0, "failed", *error.text()))
            continue
        is_new = is_new or not metered.is_known
        results.append(_file_result(path, metered))
        for name, count in metered.counters.items():
            counters[name] = counters.get(name, 0) + count
    if errors and len(errors) == len(results):
        raise errors[0]
    return Intake(tuple(results), counters, is_new)


def _bound(progress: FileProgress, path: Path) -> Callable[[int, int], None]:
    return lambda done, whole: progress(path, done, whole)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _file_result(path: Path, metered: MeterResult) -> FileResult:
    status: FileStatus
    if metered.problem is not None:
        status = "partial" if metered.frames else "failed"
    else:
        status = "known" if metered.is_known else "read"
    problem = None if metered.problem is None else in_both(metered.problem)
    return FileResult(
        path=str(path),
        sha256=metered.sha256 or "",
        bytes=metered.file_bytes,
        frames=metered.frames,
        status=status,
        problem=problem and problem.en,
        problem_zh=problem and problem.zh,
        xxh3_128=metered.xxh3_128 or "",
    )
