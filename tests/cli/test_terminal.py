"""At a terminal: shown first, asked, and only a yes changes anything."""

from __future__ import annotations

import re
from pathlib import Path

import psycopg
import pytest

from tests.cli.terminal import type_at
from tests.fixtures.databases import Database, MakeDatabase

YES = (r"\[y/N\]: ", "y\n")
NO = (r"\[y/N\]: ", "n\n")
ENTER = (r"\[y/N\]: ", "\n")


@pytest.fixture
def shop(make_database: MakeDatabase, tmp_path: Path) -> Database:
    """A small database after init, which was answered with yes."""
    database = make_database(legacy="shop")
    database.execute('CREATE TABLE t (id int PRIMARY KEY); CREATE TABLE "odd\x1b[2J" (x int)', "shop")
    result = type_at(tmp_path, "init", "--legacy-role", "shop", dsn=database, answers=[YES]).check()
    assert "shop owns 2 tables, 1 database." in result.stdout
    assert "app_user" in result.stdout
    return database


def roles(database: Database) -> set[str]:
    return {name for (name,) in database.admin.execute("SELECT rolname FROM pg_roles WHERE rolname LIKE 'app%'")}


def test_init_asks_and_no_writes_nothing(database: Database, tmp_path: Path) -> None:
    for answer in (NO, ENTER, (r"\[y/N\]: ", "\x03")):
        type_at(tmp_path, "init", "--legacy-role", "legacy", dsn=database, answers=[answer]).check(1)
        assert not (tmp_path / "flatsplit.toml").exists()
        assert database.admin.execute("SELECT to_regnamespace('flatsplit')").fetchone() == (None,)


def test_next_shows_the_plan_and_asks(shop: Database, tmp_path: Path) -> None:
    for answer in (NO, ENTER):
        result = type_at(tmp_path, "next", dsn=shop, answers=[answer]).check(1)
        assert result.stdout.index('CREATE ROLE "app_user"') < result.stdout.index("Run these 4 statements?")
        assert "nothing further was changed" in result.stdout
        assert roles(shop) == set()
    type_at(tmp_path, "next", dsn=shop, answers=[YES]).check()
    assert roles(shop) == {"app_user", "app_migrator", "app_readonly"}
    result = type_at(tmp_path, "rollback", dsn=shop, answers=[NO]).check(1)
    assert "DROP ROLE" in result.stdout
    assert roles(shop) == {"app_user", "app_migrator", "app_readonly"}
    type_at(tmp_path, "rollback", dsn=shop, answers=[YES]).check()
    assert roles(shop) == set()


def test_control_c_at_the_question(shop: Database, tmp_path: Path) -> None:
    result = type_at(tmp_path, "next", dsn=shop, answers=[(r"\[y/N\]: ", "\x03")]).check(1)
    assert "nothing is half done" in result.stdout
    assert "Traceback" not in result.stdout
    assert roles(shop) == set()


def test_passwords_are_asked_twice_and_never_shown(shop: Database, tmp_path: Path) -> None:
    type_at(tmp_path, "next", "--yes", "--through", "transfer-ownership", dsn=shop).check()
    answers = [YES]
    for role in ("app_migrator", "app_readonly", "app_user", "dba"):
        prompt = rf"New password of {role}.*: "
        answers += [(prompt, f"secret-{role}\n"), (r"Once more.*: ", f"secret-{role}\n")]
    answers[1:1] = [(r"New password of app_migrator.*: ", "one\n"), (r"Once more.*: ", "another\n")]
    result = type_at(tmp_path, "next", dsn=shop, answers=answers).check()
    assert "secret-" not in result.stdout
    with psycopg.connect(shop.conninfo("app_user", "secret-app_user")):
        pass


@pytest.mark.slow
def test_what_is_shown_cannot_move_the_cursor(shop: Database, tmp_path: Path) -> None:
    type_at(tmp_path, "next", "--yes", "--through", "default-privileges", dsn=shop).check()
    for arguments in (["plan"], ["next"], ["status"], ["plan", "grant-existing"]):
        answers = [NO] if arguments == ["next"] else []
        result = type_at(tmp_path, *arguments, dsn=shop, answers=answers)
        assert "\x1b[2J" not in result.stdout
    assert "odd\\x1b[2J" in type_at(tmp_path, "plan", dsn=shop).check().stdout


def test_watch_shows_a_client_drain_and_stops_with_control_c(shop: Database, tmp_path: Path) -> None:
    client = psycopg.connect(shop.conninfo("shop"), application_name="checkout")
    other = psycopg.connect(shop.conninfo("shop"), application_name="nightly job")
    result = type_at(
        tmp_path,
        *("watch", "--interval", "200ms"),
        dsn=shop,
        answers=[
            (r"2 of 2 sessions are still shop's[^$]*checkout[^$]*nightly job", client.close),
            (r"1 of 1 session is still shop's(?:(?!checkout)[^$])*nightly job", other.close),
            (r"Nobody is connected as shop\.", lambda: None),
            (r"Nobody is connected as shop\.", "\x03"),
        ],
    ).check(0)
    assert "Traceback" not in result.stdout
    assert result.stdout.rindex("\x1b[?25h") > result.stdout.rindex("\x1b[?25l")  # the cursor is shown again
    assert result.stdout.count("\n") < 100  # each look replaced the one before
    assert re.search(r"\x1b\[\d*A|\x1b\[2K", result.stdout)


def test_forget_asks(shop: Database, tmp_path: Path) -> None:
    result = type_at(tmp_path, "forget", dsn=shop, answers=[NO]).check(1)
    assert "taking it back is no longer possible" in result.stdout
    type_at(tmp_path, "forget", "--export", "journal.json", dsn=shop, answers=[YES]).check()
    assert shop.admin.execute("SELECT to_regnamespace('flatsplit')").fetchone() == (None,)
    assert (tmp_path / "journal.json").exists()
