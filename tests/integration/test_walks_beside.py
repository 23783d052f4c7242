"""Another kind of walk beside the split, and after it: it waits, goes back, and is refused where it is in the way."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from flatsplit.walks.kind import Step
from tests.fixtures.cli import InProcess, Result
from tests.fixtures.databases import Database
from tests.support import journal
from tests.support.deputy import DEPUTY, HUSH, MAKE, known
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.snapshot import difference
from tests.support.walk import Walk, assert_same

FLAT = """
create role reporting login; create role "Night: ""job"" %" login;
create table thing (id int primary key); create view things as select * from thing;
grant select on thing to reporting;
alter table thing owner to legacy; alter view things owner to legacy;
"""


@pytest.fixture
def walk(database: Database, invoke_cli: InProcess) -> Iterator[Walk]:
    """A split that has begun, in a flatsplit that knows one kind more."""
    database.execute(FLAT)
    with known():
        yield Walk(invoke_cli, database).init()


def begin(walk: Walk, role: str) -> str:
    """A deputy's walk; its name."""
    walk("begin", "deputy", role, "--yes").check()
    return f"deputy:{role}"


def invite(walk: Walk, deputy: str) -> None:
    """Open the gate of the second step."""
    walk.database.execute(f'alter role "{deputy}" connection limit 5')


def walks(walk: Walk) -> dict[str, tuple[int, str | None, list[str]]]:
    found = walk("status", "--json")
    return {each["walk"]: (each["done"], each["next"], each["blocked_by"]) for each in found.json["walks"]}


def two_lines(result: Result, code: int) -> str:
    result.check(code)
    lines = result.stderr.splitlines()
    assert len(lines) == 2, lines
    return result.stderr


@pytest.mark.majors("one")
def test_what_is_printed_to_be_typed_says_which_walk(walk: Walk) -> None:
    walk.forward("create-roles")
    begin(walk, "reporting")
    shown = [walk("status", "--walk", "split"), walk("next", "--yes", "--walk", "split"), walk("status")]
    typed = {line for result in shown for line in re.findall("`flatsplit ((?:plan|next|repair)[^`]*)`", result.stdout)}
    assert typed == {"plan --walk split", "next --walk split"}
    walk.database.execute("create table later (id int); alter table later owner to legacy")
    listed = walk("status").check().stdout
    assert "`flatsplit next --walk split` runs them first; `flatsplit repair` runs them alone." in listed
    assert "While you were away (since grant-existing" in listed
    assert walk("repair", "--yes").check().stdout.endswith("take it with `flatsplit next --walk split`.\n")
    walk("runbook", "--walk", "split", "--out", "book").check()
    assert "`flatsplit next --walk split`" in (walk.run.cwd / "book" / "runbook.md").read_text()


@pytest.mark.slow
@pytest.mark.majors("two")
def test_beside_a_split_that_is_under_way(walk: Walk) -> None:
    walk.forward("grant-existing")
    before = walk.snapshot()
    name = begin(walk, "reporting")
    assert not difference(before, walk.snapshot()), "begin takes no step"
    assert list(walks(walk)) == ["split", name]

    two_lines(walk("next", "--yes"), 2)
    assert "2 walks are under way: split, deputy:reporting" in walk("plan").stderr
    walk("next", "--yes", "--walk", name).check()
    assert walks(walk)[name] == (1, HUSH, ["invited"])
    waiting = walk("next", "--yes", "--walk", name).check(3)
    assert "reporting_deputy has no connection limit" in waiting.stdout
    listed = walk("status").check().stdout.splitlines()
    assert listed[0] == "split  2/9  next: default-privileges"
    assert listed[1] == "deputy reporting  1/2  waiting for invited (reporting_deputy has no connection limit)"

    # The split goes on meanwhile, and neither takes the other's facts for drift
    walk("next", "--yes", "--walk", "split").check()
    walk("next", "--yes", "--walk", "split", "--through", "transfer-ownership").check()
    invite(walk, "reporting_deputy")
    walk("next", "--yes", "--walk", name).check()
    assert walks(walk)[name] == (2, None, [])
    assert "hush" in walk("history", "--walk", name).check().stdout
    assert "grant-existing" not in walk("history", "--walk", name).stdout
    verified = walk("verify", "--json").check().json
    assert verified["ok"]
    assert "All that 6 finished steps promised holds." in walk("verify").check().stdout  # 4 of the split's, 2 of it
    done = walk.snapshot()

    # Somebody lets the role in again: that is drift of the whole chain, and any walk tells of it
    walk.database.execute("alter role reporting login")
    (drifted,) = walk("verify", "--json").check(4).json["drift"]
    assert drifted["sql"] == 'ALTER ROLE "reporting" NOLOGIN;'
    assert "reporting came back to life" in drifted["cause"]
    again = two_lines(walk("init", "--legacy-role", "reporting", "--config", "other.toml", "--yes"), 1)
    assert "under way" in again
    walk("repair", "--walk", name).check()
    assert_same(done, walk.snapshot(), "repaired")

    # Back in the order in which they do not depend on each other: the split first, which keeps the deputy
    walk("rollback", "--yes", "--all", "--walk", "split").check()
    assert walk.database.admin.execute("select from pg_roles where rolname = 'reporting_deputy'").rowcount == 1
    walk("rollback", "--yes", "--all", "--walk", name).check()
    assert list(walks(walk)) == ["split"]
    assert "hush" in walk("history", "--walk", name).check().stdout, "also of a walk that has gone back"
    assert "there has been split, deputy:reporting" in two_lines(walk("history", "--walk", "deputy:nobody"), 2)
    assert not journal.problems(walk.database.admin)
    walk.database.execute("drop role if exists nobody")
    walk.forward("grant-existing")
    assert_same(before, walk.snapshot(), "back and again")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_after_the_split_the_last_in_is_the_first_out(walk: Walk) -> None:
    """On a role that the split made: what the one wants of it and the other does not is nobody's drift."""
    before = walk.snapshot()
    walk.forward("enable-login")
    assert "split is under way over the same roles (app_readonly)" in two_lines(
        walk("begin", "deputy", "app_readonly", "--yes"), 5
    )
    walk.forward()
    complete = walk.snapshot()
    name = begin(walk, "app_readonly")
    walk.database.execute("revoke select on thing from app_readonly")
    walk("repair").check()  # the split's promise, though the walk under way has not taken a step
    assert_same(complete, walk.snapshot(), "repaired")
    walk("next", "--yes").check()
    invite(walk, "app_readonly_deputy")
    walk("next", "--yes").check()
    assert walk("verify").check().exit_code == 0
    walk("status").check()
    assert walk("status", "--json").json["broken"] == []

    refused = two_lines(walk("rollback", "--yes", "--walk", "split"), 5)
    assert "deputy app_readonly began later and stands on app_readonly" in refused
    assert f"flatsplit rollback --walk {name} --all" in refused
    walk("rollback", "--yes", "--walk", name).check()
    walk("rollback", "--yes", "--walk", name).check()
    assert_same(complete, walk.snapshot(), "the deputy's walk is taken back")
    walk.rollback("--all")
    assert_same(before, walk.snapshot(), "and the split")


@pytest.mark.majors("two")
def test_by_an_operator_who_is_no_superuser(database: Database, invoke_cli: InProcess) -> None:
    database.execute(FLAT)
    make_operator(database, SHAPES["createrole"], reach=("reporting",))
    with known():
        walk = OperatorsWalk(invoke_cli, database).init()
        walk.forward("create-roles")
        before = walk.snapshot()
        name = begin(walk, "reporting")
        walk("next", "--yes", "--walk", name).check()
        invite(walk, "reporting_deputy")
        walk("next", "--yes", "--walk", name).check()
        walk("verify").check()
        walk("next", "--yes", "--walk", "split").check()
        walk("rollback", "--yes", "--walk", "split").check()
        walk("rollback", "--yes", "--all", "--walk", name).check()
        assert_same(before, walk.snapshot(), "there and back")


def test_a_walk_begins_with_what_is_there_and_no_two_over_the_same_roles(walk: Walk) -> None:
    walk.step("create-roles")
    hostile = 'Night: "job" %'
    name = begin(walk, hostile)
    assert name in walks(walk)
    assert "is under way already" in two_lines(walk("begin", "deputy", hostile, "--yes"), 5)
    assert f"{name} is under way over the same roles" not in walk("begin", "deputy", "reporting", "--yes").stderr
    assert "under way over the same roles" in two_lines(walk("begin", "deputy", "legacy", "--yes"), 5)
    assert "no role 'nobody'" in two_lines(walk("begin", "deputy", "nobody", "--yes"), 2)
    assert "there is no walk deputy:other here" in two_lines(walk("plan", "--walk", "deputy:other"), 2)
    assert "has no step create-roles" in two_lines(walk("plan", "create-roles", "--walk", name), 2)
    assert "there is no terminal to ask on" in two_lines(walk("begin", "deputy", "reporting"), 2)
    assert "deputy wants its ROLE" in two_lines(walk("begin", "deputy", "--yes"), 2)
    walk("rollback", "--yes", "--walk", name).check()
    assert name not in walks(walk)
    begin(walk, hostile)
    plan = walk("plan", "--walk", name, "--json").check().json
    assert plan["step"] == MAKE
    approved = walk("approve", "--walk", name, "--by", "anna", "--json").check().json
    assert [one["step"] for one in approved] == [MAKE]
    assert "is under way" in two_lines(walk("forget"), 5)
    walk("runbook", "--walk", name, "--out", "book").check()
    page = (walk.run.cwd / "book" / "runbook.md").read_text()
    assert "Make the deputy" in page
    assert "Hush the role" in page
    assert "Create the four roles" not in page
    other = walk("plan", "--walk", "deputy:reporting", "--json").check().json
    assert other["digest"] != plan["digest"]
    walk("next", "--yes", "--walk", "deputy:reporting", "--approved", plan["digest"]).check(5)
    walk("next", "--yes", "--walk", name, "--approved", plan["digest"]).check()
    assert walk.database.admin.execute("select from pg_roles where rolname = %s", [f"{hostile}_deputy"]).rowcount == 1
    walk("next", "--yes", "--walk", name, "--waive", "invited", "--reason", "a test").check()
    assert walks(walk)[name] == (2, None, [])


def test_begin_says_which_kinds_there_are(database: Database, invoke_cli: InProcess) -> None:
    database.execute(FLAT)
    Walk(invoke_cli, database).init()
    said = [two_lines(invoke_cli("begin", *rest, dsn=database), 2) for rest in ((), ("nonsense", "x"), ("split",))]
    assert "which kind of walk?" in said[0]
    assert "no kind of walk 'nonsense'" in said[1]
    assert "flatsplit begin role NAME" in said[1]
    assert "the split is begun by init" in said[2]
    (only,) = invoke_cli("status", "--json", dsn=database).check().json["walks"]
    assert only == {
        "walk": "split",
        "kind": "split",
        "subject": "",
        "state": "active",
        "done": 0,
        "of": 9,
        "next": "create-roles",
        "blocked_by": [],
    }


def test_a_walk_under_way_keeps_the_steps_that_it_began_with(walk: Walk) -> None:
    """The next release has a step more in the middle: those who are on their way do not take it, others do."""
    name = begin(walk, "reporting")
    walk("next", "--yes", "--walk", name).check()

    def unchanged(state: Any, _: Any) -> Any:
        return state

    between: Step[Any] = Step(key="between", title="Between", purpose="New.", apply=unchanged)
    newer = replace(DEPUTY, steps=(DEPUTY.steps[0], between, DEPUTY.steps[1]))
    with known(newer):
        assert walks(walk)[name] == (1, HUSH, ["invited"])
        invite(walk, "reporting_deputy")
        walk("next", "--yes", "--walk", name).check()
        walk("rollback", "--yes", "--all", "--walk", name).check()
        begin(walk, "reporting")
        walk("next", "--yes", "--walk", name).check()
        assert walks(walk)[name] == (1, "between", [])
    refused = two_lines(walk("plan", "--walk", name), 1)
    assert "no step between of deputy:reporting" in refused
    assert json.loads(walk("history", "--json").check().stdout)
