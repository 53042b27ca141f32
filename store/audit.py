"""The audit chain: every change is one row, and every row's hash covers the row before it.

Changing, removing or inserting a row breaks the chain; ``verify`` finds where. Cutting rows off the end breaks it at
the next signed head (``audit_anchor``) or at a head printed on paper.
"""

from __future__ import annotations

import hashlib
import json
import os
import pwd
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from store._casebook_tables import AUDIT, AUDIT_ANCHOR, SIGNING_KEY
from store.text import Text

GENESIS: Final = "0" * 64
"""``prev_hash`` of the first row."""

_HASHED: Final = tuple(column.name for column in AUDIT.columns if column.name != "hash")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the user of the operating system, the role claimed, the machine."""

    name: str
    role: str
    host: str


@dataclass(frozen=True, slots=True)
class Head:
    """The last row of the chain; ``seq`` 0 and the genesis hash when it is empty."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What walking the chain found."""

    rows: int
    head: Head
    anchors: int
    problems: tuple[Text, ...]

    @property
    def is_intact(self) -> bool:
        """Tell whether nothing was found wrong."""
        return not self.problems


def current_actor(role: str = "local") -> Actor:
    """Return the user that runs this process (by uid: the environment can be forged)."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = f"uid {os.getuid()}"
    return Actor(name, role, socket.gethostname())


def canonical(value: object) -> bytes:
    """Return ``value`` as JSON with one spelling: sorted keys, no spaces, UTF-8."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass")


def head(connection: sa.Connection) -> Head:
    """Return the end of the chain; on a database with row locks, locked until the transaction ends."""
    last = sa.select(AUDIT.c.seq, AUDIT.c.hash).order_by(AUDIT.c.seq.desc()).limit(1).with_for_update()
    row = connection.execute(last).first()
    return Head(0, GENESIS) if row is None else Head(row.seq, row.hash)


def append(connection: sa.Connection, actor: Actor, words: Mapping[str, str], payload: object) -> Head:
    """Append one row inside the caller's transaction.

    Args:
        connection: Open transaction that also holds the change.
        actor: Who acts.
        words: command, object, from_value, to_value, reason.
        payload: What was written; only its hash is kept.
    """
    last = head(connection)
    row: dict[str, Any] = {
        "seq": last.seq + 1,
        "at": datetime.now(UTC).isoformat(timespec="microseconds"),
        "actor": actor.name,
        "role": actor.role,
        "host": actor.host,
        **{name: words.get(name, "") for name in ("command", "object", "from_value", "to_value", "reason")},
        "payload_hash": hashlib.sha256(canonical(payload)).hexdigest(),
        "prev_hash": last.hash,
    }
    row["hash"] = _row_hash(row)
    connection.execute(AUDIT.insert().values(row))
    return Head(row["seq"], row["hash"])


def _row_hash(row: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical([row[name] for name in _HASHED])).hexdigest()


def verify(connection: sa.Connection) -> ChainReport:
    """Walk the chain and its signed heads; every break is named with its row."""
    problems: list[Text] = []
    last, hashes = Head(0, GENESIS), dict[int, str]()
    for row in connection.execute(sa.select(AUDIT).order_by(AUDIT.c.seq)).mappings():
        problems += _row_problems(row, last)
        last = Head(row["seq"], row["hash"])
        hashes[last.seq] = last.hash
    anchors = connection.execute(sa.select(AUDIT_ANCHOR).order_by(AUDIT_ANCHOR.c.seq)).mappings().all()
    keys = {row["key_id"]: row["public_key"] for row in connection.execute(sa.select(SIGNING_KEY)).mappings()}
    for anchor in anchors:
        problems += _anchor_problems(anchor, hashes, keys)
    return ChainReport(len(hashes), last, len(anchors), tuple(problems))


def _row_problems(row: sa.RowMapping, last: Head) -> list[Text]:
    problems, seq = [], row["seq"]
    if seq != last.seq + 1:
        missing = Text(
            f"audit row {seq}: follows row {last.seq}; rows between are missing",
            f"审计第 {seq} 行：前一行是第 {last.seq} 行，中间缺行",
        )
        problems.append(missing)
    if row["prev_hash"] != last.hash:
        problems.append(
            Text(f"audit row {seq}: does not continue row {last.seq}", f"审计第 {seq} 行：与第 {last.seq} 行不衔接")
        )
    if row["hash"] != _row_hash(dict(row)):
        problems.append(Text(f"audit row {seq}: its content was changed", f"审计第 {seq} 行：内容被改动"))
    return problems


def _anchor_problems(anchor: sa.RowMapping, hashes: Mapping[int, str], keys: Mapping[str, str]) -> list[Text]:
    head, seq, key_id = anchor["hash"][:12], anchor["seq"], anchor["key_id"]
    if hashes.get(seq) != anchor["hash"]:
        gone = Text(
            f"signed head {head} @ {seq}: the chain has no such row any more",
            f"签名链头 {head} @ {seq}：链中已没有该行",
        )
        return [gone]
    public = keys.get(key_id)
    if public is None:
        return [
            Text(f"signed head {head} @ {seq}: key {key_id} is unknown", f"签名链头 {head} @ {seq}：未知密钥 {key_id}")
        ]
    try:
        message = anchor_message(Head(anchor["seq"], anchor["hash"]))
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(bytes.fromhex(anchor["signature"]), message)
    except (InvalidSignature, ValueError):
        return [Text(f"signed head {head} @ {seq}: the signature is wrong", f"签名链头 {head} @ {seq}：签名不符")]
    return []


def anchor_message(at: Head) -> bytes:
    """Return the bytes that are signed for a chain head."""
    return canonical({"purpose": "taishi audit head", "seq": at.seq, "hash": at.hash})
