"""The site's secret: the key under which secrets of logins are hashed (ADR 0020). It never leaves the home.

Whoever has it can try passwords against the hashes in the records, so it is no part of an export, a report or a log.
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from store.errors import Problem, TaishiError
from store.home import Home
from store.text import Text

SIZE: Final = 32
"""Length of the secret (bytes). Source: RFC 2104 section 3, the key of an HMAC is as long as the hash, SHA-256."""

MODE: Final = 0o600
"""Permission of the file."""

_ALLOWED: Final = Text(f"allowed: a readable file of {SIZE} bytes", f"可用：可读的 {SIZE} 字节文件")
_TODO: Final = Text(
    "restore it; without a copy remove it: a new one is made, and new hashes match no old ones",
    "请恢复该文件；若无备份则删除：会另建一个，新散列与旧散列不再可比",
)


def site_secret(home: Home) -> bytes:
    """Return the secret of a home, made on first need.

    Raises:
        TaishiError: it cannot be made or read, or has another length.
    """
    file = home.keys / "site.secret"
    try:
        if not file.exists():
            _make(file)
        found = file.read_bytes()
    except OSError as error:
        told = Text(f"site secret not usable ({error})", f"站点密值不能使用（{error}）")
        raise TaishiError(Problem(str(file), told, _ALLOWED, _TODO)) from error
    if len(found) != SIZE:
        told = Text(f"{len(found)} bytes", f"{len(found)} 字节")
        raise TaishiError(Problem(str(file), told, _ALLOWED, _TODO))
    return found


def _make(file: Path) -> None:
    """Make the file whole or not at all; of two processes that make it at once, the first one's stays."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{os.getpid()}-{secrets.token_hex(4)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(SIZE))
            stream.flush()
            os.fsync(stream.fileno())
        with suppress(FileExistsError):
            os.link(fresh, file)
    finally:
        fresh.unlink()
