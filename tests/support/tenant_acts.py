"""What each tenant's role sees and may do in a real schema, tried by the test itself and not by the proof."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

import psycopg
from psycopg import errors, sql

from flatsplit.ddl import ident
from tests.support.tenant_rows import ways, whose, written

Kinds: TypeAlias = Mapping[str, Mapping[str, Any]]
"""Each table as ``tenants --survey --json`` has it."""
_COLUMNS = """
SELECT attname, attidentity <> 'a' FROM pg_attribute
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
"""
_PLACE = "t.tableoid::bigint, t.ctid::text"


def apart(admin: psycopg.Connection[Any], kinds: Kinds, roles: Mapping[str, str]) -> None:
    """Each tenant sees and reaches exactly its own rows, all of the shared tables', and none of the hidden ones'.

    Triggers rest, those of foreign keys too: nothing but rights and policies refuses an act.
    """
    wrong = [line for name in kinds for line in _table(admin, kinds, name, roles)]
    assert not wrong, "\n".join(wrong[:20])


def _table(admin: psycopg.Connection[Any], kinds: Kinds, name: str, roles: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with one table."""
    kind, table = kinds[name]["kind"], written(name)
    columns: dict[str, bool] = dict(admin.execute(_COLUMNS, [table]).fetchall())
    same = next(("{0} = t.{0}".format(ident(one)) for one, may_change in columns.items() if may_change), None)
    update = [f"UPDATE {table} AS t SET {same} RETURNING {_PLACE}"] if same else []
    changes = (*update, f"DELETE FROM {table} AS t RETURNING {_PLACE}")
    for role, key in roles.items():
        own = frozenset(admin.execute(whose(kinds, name, key)).fetchall()) if kind not in ("shared", "hidden") else None
        with _acting(admin, role):
            seen = _asked(admin, f"SELECT {_PLACE} FROM {table} AS t")
            if own is None:
                if (seen is None) != (kind == "hidden"):
                    yield f"{role} sees {seen} of {name}, which is {kind}"
                continue
            if seen != own:
                yield f"{role} sees {seen} of {name}, and its own are {own}"
            for act in (f"SELECT {_PLACE} FROM {table} AS t FOR UPDATE", *changes):
                rows = _asked(admin, act)
                if (rows is None) != (kind == "root"):  # of which a tenant has no more than SELECT
                    yield f"{role} is {'refused' if rows is None else 'granted'} {act}"
                elif rows is not None and len(rows) != len(own):
                    yield f"{role}: {act} reaches {rows}, and its own are {own}"
        for other in roles.values():
            if other != key:
                yield from _foreign(admin, kinds, name, [*columns], role, other, moves=bool(own))


def _foreign(
    admin: psycopg.Connection[Any], kinds: Kinds, name: str, columns: list[str], role: str, other: str, *, moves: bool
) -> Iterator[str]:
    """Neither is a row of the other's inserted, nor does an own one become it."""
    one, table = kinds[name], sql.SQL(written(name))
    some = sql.SQL("SELECT to_jsonb(t) FROM {} AS t WHERE (t.tableoid::bigint, t.ctid::text) IN ({}) LIMIT 1")
    row = admin.execute(some.format(table, whose(kinds, name, other))).fetchone()
    if row is None:
        return
    record = sql.SQL("jsonb_populate_record(NULL::{}, {}::jsonb)").format(table, sql.Literal(json.dumps(row[0])))
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    insert = sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM {} AS q")
    deciding = ways(kinds)[name][0] if one["kind"] == "through" else [one["column"]]
    sets = sql.SQL(", ").join(sql.SQL("{0} = q.{0}").format(sql.Identifier(each)) for each in deciding)
    move = sql.SQL("UPDATE {} AS t SET {} FROM {} AS q").format(table, sets, record)
    for act in (insert.format(table, names, names, record), *([move] if moves else [])):
        with _acting(admin, role):
            try:
                admin.execute(act)
            except errors.InsufficientPrivilege:
                continue
            except psycopg.Error as error:
                yield f"{role}: a row of {other} in {name}: {error}"
            else:
                yield f"{role} gave {name} a row of {other}: {act.as_string(None)}"


def _asked(admin: psycopg.Connection[Any], query: str) -> frozenset[tuple[int, str]] | None:
    """The rows, None where that is refused; undone."""
    try:
        with admin.transaction(force_rollback=True):
            return frozenset(admin.execute(query.encode()).fetchall())
    except errors.InsufficientPrivilege:
        return None


@contextmanager
def _acting(admin: psycopg.Connection[Any], role: str) -> Iterator[None]:
    with admin.transaction(force_rollback=True):
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(role)))
        yield
