"""Groups and special roles on every real schema and every major: beside traffic and pg_dump, killed, back exactly.

Of each schema's own tables: what its program does is made up of what the catalog says, and tried first. Every other
square is walked by an operator who is no superuser.
"""

from __future__ import annotations

import random
import threading
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest
from psycopg import sql

from flatsplit.walks import group, role, split
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database, MakeDatabase, shared_schemas
from tests.integration.test_pg_dump import dump
from tests.support import journal
from tests.support.grouping import declare as declare_group
from tests.support.killing import struck
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.snapshot import Snapshot
from tests.support.special import declare, may, quoted
from tests.support.statistics import remember_statements
from tests.support.traffic import Traffic
from tests.support.walk import Walk, assert_same, write_passwords

WORKER, AUDIT, READER = 'Night: "job" %s', "app_audit", "app_reader"
TWINS, DEPLOY = ("web a", "web b"), "Deploy :x"
TABLES = """
select format('%%I.%%I', n.nspname, c.relname), n.nspname::text, c.relname::text,
       array_agg(quote_ident(a.attname) order by a.attnum),
       array_agg(a.attname::text order by a.attnum)
from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
where c.relkind in ('r', 'p') and n.nspname = any (%s) and not a.attisdropped and not c.relispartition
group by 1, 2, 3, c.oid having count(*) > 2 order by c.oid
"""


@dataclass(frozen=True)
class Shop:
    """What there is in a schema to work with."""

    audited: tuple[str, str, str, Sequence[str]]
    """A table as SQL writes it, its schema, its name, and its columns as SQL writes them."""
    columns: Sequence[str]
    """The first two of them, as they are called."""
    scripts: tuple[tuple[str, ...], ...]
    """What the application does, a transaction each."""


def shop(walk: Walk) -> Shop:
    """The first tables in scope, and on them what their owner may do without an error."""
    found = walk.database.admin.execute(TABLES, [walk.schemas()]).fetchall()
    scripts: list[tuple[str, ...]] = []
    with walk.database.connect(walk.database.legacy) as session:
        session.execute("set search_path = ''")
        for table, _, _, columns, _ in found[:6]:
            some = (
                f"select count(*) from {table}",
                f"update {table} set {columns[-1]} = {columns[-1]} where false",
                f"delete from {table} where false",
                f"insert into {table} select * from {table} where false",
            )
            scripts += [(one,) for one in some if works(session, one)]
    audited = found[min(7, len(found) - 1)]
    return Shop(audited[:4], audited[4][:2], tuple(scripts))


def works(session: psycopg.Connection[Any], statement: str) -> bool:
    try:
        with session.transaction(force_rollback=True):
            session.execute(statement.encode())
    except psycopg.Error:
        return False
    return True


@contextmanager
def dumping(course: Course, *, as_owner: bool = True) -> Iterator[None]:
    """pg_dump, over and over, as the owner of things; all of them work."""
    stop, failed, done, walk = threading.Event(), [], 0, course.walk

    def work() -> None:
        nonlocal done
        while not stop.is_set():
            try:
                with course.undumped:
                    dump(walk, walk.app_migrator if as_owner else walk.database.legacy, by_operator=True)
                    done += 1
            except AssertionError as error:
                failed.append(str(error))

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
    assert not failed, failed[0]
    assert done


@dataclass
class Course:
    """Walks taken step by step, some calls killed at a random moment, with what was there before each."""

    walk: Walk
    run: Process
    chance: random.Random
    undumped: threading.Lock = field(default_factory=threading.Lock)
    """Held while no pg_dump may begin: a table that is dropped under one makes that fail, with flatsplit or without."""
    hit: int = 0
    before: list[tuple[str, str, Snapshot]] = field(default_factory=list)

    def state(self, name: str, key: str) -> str | None:
        kind, _, subject = name.partition(":")
        query = """select s.state from flatsplit.step s join flatsplit.cutover c on c.id = s.cutover_id
                   where c.state = 'active' and c.kind = %s and c.subject = %s and s.key = %s"""
        row = self.walk.database.admin.execute(query, [kind, subject, key]).fetchone()
        return row[0] if row else None

    def call(self, name: str, key: str, wanted: tuple[str | None, ...], *arguments: str) -> None:
        """A command that is killed, or not, and then called again until it is through."""
        if self.chance.random() < 0.4:
            self.hit += struck(self.walk, self.run, self.chance, arguments, within=4)
        if self.state(name, key) not in wanted:
            self.walk(*arguments).check()
        assert self.state(name, key) in wanted

    def begin(self, kind: str, subject: str) -> str:
        self.walk("begin", kind, subject, "--yes").check()
        return f"{kind}:{subject}"

    def step(self, name: str, key: str, *more: str) -> None:
        self.before.append((name, key, self.walk.snapshot()))
        passwords = ("--password-file", str(self.walk.password_file))
        self.call(name, key, ("done",), "next", "--yes", "--walk", name, "--through", key, *passwords, *more)

    def back(self) -> None:
        """The last step first, each to what was there before it."""
        while self.before:
            name, key, expected = self.before.pop()
            arguments = ("rollback", "--yes", "--walk", name, "--through", key)
            self.call(name, key, (None, "rolled_back", "pending"), *arguments)
            assert_same(expected, self.walk.snapshot(), f"rolled back {key} of {name}")


def starts(walk: Walk, name: str) -> str:
    return walk.database.conninfo(name, walk.passwords.get(name))


def seed(schema: str, major: int) -> random.Random:
    return random.Random(f"{schema} {major}")


def surveyed(schema: str, major: int, database: Database, run: InProcess) -> Walk:
    """The walk of a superuser, or of an operator as a service gives one."""
    if (shared_schemas().index(schema) + major) % 2:
        return Walk(run, database).init()
    make_operator(database, SHAPES["rds"])
    return OperatorsWalk(run, database).init()


def audit_of(found: Shop) -> dict[str, Any]:
    _, schema, table, columns = found.audited
    named = f"{quoted(schema)}.{quoted(table)}({', '.join(columns[:2])})"
    return {"role": {}, "grants": {"select": [named]}}


def audits(walk: Walk, found: Shop) -> None:
    """The audit role sees its columns and nothing else; the reader its schema."""
    table, schema, _, columns = found.audited
    with walk.connect(AUDIT) as session:
        session.execute("set search_path = ''")
        assert may(session, f"select {columns[0]}, {columns[1]} from {table} limit 1")
        assert not may(session, f"select {columns[2]} from {table} limit 1")
        assert not may(session, f"delete from {table} where false")
    with walk.connect(READER) as session:
        session.execute("set search_path = ''")
        assert may(session, f"select * from {table} limit 1")
        assert not may(session, f"delete from {table} where false")
        assert not may(session, sql.SQL("create table {}.x ()").format(sql.Identifier(schema)).as_string(None))
    walk.wait_until_gone(AUDIT, READER)


@pytest.mark.whole
@pytest.mark.majors("all")
@pytest.mark.parametrize("schema", shared_schemas())
def test_after_the_split(
    schema: str, major: int, make_database: MakeDatabase, run_cli: Process, invoke_cli: InProcess
) -> None:
    database = make_database(schema)
    remember_statements(database)
    walk = surveyed(schema, major, database, invoke_cli)
    first = walk.snapshot()
    found = shop(walk)
    walk.forward()
    course = Course(walk, run_cli, seed(schema, major))
    with dumping(course):
        learned(course, found)
        declare(walk, AUDIT, audit_of(found))
        declare(walk, READER, {"role": {"schemas": [found.audited[1]]}})
        for name in (AUDIT, READER):
            begun = course.begin("role", name)
            for key in role.PLAIN:
                course.step(begun, key)
        audits(walk, found)
        let_in = database.admin.execute("select message from flatsplit.event where kind = 'admitted'").fetchall()
        assert len(let_in) == len({*let_in}), "nobody is let into the journal twice"
        grouped(course, found)
        assert walk("verify", "--json").check().json["ok"]
        course.back()
        walk("verify").check()
    walk.rollback("--all", "--walk", "split")
    assert_same(first, walk.snapshot(), "all taken back")
    assert not journal.problems(database.admin)
    assert course.hit > 3, "hardly any call was killed"


def grouped(course: Course, found: Shop) -> None:
    """The application's role and the migrations' become groups, while both work."""
    walk = course.walk
    declare_group(walk, "app_user", TWINS)
    declare_group(walk, "app_migrator", [DEPLOY])
    walk.passwords[DEPLOY] = "password of the deploy"
    write_passwords(walk.password_file, walk.passwords)
    name = course.begin("group", "app_user")
    with Traffic(starts(walk, "app_user"), found.scripts, workers=2) as old:
        course.step(name, group.CREATE_LOGINS)
        course.step(name, group.OPEN_LOGINS)
        with Traffic(starts(walk, TWINS[0]), found.scripts, workers=2) as new:
            old.__exit__()
            walk.wait_until_gone("app_user")
            course.step(name, group.SWITCH_CONNECTIONS)
            course.step(name, group.CLOSE_GROUP)
            deployed(course, found)
            new.check()
        old.check()
    new.check()
    walk.wait_until_gone(*TWINS)


def deployed(course: Course, found: Shop) -> None:
    walk, schema = course.walk, sql.Identifier(found.audited[1])
    name = course.begin("group", "app_migrator")
    course.step(name, group.CREATE_LOGINS)
    course.step(name, group.OPEN_LOGINS)
    with walk.connect(DEPLOY) as session:
        with course.undumped:
            session.execute(sql.SQL("create table {}.made_by_a_deploy (id int)").format(schema))
            with walk.connect(TWINS[0]) as app:
                app.execute(sql.SQL("insert into {}.made_by_a_deploy values (1)").format(schema))
            owner = "select tableowner::text from pg_tables where tablename = 'made_by_a_deploy'"
            assert walk.database.admin.execute(owner).fetchone() == ("app_migrator",)
            session.execute(sql.SQL("drop table {}.made_by_a_deploy").format(schema))
        course.step(name, group.SWITCH_CONNECTIONS)
        course.step(name, group.CLOSE_GROUP)
    walk.wait_until_gone(DEPLOY)


def learned(course: Course, found: Shop) -> None:
    """A worker begins as the application does, is watched at work, and keeps what it needs."""
    walk = course.walk
    declare(walk, WORKER, {"role": {"like": "app_user", "learn": "0s"}})
    name = course.begin("role", WORKER)
    for key in (role.CREATE_ROLE, role.BRIDGE, role.OPEN):
        course.step(name, key)
    with Traffic(starts(walk, WORKER), found.scripts, workers=2, pause=0.05) as work:
        course.step(name, role.SWITCH_CONNECTIONS)
        with walk.connect(WORKER) as session:  # each of them once at least
            for (statement,) in found.scripts:
                session.execute(statement.encode())
        walk("observe").check()
        course.step(name, role.LEARN)
        text = walk("learn", WORKER).check().stdout
        walk.config.write_text(f"{walk.config.read_text()}\n{text[text.index('[grants') : text.index('Why')]}\n")
        tomllib.loads(walk.config.read_text())
        course.step(name, role.GRANT)
        walk("rehearse", "--as", WORKER).check()
        course.step(name, role.NARROW)
        course.step(name, role.VERIFY)
        work.check()
        with walk.connect(WORKER) as session:
            session.execute("set search_path = ''")
            table = found.audited[0]
            if table not in text and not any(table in statement for (statement,) in found.scripts):
                assert not may(session, f"select * from {table}")
    work.check()
    walk.wait_until_gone(WORKER)


@pytest.mark.whole
@pytest.mark.majors("all")
@pytest.mark.parametrize("schema", shared_schemas())
def test_begun_before_the_split(
    schema: str, major: int, make_database: MakeDatabase, run_cli: Process, invoke_cli: InProcess
) -> None:
    """One beside it from the start, two that ride along; the old role works on until the application is moved."""
    database = make_database(schema)
    walk = surveyed(schema, major, database, invoke_cli)
    found = shop(walk)
    course = Course(walk, run_cli, seed(schema, major))
    declare(walk, AUDIT, audit_of(found))
    with Traffic(starts(walk, database.legacy), found.scripts, workers=2) as old, dumping(course, as_owner=False):
        begun = course.begin("role", AUDIT)
        for key in role.PLAIN:
            course.step(begun, key)
        declare(walk, READER, {"role": {"schemas": [found.audited[1]]}})
        declare(walk, WORKER, {"role": {"like": "app_user", "new_tables": "write"}})
        for step in split.STEP_KEYS[: split.ORDINAL[split.ENABLE_LOGIN]]:
            course.step("split", step)
        walk.next("--walk", "split", exit_code=3)  # who rides along and was killed on its way, arrives
        assert {"role:app_reader", f"role:{WORKER}"} <= {one["walk"] for one in walk.status()["walks"]}
        audits(walk, found)
        with walk.connect(WORKER) as session:
            assert [one for (one,) in found.scripts if not may(session, one)] == [], "over the bridge"
        walk.wait_until_gone(WORKER)
        old.check()
    old.check()
    walk.wait_until_gone(database.legacy)
    upto = len(course.before)
    with walk.switched():
        course.step("split", split.SWITCH_CONNECTIONS)
    for step in split.STEP_KEYS[split.ORDINAL[split.SWITCH_CONNECTIONS] :]:
        course.step("split", step)
    assert walk("verify", "--json").check().json["ok"]
    assert len(course.before) == upto + 4
    course.back()
    assert course.hit > 1, "hardly any call was killed"
    assert not journal.problems(database.admin)
