"""The files of a scan: captures are metered, logs of other tools are taken in; what a file is, its content tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from reporting.scan.captures import FileProgress, Intake, case_name, samples_of, take_in
from reporting.scan.foreign_logs import find_logs, take_in_logs
from sensor.identity import Digest
from sensor.intake.recognise import is_log
from store.lake_files import LakeFiles


def take_in_all(
    files: Sequence[Path],
    lake: LakeFiles,
    into: str | None,
    options: Mapping[str, object],
    progress: FileProgress | None = None,
    *,
    secret_key: bytes | None = None,
) -> tuple[str, Intake]:
    """Bring captures and logs into a case; one that cannot be read does not keep the others out.

    Args:
        files: Captures, logs, and folders with logs.
        lake: Lake to write into.
        into: Case the rows belong to; made from name and content when None.
        options: Options of the meter.
        progress: Called while a file is read.
        secret_key: Key of the hashes of secrets; None leaves them NULL.

    Returns:
        The case, and what reading the files gave.

    Raises:
        TaishiError: not a single file could be read.
    """
    logs = [path for path in files if path.is_dir() or is_log(path)]
    captures = [path for path in files if path not in logs]
    found = find_logs(logs) if logs else None
    samples = samples_of(captures)
    case = into or (case_name(samples) if samples or found is None else found.case_name())
    intake = take_in(samples, lake, case, options, progress, digest=Digest.SHA256, secret_key=secret_key)
    if found is None:
        return case, intake
    results, made = take_in_logs(found, lake, case, progress=progress)
    is_new = intake.is_new or any(not one.is_known for one in made)
    return case, replace(intake, files=(*intake.files, *results), is_new=is_new)
