"""The remark by which flatsplit's own statements are known again.

Where somebody is still connected as the old role, as with a first look in a container, pg_stat_statements and the
server's log count them as that role's, and neither keeps the application's name beside the text. A remark at the end of
a statement stays in both. What the plan says goes to the server byte by byte, without one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.abc import Params

REMARK = "/* asked by flatsplit */"


class Remarking(psycopg.Cursor[Any]):
    """A cursor whose statements say whose they are."""

    def execute(
        self, query: Any, params: Params | None = None, *, prepare: bool | None = None, binary: bool | None = None
    ) -> Self:
        """As the driver's, with the remark."""
        return super().execute(remarked(query), params, prepare=prepare, binary=binary)

    def executemany(self, query: Any, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        """As the driver's, with the remark."""
        super().executemany(remarked(query), params_seq, returning=returning)


def remarked(query: Any) -> Any:
    """The statement, or the last one of several, with the remark: before a semicolon, and in no comment of its own."""
    if isinstance(query, bytes):
        return query.rstrip().removesuffix(b";") + f"\n{REMARK}".encode()
    if isinstance(query, str):
        return query.rstrip().removesuffix(";") + f"\n{REMARK}"
    if isinstance(query, sql.Composable):
        return sql.Composed([query, sql.SQL(f"\n{REMARK}")])
    return query
