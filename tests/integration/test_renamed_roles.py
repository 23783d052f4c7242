"""Whatever role a walk is about: it is known by its oid when somebody gives it another name, in every kind of walk."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

import pytest
from psycopg import sql

from flatsplit.cli.command_names import COMMANDS
from flatsplit.config import load
from flatsplit.connection import open_session
from flatsplit.cutover.walk import Walk as Opened
from flatsplit.walks.kinds import KINDS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.integration.test_leave import ALICE, CAROL, QUOTED, hers, join, named, prepared
from tests.support.grouping import declare as declare_group
from tests.support.special import declare as declare_role
from tests.support.special import quoted
from tests.support.tenanted import begun, split_done
from tests.support.walk import Walk, assert_same

NEW = ("app_user", "app_migrator", "app_readonly", "dba")
TWINS, WORKER = ("web a", "web b"), 'Night: "job" %s'
CALLED = 'som"ebody else'
ABOUT: dict[str, tuple[str, ...]] = {
    "split": NEW,
    "group:app_user": ("app_user", *TWINS),
    "rotate:app_user": ("app_user", *TWINS),
    f"role:{WORKER}": (WORKER, "app_user", "app_migrator"),
    "trail": (),
    "tenants": ("app_tenant", "tenant_1", "tenant_2", "tenant_3", "app_user", "app_migrator", "app_readonly"),
    f"leave:{ALICE}": (ALICE, "app_migrator"),
}
"""Every walk of the world below, and the roles that it knows by name. The old role is let go of by then."""

SPLIT = ("--walk", "split")
REFUSED: tuple[tuple[str, ...], ...] = (
    ("doctor",),
    ("rehearse", "--file", "statements.sql"),
    ("blast-radius",),
    ("plan", *SPLIT),
    ("approve", "--by", "a test", *SPLIT),
    ("next", "--yes", *SPLIT),
    ("repair", "--yes", *SPLIT),
    ("observe",),
    ("watch", "--count", "1"),
    ("learn", WORKER),
    ("rollback", "--yes", *SPLIT),
    ("runbook", "--out", "bundle", *SPLIT),
    ("begin", "group", "app_migrator", "--yes"),
    ("tenants", "--prove"),
    ("tenants", "--sync", "--yes"),
    ("people", "--join", "--yes"),
)
"""They find roles by their names, and what they would say or do would be about no role, or about another one."""
TOLD = {("status",): 4, ("verify",): 4, ("people",): 0, ("who", "drop table", "--log", "server.log"): 0}
"""They say that a role was renamed, and how to undo that, beside what they know all the same; with their exit codes."""
UNCONCERNED = {
    ("history",): "reads the journal alone",
    ("tenants", "--survey"): "reads tables and their keys, whoever the roles are",
    ("init", "--legacy-role", "legacy", "--yes"): "upgrades the journal at most",
    ("forget", "--export", "kept.json"): "is about the journal alone, and refused while a walk is under way",
    ("demo",): "has a server of its own",
}
"""They neither read nor change what belongs to a role, for the reason given."""


def told(walk: Walk, role: str, commands: Iterable[tuple[str, ...]] = REFUSED) -> list[str]:
    """What any command says wrongly while this role is renamed; the advice that is printed undoes the renaming."""
    rename(walk, role, CALLED)
    (walk.run.cwd / "statements.sql").write_text("select 1")
    (walk.run.cwd / "server.log").write_text("2026-11-29 10:00:00.000 UTC [1] LOG:  checkpoint starting: time\n")
    what = f"role {role} of .* has been renamed to {CALLED}"
    statement = f"ALTER ROLE {quoted(CALLED)} RENAME TO {quoted(role)};"
    wrong = []
    for command in commands:
        found = walk(*command)
        lines = rf"error: {what}\n  fix: rename it back: {re.escape(statement)} then run the same command again\n"
        if found.exit_code != 5 or not re.fullmatch(lines, found.stderr) or found.stdout:
            wrong.append(f"{role}: {command}: {found.exit_code} {found.stdout} {found.stderr}")
    for command, code in TOLD.items():
        found = walk(*command)
        if found.exit_code != code or not re.search(what, found.stdout) or statement not in found.stdout:
            wrong.append(f"{role}: {command}: {found.exit_code} {found.stdout} {found.stderr}")
        if command[0] != "who":
            shape = json.loads(walk(*command, "--json").stdout)
            if shape["renamed"] != [{"role": role, "now": CALLED}]:
                wrong.append(f"{role}: {command} --json: {shape['renamed']}")
    for command in UNCONCERNED.keys() - {("demo",), *commands}:
        found = walk(*command)
        if "renamed" in found.stdout + found.stderr:
            wrong.append(f"{role}: {command}: {found.exit_code} {found.stdout} {found.stderr}")
    walk.database.execute(statement)
    return wrong


def world(database: Database, invoke_cli: InProcess) -> Walk:
    """The split is done, and a walk of every other kind stands in its middle."""
    walk = split_done(database, invoke_cli)
    named(walk, alice=["app_readonly"])
    declare_group(walk, "app_user", TWINS)
    declare_role(walk, WORKER, {"role": {"like": "app_user", "new_tables": "read"}})
    walk.config.write_text(f"{walk.config.read_text()}\n[trail]\nlog = true\n")
    join(walk)
    waived = ("--waive", "seen", "--reason", "a test")
    for kind, subject, through in (
        ("group", "app_user", "forget-password"),
        ("rotate", "app_user", "prepare"),
        ("role", WORKER, "bridge"),
        ("trail", "", "log-ddl"),
        ("leave", ALICE, "lock"),
    ):
        about = [subject] if subject else []
        walk("begin", kind, *about, "--yes").check()
        walk.next("--walk", ":".join([kind, *about]), "--through", through, *waived)
    begun(walk, "tenant-roles")
    return walk


def rename(walk: Walk, was: str, now: str) -> None:
    change = sql.SQL("alter role {} rename to {}").format(sql.Identifier(was), sql.Identifier(now))
    walk.database.admin.execute(change)


@pytest.mark.slow
def test_is_told_by_every_kind_of_walk(database: Database, invoke_cli: InProcess) -> None:
    walk = world(database, invoke_cli)
    assert {name.partition(":")[0] for name in ABOUT} == KINDS.keys(), "a kind of walk that this law does not know"
    with open_session(database.conninfo()) as session:
        found = Opened.open(session, load(walk.config)).look()
        kept = {str(link.name): link.names for link in (*found.others, *found.turned(found.others[0].name).others)}
    assert kept == {name: frozenset(roles) for name, roles in ABOUT.items()}, "each walk tells its roles"

    before, wrong = walk.snapshot(), []
    for role, name in {role: name for name, roles in ABOUT.items() for role in roles}.items():
        rename(walk, role, CALLED)
        shown = walk("status", "--walk", name)
        if shown.exit_code != 4 or not shown.stdout.startswith(f"broken: role {role} of walk "):
            wrong.append(f"{role}: status --walk {name}: {shown.exit_code} {shown.stdout} {shown.stderr}")
        for command in ("next", "rollback"):
            refused = walk(command, "--yes", "--walk", name)
            if refused.exit_code != 5 or f"role {role} of walk " not in refused.stderr:
                wrong.append(f"{role}: {command} --walk {name}: {refused.exit_code} {refused.stderr}")
        rename(walk, CALLED, role)
    wrong += told(walk, "app_user") + told(walk, "tenant_1")
    assert not wrong, "\n".join(wrong)
    assert_same(before, walk.snapshot(), "after all that was refused")


def test_every_command_is_one_of_these() -> None:
    assert {command[0] for command in (*REFUSED, *TOLD, *UNCONCERNED)} == COMMANDS.keys()


def test_the_old_role_is_told_by_every_command(database: Database, invoke_cli: InProcess) -> None:
    walk = Walk(invoke_cli, database).init()
    walk.forward("transfer-ownership")
    before = walk.snapshot()
    here = [command for command in REFUSED if command[0] not in ("learn", "tenants")]
    wrong = told(walk, database.legacy, [*here, ("init", "--legacy-role", database.legacy, "--yes")])
    assert not wrong, "\n".join(wrong)
    assert_same(before, walk.snapshot(), "after all that was refused")


def test_who_may_not_read_the_journal_watches_all_the_same(database: Database, invoke_cli: InProcess) -> None:
    walk = Walk(invoke_cli, database).init()
    rename(walk, database.legacy, CALLED)
    database.execute("create role somebody login")
    assert "Nobody" in walk.run("watch", "--count", "1", dsn=database.conninfo("somebody")).check().stdout


@pytest.mark.majors("two")
def test_others_that_the_way_back_speaks_of(database: Database, invoke_cli: InProcess) -> None:
    """What a leaver gave to somebody comes back to her under the name that she has then."""
    walk = prepared(Walk(invoke_cli, database))
    named(walk, alice=["app_readonly"], carol=["app_readonly"])
    join(walk)
    hers(database)
    before, name = walk.snapshot(), f"leave:{ALICE}"
    walk("begin", "leave", ALICE, "--yes").check()
    walk.next("--walk", name, "--through", "hand-over")
    rename(walk, CAROL, CALLED)
    walk.rollback("--walk", name, "--all")
    rename(walk, CALLED, CAROL)
    assert_same(before, walk.snapshot(), "there and back")


def test_a_person_who_is_in_no_walk(database: Database, invoke_cli: InProcess) -> None:
    """Nobody of her former name is let in in her place."""
    walk = prepared(Walk(invoke_cli, database))
    named(walk, alice=["app_readonly"])
    join(walk)
    rename(walk, ALICE, CALLED)
    told, back = f"role {ALICE} of [people] has been renamed to {CALLED}", f"RENAME TO {QUOTED};"
    shown = walk("people").check().stdout
    assert told in shown
    assert back in shown
    joining = ("people", "--join", "--yes", "--password-file", str(walk.password_file))
    for command in (joining, ("begin", "leave", ALICE, "--yes")):
        refused = walk(*command).check(5).stderr
        assert f"has been renamed to {CALLED}" in refused
        assert back in refused
    named(walk, **{CALLED: ["app_readonly"]})
    assert "renamed" not in walk("people").check().stdout
