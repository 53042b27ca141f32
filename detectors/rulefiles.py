"""Rule tables: CSV files with a closed column set, checked whole, all errors reported together with file and line."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pyarrow as pa

from detectors import _rule_checks as check
from detectors._rule_checks import Check
from detectors.model import nearest
from store.schema import Severity

RULES_DIR: Final = Path(__file__).resolve().parent.parent / "rules"
"""Rules shipped beside the packages."""


class RuleFileError(ValueError):
    """A rule file that cannot be used; the text lists every problem as ``file:line: found; allowed; what to do``."""


@dataclass(frozen=True, slots=True)
class RuleKind:
    """The form of one kind of rule file: its columns in order, each with the check of its values, and its key."""

    columns: Mapping[str, Check]
    key: tuple[str, ...]


_ATTACK: Final = check.pattern(r"T\d{4}(\.\d{3})?( T\d{4}(\.\d{3})?)*", "ATT&CK technique ids separated by one space")

ICS_CLASSES: Final = ("recon", "clock", "command", "parameter", "diagnostic", "file", "mode", "restart", "program")
"""Classes of industrial functions; detectors.md D36 rates the last four 95, commands 70 to 80, reads 20."""

ANONYMISER_CLASSES: Final = ("tor", "proxy", "vpn", "tunnel_service", "remote_access", "encrypted_dns")
"""Ways out of the site that hide where a connection goes or let others in."""

_DOMAIN: Final = check.pattern(r"[a-z0-9-]+(\.[a-z0-9-]+)+", "a domain in lower case without a dot at its end")

QUALIFIERS: Final = ("", "broadcast", "test_bit")
"""Conditions on a message beside its function: sent to the broadcast unit, or with the IEC-104 test bit."""

RPC_KINDS: Final = (
    *("service", "service_start", "service_delete", "wmi", "task", "dcom", "replication", "coercion"),
    *("netlogon_auth", "netlogon_password", "discovery"),
)
"""What a remote procedure call of Windows is good for to an intruder."""

KINDS: Final[Mapping[str, RuleKind]] = {
    "admin_services": RuleKind(
        {
            "port": check.number(1, 65535),
            "service": check.text,
            "name_en": check.text,
            "name_zh": check.text,
            "attack": _ATTACK,
            "source": check.text,
        },
        ("port",),
    ),
    "rpc_operations": RuleKind(
        {
            "interface": check.text,
            "operation": check.text,
            "kind": check.one_of(*RPC_KINDS),
            "attack": _ATTACK,
            "why": check.text,
            "source": check.text,
        },
        ("interface", "operation"),
    ),
    "ics": RuleKind(
        {
            "sid": check.number(1, 9_999_999),
            "func": check.number(0, 255, optional=True),
            "subfunc": check.number(0, 65535, optional=True),
            "qualifier": check.one_of(*QUALIFIERS),
            "name_en": check.text,
            "name_zh": check.text,
            "class": check.one_of(*ICS_CLASSES),
            "severity": check.one_of(*(member.value for member in Severity)),
            "attack": _ATTACK,
            "source": check.text,
            "why": check.text,
        },
        ("sid",),
    ),
    "attack_map": RuleKind(
        {
            "id": _ATTACK,
            "version": check.pattern(r"\d+\.\d+", "a version such as 18.1"),
            "domain": check.one_of("enterprise", "ics"),
            "name": check.text,
            "tactic": check.pattern(r"[a-z]+(-[a-z]+)*", "a tactic in lower case with hyphens"),
            "order": check.number(1, 9),
            "remap": check.any_text,
            "source": check.text,
        },
        ("id",),
    ),
    "models": RuleKind(
        {
            "model": check.pattern(r"[a-z]+(_[a-z]+)*", "a name in snake_case"),
            "file": check.pattern(r"[a-z0-9_]+\.csv", "a file name ending in .csv"),
            "version": check.number(1, 9999),
            "sha256": check.pattern(r"[0-9a-f]{64}", "64 hex digits"),
            "seed": check.number(0, 2**31 - 1),
            "trained_from": check.any_text,
            "trained_until": check.any_text,
            "data": check.text,
            "source": check.text,
        },
        ("model",),
    ),
    "benign_lists": RuleKind(
        {
            "list": check.pattern(r"[a-z0-9]+([_-][a-z0-9]+)*", "a folder of MISP's warning-lists"),
            "class": check.one_of("popular", "vendor", "cdn", "cloud", "none"),
            "use": check.one_of("accept", "refuse"),
            "why": check.text,
            "source": check.text,
        },
        ("list",),
    ),
    "machine_zones": RuleKind(
        {
            "zone": _DOMAIN,
            "kind": check.one_of("blocklist", "lookup", "antivirus", "cdn"),
            "why": check.text,
            "source": check.text,
        },
        ("zone",),
    ),
    "mining_pools": RuleKind({"domain": _DOMAIN, "why": check.text, "source": check.text}, ("domain",)),
    "anonymisers": RuleKind(
        {
            "match": check.one_of("domain", "service", "port", "protocol"),
            "value": check.text,
            "product": check.text,
            "class": check.one_of(*ANONYMISER_CLASSES),
            "why": check.text,
            "source": check.text,
        },
        ("match", "value"),
    ),
    "tool_certs": RuleKind(
        {
            "field": check.one_of("subject", "issuer", "sha256"),
            "pattern": check.text,
            "tool": check.text,
            "class": check.one_of("implant", "framework", "interception", "default"),
            "why": check.text,
            "source": check.text,
        },
        ("field", "pattern"),
    ),
    "tools": RuleKind(
        {
            "kind": check.one_of("user_agent", "ssh_banner"),
            "pattern": check.text,
            "tool": check.text,
            "class": check.one_of("scanner", "script"),
            "why": check.text,
            "source": check.text,
        },
        ("kind", "pattern"),
    ),
    "roles": RuleKind(
        {
            "role": check.pattern(r"[a-z]+(_[a-z]+)*", "a name in snake_case"),
            "name_en": check.text,
            "name_zh": check.text,
            "why": check.text,
            "source": check.text,
        },
        ("role",),
    ),
    "virtual_macs": RuleKind(
        {
            "prefix": check.pattern(r"[0-9a-f]{2,12}", "2 to 12 hex digits in lower case"),
            "name": check.text,
            "why": check.text,
            "source": check.text,
        },
        ("prefix",),
    ),
}


def kind_of(name: str) -> RuleKind:
    """Return the form of a rule file by its name below ``rules/``: its folder's (``ics/*.csv``), else its stem's.

    Raises:
        KeyError: no kind of that name.
    """
    return KINDS.get(Path(name).parent.name) or KINDS[Path(name).stem]


def load_rules(name: str, rules_dir: Path = RULES_DIR) -> pa.Table:
    """Return one rule file as a table of texts, in the file's order.

    Args:
        name: path below ``rules_dir``, such as ``ics/iec104.csv``.
        rules_dir: where rules lie.

    Returns:
        One row per rule, all columns of the kind as strings.

    Raises:
        RuleFileError: the file is missing or anything in it is not allowed; every problem is listed.
    """
    kind = kind_of(name)
    try:
        text = (rules_dir / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RuleFileError(f"rules/{name}: cannot be read ({error}); allowed: a UTF-8 CSV file; restore it") from error
    reader = csv.DictReader(text.splitlines(), strict=True)
    try:
        problems = list(_header_problems(name, kind, reader.fieldnames or ()))
        lines = [] if problems else [(reader.line_num, row) for row in reader]
    except csv.Error as error:
        raise RuleFileError(f"rules/{name}:{reader.line_num}: {error}; allowed: RFC 4180; correct the line") from error
    problems += _row_problems(name, kind, lines)
    if problems:
        raise RuleFileError("\n".join(problems))
    fields = [pa.field(column, pa.string()) for column in kind.columns]
    return pa.Table.from_pylist([row for _, row in lines], schema=pa.schema(fields))


def admin_ports(rules_dir: Path = RULES_DIR) -> tuple[int, ...]:
    """Return the ports of ``admin_services.csv``, in the file's order.

    Raises:
        RuleFileError: as ``load_rules``.
    """
    return tuple(int(port) for port in load_rules("admin_services.csv", rules_dir)["port"].to_pylist())


def _header_problems(name: str, kind: RuleKind, header: object) -> Iterator[str]:
    found = list(header) if isinstance(header, (list, tuple)) else []
    allowed = ", ".join(kind.columns)
    for column in found:
        if column not in kind.columns:
            close = nearest(column, kind.columns)
            hint = f"did you mean {close!r}?" if close else "remove it"
            yield f"rules/{name}:1: unknown column {column!r}; allowed: {allowed}; {hint}"
    for column in kind.columns:
        if found.count(column) != 1:
            times = found.count(column)
            yield f"rules/{name}:1: column {column!r} appears {times} times; allowed: once; correct line 1"


def _row_problems(name: str, kind: RuleKind, lines: list[tuple[int, dict[str, str]]]) -> list[str]:
    problems = []
    seen: dict[tuple[str, ...], int] = {}
    for number, row in lines:
        where = f"rules/{name}:{number}"
        if None in row or None in row.values():
            wanted = len(kind.columns)
            problems.append(f"{where}: wrong number of fields; allowed: {wanted}; quote texts that hold commas")
            continue
        for column, allows in kind.columns.items():
            if allowed := allows(row[column]):
                problems.append(f"{where}: {column} is {row[column]!r}; allowed: {allowed}; correct it")
        key = tuple(row[column] for column in kind.key)
        if key in seen:
            problems.append(f"{where}: {' '.join(key)} is already on line {seen[key]}; allowed: once; remove one")
        seen.setdefault(key, number)
    return problems
