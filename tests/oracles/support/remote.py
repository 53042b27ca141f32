"""Logins to databases and screens against Zeek's mysql.log, Suricata's pgsql events and the fields of tshark.

Zeek's redis.log of the captures has no AUTH, and no capture has a postgresql.log, rfb.log or socks.log.
Source: Zeek, scripts/base/protocols/mysql/main.zeek; Suricata, doc/userguide/output/eve.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from tests.oracles.support.comparison import Comparison, Row, Said, Truth, ends
from tests.oracles.support.tool_logs import eve_ends, eve_events, zeek_ends, zeek_logs
from tests.oracles.support.tshark_fields import REMOTE, Frame, captures, first, frames

OUTCOMES: Final[Mapping[str, str]] = {"T": "ok", "F": "negative", "-": "unknown"}


def _mysql(root: Path) -> Truth:
    for trace, rows in zeek_logs(root, "mysql"):
        logins = [row for row in rows if row["cmd"] == "login"]
        yield trace, [(zeek_ends(row), {"user": row["arg"], "outcome": OUTCOMES[row["success"]]}) for row in logins]


def _pgsql(root: Path) -> Truth:
    for trace, events in eve_events(root, "pgsql"):
        told: list[Said] = []
        for event in events:
            given = event["pgsql"]["request"].get("startup_parameters")
            if given is not None:
                optional = {name: value for one in given["optional_parameters"] for name, value in one.items()}
                values = {"user": given["user"], "login_target": optional.get("database", "-")}
                told.append((eve_ends(event), values | {"client_app": optional.get("application_name", "-")}))
        yield trace, told


def _tshark(values: Callable[[Frame], dict[str, str]], root: Path) -> Truth:
    for trace in captures(root, REMOTE):
        said = [(_ends(frame), values(frame)) for frame in frames(root / trace, REMOTE) if frame["ip.src"]]
        yield trace, [(key, found) for key, found in said if found]


def _ends(frame: Frame) -> str:
    source, target = (f"{frame[f'ip.{end}'][-1]}:{first(frame, f'tcp.{end}port')}" for end in ("src", "dst"))
    return f"{source}>{target}"


def _mysql_login(frame: Frame) -> dict[str, str]:
    if not frame["mysql.user"]:
        return {}
    return {"user": first(frame, "mysql.user"), "login_target": first(frame, "mysql.schema")}


def _pgsql_login(frame: Frame) -> dict[str, str]:
    given = dict(zip(frame["pgsql.parameter_name"], frame["pgsql.parameter_value"], strict=False))
    if "user" not in given:
        return {}  # settings that the server states
    names = {"user": "user", "database": "login_target", "application_name": "client_app"}
    return {ours: given.get(theirs, "-") for theirs, ours in names.items()}


def _tds_login(frame: Frame) -> dict[str, str]:
    if not frame["tds.7login.username"]:
        return {}
    names = {"username": "user", "clientname": "client_host", "appname": "client_app", "servername": "server_name"}
    names |= {"databasename": "login_target"}
    return {ours: first(frame, f"tds.7login.{theirs}") for theirs, ours in names.items()}


def _vnc_login(frame: Frame) -> dict[str, str]:
    version = first(frame, "vnc.client_proto_ver")
    return {"client_app": f"RFB {version}"} if version != "-" else {}


def _keys(service: str, row: Row) -> Iterator[str]:
    if row["service"] == service:
        yield ends(row)


def _of(name: str, least: int, service: str, truth: Callable[[Path], Truth]) -> Comparison:
    return Comparison(name, least, "remote_login", truth, partial(_keys, service))


COMPARISONS: Final = (
    _of("zeek mysql", 5, "mysql", _mysql),
    _of("suricata pgsql", 4, "postgresql", _pgsql),
    _of("tshark mysql", 12, "mysql", partial(_tshark, _mysql_login)),
    _of("tshark pgsql", 14, "postgresql", partial(_tshark, _pgsql_login)),
    _of("tshark tds", 1, "ms-sql-s", partial(_tshark, _tds_login)),
    _of("tshark vnc", 1, "rfb", partial(_tshark, _vnc_login)),
)
