"""The tracking schema as flatsplit 0.1 begins with it."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0001"
down_revision = None

SCHEMA = "flatsplit"


def upgrade() -> None:
    cutover()
    step()
    action()
    change()
    baseline()
    event()
    observation()


def table(name: str, comment: str, *parts: sa.Column[Any] | sa.Constraint) -> None:
    op.create_table(name, *parts, schema=SCHEMA, comment=comment)


def key(name: str) -> list[sa.Column[Any] | sa.Constraint]:
    column = sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)
    return [column, sa.PrimaryKeyConstraint("id", name=f"{name}_pkey")]


def of(name: str, column: str, other: str) -> list[sa.Column[Any] | sa.Constraint]:
    target = sa.ForeignKeyConstraint([column], [f"{SCHEMA}.{other}.id"], name=f"{name}_{column}_fkey")
    return [sa.Column(column, sa.BigInteger(), nullable=False), target]


def text(name: str, comment: str, default: str | None = None, *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=null, server_default=default, comment=comment)


def at(name: str, comment: str, *, now: bool = False) -> sa.Column[Any]:
    default = sa.text("clock_timestamp()") if now else None
    return sa.Column(name, pg.TIMESTAMP(timezone=True), nullable=not now, server_default=default, comment=comment)


def me(name: str, comment: str) -> sa.Column[Any]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=sa.text("session_user"), comment=comment)


def check(name: str, column: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(f"{column} {condition}", name=op.f(f"{name}_{column}_check"))


def index(name: str, table_name: str, *columns: str, unique: bool = False, where: str | None = None) -> None:
    condition = sa.text(where) if where else None
    op.create_index(name, table_name, columns, unique=unique, schema=SCHEMA, postgresql_where=condition)


def cutover() -> None:
    table(
        "cutover",
        "One row per cutover of this database; at most one is active",
        *key("cutover"),
        text("name", "[cutover] name of flatsplit.toml"),
        text("legacy_role", "The role that did everything"),
        sa.Column("legacy_oid", pg.OID(), nullable=False, comment="Its oid, which a rename does not change"),
        sa.Column("database_oid", pg.OID(), nullable=False, comment="oid of the database that this journal describes"),
        text("system_identifier", "Of its cluster, from pg_control_system(); empty where it could not be read"),
        text("config", "flatsplit.toml as it was at init"),
        text("state", "active, complete, or rolled_back to where it began", "active"),
        at("created_at", "When init ran", now=True),
        me("created_by", "Who ran init"),
        text("tool_version", "Of the flatsplit that ran init"),
        at("finished_at", "When it became complete or rolled_back"),
        check("cutover", "state", "IN ('active', 'complete', 'rolled_back')"),
    )
    index("cutover_only_one_active", "cutover", "state", unique=True, where="state = 'active'")


def step() -> None:
    by_hand = "Its work was found done, not done by flatsplit"
    table(
        "step",
        "The steps of a cutover and where each stands; what remains to be done is always read from the catalog",
        *key("step"),
        *of("step", "cutover_id", "cutover"),
        sa.Column("ordinal", sa.SmallInteger(), nullable=False, comment="Its place in the order of steps, from 1"),
        text("key", "Name of the step as on the command line"),
        text("state", "pending, running, waiting, done or rolled_back", "pending"),
        at("started_at", "When it last began"),
        at("finished_at", "When it last became done or rolled_back"),
        text("digest", "Digest of the plan that was last carried out", null=True),
        sa.Column("by_hand", sa.Boolean(), nullable=False, server_default=sa.false(), comment=by_hand),
        sa.UniqueConstraint("cutover_id", "key", name="step_cutover_id_key_key"),
        sa.UniqueConstraint("cutover_id", "ordinal", name="step_cutover_id_ordinal_key"),
        check("step", "state", "IN ('pending', 'running', 'waiting', 'done', 'rolled_back')"),
    )


def action() -> None:
    ordinal = "Order within the step, over all its runs, from 1"
    table(
        "action",
        "Every statement that flatsplit ran, in the same transaction as the statement itself",
        *key("action"),
        *of("action", "step_id", "step"),
        sa.Column("ordinal", sa.Integer(), nullable=False, comment=ordinal),
        text("direction", "forward, catch-up (for objects that appeared later), back, repair, or by-hand (found done)"),
        text("description", "What it does, in words"),
        text("sql", "The statement as it ran; passwords and verifiers appear as psql variables only"),
        text("undo", "The statement that takes exactly this one back; empty where nothing can"),
        text("lock", "Strongest lock it took on something the application uses; empty for none"),
        at("applied_at", "When it ran; it counts only because its transaction committed", now=True),
        at("undone_at", "When a rollback took it back"),
        text("note", "What was remarkable about it", null=True),
        sa.UniqueConstraint("step_id", "ordinal", name="action_step_id_ordinal_key"),
        check("action", "direction", "IN ('forward', 'catch-up', 'back', 'repair', 'by-hand')"),
    )


def change() -> None:
    table(
        "change",
        "The facts that an action changed",
        sa.Column("action_id", sa.BigInteger(), nullable=False, comment="action.id"),
        text("side", "+ for a fact that came to be, - for one that ceased"),
        text("fact", "owner, privilege, column_privilege, default_privilege, member, role, attribute, setting, ..."),
        text("subject", "The object, role or default it is about"),
        text("detail", "The rest of the fact; grantee=privileges/grantor for privileges, owner stands for any owner"),
        check("change", "side", "IN ('+', '-')"),
    )
    index("change_action_id_idx", "change", "action_id")


def baseline() -> None:
    payload = "The fact; null in place of a role name is the owner"
    table(
        "baseline",
        "What was there before: the state that a rollback returns to",
        *key("baseline"),
        *of("baseline", "cutover_id", "cutover"),
        text("section", "What kind of fact: objects, roles, members, settings, columns, defaults, policies, ..."),
        sa.Column("key", pg.JSONB(), nullable=False, comment="What it is about, part by part"),
        sa.Column("payload", pg.JSONB(), nullable=False, comment=payload),
        at("first_seen", "When this was seen for the first time", now=True),
        at("superseded_at", "When a later init or a new look replaced it"),
    )
    index("baseline_current", "baseline", "cutover_id", where="superseded_at IS NULL")


def event() -> None:
    address = sa.text("inet_client_addr()")
    table(
        "event",
        "Who did what when and why; only ever added to",
        *key("event"),
        at("at", "When", now=True),
        text("kind", "Such as init, step, gate, waiver, rollback, error"),
        text("step", "Key of the step it belongs to, if any", null=True),
        text("message", "What happened, in words"),
        sa.Column("details", pg.JSONB(), nullable=False, server_default="{}", comment="The same for programs"),
        me("db_user", "Who had logged in"),
        text("os_user", "Account on the operator's machine, as that machine says"),
        sa.Column("client_addr", pg.INET(), server_default=address, comment="NULL for a local socket"),
        text("os_host", "Name of the operator's machine, as it says itself"),
        text("tool_version", "Of the flatsplit that wrote it"),
        check("event", "kind", "~ '^[a-z][a-z_-]*$'"),
    )
    index("event_kind_at_idx", "event", "kind", "at")


def observation() -> None:
    alike = "How many sessions were alike"
    table(
        "observation",
        "Who was connected as what, whenever somebody looked",
        *key("observation"),
        at("at", "When", now=True),
        text("source", "look: somebody looked, and saw so many sessions; activity: what was seen in pg_stat_activity"),
        text("role", "Role that was connected"),
        text("database", "Database it was connected to"),
        text("client", "Address it came from; empty for a local socket"),
        text("application", "application_name"),
        text("state", "active, idle, idle in transaction, ..."),
        sa.Column("sessions", sa.Integer(), nullable=False, comment=alike),
        check("observation", "sessions", ">= 0"),
    )
    index("observation_role_at_idx", "observation", "role", "at")
