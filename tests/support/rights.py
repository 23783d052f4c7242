"""Tries what a role can and cannot do: as the role itself, on every object, rolled back at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import psycopg
from psycopg import errors, sql

from tests.support.world import acting_as

_TABLES = "rpf"


class Relation(NamedTuple):
    """A table, view, materialized view or sequence."""

    schema: str
    name: str
    kind: str
    """relkind."""
    column: str | None
    """A column that an UPDATE may set."""
    writable: int
    """pg_relation_is_updatable: 4 UPDATE, 8 INSERT, 16 DELETE."""
    owned_sequence: bool
    """True for a sequence that belongs to a column and cannot be dropped without it."""

    @property
    def sql(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)

    def __str__(self) -> str:
        return f"{self.schema}.{self.name}"

    @property
    def table(self) -> bool:
        return self.kind in _TABLES


def relations_of(conn: psycopg.Connection[Any], owner: str) -> list[Relation]:
    """What this role owns, without members of extensions and the tracking schema. ``conn`` is a superuser's."""
    rows = conn.execute(
        """
        select n.nspname, c.relname, c.relkind::text,
               (select a.attname from pg_attribute a
                where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attidentity <> 'a'
                  and a.attgenerated = '' order by a.attnum limit 1),
               pg_relation_is_updatable(c.oid, false),
               c.relkind = 'S' and exists (
                   select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                     and d.refclassid = 'pg_class'::regclass and d.deptype in ('a', 'i'))
        from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relowner = (select oid from pg_roles where rolname = %s)
          and c.relkind = any ('{r,p,f,v,m,S}') and c.oid >= 16384 and n.nspname !~ '^(pg_|flatsplit$)'
          and not exists (select from pg_depend d
                          where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
        order by 1, 2
        """,
        [owner],
    )
    found = [Relation(*row) for row in rows]
    # A view on somebody else's table may look as if it could be written through, and refuse its owner too
    with acting_as(conn, owner):
        trial = Trial(conn)
        for place, relation in enumerate(found):
            if relation.kind == "v":
                before = len(trial.wrong)
                try_writing(trial, [relation])
                if len(trial.wrong) > before:
                    found[place] = relation._replace(writable=0)
    return found


def routines_of(conn: psycopg.Connection[Any], owner: str) -> list[str]:
    """The routines that this role owns, as ``regprocedure`` writes them: quoted, and with their schema."""
    with conn.transaction():
        conn.execute("set local search_path = ''")
        rows = conn.execute(
            """
            select p.oid::regprocedure::text from pg_proc p
            where p.proowner = (select oid from pg_roles where rolname = %s) and p.oid >= 16384
              and not exists (select from pg_depend d
                              where d.classid = 'pg_proc'::regclass and d.objid = p.oid and d.deptype = 'e')
            order by 1
            """,
            [owner],
        ).fetchall()
    return [row[0] for row in rows]


class Trial:
    """Tries statements as one role, each rolled back, and keeps those with another result than expected."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self.conn = conn
        self.role = conn.info.user
        self.wrong: list[str] = []

    def can(self, statement: sql.Composed | sql.SQL | str, *, unless: tuple[type[psycopg.Error], ...] = ()) -> None:
        """The statement must work, or fail for one of these reasons that have nothing to do with rights."""
        if (error := self._try(statement)) and not isinstance(error, unless):
            self.wrong.append(f"{self.role} cannot {self._text(statement)}: {str(error).splitlines()[0]}")

    def cannot(self, statement: sql.Composed | sql.SQL | str) -> None:
        """The statement must be refused for want of rights."""
        error = self._try(statement)
        if error is None:
            self.wrong.append(f"{self.role} can {self._text(statement)}")
        elif not isinstance(error, errors.InsufficientPrivilege):
            self.wrong.append(f"{self.role}, {self._text(statement)}: {type(error).__name__} {error}")

    def _try(self, statement: sql.Composed | sql.SQL | str) -> psycopg.Error | None:
        try:
            with self.conn.transaction(force_rollback=True):
                # Long lists of statements must not leave the test hanging behind a lock
                self.conn.execute("set local lock_timeout = '5s'")
                self.conn.execute(self._text(statement).encode())
        except psycopg.Error as error:
            return error
        return None

    def _text(self, statement: sql.Composed | sql.SQL | str) -> str:
        return statement if isinstance(statement, str) else statement.as_string(self.conn)


# A materialized view without data says nothing about rights
_NOT_ABOUT_RIGHTS = (errors.ObjectNotInPrerequisiteState,)


def _on(relation: Relation, template: str) -> sql.Composed:
    return sql.SQL(template).format(
        it=relation.sql,
        kind=sql.SQL(_WORD[relation.kind]),
        column=sql.Identifier(relation.column or "no column"),
        name=sql.Literal(relation.sql.as_string()),
    )


_WORD = {
    "r": "table",
    "p": "table",
    "f": "foreign table",
    "v": "view",
    "m": "materialized view",
    "S": "sequence",
}


def try_reading(trial: Trial, relations: Iterable[Relation], *, can: bool = True) -> None:
    """SELECT from everything but sequences."""
    for relation in relations:
        if relation.kind == "S":
            continue
        # Nobody answers for a foreign server, and EXPLAIN checks rights without asking it
        statement = _on(relation, "explain select from {it}" if relation.kind == "f" else "select from {it} limit 0")
        if can:
            trial.can(statement, unless=_NOT_ABOUT_RIGHTS)
        else:
            trial.cannot(statement)


def try_writing(trial: Trial, relations: Iterable[Relation], *, can: bool = True) -> None:
    """INSERT, UPDATE and DELETE on tables and simple views, nextval on sequences; EXPLAIN runs nothing."""
    attempt = trial.can if can else trial.cannot
    for relation in relations:
        if relation.kind == "S":
            attempt(_on(relation, "select nextval({name})"))
        elif relation.table or (relation.kind == "v" and relation.writable & 28 == 28):
            attempt(_on(relation, "explain insert into {it} default values"))
            attempt(_on(relation, "explain delete from {it}"))
            if relation.column:
                attempt(_on(relation, "explain update {it} set {column} = {column}"))


def try_structure(trial: Trial, relations: Iterable[Relation], *, can: bool = False) -> None:
    """Rename, comment and drop; TRUNCATE too, which an owner may."""
    attempt = trial.can if can else trial.cannot
    for relation in relations:
        if not relation.owned_sequence:
            attempt(_on(relation, "alter {kind} {it} rename to fs_renamed"))
            attempt(_on(relation, "drop {kind} {it} cascade"))
        attempt(_on(relation, "comment on {kind} {it} is 'tried'"))
        if relation.kind in "rp":
            attempt(_on(relation, "truncate {it} cascade" if can else "truncate {it}"))
            if relation.column and not can:
                attempt(_on(relation, "create index on {it} ({column})"))
        if relation.kind == "m":
            attempt(_on(relation, "refresh materialized view {it}"))


def try_routines(trial: Trial, routines: Iterable[str], *, structure: bool) -> None:
    """EXECUTE on each must be there, and changing it refused or allowed."""
    for routine in routines:
        row = trial.conn.execute("select has_function_privilege(%s, 'execute')", [routine]).fetchone()
        if not row or not row[0]:
            trial.wrong.append(f"{trial.role} cannot execute {routine}")
        attempt = trial.can if structure else trial.cannot
        attempt(f"alter routine {routine} rename to fs_renamed")
        attempt(f"drop routine {routine} cascade")


def try_granting(trial: Trial, relations: Iterable[Relation]) -> None:
    """Without the right to, GRANT is an error for who holds nothing and a mere warning for who holds something."""
    for relation in relations:
        with trial.conn.transaction(force_rollback=True):
            acl = sql.SQL("select relacl::text from pg_class where oid = {}::regclass").format(
                sql.Literal(relation.sql.as_string())
            )
            before = trial.conn.execute(acl).fetchone()
            try:
                with trial.conn.transaction():
                    trial.conn.execute(_on(relation, "grant all on {it} to public"))
            except errors.InsufficientPrivilege:
                continue
            if trial.conn.execute(acl).fetchone() != before:
                trial.wrong.append(f"{trial.role} can grant on {relation}")


_CREATIONS = (
    "create table {s}.fs_new (id int)",
    "create view {s}.fs_new as select 1 as one",
    "create materialized view {s}.fs_new as select 1 as one",
    "create sequence {s}.fs_new",
    "create function {s}.fs_new() returns int language sql as 'select 1'",
    "create type {s}.fs_new as (one int)",
    "create domain {s}.fs_new as int",
    'create collation {s}.fs_new from pg_catalog."C"',
    "create operator {s}.=+= (leftarg = int, rightarg = int, function = pg_catalog.int4eq)",
)

_DATABASE_CREATIONS = ("create schema fs_new", "create publication fs_new", "create extension hstore")


def try_creating(trial: Trial, schemas: Iterable[str], *, can: bool = False) -> None:
    """Everything that could be put into a schema."""
    attempt = trial.can if can else trial.cannot
    for schema in schemas:
        for template in _CREATIONS:
            attempt(sql.SQL(template).format(s=sql.Identifier(schema)))
        if not can:
            attempt(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
            attempt(sql.SQL("alter schema {} rename to fs_renamed").format(sql.Identifier(schema)))
    for statement in _DATABASE_CREATIONS:
        attempt(statement)
    trial.cannot("create role fs_new")


def try_new_table(migrator: Trial, user: Trial, reader: Trial, schema: str) -> None:
    """What app_migrator creates is at once for app_user to use and for app_readonly to read, and nothing more."""
    table, sequence = sql.Identifier(schema, "fs_born"), sql.Identifier(schema, "fs_born_id_seq")
    fill = {"it": table, "sequence": sql.Literal(sequence.as_string())}
    create = "create table {it} (id serial primary key, n int generated always as identity, v text)"
    migrator.conn.execute(sql.SQL(create).format(**fill))
    try:
        for statement in (
            "insert into {it} (v) values ('a') returning id",
            "update {it} set v = 'b'",
            "delete from {it}",
            "select * from {it}",
            "select nextval({sequence})",
        ):
            user.can(sql.SQL(statement).format(**fill))
        for statement in ("drop table {it}", "alter table {it} add column w int", "truncate {it}"):
            user.cannot(sql.SQL(statement).format(**fill))
        reader.can(sql.SQL("select * from {it}").format(**fill))
        for statement in ("insert into {it} (v) values ('a')", "update {it} set v = 'b'", "delete from {it}"):
            reader.cannot(sql.SQL(statement).format(**fill))
        migrator.can(sql.SQL("alter table {it} add column w int").format(**fill))
    finally:
        migrator.conn.execute(sql.SQL("drop table {it}").format(**fill))
