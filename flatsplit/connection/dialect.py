"""Lets SQLAlchemy use a connection of the driver's."""

from __future__ import annotations

from typing import Any

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine.interfaces import IsolationLevel
from sqlalchemy.pool import NullPool


class _Dialect(PGDialect_psycopg):
    """SQLAlchemy's psycopg dialect, with the answers that it would otherwise ask the server for at every start."""

    supports_statement_cache = True
    known = False

    def do_rollback(self, dbapi_connection: Any) -> None:
        """Does nothing: SQLAlchemy would roll back after its first query, when a transaction may be open already."""
        if self.known:
            dbapi_connection.rollback()

    def _get_server_version_info(self, connection: sa.Connection) -> tuple[int, int]:
        driver = connection.connection.driver_connection
        assert isinstance(driver, psycopg.Connection)
        return divmod(driver.info.server_version, 10000)

    def _get_default_schema_name(self, connection: sa.Connection) -> str:  # noqa: ARG002
        return "pg_catalog"

    def _set_backslash_escapes(self, connection: sa.Connection) -> None:  # noqa: ARG002
        self._backslash_escapes = False

    def get_default_isolation_level(self, dbapi_conn: object) -> IsolationLevel:  # noqa: ARG002
        return "READ COMMITTED"

    def on_connect(self) -> None:
        return None


registry.register("postgresql.flatsplit", __name__, _Dialect.__name__)


def wrapped(driver: psycopg.Connection[Any]) -> sa.Connection:
    """A SQLAlchemy connection on this one; SQLAlchemy neither opens nor resets another."""
    engine = sa.create_engine(
        "postgresql+flatsplit://",
        creator=lambda: driver,
        poolclass=NullPool,
        pool_reset_on_return=None,
        use_native_hstore=False,
        hide_parameters=True,
    )
    connection = engine.connect()
    assert isinstance(engine.dialect, _Dialect)
    engine.dialect.known = True
    return connection
