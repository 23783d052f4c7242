"""Cutovers and their steps: one at a time, and only from where the caller believes them to be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from flatsplit import __version__
from flatsplit.connection import Session, open_session
from flatsplit.errors import JournalError
from flatsplit.journal import Journal
from flatsplit.journal.records import CutoverState
from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.databases import Database
from tests.support.tracked import TARGET, track


@pytest.fixture
def journal(opened: Session) -> Journal:
    return track(opened)


def create(journal: Journal, name: str = "again") -> None:
    with journal.session.transaction():
        journal.create_cutover(TARGET, name=name, legacy_role="legacy", legacy_oid=16384, config="", steps=STEP_KEYS)


def test_a_cutover_begins_with_all_steps_pending(journal: Journal) -> None:
    cutover = journal.cutover()
    assert cutover is not None
    assert (cutover.name, cutover.legacy_role, cutover.legacy_oid) == ("shop", "legacy", 16384)
    assert (cutover.database_oid, cutover.system_identifier) == (5, "7")
    assert (cutover.state, cutover.created_by, cutover.tool_version) == ("active", "postgres", __version__)
    assert cutover.config == '[cutover]\nname = "x"'
    assert abs(datetime.now(UTC) - cutover.created_at) < timedelta(minutes=1)
    steps = journal.steps()
    assert tuple(step.key for step in steps) == STEP_KEYS
    assert {step.state for step in steps} == {"pending"}
    assert [step.ordinal for step in steps] == list(range(1, 10))


def test_there_is_one_active_cutover_at_a_time(journal: Journal) -> None:
    with pytest.raises(JournalError, match="under way"):
        create(journal)
    first = journal.cutover()
    assert first is not None
    with journal.session.transaction():
        journal.end_cutover(first.id, "complete")
    assert journal.cutover() is None
    create(journal)
    assert [cutover.state for cutover in journal.cutovers()] == ["complete", "active"]
    assert journal.cutovers()[0].finished_at is not None


@pytest.mark.parametrize("ended", ["complete", "rolled_back"])
def test_a_cutover_ends_once(journal: Journal, ended: CutoverState) -> None:
    cutover = journal.cutover()
    assert cutover is not None
    with journal.session.transaction():
        journal.end_cutover(cutover.id, ended)
    with pytest.raises(JournalError, match="not active any more"), journal.session.transaction():
        journal.end_cutover(cutover.id, "rolled_back")
    assert [made.state for made in journal.cutovers()] == [ended]
    assert len(journal.steps(cutover.id)) == len(STEP_KEYS)
    assert journal.steps() == []


def test_the_config_may_be_replaced(journal: Journal) -> None:
    cutover = journal.cutover()
    assert cutover is not None
    with journal.session.transaction():
        journal.replace_config(cutover.id, "other")
    assert [made.config for made in journal.cutovers()] == ["other"]


def test_a_step_goes_its_way(journal: Journal) -> None:
    with journal.session.transaction():
        running = journal.transition("create-roles", ["pending", "rolled_back"], "running", digest="abc")
    assert (running.state, running.digest, running.finished_at) == ("running", "abc", None)
    assert running.started_at is not None
    with journal.session.transaction():
        waiting = journal.transition("create-roles", ["running"], "waiting")
        again = journal.transition("create-roles", ["waiting"], "running")
        done = journal.transition("create-roles", ["running"], "done", by_hand=True)
    assert waiting.started_at == again.started_at == done.started_at == running.started_at
    assert done.finished_at is not None
    assert done.finished_at > running.started_at
    assert (done.digest, done.by_hand) == ("abc", True)
    with journal.session.transaction():
        back = journal.transition("create-roles", ["done"], "rolled_back")
        anew = journal.transition("create-roles", ["rolled_back"], "running", by_hand=False)
    assert back.finished_at is not None
    assert anew.started_at is not None
    assert anew.started_at > running.started_at
    assert not anew.by_hand
    assert journal.steps()[0] == anew
    assert {step.state for step in journal.steps()[1:]} == {"pending"}
    with journal.session.transaction():
        assert journal.transition("create-roles", ["running"], "pending").started_at is None


def test_a_step_that_is_elsewhere_stays_there(journal: Journal) -> None:
    with pytest.raises(JournalError) as refused, journal.session.transaction():
        journal.transition("verify", ["running", "waiting"], "done")
    assert refused.value.what == "step verify is pending, not running or waiting: changed by another flatsplit"
    with pytest.raises(JournalError, match="not there"), journal.session.transaction():
        journal.transition("no-such-step", ["running"], "done")
    assert {step.state for step in journal.steps()} == {"pending"}


def test_of_two_who_move_a_step_one_succeeds(journal: Journal, database: Database) -> None:
    with open_session(database.dsn) as other:
        with other.transaction():
            Journal(other).transition("create-roles", ["pending"], "running")
        with pytest.raises(JournalError, match="is running, not pending"), journal.session.transaction():
            journal.transition("create-roles", ["pending"], "running")


def test_a_transition_rolls_back_with_its_transaction(journal: Journal) -> None:
    def fail() -> None:
        with journal.session.transaction():
            journal.transition("create-roles", ["pending"], "running")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert journal.steps()[0].state == "pending"
    with pytest.raises(RuntimeError):
        journal.transition("create-roles", ["pending"], "running")


NONSENSE = [
    "UPDATE flatsplit.step SET state = 'odd'",
    "UPDATE flatsplit.cutover SET state = 'odd'",
    "INSERT INTO flatsplit.event (kind, message, os_user, os_host, tool_version) VALUES ('Odd', '', '', '', '')",
    "INSERT INTO flatsplit.change VALUES (1, '*', '', '{}', '')",
    """INSERT INTO flatsplit.action (step_id, ordinal, direction, description, sql, undo, lock)
       VALUES (1, 1, 'sideways', '', '', '', '')""",
    """INSERT INTO flatsplit.observation (source, role, database, client, application, state, sessions)
       VALUES ('activity', '', '', '', '', '', -1)""",
]


@pytest.mark.parametrize("statement", NONSENSE)
def test_the_server_refuses_what_makes_no_sense(journal: Journal, statement: str) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        journal.session.driver.execute(statement.encode())
