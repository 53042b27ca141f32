"""Is the program itself whole: Python, packages, the compiled core, tools nearby."""

from __future__ import annotations

import importlib
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Final

from reporting.health.check import Check, Status, fine
from reporting.result import Text

NEEDED_PYTHON: Final = (3, 11)
"""Oldest Python (pyproject.toml, requires-python)."""

PACKAGES: Final = (
    *("alembic", "click", "cryptography", "duckdb", "jinja2", "maxminddb", "netaddr", "numpy", "platformdirs"),
    *("publicsuffixlist", "pyarrow", "pymispwarninglists", "rich", "ruptures", "scikit-learn", "sqlalchemy"),
)
"""Run-time dependencies of pyproject.toml; a test holds both equal."""

_TOOL_PATIENCE_S: Final = 10
"""Seconds a tool may take to say its version: tshark loads its plugins first (0.5 s)."""


def check_installation() -> Iterator[Check]:
    """Yield one check per part of the installation."""
    yield _python()
    yield _packages()
    yield _core()
    yield _tshark()


def _python() -> Check:
    found = f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"
    if sys.version_info >= NEEDED_PYTHON:
        return fine("python", found)
    advice = Text("install Python 3.11 or newer", "请安装 Python 3.11 或更新版本")
    return Check("python", Status.FAIL, Text(found, found), advice)


def _packages() -> Check:
    held, absent = [], []
    for name in PACKAGES:
        try:
            held.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            absent.append(name)
    if absent:
        told = ", ".join(absent)
        advice = Text("install taishi again with its dependencies", "请连同依赖重新安装 taishi")
        return Check("packages", Status.FAIL, Text(f"missing: {told}", f"缺少：{told}"), advice)
    return fine("packages", ", ".join(held))


def _core() -> Check:
    try:
        core = importlib.import_module("sensor._wire")
    except ImportError as error:
        advice = Text(
            "run 'make dev' or install a wheel for this Python", "请执行 make dev，或安装适合此 Python 的 wheel"
        )
        told = str(error)
        return Check("core", Status.FAIL, Text(told, told), advice)
    own = str(getattr(core, "VERSION", "?"))
    try:
        package = version("taishi")
    except PackageNotFoundError:
        return fine("core", f"sensor._wire {own}, run from a checkout", f"sensor._wire {own}，从源码目录运行")
    if own != package:
        found = Text(f"sensor._wire {own}, package {package}", f"sensor._wire {own}，软件包 {package}")
        advice = Text("build the core again: 'make dev'", "请重新构建核心：make dev")
        return Check("core", Status.WARN, found, advice)
    return fine("core", f"sensor._wire {own}")


def _tshark() -> Check:
    path = shutil.which("tshark")
    if path is None:
        found = Text("not found (only needed to look at packets)", "未找到（仅查看报文时需要）")
        return Check(
            "tshark", Status.OK, found, Text("optional: install tshark or Wireshark", "可选：安装 tshark 或 Wireshark")
        )
    try:
        command = [path, "--version"]
        said = subprocess.run(command, capture_output=True, text=True, timeout=_TOOL_PATIENCE_S, check=False).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        return Check("tshark", Status.WARN, Text(f"{path}: {error}", f"{path}：{error}"))
    first = said.splitlines()[0].rstrip(".") if said else path
    return fine("tshark", f"{first} ({path})")
