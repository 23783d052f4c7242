"""What real databases hold and the other walks do not: each as small as it can be, walked there and back."""

import re

import psycopg
import pytest
from psycopg import sql

from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import ROOT, Database, MakeDatabase
from tests.integration.test_runbook_by_hand import by_hand_and_back
from tests.integration.test_walk_there_and_back import there_and_back
from tests.support.thinned import slow_but
from tests.support.walk import Walk, assert_same
from tests.support.world import acting_as

NOTHING_SPECIAL = "create table thing (id int primary key)"


@pytest.mark.slow
@pytest.mark.majors("two")
def test_large_objects_with_small_numbers(database: Database, invoke_cli: InProcess) -> None:
    """Who calls lo_create() chooses the oid, and the first of a program's own are often 1, 2, 3."""
    with acting_as(database.admin, database.legacy):
        database.execute(f"{NOTHING_SPECIAL}; select lo_create(1), lo_create(16000)")
        database.execute("select lo_create(2); grant select on large object 2 to public")

    there_and_back(invoke_cli, database, separated=True)


SUPERUSERS = {
    "event trigger": """
        create function noted() returns event_trigger language plpgsql as 'begin end';
        alter function noted() owner to postgres;
        create event trigger noting on ddl_command_end execute function noted();
    """,
    "foreign-data wrapper": "create foreign data wrapper own",
    "publication": "create publication everything for all tables",
    "extension": "create extension file_fdw; create extension hstore",
}


@pytest.mark.slow
@pytest.mark.share(2)
@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", slow_but(SUPERUSERS, "extension"))
def test_a_superuser_of_former_days(kind: str, database: Database, invoke_cli: InProcess) -> None:
    """Legacy still owns what it made as a superuser: nobody may give such things to an ordinary role, not even back."""
    legacy = database.legacy
    database.execute(f'alter role "{legacy}" superuser')
    database.execute(f"{NOTHING_SPECIAL}; {SUPERUSERS[kind]}", legacy)
    database.execute(f'alter role "{legacy}" nosuperuser')

    there_and_back(invoke_cli, database)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_a_superuser_with_an_extension_that_brings_a_wrapper(
    make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    """The extension goes to app_migrator, the foreign-data wrapper in it, which only superusers own, to dba."""
    database = make_database(legacy_options="SUPERUSER")
    database.execute(f"{NOTHING_SPECIAL}; {SUPERUSERS['extension']}", database.legacy)

    there_and_back(invoke_cli, database)


def test_titles_stay_short_with_many_schemas_and_owners(database: Database, invoke_cli: InProcess) -> None:
    """A title is one line of a table; the names stand below it."""
    for number in range(30):
        database.execute(f"create role somebody_{number:02}; create schema s{number:02} authorization legacy")
        database.execute(f"grant all on schema s{number:02} to public; create table s{number:02}.theirs (id int)")
        database.execute(f"alter table s{number:02}.theirs owner to somebody_{number:02}")
    database.execute("create table s00.ours (id int); alter table s00.ours owner to legacy")

    walk = Walk(invoke_cli, database).init()
    found = {one["id"]: one for one in walk("doctor", "--json").check().json["findings"]}

    assert found["public-create"]["title"] == (
        "everybody may create in schema s00, schema s01, schema s02, schema s03 and 26 more"
    )
    assert len(found["public-create"]["objects"]) == 30
    assert found["third-role-objects"]["title"].endswith(
        "belong to somebody_00, somebody_01, somebody_02, somebody_03 and 26 more"
    )


@pytest.mark.slow
@pytest.mark.majors("all")
def test_routines_that_differ_by_mode_alone(database: Database, invoke_cli: InProcess, major: int) -> None:
    """A list of types may mean the arguments that are passed or, since 14, all of them: f(int) is then two routines."""
    with acting_as(database.admin, database.legacy):
        database.execute(f"""
            {NOTHING_SPECIAL};
            create function f(out int) language sql as 'select 1';
            create function f(int) returns int language sql as 'select 1';
            create function f(variadic text[]) returns int language sql as 'select 1';
            create procedure p(text, int) language sql as '';
            create aggregate a(int) (sfunc = int4_avg_accum, stype = int8[], initcond = '{{0,0}}');
            create aggregate a(*) (sfunc = int8inc, stype = int8, initcond = '0');
        """)
        if major >= 14:
            database.execute("create procedure p(text, out int) language plpgsql as 'begin $2 := 1; end'")

    there_and_back(invoke_cli, database)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_memberships_that_legacy_gave(database: Database, invoke_cli: InProcess) -> None:
    """Before 16 a role may give away membership in itself without ADMIN OPTION; who gave it stays on record."""
    database.execute(f"create role person; {NOTHING_SPECIAL}; alter table thing owner to legacy")
    if database.cluster.major < 16:
        database.execute("grant legacy to person granted by legacy")
    database.execute("create role team; grant team to legacy with admin option")
    database.execute("grant team to person", database.legacy)

    there_and_back(invoke_cli, database)


def not_in_unicode(database: Database, encoding: str) -> Database:
    """The same database made anew in this encoding, with a table whose name needs it."""
    with psycopg.connect(database.cluster.conninfo(), autocommit=True) as connection:
        name, legacy = sql.Identifier(database.name), sql.Identifier(database.legacy)
        connection.execute(sql.SQL("drop database {} with (force)").format(name))
        connection.execute(
            sql.SQL("create database {} owner {} encoding {} lc_collate 'C' lc_ctype 'C' template template0").format(
                name, legacy, sql.Literal(encoding)
            )
        )
    database.execute("create schema shop authorization legacy")
    database.admin.execute("set client_encoding to utf8")
    with acting_as(database.admin, database.legacy):
        database.admin.execute('create table shop."Straße" (id serial primary key, "Größe" text)')
        database.admin.execute("create function shop.f(\"Größe\" text) returns text language sql as 'select $1'")
    return database


@pytest.mark.majors("two")
@pytest.mark.parametrize("encoding", slow_but(["LATIN1", "WIN1252"]))
def test_a_database_that_is_not_in_unicode(encoding: str, database: Database, invoke_cli: InProcess) -> None:
    """The arrows and quotes of flatsplit's own texts, and what an operator types, do not exist there."""
    not_in_unicode(database, encoding)

    there_and_back(invoke_cli, database)

    reason = ("--reason", "→ Łódź …")
    invoke_cli("next", "--yes", "--through", "create-roles", "--waive", "no-blockers", *reason, dsn=database).check()


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_JP"])
def test_nothing_but_its_own_words_is_told_there(encoding: str, database: Database, run_cli: Process) -> None:
    """What a library logs would stand between them on the operator's terminal."""
    if encoding == "EUC_JP":
        made = "create database {} encoding 'EUC_JP' lc_collate 'C' lc_ctype 'C' template template0"
        with psycopg.connect(database.cluster.conninfo(), autocommit=True) as connection:
            name = sql.Identifier(database.name)
            connection.execute(sql.SQL("drop database {} with (force)").format(name))
            connection.execute(sql.SQL(made).format(name))
        database.admin.execute("set client_encoding to utf8")
        database.execute("create schema 顧客 authorization legacy; create table 顧客.表 (値 int)")
    else:
        not_in_unicode(database, encoding)
    run_cli("init", "--legacy-role", database.legacy, "--yes", dsn=database).check()
    taken = run_cli("next", "--yes", dsn=database).check()

    looked = run_cli("status", dsn=database).check()

    assert looked.stderr == ""
    assert all(line.startswith(("  ", "[")) for line in taken.stderr.splitlines()), taken.stderr


@pytest.mark.slow
def test_by_hand_in_a_database_that_is_not_in_unicode(database: Database, invoke_cli: InProcess) -> None:
    by_hand_and_back(Walk(invoke_cli, not_in_unicode(database, "LATIN1")).init())


@pytest.mark.slow
def test_a_database_without_an_encoding(database: Database, invoke_cli: InProcess) -> None:
    """SQL_ASCII keeps any bytes: UTF-8 passes, and what is none is said to be in the way."""
    walk = Walk(invoke_cli, not_in_unicode(database, "SQL_ASCII")).init()
    walk.forward()
    walk.rollback("--all")

    database.admin.execute("set client_encoding to sql_ascii")
    database.admin.pgconn.exec_(b'create table shop."Gr\xf6\xdfe" ()')
    refused = walk("plan").check(1)

    assert "not in UTF-8" in refused.stderr
    assert "SQL_ASCII" in refused.stderr


@pytest.mark.slow
def test_a_role_whose_name_is_in_another_encoding(database: Database, invoke_cli: InProcess) -> None:
    """Roles are the cluster's: one that was made in a database in UTF-8 may have no name in another one."""
    with psycopg.connect(database.cluster.conninfo(), autocommit=True) as elsewhere:
        name, legacy = sql.Identifier(database.name), sql.Identifier(database.legacy)
        elsewhere.execute(sql.SQL("drop database {} with (force)").format(name))
        made = "create database {} owner {} encoding 'EUC_TW' lc_collate 'C' lc_ctype 'C' template template0"
        elsewhere.execute(sql.SQL(made).format(name, legacy))
        invoke_cli("init", "--legacy-role", database.legacy, "--yes", dsn=database).check()
        elsewhere.execute('create role "Jürgen"')
        try:
            refused = invoke_cli("status", dsn=database).check(1)
        finally:
            elsewhere.execute('drop role "Jürgen"')

    assert "not in this database's encoding" in refused.stderr
    assert "EUC_TW" in refused.stderr
    invoke_cli("status", dsn=database).check()


def test_who_gave_to_everybody_is_told_to_take_it_back(database: Database, invoke_cli: InProcess) -> None:
    """What PUBLIC may, app_user may: verify waits, and its advice has to lead to that grant."""
    database.execute(f"{NOTHING_SPECIAL}; alter table thing owner to legacy; grant all on thing to public")
    walk = Walk(invoke_cli, database).init()
    walk.forward("switch-connections")

    waiting = walk.next(exit_code=3)
    assert "app_user can truncate tables: table public.thing" in waiting.stdout
    assert "what somebody granted to app_user, its groups or PUBLIC has to be revoked" in waiting.stdout

    database.execute("revoke all on thing from public; grant select, insert, update, delete on thing to public")
    waiting = walk.next(exit_code=3)
    assert "app_readonly can" in waiting.stdout
    database.execute("revoke all on thing from public")
    walk.step("verify")


@pytest.mark.parametrize(("role", "exit_code"), [("legacy", 2), ("another", 1)])
def test_an_operator_who_is_made_to_act_as_another(
    role: str, exit_code: int, database: Database, invoke_cli: InProcess
) -> None:
    """SET role for a person or a database lets people create as the owner; the advice has to get past it."""
    name = sql.Identifier(database.name)
    database.execute(f"{NOTHING_SPECIAL}; alter table thing owner to legacy; create role another")
    database.admin.execute(sql.SQL("alter database {} set role to {}").format(name, sql.Identifier(role)))

    refused = invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=database).check(exit_code)
    assert re.search(f"a setting makes .*postgres act as {role}", refused.stderr)

    advised = f"{database.dsn} options='-c role=none'"
    assert "options='-c role=none'" in refused.stderr
    invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=advised).check()
    invoke_cli("next", "--yes", "--through", "transfer-ownership", dsn=advised).check()


@pytest.mark.majors("two")
def test_tables_that_are_never_deleted_from(database: Database, invoke_cli: InProcess) -> None:
    """A rule that puts nothing in the place of DELETE lets everybody try it: no proof that app_readonly could."""
    database.execute(f"""
        {NOTHING_SPECIAL}; create rule "never" as on delete to thing do instead nothing;
        create table part (id int) partition by list (id); create rule "never" as on delete to part do instead nothing;
        create table other (id int); create rule "sometimes" as on delete to other where old.id > 0 do instead nothing;
        create table swept (id int); create rule "marked" as on delete to swept do instead update other set id = 0;
        alter table thing owner to legacy; alter table part owner to legacy;
        alter table other owner to legacy; alter table swept owner to legacy
    """)
    walk = Walk(invoke_cli, database).init()
    walk.forward()

    proofs = {proof["role"]: proof for proof in walk("verify", "--json").check().json["proofs"]}

    outcomes = {(one["act"], one["target"]): one["outcome"] for one in proofs["app_readonly"]["trials"]}
    assert outcomes["delete rows of", "table public.thing"] == "untried"
    assert outcomes["delete rows of", "table public.other"] == "refused"
    assert outcomes["delete rows of", "table public.swept"] == "refused"


def test_what_the_server_reads_is_ascii() -> None:
    """A comment in a question that the database cannot keep makes the question an error."""
    files = [*(ROOT / "flatsplit").rglob("queries/*.sql"), *(ROOT / "migrations" / "versions").glob("*.py")]
    assert len(files) > 50
    assert [path.name for path in files if not path.read_bytes().isascii()] == []


@pytest.mark.majors("two")
def test_what_legacy_reads_as_a_superuser_alone_is_to_be_granted(
    make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    """The advice of the gate is what opens it."""
    database = make_database(legacy_options="SUPERUSER")
    database.execute("create role vendor; create schema theirs authorization vendor; create table theirs.price ()")
    database.execute("create view rules as select * from pg_hba_file_rules; alter view rules owner to legacy")
    database.execute("create view people as select rolname, rolpassword from pg_authid")
    database.execute("create view known as select rolname from pg_roles join pg_class on relowner = pg_roles.oid")
    database.execute("alter view people owner to legacy; alter view known owner to legacy")
    database.execute("create view prices as select from theirs.price; alter view prices owner to legacy")
    walk = Walk(invoke_cli, database).init()
    walk.forward("default-privileges")

    waiting = walk.next(exit_code=3).stdout
    assert "people reads pg_authid, which app_migrator could not (and 2 more)" in waiting
    advice = next(line.partition(" only: ")[2] for line in waiting.splitlines() if "GRANT" in line)
    grants, dba = advice.partition("[owner-powers] ")[::2]
    assert grants == 'GRANT USAGE ON SCHEMA theirs TO "app_migrator"; GRANT SELECT ON theirs.price TO "app_migrator"; '
    line = dba.partition(" in flatsplit.toml")[0]
    assert line == 'dba = ["public.people", "public.rules"]'

    database.execute(grants)
    walk.config.write_text(f"{walk.config.read_text()}\n[owner-powers]\n{line}\n")
    walk.step("transfer-ownership")


@pytest.mark.majors("two")
def test_legacy_that_nobody_logs_in_as(database: Database, invoke_cli: InProcess) -> None:
    """The application logs in as a member of it, keeps its rights through the walk, and loses them as doctor says."""
    legacy = database.legacy
    database.execute(NOTHING_SPECIAL, legacy)
    database.execute(f"alter role {legacy} nologin; create role web login; grant {legacy} to web")
    walk = Walk(invoke_cli, database).init()
    (told,) = (each for each in walk("doctor", "--json").check(0).json["findings"] if each["id"] == "legacy-members")
    assert told["severity"] == "warning"
    walk.forward("transfer-ownership")
    database.execute("alter table thing add column more int", "web")
    walk.forward("switch-connections")

    advice = told["fix"].rpartition("the switch is done: ")[2]
    assert 'GRANT "app_user" TO "web"; REVOKE "legacy" FROM "web"' in advice
    database.execute(advice)
    with database.connect("web") as session:
        walk.forward("revoke-legacy")
        session.execute("select from thing")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("alter table thing drop column more")
    assert walk("verify").exit_code == 0
    walk.wait_until_gone("web")
    walk.rollback("--all")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_belongs_to_whoever_owns_the_database(database: Database, invoke_cli: InProcess) -> None:
    """A template's tables belong to pg_database_owner, in which the owner of the database is without any GRANT."""
    database.execute("create table of_template (id int); alter table of_template owner to pg_database_owner")
    database.execute("create table shown (id int); grant select on shown to pg_database_owner")
    database.execute("create view seen as select * from shown; alter view seen owner to legacy")
    database.execute("create schema ref; grant usage on schema ref to pg_database_owner; create table ref.p (a int)")
    database.execute("grant select (a) on ref.p to pg_database_owner")
    walk = Walk(invoke_cli, database)
    start = walk.snapshot()
    walk.init().forward()
    with psycopg.connect(database.conninfo("app_user", walk.passwords["app_user"])) as session:
        session.execute("insert into of_template values (1); delete from of_template; select a from shown, seen, ref.p")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            session.execute("drop table of_template")
    walk("verify").check()
    walk.rollback("--all")
    assert_same(start, walk.snapshot(), "there and back")
