"""Signing keys (Ed25519): private half in a file of its owner alone, public half and trust in the casebook."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from store import audit
from store._casebook_tables import AUDIT_ANCHOR, SIGNING_KEY
from store.casebook import Casebook
from store.errors import Problem, TaishiError
from store.text import Text

MODE: Final = 0o600
"""Permission of a private key file."""

MIN_PASSPHRASE: Final = 8
"""Shortest passphrase (characters). Source: NIST SP 800-63B section 5.1.1.1, minimum for user-chosen secrets."""

MAX_PASSPHRASE: Final = 1023
"""Longest passphrase (bytes UTF-8): what the PEM encryption of ``cryptography`` takes."""

_PUBLIC: Final = Text("public key", "公钥")
_ED25519: Final = Text("allowed: PEM or 64 hex digits of an Ed25519 key", "可用：Ed25519 公钥的 PEM 或 64 位十六进制数")
_ASK_FOR_KEY: Final = Text("ask for what 'taishi key init' printed there", "请对方提供“taishi key init”打印的公钥")
_OF_OURS: Final = Text("allowed: files made by 'taishi key init'", "可用：“taishi key init”建立的文件")
_PUT_BACK: Final = Text("put the right file back", "请放回正确的文件")


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and what the casebook holds about it; ``public_key`` is raw Ed25519 in hex."""

    key_id: str
    public_key: str
    name: str
    is_own: bool
    is_trusted: bool

    def pem(self) -> str:
        """Return the public key as PEM, to be given to others."""
        public = Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_key))
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


class KeyRing:
    """The keys of one home.

    Args:
        casebook: Holds the public keys, their trust, and the audit of every change.
        folder: Holds the private key files, ``<key id>.pem``.
    """

    def __init__(self, casebook: Casebook, folder: Path) -> None:
        self.casebook = casebook
        self._folder = folder

    def create(self, name: str, passphrase: str | None = None) -> Key:
        """Make a key pair of our own, trusted from the start.

        Args:
            name: What people call it.
            passphrase: Encrypts the file; None leaves it to the file's permission alone.

        Raises:
            TaishiError: the passphrase is too short, or the file cannot be written.
        """
        private = Ed25519PrivateKey.generate()
        key = _key(private.public_key(), name, is_own=True)
        file = self._folder / f"{key.key_id}.pem"
        encoded = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, _encryption(passphrase))
        with self.casebook.change("key init", f"key {key.key_id}") as change:
            change.connection.execute(SIGNING_KEY.insert().values(_row(key)))
            change.payload, change.words["to_value"] = _row(key), "own, trusted"
            _write_private(self._folder, file, encoded)
        return key

    def listed(self) -> list[Key]:
        """Return all keys, our own first, then by name."""
        order = (SIGNING_KEY.c.is_own.desc(), SIGNING_KEY.c.name, SIGNING_KEY.c.key_id)
        with self.casebook.reading() as connection:
            rows = connection.execute(sa.select(SIGNING_KEY).order_by(*order)).mappings().all()
        return [Key(**row) for row in rows]

    def key(self, key_id: str) -> Key:
        """Return one key by id.

        Raises:
            TaishiError: unknown (exit code 3).
        """
        for key in self.listed():
            if key.key_id == key_id:
                return key
        raise TaishiError(
            Problem(
                Text(f"key {key_id!r}", f"密钥 {key_id!r}"),
                Text("unknown", "没有此密钥"),
                Text("allowed: an id as 'taishi key list' shows it", "可用：“taishi key list”列出的指纹"),
                Text("check it", "请核对"),
            ),
            exit_code=3,
        )

    def trust(self, public: str, name: str, reason: str = "") -> Key:
        """Trust a key from elsewhere.

        Args:
            public: PEM, or 64 hex digits of the raw key.
            name: Whose it is.
            reason: How it was checked, for the audit.

        Raises:
            TaishiError: no Ed25519 public key.
        """
        key = public_key(public, name)
        with self.casebook.change("key trust", f"key {key.key_id}", reason) as change:
            row = (
                change.connection.execute(sa.select(SIGNING_KEY).where(SIGNING_KEY.c.key_id == key.key_id))
                .mappings()
                .first()
            )
            if row is None:
                change.connection.execute(SIGNING_KEY.insert().values(_row(key)))
            elif row["is_trusted"]:
                change.cancel()
            else:
                self._set_trust(change.connection, key.key_id, trusted=True)
            change.payload, change.words["to_value"] = _row(key), "trusted"
        return self.key(key.key_id)

    def distrust(self, key_id: str, reason: str) -> Key:
        """Stop trusting a key; what it signed before is no longer accepted.

        Raises:
            TaishiError: unknown (exit code 3).
        """
        key = self.key(key_id)
        with self.casebook.change("key distrust", f"key {key_id}", reason) as change:
            self._set_trust(change.connection, key_id, trusted=False)
            change.payload = {"key_id": key_id, "is_trusted": False}
            change.words.update(from_value="trusted", to_value="not trusted")
            if not key.is_trusted:
                change.cancel()
        return self.key(key_id)

    def is_locked(self, key_id: str) -> bool:
        """Tell whether the private key of that id is here and needs a passphrase.

        Raises:
            TaishiError: unknown (exit code 3).
        """
        try:
            return b"ENCRYPTED" in self._file(key_id).read_bytes()[:64]
        except OSError:
            return False

    def _file(self, key_id: str) -> Path:
        return self._folder / f"{self.key(key_id).key_id}.pem"

    def sign(self, message: bytes, key_id: str, passphrase: str | None = None) -> bytes:
        """Return the 64-byte signature of ``message`` by one of our own keys.

        Raises:
            TaishiError: no private key of that id here, or wrong passphrase.
        """
        file = self._file(key_id)
        try:
            private = load_pem_private_key(file.read_bytes(), None if passphrase is None else _secret(passphrase))
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise TaishiError(
                Problem(
                    str(file),
                    Text(f"private key not usable ({error})", f"私钥不能使用（{error}）"),
                    Text("needed: the file and its passphrase", "需要：该文件及其口令"),
                    Text("give the right passphrase, or restore the file", "请给出正确的口令，或恢复该文件"),
                )
            ) from error
        if not isinstance(private, Ed25519PrivateKey):
            raise TaishiError(Problem(str(file), Text("no Ed25519 key", "不是 Ed25519 密钥"), _OF_OURS, _PUT_BACK))
        return private.sign(message)

    def is_valid(self, message: bytes, signature: bytes, key_id: str) -> bool:
        """Tell whether a trusted key of that id signed ``message``."""
        key = next((k for k in self.listed() if k.key_id == key_id and k.is_trusted), None)
        if key is None:
            return False
        try:
            Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.public_key)).verify(signature, message)
        except InvalidSignature:
            return False
        return True

    def sign_head(self, key_id: str, passphrase: str | None = None) -> audit.Head:
        """Sign the audit chain's head, so that cutting off what is before it shows; return that head.

        Raises:
            TaishiError: no such private key, or wrong passphrase.
        """
        with self.casebook.change("audit anchor", f"key {key_id}") as change:
            at = audit.head(change.connection)
            signature = self.sign(audit.anchor_message(at), key_id, passphrase).hex()
            values = {"seq": at.seq, "key_id": key_id, "hash": at.hash, "signature": signature}
            if at.seq == 0:
                change.cancel()
            else:
                change.connection.execute(AUDIT_ANCHOR.insert().values(values))
            change.payload, change.words["to_value"] = values, f"{at.hash[:12]} @ {at.seq}"
        return at

    @staticmethod
    def _set_trust(connection: sa.Connection, key_id: str, *, trusted: bool) -> None:
        connection.execute(SIGNING_KEY.update().where(SIGNING_KEY.c.key_id == key_id).values(is_trusted=trusted))


def _row(key: Key) -> dict[str, Any]:
    return {name: getattr(key, name) for name in ("key_id", "public_key", "name", "is_own", "is_trusted")}


def _key(public: Ed25519PublicKey, name: str, *, is_own: bool) -> Key:
    raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Key(hashlib.sha256(raw).hexdigest()[:16], raw.hex(), name, is_own, is_trusted=True)


def public_key(text: str, name: str) -> Key:
    """Return the public key that a text holds, PEM or 64 hex digits, as one from elsewhere.

    Raises:
        TaishiError: no Ed25519 public key.
    """
    return _key(_public(text), name, is_own=False)


def _public(text: str) -> Ed25519PublicKey:
    try:
        if text.lstrip().startswith("-----BEGIN"):
            loaded = load_pem_public_key(text.encode())
        else:
            loaded = Ed25519PublicKey.from_public_bytes(bytes.fromhex(text.strip()))
    except (ValueError, UnsupportedAlgorithm) as error:
        told = Text(f"not readable ({error})", f"无法读取（{error}）")
        raise TaishiError(Problem(_PUBLIC, told, _ED25519, _ASK_FOR_KEY)) from error
    if not isinstance(loaded, Ed25519PublicKey):
        raise TaishiError(Problem(_PUBLIC, Text("another algorithm", "是其他算法"), _ED25519, _ASK_FOR_KEY))
    return loaded


def _encryption(passphrase: str | None) -> KeySerializationEncryption:
    if passphrase is None:
        return NoEncryption()
    secret = _secret(passphrase)
    if len(passphrase) < MIN_PASSPHRASE or len(secret) > MAX_PASSPHRASE:
        raise TaishiError(
            Problem(
                Text("passphrase", "口令"),
                Text(f"{len(passphrase)} characters", f"{len(passphrase)} 个字符"),
                Text(
                    f"allowed: at least {MIN_PASSPHRASE} characters and at most {MAX_PASSPHRASE} bytes",
                    f"可用：至少 {MIN_PASSPHRASE} 个字符，最多 {MAX_PASSPHRASE} 字节",
                ),
                Text("choose another one", "请另换一个"),
            ),
            exit_code=2,
        )
    return BestAvailableEncryption(secret)


def _secret(passphrase: str) -> bytes:
    """Return the bytes of a passphrase, also where the locale could not read them as text."""
    return passphrase.encode("utf-8", "surrogateescape")


def _write_private(folder: Path, file: Path, encoded: bytes) -> None:
    """Write a key file that was never readable for anyone else, not even for a moment."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, MODE)
        with os.fdopen(handle, "wb") as stream:
            stream.write(encoded)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError as error:
        raise TaishiError(
            Problem(
                str(file),
                Text(f"private key not written ({error})", f"私钥未能写入（{error}）"),
                Text("needed: a writable home", "需要：可写的主目录"),
                Text("check its permissions and the room left", "请检查权限和剩余空间"),
            )
        ) from error
