"""What kind of statement it is, in the words of whoever wrote it."""

from __future__ import annotations

import pytest

from flatsplit.rehearsal.grammar import Parsed
from flatsplit.rehearsal.statement_names import word


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("CREATE TABLE t (i int)", "CREATE TABLE"),
        ("create materialized view m as select 1", "CREATE MATERIALIZED VIEW"),
        ("CREATE UNIQUE INDEX CONCURRENTLY i ON t (i)", "CREATE INDEX"),
        ("CREATE OR REPLACE FUNCTION f() RETURNS int", "CREATE FUNCTION"),
        ("ALTER DEFAULT PRIVILEGES IN SCHEMA s GRANT SELECT ON TABLES TO r", "ALTER DEFAULT PRIVILEGES"),
        ("create foreign data wrapper w", "CREATE FOREIGN DATA WRAPPER"),
        ("CREATE TEXT SEARCH CONFIGURATION c (COPY = simple)", "CREATE TEXT SEARCH CONFIGURATION"),
        ("DROP OPERATOR CLASS c USING btree", "DROP OPERATOR CLASS"),
        ("CREATE OPERATOR === (FUNCTION = f)", "CREATE OPERATOR"),
        ('ALTER TABLE "a b" ADD c int', "ALTER TABLE"),
        ("CREATE TEMPORARY VIEW v AS SELECT 1", "CREATE VIEW"),
        ("REINDEX", "REINDEX"),
        ("/* x */ ALTER TABLE t", "ALTER TABLE"),
    ],
)
def test_the_kind_of_a_statement(text: str, said: str) -> None:
    assert word(Parsed("alter_table_stmt", None, text)) == said
