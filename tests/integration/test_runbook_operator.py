"""The runbook's scripts run by an operator who is no superuser: with psql alone, to the end and back."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from flatsplit.config import PURPOSES
from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.fixtures.servers import tool
from tests.integration.test_walk_operators import world
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, of_operator
from tests.support.walk import assert_same

VERIFIER = (
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY="
    ":wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU="
)


def run(database: Database, file: Path) -> subprocess.CompletedProcess[str]:
    """A script as the operator runs it."""
    verifiers = file.parent / "verifiers.psql"
    verifiers.write_text("".join(f"\\set {role}_verifier '{VERIFIER}'\n" for role in PURPOSES))
    return subprocess.run(
        [tool("psql"), "-X", "-f", str(verifiers), "-f", str(file), database.conninfo(OPERATOR)],
        capture_output=True,
        text=True,
        cwd=file.parent,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"},
    )


@pytest.mark.slow
@pytest.mark.majors("two")
def test_scripts_bring_their_memberships(database: Database, invoke_cli: InProcess, tmp_path: Path) -> None:
    world(database, SHAPES["small-host"])
    operator = of_operator(database.admin)
    walk = OperatorsWalk(invoke_cli, database)
    untouched = walk.snapshot()
    walk.init()
    states = [untouched]
    files = []
    for number, key in enumerate(STEP_KEYS, start=1):
        folder = tmp_path / f"before-{number}"
        walk("runbook", "--out", str(folder)).check()
        done = run(database, folder / f"{number:02d}-{key}.sql")
        assert done.returncode == 0, f"{key}: {done.stderr[-2000:]}"
        if number >= 2:  # what it may not keep: a membership for longer than a transaction
            assert [row[:2] for row in of_operator(database.admin)["members"] if row[0] == database.legacy] == [
                row[:2] for row in operator["members"] if row[0] == database.legacy
            ]
        with walk.switched() if key == "switch-connections" else psycopg.connect(database.conninfo()):
            walk.next()
        states.append(walk.snapshot())
    for number in reversed(range(1, len(STEP_KEYS) + 1)):
        key = STEP_KEYS[number - 1]
        folder = tmp_path / f"after-{number}"
        walk("runbook", "--out", str(folder)).check()
        done = run(database, folder / f"{number:02d}-{key}.rollback.sql")
        assert done.returncode == 0, f"back from {key}: {done.stderr[-2000:]}"
        assert_same(states[number - 1], walk.snapshot(), f"{key}.rollback.sql")
        walk.rollback()
        files.append(folder)
    assert of_operator(database.admin) == operator
