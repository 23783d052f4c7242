"""What special roles need, learned from the statements that they run."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0005"
down_revision = "0004"

SCHEMA = "flatsplit"
NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    span()
    learned()
    need()


def ident() -> sa.Column[int]:
    return sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)


def at(name: str, comment: str) -> sa.Column[object]:
    return sa.Column(name, sa.TIMESTAMP(timezone=True), nullable=False, server_default=NOW, comment=comment)


def text(name: str, comment: str, default: str | None = None) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default, comment=comment)


def span() -> None:
    op.create_table(
        "span",
        ident(),
        text("role", "Special role whose statements are learned from"),
        at("at", "First look of it"),
        at("until", "Last look of it"),
        sa.Column("looks", sa.Integer(), nullable=False, server_default="1", comment="How many looks there were"),
        text("epoch", "Of pg_stat_statements: changes when it starts anew or loses entries"),
        text("broke", "Why the span before it ended: what may have been missed; empty for the first", ""),
        sa.PrimaryKeyConstraint("id", name=op.f("span_pkey")),
        schema=SCHEMA,
        comment="Times over which no statement of a role can have been missed",
    )
    op.create_index("span_role_id_idx", "span", ["role", "id"], schema=SCHEMA)


def learned() -> None:
    number = "As pg_stat_statements numbers it; its text is not kept"
    op.create_table(
        "learned",
        ident(),
        text("role", "Special role that ran it"),
        sa.Column("queryid", sa.BigInteger(), nullable=False, comment=number),
        at("first", "First look that saw it"),
        at("last", "Last look at which it had run again"),
        sa.Column("calls", sa.BigInteger(), nullable=False, comment="How often it had run at that look"),
        text("verdict", "allowed, or why privileges are not all that it takes: migrator, unknown, lost"),
        text("reason", "The same in words; empty for allowed"),
        sa.PrimaryKeyConstraint("id", name=op.f("learned_pkey")),
        sa.UniqueConstraint("role", "queryid", name=op.f("learned_role_queryid_key")),
        schema=SCHEMA,
        comment="Statements of special roles that were judged once",
    )


def need() -> None:
    ids = "learned.queryid of those that need it"
    op.create_table(
        "need",
        ident(),
        text("role", "Special role that needs it"),
        sa.Column("object", pg.ARRAY(sa.Text()), nullable=False, comment="Kind, schema, name, arguments"),
        text("privilege", "Letter of the privilege, as in an ACL"),
        text("column", "The column; empty for the object as a whole, or any of its columns"),
        at("first", "First look that saw it needed"),
        at("last", "Last look at which a statement that needs it had run again"),
        sa.Column("statements", pg.ARRAY(sa.BigInteger()), nullable=False, comment=ids),
        sa.PrimaryKeyConstraint("id", name=op.f("need_pkey")),
        sa.UniqueConstraint(
            "role", "object", "privilege", "column", name=op.f("need_role_object_privilege_column_key")
        ),
        schema=SCHEMA,
        comment="Privileges that statements of special roles were seen to take",
    )
