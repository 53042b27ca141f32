"""``taishi dissect``: the conversation behind a flow, an alert or an incident, decoded by the installed tshark."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen
from reporting.cli._settings import Output, Settings, current
from reporting.cli._target import Target, target_of
from reporting.cli.scan import EXIT_PARTIAL

if TYPE_CHECKING:
    from reporting.dissect.packets import Picked
    from reporting.dissect.tshark import Tshark

PACKETS_SHOWN = 10_000
"""Packets decoded unless ``--limit`` says more or less: some 200 screens, and 100 MB of JSON at most."""


@command("dissect")
@click.argument("target")
@click.option("--detail", is_flag=True)
@click.option("--follow", is_flag=True)
@click.option("--limit", type=click.IntRange(min=1), metavar="N", default=PACKETS_SHOWN)
@case_option
def dissect(target: str, detail: bool, follow: bool, limit: int, case: str | None) -> int:
    """Decode the packets behind a flow, an alert or an incident."""
    from reporting.dissect.packets import picked_packets
    from reporting.dissect.tshark import find_tshark
    from store.errors import TaishiError

    settings = current()
    if detail and follow:
        raise TaishiError(settings.words("error.detail_and_follow"), exit_code=2)
    program = find_tshark()
    opened = chosen(settings, case)
    wanted = target_of(settings, opened, target)
    with picked_packets(opened.lake, opened.name, wanted.uids) as picked:
        shown = _Conversation(settings, picked, program, "follow" if follow else "detail" if detail else "lines", limit)
        shown.show()
        _tell(settings, wanted, picked, limit=None if follow else limit)
    return EXIT_PARTIAL if shown.is_cut else 0


class _Conversation:
    """Prints what tshark says about the packets of each capture in turn, in the form of the run."""

    def __init__(self, settings: Settings, picked: list[Picked], program: Any, view: str, limit: int) -> None:
        self.is_cut = False
        self._settings = settings
        self._picked = picked
        self._program = program
        self._view = view
        self._limit = limit

    def show(self) -> None:
        """Print everything."""
        from reporting.dissect.reading import FIELDS
        from reporting.tables import Column, emit

        form = self._settings.output
        if form is Output.TABLE:
            self._show_text()
            return
        names = ("stream", "sender", "receiver", "bytes", "text", "hex") if self._view == "follow" else FIELDS
        emit(self._rows(), [Column(name, name) for name in ("capture", *names)], form.value)

    def _sessions(self) -> Iterator[tuple[Picked, Tshark]]:
        """Yield a session for each capture; says afterwards what is missing from its output."""
        from reporting.clean import clean
        from reporting.dissect.tshark import Tshark

        for one in self._picked:
            with Tshark(self._program, one.file, one.scratch) as tshark:
                yield one, tshark
                if tshark.cut is not None:
                    self.is_cut = True
                    told = clean(tshark.cut.of(self._settings.lang))
                    click.echo(self._settings.words("dissect.cut", why=told), err=True)

    def _rows(self) -> Iterator[dict[str, Any]]:
        from reporting.dissect.reading import packet_layers, packet_lines

        for one, tshark in self._sessions():
            rows: Iterator[dict[str, Any]]
            if self._view == "follow":
                rows = (part.as_row() for part in self._said(tshark))
            elif self._settings.output is Output.CSV:
                rows = packet_lines(tshark, self._limit)
            else:
                rows = packet_layers(tshark, self._limit)
            for row in rows:
                yield {"capture": str(one.capture), **row}

    def _said(self, tshark: Tshark) -> Iterator[Any]:
        """Yield what was said in the first streams; says when there are none or more."""
        from reporting.dissect.conversation import MAX_STREAMS, said, streams

        words = self._settings.words
        found = streams(tshark)
        if not found:
            click.echo(words("dissect.no_stream"), err=True)
            return
        if len(found) > MAX_STREAMS:
            click.echo(words("dissect.streams", shown=MAX_STREAMS, n=len(found)), err=True)
        yield from said(tshark, found[:MAX_STREAMS])

    def _show_text(self) -> None:
        from reporting.clean import clean

        for one, tshark in self._sessions():
            if len(self._picked) > 1:
                click.echo(f"== {clean(str(one.capture))}")
            for line in self._text(tshark):
                click.echo(line)

    def _text(self, tshark: Tshark) -> Iterator[str]:
        from reporting.dissect.page import summary_lines, tree_line
        from reporting.dissect.reading import FIELDS, packet_lines, tree_lines

        if self._view == "follow":
            yield from self._followed(tshark)
        elif self._view == "detail":
            for line in tree_lines(tshark, self._limit):
                yield from tree_line(line)
        else:
            titles = {name: self._settings.words(f"dissect.{name}") for name in FIELDS}
            yield from summary_lines(list(packet_lines(tshark, self._limit)), titles)

    def _followed(self, tshark: Tshark) -> Iterator[str]:
        from reporting.clean import clean
        from reporting.dissect.conversation import screen_lines

        stream = None
        for part in self._said(tshark):
            if part.stream != stream:
                stream = part.stream
                ends = (part.sender, part.receiver) if part.from_first else (part.receiver, part.sender)
                yield clean(self._settings.words("dissect.stream", first=ends[0], second=ends[1]))
            yield from screen_lines(part)


def _tell(settings: Settings, wanted: Target, picked: list[Picked], *, limit: int | None) -> None:
    """Say on standard error what is not shown, and how to open the packets in Wireshark."""
    words = settings.words
    if wanted.flow_count > len(wanted.uids):
        told = {"id": wanted.name, "count": wanted.flow_count, "kept": len(wanted.uids)}
        click.echo(words("dissect.limited", **told), err=True)
    frames = max((one.frames for one in picked), default=0)
    if limit is not None and frames > limit:
        click.echo(words("dissect.more", shown=limit, frames=frames), err=True)
    if settings.output is Output.TABLE:
        line = f"{settings.program()} packets {wanted.name} -w {wanted.name}.pcap"
        click.echo(words("dissect.wireshark", command=line), err=True)
