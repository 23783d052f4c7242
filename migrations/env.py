"""Runs the migrations of the tracking schema on the connection, and in the transaction, of flatsplit itself."""

from alembic import context

from flatsplit.journal.layout import SCHEMA, VERSION_TABLE
from flatsplit.journal.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    version_table_schema=SCHEMA,
    include_schemas=True,
)
with context.begin_transaction():  # joins the one that is open
    context.run_migrations()
