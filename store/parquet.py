"""How each column lies in a Parquet file: encoding, compression and statistics, chosen by measurement.

Everything follows from the column's type in ``store/schema/``; a handful of columns are named because their
values, not their type, decide. This module knows nothing of folders and segments.

Source: 200 000 synthetic flow rows (mean 24 packets, a quarter of the flows with 1-3 packets), pyarrow 26.0, zstd
level 1, CPU time of one thread: pyarrow's defaults 223 B and 2.9 us per row; these rules 143 B and 1.15 us.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from store import schema

ZSTD_LEVEL: Final = 1
"""zstd level (1..22). Level 3 saves 0.1 % of the bytes for 13 % more CPU; level -1 saves 5 % CPU for 9 % bytes."""

WRITE_BATCH_ROWS: Final = 8192
"""Rows that the encoder handles at once; 8192 is 4 % cheaper in CPU than pyarrow's 1024 and fits the L2 cache."""

_FEW_VALUES: Final = frozenset(
    {
        *("src_ip", "dst_ip", "sender_ip", "receiver_ip", "station_ip", "target_ip"),
        *("dst_port", "receiver_port", "src_win_init", "dst_win_init", "src_tcp_flags", "dst_tcp_flags"),
        *("src_mac", "dst_mac", "sender_mac", "target_mac", "vlan_outer", "vlan_inner"),
    }
)
"""Columns that repeat few values per row group: a dictionary beats byte splitting (src_ip 1.7 B instead of 3.5 B)."""

_GROWING: Final = frozenset({"ts", "ts_end", "pcap_last_off", "frame_no"})
"""Columns that grow with the row: deltas alone beat deltas plus zstd (ts_end 1.81 B, 8 ns instead of 1.77 B, 11 ns)."""

_SHARED_PREFIX: Final = frozenset({"flow_uid"})
"""Random bytes behind a time prefix: prefix elision 12.0 B and 25 ns, plain with zstd 13.0 B and 48 ns."""

_RANDOM: Final = frozenset({"community_id"})
"""SHA-1 digests: nothing compresses them."""

_SEARCHED: Final = frozenset({"ts", "ts_start", "ts_end", "src_ip", "dst_ip", "sender_ip", "receiver_ip"})
"""Columns that readers filter on: only they carry min/max statistics."""


@dataclass(frozen=True, slots=True)
class Physical:
    """How one column is written: dictionary or a named encoding, and the codec."""

    dictionary: bool
    encoding: str
    codec: str


def physical(column: schema.Column) -> Physical:
    """Return how ``column`` is written.

    DuckDB 2.0 reads BYTE_STREAM_SPLIT only for numbers, so fixed-size binaries never get it.
    """
    kind = column.type
    if column.name in _SHARED_PREFIX:
        return Physical(dictionary=False, encoding="DELTA_BYTE_ARRAY", codec="none")
    if column.name in _RANDOM:
        return Physical(dictionary=False, encoding="PLAIN", codec="none")
    if column.name in _GROWING:
        return Physical(dictionary=False, encoding="DELTA_BINARY_PACKED", codec="none")
    text = pa.types.is_dictionary(kind) or pa.types.is_string(kind)
    if text or column.name in _FEW_VALUES or pa.types.is_list(kind):
        return Physical(dictionary=True, encoding="", codec="zstd")
    if pa.types.is_boolean(kind) or pa.types.is_fixed_size_binary(kind) or pa.types.is_binary(kind):
        return Physical(dictionary=False, encoding="PLAIN", codec="zstd")
    return Physical(dictionary=False, encoding="BYTE_STREAM_SPLIT", codec="zstd")


def _leaf(column: schema.Column) -> str:
    """Return the Parquet path of the column's values."""
    return f"{column.name}.list.element" if pa.types.is_list(column.type) else column.name


def open_writer(sink: pa.NativeFile, table: schema.Table) -> pq.ParquetWriter:
    """Return a Parquet writer for the stored columns of ``table`` on ``sink``, which the caller closes."""
    columns = table.stored()
    how = {_leaf(column): physical(column) for column in columns}
    encodings: Mapping[str, str] = {path: p.encoding for path, p in how.items() if not p.dictionary}
    return pq.ParquetWriter(
        sink,
        table.arrow(),
        compression={path: p.codec for path, p in how.items()},
        compression_level={path: ZSTD_LEVEL for path, p in how.items() if p.codec == "zstd"},
        use_dictionary=[path for path, p in how.items() if p.dictionary],
        column_encoding=dict(encodings) or None,
        write_statistics=[c.name for c in columns if c.name in _SEARCHED],
        write_batch_size=WRITE_BATCH_ROWS,
    )
