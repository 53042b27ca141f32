"""Tables of the casebook, as the newest migration leaves them (a test compares both)."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

REVISION: Final = "0003"
"""Newest migration; known here so that an up-to-date casebook opens without importing Alembic."""

METADATA: Final = sa.MetaData()

INCIDENT: Final = sa.Table(
    "incident",
    METADATA,
    sa.Column("id", sa.String(64), primary_key=True, comment="hash of case and key"),
    sa.Column("key", sa.String(128), nullable=False, comment="deterministic key of the machine"),
    sa.Column("number", sa.String(32), nullable=False, unique=True, comment="I-<year of first_ts>-<ordinal>"),
    sa.Column("case_name", sa.String(64), nullable=False, index=True),
    sa.Column("severity", sa.String(16), nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("title_zh", sa.Text, nullable=False),
    sa.Column("title_en", sa.Text, nullable=False),
    sa.Column("first_ts_us", sa.BigInteger, nullable=False, comment="event time, us since the epoch, UTC"),
    sa.Column("last_ts_us", sa.BigInteger, nullable=False),
    sa.Column("actor", sa.Text, nullable=False, comment="address as text; empty when none"),
    sa.Column("machine", sa.Text, nullable=False, comment="JSON: everything else the machine says"),
    sa.Column("is_current", sa.Boolean, nullable=False, comment="the last scan of the case still finds it"),
    sa.Column("state", sa.String(16), nullable=False, comment="of people"),
    sa.Column("verdict", sa.String(32), comment="of people; NULL = none yet"),
    sa.Column("owner", sa.Text, nullable=False, comment="of people"),
    sa.Column("rev", sa.Integer, nullable=False, comment="1 at birth, one more per change"),
)

INCIDENT_ALERT: Final = sa.Table(
    "incident_alert",
    METADATA,
    sa.Column("incident_id", sa.String(64), sa.ForeignKey("incident.id"), primary_key=True),
    sa.Column("alert_id", sa.String(128), primary_key=True),
)

INCIDENT_HISTORY: Final = sa.Table(
    "incident_history",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("incident_id", sa.String(64), sa.ForeignKey("incident.id"), nullable=False, index=True),
    sa.Column("audit_seq", sa.Integer, nullable=False, comment="audit row of the same transaction"),
    sa.Column("field", sa.String(32), nullable=False),
    sa.Column("from_value", sa.Text, nullable=False),
    sa.Column("to_value", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)

AUDIT: Final = sa.Table(
    "audit",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.String(32), nullable=False, comment="wall clock, ISO 8601 UTC"),
    sa.Column("actor", sa.Text, nullable=False, comment="user of the operating system"),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("command", sa.Text, nullable=False, comment="secrets removed"),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("from_value", sa.Text, nullable=False),
    sa.Column("to_value", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("payload_hash", sa.String(64), nullable=False, comment="SHA-256 of what was written, canonical JSON"),
    sa.Column("prev_hash", sa.String(64), nullable=False),
    sa.Column("hash", sa.String(64), nullable=False, unique=True),
)

AUDIT_ANCHOR: Final = sa.Table(
    "audit_anchor",
    METADATA,
    sa.Column("seq", sa.Integer, primary_key=True, comment="audit row whose hash is signed"),
    sa.Column("key_id", sa.String(16), primary_key=True),
    sa.Column("hash", sa.String(64), nullable=False),
    sa.Column("signature", sa.String(128), nullable=False, comment="Ed25519, hex"),
)

CASE_HOME: Final = sa.Table(
    "case_home",
    METADATA,
    sa.Column("case_name", sa.String(64), primary_key=True),
    sa.Column("cidr", sa.String(64), primary_key=True, comment="home network given with --home-net"),
    sa.Column("audit_seq", sa.Integer, nullable=False, comment="audit row of the same transaction: who, when"),
)

SIGNING_KEY: Final = sa.Table(
    "signing_key",
    METADATA,
    sa.Column("key_id", sa.String(16), primary_key=True, comment="first 16 hex digits of SHA-256 of the public key"),
    sa.Column("public_key", sa.String(64), nullable=False, comment="Ed25519, raw, hex"),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("is_own", sa.Boolean, nullable=False),
    sa.Column("is_trusted", sa.Boolean, nullable=False),
)

CONFIRMED_ROLE: Final = sa.Table(
    "confirmed_role",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("cidr", sa.String(64), nullable=False),
    sa.Column("role", sa.String(32), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("expires", sa.String(10), comment="last day in force, a date of the data; NULL = until revoked"),
    sa.Column("audit_seq", sa.Integer, nullable=False, comment="audit row of the same transaction: who, when"),
    sa.Column("revoked_seq", sa.Integer, comment="audit row that ended it; NULL = in force"),
)

SUPPRESSION: Final = sa.Table(
    "suppression",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("address", sa.String(64), comment="CIDR; all conditions that are not NULL must hold"),
    sa.Column("side", sa.String(8), nullable=False, comment="end of the alert the address is: actor, target, any"),
    sa.Column("name", sa.String(255), comment="suffix of a host name, lower case"),
    sa.Column("asn", sa.BigInteger, comment="number of an autonomous system"),
    sa.Column("detector", sa.String(64)),
    sa.Column("role", sa.String(32), comment="role of the actor"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("expires", sa.String(10), nullable=False, comment="last day, by the event time of the alert"),
    sa.Column("audit_seq", sa.Integer, nullable=False, comment="audit row of the same transaction: who, when"),
    sa.Column("removed_seq", sa.Integer, comment="audit row that ended it; NULL = in force"),
)

ALERT_FEEDBACK: Final = sa.Table(
    "alert_feedback",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("case_name", sa.String(64), nullable=False, index=True),
    sa.Column("alert_id", sa.String(128), nullable=False),
    sa.Column("subject", sa.String(64), nullable=False, comment="hash of what the alert is about, whatever its id"),
    sa.Column("verdict", sa.String(8), nullable=False, comment="true, false or unsure"),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("audit_seq", sa.Integer, nullable=False, comment="audit row of the same transaction: who, when"),
)

APPEND_ONLY: Final = ("audit", "incident_history", "audit_anchor", "alert_feedback")
"""Tables whose rows may be neither changed nor deleted; triggers hold it."""
