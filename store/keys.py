"""Signing keys (Ed25519): private half in a file of its owner alone, public half and trust in the casebook."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

from store import _private_key, audit
from store._casebook_tables import AUDIT_ANCHOR, SIGNING_KEY
from store.casebook import Casebook
from store.errors import Problem, TaishiError
from store.text import Text

_PUBLIC: Final = Text("public key", "公钥")
_ED25519: Final = Text("allowed: PEM or 64 hex digits of an Ed25519 key", "可用：Ed25519 公钥的 PEM 或 64 位十六进制数")
_ASK_FOR_KEY: Final = Text("ask for what 'taishi key init' printed there", "请对方提供“taishi key init”打印的公钥")


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
        encoded = _private_key.encoded(private, passphrase)
        with self.casebook.change("key init", f"key {key.key_id}") as change:
            change.connection.execute(SIGNING_KEY.insert().values(_row(key)))
            change.payload, change.words["to_value"] = _row(key), "own, trusted"
            _private_key.write(self._folder, file, encoded)
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
        return _private_key.is_locked(self._file(key_id))

    def _file(self, key_id: str) -> Path:
        return self._folder / f"{self.key(key_id).key_id}.pem"

    def sign(self, message: bytes, key_id: str, passphrase: str | None = None) -> bytes:
        """Return the 64-byte signature of ``message`` by one of our own keys.

        Raises:
            TaishiError: no private key of that id here, or wrong passphrase.
        """
        return _private_key.read(self._file(key_id), passphrase).sign(message)

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
