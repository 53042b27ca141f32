"""What the compiled core offers (docs/architecture.md, wire → sensor), and how it is had."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, cast

from store.errors import Problem, TaishiError
from store.text import Text


class Meter(Protocol):
    """The compiled meter of one capture."""

    def read(self) -> Sequence[tuple[str, Any]] | None:
        """Return the next batches as (table, batch), None at the end."""

    def counters(self) -> Mapping[str, int]:
        """Return the terms of the conservation law."""

    def info(self) -> Mapping[str, Any]:
        """Return frames, bytes_read, file_bytes, first_ts_ns, last_ts_ns, problem, interfaces."""

    def digest(self) -> bytes | None:
        """Return the digest of the whole file as stored, None when none was asked for; ends the reading."""


class Core(Protocol):
    """The compiled module."""

    def Meter(  # noqa: N802 - a class over there
        self, path: str, *, source_id: bytes, options_json: str, digest: str | None, secret_key: bytes | None
    ) -> Meter:
        """Return a meter over a capture file; secrets of logins become hashes under ``secret_key`` (16 to 64 bytes)."""

    def digest(self, path: str, name: str) -> bytes:
        """Return the digest of a file as stored: ``sha256`` or ``xxh3_128``."""

    def select(
        self, path: str, source_id: bytes, options_json: str, uids: list[bytes], out_path: str
    ) -> Mapping[str, object]:
        """Write the frames of those flows; return counts."""


def wire_core() -> Core:
    """Return the compiled core; imported late, so that reading a lake works where it is not built.

    Raises:
        TaishiError: it is not built.
    """
    try:
        return cast(Core, importlib.import_module("sensor._wire"))
    except ImportError as error:
        raise TaishiError(
            Problem(
                "sensor._wire",
                Text(f"{error}", f"无法载入（{error}）"),
                Text("needed: the compiled core", "需要：编译好的核心"),
                Text("run 'make dev' or install a wheel", "请执行“make dev”或安装 wheel"),
            )
        ) from error
