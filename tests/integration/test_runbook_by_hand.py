"""Who may not run tools on production runs the files of one bundle with psql, in order, and back again."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from flatsplit.ddl import verifier_variable
from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase, shared_schemas
from tests.fixtures.servers import tool
from tests.support.walk import Walk, assert_same


def psql(database: Database, *files: Path, exit_code: int = 0) -> str:
    """Run scripts with psql and nothing else; what it said on stderr, never a warning."""
    done = subprocess.run(
        [tool("psql"), "-X", *(part for file in files for part in ("-f", str(file))), database.conninfo()],
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
    )
    assert done.returncode == exit_code, f"{files[-1].name}: {done.stderr[-3000:]}"
    assert "WARNING" not in done.stderr, done.stderr
    return done.stderr


def verifiers(walk: Walk) -> Path:
    """psql variables, as the first lines of the script ask for them."""
    path = walk.run.cwd / "verifiers.psql"
    with walk.database.connect() as connection:
        lines = [
            (verifier_variable(role), connection.pgconn.encrypt_password(password.encode(), role.encode()).decode())
            for role, password in walk.passwords.items()
        ]
    path.write_text("".join(f"\\set {name} '{value}'\n" for name, value in lines))
    path.chmod(0o600)
    return path


def by_hand_and_back(walk: Walk) -> None:
    """The same states as with ``next`` and ``rollback``, at each step of the way."""
    database, start = walk.database, walk.snapshot()
    walk("runbook", "--out", "book", "--format", "md").check()
    book, secrets = walk.run.cwd / "book", verifiers(walk)
    stems = {key: f"{number:02d}-{key}" for number, key in enumerate(STEP_KEYS, start=1)}

    with_tool = {"": start} | walk.looking()
    walk.rollback("--all")
    assert_same(start, walk.snapshot(), "rolled back by the tool")

    for key in STEP_KEYS:
        psql(database, secrets, book / f"{stems[key]}.sql")
        assert_same(with_tool[key], walk.snapshot(), f"{key} by hand")
        walk.step(key)
        assert_same(with_tool[key], walk.snapshot(), f"{key} by hand, then next")
    shown = {step["key"]: step["by_hand"] for step in walk.status()["steps"]}
    found = {key for key, by_hand in shown.items() if by_hand}
    assert found >= set(STEP_KEYS) - {"switch-connections", "verify"}, f"taken for the tool's own work: {shown}"

    before = dict(zip(STEP_KEYS, ("", *STEP_KEYS), strict=False))
    for key in reversed(STEP_KEYS):
        psql(database, book / f"{stems[key]}.rollback.sql")
        assert_same(with_tool[before[key]], walk.snapshot(), f"{key} taken back by hand")
        walk.rollback()
        assert_same(with_tool[before[key]], walk.snapshot(), f"{key} taken back by hand, then rollback")
    assert_same(start, walk.snapshot(), "all taken back by hand")


@pytest.mark.slow
def test_the_files_do_what_the_commands_do(database: Database, invoke_cli: InProcess) -> None:
    database.execute(
        """
        create schema other;
        create table other.orders (id int generated always as identity, "Total" numeric);
        create view sums as select sum("Total") from other.orders;
        create function other.f() returns int language sql as 'select 1';
        alter default privileges in schema other grant select on tables to public;
        """,
        "legacy",
    )
    by_hand_and_back(Walk(invoke_cli, database).init())


def test_the_old_role_dropped_by_hand(database: Database, invoke_cli: InProcess) -> None:
    """Then ``next`` sees that it is gone and who did it, and neither a command nor a file pretends to bring it back."""
    database.execute("create table orders (id int); grant select on orders to public", "legacy")
    walk = Walk(invoke_cli, database, retire="drop").init()
    walk("runbook", "--out", "book", "--format", "md").check()
    book, secrets = walk.run.cwd / "book", verifiers(walk)
    for number, key in enumerate(STEP_KEYS, start=1):
        psql(database, secrets, book / f"{number:02d}-{key}.sql")
        walk.step(key)
    status = walk.status()
    found = {step["key"] for step in status["steps"] if step["by_hand"]}
    assert found == set(STEP_KEYS) - {"switch-connections", "verify"}
    assert status["cutover"]["state"] == "complete"
    history = walk("history", "--json").check().json
    assert "drop role legacy" in [row["description"] for row in history if row.get("direction") == "by-hand"]
    after = walk.snapshot()
    assert database.admin.execute("select from pg_roles where rolname = 'legacy'").fetchone() is None
    assert "point of no return" in walk.rollback(exit_code=5).stderr
    assert "point of no return" in psql(database, book / f"{len(STEP_KEYS):02d}-{key}.rollback.sql", exit_code=3)
    assert_same(after, walk.snapshot(), "both refused")


@pytest.mark.share(3)
@pytest.mark.slow
@pytest.mark.parametrize("schema", shared_schemas())
def test_for_every_real_schema(make_database: MakeDatabase, invoke_cli: InProcess, schema: str) -> None:
    """Each ends in one way, so that both ways meet several schemas."""
    retire = ("revoke", "repurpose")[shared_schemas().index(schema) % 2]
    by_hand_and_back(Walk(invoke_cli, make_database(schema), retire=retire).init())


def test_out_of_turn_they_refuse(database: Database, invoke_cli: InProcess) -> None:
    """A step whose forerunner has not run, and the way back of one whose successor has: nothing is changed."""
    database.execute("create table t (id int)", "legacy")
    walk = Walk(invoke_cli, database).init()
    walk("runbook", "--out", "book", "--format", "md").check()
    book, secrets = walk.run.cwd / "book", verifiers(walk)
    stems: dict[str, str] = {key: f"{number:02d}-{key}" for number, key in enumerate(STEP_KEYS, start=1)}

    def refused(key: str, said: str, suffix: str = "") -> None:
        before = walk.snapshot()
        assert said in psql(database, secrets, book / f"{stems[key]}{suffix}.sql", exit_code=3)
        assert_same(before, walk.snapshot(), f"{key}{suffix} out of turn")

    refused("grant-existing", "create-roles has not run yet")
    for key in ("default-privileges", "transfer-ownership"):
        refused(key, "grant-existing has not run yet")
    refused("enable-login", "transfer-ownership has not run yet")
    refused("lock-legacy", "enable-login has not run yet")
    refused("revoke-legacy", "lock-legacy has not run yet")
    for key in STEP_KEYS[:-1]:
        psql(database, secrets, book / f"{stems[key]}.sql")
    for key, said in (
        ("create-roles", "grant-existing"),
        ("grant-existing", "transfer-ownership"),
        ("default-privileges", "transfer-ownership"),
        ("transfer-ownership", "enable-login"),
        ("enable-login", "lock-legacy"),
    ):
        refused(key, f"{said} has run and is not taken back", ".rollback")
