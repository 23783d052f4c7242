"""The words that printed names are quoted for are the server's own."""

from __future__ import annotations

import pytest
from psycopg import sql

from flatsplit.config import format_name
from flatsplit.config.grants import parse_name
from flatsplit.config.keywords import KEYWORDS
from tests.fixtures.databases import Database


@pytest.mark.majors("two")
def test_what_is_printed_can_be_run(database: Database) -> None:
    found = database.admin.execute("select word from pg_get_keywords() where catcode <> 'U' order by word").fetchall()
    words = [word for (word,) in found]
    assert KEYWORDS.issuperset(words)
    with database.connect() as conn, conn.transaction(force_rollback=True):
        for word in (*words, "name", "Upper", 'a "b"', "tenant"):
            printed = format_name(word)
            assert parse_name(printed).parts == (word,)
            conn.execute(sql.SQL("create table {} ()").format(sql.Identifier(word)))
            conn.execute(
                f"alter table {format_name('public', word)} add a int; comment on table {printed} is ''".encode()
            )
