"""The command tree: which commands exist and where each lives."""

from __future__ import annotations

import click

from reporting.cli._command import Group, Root


def _show_version(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if not value or ctx.resilient_parsing:
        return
    from importlib.metadata import PackageNotFoundError, version

    try:
        number = version("taishi")
    except PackageNotFoundError:
        number = "0+source"
    click.echo(f"taishi {number}")
    ctx.exit()


ROOT = Root(
    "taishi",
    members={
        "scan": "reporting.cli.scan:scan",
        "demo": "reporting.cli.demo:demo",
        "detect": "reporting.cli.detect:detect",
        "incident": "reporting.cli._root:INCIDENT",
        "alert": "reporting.cli._root:ALERT",
        "entity": "reporting.cli._root:ENTITY",
        "suppress": "reporting.cli._root:SUPPRESS",
        "role": "reporting.cli._root:ROLE",
        "data": "reporting.cli._root:DATA",
        "detector": "reporting.cli._root:DETECTOR",
        "trend": "reporting.cli._root:TREND",
        "records": "reporting.cli.records:records",
        "dissect": "reporting.cli.dissect:dissect",
        "packets": "reporting.cli.packets:packets",
        "sql": "reporting.cli.sql:sql",
        "export": "reporting.cli.export:export",
        "meter": "reporting.cli.meter:meter",
        "memory": "reporting.cli._root:MEMORY",
        "intake": "reporting.cli._root:INTAKE",
        "doctor": "reporting.cli.doctor:doctor",
        "model": "reporting.cli._root:MODEL",
        "key": "reporting.cli._root:KEY",
        "audit": "reporting.cli._root:AUDIT",
    },
    no_args_is_help=True,
    params=[click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, callback=_show_version)],
)
"""The program ``taishi``."""

INCIDENT = Group(
    "incident",
    members={
        "list": "reporting.cli.incident:list_",
        "show": "reporting.cli.incident:show",
        "timeline": "reporting.cli.incident:timeline",
    },
    no_args_is_help=True,
)
ALERT = Group(
    "alert",
    members={
        "list": "reporting.cli.alert:list_",
        "show": "reporting.cli.alert:show",
        "feedback": "reporting.cli.feedback:feedback",
    },
    no_args_is_help=True,
)
ENTITY = Group("entity", members={"show": "reporting.cli.entity:show"}, no_args_is_help=True)
MEMORY = Group(
    "memory",
    members={"status": "reporting.cli.memory:status", "rebuild": "reporting.cli.memory:rebuild"},
    no_args_is_help=True,
)
SUPPRESS = Group(
    "suppress",
    members={
        name: f"reporting.cli.suppress:{attribute}"
        for name, attribute in (("add", "add"), ("list", "list_"), ("remove", "remove"), ("preview", "preview"))
    },
    no_args_is_help=True,
)
ROLE = Group(
    "role",
    members={
        name: f"reporting.cli.role:{attribute}"
        for name, attribute in (("list", "list_"), ("confirm", "confirm"), ("revoke", "revoke"))
    },
    no_args_is_help=True,
)
DATA = Group(
    "data",
    members={"status": "reporting.cli.data:status", "import": "reporting.cli.data:import_"},
    no_args_is_help=True,
)
INTAKE = Group(
    "intake",
    members={"zeek": "reporting.cli.intake:zeek", "eve": "reporting.cli.intake:eve"},
    no_args_is_help=True,
)
DETECTOR = Group(
    "detector",
    members={
        "list": "reporting.cli.detector:list_",
        "show": "reporting.cli.detector:show",
        "explain": "reporting.cli.detector:explain",
    },
    no_args_is_help=True,
)
TREND = Group("trend", members={"show": "reporting.cli.trend:show"}, no_args_is_help=True)
KEY = Group(
    "key",
    members={"init": "reporting.cli.key:init", "list": "reporting.cli.key:list_", "trust": "reporting.cli.key:trust"},
    no_args_is_help=True,
)
MODEL = Group(
    "model",
    members={"train": "reporting.cli.model:train", "list": "reporting.cli.model:list_"},
    no_args_is_help=True,
)
AUDIT = Group(
    "audit",
    members={"verify": "reporting.cli.audit:verify", "export": "reporting.cli.audit:export"},
    no_args_is_help=True,
)
