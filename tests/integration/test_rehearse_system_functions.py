"""The server's own functions are called as app_user: none that refuses is rehearsed as allowed."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.walk import Walk

SCHEMA = """
create table public.things (id serial primary key, words tsvector, at int);
create index things_at on public.things using brin (at);
create index things_words on public.things using gin (words);
"""

# Immutable ones look at no rights; the left out ones wait, or change their whole session
CALLABLE = """
select proname, array(select typname::text from unnest(proargtypes) with ordinality a(type, n)
                      join pg_catalog.pg_type t on t.oid = a.type order by n)
from pg_catalog.pg_proc p
where pronamespace = 'pg_catalog'::regnamespace and prokind = 'f' and provolatile <> 'i'
  and has_function_privilege('app_user', p.oid, 'execute')
  and prorettype::regtype::text not in ('internal', 'trigger', 'event_trigger')
  and proname !~ '^(pg_sleep|pg_advisory|pg_try_advisory|binary_upgrade|set_config)'
order by 1, 2
"""

VALUES = {
    "text": ("'public.things'", "'public.things_id_seq'", "'postgres'"),
    "name": ("'public'", "'postgres'"),
    "regclass": ("'public.things'::regclass", "'public.things_at'::regclass", "'public.things_words'::regclass"),
    "oid": ("'public.things'::regclass::oid",),
    "regproc": ("'now'::regproc",),
    "int2": ("1::int2",),
    "int4": ("1",),
    "int8": ("1",),
    "bool": ("true",),
    "float8": ("0",),
    "char": ("'r'",),
    "any": ("1",),
    "xid": ("'1'::xid",),
    "pg_lsn": ("'0/1'",),
    "jsonb": ("'{}'",),
    "_text": ("'{}'",),
    "bytea": ("''",),
}
"""Arguments by type, of which the first, second and third ones are tried together."""
NAMED = {
    "pg_restore_relation_stats": "'schemaname', 'public', 'relname', 'things', 'relpages', 5",
    "pg_restore_attribute_stats": "'schemaname', 'public', 'relname', 'things', 'attname', 'id', 'inherited', false",
    "pg_clear_relation_stats": "'public', 'things'",
    "pg_clear_attribute_stats": "'public', 'things', 'id', false",
}


def calls(name: str, types: list[str]) -> list[str]:
    """Calls of a function; [] where a type has no value here."""
    if name in NAMED:
        return [f"SELECT {name}({NAMED[name]})"]
    if not set(types) <= VALUES.keys():
        return []
    found = (", ".join(VALUES[one][min(n, len(VALUES[one]) - 1)] for one in types) for n in range(3))
    return [f"SELECT {name}({arguments})" for arguments in dict.fromkeys(found)]


def refused(connection: psycopg.Connection[object], call: str) -> bool:
    try:
        with connection.transaction(force_rollback=True):
            connection.execute(call.encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    except psycopg.Error:
        pass  # it refuses the arguments
    return False


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_refuses_when_called_is_not_called_allowed(
    make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path, major: int
) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    walk = Walk(invoke_cli, database).init()
    walk.forward("enable-login")
    every = [call for name, types in database.admin.execute(CALLABLE) for call in calls(name, types)]
    with psycopg.connect(database.conninfo("app_user"), autocommit=True) as application:
        application.execute("set statement_timeout = '10s'")
        found = [call for call in every if refused(application, call)]
    assert len(every) > 500
    assert len(found) > (20 if major >= 18 else 12)
    file = tmp_path / "calls.sql"
    file.write_text("".join(f"{call};\n" for call in found))
    verdicts = walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]
    allowed = [one["query"] for one in verdicts if one["verdict"] not in ("denied", "unknown")]
    assert not allowed, "\n".join(allowed)
    assert len(verdicts) == len(found)
