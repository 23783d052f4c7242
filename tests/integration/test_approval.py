"""A plan runs as it was approved, or not at all; who approved it stays on record."""

from __future__ import annotations

from typing import Any

import pytest

from flatsplit.executor import Executor
from tests.fixtures.cli import InProcess, Result
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.walk import Walk, configure


def approve(walk: Walk, *arguments: str) -> dict[str, str]:
    """The digests that were approved, by step."""
    found = walk("approve", *arguments, "--by", "Jo Doe", "--ticket", "CHG-7", "--json").check().json
    return {one["step"]: one["digest"] for one in found}


def events(walk: Walk, kind: str) -> list[Any]:
    found = walk("history", "--json").check().json
    return [one for one in found if one["type"] == "event" and one["kind"] == kind]


def refused(result: Result) -> str:
    """What was said; two lines of error after the difference."""
    result.check(5)
    assert "is not the approved one" in result.stderr.splitlines()[-2]
    assert result.stderr.splitlines()[-1].startswith("  fix: ")
    return result.stderr


@pytest.mark.slow
@pytest.mark.majors("two")
def test_what_was_approved_before_the_walk_holds_to_its_end(
    make_database: MakeDatabase, invoke_cli: InProcess, major: int
) -> None:
    """Nothing of a digest depends on how far the walk is, as long as nobody changes anything."""
    database = make_database("pagila")
    walk = Walk(invoke_cli, database).init(require_approval=True)
    digests = approve(walk, "--all")
    assert len(digests) == 9
    closed = walk.next(exit_code=3)
    assert "was approved by Jo Doe (CHG-7), but is not given" in closed.stdout + closed.stderr
    wrong = refused(walk.next("--approved", digests["verify"], exit_code=5))
    assert "is the plan of verify" in wrong
    for key, digest in digests.items():
        assert walk("plan", key, "--json").check().json["digest"] == digest, key
        if key == "switch-connections":
            with walk.switched():
                walk.next("--approved", digest)
        else:
            walk.next("--approved", digest)
    assert set(walk.states().values()) == {"done"}
    started = events(walk, "started")
    assert [one["details"]["approved"] for one in started] == list(digests.values())
    shown = walk("history").check().stdout
    assert "approved transfer-ownership: Jo Doe (CHG-7) approved digest" in shown
    walk("approve", "verify", "--by", "x").check(2)
    walk("approve", "--by", "x").check(2)


def test_a_changed_database_is_refused_with_a_difference_that_people_understand(
    database: Database, invoke_cli: InProcess
) -> None:
    database.execute("create table kept (id int); create table gone (id int)", "legacy")
    walk = Walk(invoke_cli, database).init(require_approval=True)
    walk.next("--approved", approve(walk)["create-roles"])
    digest = approve(walk, "grant-existing", "--digest", walk("plan", "--json").check().json["digest"])[
        "grant-existing"
    ]
    database.execute("drop table gone", "legacy")
    assert "0 changes not approved" in refused(walk.next("--approved", digest, exit_code=5)), "a part is not the whole"
    database.execute('create table "new\nline" (id int)', "legacy")
    before = walk.snapshot()
    said = refused(walk.next("--approved", digest, exit_code=5))
    assert "not approved: grant SELECT, INSERT, UPDATE, DELETE to app_user on table public.new\\nline" in said
    assert (
        "approved, but not in the plan any more: grant SELECT, INSERT, UPDATE, DELETE to app_user on table public.gone"
        in said
    )
    assert walk.snapshot() == before
    assert walk("approve", "--by", "x", "--digest", digest).check(5).stdout == ""
    refused(walk.next("--approved", "0123456789abcdef", exit_code=5))
    # --dry-run looks and refuses too, and writes nothing down
    count = len(events(walk, "approved"))
    refused(walk("next", "--dry-run", "--approved", digest))
    plan = walk("plan", "--json").check().json["digest"]
    walk("next", "--dry-run", "--approved", plan).check()
    assert len(events(walk, "approved")) == count
    # A digest alone will do, and is on record as such
    walk.next("--approved", plan)
    last = events(walk, "approved")[-1]
    assert (last["details"]["digest"], last["details"]["by"]) == (plan, "")
    assert "by its digest alone" in last["message"]


def test_new_objects_may_be_allowed_by_rule(database: Database, invoke_cli: InProcess) -> None:
    database.execute(
        "create table old (id int); create table gone (id int); create table foreign_hands (id int)", "legacy"
    )
    walk = Walk(invoke_cli, database).init(require_approval=True, allow_new_objects=True)
    walk.next("--approved", approve(walk)["create-roles"])
    # What is new is allowed, but not that something else is gone
    digest = approve(walk)["grant-existing"]
    database.execute("create table today (id int); drop table gone", "legacy")
    said = refused(walk.next("--approved", digest, exit_code=5))
    assert "approved, but not in the plan any more: " in said
    database.execute("drop table today", "legacy")
    walk.next("--approved", approve(walk)["grant-existing"])
    walk.next("--approved", approve(walk)["default-privileges"])
    digest = approve(walk)["transfer-ownership"]
    # What is not new is not allowed, although it is catch-up too
    database.execute("create table yesterday (id int)", "legacy")
    database.execute("revoke select on old from app_readonly")
    said = refused(walk.next("--approved", digest, exit_code=5))
    assert "grant SELECT to app_readonly on table public.old" in said
    database.execute("grant select on old to app_readonly", "legacy")
    done = walk.next("--approved", digest)
    assert "for new objects by rule" in done.stdout + done.stderr
    owners = "select count(*) from pg_class where relkind = 'r' and relowner = 'app_migrator'::regrole"
    assert database.admin.execute(owners).fetchone() == (3,)


def test_without_the_rule_a_new_object_needs_another_approval(
    database: Database, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the step has begun: what is left of the approved plan goes on, what came is not in it."""
    database.execute("create table a (id int); create table b (id int)", "legacy")
    walk = Walk(invoke_cli, database).init(require_approval=True, retry_for="300ms", lock_timeout="50ms")
    for key in ("create-roles", "grant-existing", "default-privileges"):
        walk.next("--approved", approve(walk)[key])
    digest = approve(walk)["transfer-ownership"]
    reader = database.connect(autocommit=False)
    reader.execute("select from b")
    walk.next("--approved", digest, exit_code=3)
    assert walk.states()["transfer-ownership"] == "waiting"
    reader.rollback()
    database.execute("create table c (id int)", "legacy")
    assert "table public.c" in refused(walk.next("--approved", digest, exit_code=5))
    database.execute("drop table c", "legacy")
    real = Executor.run

    def run(executor: Executor, step: str, *arguments: Any) -> int:
        database.execute("create table if not exists c (id int)", "legacy")
        return real(executor, step, *arguments)

    with monkeypatch.context() as patch:  # it comes when the plan was compared already
        patch.setattr(Executor, "run", run)
        stopped = walk.next("--approved", digest, exit_code=3)
    assert "the rest of digest" in stopped.stdout + stopped.stderr
    assert "table public.c" in stopped.stderr
    owner = "select relowner::regrole::text from pg_class where relname = 'c'"
    assert database.admin.execute(owner).fetchone() == ("legacy",)
    database.execute("drop table c", "legacy")
    rest = walk.next("--approved", digest)
    assert "nothing is left to run of digest" in rest.stdout + rest.stderr


def test_bad_input_is_two_lines(database: Database, invoke_cli: InProcess) -> None:
    database.execute("create table a (id int)", "legacy")
    walk = Walk(invoke_cli, database).init()
    for arguments in (
        ["--by", " "],
        ["--by", "x", "--all", "verify"],
        ["--by", "x", "--all", "--digest", "1"],
        [],
        ["nothing", "--by", "x"],
    ):
        said = walk("approve", *arguments).check(2)
        assert said.stdout == ""
        assert len(said.stderr.splitlines()) == 2
    configure(walk.config, allow_new_objects="maybe")
    assert "allow_new_objects" in walk("status").check(1).stderr
