"""The tracking schema as SQLAlchemy Core tables. Its comments are for a DBA who finds it in psql.

No row is ever deleted. What does not hold any more is marked (undone_at, superseded_at, a state). The exception is
observation and counter, whose rows are summed up by the day after some days.
"""

from __future__ import annotations

from typing import Any, get_args

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, INET, INTERVAL, JSONB, OID, TIMESTAMP

from flatsplit.journal.layout import SCHEMA
from flatsplit.journal.records import CutoverState, Direction
from flatsplit.model import Side, StepState

metadata = sa.MetaData(
    schema=SCHEMA,
    naming_convention={
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_name)s_fkey",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "ck": "%(table_name)s_%(constraint_name)s_check",
        "ix": "%(table_name)s_%(column_0_N_name)s_idx",
    },
)

NOW = sa.text("clock_timestamp()")
ME = sa.text("session_user")


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger, sa.Identity(always=False), primary_key=True)


def _at(name: str, comment: str, *, now: bool = False) -> sa.Column[Any]:
    default = NOW if now else None
    return sa.Column(name, TIMESTAMP(timezone=True), nullable=not now, server_default=default, comment=comment)


def _text(name: str, comment: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=False, server_default=default, comment=comment)


def _one_of(column: str, words: tuple[str, ...]) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} IN ({', '.join(map(repr, words))})", name=column)


cutover = sa.Table(
    "cutover",
    metadata,
    _id(),
    _text("name", "[cutover] name of flatsplit.toml"),
    _text("legacy_role", "The role that did everything"),
    sa.Column("legacy_oid", OID, nullable=False, comment="Its oid, which a rename does not change"),
    sa.Column("database_oid", OID, nullable=False, comment="oid of the database that this journal describes"),
    _text("system_identifier", "Of its cluster, from pg_control_system(); empty where it could not be read"),
    _text("config", "flatsplit.toml as it was at init"),
    _text("state", "active, complete, or rolled_back to where it began", "active"),
    _at("created_at", "When init ran", now=True),
    sa.Column("created_by", sa.Text, nullable=False, server_default=ME, comment="Who ran init"),
    _text("tool_version", "Of the flatsplit that ran init"),
    _at("finished_at", "When it became complete or rolled_back"),
    _text("kind", "What kind of walk it is", "split"),
    _text("subject", "Whom it is about, such as a role; empty for a kind of which there is one", ""),
    _one_of("state", get_args(CutoverState)),
    sa.Index(
        "cutover_one_active_of_each", "kind", "subject", unique=True, postgresql_where=sa.text("state = 'active'")
    ),
    comment="One row per walk of this database, the split and others; one of each kind and subject is active",
)

step = sa.Table(
    "step",
    metadata,
    _id(),
    sa.Column("cutover_id", sa.BigInteger, sa.ForeignKey(cutover.c.id), nullable=False),
    sa.Column("ordinal", sa.SmallInteger, nullable=False, comment="Its place in the order of steps, from 1"),
    _text("key", "Name of the step as on the command line"),
    _text("state", "pending, running, waiting, done or rolled_back", "pending"),
    _at("started_at", "When it last began"),
    _at("finished_at", "When it last became done or rolled_back"),
    sa.Column("digest", sa.Text, comment="Digest of the plan that was last carried out"),
    sa.Column(
        "by_hand",
        sa.Boolean,
        nullable=False,
        server_default=sa.false(),
        comment="Its work was found done, not done by flatsplit",
    ),
    sa.UniqueConstraint("cutover_id", "key"),
    sa.UniqueConstraint("cutover_id", "ordinal"),
    _one_of("state", get_args(StepState)),
    comment="The steps of a cutover and where each stands; what remains to be done is always read from the catalog",
)

action = sa.Table(
    "action",
    metadata,
    _id(),
    sa.Column("step_id", sa.BigInteger, sa.ForeignKey(step.c.id), nullable=False),
    sa.Column("ordinal", sa.Integer, nullable=False, comment="Order within the step, over all its runs, from 1"),
    _text("direction", "forward, catch-up (for objects that appeared later), back, repair, or by-hand (found done)"),
    _text("description", "What it does, in words"),
    _text("sql", "The statement as it ran; passwords and verifiers appear as psql variables only"),
    _text("undo", "The statement that takes exactly this one back; empty where nothing can"),
    _text("lock", "Strongest lock it took on something the application uses; empty for none"),
    _at("applied_at", "When it ran; it counts only because its transaction committed", now=True),
    _at("undone_at", "When a rollback took it back"),
    sa.Column("note", sa.Text, comment="What was remarkable about it"),
    sa.UniqueConstraint("step_id", "ordinal"),
    _one_of("direction", get_args(Direction)),
    comment="Every statement that flatsplit ran, in the same transaction as the statement itself",
)

change = sa.Table(
    "change",
    metadata,
    # No primary key and no foreign key: there are thousands of rows per step, written with their action, never deleted
    sa.Column("action_id", sa.BigInteger, nullable=False, comment="action.id"),
    _text("side", "+ for a fact that came to be, - for one that ceased"),
    _text("fact", "owner, privilege, column_privilege, default_privilege, member, role, attribute, setting, ..."),
    sa.Column("subjects", ARRAY(sa.Text), nullable=False, comment="The objects, roles or defaults it is about"),
    _text("detail", "The rest of the fact; grantee=privileges/grantor for privileges, owner stands for any owner"),
    _one_of("side", get_args(Side)),
    sa.Index(None, "action_id"),
    comment="The facts that an action changed",
)

baseline = sa.Table(
    "baseline",
    metadata,
    _id(),
    sa.Column("cutover_id", sa.BigInteger, sa.ForeignKey(cutover.c.id), nullable=False),
    _text("section", "What kind of fact: objects, roles, members, settings, columns, defaults, policies, ..."),
    sa.Column("key", JSONB, nullable=False, comment="What it is about, part by part"),
    sa.Column("payload", JSONB, nullable=False, comment="The fact; null in place of a role name is the owner"),
    _at("first_seen", "When this was seen for the first time", now=True),
    _at("superseded_at", "When a later init or a new look replaced it"),
    sa.Index("baseline_current", "cutover_id", postgresql_where=sa.text("superseded_at IS NULL")),
    comment="What was there before: the state that a rollback returns to",
)

event = sa.Table(
    "event",
    metadata,
    _id(),
    _at("at", "When", now=True),
    _text("kind", "Such as init, step, gate, waiver, rollback, error"),
    sa.Column("step", sa.Text, comment="Key of the step it belongs to, if any"),
    _text("message", "What happened, in words"),
    sa.Column("details", JSONB, nullable=False, server_default="{}", comment="The same for programs"),
    sa.Column("db_user", sa.Text, nullable=False, server_default=ME, comment="Who had logged in"),
    _text("os_user", "Account on the operator's machine, as that machine says"),
    sa.Column("client_addr", INET, server_default=sa.text("inet_client_addr()"), comment="NULL for a local socket"),
    _text("os_host", "Name of the operator's machine, as it says itself"),
    _text("tool_version", "Of the flatsplit that wrote it"),
    sa.Column("cutover_id", sa.BigInteger, sa.ForeignKey(cutover.c.id), comment="Whose walk it belongs to, if any"),
    sa.CheckConstraint("kind ~ '^[a-z][a-z_-]*$'", name="kind"),
    sa.Index(None, "kind", "at"),
    comment="Who did what when and why; only ever added to",
)

observation = sa.Table(
    "observation",
    metadata,
    _id(),
    _at("at", "When", now=True),
    _text("source", "look: somebody looked, and saw so many sessions; activity: what was seen in pg_stat_activity"),
    _text("role", "Role that was connected"),
    _text("database", "Database it was connected to"),
    _text("client", "Address it came from; empty for a local socket"),
    _text("application", "application_name"),
    _text("state", "active, idle, idle in transaction, ..."),
    sa.Column(
        "sessions", sa.Integer, nullable=False, comment="How many sessions were alike; the most at once in a sum"
    ),
    _at("until", "Last time it was so, where a row sums up several looks from at on"),
    sa.Column("looks", sa.Integer, nullable=False, server_default="1", comment="How many looks a row sums up"),
    sa.Column("hole", INTERVAL, comment="Longest time without evidence inside a sum of looks"),
    sa.CheckConstraint("sessions >= 0", name="sessions"),
    sa.Index(None, "role", "at"),
    comment="Who was connected as what, whenever somebody looked",
)

counter = sa.Table(
    "counter",
    metadata,
    _id(),
    _at("at", "When: the moment of a look", now=True),
    _text("role", "Role whose statements are counted"),
    sa.Column("calls", sa.BigInteger, nullable=False, comment="Sum of calls in pg_stat_statements, this database"),
    sa.Column("growth", sa.BigInteger, comment="More than at the look before; NULL where they cannot be compared"),
    sa.Column("epoch", sa.Text, nullable=False, comment="Changes when counters start anew or lose entries"),
    sa.CheckConstraint("calls >= 0", name="calls"),
    sa.Index(None, "role", "at"),
    comment="How many statements each role had run, whenever somebody looked",
)

snapshot = sa.Table(
    "snapshot",
    metadata,
    _id(),
    sa.Column("cutover_id", sa.BigInteger, sa.ForeignKey(cutover.c.id), nullable=False),
    _at("at", "When", now=True),
    sa.Column("step", sa.Text, comment="Key of the step at whose end it was taken; NULL at init"),
    sa.Column("server", JSONB, nullable=False, comment="Version, start and timeline of the server"),
    sa.Column("roles", JSONB, nullable=False, comment="Roles, memberships and settings"),
    sa.Column("objects", JSONB, nullable=False, comment="Names of all objects by owner, kind and schema"),
    sa.Index(None, "cutover_id", "id"),
    comment="What was there when a step ended, to tell later what changed",
)

span = sa.Table(
    "span",
    metadata,
    _id(),
    _text("role", "Special role whose statements are learned from"),
    _at("at", "First look of it", now=True),
    _at("until", "Last look of it", now=True),
    sa.Column("looks", sa.Integer, nullable=False, server_default="1", comment="How many looks there were"),
    _text("epoch", "Of pg_stat_statements: changes when it starts anew or loses entries"),
    _text("broke", "Why the span before it ended: what may have been missed; empty for the first", ""),
    sa.Index(None, "role", "id"),
    comment="Times over which no statement of a role can have been missed",
)

learned = sa.Table(
    "learned",
    metadata,
    _id(),
    _text("role", "Special role that ran it"),
    sa.Column(
        "queryid", sa.BigInteger, nullable=False, comment="As pg_stat_statements numbers it; its text is not kept"
    ),
    _at("first", "First look that saw it", now=True),
    _at("last", "Last look at which it had run again", now=True),
    sa.Column("calls", sa.BigInteger, nullable=False, comment="How often it had run at that look"),
    _text("verdict", "allowed, or why privileges are not all that it takes: migrator, unknown, lost"),
    _text("reason", "The same in words; empty for allowed"),
    sa.UniqueConstraint("role", "queryid"),
    comment="Statements of special roles that were judged once",
)

need = sa.Table(
    "need",
    metadata,
    _id(),
    _text("role", "Special role that needs it"),
    sa.Column("object", ARRAY(sa.Text), nullable=False, comment="Kind, schema, name, arguments"),
    _text("privilege", "Letter of the privilege, as in an ACL"),
    _text("column", "The column; empty for the object as a whole, or any of its columns"),
    _at("first", "First look that saw it needed", now=True),
    _at("last", "Last look at which a statement that needs it had run again", now=True),
    sa.Column("statements", ARRAY(sa.BigInteger), nullable=False, comment="learned.queryid of those that need it"),
    sa.UniqueConstraint("role", "object", "privilege", "column"),
    comment="Privileges that statements of special roles were seen to take",
)
