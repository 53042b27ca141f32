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

from store._policy import Basis, HomeNetwork, Master, Network, Reason, Role, RoleName, SitePolicy, Zone
from store.errors import TaishiError

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
        self.problems: list[tuple[int, str]] = []
        self._name = name
        self._lines = _Lines(text)
        self._place = ("", 0)

    def policy(self, document: Mapping[str, Any]) -> SitePolicy:
        for key in document:
            if key not in _SECTIONS:
                self._say(self._lines.of("", 0, key), f"unknown key {key!r}", _nearest(key, _SECTIONS))
        home = tuple(n for e in self._entries(document, "home_networks") for n in self._home(e))
        return SitePolicy(
            home=home or SitePolicy().home,
            zones=tuple(self._zone(e) for e in self._entries(document, "zones")),
            masters=tuple(self._master(e) for e in self._entries(document, "known_masters")),
            roles=tuple(self._role(e) for e in self._entries(document, "roles")),
            source=self._name,
        )

    def _entries(self, document: Mapping[str, Any], section: str) -> Iterable[Mapping[str, Any]]:
        """Yield the well-formed entries of a section; ``self._place`` follows, for the messages."""
        found = document.get(section, [])
        if not isinstance(found, list):
            self._say(
                self._lines.of("", 0, section), f"{section} is {_kind(found)}", f"a list of [[{section}]] entries"
            )
            return
        for index, entry in enumerate(found):
            self._place = (section, index)
            if section == "home_networks" and isinstance(entry, str):
                yield {"cidr": entry, "why": ""}
            elif not isinstance(entry, dict):
                self._say(self._lines.of(section, index), f"{section}[{index}] is {_kind(entry)}", "a table")
            elif self._keys(entry, _SECTIONS[section]):
                yield entry

    def _keys(self, entry: Mapping[str, Any], allowed: Mapping[str, bool]) -> bool:
        """Report unknown and missing keys; tell whether all required ones are there."""
        for key in entry:
            if key not in allowed:
                self._at(key, f"unknown key {key!r}", _nearest(key, allowed))
        missing = [key for key, required in allowed.items() if required and key not in entry]
        for key in missing:
            self._at("", f"key {key!r} is missing in {self._place[0]}", f"required: {_names(allowed, required=True)}")
        return not missing

    def _home(self, entry: Mapping[str, Any]) -> list[HomeNetwork]:
        why = self._text(entry, "why") or "named in site.toml"
        reason = Reason(f"site policy: {why}", f"站点策略：{why}")
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
                self._at("roles", f"unknown role {name!r}", _nearest(name, known))
        roles = tuple(known[name] for name in names if name in known)
        return Role(self._networks(entry, "address"), roles, *self._answer(entry))

    def _answer(self, entry: Mapping[str, Any]) -> tuple[str, str, date | None]:
        """Return why the entry is there, who answers for it and until when."""
        return self._text(entry, "why"), self._text(entry, "owner"), self._date(entry)

    def _text(self, entry: Mapping[str, Any], key: str) -> str:
        value = entry.get(key, "")
        if isinstance(value, str):
            return value
        self._at(key, f"{key} is {_kind(value)}", "a string")
        return ""

    def _texts(self, entry: Mapping[str, Any], key: str) -> list[str]:
        value = entry[key]
        values = value if isinstance(value, list) else [value]
        if values and all(isinstance(v, str) for v in values):
            return values
        self._at(key, f"{key} is {_kind(value)}", "a string or a list of strings, not empty")
        return []

    def _networks(self, entry: Mapping[str, Any], key: str) -> tuple[Network, ...]:
        networks = []
        for text in self._texts(entry, key):
            try:
                networks.append(ipaddress.ip_network(text))
            except ValueError as error:
                self._at(key, f"{text!r} is no network ({error})", "an address or a CIDR such as 192.0.2.0/24")
        return tuple(networks)

    def _date(self, entry: Mapping[str, Any]) -> date | None:
        value = entry.get("expires")
        if value is None or type(value) is date:
            return value
        self._at("expires", f"expires is {_kind(value)}", "a date such as 2027-12-31, without quotes")
        return None

    def _at(self, key: str, found: str, allowed: str) -> None:
        self._say(self._lines.of(*self._place, key), found, allowed)

    def _say(self, line: int, found: str, allowed: str) -> None:
        self.problems.append((line, f"{self._name}:{line}: {found}; allowed: {allowed}"))


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
        raise TaishiError(f"{path}: not readable ({error}); allowed: a UTF-8 text file; correct it") from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        place = f"{path}:{line[1]}" if line else str(path)
        raise TaishiError(f"{place}: not TOML ({error}); allowed: TOML 1.0; correct that line") from error
    return _complete(_Reader(str(path), text), lambda reader: reader.policy(document))


def _complete(reader: _Reader, read: Callable[[_Reader], SitePolicy]) -> SitePolicy:
    policy = read(reader)
    if reader.problems:
        told = "\n".join(message for _, message in sorted(reader.problems))
        raise TaishiError(f"{told}\n{len(reader.problems)} mistake(s) in the site policy; correct them and run again")
    return policy


def _nearest(name: str, allowed: Iterable[str]) -> str:
    """Return the allowed names, led by the one that was probably meant."""
    names = list(allowed)
    near = difflib.get_close_matches(name, names, 1)
    said = ", ".join(names)
    return f"{said}; did you mean {near[0]!r}?" if near else said


def _names(allowed: Mapping[str, bool], *, required: bool) -> str:
    return ", ".join(name for name, needed in allowed.items() if needed is required)


def _kind(value: object) -> str:
    """Return a value's type in the words of TOML."""
    words = {bool: "a boolean", int: "an integer", float: "a float", str: "a string", list: "an array", dict: "a table"}
    return words.get(type(value), "a date or time")
