"""The server's own views: how they filter rows, and whether they have any to show."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import psycopg
from psycopg import sql

from flatsplit.rehearsal import view_visibility
from flatsplit.rehearsal.view_visibility import Sight


class ServersViews:
    """Reads the definition of each view when it is first asked for."""

    def __init__(self, conn: psycopg.Connection[Any], ask: Callable[..., list[tuple[Any, ...]]]) -> None:
        self.conn = conn
        self._ask = ask
        self._sights: dict[tuple[str, str], tuple[Sight, tuple[tuple[str, str], ...]]] = {}
        self._filled: dict[tuple[str, str, str], bool] = {}

    def sight(self, schema: str, name: str) -> tuple[Sight, tuple[tuple[str, str], ...]]:
        """How one of the server's own views filters its rows, and which relations it reads."""
        found = self._sights.get((schema, name))
        if found is None:
            rows = self._ask("system_view", schema, name)
            found = self._sights[schema, name] = view_visibility.read(rows[0][0]) if rows else (Sight(), ())
        return found

    def filled(self, schema: str, name: str, column: str, scope: Collection[str]) -> bool:
        """Whether a view of the server's own has a row of these schemas, with a value in the column; True in doubt."""
        found = self._filled.get((schema, name, column))
        if found is None:
            relation = sql.Identifier(schema, name)
            rows = self._ask("system_columns", schema, name)
            places = [row[0] for row in rows if row[0] == "schemaname" or row[0].endswith("_schema")]
            found = not places or self._any(relation, places, column, list(scope))
            self._filled[schema, name, column] = found
        return found

    def _any(self, relation: sql.Composable, places: list[str], column: str, scope: list[str]) -> bool:
        within = sql.SQL(" OR ").join(sql.SQL("{} = ANY (%s::text[])").format(sql.Identifier(each)) for each in places)
        query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE ({})").format(relation, within)
        query += sql.SQL(" AND {} IS NOT NULL)").format(sql.Identifier(column)) if column else sql.SQL(")")
        try:
            with self.conn.transaction(force_rollback=True):
                self.conn.execute("SET LOCAL statement_timeout = '1s'")
                row = self.conn.execute(query, [scope] * len(places)).fetchone()
        except (psycopg.errors.QueryCanceled, psycopg.errors.LockNotAvailable):
            return True
        return row is None or bool(row[0])
