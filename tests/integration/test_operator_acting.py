"""Memberships that the operator gives itself last as long as the transaction that needs them, also when it fails."""

from __future__ import annotations

import threading
from typing import Any, Self

import pytest

from flatsplit.server.acting_as import acting
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, make_operator, of_operator

TABLES = """
create table public.customer (id int primary key, name text);
create view public.names as select name from public.customer;
create function public.one() returns int language sql as 'select 1';
"""


class Watcher:
    """Looks at the operator's memberships all the time, from another session."""

    def __init__(self, database: Database) -> None:
        self._conn = database.connect()
        self._ended = threading.Event()
        self.seen: set[tuple[Any, ...]] = set()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.is_set():
            self.seen.update(of_operator(self._conn)["members"])


def usable(rows: set[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    """Memberships by which the operator could do something: before 16 all, since only with INHERIT or SET."""
    return {row for row in rows if len(row) == 3 or row[3] or row[4]}


@pytest.mark.majors("all")
def test_nobody_ever_sees_them(database: Database, invoke_cli: InProcess, major: int) -> None:
    database.execute(TABLES, database.legacy)
    make_operator(database, SHAPES["createrole"])
    before = of_operator(database.admin)
    walk = OperatorsWalk(invoke_cli, database).init()
    with Watcher(database) as watcher:
        walk.next("--through", "default-privileges")
        # The fault: something refuses the second half of the transfer
        database.execute(
            """create function public.refuse() returns event_trigger language plpgsql as
               $$ begin raise exception 'not today'; end $$;
               create event trigger refuse on ddl_command_end when tag in ('ALTER VIEW')
               execute function public.refuse()"""
        )
        refused = walk.next(exit_code=1)
        assert "not today" in refused.stderr
        assert database.admin.execute(
            "select pg_get_userbyid(relowner) from pg_class where relname = 'names'"
        ).fetchone() == (database.legacy,)
        database.execute("drop event trigger refuse; drop function public.refuse()")
        walk.next()
        walk.rollback("--all")
    assert usable(watcher.seen) == usable(set(before["members"]))
    assert of_operator(database.admin) == before


@pytest.mark.majors("all")
def test_what_the_operator_had_given_itself_is_as_before(database: Database, major: int) -> None:
    make_operator(database, SHAPES["createrole"])
    options = " with inherit false, set true" if major >= 16 else ""
    database.execute(f"grant {database.legacy} to current_user{options}", OPERATOR)
    before = of_operator(database.admin)
    with database.connect(OPERATOR) as conn:
        with conn.transaction(), acting(conn, [database.legacy]):
            assert conn.execute("select pg_has_role(%s, 'usage')", [database.legacy]).fetchone() == (True,)
            conn.execute("create table public.of_operator ()")
            conn.execute(f"alter table public.of_operator owner to {database.legacy}")
        assert of_operator(database.admin) == before

        with pytest.raises(ZeroDivisionError), conn.transaction(), acting(conn, [database.legacy]):
            raise ZeroDivisionError
        assert of_operator(database.admin) == before
