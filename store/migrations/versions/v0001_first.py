"""Incidents with their alerts and history, the audit chain with its anchors, signing keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_APPEND_ONLY = ("audit", "incident_history", "audit_anchor")


def upgrade() -> None:
    """Create the first tables and the triggers that keep the append-only ones as they are."""
    _incidents()
    _audit()
    op.create_table(
        "signing_key",
        sa.Column("key_id", sa.String(16), primary_key=True),
        sa.Column("public_key", sa.String(64), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("is_own", sa.Boolean, nullable=False),
        sa.Column("is_trusted", sa.Boolean, nullable=False),
    )
    for table in _APPEND_ONLY:
        _freeze(table)


def _incidents() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.String(64), primary_key=True),
        sa.Column("key", sa.String(128), nullable=False),
        sa.Column("number", sa.String(32), nullable=False, unique=True),
        sa.Column("case_name", sa.String(64), nullable=False, index=True),
        sa.Column("severity", sa.String(16), nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("title_zh", sa.Text, nullable=False),
        sa.Column("title_en", sa.Text, nullable=False),
        sa.Column("first_ts_us", sa.BigInteger, nullable=False),
        sa.Column("last_ts_us", sa.BigInteger, nullable=False),
        sa.Column("actor", sa.Text, nullable=False),
        sa.Column("machine", sa.Text, nullable=False),
        sa.Column("is_current", sa.Boolean, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("verdict", sa.String(32)),
        sa.Column("owner", sa.Text, nullable=False),
        sa.Column("rev", sa.Integer, nullable=False),
    )
    op.create_table(
        "incident_alert",
        sa.Column("incident_id", sa.String(64), sa.ForeignKey("incident.id"), primary_key=True),
        sa.Column("alert_id", sa.String(128), primary_key=True),
    )
    op.create_table(
        "incident_history",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("incident_id", sa.String(64), sa.ForeignKey("incident.id"), nullable=False, index=True),
        sa.Column("audit_seq", sa.Integer, nullable=False),
        sa.Column("field", sa.String(32), nullable=False),
        sa.Column("from_value", sa.Text, nullable=False),
        sa.Column("to_value", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
    )


def _audit() -> None:
    words = ("actor", "role", "host", "command", "object", "from_value", "to_value", "reason")
    op.create_table(
        "audit",
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String(32), nullable=False),
        *(sa.Column(name, sa.String(32) if name == "role" else sa.Text, nullable=False) for name in words),
        sa.Column("payload_hash", sa.String(64), nullable=False),
        sa.Column("prev_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False, unique=True),
    )
    op.create_table(
        "audit_anchor",
        sa.Column("seq", sa.Integer, primary_key=True),
        sa.Column("key_id", sa.String(16), primary_key=True),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("signature", sa.String(128), nullable=False),
    )


def _freeze(table: str) -> None:
    """Make UPDATE and DELETE on ``table`` fail, in the words of the database in use."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_frozen() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_frozen()"
    )
