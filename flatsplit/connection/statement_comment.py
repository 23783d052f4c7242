"""The comment by which flatsplit's own statements are recognised.

Where an operator is still connected as the old role, as at first in a container, pg_stat_statements and the server's
log count flatsplit's statements as that role's, and neither keeps the application's name. A comment at the end of a
statement is kept by both. Statements of a plan are sent as they are written, with one of their own where they run as
another role (``ddl.BY_FLATSPLIT``).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Self

import psycopg
from psycopg import sql
from psycopg.abc import Params

from flatsplit import ddl

REMARK = "/* asked by flatsplit */"
ASKED = ("/* tried by flatsplit */", REMARK)
"""In what flatsplit asks, and in the statements with which a rehearsal tries others, which before create-roles run as
legacy.
"""
OWN = (*ASKED, ddl.BY_FLATSPLIT)
"""In all statements of flatsplit's own that can be counted as another role's."""


class Remarking(psycopg.Cursor[Any]):
    """A cursor that adds the comment to its statements."""

    def execute(
        self, query: Any, params: Params | None = None, *, prepare: bool | None = None, binary: bool | None = None
    ) -> Self:
        """As the driver's, with the comment."""
        return super().execute(remarked(query), params, prepare=prepare, binary=binary)

    def executemany(self, query: Any, params_seq: Iterable[Params], *, returning: bool = False) -> None:
        """As the driver's, with the comment."""
        super().executemany(remarked(query), params_seq, returning=returning)


def remarked(query: Any) -> Any:
    """The statement, or the last of several, with the comment: before the semicolon, and not inside another comment."""
    if isinstance(query, bytes):
        return query.rstrip().removesuffix(b";") + f"\n{REMARK}".encode()
    if isinstance(query, str):
        return query.rstrip().removesuffix(";") + f"\n{REMARK}"
    if isinstance(query, sql.Composable):
        return sql.Composed([query, sql.SQL(f"\n{REMARK}")])
    return query
