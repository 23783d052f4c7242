"""A person joins and leaves: locked, handed over, dropped, and back as far as there is a way back."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.cli import InProcess, Result
from tests.fixtures.databases import Database, MakeDatabase
from tests.support import journal
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.snapshot import difference
from tests.support.walk import Walk, assert_same, toml, write_passwords

pytestmark = pytest.mark.usefixtures("partial_looks")

SHOP = "create schema shop; create table shop.thing (id int primary key, name text); create table shop.secret (id int);"
ALICE, QUOTED = 'Alice "A" %:', '"Alice ""A"" %:"'
CAROL = "carol"


def named(walk: Walk, **people: list[str]) -> None:
    """[people] in the configuration, and passwords for all; ``alice`` has a name that hurts."""
    rows = {ALICE if name == "alice" else name: groups for name, groups in people.items()}
    text = walk.config.read_text().partition("[people]")[0]
    walk.config.write_text(f"{text}[people]\n" + "".join(f"{toml(k)} = {toml(v)}\n" for k, v in rows.items()))
    walk.passwords |= {name: f"password of person {number}" for number, name in enumerate(rows)}
    write_passwords(walk.password_file, walk.passwords)


def join(walk: Walk) -> Result:
    return walk("people", "--join", "--yes", "--password-file", str(walk.password_file)).check()


def hers(database: Database) -> None:
    """What she makes, holds and gives, in all the ways that the catalog knows."""
    database.execute(
        f"grant create, usage on schema public to {QUOTED}; grant app_readonly to {QUOTED} with admin option"
    )
    with database.connect() as conn:
        conn.execute(f"set session authorization {QUOTED}".encode())
        conn.execute("""
            create table public.report (id int, note text);
            create view public.reports as select id from public.report;
            create function public.one() returns int language sql as 'select 1';
            create type public.mood as enum ('good');
            create sequence public.numbers;
            grant select on public.report to carol with grant option;
            grant select (id) on public.report to app_user;
            grant app_readonly to carol;
            alter default privileges in schema public grant select on tables to app_readonly;
        """)
        conn.execute("set session authorization carol; grant select on public.report to app_readonly")
    database.execute(f"""
        grant select, insert on shop.thing to {QUOTED} with grant option; grant update (name) on shop.thing to {QUOTED};
        set role {QUOTED}; grant select on shop.thing to carol; reset role;
        alter table shop.thing enable row level security;
        create policy mine on shop.thing to {QUOTED} using (true);
        alter role {QUOTED} in database {database.name} set work_mem = '9MB';
    """)


def prepared(walk: Walk) -> Walk:
    walk.database.execute(SHOP, walk.database.legacy)
    walk.init()
    walk.forward()
    return walk


@pytest.mark.majors("two")
def test_there_and_back_and_gone(database: Database, invoke_cli: InProcess, major: int) -> None:
    walk = prepared(Walk(invoke_cli, database))
    named(walk, alice=["app_readonly", "dba"], carol=[])
    join(walk)
    hers(database)
    named(walk, alice=["app_readonly", "dba"], carol=["app_readonly"])  # whom she has let in, and that is meant
    before = walk.snapshot()
    name = f"leave:{ALICE}"
    walk("begin", "leave", ALICE, "--yes").check()
    assert not difference(before, walk.snapshot()), "begin takes no step"
    with walk.connect(ALICE) as session:
        session.execute("set role dba")  # whose power it would go on with, whatever became of her own
        walk.next("--walk", name)
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        walk.connect(ALICE)
    locked = walk.snapshot()
    walk.next("--walk", name)
    owned = "select relname::text from pg_class where relowner = 'app_migrator'::regrole and relname like 'report%'"
    assert {row[0] for row in database.admin.execute(owned)} >= {"report", "reports"}
    handed = walk.snapshot()
    with walk.connect(CAROL) as session:
        session.execute("select * from public.report")
        session.execute("select * from shop.thing")
    assert walk("verify").check().exit_code == 0
    assert walk("status", "--json", "--walk", name).check().json["broken"] == []

    walk.rollback("--walk", name)
    assert_same(locked, walk.snapshot(), "hand-over taken back")
    walk.rollback("--walk", name)
    assert_same(before, walk.snapshot(), "lock taken back")
    walk("begin", "leave", ALICE, "--yes").check()
    walk.next("--walk", name)
    walk.next("--walk", name)
    assert_same(handed, walk.snapshot(), "handed over again")
    # Somebody gives her something again: that is drift
    database.execute(f"grant select on shop.secret to {QUOTED}")
    walk("repair", "--walk", name).check()
    assert_same(handed, walk.snapshot(), "repaired")
    walk.next("--walk", name)
    assert database.admin.execute("select from pg_roles where rolname = %s", [ALICE]).rowcount == 0
    with walk.connect(CAROL) as session:
        session.execute("select * from shop.thing")
        member = "select pg_has_role(current_user, 'app_readonly', 'member')"
        assert session.execute(member).fetchone() == (True,), "what the leaver granted survives"
    assert walk("rollback", "--yes", "--walk", name).exit_code == 5
    assert walk("verify").check().exit_code == 0
    assert not journal.problems(database.admin)


@pytest.mark.majors("two")
def test_what_would_do_more_as_another_closes_the_gate(database: Database, invoke_cli: InProcess) -> None:
    walk = prepared(Walk(invoke_cli, database))
    named(walk, alice=["app_readonly"])
    join(walk)
    database.execute("create schema vault; create table vault.secret (id int); grant usage on schema vault to public")
    database.execute(f"grant create, usage on schema public to {QUOTED}")
    with database.connect() as conn:
        conn.execute(f"set session authorization {QUOTED}".encode())
        conn.execute("""
            create function public.trap() returns void language sql security definer as 'delete from shop.thing';
            create view public.peek as select * from vault.secret;
            create view public.fine as select id from shop.thing;
        """)
    walk("begin", "leave", ALICE, "--yes").check()
    walk.next("--walk", f"leave:{ALICE}")
    refused = walk.next(exit_code=5).stderr
    assert "shows table vault.secret" in refused
    assert 'DROP VIEW "public"."peek";' in refused
    assert "(and 1 more)" in refused
    database.execute("drop view public.peek")
    refused = walk.next(exit_code=5).stderr
    assert "SECURITY DEFINER" in refused
    database.execute('alter function public."trap"() security invoker')
    walk.next()


@pytest.mark.slow
@pytest.mark.majors("two")
def test_another_database_needs_her(database: Database, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    walk = prepared(Walk(invoke_cli, database))
    named(walk, alice=["app_readonly"])
    join(walk)
    other = make_database(cluster=database.cluster)
    other.execute(f"create table hers (a int); alter table hers owner to {QUOTED}")
    walk("begin", "leave", ALICE, "--yes").check()
    walk.next("--walk", f"leave:{ALICE}")
    assert other.name in walk.next(exit_code=3).stdout
    walk.next("--waive", "elsewhere", "--reason", "handed over there by hand")
    refused = walk("next", "--yes", "--waive", "elsewhere", "--reason", "a test")
    assert refused.exit_code in (2, 3)
    # Where no flatsplit is: PostgreSQL's own way. What she granted has been granted anew by now, and outlives that
    said = walk.next(exit_code=3).stdout
    other.execute(said.partition("superuser run there: ")[2].partition("\n")[0])
    owner = "select tableowner::text from pg_tables where tablename = 'hers'"
    assert other.admin.execute(owner).fetchone() == ("app_migrator",)
    walk.next()


@pytest.mark.slow
@pytest.mark.majors("two")
def test_by_an_operator_who_is_no_superuser(database: Database, invoke_cli: InProcess, major: int) -> None:
    database.execute(SHOP, database.legacy)
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database).init()
    walk.forward()
    named(walk, alice=["app_readonly"], carol=["app_readonly"])
    join(walk)
    database.execute(f"grant create, usage on schema shop to {QUOTED}; create schema apart authorization {QUOTED}")
    database.execute(f"alter schema apart owner to postgres; grant create, usage on schema apart to {QUOTED}")
    database.execute(f"create schema own authorization {QUOTED}")
    with walk.connect(ALICE) as session:
        session.execute("create table shop.report (id int); grant select on shop.report to carol")
        session.execute("create table apart.notes (id int); create table own.diary (id int)")
    walk.wait_until_gone(ALICE)
    before = walk.snapshot()
    name = f"leave:{ALICE}"
    walk("begin", "leave", ALICE, "--yes").check()
    walk.next("--walk", name)
    refused = walk.next("--walk", name, exit_code=5).stderr
    assert "app_migrator may not be given table apart.notes without CREATE on schema apart" in refused
    database.execute(refused.partition("run: ")[2].partition(";")[0])
    walk.next("--walk", name)
    with walk.connect(CAROL) as session:
        session.execute("select * from shop.report")
    walk.rollback("--walk", name)
    database.execute("revoke all on schema apart from app_migrator")
    walk.rollback("--walk", name)
    assert_same(before, walk.snapshot(), "taken back")
    walk("begin", "leave", ALICE, "--yes").check()
    database.execute("grant usage, create on schema apart to app_migrator")
    walk.next("--walk", name)
    walk.next("--walk", name)
    # What somebody else gave her, only somebody else takes: the statement is named
    refused = walk.next("--walk", name, exit_code=1).stderr
    database.execute(refused.partition("have a superuser run: ")[2])
    walk.next("--walk", name)
    assert database.admin.execute("select from pg_roles where rolname = %s", [ALICE]).rowcount == 0


@pytest.mark.slow
@pytest.mark.majors("two")
def test_who_acts_as_her_is_told_before_she_is_nobody(database: Database, invoke_cli: InProcess) -> None:
    """A session that has become her outlives her, with an oid for a name: found, seen to bite, and cured."""
    walk = prepared(Walk(invoke_cli, database))
    named(walk, alice=["app_readonly"], carol=["app_readonly"])
    join(walk)
    database.execute(f"grant {QUOTED} to carol")
    name = ("--walk", f"leave:{ALICE}")
    walk("begin", "leave", ALICE, "--yes").check()
    walk.next(*name)
    with walk.connect(CAROL) as session:
        session.execute(f"set role {QUOTED}".encode())
        refused = walk.next(*name, exit_code=5).stderr
        assert f"carol is a member of {ALICE}: it loses what she may, and its sessions that act as her go on" in refused
        with walk.connect(CAROL) as other:  # in the raw: a role of nobody's
            database.execute("create role gone; grant gone to carol")
            other.execute("set role gone")
            database.execute("drop role gone")
            with pytest.raises(psycopg.errors.UndefinedObject, match="invalid role OID"):
                other.execute("select current_user")
        cure = refused.partition("by itself, then: ")[2].partition(" Or go on")[0]
        database.execute(cure)
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")
    walk.next(*name)
    walk.next(*name)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_who_acts_as_her_through_others(database: Database, invoke_cli: InProcess) -> None:
    """A group is a member of her role: its sessions are those of its members, and theirs end."""
    walk = prepared(Walk(invoke_cli, database))
    named(walk, alice=["app_readonly"], carol=["app_readonly"])
    join(walk)
    database.execute(
        f"create role team; create role desk; grant {QUOTED} to team; grant team to desk; grant desk to carol"
    )
    name = ("--walk", f"leave:{ALICE}")
    walk("begin", "leave", ALICE, "--yes").check()
    walk.next(*name)
    with walk.connect(CAROL) as session:
        session.execute(f"set role {QUOTED}".encode())
        refused = walk.next(*name, exit_code=5).stderr
        assert f"team is a member of {ALICE}: it loses what she may" in refused
        database.execute(refused.partition("by itself, then: ")[2].partition(" Or go on")[0])
        with pytest.raises(psycopg.OperationalError):
            session.execute("select 1")
    walk.next(*name)
    walk.next(*name)


def test_who_cannot_leave(database: Database, invoke_cli: InProcess) -> None:
    walk = prepared(Walk(invoke_cli, database))

    def refused(who: str) -> str:
        found = walk("begin", "leave", who, "--yes").check(2)
        assert len(found.stderr.splitlines()) == 2
        return found.stderr

    assert "there is no role" in refused("nobody")
    assert "no person" in refused("app_user")
    assert "no person" in refused(database.legacy)
    assert "who runs flatsplit" in refused("postgres")


@pytest.mark.majors("two")
def test_one_leaves_while_the_split_is_under_way(database: Database, invoke_cli: InProcess, major: int) -> None:
    """A split takes weeks. Who is gone for good does not keep it from going back, and has left nothing behind."""
    database.execute(SHOP)
    walk = Walk(invoke_cli, database).init("--schema", "shop")
    before = walk.snapshot()
    # Too early: whoever has to be out today is out by what is printed
    walk.forward("create-roles")
    database.execute(f"create role {QUOTED} login")
    with database.connect(ALICE):
        early = walk("begin", "leave", ALICE, "--yes").check(5).stderr
        assert len(early.splitlines()) == 2
        database.execute(early.partition("; until then: ")[2])
        walk.wait_until_gone(ALICE)
    login = "select rolcanlogin from pg_roles where rolname = %s"
    assert database.admin.execute(login, [ALICE]).fetchone() == (False,)
    database.execute(f"drop role {QUOTED}")
    walk.forward("enable-login")
    named(walk, alice=["app_readonly"], bob=["app_readonly"])
    join(walk)
    if major >= 16:  # two grants of one membership are one line, and one statement ends both
        database.execute(
            f"grant app_readonly to {QUOTED} with admin option; set role {QUOTED}; "
            "grant app_readonly to bob; reset role"
        )
        assert [one["role"] for one in walk("people", "--json").check().json["people"][1]["groups"]] == ["app_readonly"]
        named(walk, alice=["app_readonly"])
        walk.config.write_text(walk.config.read_text() + "bob = []\n")
        (found,) = walk("people", "--json").check().json["people"][1]["differs"]
        database.execute(found["fix"].partition(" SELECT ")[0])
        assert walk("people", "--json").check().json["people"][1]["groups"] == []
    walk.config.write_text(walk.config.read_text().partition("[people]")[0])
    database.execute("drop role bob")
    walk("begin", "leave", ALICE, "--yes").check()
    walk.next("--walk", f"leave:{ALICE}")
    refused = walk("rollback", "--yes", "--walk", "split").check(5).stderr
    assert f"leave {ALICE} began later and stands on app_migrator" in refused
    for _ in range(2):
        walk.next("--walk", f"leave:{ALICE}")
    walk.rollback("--all", "--walk", "split")
    assert_same(before, walk.snapshot(), "the split is rolled back")
