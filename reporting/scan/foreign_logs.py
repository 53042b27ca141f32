"""The foreign logs of a scan or an intake: finding them, taking them in, and what came of each."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reporting.result import FileResult, FileStatus
from sensor.identity import sample_id, unreadable
from sensor.intake.bench import Bench
from sensor.intake.foreign import HeldLogs, LogResult, take_in_log
from sensor.intake.recognise import ENGINES, Log, recognise
from sensor.intake.zeek_kinds import reading_order
from store import schema
from store.errors import Problem, TaishiError
from store.lake_files import LakeFiles
from store.text import Text

FileProgress = Callable[[Path, int, int], None]
"""Called now and then with (file, bytes read, bytes of the file)."""


@dataclass(frozen=True, slots=True)
class Found:
    """What lies under the paths given.

    Attributes:
        logs: Logs in the order in which they are read.
        failed: Files that cannot be read, or were named and are no such log.
        others: Files in folders that are something else.
    """

    logs: tuple[tuple[Path, Log], ...]
    failed: tuple[FileResult, ...]
    others: int

    def case_name(self) -> str:
        """Return the name of the case that these logs make up by themselves: the first folder's, and what they hold."""
        first = self.logs[0][0]
        stem = first.parent.name if len(self.logs) > 1 else first.name.split(".")[0]
        stem = re.sub(r"[^A-Za-z0-9_-]+", "-", stem).strip("-_") or "logs"
        samples = sorted(sample_id(path) for path, _ in self.logs)
        return f"{stem[:40]}-{hashlib.sha256(b''.join(samples)).hexdigest()[:8]}"


def find_logs(paths: Sequence[Path], family: str | None = None) -> Found:
    """Return the logs under paths; folders are searched with all that is in them.

    Args:
        paths: Files and folders.
        family: Family of logs that is wanted; any when None.

    Raises:
        TaishiError: there is no log under any of them.
    """
    logs: dict[Path, Log] = {}
    failed: list[FileResult] = []
    errors: list[TaishiError] = []
    others = 0
    for path in paths:
        inside = path.is_dir()
        for file in sorted(p for p in path.rglob("*") if p.is_file()) if inside else [path]:
            try:
                log = recognise(file)
                if log is None or (family is not None and log.family != family):
                    if inside:
                        others += 1
                        continue
                    raise _no_log(file, family)
                logs[file] = log
            except TaishiError as error:
                errors.append(error)
                failed.append(FileResult(str(file), "", _size(file), 0, "failed", *error.text()))
    if not logs:
        raise errors[0] if errors else _no_log(paths[0], family)
    ordered = sorted(logs.items(), key=lambda one: reading_order(one[0], one[1].kind))
    return Found(tuple(ordered), tuple(failed), others)


def take_in_logs(
    found: Found,
    lake: LakeFiles,
    case: str,
    *,
    sensor_id: str | None = None,
    progress: FileProgress | None = None,
) -> tuple[list[FileResult], list[LogResult]]:
    """Bring logs into a case; one that cannot be read does not keep the others out.

    Args:
        found: The logs.
        lake: Lake to write into.
        case: Case the rows belong to.
        sensor_id: Who wrote the logs; the name of the program when None.
        progress: Called while a file is read.

    Raises:
        TaishiError: the sensor brought something else before, or not a single log could be read.
    """
    held = HeldLogs(lake, case)
    files, results = list(found.failed), []
    errors: list[TaishiError] = []
    for family, engine in ENGINES.items():
        logs = [(path, log) for path, log in found.logs if log.family == family]
        if not logs:
            continue
        sensor = sensor_id or engine
        _check_sensor(sensor, engine, held, lake, case)
        with Bench(f"{engine}\t{sensor}\t") as bench:
            for path, log in logs:
                tell = None if progress is None else _bound(progress, path)
                try:
                    result = take_in_log(path, log, lake, case, bench, sensor_id=sensor, held=held, progress=tell)
                except TaishiError as error:
                    errors.append(error)
                    files.append(FileResult(str(path), "", _size(path), 0, "failed", *error.text()))
                    continue
                results.append(result)
                files.append(_file_result(result))
    if errors and not results:
        raise errors[0]
    return files, results


def _bound(progress: FileProgress, path: Path) -> Callable[[int, int], None]:
    return lambda done, whole: progress(path, done, whole)


def _check_sensor(sensor: str, engine: str, held: HeldLogs, lake: LakeFiles, case: str) -> None:
    """Refuse a sensor whose rows in the case are another program's: flows are linked by who saw them."""
    before = held.engine_of(sensor)
    if before is None and any(path.parent.name == f"sensor={sensor}" for path in lake.segments(schema.FLOW, case)):
        before = "taishi"
    if before not in {None, engine}:
        raise TaishiError(
            Problem(
                Text(f"--sensor {sensor}", f"--sensor {sensor}"),
                Text(
                    f"case {case!r} holds rows of {before} under this name",
                    f"案例 {case!r} 中此名称下是 {before} 的数据",
                ),
                Text(f"allowed: a name of its own for {engine}", f"可用：{engine} 专用的名称"),
                Text("choose another name", "请换一个名称"),
            ),
            exit_code=2,
        )


def _no_log(path: Path, family: str | None) -> TaishiError:
    wanted = {"zeek": "Zeek logs (TSV or JSON)", "eve": "Suricata EVE (JSON)"}
    wanted_zh = {"zeek": "Zeek 日志（TSV 或 JSON）", "eve": "Suricata EVE（JSON）"}
    names = [wanted[family]] if family else list(wanted.values())
    names_zh = [wanted_zh[family]] if family else list(wanted_zh.values())
    if not path.exists():
        return unreadable(path, FileNotFoundError(2, "No such file or directory"))
    return TaishiError(
        Problem(
            str(path),
            Text("no such log", "不是此类日志"),
            Text(
                f"allowed: {', '.join(names)}, also .gz, .bz2 and .zst",
                f"可用：{'、'.join(names_zh)}，以及 .gz、.bz2、.zst",
            ),
            Text("name a log or a folder that holds some", "请给出日志文件或其所在目录"),
        )
    )


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _file_result(result: LogResult) -> FileResult:
    problem = None if result.problem is None else _problem(result).text()
    status: FileStatus = "known" if result.is_known else "read"
    if problem is not None and not result.is_known:
        status = "partial" if sum(result.rows.values()) or not result.refused else "failed"
    return FileResult(
        path=str(result.path),
        sha256=result.sha256,
        bytes=result.file_bytes,
        frames=0,
        status=status,
        problem=problem and problem.en,
        problem_zh=problem and problem.zh,
        log=f"{ENGINES[result.log.family]} {result.log.kind}".strip(),
        lines=result.lines,
        rows=dict(result.rows),
        left_out=dict(result.left_out),
    )


def _problem(result: LogResult) -> Problem:
    found = result.problem or Text("", "")
    return Problem(
        str(result.path),
        found,
        Text(
            "allowed: whole lines with the fields that the header names, or whole JSON objects",
            "可用：字段与表头一致的完整行，或完整的 JSON 对象",
        ),
        Text(
            "the other lines were taken in; restore the file from its source and run the same command again",
            "其余行已入库；请从来源恢复该文件后再执行同一命令",
        ),
    )


def rows_by_table(results: Sequence[LogResult]) -> Mapping[str, int]:
    """Return the rows made by table, over several logs."""
    total: dict[str, int] = {}
    for result in results:
        for name, count in result.rows.items():
            total[name] = total.get(name, 0) + count
    return total
