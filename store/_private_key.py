"""Files of private keys: encrypted PEM, written for their owner alone, opened with a passphrase."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from store.errors import Problem, TaishiError
from store.text import Text

MODE: Final = 0o600
"""Permission of a private key file."""

MIN_PASSPHRASE: Final = 8
"""Shortest passphrase (characters). Source: NIST SP 800-63B section 5.1.1.1, minimum for user-chosen secrets."""

MAX_PASSPHRASE: Final = 1023
"""Longest passphrase (bytes UTF-8): what the PEM encryption of ``cryptography`` takes."""

_OF_OURS: Final = Text("allowed: files made by 'taishi key init'", "可用：“taishi key init”建立的文件")
_PUT_BACK: Final = Text("put the right file back", "请放回正确的文件")


def encoded(private: Ed25519PrivateKey, passphrase: str | None) -> bytes:
    """Return a private key as PEM (PKCS #8), encrypted unless ``passphrase`` is None.

    Raises:
        TaishiError: the passphrase is too short or too long (exit code 2).
    """
    return private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, _encryption(passphrase))


def is_locked(file: Path) -> bool:
    """Tell whether a key file is there and needs a passphrase."""
    try:
        return b"ENCRYPTED" in file.read_bytes()[:64]
    except OSError:
        return False


def read(file: Path, passphrase: str | None) -> Ed25519PrivateKey:
    """Return the private key of a file.

    Raises:
        TaishiError: no such file, another kind of key, or wrong passphrase.
    """
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
    return private


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


def write(folder: Path, file: Path, encoded: bytes) -> None:
    """Write a key file that was never readable for anyone else, not even for a moment.

    Raises:
        TaishiError: the disk or its permissions refuse.
    """
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
