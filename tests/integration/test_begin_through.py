"""``begin --through``: a walk begins and goes on in one call, with one look where two would see the same."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from flatsplit.catalog import read_state, with_objects
from flatsplit.cutover import open_walk
from flatsplit.cutover import walk as use_cases
from flatsplit.model import State
from flatsplit.walks import role
from tests.cli.terminal import type_at
from tests.fixtures.cli import InProcess, Result
from tests.fixtures.databases import Database
from tests.support import journal
from tests.support.special import JOBS, SCHEMAS, declare, flat
from tests.support.walk import Walk, assert_same

HOSTILE = 'Night: "job" %s\n🐘 select'
LIKE = {"role": {"like": "app_user"}}


@pytest.fixture
def walk(database: Database, invoke_cli: InProcess) -> Walk:
    """A shop whose four roles may log in, and special roles that have not begun."""
    flat(database)
    made = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    made.forward("enable-login")
    declare(made, HOSTILE, JOBS)
    declare(made, "app_night", LIKE)
    return made


def two_lines(result: Result, exit_code: int) -> str:
    said = result.check(exit_code).stderr
    assert len(said.splitlines()) == 2, said
    return said


@pytest.mark.slow
@pytest.mark.majors("two")
def test_it_begins_and_goes_on_in_one_look(walk: Walk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = walk.snapshot()
    looks: list[object] = []

    def counted(read: Callable[..., State]) -> Callable[..., State]:
        def look(*arguments: Any) -> State:
            looks.append(read)
            return read(*arguments)

        return look

    for module in (open_walk, use_cases):
        monkeypatch.setattr(module, "read_state", counted(read_state))
    monkeypatch.setattr(use_cases, "with_objects", counted(with_objects))
    passwords = ("--password-file", str(walk.password_file))

    def begin(name: str, through: str, *more: str) -> Result:
        return walk("begin", "role", name, "--yes", "--through", through, *more)

    # Who is refused is told before: nothing is on record, and nobody is made
    assert "no password for" in two_lines(begin("app_night", role.OPEN), 2)
    assert "has no step transfer-ownership" in two_lines(begin("app_night", "transfer-ownership", *passwords), 2)
    assert "--waive needs a reason" in two_lines(begin("app_night", role.OPEN, "--waive", "seen"), 2)
    alone = walk("begin", "role", "app_night", "--yes", *passwords)
    assert "begin alone takes no step" in two_lines(alone, 2)
    assert [one["kind"] for one in walk.status()["walks"]] == ["split"]
    assert_same(before, walk.snapshot(), "refused")

    looks.clear()
    done = begin(HOSTILE, role.VERIFY, "--json", *passwords).check().json
    assert done["walk"] == f"role:{HOSTILE}"
    assert [step["state"] for step in done["taken"]["steps"]] == ["done"] * 4
    assert done["taken"]["complete"]
    assert looks == [read_state, with_objects], "before the first step, and after the one that is about objects"
    walk.rollback("--all", "--walk", f"role:{HOSTILE}")
    assert_same(before, walk.snapshot(), "back")

    # A gate closes: the same command goes on, as next would
    first, again = (begin("app_night", role.LEARN, *passwords).check(3) for _ in range(2))
    assert first.stdout.startswith("Begun: role app_night, 8 steps.\n")
    assert again.stdout.startswith("Under way already: role app_night, 8 steps.\n")
    assert "waiting for seen" in again.stdout
    assert "is under way already" in two_lines(walk("begin", "role", "app_night", "--yes"), 5)
    waived = ("--waive", "seen", "--waive", "evidence", "--reason", "a test")
    begin("app_night", role.LEARN, *waived).check()
    assert journal.states(walk.database.admin, "role")[role.LEARN] == "done"
    assert begin("app_night", role.OPEN).check().stdout.splitlines()[1] == "Nothing to do: that is done already."
    begin("app_night", role.GRANT).check(3)
    walk.rollback("--all", "--walk", "role:app_night")
    assert_same(before, walk.snapshot(), "back")

    def typed(*answers: str) -> str:
        prompts = [(r"\[y/N\]: ", answer) for answer in answers]
        called = ("begin", "role", "app_night", "--through", role.BRIDGE, "--config", str(walk.config))
        return type_at(tmp_path, *called, dsn=walk.database, answers=prompts).check(1).stdout

    assert "nothing was changed" in typed("n\n")
    assert [one["kind"] for one in walk.status()["walks"]] == ["split"]
    shown = typed("y\n", "y\n", "n\n")
    assert shown.index("Begin it?") < shown.index("Run th")
    assert "nothing further was changed" in shown
    assert journal.states(walk.database.admin, "role")[role.CREATE_ROLE] == "done"
