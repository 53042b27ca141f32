"""The name of a capture, as the specification puts it: a hash of its size and of a sample of its bytes."""

from __future__ import annotations

import hashlib
from typing import Final

MIB: Final = 1024 * 1024
PIECE: Final = 64 * 1024


def source_id(data: bytes) -> bytes:
    """Return the 32 bytes that seed the identifiers of a capture's flows (``docs/flow-semantics.md``, ADR 0016).

    Args:
        data: the whole file as stored.
    """
    size = len(data)
    sample = [data]
    if size > 6 * MIB:
        last_start = size - MIB - PIECE
        starts = [MIB + (last_start - MIB) * n // 63 for n in range(64)]
        sample = [data[:MIB], *(data[at : at + PIECE] for at in starts), data[-MIB:]]
    return hashlib.sha256(b"taishi capture sample 1\0" + size.to_bytes(8, "big") + b"".join(sample)).digest()
