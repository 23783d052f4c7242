"""The ways by which a role may come to rows of a table: each gives the rows that it shows, by their places."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any, TypeAlias

import psycopg

from tests.support.notices import notices

Rows: TypeAlias = frozenset[tuple[int, str]]
"""(oid of the table, place in it)."""
Way: TypeAlias = Callable[[psycopg.Connection[Any], str], Rows]
"""Given a connection that acts as the role, in a transaction that is undone, and a table as SQL."""

PLACE = "t.tableoid::bigint, t.ctid::text"
_PLACE = re.compile(r"(\d+) (\(\d+,\d+\))")


def _asked(query: str) -> Way:
    def rows(connection: psycopg.Connection[Any], table: str) -> Rows:
        return frozenset(connection.execute(query.format(place=PLACE, table=table).encode()).fetchall())

    return rows


def _cursor(connection: psycopg.Connection[Any], table: str) -> Rows:
    connection.execute(f"declare all_rows scroll cursor with hold for select {PLACE} from {table} t".encode())
    return frozenset(connection.execute("fetch all all_rows").fetchall())


def _prepared(connection: psycopg.Connection[Any], table: str) -> Rows:
    connection.execute(f"prepare all_rows as select {PLACE} from {table} t".encode())
    found = frozenset(connection.execute("execute all_rows").fetchall())
    connection.execute("deallocate all_rows")
    return found


def _copied(connection: psycopg.Connection[Any], table: str) -> Rows:
    with connection.cursor().copy(f"copy (select {PLACE} from {table} t) to stdout".encode()) as copy:
        copy.set_types(["int8", "text"])
        return frozenset((row[0], row[1]) for row in copy.rows())


def _view(connection: psycopg.Connection[Any], table: str) -> Rows:
    connection.execute(f"create temporary view all_rows as select {PLACE} from {table} t".encode())
    return frozenset(connection.execute("table all_rows").fetchall())


def _function(connection: psycopg.Connection[Any], table: str) -> Rows:
    """A function of the role's own that tells what it is asked about, cheaper than any policy; the policy is no index's
    condition then, which would come first.
    """
    for scan in ("indexscan", "bitmapscan", "indexonlyscan"):
        connection.execute(f"set local enable_{scan} = off".encode())
    tell = "begin raise notice '% %', a, b; return true; end"
    connection.execute(
        "create function pg_temp.tell(a oid, b tid) returns boolean cost 0.000001 language plpgsql "
        f"as $$ {tell} $$".encode()
    )
    with notices(connection) as heard:
        connection.execute("set local client_min_messages = notice")
        connection.execute(f"select from {table} t where pg_temp.tell(t.tableoid, t.ctid)".encode())
    texts = (one.message for one in heard)
    return frozenset((int(place[1]), place[2]) for text in texts if (place := _PLACE.fullmatch(text)))


def _planned_before(connection: psycopg.Connection[Any], table: str) -> Rows:
    """A generic plan, made and used by the session's own role, for which no policy counts."""
    return _after_another(
        connection, f"prepare all_rows as select {PLACE} from {table} t", "execute all_rows", "deallocate all_rows"
    )


def _routine_before(connection: psycopg.Connection[Any], table: str) -> Rows:
    """A routine with its caller's rights, whose plan the session's own role has made and used."""
    body = f"begin return query select {PLACE} from {table} t; end"
    make = "create function pg_temp.all_rows() returns table (a bigint, b text) language plpgsql"
    return _after_another(connection, f"{make} as $body$ {body} $body$", "select * from pg_temp.all_rows()", "select")


def _after_another(connection: psycopg.Connection[Any], make: str, use: str, end: str) -> Rows:
    (role,) = connection.execute("select quote_ident(current_user)").fetchone() or ("",)
    connection.execute("set local role none; set local plan_cache_mode = force_generic_plan")
    connection.execute(make.encode())
    for _ in range(2):
        connection.execute(use.encode())
    connection.execute(f"set local role {role}".encode())
    found = frozenset(connection.execute(use.encode()).fetchall())
    connection.execute(end.encode())
    return found


def _parallel(connection: psycopg.Connection[Any], table: str) -> Rows:
    for setting in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"):
        connection.execute(f"set local {setting} = 0".encode())
    connection.execute("set local max_parallel_workers_per_gather = 2")
    return frozenset(connection.execute(f"select {PLACE} from {table} t".encode()).fetchall())


def _gone(statement: str) -> Way:
    """The rows that a statement deletes or changes: they are in their places no more. Triggers rest, those of foreign
    keys too, so that nothing but rights and policies stops it.
    """

    def rows(connection: psycopg.Connection[Any], table: str) -> Rows:
        every = f"select {PLACE} from {table} t".encode()
        (role,) = connection.execute("select quote_ident(current_user)").fetchone() or ("",)
        connection.execute("set local role none; set local session_replication_role = replica")
        before = frozenset(connection.execute(every).fetchall())
        connection.execute(f"set local role {role}".encode())
        connection.execute(statement.format(table=table).encode())
        connection.execute("set local role none")
        return before - frozenset(connection.execute(every).fetchall())

    return rows


# One that reads no column of its target meets all rows, and is refused at the first foreign one
_MERGE = "merge into {table} t using (values (1)) v on "
_EVERY = "any (array(select format('(%s,%s)', b, n)::tid from generate_series(0, 1) b, generate_series(1, 200) n))"
_OLD = "returning old.tableoid::bigint, old.ctid::text"
WAYS: tuple[tuple[int, Way], ...] = (
    *(
        (13, _asked(query))
        for query in (
            "select {place} from {table} t",
            "select {place} from {table} t tablesample system (100)",
            "select {place} from {table} t tablesample bernoulli (100)",
            "select {place} from {table} t for update",
            "select {place} from {table} t for key share",
            "select {place} from {table} t for no key update skip locked",
            "select {place} from {table} t where exists (select from {table} u where u.ctid = t.ctid)",
            "select {place} from {table} t where t.ctid = " + _EVERY,
            "with recursive r as (select {place} from {table} t union select {place} from {table} t, r) table r",
        )
    ),
    *(
        (13, way)
        for way in (_cursor, _prepared, _copied, _view, _function, _planned_before, _routine_before, _parallel)
    ),
    *(
        (since, _gone(statement))
        for since, statement in (
            (13, "delete from {table}"),
            (13, "delete from {table} t using {table} u where t.ctid = u.ctid and t.tableoid = u.tableoid"),
            (13, "update {table} set body = body"),
            (13, "with changed as (update {table} set body = 'x' returning *) select count(*) from changed"),
            (15, _MERGE + "t.tableoid > 0 when matched then delete"),
            (15, _MERGE + "t.tableoid > 0 when matched then update set body = 'x'"),
            (17, _MERGE + "t.tableoid = 0 when not matched by source then delete"),
        )
    ),
    (14, _asked("select {place} from {table} t where t.ctid >= '(0,0)' and t.ctid < '(9999,1)'")),
    (18, _asked("update {table} t set body = t.body " + _OLD)),
    (18, _asked("merge into {table} t using (values (1)) v on true when matched then update set body = 'x' " + _OLD)),
    (
        18,
        _asked(
            "merge into {table} t using (values (1)) v on false when not matched by source then update set body = 'x' "
            + _OLD
        ),
    ),
)
"""Each with the first major that has it."""


def drawn(dice: random.Random, major: int, count: int) -> list[Way]:
    """Some of them; the plain one first."""
    there = [way for since, way in WAYS if since <= major]
    return [there[0], *dice.sample(there[1:], count)]
