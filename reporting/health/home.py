"""Is the home sound: who can read it, how much room is left, does the site policy make sense, does the audit hold."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from reporting.cases.book import casebook_of
from reporting.figures import bytes_text
from reporting.health.check import Check, Status, fine
from reporting.result import Text
from store.errors import TaishiError
from store.home import Home
from store.site import load_site

DISK_FAIL_BYTES: Final = 500_000_000
"""Free bytes (10^8 … 10^10) below which nothing more should be metered: a capture of 1 GB becomes some 100 MB of
segments, and a query may spill as much again (store/lake.py)."""

DISK_WARN_BYTES: Final = 5_000_000_000
"""Free bytes from which on room is no topic: ten times the above."""


def check_home(home: Home) -> Iterator[Check]:
    """Yield one check per part of the home, its lake aside."""
    yield _permissions(home)
    yield _keys(home)
    yield _disk(home)
    yield _site(home)
    yield _audit(home)


def _permissions(home: Home) -> Check:
    held = home.path.stat()
    mode = stat.S_IMODE(held.st_mode)
    found = f"{home.path}, {mode:04o}"
    if held.st_uid != os.getuid():
        told = Text(f"{found}, owned by uid {held.st_uid}", f"{found}，属主 uid {held.st_uid}")
        return Check("home", Status.WARN, told, Text("use a home of your own", "请使用自己的主目录"))
    if mode & 0o077:
        advice = Text(f"others can look in: chmod 700 {home.path}", f"他人可以进入：chmod 700 {home.path}")
        return Check("home", Status.WARN, Text(found, found), advice)
    if not os.access(home.path, os.W_OK):
        told = Text(f"{found}, not writable", f"{found}，不可写")
        return Check("home", Status.WARN, told, Text("scans need a writable home", "扫描需要可写的主目录"))
    return fine("home", found)


def _keys(home: Home) -> Check:
    files = sorted(home.keys.glob("*.pem"))
    open_files = [path for path in files if stat.S_IMODE(path.stat().st_mode) & 0o077]
    if open_files:
        names = ", ".join(path.name for path in open_files)
        found = Text(f"private keys others can read: {names}", f"他人可读的私钥：{names}")
        advice = Text(
            f"chmod 600 {home.keys}/*.pem; make new keys if others use this machine",
            f"chmod 600 {home.keys}/*.pem；若有他人使用本机，请另制密钥",
        )
        return Check("keys", Status.FAIL, found, advice)
    return fine("keys", f"{len(files)} private key(s)", f"{len(files)} 个私钥")


def _disk(home: Home) -> Check:
    free = shutil.disk_usage(home.path).free
    found = Text(f"{bytes_text(free)} free", f"剩余 {bytes_text(free)}")
    advice = Text("make room, or choose another --home", "请腾出空间，或用 --home 另选主目录")
    if free < DISK_FAIL_BYTES:
        return Check("disk", Status.FAIL, found, advice)
    return Check("disk", Status.WARN, found, advice) if free < DISK_WARN_BYTES else Check("disk", Status.OK, found)


def _site(home: Home) -> Check:
    if not home.site.exists():
        return fine("site.toml", "none: private ranges are taken as home", "没有：以私有地址为本单位网络")
    try:
        policy = load_site(home.site)
    except TaishiError as error:
        advice = Text("correct the file; nothing is scanned before", "请改正该文件；在此之前不会扫描")
        return Check("site.toml", Status.FAIL, Text(*error.text()), advice)
    counts = (len(policy.home), len(policy.zones), len(policy.masters), len(policy.roles))
    return fine(
        "site.toml",
        "{} home networks, {} zones, {} known masters, {} roles".format(*counts),
        "{} 个本单位网络，{} 个区域，{} 条已知主站，{} 条角色".format(*counts),
    )


def _audit(home: Home) -> Check:
    advice = Text("restore the casebook from a copy and find out who wrote to it", "请用备份恢复案卷，并查明是谁写入的")
    try:
        with casebook_of(home) as casebook:
            if casebook is None:
                return fine("audit", "no casebook yet", "还没有案卷")
            report = casebook.verify()
    except TaishiError as error:
        return Check("audit", Status.FAIL, Text(*error.text()), advice)
    if not report.is_intact:
        more = len(report.problems) - 1
        first = report.problems[0]
        en = first.en + (f" (and {more} more)" if more else "")
        zh = first.zh + (f"（另有 {more} 处）" if more else "")
        return Check("audit", Status.FAIL, Text(en, zh), advice, verifies=True)
    return fine(
        "audit",
        f"chain holds: {report.rows} rows, {report.anchors} signed heads, head {report.head.hash[:12]}",
        f"审计链成立：{report.rows} 行，{report.anchors} 个签名链头，链头 {report.head.hash[:12]}",
    )


def home_absent(path: Path) -> Check:
    """Return the check of a home that is not there: nothing was scanned yet."""
    return fine("home", f"{path}: none yet; the first scan makes it", f"{path}：还没有；首次扫描时建立")
