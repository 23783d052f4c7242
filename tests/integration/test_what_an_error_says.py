"""An error names the object, who raised it, the server's own detail, and a way out that helps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flatsplit.executor.failures import LINE, itself
from flatsplit.model import Statement
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk

REFUSES = """
CREATE FUNCTION public."Guard (x)"() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE 'not %', tg_tag USING DETAIL = 'the books are closed', HINT = 'ask the book-keeper';
END $$;
CREATE EVENT TRIGGER "the ""guard" ON ddl_command_end WHEN TAG IN ('GRANT') EXECUTE FUNCTION public."Guard (x)"();
"""


@pytest.mark.majors("two")
def test_an_event_trigger_that_raises_is_named(database: Database, invoke_cli: InProcess) -> None:
    database.execute("CREATE TABLE t (a int); CREATE TABLE u (a int)", database.legacy)
    walk = Walk(invoke_cli, database).init()
    database.execute(REFUSES)
    walk.next("--waive", "no-blockers", "--reason", "to see it fail")
    said = walk.next(exit_code=1).stderr
    assert "not GRANT (the books are closed)" in said
    assert 'raised by the event trigger "the ""guard", which runs public."Guard (x)"()' in said
    way_out = 'ALTER EVENT TRIGGER "the ""guard" DISABLE;'
    assert way_out in said
    database.execute(way_out)
    walk.next()


@pytest.mark.slow
def test_a_full_list_of_rights_is_named_as_such(database: Database, invoke_cli: InProcess) -> None:
    """relacl has no TOAST (54000 "row is too big"): running the command again would not help."""
    database.execute("CREATE TABLE roomy (a int); CREATE TABLE crowded (a int)", database.legacy)
    walk = Walk(invoke_cli, database).init()
    walk.next()
    with crowd(database, "crowded"):
        said = walk.next(exit_code=1).stderr
        assert "row is too big" in said
        assert "the list of rights of table public.crowded is full" in said
        assert "run the same command again" not in said


@contextmanager
def crowd(database: Database, table: str) -> Iterator[None]:
    """Roles with rights on the table, until no more go in."""
    database.execute(
        f"""DO $$ BEGIN
          FOR i IN 1..3000 LOOP EXECUTE 'CREATE ROLE lease_' || i; END LOOP;
          FOR i IN 1..3000 LOOP
            BEGIN EXECUTE 'GRANT SELECT ON public.{table} TO lease_' || i;
            EXCEPTION WHEN program_limit_exceeded THEN EXIT; END;
          END LOOP;
        END $$"""
    )
    try:
        yield
    finally:
        database.execute(f"DROP TABLE public.{table}")
        database.execute("DO $$ BEGIN FOR i IN 1..3000 LOOP EXECUTE 'DROP ROLE lease_' || i; END LOOP; END $$")


def test_a_statement_with_a_place_for_a_secret_is_not_to_be_run_as_it_is() -> None:
    """It stands in the plan as psql can run it, with a variable."""
    plain = Statement("role a: LOGIN", 'ALTER ROLE "a" LOGIN;', "", "")
    assert itself(plain, "flatsplit plan") == ': ALTER ROLE "a" LOGIN;'
    for secret in (plain.but(secrets=("a",)), plain.but(sql=f"{plain.sql} --{'x' * LINE}")):
        assert itself(secret, "flatsplit plan --walk trail") == " the statement from `flatsplit plan --walk trail`"
