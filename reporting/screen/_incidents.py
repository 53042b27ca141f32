"""The incidents on the screen: who, what, evidence, innocent explanations and the next command to type."""

from __future__ import annotations

from typing import Final

from rich.text import Text as Line

from reporting.clean import clean
from reporting.figures import time_text
from reporting.result import IncidentLine, ScanResult, Text
from reporting.screen._lines import SEVERITY_STYLE, heading, paragraph
from reporting.width import cells
from reporting.words import Words

EVIDENCE_SHOWN: Final = 3
"""Evidence sentences per incident on the screen; ``incident show`` prints all."""


INNOCENT_SHOWN: Final = 3
"""Innocent explanations per incident on the screen; ``incident show`` prints all."""


def incident_lines(result: ScanResult, words: Words) -> list[Line]:
    """Return the section of the top incidents, most severe first."""
    if not result.incidents:
        return [heading(words("screen.incidents", n=0)), *paragraph(words("screen.no_incidents"), indent=2)]
    lines = [heading(words("screen.incidents", n=result.incident_count))]
    for number, incident in enumerate(result.incidents, start=1):
        lines += one(incident, words, number=number, evidence=EVIDENCE_SHOWN)
    hidden = result.incident_count - len(result.incidents)
    if hidden > 0:
        more = words("screen.more_incidents", n=hidden, command=f"{result.program} incident list --case {result.case}")
        lines += paragraph(more, indent=2)
    return lines


def one(incident: IncidentLine, words: Words, *, number: int | None = None, evidence: int | None = None) -> list[Line]:
    """Return one incident; ``evidence`` limits its sentences (None: all)."""
    title = words.pick(incident.title.en, incident.title.zh)
    mark = words(f"severity.{incident.severity}")
    line = Line("  " if number is None else f"{number:>2} ")
    line.append(mark, style=SEVERITY_STYLE[incident.severity])
    rest = f"  {incident.score:.0f}  "
    lines = paragraph(title, indent=cells(line.plain) + cells(rest), style="bold")
    first = Line.assemble(line, rest, (lines[0].plain.strip(), "bold"))
    lines[0] = first
    labels = [words(f"incident.{name}") for name in ("id", "who", "what", "when", "evidence", "innocent", "next")]
    width = max(cells(label) for label in labels)

    def part(label: str, text: str, style: str = "") -> list[Line]:
        return paragraph(text, indent=4, label=label, label_columns=width, style=style)

    lines += part(labels[0], incident.incident_id)
    lines += part(labels[1], incident.who)
    lines += part(labels[2], words.pick(incident.what.en, incident.what.zh))
    lines += part(labels[3], words("incident.span", first=time_text(incident.first), last=time_text(incident.last)))
    lines += _listed(incident.evidence, labels[4], width, words, evidence)
    lines += _listed(incident.innocent, labels[5], width, words, None if evidence is None else INNOCENT_SHOWN)
    if evidence is None and incident.display_filter:
        lines += part(words("incident.filter"), incident.display_filter)
    for index, command in enumerate(incident.next):
        lines += [_command(labels[6] if index == 0 else "", command, width)]
    return lines


def _listed(texts: tuple[Text, ...], label: str, width: int, words: Words, limit: int | None) -> list[Line]:
    lines: list[Line] = []
    kept = texts if limit is None else texts[:limit]
    for index, text in enumerate(kept):
        mark = label if index == 0 else " " * cells(label)
        lines += paragraph(words.pick(text.en, text.zh), indent=4, label=mark, label_columns=width)
    if len(kept) < len(texts):
        more = words("incident.more_evidence", n=len(texts) - len(kept))
        lines += paragraph(more, indent=4, label=" " * cells(label), label_columns=width, style="dim")
    return lines


def _command(label: str, command: str, width: int) -> Line:
    """Return a command to copy: never wrapped, so that it stays one line of the shell."""
    line = Line("    ")
    line.append(label, style="dim")
    line.append(" " * (width - cells(label) + 2))
    line.append(clean(command), style="cyan")
    return line
