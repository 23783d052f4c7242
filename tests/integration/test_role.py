"""Special roles: made by their list, there and back exactly, and they can do it and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support import journal
from tests.support.special import AUDIT, JOBS, NO_SECRETS, READER, SCHEMAS, declare, flat, may
from tests.support.walk import Walk, assert_same

HOSTILE = 'Night: "job" %s\n🐘 select'
KEYS = ("create-role", "grant", "open", "verify")
CAN = {
    "jobs": ("insert into jobs (kind) values ('x')", "select * from jobs", "delete from jobs"),
    "audit": ("select * from audit_log", "select id, amount from payments where created_at < now()"),
    "reader": ("select * from billing.invoices",),
    "no-secrets": ("select * from jobs", "select id, amount from payments", "select * from billing.invoices"),
}
CANNOT = {
    "jobs": ("select * from secrets", "update jobs set done = true", "truncate jobs", "select card from payments"),
    "audit": ("select card from payments", "select * from payments", "select * from secrets", "delete from audit_log"),
    "reader": ("select * from jobs", "insert into billing.invoices (total) values (1)", "create table billing.x ()"),
    "no-secrets": ("select * from secrets", "select card from payments", "delete from jobs"),
}
KINDS: dict[str, dict[str, Any]] = {"jobs": JOBS, "audit": AUDIT, "reader": READER, "no-secrets": NO_SECRETS}


def made(walk: Walk, name: str) -> list[Any]:
    """There, with a snapshot after each step."""
    walk("begin", "role", name, "--yes").check()
    found = []
    for key in KEYS:
        before = walk.snapshot()
        walk.next("--walk", f"role:{name}")
        assert journal.states(walk.database.admin, "role")[key] == "done"
        found.append(before)
    return found


def back(walk: Walk, name: str, before: list[Any]) -> None:
    for key in reversed(KEYS):
        walk.rollback("--walk", f"role:{name}")
        assert_same(before.pop(), walk.snapshot(), f"rolled back {key}")


@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back_beside_the_split(kind: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("transfer-ownership")
    flat_file = walk.config.read_text()
    declare(walk, HOSTILE, KINDS[kind])
    before = made(walk, HOSTILE) if kind in ("jobs", "audit") else after_the_split(walk, flat_file)
    assert walk("verify", "--json").check().json["ok"]
    with walk.connect(HOSTILE) as session:
        session.execute("set search_path = public")
        assert [one for one in CAN[kind] if not may(session, one)] == []
        assert [one for one in CANNOT[kind] if may(session, one)] == []
    walk.wait_until_gone(HOSTILE)
    back(walk, HOSTILE, before)
    walk("verify").check()


def after_the_split(walk: Walk, undeclared: str) -> list[Any]:
    """Roles that have their part in what app_migrator makes stand on it; declared only once the split is finished."""
    refused = walk("begin", "role", HOSTILE, "--yes").check(5)
    assert "split is under way over the same roles (app_migrator)" in refused.stderr
    declared = walk.config.read_text()
    walk.config.write_text(undeclared)  # else it would ride along
    walk.forward()
    walk.config.write_text(declared)
    return made(walk, HOSTILE)


ODD = {"search_path": "", "datestyle": "ISO, DMY", "Work_Mem": "8MB", "temp_tablespaces": " PG_Default "}
"""Names and lists that the server writes in another way."""
CREATES = {"role": {"create": ["billing"], "settings": ODD}, "grants": {"select": ["billing.invoices"]}}


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_it_creates_is_the_others_at_once(database: Database, invoke_cli: InProcess) -> None:
    """The way out for applications that make tables while they run."""
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward()
    declare(walk, HOSTILE, CREATES)
    before = made(walk, HOSTILE)
    with walk.connect(HOSTILE) as session:
        session.execute("create table billing.made (id serial primary key, what text)")
        session.execute("create function billing.twice(int) returns int language sql as 'select $1 * 2'")
        assert not may(session, "create table public.other ()")
        assert not may(session, "drop table billing.invoices")
        shown = [session.execute(f"show {name}").fetchone() for name in ODD]
        assert shown == [('""',), ("ISO, DMY",), ("8MB",), ("pg_default",)]
    with walk.connect("app_user") as session:
        session.execute("insert into billing.made (what) values ('x')")
        session.execute("select billing.twice(2)")
        assert not may(session, "drop table billing.made")
    with walk.connect("app_readonly") as session:
        session.execute("select * from billing.made")
        assert not may(session, "delete from billing.made")
    with walk.connect("app_migrator") as session:
        session.execute("alter table billing.made add column more int")
        assert may(session, "drop table billing.made")
    walk.wait_until_gone(HOSTILE, "app_user", "app_migrator", "app_readonly")
    assert walk("verify", "--json").check().json["ok"]
    status = walk("status", "--json").check().json
    assert status["younger"] == [], "it made that itself"
    assert not [one for one in status["away"]["items"] if one["then"] == "decision" and HOSTILE in one["text"]]
    database.execute("drop table billing.made; drop function billing.twice(int)")
    back(walk, HOSTILE, before)


def test_status_names_tables_younger_than_the_list(database: Database, invoke_cli: InProcess) -> None:
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("transfer-ownership")
    declare(walk, "app_jobs", JOBS)
    made(walk, "app_jobs")
    assert walk("status", "--json").check().json["younger"] == []
    database.execute("create table later (id int); alter table later owner to app_migrator")
    (found,) = walk("status", "--json").check().json["younger"]
    assert found["objects"] == ["table public.later"]
    said = walk("status").check().stdout
    assert "1 table or view younger than the list of app_jobs" in said
    assert "[grants.app_jobs]" in said


def test_status_tells_partitions_and_renamed_tables_from_younger_ones(
    database: Database, invoke_cli: InProcess
) -> None:
    flat(database)
    database.execute(
        "create table public.days (at date) partition by range (at); create table public.hours (at int) partition by"
        " range (at); create table public.hours_1 partition of hours for values from (1) to (2)",
        database.legacy,
    )
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("transfer-ownership")
    listed = ["public.jobs", "public.days", "public.hours_1", "public.payments(id)"]
    declare(walk, "app_jobs", {"role": {}, "grants": {"select": listed}})
    made(walk, "app_jobs")
    database.execute("create table days_1 partition of days for values from ('2026-01-01') to ('2026-01-02')")
    database.execute("create table hours_2 partition of hours for values from (2) to (3)")
    database.execute("alter table days_1 owner to app_migrator; alter table hours_2 owner to app_migrator")
    database.execute("alter table jobs set schema billing; alter table payments rename to paid")
    status = walk("status", "--json").json
    assert [one["objects"] for one in status["younger"]] == [["table public.hours_2"]], "read by itself, as hours_1 is"
    gone = [["public.jobs", "public.payments(id)"]]
    assert [one["objects"] for one in status["misnamed"]] == gone
    assert gone[0][0] in walk("verify").check(4).stdout.partition("To take it away")[0]
    # The worker is not cut off by what is printed; the list is corrected first, and then the rest is told
    assert [one["sql"] for one in status["surplus"] if "app_jobs" in one["sql"]] == []
    assert "table billing.jobs" in status["misnamed"][0]["fix"]
    assert "column public.paid.id" in status["misnamed"][0]["fix"]
    database.execute("grant select on secrets to app_jobs")
    text = walk.config.read_text().replace("public.jobs", "billing.jobs").replace("public.payments(", "public.paid(")
    walk.config.write_text(text)
    walk("repair", "--yes").check()
    status = walk("status", "--json").json
    assert status["misnamed"] == []
    (surplus,) = (one["sql"] for one in status["surplus"])  # before 18 the table is held meanwhile
    assert surplus.endswith('REVOKE SELECT ON TABLE "public"."secrets" FROM "app_jobs";')
    database.execute(surplus)
    assert walk.status()["surplus"] == []


def test_settings_that_nothing_says_are_told_and_no_failure(database: Database, invoke_cli: InProcess) -> None:
    """What was taken out of flatsplit.toml, and what somebody set by hand."""
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    declare(walk, "app_jobs", {**JOBS, "role": {"settings": {"work_mem": "8MB"}}})
    walk.forward("default-privileges")
    made(walk, "app_jobs")
    walk("verify").check()
    walk.config.write_text(walk.config.read_text().replace("work_mem", "maintenance_work_mem"))
    database.execute(f"alter role app_jobs in database \"{database.name}\" set lock_timeout = '1s'")
    walk("verify").check(4)  # the new one is missing
    walk("repair", "--yes").check()
    told = walk("verify").check().stdout
    assert "RESET lock_timeout" in told.replace('"', "")
    assert "RESET work_mem" in told.replace('"', "")


def test_settings_of_the_role_it_began_like_are_told_where_they_change(
    database: Database, invoke_cli: InProcess
) -> None:
    """They stay as they were taken over, until flatsplit.toml says something; then that counts."""
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("enable-login")
    database.execute("alter role app_user set work_mem = '7MB'; alter role app_user set lock_timeout = '7s'")
    declare(walk, "app_jobs", {"role": {"like": "app_user"}})
    name = ("--walk", "role:app_jobs")
    walk("begin", "role", "app_jobs", "--yes").check()
    walk.next(*name, "--through", "bridge")

    def told() -> list[str]:
        commands = (("status", "--json", *name), ("plan", "open", "--json", *name), ("verify", *name))
        status, plan, verify = (walk(*command).check() for command in commands)
        notes = [one for one in status.json["misnamed"] if one["id"] == "settings-since"]
        assert [one for one in plan.json["notes"] if one["id"] == "settings-since"] == notes
        assert all(one["title"] in verify.stdout for one in notes)
        return [line for one in notes for line in (*one["objects"], one["fix"])]

    assert told() == []
    database.execute(
        "alter role app_user set work_mem = '70MB'; alter role app_user reset lock_timeout;"
        "alter role app_user set app.jwt_secret = 'geheim'; alter role app_user set role = app_user"
    )
    secret, lock, memory, fix = told()
    assert secret.startswith("app.jwt_secret: (not shown")
    assert (lock, memory) == ("lock_timeout: not set any more", "work_mem: 70MB")
    assert 'settings = { "work_mem" = "70MB" }, then flatsplit repair' in fix
    database.execute("alter role app_jobs set app.jwt_secret = 'geheim'")
    lines = 'like = "app_user"\nsettings = { work_mem = "70MB", lock_timeout = "1s" }'
    walk.config.write_text(walk.config.read_text().replace('like = "app_user"', lines))
    walk("repair", "--yes", *name).check()
    assert told() == []
    database.execute("alter role app_user set lock_timeout = '3s'")
    assert told() == [], "flatsplit.toml says what app_jobs is to have"


def test_a_list_that_was_edited_is_nobodys_deed(database: Database, invoke_cli: InProcess) -> None:
    """Neither that of a special role nor that of app_user; and what somebody did is told beside it."""
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("transfer-ownership")
    declare(walk, "app_jobs", JOBS)
    made(walk, "app_jobs")
    text = walk.config.read_text()
    edited = text.replace('delete = ["public.jobs"]', 'delete = ["public.jobs", "public.secrets"]')
    walk.config.write_text(edited + '\n[grants.app_user]\ntruncate = ["public.jobs"]\n')
    told = "flatsplit.toml says something else of {} since: wanted"

    def broken() -> list[str]:
        return sorted(one["what"] for one in walk("status", "--json").check(4).json["broken"])

    jobs, user = broken()
    assert jobs.startswith(told.format("app_jobs"))
    assert user.startswith(told.format("app_user"))
    database.execute("revoke delete on jobs from app_user; revoke insert on jobs from app_jobs")
    walk.rollback("--walk", "role:app_jobs")  # which grants nothing of what is new in the list of app_user
    both = "flatsplit.toml says something else of app_user since, and the privilege was taken away from app_user: "
    assert any(what.startswith(both) for what in broken())
    walk("repair", "--yes", "--password-file", str(walk.password_file)).check()
    assert walk("status", "--json").check().json["broken"] == []
    database.execute("revoke delete on secrets from app_jobs; revoke truncate on jobs from app_user")
    assert all("the privilege was taken away" in what and "flatsplit.toml" not in what for what in broken())
    walk.config.write_text(text.partition('[role."app_jobs"]')[0])
    (gone,) = walk("status", "--json").json["misnamed"]
    assert gone["title"].startswith("flatsplit.toml has no [role.app_jobs] any more")


@pytest.mark.slow
def test_what_is_gone_is_said_to_be_gone(database: Database, invoke_cli: InProcess) -> None:
    """A table of the list, the role itself, its section of the configuration: each is told as what it is."""
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("enable-login")
    declare(walk, "app_jobs", JOBS)
    name = ("--walk", "role:app_jobs")
    walk("begin", "role", "app_jobs", "--yes").check()
    walk.next(*name, "--through", "open")
    configured = walk.config.read_text()
    database.execute("alter table jobs rename to tasks")
    assert "correct what the list in flatsplit.toml names" in walk.next(*name, exit_code=3).stdout
    database.execute("alter table tasks rename to jobs; drop owned by app_jobs; drop role app_jobs")
    broken = walk("status", "--json", *name).json["broken"]
    assert {one["what"].partition(":")[0] for one in broken} == {"role app_jobs was dropped"}
    walk("repair", "--yes", *name, "--password-file", str(walk.password_file)).check()
    walk.config.write_text(configured.partition('\n["role"')[0].partition("\n[role.")[0])
    refused = walk.next(*name, exit_code=2).stderr
    assert "has no [role.app_jobs] any more" in refused
    walk.rollback("--all", *name)
    assert database.admin.execute("select from pg_roles where rolname = 'app_jobs'").rowcount == 0


def test_begin_says_what_speaks_against_it(database: Database, invoke_cli: InProcess) -> None:
    flat(database)
    database.execute("create role taken")
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    for name, of in (
        ("taken", JOBS),
        ("empty", {"role": {}}),
        ("wrong", {"role": {}, "grants": {"select": ["public.job"]}}),
        ("column", {"role": {}, "grants": {"select": ["public.payments(id, colour)"]}}),
        ("nowhere", {"role": {"create": ["elsewhere"]}}),
        ("nobody", {"role": {"like": "somebody"}}),
        ("nothing", {"role": {}, "grants": {"select": []}}),
        ("super", {"role": {"like": "postgres"}}),
    ):
        declare(walk, name, of)
    expected = {
        "missing": "flatsplit.toml has no [role.missing]",
        "taken": "there is a role taken already",
        "empty": "empty is to do nothing: [grants.empty] is missing",
        "wrong": '[grants.wrong] select: "public.job" names nothing here',
        "column": '[grants.column] select: "public.payments(colour)" names nothing here',
        "nobody": '[role.nobody] like = "somebody": there is no such role',
        "nothing": "nothing is to do nothing: [grants.nothing] is missing",
        "super": '[role.super] like = "postgres": no list can stand in for what a superuser may',
    }
    for name, what in expected.items():
        said = walk("begin", "role", name, "--yes").check(2).stderr
        assert what in said, said
        assert len(said.splitlines()) == 2
    walk.forward("create-roles")
    declare(walk, "monitor", {"role": {"create": ["billing"]}, "grants": {"member": ["pg_monitor"]}})
    assert "would be one of pg_monitor by it" in walk("begin", "role", "monitor", "--yes").check(2).stderr
    assert 'names schema "elsewhere"' in walk("begin", "role", "nowhere", "--yes").stderr


def test_the_pages_know_it(database: Database, invoke_cli: InProcess) -> None:
    """Its line among the roles, in the matrix and in the blast radius; its lines for its clients."""
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("transfer-ownership")
    declare(walk, HOSTILE, AUDIT)
    made(walk, HOSTILE)
    walk("runbook", "--out", "book").check()
    folder = walk.run.cwd / "book"
    page, clients = (folder / "runbook.md").read_text(), (folder / "clients.md").read_text()
    shown = 'Night: "job" %s'
    assert sum(shown in line and "what its list in flatsplit.toml says" in line for line in page.splitlines()) == 1
    assert sum(shown in line and "cannot | read anything" in line for line in page.splitlines()) == 1
    assert "hostssl" in clients
    assert shown in clients
    columns = walk("blast-radius", "--json").check().json["after"]
    assert HOSTILE in columns
    walk("runbook", "--walk", f"role:{HOSTILE}", "--out", "own").check()
    own, html = ((walk.run.cwd / "own" / name).read_text() for name in ("runbook.md", "index.html"))
    assert "Grant what its list says" in own
    heading, _, what_for, *_ = own.splitlines()
    assert heading.startswith("# role Night")
    assert heading.endswith(f"in database `{database.name}`")
    assert what_for.startswith("What it is for: a special role of its own, with a list of what it may. The application")
    assert "one role becomes" not in own + html
    assert f"owns the database <code>{database.name}" not in html
