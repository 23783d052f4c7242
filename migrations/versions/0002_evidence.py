"""Evidence: sums of observations, statement counters, what was there when a step ended."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0002"
down_revision = "0001"

SCHEMA = "flatsplit"


def upgrade() -> None:
    observation()
    counter()
    snapshot()


def key(name: str) -> tuple[sa.Column[int], sa.PrimaryKeyConstraint]:
    column = sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False)
    return column, sa.PrimaryKeyConstraint("id", name=f"{name}_pkey")


def at(comment: str) -> sa.Column[object]:
    now = sa.text("clock_timestamp()")
    return sa.Column("at", pg.TIMESTAMP(timezone=True), nullable=False, server_default=now, comment=comment)


def observation() -> None:
    until = "Last time it was so, where a row sums up several looks from at on"
    looks = "How many looks a row sums up"
    hole = "Longest time without evidence inside a sum of looks"
    for column in (
        sa.Column("until", pg.TIMESTAMP(timezone=True), comment=until),
        sa.Column("looks", sa.Integer(), nullable=False, server_default="1", comment=looks),
        sa.Column("hole", pg.INTERVAL(), comment=hole),
    ):
        op.add_column("observation", column, schema=SCHEMA)
    op.alter_column(
        "observation",
        "sessions",
        schema=SCHEMA,
        comment="How many sessions were alike; the most at once in a sum",
        existing_comment="How many sessions were alike",
        existing_type=sa.Integer(),
        existing_nullable=False,
    )


def counter() -> None:
    calls = "Sum of calls in pg_stat_statements, this database"
    growth = "More than at the look before; NULL where they cannot be compared"
    epoch = "Changes when counters start anew or lose entries"
    op.create_table(
        "counter",
        *key("counter"),
        at("When: the moment of a look"),
        sa.Column("role", sa.Text(), nullable=False, comment="Role whose statements are counted"),
        sa.Column("calls", sa.BigInteger(), nullable=False, comment=calls),
        sa.Column("growth", sa.BigInteger(), comment=growth),
        sa.Column("epoch", sa.Text(), nullable=False, comment=epoch),
        sa.CheckConstraint("calls >= 0", name=op.f("counter_calls_check")),
        schema=SCHEMA,
        comment="How many statements each role had run, whenever somebody looked",
    )
    op.create_index("counter_role_at_idx", "counter", ["role", "at"], schema=SCHEMA)


def snapshot() -> None:
    step = "Key of the step at whose end it was taken; NULL at init"
    objects = "Names of all objects by owner, kind and schema"
    op.create_table(
        "snapshot",
        *key("snapshot"),
        sa.Column("cutover_id", sa.BigInteger(), nullable=False),
        at("When"),
        sa.Column("step", sa.Text(), comment=step),
        sa.Column("server", pg.JSONB(), nullable=False, comment="Version, start and timeline of the server"),
        sa.Column("roles", pg.JSONB(), nullable=False, comment="Roles, memberships and settings"),
        sa.Column("objects", pg.JSONB(), nullable=False, comment=objects),
        sa.ForeignKeyConstraint(["cutover_id"], [f"{SCHEMA}.cutover.id"], name="snapshot_cutover_id_fkey"),
        schema=SCHEMA,
        comment="What was there when a step ended, to tell later what changed",
    )
    op.create_index("snapshot_cutover_id_id_idx", "snapshot", ["cutover_id", "id"], schema=SCHEMA)
