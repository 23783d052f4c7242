"""Roles, memberships and rights at random, in a database of their own; and what each role then really manages to do."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

import psycopg

ROLES = tuple(f"r{number}" for number in range(6))
SCHEMAS = ("public", "s1", "s2")
_LARGE_OBJECT = 7001
_POWERS = ("pg_execute_server_program", "pg_monitor", "pg_write_all_data", "pg_read_all_data")
_ATTRIBUTES = ("", "", "", "createrole", "bypassrls", "createdb")
_RIGHTS = ("select", "insert", "update", "delete", "truncate", "trigger", "references", "select (a)", "update (b)")


class Relation(NamedTuple):
    """One of the database's."""

    name: str
    kind: str

    @property
    def label(self) -> str:
        return f"{self.kind} {self.name}"


def statements(chance: random.Random, major: int) -> Iterator[str]:
    """What makes the database. Some may fail, as a membership that would close a circle."""
    one = chance.choice

    def grantee() -> str:
        return one((*ROLES, *ROLES, "public"))

    def options() -> str:
        if major < 16:
            return one(("", "", " with admin option"))
        return f" with admin {one('fft')}, inherit {one('tf')}, set {one('tf')}"

    # Before 16 CREATEROLE is as good as any role, which an attacker of few ideas does not make use of
    attributes = tuple(each for each in _ATTRIBUTES if each != "createrole" or major >= 16)
    for role in ROLES:
        yield f"create role {role} {one(('login', 'nologin'))} {one(('inherit', 'noinherit'))} {one(attributes)}"
    for _ in range(chance.randint(2, 7)):
        role, member = chance.sample(ROLES, 2)
        yield f"grant {role} to {member}{options()}"
    if chance.random() < 0.5:
        yield f"grant {one(_POWERS[: 2 if major < 14 else 4])} to {one(ROLES)}{options()}"
    yield f"alter database {{database}} owner to {one(ROLES)}"
    yield one(("grant", "revoke")) + one((" create on schema public to public", " create on schema public from public"))
    yield f"revoke temporary on database {{database}} from {one(('public', 'r0'))}"
    yield "create table public.base (a int, b int); grant all on public.base to public"
    yield "create function public.made() returns trigger language plpgsql as 'begin return new; end'"
    for schema in SCHEMAS[1:]:
        yield f"create schema {schema} authorization {one(ROLES)}"
        yield f"grant {one(('usage', 'create', 'all'))} on schema {schema} to public"
    for number in range(8):
        name, kind = f"{one(SCHEMAS)}.x{number}", one(("table", "table", "table", "view", "sequence"))
        what = {"table": " (a int, b int)", "view": " as select a, b from public.base", "sequence": ""}[kind]
        yield f"create {kind} {name}{what}; alter {kind} {name} owner to {one(ROLES)}"
        for _ in range(chance.randint(0, 3)):
            yield f"grant {one(_RIGHTS)} on {name} to {grantee()}"
        if chance.random() < 0.15:
            yield f"revoke all on {name} from {one(ROLES)}"
    yield f"select lo_create({_LARGE_OBJECT}); alter large object {_LARGE_OBJECT} owner to {one(ROLES)}"
    yield f"grant {one(('select', 'update', 'select, update'))} on large object {_LARGE_OBJECT} to {one(ROLES)}"


def relations(conn: psycopg.Connection[Any]) -> list[Relation]:
    """All of them."""
    words = "case relkind when 'r' then 'table' when 'v' then 'view' else 'sequence' end"
    asked = f"select oid::regclass::text, relnamespace::regnamespace::text, {words} from pg_class where oid >= 16384"
    rows = conn.execute(f"{asked} and relkind in ('r', 'v', 'S')".encode()).fetchall()
    return [Relation(name if "." in name else f"{schema}.{name}", kind) for name, schema, kind in rows]


class Attacker:
    """Whoever holds a role's password, and gives itself what it can. All of it is rolled back by the caller."""

    def __init__(self, conn: psycopg.Connection[Any], role: str, there: list[Relation]) -> None:
        self.conn, self.role, self.there = conn, role, there
        self.everybody = [
            *ROLES,
            *(name for (name,) in conn.execute("select rolname from pg_roles where rolname ~ '^pg_'")),
        ]
        self.modern = conn.info.server_version >= 160000
        conn.execute(f"set session authorization {role}".encode())
        self.identities = self._gather()

    def _try(self, statement: str, *, keep: bool = False) -> bool:
        """Whether it is allowed; row-level security comes after that, and what else may fail, too."""
        try:
            with self.conn.transaction(force_rollback=not keep):
                self.conn.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege as error:
            return "row-level security" in str(error)
        except psycopg.Error:
            return not keep
        return True

    def _gather(self) -> list[str]:
        """Everybody that it can become, after it has granted itself what it can until nothing is added."""
        options = " with inherit true, set true" if self.modern else ""
        while True:
            found = [name for name in self.everybody if self._becomes(name)]
            before = self.conn.execute("select count(*) from pg_auth_members").fetchone()
            for identity in found:
                self._becomes(identity)
                for name in (*ROLES, *_POWERS):
                    for other in found:
                        if name != other:
                            self._try(f'grant "{name}" to "{other}"{options}', keep=True)
                for schema in SCHEMAS:
                    self._try(f"grant all on schema {schema} to public", keep=True)
                for relation in self.there:
                    kind = "sequence" if relation.kind == "sequence" else "table"
                    self._try(f"grant all on {kind} {relation.name} to public", keep=True)
            self.conn.execute("set role none")
            after = self.conn.execute("select count(*) from pg_auth_members").fetchone()
            if before == after and found == [name for name in self.everybody if self._becomes(name)]:
                return found

    def _becomes(self, name: str) -> bool:
        self.conn.execute("set role none")
        return name == self.role or self._try(f'set role "{name}"', keep=True)

    def does(self) -> dict[str, set[str]]:
        """What it manages to do, by the key of blast-radius."""
        found: dict[str, set[str]] = {key: set() for key in (*ON_RELATIONS, *ALONE, "create")}
        for identity in self.identities:
            self._becomes(identity)
            for relation in self.there:
                for key, (kinds, attempts) in ON_RELATIONS.items():
                    if relation.kind in kinds and any(
                        self._try(one.format(name=relation.name, kind=relation.kind)) for one in attempts
                    ):
                        found[key].add(relation.label)
            for schema in SCHEMAS:
                if self._try(f"create table {schema}.new ()"):
                    found["create"].add(f"schema {schema}")
            for key, attempt in ALONE.items():
                if self._try(attempt):
                    found[key].add("")
        self.conn.execute("set role none")
        return found


ON_RELATIONS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "drop": (("table", "view", "sequence"), ("drop {kind} {name}",)),
    "truncate": (("table",), ("truncate {name}",)),
    "trigger": (("table",), ("create trigger z before insert on {name} for each row execute function public.made()",)),
    "write": (
        ("table", "view"),
        (
            *("insert into {name} (a) values (1)", "insert into {name} (b) values (1)"),
            *("update {name} set a = 1", "update {name} set b = 1", "delete from {name}"),
        ),
    ),
    "read": (("table", "view"), ("select a from {name} limit 0", "select b from {name} limit 0")),
}
"""The kinds of relations, and statements of which one is enough."""
ALONE = {
    "create_schema": "create schema new",
    "temporary": "create temporary table new ()",
    "large_objects": f"select lowrite(lo_open({_LARGE_OBJECT}, 131072), 'x')",
    "createrole": "create role new",
    "programs": "copy (select 1) to program 'true'",
}
"""What it does or does not, whatever the object."""
