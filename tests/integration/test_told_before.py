"""Who is refused is told before: what the server would refuse of a walk is asked of itself when it is to begin."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.special import SCHEMAS, declare, flat
from tests.support.walk import Walk, assert_same

HOSTILE = 'Night: "job" %s\n🐘 select'
WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "value": ({"work_mem": "8 parsecs"}, 'invalid value for parameter "work_mem"', "correct work_mem"),
    "range": ({"Work_Mem": -5}, "outside the valid range", "correct Work_Mem"),
    "name": ({"work_memm": "8MB"}, 'unrecognized configuration parameter "work_memm"', "correct work_memm"),
    "word": ({"client_min_messages": "loud"}, "invalid value for parameter", "correct client_min_messages"),
    "zone": ({"timezone": "Mars/Olympus"}, "invalid value for parameter", "correct timezone"),
    "server's": ({"max_connections": 5}, "cannot be changed without restarting", "correct max_connections"),
    "nobody's": ({"server_version": "9.6"}, "cannot be changed", "correct server_version"),
    "quoted": ({"datestyle": "it's %s"}, "invalid value for parameter", "correct datestyle"),
}
"""Settings of a special role, what the server says to them, and where it stands."""
GOOD = {"app.tenant": "it's %s", "search_path": "nowhere, public", "Statement_Timeout": "1h", "default_tablespace": ""}


def settings(walk: Walk, of: dict[str, Any], name: str = HOSTILE, **keys: Any) -> None:
    """Declare one special role with these settings, and no other."""
    walk.config.write_text(walk.config.read_text().partition("\n[role.")[0])
    declare(walk, name, {"role": {"settings": of, **keys}, "grants": {"select": ["public.jobs"]}})


def rides(walk: Walk) -> list[Any]:
    """What the plan of the next step says of who rides along."""
    notes = walk("plan", "--json").check().json["notes"]
    return [note for note in notes if note["id"] in ("rides-along", "stays-behind")]


@pytest.mark.slow
@pytest.mark.majors("two")
def test_settings_that_are_none(database: Database, invoke_cli: InProcess) -> None:
    """At begin, alone and with its steps, and at the step of the split with which it would ride along."""
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("transfer-ownership")
    before = walk.snapshot()
    for of, what, fix in WRONG.values():
        settings(walk, of)
        for more in ((), ("--through", "verify", "--password-file", str(walk.password_file))):
            said = walk("begin", "role", HOSTILE, "--yes", *more).check(2).stderr
            assert len(said.splitlines()) == 2, said
            assert "create-role would fail" in said
            assert what in said
            assert fix in said
    assert_same(before, walk.snapshot(), "refused")
    assert [one["kind"] for one in walk.status()["walks"]] == ["split"]

    for of, what, fix in (WRONG["value"], WRONG["name"]):
        settings(walk, of)
        (note,) = rides(walk)
        assert note["id"] == "stays-behind"
        assert what in note["objects"][0]
        assert fix in note["objects"][0]
    settings(walk, GOOD)
    (note,) = rides(walk)
    assert note["id"] == "rides-along"
    settings(walk, WRONG["value"][0])
    walk.next()
    assert database.admin.execute("select from pg_roles where rolname = %s", [HOSTILE]).rowcount == 0

    # What it takes over from another role, and what became wrong after it began
    settings(walk, GOOD)
    walk("begin", "role", HOSTILE, "--yes").check()
    settings(walk, WRONG["zone"][0])
    called = ("--walk", f"role:{HOSTILE}", "--through", "grant")
    assert "correct timezone" in walk.next(*called, exit_code=2).stderr
    assert database.admin.execute("select from pg_roles where rolname = %s", [HOSTILE]).rowcount == 0
    settings(walk, GOOD)
    walk.next("--walk", f"role:{HOSTILE}", "--through", "verify")
    with walk.connect(HOSTILE) as session:
        assert session.execute("show app.tenant").fetchone() == ("it's %s",)


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_an_operator_may_not(database: Database, major: int, invoke_cli: InProcess) -> None:
    """Settings of a superuser, a group that it does not administer, a table of somebody else's."""
    flat(database)
    database.execute(
        "create role keeper; create role kept; create table public.theirs (id int);"
        "alter table public.theirs owner to keeper"
    )
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("enable-login")
    before, file = walk.snapshot(), walk.config.read_text()
    modern = major >= 16
    told: dict[str, tuple[dict[str, Any], int, tuple[str, ...]]] = {
        "setting": (
            {"role": {"settings": {"log_statement": "all"}}, "grants": {"select": ["public.jobs"]}},
            1 if major >= 15 else 0,
            ("permission denied to set parameter", "GRANT SET ON PARAMETER" if major >= 15 else "create-role stops at"),
        ),
        "member": (
            {"role": {}, "grants": {"select": ["public.jobs"], "member": ["kept"]}},
            1 if modern else 0,
            ('GRANT "kept" TO "Oper ""ator"" % :o" WITH ADMIN OPTION;',) if modern else (),
        ),
        "table": (
            {"role": {}, "grants": {"select": ["public.theirs"]}},
            1 if modern else 0,
            ("lacks what grant needs", 'GRANT "keeper" TO') if modern else (),
        ),
        "several": (
            {
                "role": {"settings": {"log_statement": "all", "log_min_duration_statement": "0"}},
                "grants": {"select": ["public.jobs"], "member": ["kept"]},
            },
            1 if modern else 0,
            ('"log_statement" TO', '"log_min_duration_statement" TO', 'GRANT "kept" TO') if modern else (),
        ),
        "nobody": (
            {"role": {}, "grants": {"select": ["public.jobs"], "member": ["nobody"]}},
            2,
            ('[grants.app_nobody] member: "nobody" names no role',),
        ),
    }
    for name, (of, exit_code, said) in told.items():
        walk.config.write_text(file)
        declare(walk, f"app_{name}", of)
        result = walk("begin", "role", f"app_{name}", "--yes").check(exit_code)
        for text in said:
            assert text in result.stderr, (name, result.stderr)
        if exit_code:
            assert len(result.stderr.splitlines()) == 2
        else:
            walk.rollback("--all", "--walk", f"role:app_{name}")
    walk.config.write_text(file)
    assert_same(before, walk.snapshot(), "refused, or begun and taken back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_who_is_nobody_on_the_other_server(database: Database, invoke_cli: InProcess) -> None:
    """A user mapping is not inherited: what reads foreign tables needs one of its own, and is told so at begin."""
    flat(database)
    database.execute(
        'create extension postgres_fdw; create server "far s" foreign data wrapper postgres_fdw;'
        "create server open foreign data wrapper postgres_fdw; create user mapping for public server open;"
        f"create user mapping for {database.legacy} server \"far s\" options (user 'x', password 'y');"
        'create foreign table public.far (id int) server "far s";'
        "create foreign table public.near (id int) server open;"
        f"alter table public.far owner to {database.legacy}; alter table public.near owner to {database.legacy}"
    )
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("transfer-ownership")
    file, word = walk.config.read_text(), 'CREATE USER MAPPING FOR "app_x" SERVER "far s" OPTIONS'
    cases: dict[str, tuple[dict[str, Any], bool]] = {
        "listed": ({"role": {}, "grants": {"select": ["public.far", "public.jobs"]}}, True),
        "like": ({"role": {"like": "app_user"}}, True),
        "schema": ({"role": {"schemas": ["public"]}}, True),
        "other": ({"role": {}, "grants": {"select": ["public.near", "public.jobs"]}}, False),
    }
    for name, (of, told) in cases.items():
        walk.config.write_text(file)
        declare(walk, "app_x", of)
        (note,) = rides(walk)
        assert any(word in line for line in note["objects"]) == told, name
    walk.next()
    walk.config.write_text(file)
    declare(walk, "app_y", cases["listed"][0])
    said = walk("begin", "role", "app_y", "--yes").check()
    (line,) = said.stderr.splitlines()
    assert "app_y may read foreign table public.far of server far s, and has no user mapping there" in line
    called = ("--walk", "role:app_y")
    walk.next(*called, "--through", "create-role")
    database.execute(line.partition("is done: ")[2])
    walk.next(*called, "--through", "verify")
    walk.rollback(*called, "--all")
    assert database.admin.execute("select from pg_user_mappings where usename = 'app_y'").rowcount == 0
