"""One row for the same change of many subjects: a GRANT on 200 tables wrote 200."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.alter_column(
        "change",
        "subject",
        schema="flatsplit",
        new_column_name="subjects",
        type_=pg.ARRAY(sa.Text()),
        postgresql_using="ARRAY[subject]",
        comment="The objects, roles or defaults it is about",
        existing_comment="The object, role or default it is about",
        existing_type=sa.Text(),
        existing_nullable=False,
    )
    if op.get_context().dialect.server_version_info >= (18,):  # NOT NULL is a constraint with a name there
        names = "change_subject_not_null TO change_subjects_not_null"
        op.execute(f"ALTER TABLE flatsplit.change RENAME CONSTRAINT {names}")
