"""``taishi role``: what addresses are known to do; proposed by traffic, confirmed and revoked by people."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from reporting.cli._command import command
from reporting.cli._pick import case_option, chosen
from reporting.cli._settings import Output, Settings, current
from reporting.cli.suppress import ROLES, checked_day, checked_network

if TYPE_CHECKING:
    from store.casebook import Casebook


@command("list")
@case_option
def list_(case: str | None) -> None:
    """List the roles in force and those that the traffic of a case suggests."""
    from reporting.cases.roles import COLUMNS, role_rows
    from reporting.tables import Column, emit

    settings = current()
    opened = chosen(settings, case)
    rows = role_rows(opened)
    if settings.output is not Output.TABLE:
        emit(rows, [Column(name, name) for name in COLUMNS], settings.output.value)
        return
    words = settings.words
    names = ("address", "role", "state", "reason", "until")
    columns = [Column(name, words(f"role.{name}"), whole=name == "address") for name in names]
    if not emit([_short(row, settings) for row in rows], columns, "table"):
        click.echo(words("role.none", case=opened.name))
    elif any(row["state"] == "proposed" for row in rows):
        click.echo(words("role.ask", program=settings.program()))


def _short(row: Mapping[str, Any], settings: Settings) -> dict[str, Any]:
    words = settings.words
    reason = words.pick(row["reason_en"], row["reason_zh"])
    if row["vendor"] is not None:
        reason = words("role.by_vendor", reason=reason, vendor=row["vendor"])
    state = words(f"role.state_{row['state']}")
    return {
        "address": row["address"],
        "role": words.pick(row["role"], f"{role_name(row['role'])} {row['role']}"),
        "state": state if row["confidence"] is None else f"{state} {row['confidence']:.2f}",
        "reason": reason,
        "until": row["expires"].isoformat() if row["expires"] is not None else "",
    }


def role_name(role: str) -> str:
    """Return the Chinese name of a role."""
    from detectors.rulefiles import load_rules

    return next((row["name_zh"] for row in load_rules("roles.csv").to_pylist() if row["role"] == role), role)


@command("confirm")
@click.argument("address")
@click.argument("role", type=click.Choice(ROLES))
@click.option("--reason", metavar="TEXT", required=True)
@click.option("--expires", metavar="DATE")
@case_option
def confirm(address: str, role: str, reason: str, expires: str | None, case: str | None) -> None:
    """Confirm that an address has a role, and judge the case anew."""
    from store.quiet import ConfirmedRole

    settings = current()
    cidr = checked_network(settings, address)
    day = None if expires is None else checked_day(settings, expires)
    typed = ["role", "confirm", cidr, role, "--reason", reason, *(["--expires", expires] if expires else [])]
    wanted = ConfirmedRole(cidr, role, reason, day)
    alerts = _change(settings, case, typed, lambda book, said: book.confirm_role(wanted, said))
    _tell(settings, "role.confirmed", {"address": address, "role": role, "reason": reason, "expires": day, **alerts})


@command("revoke")
@click.argument("address")
@click.argument("role", type=click.Choice(ROLES), required=False)
@click.option("--reason", metavar="TEXT", default="")
@case_option
def revoke(address: str, role: str | None, reason: str, case: str | None) -> None:
    """End a confirmed role, and judge the case anew."""
    settings = current()
    cidr = checked_network(settings, address)
    typed = ["role", "revoke", cidr, *([role] if role else []), "--reason", reason]
    ended: list[str] = []

    def step(book: Casebook, said: str) -> None:
        ended.extend(one.role for one in book.revoke_role(cidr, role, reason, said))

    alerts = _change(settings, case, typed, step)
    _tell(settings, "role.revoked", {"address": address, "role": ", ".join(ended), "reason": reason, **alerts})


def _change(
    settings: Settings, case: str | None, typed: list[str], step: Callable[[Casebook, str], object]
) -> dict[str, Any]:
    """Change the casebook and judge the case again; return how many alerts there were before and are now."""
    from reporting.cases.policy import policy_of
    from reporting.scan.knowledge import judge
    from store.casebook import Casebook

    opened = chosen(settings, case)
    said = shlex.join(typed)
    with opened.lake.reader(opened.name) as reader:
        before = reader.arrow("SELECT count(*) AS n FROM alert").to_pylist()[0]["n"]
    casebook = Casebook(opened.home.casebook)
    try:
        step(casebook, said)
        known = judge(opened.lake, opened.name, policy_of(opened), casebook, said)
    finally:
        casebook.close()
    return {"case": opened.name, "alerts_before": before, "alerts_now": known.alerts.num_rows}


def _tell(settings: Settings, text: str, told: Mapping[str, Any]) -> None:
    from reporting.tables import Column, emit, emit_object

    if settings.output is Output.TABLE:
        values = {name: told[name] for name in ("address", "role", "case", "alerts_before", "alerts_now")}
        click.echo(settings.words(text, **values))
    elif settings.output is Output.CSV:
        emit([told], [Column(name, name) for name in told], "csv")
    else:
        emit_object(told, settings.output.value)
