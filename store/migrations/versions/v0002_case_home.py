"""Home networks that a scan was told for its case, so that later commands judge direction by the same ones."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Create the table of the home networks of cases."""
    op.create_table(
        "case_home",
        sa.Column("case_name", sa.String(64), primary_key=True),
        sa.Column("cidr", sa.String(64), primary_key=True),
        sa.Column("audit_seq", sa.Integer, nullable=False),
    )
