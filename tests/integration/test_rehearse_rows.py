"""Row-level security: where app_user would silently see other rows than legacy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import Walk, assert_same

WAIVED = ("--waive", "no-blockers", "--waive", "owner-powers", "--reason", "to see")
SCHEMA = """
create table public.nobody (id int, what text);
alter table public.nobody enable row level security;
create table public.tenant (id int, what text, who text);
alter table public.tenant enable row level security;
create policy of_tenant on public.tenant using (who = current_setting('app.tenant', true));
create table public.open (id int);
alter table public.open enable row level security;
create policy everybody on public.open using (true);
create table public.forced (id int, who text);
alter table public.forced enable row level security;
alter table public.forced force row level security;
create policy mine on public.forced to legacy using (id > 0);
create table public.myself (id int, who text);
alter table public.myself enable row level security;
alter table public.myself force row level security;
create policy me on public.myself using (who = current_user);
create view public.tenants as select * from public.tenant;
create table public.plain (id int);
create function public.mine() returns bigint language sql security definer as 'select count(*) from public.myself';
create function public.all_of_them() returns bigint language sql security definer as
    'select count(*) from public.nobody';
"""

EXPECTED = {
    "SELECT * FROM nobody": ("silent", "public.nobody", "SELECT"),
    "SELECT count(*) FROM plain WHERE id IN (SELECT id FROM nobody)": ("silent", "public.nobody", "SELECT"),
    "INSERT INTO nobody VALUES (1, 'x')": ("denied", "public.nobody", "INSERT"),
    "SELECT * FROM tenant": ("silent", "public.tenant", "SELECT"),
    "UPDATE tenant SET what = 'x' WHERE id = 1": ("silent", "public.tenant", "SELECT"),
    "DELETE FROM tenant WHERE id = 1": ("silent", "public.tenant", "DELETE"),
    "INSERT INTO tenant VALUES (1)": ("unknown", "public.tenant", "INSERT"),
    "SELECT * FROM open": ("allowed", None, None),
    "SELECT * FROM tenants": ("allowed", None, None),
    "SELECT * FROM forced": ("allowed", None, None),
    "SELECT * FROM myself": ("silent", "public.myself", "SELECT"),
    "SELECT * FROM plain": ("allowed", None, None),
    # As app_migrator, which the policy does not know, and which owns the other table
    "SELECT mine()": ("silent", "public.myself", "SELECT"),
    "SELECT all_of_them()": ("allowed", None, None),
}


def rehearse(walk: Walk, file: Path, exit_code: int) -> dict[str, Any]:
    found = walk("rehearse", "--file", str(file), "--json").check(exit_code).json
    return {each["query"]: (each["verdict"], each["object"], each["privilege"]) for each in found["statements"]}


def secured(make_database: MakeDatabase) -> Database:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    return database


@pytest.mark.majors("two")
def test_silent_rows(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = secured(make_database)
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "rows.sql"
    file.write_text(";\n".join(EXPECTED))
    assert rehearse(walk, file, 4) == EXPECTED
    walk.next("--through", "grant-existing", "--waive", "no-blockers", "--reason", "to see")
    assert rehearse(walk, file, 4) == EXPECTED
    database.execute("alter role app_user bypassrls; alter role app_migrator bypassrls")
    found = rehearse(walk, file, 0)
    assert {verdict for verdict, _, _ in found.values()} == {"allowed"}


@pytest.mark.majors("two", since=15)  # security_invoker
def test_a_view_that_reads_as_its_user(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = secured(make_database)
    database.execute("create view public.mine with (security_invoker) as select id from public.nobody", "legacy")
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "rows.sql"
    file.write_text("SELECT * FROM mine")
    assert rehearse(walk, file, 4) == {"SELECT * FROM mine": ("silent", "public.nobody", "SELECT")}


def test_policies_that_ask_who(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    """A blocker until the operator has looked; then they are taken as they are."""
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(
        """
        create table public.mapping (member text, tenant int);
        create table public.note (tenant int);
        alter table public.note enable row level security;
        create policy own on public.note using (tenant = (select tenant from mapping where member = current_user));
        """,
        "legacy",
    )
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "rows.sql"
    file.write_text("SELECT * FROM note; INSERT INTO note VALUES (1)")
    assert {verdict for verdict, _, _ in rehearse(walk, file, 4).values()} == {"silent", "unknown"}
    blockers = [
        each["id"] for each in walk("doctor", "--json").check(5).json["findings"] if each["severity"] == "blocker"
    ]
    assert blockers == ["policies-ask-who"]
    assert "asks who looks at the rows" in walk.next(exit_code=5).stderr
    accepted = '\n[hazards.accept]\n"policies-ask-who" = "app_user is in the mapping"\n'
    walk.config.write_text(walk.config.read_text() + accepted)
    assert {verdict for verdict, _, _ in rehearse(walk, file, 0).values()} == {"allowed"}
    walk.next()


def test_a_policy_for_app_user_settles_it(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(SCHEMA.split("create table public.tenant")[0], "legacy")
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "rows.sql"
    file.write_text("SELECT * FROM nobody; INSERT INTO nobody VALUES (1)")
    walk.next("--through", "create-roles", "--waive", "no-blockers", "--reason", "to see")
    assert {verdict for verdict, _, _ in rehearse(walk, file, 4).values()} == {"silent", "denied"}
    database.execute("create policy app on public.nobody to app_user using (true)")
    assert {verdict for verdict, _, _ in rehearse(walk, file, 0).values()} == {"allowed"}


@pytest.mark.majors("two")
def test_remedies_can_be_run_as_they_are_printed(
    make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path
) -> None:
    """Each takes its verdict away, and the way back stays open."""
    database = secured(make_database)
    walk = Walk(invoke_cli, database).init()
    walk.next("--through", "enable-login", *WAIVED)
    file = tmp_path / "rows.sql"
    file.write_text(
        "SELECT * FROM nobody; INSERT INTO nobody VALUES (1); SELECT * FROM tenant; COPY open FROM STDIN; "
        "SELECT query FROM pg_stat_activity"
    )
    report = walk("rehearse", "--file", str(file), "--json").check(4).json
    found = report["statements"]
    assert {each["verdict"] for each in found} == {"silent", "denied"}
    assert report["grants"] == {"app_user": {"member": ["pg_read_all_stats"]}}
    listed = '[grants.app_user] member = ["pg_read_all_stats"]'
    remedies = {each["remedy"] for each in found} - {listed}
    for remedy in sorted(remedies, key=lambda one: "BYPASSRLS" in one):
        database.execute(remedy)
    walk.config.write_text(walk.config.read_text() + "\n" + listed.replace("] member", "]\nmember") + "\n")
    walk("repair", "--yes").check()
    assert {verdict for verdict, _, _ in rehearse(walk, file, 0).values()} == {"allowed"}
    walk("status", "--json").check(0)
    walk.rollback("--all")


ASKING = """
create table public.mapping (member text, tenant int);
create table public.note (tenant int, text text);
insert into note values (1, 'a'), (1, 'b');
alter table public.note enable row level security;
create policy own on public.note using (tenant = (select tenant from mapping where member = current_user));
"""


@pytest.mark.majors("two")
@pytest.mark.parametrize("done", [None, "create-roles", "grant-existing"])
def test_what_was_counted_settles_it(
    done: str | None, make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path
) -> None:
    """Before the role exists and after; until the policy is another one, or the rows are."""
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(ASKING, "legacy")
    walk = Walk(invoke_cli, database).init()
    if done is not None:
        walk.next("--through", done, "--waive", "no-blockers", "--reason", "to see")
    file = tmp_path / "rows.sql"
    file.write_text("SELECT * FROM note")

    def doctor(*options: str, exit_code: int) -> Any:
        found = walk("doctor", "--json", *options).check(exit_code).json
        blockers = [each["id"] for each in found["findings"] if each["severity"] == "blocker"]
        assert blockers == (["policies-ask-who"] if exit_code else [])
        return found.get("rows")

    before = walk.snapshot()
    table = {"table": "public.note", "said": ""}
    assert doctor("--rows", exit_code=5) == [{**table, "as_legacy": 2, "as_app_user": 0, "alike": False}]
    assert_same(before, walk.snapshot(), "counting")
    rehearse(walk, file, 4)

    database.execute("insert into mapping values ('app_user', 1)", "legacy")
    doctor(exit_code=5)  # nobody has counted since
    assert doctor("--rows", exit_code=0) == [{**table, "as_legacy": 2, "as_app_user": 2, "alike": True}]
    doctor(exit_code=0)
    assert rehearse(walk, file, 0) == {"SELECT * FROM note": ("allowed", None, None)}

    database.execute("insert into note values (2, 'c')", "legacy")
    database.execute("alter policy own on note using (tenant = (select max(tenant) from mapping where member = user))")
    doctor(exit_code=5)
    assert doctor("--rows", exit_code=5) == [{**table, "as_legacy": 3, "as_app_user": 2, "alike": False}]


def test_as_many_rows_are_not_the_same_rows(make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(
        "create table note (who text); alter table note enable row level security, force row level security;"
        "create policy own on note using (who = current_user or who = 'all'); insert into note values ('all')",
        "legacy",
    )
    database.execute("insert into note values ('app_user'), ('legacy')")
    walk = Walk(invoke_cli, database).init()
    counted = walk("doctor", "--json", "--rows").check(5).json["rows"]
    assert [(each["as_legacy"], each["as_app_user"], each["alike"]) for each in counted] == [(2, 2, False)]


@pytest.mark.parametrize("condition", ["who = session_user", "asks(who)"])
def test_who_has_logged_in_cannot_be_counted(
    condition: str, make_database: MakeDatabase, invoke_cli: InProcess
) -> None:
    database = make_database()
    database.execute("grant usage, create on schema public to legacy")
    database.execute(
        "create function asks(text) returns bool language sql as 'select $1 = session_user';"
        "create table note (who text); alter table note enable row level security;"
        f"create policy own on note using ({condition})",
        "legacy",
    )
    walk = Walk(invoke_cli, database).init()
    counted = walk("doctor", "--json", "--rows").check(5).json
    assert [each["alike"] for each in counted["rows"]] == [True]  # no row at all, and yet
    assert "policies-ask-who" in {each["id"] for each in counted["findings"] if each["severity"] == "blocker"}
