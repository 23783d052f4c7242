"""Kinds of legacy × real schemas × majors: there, back and there again; nobody is cut off and nobody gains.

What the application's own login sees is counted through every table and view, forward and back. That each step by
itself goes back exactly is said elsewhere, for a plain owner.

Thinned, since a walk takes seconds: the run without options takes each kind and each schema once and looks at four
moments. The slow ones take each kind with another schema, step by step on the newest major, and on the oldest; every
other kind on those between, since what a major does differently about powers depends on the kind, not on the tables.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass

import pytest
from psycopg import sql

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase, shared_schemas
from tests.support.gains import beyond
from tests.support.old_roles import MEMBER, OWNER, SUPERUSERS, decide, hand_to_owner, log_in_as_member
from tests.support.thinned import slow_but
from tests.support.walk import NEW_ROLES, Walk, assert_same

pytestmark = pytest.mark.usefixtures("partial_looks")

OPTIONS = {"superuser": "SUPERUSER", "bypassrls": "BYPASSRLS", "createrole": "CREATEROLE CREATEDB"}
KINDS = ("superuser", "bootstrap", "bypassrls", "createrole", "owner", "members")
UNLIMITED = (*SUPERUSERS, "bypassrls")
SWITCH = "switch-connections"

GUARDED = """
create schema guarded;
create table guarded.rows (id int primary key);
insert into guarded.rows select generate_series(1, 5);
alter table guarded.rows enable row level security;
alter table guarded.rows force row level security;
create policy two on guarded.rows using (id < 3);
create view guarded.through as select id from guarded.rows;
create materialized view guarded.kept as select id from guarded.rows;
create function guarded.refresh() returns void language sql security definer
    set search_path = guarded, pg_temp as 'refresh materialized view guarded.kept';
"""
"""Rows that a policy hides from an ordinary owner too, and what shows them with the owner's rights."""

TUNER = "create role tuner; grant set on parameter log_min_duration_statement to tuner with grant option"
"""A privilege on what has no owner."""


@dataclass
class Application:
    """Who it logs in as, and what it sees."""

    kind: str
    database: Database
    login: str
    walk: Walk
    relations: str = ""
    """A query that counts the rows of every table and view that it could read in the beginning."""

    @classmethod
    def of(cls, kind: str, schema: str | None, request: pytest.FixtureRequest) -> Application:
        """The database of a schema as a legacy of this kind has it."""
        make: MakeDatabase = request.getfixturevalue("make_database")
        run: InProcess = request.getfixturevalue("invoke_cli")
        if kind == "bootstrap":
            cluster = request.getfixturevalue("fresh_cluster")(superuser="legacy")
            database = make(schema, cluster=cluster, operator="operator")
        else:
            database = make(schema, legacy_options=OPTIONS.get(kind, ""))
        login = database.legacy
        database.execute(GUARDED, login)
        if database.cluster.major >= 15:  # the bootstrap superuser's to give, who may be legacy
            database.execute(TUNER)
        if kind == "members":
            login = MEMBER
            log_in_as_member(database)
        if kind == "owner":
            hand_to_owner(database)
        return cls(kind, database, login, Walk(run, database))

    def init(self) -> None:
        """Begin the walk, and take the decisions that doctor asks for."""
        self.relations = self._relations()
        self.walk.init()
        self._counted()
        decide(self.walk, self.kind)

    def _counted(self) -> None:
        """What init says that legacy owns is what an operator would count: the system's own tables are nobody's."""
        row = self.database.admin.execute(
            """
            select count(*) from pg_class as c where c.relkind = 'r' and c.oid >= 16384 and not exists (
                select from pg_depend as d where d.classid = 'pg_class'::regclass and d.objid = c.oid
                                             and d.refclassid = 'pg_extension'::regclass)
              and c.relowner = %s::regrole and c.relnamespace <> 'flatsplit'::regnamespace
            """,
            [sql.Identifier(self.database.legacy).as_string(None)],
        ).fetchone()
        assert row is not None
        told = re.search(r"owns .*?([\d,]+) tables?\b", self.walk.surveyed.stderr)
        assert (int(told[1].replace(",", "")) if told else 0) == row[0]

    def seen(self, login: str) -> list[tuple[str, int]]:
        """Rows of each, as this login has them."""
        with self.walk.connect(login) as session:
            if self.kind == "owner" and login == self.login:
                session.execute(sql.SQL("set role {}").format(sql.Identifier(OWNER)))
            session.execute("select guarded.refresh()")
            return session.execute(self.relations.encode()).fetchall()

    def logins(self) -> Iterator[str]:
        """Those of the application that are let in at this moment: its old one, its new one."""
        may = "select rolname from pg_roles where rolname = any (%s) and rolcanlogin order by 1"
        for (name,) in self.database.admin.execute(may, [[self.login, self.walk.app_user]]).fetchall():
            yield name

    def _relations(self) -> str:
        role = OWNER if self.kind == "owner" else self.login
        row = self.database.admin.execute(
            """
            select string_agg(format('select %%L, count(*) from %%I.%%I', c.oid::regclass, n.nspname, c.relname),
                              ' union all ' order by n.nspname, c.relname)
            from pg_class as c join pg_namespace as n on n.oid = c.relnamespace
            where c.relkind in ('r', 'p', 'v', 'm', 'f') and c.relispopulated and n.nspname !~ '^pg_'
              and n.nspname <> 'information_schema'
              and (c.oid <> 'guarded.rows'::regclass or not %(unlimited)s)
              and has_schema_privilege(%(role)s, n.oid, 'usage') and has_table_privilege(%(role)s, c.oid, 'select')
            """,
            # doctor warns that policies begin to apply to an application that was a superuser's (rls-fewer-rows)
            {"role": role, "unlimited": self.kind == "superuser"},
        ).fetchone()
        assert row is not None
        return str(row[0])


CLOSELY = STEP_KEYS
COARSELY = ("transfer-ownership", "enable-login", "lock-legacy", "revoke-legacy")
BACK = ("revoke-legacy", "lock-legacy", "enable-login", "transfer-ownership", "create-roles")


def there_back_and_there(app: Application, stops: Sequence[str] = COARSELY) -> None:
    """The whole of it, with a look at what the application sees at each stop and on the way back."""
    walk = app.walk
    untouched = walk.snapshot()
    app.init()
    rows = app.seen(app.login)
    assert dict(rows)["guarded.through"] == (5 if app.kind in UNLIMITED else 2)

    def nobody_is_cut_off(when: str) -> None:
        logins = list(app.logins())
        assert logins, f"{when}: the application cannot log in"
        assert walk.status()["broken"] == [], when
        for login in logins:
            found = app.seen(login)
            assert found == rows, f"{when}, {login}: {sorted(set(rows) ^ set(found))}"

    def there() -> None:
        for before, stop in zip(("", *stops), stops, strict=False):
            crosses = SWITCH in STEP_KEYS[STEP_KEYS.index(before) + 1 if before else 0 : STEP_KEYS.index(stop) + 1]
            with walk.switched() if crosses else nullcontext():
                walk.next("--through", stop)
            nobody_is_cut_off(f"took {stop}")

    there()
    arrived = walk.snapshot()
    gained = {role: found for role in NEW_ROLES[:3] if (found := beyond(app.database.admin, role))}
    assert gained == {}, "more than an ordinary owner of the same objects"
    walk("verify").check()

    for stop in BACK:
        walk.rollback("--through", stop)
        nobody_is_cut_off(f"rolled back {stop}")
    assert_same(untouched, walk.snapshot(), "rolled back everything")

    walk.to_the_end()
    assert_same(arrived, walk.snapshot(), "went there for the second time")
    nobody_is_cut_off("there again")
    walk.rollback("--all")
    assert_same(untouched, walk.snapshot(), "rolled back everything in one call")
    nobody_is_cut_off("back again")


def application(kind: str, place: int, request: pytest.FixtureRequest) -> Application:
    """A kind with the schema that it meets at this place: another one at each."""
    schemas = [name for name in shared_schemas() if isinstance(name, str)] or pytest.skip("no real schemas")
    schema = schemas[(KINDS.index(kind) + place) % len(schemas)]
    return Application.of(kind, schema, request)


@pytest.mark.slow
@pytest.mark.parametrize("kind", slow_but(["superuser", "members"], "superuser"))
def test_the_commonest_kinds(kind: str, major: int, request: pytest.FixtureRequest) -> None:
    """The others are slow: all of them with another schema."""
    there_back_and_there(application(kind, 0, request))


def test_the_look_sees_what_is_cut_off(major: int, request: pytest.FixtureRequest) -> None:
    """Planted: app_user loses the attribute, then app_migrator whose view and refresh it uses."""
    app = Application.of("bypassrls", None, request)
    app.init()
    rows = app.seen(app.login)
    app.walk.forward("enable-login")
    assert app.seen("app_user") == rows == [("guarded.kept", 5), ("guarded.rows", 5), ("guarded.through", 5)]
    app.database.execute("alter role app_user nobypassrls")
    assert app.seen("app_user") == [("guarded.kept", 5), ("guarded.rows", 2), ("guarded.through", 5)]
    app.database.execute("alter role app_migrator nobypassrls")
    assert app.seen("app_user") == [("guarded.kept", 2), ("guarded.rows", 2), ("guarded.through", 2)]


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_with_another_schema(kind: str, major: int, request: pytest.FixtureRequest) -> None:
    there_back_and_there(application(kind, 2, request), CLOSELY)


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.majors("oldest")
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_on_the_oldest(kind: str, major: int, request: pytest.FixtureRequest) -> None:
    there_back_and_there(application(kind, 3, request))


@pytest.mark.share(3)
@pytest.mark.slow
@pytest.mark.majors("between")
@pytest.mark.parametrize("half", [0, 2, 4])
def test_every_other_kind_between(half: int, major: int, request: pytest.FixtureRequest) -> None:
    there_back_and_there(application(KINDS[half + major % 2], major, request))
