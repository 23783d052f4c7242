"""Random databases: a kind of old role, some odd parts found in real databases, surroundings, and a configuration.

A database with all odd parts at once would hide how two of them interact, and ``begin`` would refuse it for any one.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.field import ROLES, parts
from tests.support.old_roles import SUPERUSERS, hand_to_owner, log_in_as_member
from tests.support.operators import SHAPES, as_if_granted_by_operator, make_operator
from tests.support.world import Part, acting_as

KINDS: dict[str, str] = {
    "plain": "",
    "superuser": "SUPERUSER",
    "bootstrap": "SUPERUSER",
    "bypassrls": "BYPASSRLS",
    "makers": "CREATEDB CREATEROLE REPLICATION",
    "owner": "",
    "members": "",
    "noinherit": "NOINHERIT",
}
"""The kinds of old role, with their attributes."""

ORDINARY = ("plain", "owner", "members", "noinherit")
"""Old roles that an operator with CREATEROLE may retire."""
AROUND = ("other", "closed", "tablespace", "template", "temporary", "prepared", "reading")
"""Things outside the database itself, made by Drawn.surround()."""
RARELY = 10_000
"""From this number on databases have rare things, too; below it, what a number stands for stays."""
MIXED = 20_000
"""From this number on the old role has any attributes, whatever its kind."""
LIMITS = frozenset({"CONNECTION LIMIT 9", "VALID UNTIL '2099-01-01'"})
ATTRIBUTES = ("BYPASSRLS", "CREATEDB", "CREATEROLE", "REPLICATION", "NOINHERIT", *sorted(LIMITS))

PLAIN_SETTINGS = "-c default_transaction_read_only=off -c idle_in_transaction_session_timeout=0 -c role=none"
"""What the test's own sessions need, whatever settings the parts make."""

# Errors of parts that need another part that was not drawn, or that this kind of old role may not make
_LEFT_OUT = (
    psycopg.errors.UndefinedObject,
    psycopg.errors.UndefinedTable,
    psycopg.errors.UndefinedFunction,
    psycopg.errors.InvalidSchemaName,
    psycopg.errors.InsufficientPrivilege,
    psycopg.errors.DuplicateObject,
    psycopg.errors.DependentObjectsStillExist,
    psycopg.errors.InvalidGrantOperation,
)


@dataclass
class Drawn:
    """One random database; ``str()`` of it says all that is needed to reproduce a failure."""

    seed: int
    major: int
    kind: str
    parts: tuple[str, ...]
    around: tuple[str, ...]
    retire: str
    database_owner: str
    operator: str
    """A shape of tests.support.operators; "" for a superuser."""
    attributes: tuple[str, ...]
    """Of the old role, besides those of its kind."""
    busy: bool
    """Whether the application holds a lock whenever something is changed, until that waits for it."""
    opened: list[psycopg.Connection[Any]] = field(default_factory=list, repr=False)

    @classmethod
    def by_lot(cls, seed: int, major: int) -> Drawn:
        chance = random.Random(seed)
        kind = chance.choice(list(KINDS))
        if kind == "noinherit" and major < 16:
            kind = "plain"
        rare = [part.name for part in rare_parts()]
        every = [part.name for part in all_parts() if part.name != "base" and part.name not in rare]
        some = chance.sample(every, chance.randint(4, 12))
        later = random.Random(f"{seed} and more")  # what a number stood for before there was more to draw stays
        rarely = random.Random(f"{seed} and what is rare")
        chosen = rarely.sample(rare, rarely.randint(2, 5) if seed >= RARELY else 0)
        drop, ordinary, busy = (later.random() < share for share in (0.25, 0.3, 0.4))
        drawn = cls(
            seed,
            major,
            kind,
            (*(name for name in every if name in some), *(name for name in rare if name in chosen)),
            tuple(one for one in AROUND if chance.random() < 0.15),
            chance.choice(("revoke", "revoke", "repurpose")),
            chance.choice(("app_migrator", "dba", "keep")),
            later.choice(("createrole", "small-host")) if ordinary and kind in ORDINARY else "",
            (),
            busy,
        )
        if seed >= MIXED and kind != "bootstrap":
            mixed = random.Random(f"{seed} and its attributes")
            given = mixed.sample(ATTRIBUTES, mixed.randint(1, 4))
            drawn = replace(drawn, attributes=tuple(one for one in given if one != "NOINHERIT" or major >= 16))
            if not LIMITS.issuperset(given):  # only a superuser can take the others away and give them back
                drawn = replace(drawn, operator="")
        if drawn.operator:  # as services have it, it owns schema public
            drawn = replace(drawn, parts=tuple(name for name in drawn.parts if name != "no_public"))
        return replace(drawn, retire="drop") if drop else drawn

    def make(self, fresh_cluster: FreshCluster, make_database: MakeDatabase) -> Database:
        """Create the database, in a cluster of its own."""
        settings = {"allow_in_place_tablespaces": "on"}
        if self.kind == "bootstrap":
            cluster = fresh_cluster(superuser="legacy", settings=settings)
            database = make_database(cluster=cluster, operator="operator")
        else:
            database = make_database(
                cluster=fresh_cluster(settings=settings),
                legacy_options=" ".join(dict.fromkeys([*KINDS[self.kind].split(), *self.attributes])),
            )
        self.build(database)
        self.surround(database)
        if self.operator:
            make_operator(database, SHAPES[self.operator], reach=_ordinary_roles(database))
            with suppress(psycopg.errors.DependentObjectsStillExist):  # then the walk is refused
                as_if_granted_by_operator(database)
        return database

    def build(self, database: Database) -> None:
        admin = database.admin
        legacy, names = _names(database)
        for role in ROLES:
            admin.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
        admin.execute(sql.SQL("grant create on database {database} to {legacy}").format(**names))
        admin.execute(sql.SQL("grant create on schema public to {legacy}").format(**names))
        wanted, made = {"base", *self.parts}, []
        # Parts that change which role the operator's own sessions act as come last
        for part in sorted(all_parts(), key=lambda part: "operator" in part.name or "database" in part.name):
            if part.name not in wanted or not part.since <= self.major <= part.until:
                continue
            if part.condition and self.kind not in SUPERUSERS:
                continue
            actor = {"superuser": None, "legacy": legacy}.get(part.actor, part.actor)
            with acting_as(admin, actor):
                try:
                    admin.execute(sql.SQL(part.statements).format(**names))
                except _LEFT_OUT:
                    if part.name == "base":
                        raise
                    continue
                except psycopg.Error as error:
                    error.add_note(f"while building part {part.name!r}")
                    raise
            made.append(part.name)
        self.parts = tuple(made)
        if self.kind == "owner":
            hand_to_owner(database)
        if self.kind == "members":
            log_in_as_member(database)

    def surround(self, database: Database) -> None:
        """Make what is around the database."""
        admin = database.admin
        legacy, names = _names(database)
        for name in ("other", "closed"):
            if name in self.around:
                admin.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(name), names["legacy"]))
                there = _session(database, name)
                with there, acting_as(there, legacy):
                    there.execute("create schema s; create table s.t (id int)")
                    there.execute("alter default privileges grant select on tables to vendor")
        if "closed" in self.around:
            admin.execute("alter database closed allow_connections false")
        if "template" in self.around:
            with _session(database, "template1") as there:
                there.execute("create schema s; create table s.t (id int)")
                there.execute(sql.SQL("grant usage on schema s to {legacy}").format(**names))
                there.execute(sql.SQL("alter table s.t owner to {legacy}").format(**names))
        if "tablespace" in self.around:
            admin.execute(sql.SQL("create tablespace \"odd space\" owner {legacy} location ''").format(**names))
            admin.execute('alter table f.quick set tablespace "odd space"')
            admin.execute('grant create on tablespace "odd space" to vendor with grant option')
        if "temporary" in self.around:
            session = _session(database)
            session.execute(sql.SQL("set session authorization {legacy}").format(**names))
            session.execute("create temp table mine (id serial); create temp view over_mine as select * from mine")
            self.opened.append(session)
        if "reading" in self.around:
            session = _session(database, autocommit=False)
            session.execute("set transaction isolation level repeatable read; select 1")
            self.opened.append(session)
        if "prepared" in self.around:
            with _session(database, autocommit=False) as session:
                session.execute("create table f.of_nobody (id int)")
                session.execute("prepare transaction 'odd ''one'")

    def close(self) -> None:
        for session in self.opened:
            session.close()


def _ordinary_roles(database: Database) -> tuple[str, ...]:
    """All roles but superusers, the server's own and the old one, which an administrator would have created."""
    asked = "select rolname from pg_roles where oid >= 16384 and not rolsuper and rolname <> %s order by 1"
    return tuple(name for (name,) in database.admin.execute(asked, [database.legacy]).fetchall())


def _session(database: Database, name: str = "", *, autocommit: bool = True) -> psycopg.Connection[Any]:
    """A session of the superuser in this or another database, whatever the parts have set there."""
    return psycopg.connect(
        database.cluster.conninfo(name or database.name), autocommit=autocommit, options=PLAIN_SETTINGS
    )


def _names(database: Database) -> tuple[str, dict[str, sql.Composable]]:
    return database.legacy, {
        "database": sql.Identifier(database.name),
        "legacy": sql.Identifier(database.legacy),
        "operator": sql.Identifier(database.operator),
        "block": sql.SQL("int8" if database.cluster.major >= 14 else "int4"),
        **{role: sql.Identifier(role) for role in ROLES},
    }


def all_parts() -> list[Part]:
    """All parts found in real databases, including those that do not all go together."""
    return [*parts(), *parts(Path(__file__).with_name("odd.sql")), *rare_parts()]


def rare_parts() -> list[Part]:
    """Those that are drawn apart."""
    return list(parts(Path(__file__).with_name("rare.sql")))
