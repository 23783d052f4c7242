"""The server's own views: what was said of each is compared with what it shows to legacy and to the new roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import Walk

SCHEMA = """
create domain public.positive as int check (value > 0);
create type public.colour as enum ('red', 'green');
create type public.pair as (a int, b public.positive);
create table public.customer (id serial primary key, name text check (name <> ''), c public.colour, p public.pair);
create table public.orders (id int primary key, customer int references public.customer, n public.positive,
                            twice int generated always as (id * 2) stored);
create view public.seen as select id, name from public.customer;
create function public.f(a int default 1) returns int language sql as 'select 1';
create function public.g() returns trigger language plpgsql as 'begin return new; end';
create trigger t before update of name on public.customer for each row when (new.id > 0) execute function public.g();
create materialized view public.totals as select count(*) from public.orders;
create statistics public.s on id, customer from public.orders;
create table public.checked (id int check (public.f(id) = 1));
create table public.secured (id int);
alter table public.secured enable row level security;
create policy everybody on public.secured using (id > 0);
insert into public.secured values (1), (2), (3);
insert into public.customer (name) select 'name ' || n from generate_series(1, 50) as n;
insert into public.orders select n, n, 1 from generate_series(1, 50) as n;
analyze public.customer, public.orders, public.secured;
"""

PASSING = [
    *("pg_aios", "pg_available_extension_versions", "pg_available_extensions"),
    *("pg_backend_memory_contexts", "pg_config", "pg_cursors", "pg_file_settings", "pg_hba_file_rules"),
    *("pg_ident_file_mappings", "pg_locks", "pg_prepared_statements", "pg_settings"),
    *("pg_shmem_allocations", "pg_shmem_allocations_numa", "pg_timezone_abbrevs", "pg_timezone_names"),
    "pg_wait_events",
]
"""They show the server or the session, and that of the moment."""

STATISTICS = frozenset({"pg_catalog.pg_stats", "pg_catalog.pg_stats_ext", "pg_catalog.pg_stats_ext_exprs"})

OTHERWISE = frozenset(
    f"information_schema.{name}"
    for name in ("administrable_role_authorizations", "domain_udt_usage", "udt_privileges", "usage_privileges")
) | {"pg_catalog.pg_stats_ext", "pg_catalog.pg_stats_ext_exprs"}
"""Of these it is said that they may show less, where here they show something else, or as little as before."""

SHOWN = """
SELECT count(*), sum((SELECT count(*) FROM jsonb_each(jsonb_strip_nulls(to_jsonb(v)))))
FROM {} AS v WHERE to_jsonb(v)::text !~ '"(flatsplit|alembic_version)"'
"""
NOT_THE_SERVERS = sql.SQL(" AND v.schemaname <> 'pg_catalog'")
"""Autovacuum may look at the catalogs for the first time in between, and there are more statistics then."""


def views(database: Database) -> list[str]:
    rows = database.admin.execute(
        "select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where n.nspname in ('pg_catalog', 'information_schema') and c.relkind = 'v' "
        "and c.relname !~ '^pg_stat(io)?_' and not c.relname = any (%s) order by 1",
        [PASSING],
    )
    return [name for (name,) in rows]


def shown(database: Database, role: str, names: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    with psycopg.connect(database.conninfo(role), autocommit=True) as connection:
        for name in names:
            query = sql.SQL(SHOWN).format(sql.Identifier(*name.split(".")))
            query += NOT_THE_SERVERS if name in STATISTICS else sql.SQL("")
            try:
                found[name] = connection.execute(query).fetchone()
            except psycopg.errors.InsufficientPrivilege:
                found[name] = "denied"
    return found


def planted(make_database: MakeDatabase) -> Database:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    return database


def rehearse(walk: Walk, statements: list[str], *arguments: str, exit_code: int = 4) -> dict[str, str]:
    path = walk.run.cwd / "statements.sql"
    path.write_text(";\n".join(statements))
    found = walk("rehearse", "--file", str(path), "--json", *arguments).check(exit_code).json
    return {each["query"]: each["verdict"] for each in found["statements"]}


def fewer(name: str, before: Any, after: Any) -> bool:
    """Fewer rows, or fewer values in them; what autovacuum rewrites in between is counted by rows alone."""
    if "denied" in (before, after):
        return False
    counts = list(zip(after, before, strict=True))[: 1 if name in STATISTICS else None]
    return any((a or 0) < (b or 0) for a, b in counts)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_views_that_show_some_to_their_owner_only(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = planted(make_database)
    names = views(database)
    before = shown(database, "legacy", names)
    walk = Walk(invoke_cli, database).init()
    walk.next("--through", "enable-login", "--waive", "no-blockers", "--reason", "to see")
    wrong = []
    for role in ("app_user", "app_migrator"):
        after = shown(database, role, names)
        said = rehearse(walk, [f"SELECT * FROM {name}" for name in names], "--as", role)
        for name in names:
            verdict = said[f"SELECT * FROM {name}"]
            expected = (
                "denied"
                if after[name] == "denied"
                else "silent"
                if fewer(name, before[name], after[name])
                else "allowed"
            )
            if verdict != expected and not (verdict == "silent" and name in OTHERWISE):
                wrong.append(f"{role} {name}: {verdict}, before {before[name]}, after {after[name]}")
    assert "\n".join(wrong) == ""


WHO = {
    # statement → verdict as app_user, as app_migrator
    "SELECT * FROM pg_tables WHERE tableowner = current_user": ("silent", "allowed"),
    "SELECT * FROM pg_tables WHERE tableowner = 'legacy'": ("silent", "silent"),
    "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = session_user": ("silent", "allowed"),
    "SELECT relname FROM pg_class c JOIN pg_roles r ON r.oid = relowner WHERE rolname = user": ("silent", "allowed"),
    "SELECT relname FROM pg_class WHERE relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)": (
        *("silent", "allowed"),
    ),
    "SELECT tableowner FROM pg_tables": ("allowed", "allowed"),
    "SELECT rolcreaterole FROM pg_roles WHERE rolname = current_user": ("allowed", "allowed"),
    "SELECT * FROM public.customer WHERE name = current_user": ("silent", "silent"),
    "SELECT current_user": ("allowed", "allowed"),
    "SELECT query FROM pg_stat_activity": ("silent", "silent"),
    "SELECT count(*) FROM pg_stat_activity": ("allowed", "allowed"),
    "SELECT pid, usename FROM pg_stat_activity WHERE datname = current_database()": ("allowed", "allowed"),
    "SELECT query FROM pg_stat_activity WHERE pid = pg_backend_pid()": ("allowed", "allowed"),
    "SELECT state FROM pg_stat_activity WHERE usename = current_user": ("allowed", "allowed"),
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()": ("denied", "denied"),
    "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = current_user": ("allowed", "allowed"),
    "SELECT pg_cancel_backend(pg_backend_pid())": ("allowed", "allowed"),
    "SELECT pg_terminate_backend(4711)": ("unknown", "unknown"),
    "SELECT * FROM public.checks": ("silent", "allowed"),
}


@pytest.mark.majors("two")
def test_who_asks(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = planted(make_database)
    database.execute("create view public.checks as select * from information_schema.check_constraints", "legacy")
    walk = Walk(invoke_cli, database).init()
    for place, role in enumerate(("app_user", "app_migrator")):
        assert rehearse(walk, list(WHO), "--as", role) == {query: said[place] for query, said in WHO.items()}
    walk.next("--through", "enable-login", "--waive", "no-blockers", "--reason", "to see")
    for place, role in enumerate(("app_user", "app_migrator")):
        assert rehearse(walk, list(WHO), "--as", role) == {query: said[place] for query, said in WHO.items()}
    database.execute("grant pg_read_all_stats, pg_signal_backend to app_user")
    freed = rehearse(walk, [query for query in WHO if "backend" in query or "activity" in query], exit_code=0)
    assert set(freed.values()) == {"allowed"}


TAKEN = {
    "select on pg_catalog.pg_roles": "select count(*) from pg_roles",
    "select on information_schema.tables": "select count(*) from information_schema.tables",
    "execute on function pg_catalog.pg_sleep(float8)": "select pg_sleep(0)",
    "usage on language plpgsql": "do $$ begin perform 1; end $$",
}
"""What a hardened database takes from everybody and gives to its application's role, and a statement that needs it."""


def test_what_was_taken_from_everybody_and_given_to_the_old_role(
    database: Database, invoke_cli: InProcess, tmp_path: Path
) -> None:
    """What is told before any role exists is what the server does later; what is printed to help helps."""
    for right in TAKEN:
        database.execute(f"revoke {right} from public; grant {right} to legacy")
    walk = Walk(invoke_cli, database).init()
    (tmp_path / "taken.sql").write_text(";\n".join(TAKEN.values()))
    said = walk("rehearse", "--file", "taken.sql", "--json").check(4).json
    denied = [one for one in said["statements"] if one["verdict"] == "denied"]
    assert [one["query"] for one in denied] == ["select count(*) from information_schema.tables"]
    heading, _, line = denied[0]["remedy"].partition("] ")
    with walk.config.open("a") as config:
        config.write(f"\n{heading}]\n{line}\n")
    walk("rehearse", "--file", "taken.sql").check()
    walk.forward("enable-login")
    with walk.connect("app_user") as connection:
        for statement in TAKEN.values():
            connection.execute(statement.encode())
