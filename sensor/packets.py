"""Getting the packets of flows back out of their captures: the core meters the capture again and keeps those frames."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from sensor.core import wire_core
from sensor.identity import changed
from store.errors import Problem, TaishiError
from store.lake import Lake, add_table
from store.staging import StagedFile
from store.text import Text


@dataclass(frozen=True, slots=True)
class Selection:
    """The packets written from one capture."""

    capture: Path
    out: Path
    flows: int
    counts: Mapping[str, object]


def select_packets(lake: Lake, case: str | None, uids: Iterable[bytes], out: Path) -> tuple[Selection, ...]:
    """Write the frames of flows into ``out``, one file per capture they lie in.

    Args:
        lake: Lake that holds the flows.
        case: Case to look in; None for all.
        uids: flow_uids; a root uid stands for all segments of its conversation.
        out: File to write; with several captures ``-1``, ``-2`` … come before its suffix.

    Returns:
        One selection per capture, by path.

    Raises:
        TaishiError: no such flow (exit code 3), its packets were not kept, the capture is gone or changed, or ``out``
            cannot be written.
    """
    wanted = sorted(set(uids))
    captures = _captures(lake, case, wanted)
    places = [out] if len(captures) == 1 else [out.with_stem(f"{out.stem}-{n}") for n in range(1, len(captures) + 1)]
    return tuple(_write(capture, place) for capture, place in zip(captures, places, strict=True))


_SAME: Final = ("pcap_file_id", "sha256", "xxh3_128", "meter_options")
"""Columns of ``packet_store`` that make one metering of one capture, whatever the case."""


def _captures(lake: Lake, case: str | None, uids: Sequence[bytes]) -> list[dict[str, Any]]:
    """Return the captures that hold the flows: the columns of ``packet_store`` plus ``uids``."""
    with lake.reader(case) as reader:
        add_table(reader.connection, "wanted", pa.table({"uid": pa.array(uids, pa.binary())}))
        flows = reader.arrow(
            "SELECT DISTINCT flow_uid, pcap_file_id, case_name FROM flow_stored "
            "WHERE coalesce(flow_root_uid, flow_uid) IN (SELECT uid FROM wanted) "
            "OR flow_uid IN (SELECT uid FROM wanted)"
        ).to_pylist()
        stored = reader.arrow("SELECT * FROM packet_store ORDER BY path, case_name").to_pylist()
    if not flows:
        where = Text("the lake", "数据湖") if case is None else Text(f"case {case!r}", f"案例 {case!r}")
        raise TaishiError(
            Problem(
                where,
                Text(f"none of {len(uids)} flow(s) is in it", f"其中没有这 {len(uids)} 条流"),
                Text("allowed: flow_uids as 'taishi sql' shows them", "可用：“taishi sql”给出的 flow_uid"),
                Text("check the case with --case", "请用 --case 核对案例"),
            ),
            exit_code=3,
        )
    found: dict[tuple[object, ...], dict[str, Any]] = {}
    for row in stored:
        mine = {f["flow_uid"] for f in flows if (f["pcap_file_id"], f["case_name"]) == _key(row)}
        if mine:
            # The same capture may lie in several cases; in different cases one key may mean different captures.
            same = found.setdefault(tuple(row[name] for name in _SAME), {**row, "uids": []})
            same["uids"] = sorted({*same["uids"], *mine})
    if not found:
        raise TaishiError(
            Problem(
                Text("packets", "报文"),
                Text("the packets of these flows were not kept", "这些流的报文没有保存"),
                Text("needed: a capture file that was scanned", "需要：扫描过的抓包文件"),
                Text("scan the capture into this case", "请把该抓包扫描进本案例"),
            )
        )
    return list(found.values())


def _key(row: Mapping[str, Any]) -> tuple[object, object]:
    return row["pcap_file_id"], row["case_name"]


def _write(capture: Mapping[str, Any], out: Path) -> Selection:
    """Select from one capture into a hidden file, then make it visible as ``out``."""
    path = Path(capture["path"])
    difference = changed(path, capture)
    if difference is not None:
        raise TaishiError(
            Problem(
                str(path),
                Text(
                    f"changed since it was scanned ({difference.en})",
                    f"扫描之后已改变（{difference.zh}）",
                ),
                Text("needed: the same bytes", "需要：同样的内容"),
                Text("put the original back or scan the file again", "请放回原文件，或重新扫描"),
            )
        )
    staged = None
    try:
        staged = StagedFile(out.absolute().parent)
        options = json.dumps(json.loads(capture["meter_options"]), sort_keys=True)
        source_id = bytes.fromhex(capture["source_id"])
        counts = wire_core().select(str(path), source_id, options, list(capture["uids"]), str(staged.path))
        staged.publish(out.absolute())
    except (OSError, ValueError) as error:
        raise TaishiError(
            Problem(
                str(out),
                Text(f"packets not written ({error})", f"报文未能写出（{error}）"),
                Text("needed: a writable place", "需要：可写的位置"),
                Text("choose another -w", "请用 -w 另选"),
            )
        ) from error
    finally:
        if staged is not None:
            staged.discard()
    return Selection(path, out, len(capture["uids"]), dict(counts))
