"""Reading ``site.toml``: every mistake is found in one pass and told with file, line, what is allowed.

The TOML parser of the standard library keeps no lines, so ``_Lines`` looks the keys up again.
"""

from __future__ import annotations

import difflib
import ipaddress
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

from store._policy import Basis, HomeNetwork, Master, Network, Role, RoleName, SitePolicy, Zone
from store.errors import Problem, TaishiError
from store.text import Text

_SHARED: Final = {"why": True, "owner": False, "expires": False}
_SECTIONS: Final[Mapping[str, Mapping[str, bool]]] = {
    "home_networks": {"cidr": True, **_SHARED},
    "zones": {"name": True, "networks": True, **_SHARED},
    "known_masters": {"station": True, "masters": True, **_SHARED, "owner": True},
    "roles": {"address": True, "roles": True, **_SHARED, "owner": True},
}
"""Allowed keys per section; True = required. Exemptions (masters, roles) need an owner: somebody answers for them."""


class _Lines:
    """Finds the line on which a key of a section's n-th entry stands."""

    _HEADER = re.compile(r"\s*\[\[?\s*([\w-]+)\s*\]\]?")
    _KEY = re.compile(r"""\s*["']?([\w-]+)["']?\s*=""")

    def __init__(self, text: str) -> None:
        self._found: dict[tuple[str, int, str], int] = {}
        section, counts = "", dict[str, int]()
        for number, line in enumerate(text.splitlines(), 1):
            if header := self._HEADER.match(line):
                section = header[1]
                counts[section] = counts.get(section, -1) + 1
                self._found.setdefault((section, counts[section], ""), number)
            elif key := self._KEY.match(line):
                self._found.setdefault((section, counts.get(section, 0), key[1]), number)

    def of(self, section: str, index: int, key: str = "") -> int:
        """Return the line of the key, else of its entry, else of the section, else 1."""
        places = ((section, index, key), (section, index, ""), ("", 0, section), (section, 0, ""))
        return next((self._found[place] for place in places if place in self._found), 1)


class _Reader:
    """Turns the parsed document into a policy, collecting what is wrong."""

    def __init__(self, name: str, text: str) -> None:
        self.problems: list[tuple[int, Problem]] = []
        self.name = name
        self._lines = _Lines(text)
        self._place = ("", 0)

    def policy(self, document: Mapping[str, Any]) -> SitePolicy:
        for key in document:
            if key not in _SECTIONS:
                self._say(self._lines.of("", 0, key), _unknown_key(key), _nearest(key, _SECTIONS), _RENAME)
        home = tuple(n for e in self._entries(document, "home_networks") for n in self._home(e))
        return SitePolicy(
            home=home or SitePolicy().home,
            zones=tuple(self._zone(e) for e in self._entries(document, "zones")),
            masters=tuple(self._master(e) for e in self._entries(document, "known_masters")),
            roles=tuple(self._role(e) for e in self._entries(document, "roles")),
            source=self.name,
        )

    def _entries(self, document: Mapping[str, Any], section: str) -> Iterable[Mapping[str, Any]]:
        """Yield the well-formed entries of a section; ``self._place`` follows, for the messages."""
        found = document.get(section, [])
        if not isinstance(found, list):
            self._say(
                self._lines.of("", 0, section),
                _is(section, found),
                Text(f"allowed: a list of [[{section}]] entries", f"可用：由 [[{section}]] 条目组成的列表"),
                _CORRECT,
            )
            return
        for index, entry in enumerate(found):
            self._place = (section, index)
            if section == "home_networks" and isinstance(entry, str):
                yield {"cidr": entry, "why": ""}
            elif not isinstance(entry, dict):
                told = _is(f"{section}[{index}]", entry)
                self._say(self._lines.of(section, index), told, Text("allowed: a table", "可用：表"), _CORRECT)
            elif self._keys(entry, _SECTIONS[section]):
                yield entry

    def _keys(self, entry: Mapping[str, Any], allowed: Mapping[str, bool]) -> bool:
        """Report unknown and missing keys; tell whether all required ones are there."""
        for key in entry:
            if key not in allowed:
                self._at(key, _unknown_key(key), _nearest(key, allowed), _RENAME)
        missing = [key for key, required in allowed.items() if required and key not in entry]
        for key in missing:
            section, names = self._place[0], ", ".join(name for name, needed in allowed.items() if needed)
            told = Text(f"key {key!r} is missing in {section}", f"缺少键 {key!r}，位于 {section}")
            self._at("", told, Text(f"needed: {names}", f"需要：{names}"), Text("add it", "请补上"))
        return not missing

    def _home(self, entry: Mapping[str, Any]) -> list[HomeNetwork]:
        why = self._text(entry, "why") or "named in site.toml"
        reason = Text(f"site policy: {why}", f"站点策略：{why}")
        owner, expires = self._text(entry, "owner"), self._date(entry)
        return [HomeNetwork(n, reason, Basis.SITE, owner, expires) for n in self._networks(entry, "cidr")]

    def _zone(self, entry: Mapping[str, Any]) -> Zone:
        return Zone(self._text(entry, "name"), self._networks(entry, "networks"), *self._answer(entry))

    def _master(self, entry: Mapping[str, Any]) -> Master:
        return Master(self._networks(entry, "station"), self._networks(entry, "masters"), *self._answer(entry))

    def _role(self, entry: Mapping[str, Any]) -> Role:
        names = self._texts(entry, "roles")
        known = {role.value: role for role in RoleName}
        for name in names:
            if name not in known:
                told = Text(f"unknown role {name!r}", f"未知的角色 {name!r}")
                self._at("roles", told, _nearest(name, known), _RENAME)
        roles = tuple(known[name] for name in names if name in known)
        return Role(self._networks(entry, "address"), roles, *self._answer(entry))

    def _answer(self, entry: Mapping[str, Any]) -> tuple[str, str, date | None]:
        """Return why the entry is there, who answers for it and until when."""
        return self._text(entry, "why"), self._text(entry, "owner"), self._date(entry)

    def _text(self, entry: Mapping[str, Any], key: str) -> str:
        value = entry.get(key, "")
        if isinstance(value, str):
            return value
        self._at(key, _is(key, value), Text("allowed: a string", "可用：字符串"), _CORRECT)
        return ""

    def _texts(self, entry: Mapping[str, Any], key: str) -> list[str]:
        value = entry[key]
        values = value if isinstance(value, list) else [value]
        if values and all(isinstance(v, str) for v in values):
            return values
        allowed = Text("allowed: a string or a list of strings, not empty", "可用：字符串或非空的字符串列表")
        self._at(key, _is(key, value), allowed, _CORRECT)
        return []

    def _networks(self, entry: Mapping[str, Any], key: str) -> tuple[Network, ...]:
        networks = []
        for text in self._texts(entry, key):
            try:
                networks.append(ipaddress.ip_network(text))
            except ValueError as error:
                told = Text(f"{text!r} is no network ({error})", f"{text!r} 不是网络（{error}）")
                self._at(key, told, _NETWORK, _CORRECT)
        return tuple(networks)

    def _date(self, entry: Mapping[str, Any]) -> date | None:
        value = entry.get("expires")
        if value is None or type(value) is date:
            return value
        allowed = Text("allowed: a date such as 2027-12-31, without quotes", "可用：日期，如 2027-12-31，不加引号")
        self._at("expires", _is("expires", value), allowed, _CORRECT)
        return None

    def _at(self, key: str, found: Text, allowed: Text, todo: Text) -> None:
        self._say(self._lines.of(*self._place, key), found, allowed, todo)

    def _say(self, line: int, found: Text, allowed: Text, todo: Text) -> None:
        self.problems.append((line, Problem(f"{self.name}:{line}", found, allowed, todo)))


def read_site(path: Path) -> SitePolicy:
    """Return the policy in ``path``; the default policy when the file does not exist.

    Raises:
        TaishiError: the file cannot be read or is wrong; the message lists every mistake with its line.
    """
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except FileNotFoundError:
        return SitePolicy()
    except (OSError, UnicodeDecodeError) as error:
        told = Text(f"not readable ({error})", f"无法读取（{error}）")
        allowed = Text("allowed: a UTF-8 text file", "可用：UTF-8 文本文件")
        raise TaishiError(Problem(str(path), told, allowed, _CORRECT)) from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        place = f"{path}:{line[1]}" if line else str(path)
        told = Text(f"not TOML ({error})", f"不是 TOML（{error}）")
        raise TaishiError(Problem(place, told, Text("allowed: TOML 1.0", "可用：TOML 1.0"), _CORRECT)) from error
    return _complete(_Reader(str(path), text), lambda reader: reader.policy(document))


def _complete(reader: _Reader, read: Callable[[_Reader], SitePolicy]) -> SitePolicy:
    policy = read(reader)
    if reader.problems:
        in_order = sorted(reader.problems, key=lambda entry: (entry[0], entry[1].text().en))
        count = len(in_order)
        closing = Problem(
            reader.name,
            Text(f"{count} mistake(s) in the site policy", f"站点策略中有 {count} 处错误"),
            Text("needed: a file without mistakes", "需要：没有错误的文件"),
            Text("correct them and run again", "请改正后再执行"),
        )
        raise TaishiError([*(problem for _, problem in in_order), closing])
    return policy


_CORRECT: Final = Text("correct that line", "请改正该行")
_RENAME: Final = Text("rename or remove it", "请改名或删除")
_NETWORK: Final = Text("allowed: an address or a CIDR such as 192.0.2.0/24", "可用：地址或 CIDR，如 192.0.2.0/24")


def _unknown_key(key: str) -> Text:
    return Text(f"unknown key {key!r}", f"未知的键 {key!r}")


def _nearest(name: str, allowed: Iterable[str]) -> Text:
    """Return the allowed names, led by the one that was probably meant."""
    names = list(allowed)
    near = difflib.get_close_matches(name, names, 1)
    said = ", ".join(names)
    if near:
        return Text(f"allowed: {said}; did you mean {near[0]!r}?", f"可用：{said}；是否想写 {near[0]!r}？")
    return Text(f"allowed: {said}", f"可用：{said}")


def _is(name: str, value: object) -> Text:
    """Return that something is of a type, in the words of TOML."""
    kind = _KINDS.get(type(value), Text("a date or time", "日期或时间"))
    return Text(f"{name} is {kind.en}", f"{name} 是{kind.zh}")


_KINDS: Final[Mapping[type, Text]] = {
    bool: Text("a boolean", "布尔值"),
    int: Text("an integer", "整数"),
    float: Text("a float", "浮点数"),
    str: Text("a string", "字符串"),
    list: Text("an array", "数组"),
    dict: Text("a table", "表"),
}
