"""A signed statement of the audit chain's head: given away, it proves later that nothing before it was changed.

It is one JSON object that stands alone: whoever has the public key can verify it without network and without the
casebook; whoever has the casebook can tell besides whether the chain still holds that head.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from store import audit
from store.casebook import Casebook
from store.errors import Problem, TaishiError
from store.keys import Key, KeyRing
from store.text import Text

PURPOSE: Final = "taishi audit statement"
VERSION: Final = 1
"""Version of the statement; raised when a field changes its meaning, is added or goes away."""

EXIT_UNVERIFIED: Final = 9
"""Exit code of what cannot be verified (casework.md section 6)."""

_HEX: Final = {"first": 64, "head": 64, "key_id": 16, "public_key": 64, "signature": 128}
"""Fields that are lower-case hex digits, and how many."""

_MAX_ENTRIES: Final = 2**63 - 1
"""Largest row number that a database can be asked for."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What was signed.

    Attributes:
        casebook: File name of the casebook.
        host: Machine that it was signed on.
        first: Hash of the chain's first row: tells casebooks apart, whatever their files are called.
        entries: Rows of the chain, 1 …
        head: Hash of the last of them.
        at: Wall clock of the signature, ISO 8601 UTC.
        key_id: First 16 hex digits of the SHA-256 of the public key.
        public_key: Ed25519, raw, hex.
        signature: Ed25519 over ``message()``, hex.
    """

    casebook: str
    host: str
    first: str
    entries: int
    head: str
    at: str
    key_id: str
    public_key: str
    signature: str

    def message(self) -> bytes:
        """Return the bytes that are signed: everything but the signature, in canonical JSON."""
        return audit.canonical({name: value for name, value in self.as_json().items() if name != "signature"})

    def as_json(self) -> dict[str, Any]:
        """Return the JSON object."""
        return {"purpose": PURPOSE, "version": VERSION, **asdict(self)}


def issue(ring: KeyRing, key_id: str, passphrase: str | None = None) -> Statement:
    """Sign the head of the chain, keep the signature as an anchor with an audit row, and return the statement.

    Raises:
        TaishiError: no such private key, or wrong passphrase.
    """
    key = ring.key(key_id)
    head = ring.sign_head(key.key_id, passphrase)
    statement = Statement(
        casebook=ring.casebook.path.name,
        host=audit.current_actor().host,
        first=ring.casebook.audit_hash(1) or audit.GENESIS,
        entries=head.seq,
        head=head.hash,
        at=datetime.now(UTC).isoformat(timespec="microseconds"),
        key_id=key.key_id,
        public_key=key.public_key,
        signature="",
    )
    signature = ring.sign(statement.message(), key.key_id, passphrase).hex()
    return Statement(**{**asdict(statement), "signature": signature})


def read_statement(text: str, where: str) -> Statement:
    """Return the statement that a file holds; whether it is genuine is another question (``problems``).

    Args:
        text: Content of the file.
        where: Its name, for messages.

    Raises:
        TaishiError: it is no statement of a version known here (exit code 9).
    """
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("purpose") != PURPOSE:
        raise _unreadable(where, Text("no signed statement", "不是签名声明"))
    if found.get("version") != VERSION:
        version = found.get("version")
        raise _unreadable(where, Text(f"statement version {version!r}", f"声明版本 {version!r}"))
    values = {name: value for name, value in found.items() if name not in {"purpose", "version"}}
    names = [field.name for field in fields(Statement)]
    wrong = sorted(set(values) ^ set(names)) or [name for name in names if not _is_well_formed(name, values[name])]
    if wrong:
        raise _unreadable(where, Text(f"field {wrong[0]!r} is missing or wrong", f"字段 {wrong[0]!r} 缺失或有误"))
    return Statement(**values)


def _is_well_formed(name: str, value: object) -> bool:
    if name == "entries":
        return type(value) is int and 0 < value <= _MAX_ENTRIES
    if not isinstance(value, str):
        return False
    return name not in _HEX or re.fullmatch(rf"[0-9a-f]{{{_HEX[name]}}}", value) is not None


def _unreadable(where: str, found: Text) -> TaishiError:
    allowed = Text(
        f"allowed: a file that 'taishi audit export' wrote, version {VERSION}",
        f"可用：“taishi audit export”写出的文件，版本 {VERSION}",
    )
    todo = Text("ask for the statement again, or update taishi", "请重新索取声明，或更新 taishi")
    return TaishiError(Problem(where, found, allowed, todo), exit_code=EXIT_UNVERIFIED)


def problems(statement: Statement, keys: Iterable[Key], casebook: Casebook | None) -> tuple[Text, ...]:
    """Return what speaks against a statement; nothing when it holds.

    Args:
        statement: As read.
        keys: Public keys known here; only trusted ones count.
        casebook: Compared when it is the one that the statement is about.
    """
    known = tuple(keys)
    is_ours = any(key.is_own and key.public_key == statement.public_key for key in known)
    return (*_signature_problems(statement, known), *_chain_problems(statement, casebook, is_ours=is_ours))


def _signature_problems(statement: Statement, keys: Iterable[Key]) -> Iterable[Text]:
    raw, key_id = bytes.fromhex(statement.public_key), statement.key_id
    if hashlib.sha256(raw).hexdigest()[:16] != key_id:
        yield Text(
            f"key {key_id}: the public key in the statement is another one", f"密钥 {key_id}：声明中的公钥与之不符"
        )
    try:
        Ed25519PublicKey.from_public_bytes(raw).verify(bytes.fromhex(statement.signature), statement.message())
    except (InvalidSignature, ValueError):
        yield Text("the signature is wrong: the statement was changed", "签名不符：声明被改动")
    if not any(key.public_key == statement.public_key and key.is_trusted for key in keys):
        yield Text(
            f"key {key_id}: not trusted here; check it with its owner, then 'taishi key trust FILE'",
            f"密钥 {key_id}：此处不信任；请与其所有者核对后执行“taishi key trust FILE”",
        )


def is_about(statement: Statement, casebook: Casebook | None) -> bool:
    """Tell whether a casebook is the one that a statement is about."""
    return casebook is not None and casebook.audit_hash(1) == statement.first


def _chain_problems(statement: Statement, casebook: Casebook | None, *, is_ours: bool) -> Iterable[Text]:
    """Yield where the chain differs; a chain begun anew is none of the statement's, unless our own key signed it."""
    if casebook is None:
        return
    if not is_about(statement, casebook):
        if is_ours:
            yield Text(
                "signed with a key of this home, but its audit chain begins otherwise now: it was replaced",
                "由本主目录的密钥签名，但其审计链的开头已不同：链被替换",
            )
        return
    seq, found = statement.entries, casebook.audit_hash(statement.entries)
    if found is None:
        yield Text(
            f"the audit chain has no row {seq} any more: it was cut off",
            f"审计链已没有第 {seq} 行：链尾被截去",
        )
    elif found != statement.head:
        yield Text(f"audit row {seq} is another one than was signed", f"审计第 {seq} 行不是当时签名的那一行")
    yield from casebook.verify().problems
