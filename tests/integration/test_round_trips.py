"""On a slow line a command costs as many round trips as it waits for the server: these are bounded, not the seconds."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database
from tests.support.round_trips import counted
from tests.support.walk import Walk

BOUNDS = {"status": 42, "doctor": 44, "plan": 33, "verify": 31, "next": 72}
"""Before anything is done, as measured and a little more. One after the other, ``doctor`` took 160."""


@pytest.mark.majors("two")
def test_questions_are_under_way_together(database: Database, invoke_cli: InProcess) -> None:
    walk = Walk(invoke_cli, database).init()
    took = {}
    for command, bound in BOUNDS.items():
        with counted(database.dsn) as (dsn, line):
            more = ("--yes",) if command == "next" else ()
            said = walk.run(command, *more, dsn=dsn)
        assert said.exit_code in (0, 4, 5), said.stderr
        took[command] = (line.waits, bound)
    assert all(waits <= bound for waits, bound in took.values()), took
    assert all(waits > bound - 12 for waits, bound in took.values()), f"the bounds could be lower: {took}"


@pytest.mark.parametrize("statements", [30, 40, 50, 60, 75, 90])
def test_a_line_that_breaks_is_told_in_two_lines(database: Database, run_cli: Process, statements: int) -> None:
    """Also where it breaks while questions are under way together: the driver would add a warning of its own."""
    Walk(run_cli, database).init()
    with counted(database.dsn, statements) as (dsn, _):
        said = run_cli("doctor", dsn=dsn).check(1)
    first, second = said.stderr.splitlines()
    assert first.startswith("error: the connection to the server was lost: ")
    assert second.startswith("  fix: run the same command again")
