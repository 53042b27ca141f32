"""Columns worked out over whole columns: addresses, community ids, texts without effect on the screen."""

from __future__ import annotations

import re
import socket
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sensor.intake.recipe import Lookup

CACHED: Final = 1 << 20
"""Addresses remembered between blocks (10^4 … 10^7), 150 B each."""

_V4_PREFIX: Final = bytes(10) + b"\xff\xff"

_UNPLAIN: Final = (
    "\\x00-\\x1f\\x7f-\\x9f\"'`\\x{ad}\\x{61c}\\x{180e}\\x{feff}\\x{fff9}-\\x{fffb}\\x{200b}-\\x{200f}"
    "\\x{2028}-\\x{202e}\\x{2060}-\\x{206f}\\x{e0000}-\\x{e007f}"
)
"""Letters that the core escapes too (wire/src/proto/escape.rs); RE2 spelling."""

_UNPLAIN_RE: Final = re.compile(
    "[" + re.sub(r"\\x\{([0-9a-f]+)\}", lambda m: chr(int(m[1], 16)), _UNPLAIN) + "]",
)
_UNPLAIN_JSON_RE: Final = re.compile(_UNPLAIN_RE.pattern[:-1] + "\\\\]")

MAX_TEXT: Final = 2048
"""Letters of a text that are kept (256 … 65536): the longest that the core keeps."""


class Addresses:
    """Turns texts into addresses of 16 bytes, each distinct text once."""

    def __init__(self) -> None:
        self._known: dict[str, bytes | None] = {}

    def parse(self, texts: pa.ChunkedArray) -> pa.ChunkedArray:
        """Return the addresses; NULL where the text is none."""
        return pa.chunked_array([self._chunk(chunk) for chunk in texts.chunks], pa.binary(16))

    def _chunk(self, texts: pa.Array) -> pa.Array:
        encoded = texts.dictionary_encode()
        values = [self._one(text) for text in encoded.dictionary.to_pylist()]
        return pa.array(values, pa.binary(16)).take(encoded.indices)

    def _one(self, text: str) -> bytes | None:
        found = self._known.get(text, b"")
        if found != b"":
            return found
        if len(self._known) >= CACHED:
            self._known.clear()
        self._known[text] = value = address(text)
        return value


def address(text: str) -> bytes | None:
    """Return the address in 16 bytes (IPv4 mapped), None when the text is none."""
    try:
        if ":" in text:
            return socket.inet_pton(socket.AF_INET6, text.partition("%")[0])
        return _V4_PREFIX + socket.inet_pton(socket.AF_INET, text)
    except (OSError, ValueError):
        return None


def looked_up(rows: pa.Table, lookup: Lookup) -> pa.Table:
    """Return the rows with the columns of a lookup added."""
    encoded = rows.column(lookup.field).combine_chunks().dictionary_encode()
    known = [lookup.work_out(value) for value in encoded.dictionary.to_pylist()]
    known.append(lookup.work_out(None))
    indices = pc.fill_null(encoded.indices, len(known) - 1)
    for position, (name, kind) in enumerate(lookup.columns.items()):
        rows = rows.append_column(name, pa.array([values[position] for values in known], kind).take(indices))
    return rows


def community_messages(rows: pa.Table) -> pa.Array:
    """Return the bytes whose SHA-1 is the community id of a flow (version 1, seed 0), NULL without an address.

    Args:
        rows: ``src``, ``dst`` (16 bytes), ``src_port``, ``dst_port`` (of ICMP: type, and code or the answer's type),
            ``proto`` (IANA number) and ``one_way`` (kinds of ICMP that nobody answers are not turned around).

    Source: https://github.com/corelight/community-id-spec (version 1).
    """
    src, dst = _bytes_of(rows.column("src")), _bytes_of(rows.column("dst"))
    ports = np.stack([_numbers(rows.column(name)) for name in ("src_port", "dst_port")], axis=1)
    proto = _numbers(rows.column("proto")).astype(np.uint8)
    one_way = rows.column("one_way").combine_chunks().fill_null(False).to_numpy(zero_copy_only=False)
    is_v6 = ~((src[:, :10] == 0).all(axis=1) & (src[:, 10:12] == 0xFF).all(axis=1))
    swap = _is_above(src, dst, ports) & ~one_way
    low, high = np.where(swap[:, None], dst, src), np.where(swap[:, None], src, dst)
    ports = np.where(swap[:, None], ports[:, ::-1], ports).astype(">u2")
    port_bytes = np.ascontiguousarray(ports).view(np.uint8).reshape(len(ports), 4)
    head = np.zeros((len(src), 2), np.uint8)
    tail = np.stack([proto, np.zeros_like(proto)], axis=1)
    short = np.concatenate([head, low[:, 12:], high[:, 12:], tail, port_bytes], axis=1)
    valid = pc.and_(pc.is_valid(rows.column("src")), pc.is_valid(rows.column("dst")))
    valid = pc.and_(valid, pc.is_valid(rows.column("proto"))).combine_chunks()
    messages = _blobs(short)
    if is_v6.any():
        messages = pc.if_else(
            pa.array(is_v6), _blobs(np.concatenate([head, low, high, tail, port_bytes], axis=1)), messages
        )
    return pc.if_else(valid, messages, pa.scalar(None, pa.binary()))


def _is_above(
    src: npt.NDArray[np.uint8], dst: npt.NDArray[np.uint8], ports: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Tell where (address, port) of the source is above that of the destination."""
    left, right = (np.ascontiguousarray(side).view(">u8").reshape(len(side), 2) for side in (src, dst))
    above, equal = left[:, 0] > right[:, 0], left[:, 0] == right[:, 0]
    above |= equal & (left[:, 1] > right[:, 1])
    equal &= left[:, 1] == right[:, 1]
    return np.asarray(above | (equal & (ports[:, 0] > ports[:, 1])))


def _bytes_of(column: pa.ChunkedArray) -> npt.NDArray[np.uint8]:
    filled = pc.fill_null(column, bytes(16)).combine_chunks()
    start = 16 * filled.offset
    found = np.frombuffer(filled.buffers()[1], np.uint8)[start : start + 16 * len(filled)]
    return found.reshape(len(filled), 16)


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    return np.asarray(pc.fill_null(column, 0).combine_chunks().cast(pa.int64()).to_numpy(zero_copy_only=False))


def _blobs(matrix: npt.NDArray[np.uint8]) -> pa.Array:
    rows, width = matrix.shape
    fixed = pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(width), rows, [None, pa.py_buffer(np.ascontiguousarray(matrix).tobytes())]
    )
    return fixed.cast(pa.binary())


def plain(texts: pa.Array, *, is_escaped: bool) -> pa.Array:
    """Return texts as the core would have written them: nothing in them has an effect on a screen.

    Args:
        texts: Strings.
        is_escaped: The log escapes with backslashes itself: they stay.
    """
    if len(texts) == texts.null_count:
        return texts
    if pc.max(pc.binary_length(texts)).as_py() > MAX_TEXT:
        texts = pc.utf8_slice_codeunits(texts, 0, MAX_TEXT)
    pattern = f"[{_UNPLAIN}]" if is_escaped else f"[{_UNPLAIN}\\\\]"
    odd = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    if not pc.any(odd).as_py():
        return texts
    odd_ones = texts.filter(odd).dictionary_encode()
    search = _UNPLAIN_RE if is_escaped else _UNPLAIN_JSON_RE
    fixed = [search.sub(_hex, text)[:MAX_TEXT] for text in odd_ones.dictionary.to_pylist()]
    return pc.replace_with_mask(texts, odd, pa.array(fixed, pa.string()).take(odd_ones.indices))


def _hex(found: re.Match[str]) -> str:
    return "".join(f"\\x{byte:02x}" for byte in found[0].encode())
