"""An application that goes on creating tables as the old role, faster than flatsplit looks: nothing fails."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from flatsplit.cutover.next import ROUNDS
from flatsplit.executor import Executor
from flatsplit.planning.situation import Situation
from tests.cli.terminal import type_at
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, assert_same


@contextmanager
def creating(database: Database) -> Iterator[list[str]]:
    """Tables as fast as it goes, while the block runs."""
    stop = threading.Event()
    errors: list[str] = []

    def create() -> None:
        with psycopg.connect(database.conninfo("legacy"), autocommit=True) as conn:
            for number in range(100_000):
                if stop.wait(0.02):
                    return
                try:
                    conn.execute(f"CREATE TABLE made_{number} (id int)".encode())
                except psycopg.Error as error:
                    errors.append(str(error))

    thread = threading.Thread(target=create)
    thread.start()
    try:
        yield errors
    finally:
        stop.set()
        thread.join()


@pytest.fixture
def walk(database: Database, invoke_cli: InProcess) -> Walk:
    database.execute("CREATE TABLE t (id int)", "legacy")
    return Walk(invoke_cli, database).init()


@pytest.mark.slow
@pytest.mark.majors("two")
def test_there_and_back(walk: Walk) -> None:
    """grant-existing did not come to rest, and transfer-ownership met something that "flatsplit does not know"."""
    before = walk.snapshot()
    with creating(walk.database) as errors:
        walk.next("--through", "enable-login")
        walk.rollback("--through", "enable-login")
        walk.next("--through", "enable-login")
    assert errors == []
    walk("repair").check()
    walk("verify").check()
    walk.rollback("--all")
    made = "SELECT string_agg(format('DROP TABLE %s', oid::regclass), ';') FROM pg_class WHERE relname ~ '^made_'"
    (drop,) = walk.database.admin.execute(made).fetchone() or ("",)
    walk.database.execute(str(drop))
    assert_same(before, walk.snapshot(), "there and back")


def test_a_table_made_while_the_question_stands(walk: Walk, tmp_path: Path) -> None:
    """The plan was made before the question; what came meanwhile is not unknown, only new."""
    walk.next("--through", "default-privileges")

    def meanwhile() -> str:
        walk.database.execute("CREATE TABLE meanwhile (id int)", "legacy")
        return ""

    result = type_at(tmp_path, "next", dsn=walk.database, answers=[("Run these", meanwhile), (r"\[y/N\]", "y\n")])
    assert result.exit_code == 0, result.stdout
    owner = walk.database.admin.execute("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'meanwhile'")
    assert owner.fetchone() == ("app_migrator",)


def test_somebody_who_undoes_it_is_still_noticed(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Objects that were there and are wanted again and again are no newcomers."""
    looked = 0
    real = Situation.remaining

    def remaining(self: Situation[Any], key: str) -> object:
        nonlocal looked
        looked += 1
        return real(self, key)

    walk.next()
    monkeypatch.setattr(Situation, "remaining", remaining)
    monkeypatch.setattr(Executor, "run", lambda *_: 0)  # as if each statement were undone at once
    said = walk.next(exit_code=4)
    assert "does not come to rest" in said.stderr
    assert looked == ROUNDS


def test_the_way_back_ends_too(walk: Walk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The migration tool creates a table whenever flatsplit has caught up; the next rollback takes the last one."""
    walk.next("--through", "transfer-ownership")
    real, made = Executor.run, list[str]()

    def run(executor: Executor, step: str, *arguments: Any) -> int:
        count = real(executor, step, *arguments)
        made.append(f"made_{len(made)}")
        walk.database.execute(f"SET ROLE app_migrator; CREATE TABLE {made[-1]} (); RESET ROLE")
        return count

    with monkeypatch.context() as patch:
        patch.setattr(Executor, "run", run)
        walk.rollback()
    assert len(made) == 2
    assert walk.states()["transfer-ownership"] == "rolled_back"
    walk.rollback("--all")
    owners = "SELECT DISTINCT relowner::regrole::text FROM pg_class WHERE relname ~ '^made_'"
    assert walk.database.admin.execute(owners).fetchall() == [("legacy",)]
