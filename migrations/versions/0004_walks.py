"""Walks of several kinds: each of its kind and about its subject, one of both at a time; events know whose they are."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

SCHEMA = "flatsplit"


def upgrade() -> None:
    cutover()
    event()


def cutover() -> None:
    kind = sa.Column("kind", sa.Text(), nullable=False, server_default="split", comment="What kind of walk it is")
    about = "Whom it is about, such as a role; empty for a kind of which there is one"
    op.add_column("cutover", kind, schema=SCHEMA)
    op.add_column(
        "cutover", sa.Column("subject", sa.Text(), nullable=False, server_default="", comment=about), schema=SCHEMA
    )
    op.drop_index("cutover_only_one_active", "cutover", schema=SCHEMA)
    op.create_index(
        "cutover_one_active_of_each",
        "cutover",
        ["kind", "subject"],
        unique=True,
        schema=SCHEMA,
        postgresql_where=sa.text("state = 'active'"),
    )
    op.create_table_comment(
        "cutover",
        "One row per walk of this database, the split and others; one of each kind and subject is active",
        existing_comment="One row per cutover of this database; at most one is active",
        schema=SCHEMA,
    )


def event() -> None:
    walk = sa.Column("cutover_id", sa.BigInteger(), comment="Whose walk it belongs to, if any")
    op.add_column("event", walk, schema=SCHEMA)
    op.create_foreign_key(
        "event_cutover_id_fkey",
        "event",
        "cutover",
        ["cutover_id"],
        ["id"],
        source_schema=SCHEMA,
        referent_schema=SCHEMA,
    )
    # One walk after the other until now: an event is of the one that had begun last
    op.execute(
        """
        UPDATE flatsplit.event AS e SET cutover_id = coalesce(
            (SELECT max(id) FROM flatsplit.cutover WHERE created_at <= e.at), (SELECT min(id) FROM flatsplit.cutover))
        """
    )
