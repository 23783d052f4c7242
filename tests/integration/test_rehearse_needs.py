"""What statements take, as values: compared with what the server's own plan says of each relation."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.notices import notices
from tests.support.walk import Walk

SCHEMA = """
create table public.customer (id serial primary key, name text, note text);
create table public.orders (id int primary key, customer int references public.customer, total numeric);
create table public.log (what text);
create view public.seen as select id, name from public.customer;
create function public.logs() returns trigger language plpgsql as
    $$ begin insert into public.log (what) values (new.id::text); return null; end $$;
create trigger logs after insert on public.orders for each row execute function public.logs();
create function public.rich() returns bigint language sql as 'select count(*) from public.orders where total > 5';
create function public.double(public.orders) returns numeric language sql as 'select $1.total * 2';
create function public.hidden() returns bigint language sql security definer as 'select count(*) from public.orders';
"""

PLANNED = (
    "SELECT name FROM customer WHERE id = 1",
    "SELECT * FROM orders",
    "SELECT count(*) FROM orders",
    "SELECT c.name, o.total FROM customer c JOIN orders o ON o.customer = c.id WHERE o.total > 1",
    "SELECT name FROM customer FOR UPDATE",
    "SELECT name FROM seen",
    "INSERT INTO log VALUES ('x')",
    "INSERT INTO customer (name) VALUES ('x') RETURNING id",
    "INSERT INTO orders (id, total) SELECT id, 1 FROM customer",
    "INSERT INTO orders (id, total) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET total = excluded.total",
    "UPDATE orders SET total = total + 1 WHERE id = 2",
    "UPDATE log SET what = 'y'",
    "DELETE FROM orders o WHERE o.customer IN (SELECT c.id FROM customer c WHERE c.note IS NULL)",
    "DELETE FROM log",
    "DELETE FROM log WHERE false",
    "DELETE FROM log WHERE ctid = '(0,1)'",
    "UPDATE log SET what = c.name FROM customer c WHERE c.id = 1",
    "UPDATE log SET what = c.name FROM customer c WHERE what = c.note",
    "UPDATE orders SET (customer, total) = (DEFAULT, 1) RETURNING 1",
    "DELETE FROM log USING customer c WHERE c.id = 1",
    "INSERT INTO log VALUES ('x') RETURNING 1",
    "SELECT total FROM orders JOIN customer USING (id)",
    "SELECT c.called FROM customer AS c (number, called) WHERE number = 1",
)
ROUGH = (
    "INSERT INTO orders (id) VALUES (1) ON CONFLICT ON CONSTRAINT orders_pkey DO NOTHING",
    "SELECT o.double FROM orders o",
    "SELECT j.total FROM (orders JOIN customer USING (id)) AS j",
    "SELECT total FROM orders NATURAL JOIN customer",
    "SELECT s.id FROM (SELECT * FROM orders) AS s",
)
"""Statements for which more columns are taken to be needed than are."""
BITS = {1: "INSERT", 2: "SELECT", 4: "UPDATE", 8: "DELETE"}
SETS = {"SELECT": "selectedCols", "INSERT": "insertedCols", "UPDATE": "updatedCols"}
LOWEST = 7
"""Added to a column's number in these sets (FirstLowInvalidHeapAttributeNumber, sysattr.h)."""


def planned(connection: psycopg.Connection[Any], statement: str) -> set[tuple[str, str, str]]:
    """Table, privilege and column of what the server's plan asks of the caller. Text of nodes: no interface."""
    with notices(connection) as said, connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL client_min_messages = log")
        connection.execute("SET LOCAL debug_pretty_print = off")
        connection.execute("SET LOCAL debug_print_plan = on")
        connection.execute(f"EXPLAIN {statement}".encode())
    found: set[tuple[str, str, str]] = set()
    for text in (one.detail for one in said):
        for relid, rest in re.findall(
            r":relid (\d+) ((?:(?!:relid ).)*?:updatedCols \(b[ \d]*\))", " ".join(text.split())
        ):
            bits = int((re.search(r":requiredPerms (\d+)", rest) or ["", "0"])[1])
            if not bits or ":checkAsUser 0" not in rest:
                continue
            row = connection.execute("SELECT relname FROM pg_class WHERE oid = %s", [int(relid)]).fetchone()
            assert row is not None
            for bit, word in BITS.items():
                if bits & bit:
                    cols = re.search(rf":{SETS[word]} \(b([ \d]*)\)", rest) if word in SETS else None
                    numbers = [int(each) - LOWEST for each in (cols[1].split() if cols else [])]
                    names = connection.execute(
                        "SELECT attname FROM pg_attribute WHERE attrelid = %s AND attnum = ANY (%s)",
                        [int(relid), numbers],
                    ).fetchall()
                    names = [] if names == [("ctid",)] else names  # no column of the table's own: all of the table
                    found |= {(row[0], word, name) for (name,) in names} or {(row[0], word, "")}
    return found


def rehearse(walk: Walk, statements: tuple[str, ...]) -> dict[str, list[dict[str, Any]]]:
    path = walk.run.cwd / "statements.sql"
    path.write_text(";\n".join(statements))
    found = walk("rehearse", "--file", str(path), "--json").json["statements"]
    return {each["query"]: each["needs"] for each in found}


def shop(make_database: MakeDatabase) -> Database:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    return database


@pytest.mark.majors("two")
def test_needs_are_what_the_plan_asks_for(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = shop(make_database)
    walk = Walk(invoke_cli, database).init()
    found = rehearse(walk, (*PLANNED, *ROUGH))
    wrong = []
    with psycopg.connect(database.conninfo("legacy"), autocommit=True) as connection:
        for statement in (*PLANNED, *ROUGH):
            mine = {
                (need["object"].removeprefix("public."), need["privilege"], column)
                for need in found[statement]
                if need["kind"] in ("table", "view") and need["where"] is None
                for column in need["columns"] or [""]
            }
            theirs = planned(connection, statement)
            if statement in ROUGH:
                theirs = {one for one in theirs if one[2]} | mine
            if mine != theirs:
                wrong.append(f"{statement}: {sorted(mine - theirs)} too many, {sorted(theirs - mine)} too few")
    assert "\n".join(wrong) == ""


@pytest.mark.majors("two")
def test_what_is_proposed_is_enough(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    """Columns where single ones are used: a role that has nothing runs each statement with the grants as printed."""
    database = shop(make_database)
    database.execute("create role clerk; grant usage on schema public to clerk")
    walk = Walk(invoke_cli, database).init()
    (walk.run.cwd / "statements.sql").write_text(";\n".join((*PLANNED, *ROUGH)))
    rehearsed = walk("rehearse", "--as", "clerk", "--file", "statements.sql", "--json").json["statements"]
    found = {each["query"]: each["sql"] for each in rehearsed if each["verdict"] == "denied"}
    inside = "SELECT count(*) FROM orders"  # as hidden() runs it for its owner
    assert found.keys() == {*PLANNED, *ROUGH} - {inside}
    for statement, given in found.items():
        with database.admin.transaction(force_rollback=True):
            database.admin.execute(f"SET LOCAL ROLE {database.legacy}".encode())
            for one in given:
                database.admin.execute(one.encode())
            database.admin.execute("SET LOCAL ROLE clerk")
            database.admin.execute(statement.encode())
    assert set(found["SELECT name FROM customer WHERE id = 1"]) == {
        "GRANT SELECT (id, name) ON public.customer TO clerk"
    }
    assert set(found["SELECT * FROM orders"]) == {"GRANT SELECT ON public.orders TO clerk"}


def test_what_no_plan_shows(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = shop(make_database)
    walk = Walk(invoke_cli, database).init()
    insert, call, hidden, empty = (
        *("INSERT INTO customer (name) VALUES ('x')", "SELECT rich()", "SELECT hidden()", "TRUNCATE log"),
    )
    trigger = "INSERT INTO orders (id) VALUES (1)"
    found = rehearse(walk, (insert, call, hidden, empty, trigger))

    def of(statement: str) -> set[tuple[str, str, str | None]]:
        return {(each["object"], each["privilege"], each["where"]) for each in found[statement]}

    assert ("public.customer_id_seq", "USAGE", None) in of(insert)
    assert ("public.rich()", "EXECUTE", None) in of(call)
    assert ("public.orders", "SELECT", "function public.rich()") in of(call)
    assert of(hidden) == {("schema public", "USAGE", None), ("public.hidden()", "EXECUTE", None)}
    assert of(empty) == {("schema public", "USAGE", None), ("public.log", "TRUNCATE", None)}
    within = {where for object_, _, where in of(trigger) if object_ == "public.log"}
    assert within == {"trigger logs of public.orders: function public.logs(), line 1"}
