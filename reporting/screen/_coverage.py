"""What the scan rests on: home networks, what it could not see, frames it could not read, files."""

from __future__ import annotations

from typing import Final

from rich.text import Text as Line

from reporting.figures import bytes_text, count_text, span_text
from reporting.result import FileResult, NotAssessed, ScanResult
from reporting.screen._lines import columns, heading, paragraph
from reporting.unreadable import reason_text
from reporting.width import cells
from reporting.words import Words

NETWORKS_SHOWN: Final = 8
"""Home networks on the screen; more are counted (``-o json`` has all)."""


def home_lines(result: ScanResult, words: Words) -> list[Line]:
    """Return which networks were taken as the site's own, and why."""
    lines = [heading(words("screen.home"))]
    shown = result.home_networks[:NETWORKS_SHOWN]
    width = max((cells(net.cidr) for net in shown), default=0)
    for net in shown:
        lines += paragraph(
            words.pick(net.why.en, net.why.zh), indent=2, label=net.cidr, label_columns=width, label_style=""
        )
    if len(result.home_networks) > len(shown):
        lines += paragraph(words("screen.more_networks", n=len(result.home_networks) - len(shown)), indent=2)
    if not shown:
        lines += paragraph(words("screen.no_home"), indent=2)
    return lines


def blind_lines(result: ScanResult, words: Words) -> list[Line]:
    """Return what could not be seen, and which detectors could not judge."""
    lines = [heading(words("screen.blind"))]
    for blind in result.blind:
        lines += paragraph(words.pick(blind.text.en, blind.text.zh), indent=2, label="·")
    for status in ("not_assessed", "short"):
        for told in judged_on_less(result, status, words):
            lines += paragraph(told, indent=2, label="·")
    if len(lines) == 1:
        lines += paragraph(words("screen.all_seen"), indent=2)
    return lines


def judged_on_less(result: ScanResult, status: str, words: Words) -> list[str]:
    """Return one line for all detectors that wanted longer data, and one each for those with another reason."""
    own = [item for item in result.not_assessed if item.status == status]
    waiting = [item for item in own if (item.seen_s or 0.0) < (item.needed_s or 0.0)]
    lines = []
    if waiting:
        ordered = sorted(waiting, key=lambda item: (item.needed_s or 0.0, item.detector))
        names = words.pick(", ", "、").join(_wanted(item, words) for item in ordered)
        lines.append(words(f"screen.waiting_{status}", seen=span_text(waiting[0].seen_s or 0.0, words), names=names))
    others = (item for item in own if item not in waiting)
    return lines + [words.pick(f"{i.name.en}: {i.reason.en}", f"{i.name.zh}：{i.reason.zh}") for i in others]


def _wanted(item: NotAssessed, words: Words) -> str:
    span = span_text(item.needed_s or 0.0, words)
    return words("screen.needs", name=words.pick(item.name.en, item.name.zh), span=span)


def scope_lines(result: ScanResult, words: Words) -> list[Line]:
    """Return what was looked for at all, and what this version does not look for."""
    rows = ((words("screen.covered"), result.scope.covered), (words("screen.not_covered"), result.scope.not_covered))
    width = max(cells(label) for label, _ in rows)
    lines = [heading(words("screen.scope"))]
    for label, text in rows:
        lines += paragraph(words.pick(text.en, text.zh), indent=2, label=label, label_columns=width)
    return lines


def unreadable_lines(result: ScanResult, words: Words) -> list[Line]:
    """Return the frames that became no flow, by reason; one line when there were none."""
    if not result.unreadable:
        return [heading(words("screen.unreadable")), *paragraph(words("screen.all_read"), indent=2)]
    texts = [reason_text(item.reason) for item in result.unreadable]
    rows = [
        (words.pick(text.en, text.zh), count_text(item.frames))
        for text, item in zip(texts, result.unreadable, strict=True)
    ]
    titles = [words("unreadable.reason"), words("unreadable.frames")]
    return [heading(words("screen.unreadable")), *columns(rows, titles, (False, True))]


def file_lines(result: ScanResult, words: Words) -> list[Line]:
    """Return the files when there were several or one was not read wholly."""
    if len(result.files) == 1 and result.files[0].status == "read" and not result.files[0].log:
        return []
    lines = [heading(words("screen.files"))]
    for file in result.files:
        facts = _log_facts(file, words) if file.log else _capture_facts(file, words)
        lines += paragraph(f"{file.path}: {facts}", indent=2, label="·")
        if file.problem and file.problem_zh:
            lines += paragraph(words.pick(file.problem, file.problem_zh), indent=6, style="yellow")
    return lines


def _capture_facts(file: FileResult, words: Words) -> str:
    return words(f"file.{file.status}", frames=count_text(file.frames), size=bytes_text(file.bytes))


def _log_facts(file: FileResult, words: Words) -> str:
    rows = ", ".join(f"{name} {count_text(count)}" for name, count in sorted(file.rows.items()))
    key = "left_out" if file.left_out and not file.rows else file.status
    return words(f"log.{key}", log=file.log, lines=count_text(file.lines), rows=rows or words("intake.no_rows"))
