"""The view ``logins``: who tried to get in where, how, and with what outcome, over all protocols that show it.

Every table that declares ``logins`` (store/schema/records) is one branch of the union; no protocol is named here.
"""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from store import schema
from store._macros import literal

LOGIN_MEANING: Final = {
    "flow_uid": "UUID of the flow segment in which the attempt lies",
    "ts": "time of the attempt, UTC",
    "service": "protocol that carried the credentials",
    "client_ip": "who tried",
    "server_ip": "where",
    "server_port": "port of the server",
    "user": "account tried, escaped; NULL when it is not visible",
    "domain": "domain or realm of the account; NULL where there is none",
    "login_method": "how the user proved who they are: password, basic, ntlm, kerberos, …",
    "outcome": "ok, negative or unknown",
    "attempts": "attempts the row stands for: sizes tell how many there were in one SSH connection",
    "basis": "reply: the server said so; size: the sizes of its messages did",
    "reply": "what the server said, escaped",
    "secret_hash": "keyed hash of the secret, where it was readable and the site has a key",
    "case_name": "case the row belongs to",
}

LOGIN_COLUMNS: Final = tuple(LOGIN_MEANING)
"""Columns of ``logins``, the contract with the detectors."""

_TYPES: Final[dict[str, pa.DataType]] = {
    "flow_uid": schema.UID,
    "ts": schema.TIME,
    "client_ip": schema.IP,
    "server_ip": schema.IP,
    "server_port": pa.int32(),
    "attempts": pa.int32(),
}

LOGINS: Final = schema.Table(
    "logins",
    "One row per login attempt over all protocols that show it.",
    tuple(
        schema.Column(name, _TYPES.get(name, schema.TEXT), meaning, nullable=name not in _TYPES)
        for name, meaning in LOGIN_MEANING.items()
        if name != "case_name"
    ),
    key=("flow_uid", "ts"),
    lead=("service", "user", "outcome"),
)
"""The view as a table, for those who list rows."""


def _branch(table: schema.Table, logins: schema.Logins) -> str:
    def optional(name: str, otherwise: str = "NULL") -> str:
        return f'"{name}"' if table.has(name) else otherwise

    method = f"coalesce({optional('login_method')}, {logins.method})"
    columns = {
        "service": logins.service,
        "client_ip": "sender_ip",
        "server_ip": "receiver_ip",
        "server_port": "receiver_port",
        "user": optional("user"),
        "domain": optional("domain"),
        "login_method": f"CAST({method} AS VARCHAR)",
        "outcome": "outcome",
        "attempts": f"CAST({logins.attempts} AS INTEGER)",
        "basis": literal(logins.basis),
        "reply": f"CAST({logins.reply} AS VARCHAR)",
        "secret_hash": f"CAST({optional('secret_hash')} AS VARCHAR)",
    }
    shown = ", ".join(f'{sql} AS "{name}"' for name, sql in columns.items())
    every = f"SELECT flow_uid, ts, {shown}, case_name FROM {table.name} WHERE {logins.where}"
    if not logins.once:
        return every
    keys = ", ".join(f'"{name}"' for name in columns if name != "reply")
    kept = ", ".join('arg_min(reply, ts) AS "reply"' if name == "reply" else f'"{name}"' for name in columns)
    once = (
        f"SELECT flow_uid, min(ts) AS ts, {kept}, case_name FROM ({every}) WHERE outcome = 'ok' "
        f"GROUP BY flow_uid, {keys}, case_name"
    )
    return f"SELECT * FROM ({every}) WHERE outcome <> 'ok' UNION ALL {once}"


LOGIN_VIEW: Final = "CREATE VIEW logins AS " + " UNION ALL ".join(
    f"SELECT * FROM ({_branch(table, table.logins)})" for table in schema.RECORDS if table.logins is not None
)
"""Statement that makes the view; it needs the views of the tables."""
