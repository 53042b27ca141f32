"""What people say about noise: confirmed roles, suppressions, and the verdict on single alerts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Create the tables of confirmed roles, of suppressions and of feedback on alerts."""
    op.create_table(
        "confirmed_role",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("cidr", sa.String(64), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("expires", sa.String(10)),
        sa.Column("audit_seq", sa.Integer, nullable=False),
        sa.Column("revoked_seq", sa.Integer),
    )
    op.create_table(
        "suppression",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("address", sa.String(64)),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("name", sa.String(255)),
        sa.Column("asn", sa.BigInteger),
        sa.Column("detector", sa.String(64)),
        sa.Column("role", sa.String(32)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("expires", sa.String(10), nullable=False),
        sa.Column("audit_seq", sa.Integer, nullable=False),
        sa.Column("removed_seq", sa.Integer),
    )
    op.create_table(
        "alert_feedback",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("case_name", sa.String(64), nullable=False, index=True),
        sa.Column("alert_id", sa.String(128), nullable=False),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(8), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("audit_seq", sa.Integer, nullable=False),
    )
    _freeze("alert_feedback")


def _freeze(table: str) -> None:
    """Make UPDATE and DELETE on ``table`` fail, in the words of the database in use (as in the first migration)."""
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
