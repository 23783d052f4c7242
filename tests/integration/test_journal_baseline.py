"""The baseline in the database: what differs is written, what it replaces stays."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings

from flatsplit.connection import Session, operator_lock
from flatsplit.errors import JournalError
from flatsplit.journal import Journal
from flatsplit.model import ObjectFacts, ObjectRef, RoleFacts, State
from flatsplit.walks.split import STEP_KEYS
from tests.support.tracked import track
from tests.unit.test_journal_codec import TARGET, full_state, states


@pytest.fixture
def journal(opened: Session) -> Journal:
    return track(opened)


def save(journal: Journal, state: State) -> int:
    with journal.session.transaction():
        return journal.save_baseline(state)


def rows(journal: Journal) -> tuple[int, int]:
    """Current rows and superseded ones, without the mark."""
    query = """SELECT count(*) FILTER (WHERE superseded_at IS NULL), count(superseded_at)
               FROM flatsplit.baseline WHERE section <> 'saved'"""
    current, superseded = journal.session.driver.execute(query).fetchone() or (0, 0)
    return current, superseded


def test_before_the_first_there_is_none(journal: Journal) -> None:
    assert journal.load_baseline(TARGET) is None
    assert save(journal, State(TARGET)) == 0
    assert journal.load_baseline(TARGET) == State(TARGET)


def test_it_comes_back_for_the_target_of_the_day(journal: Journal) -> None:
    save(journal, full_state())
    assert journal.load_baseline(TARGET) == full_state()
    other = replace(TARGET, operator="anna")
    assert journal.load_baseline(other) == replace(full_state(), target=other)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=50
)
@given(states)
def test_nothing_is_lost_whatever_came_before(journal: Journal, state: State) -> None:
    save(journal, state)
    assert journal.load_baseline(TARGET) == state
    assert save(journal, state) == 0


def test_only_what_differs_is_written(journal: Journal) -> None:
    state = full_state()
    kept = save(journal, state)
    assert rows(journal) == (kept, 0)
    assert save(journal, state) == 0
    more = {**state.objects, ObjectRef("view", "public", "v"): ObjectFacts("legacy")}
    roles = {"a": RoleFacts(superuser=True)}
    assert save(journal, replace(state, objects=more, roles=roles, members={})) == 2
    assert rows(journal) == (kept, 2)  # a role changed, a membership is gone, a view is new
    assert journal.load_baseline(TARGET) == replace(state, objects=more, roles=roles, members={})
    assert save(journal, state) == 2
    assert journal.load_baseline(TARGET) == state
    assert rows(journal) == (kept, 4)


def test_it_belongs_to_the_active_cutover(journal: Journal) -> None:
    save(journal, full_state())
    cutover = journal.cutover()
    assert cutover is not None
    with journal.session.transaction():
        journal.end_cutover(cutover.id, "rolled_back")
    with pytest.raises(JournalError, match="no active cutover"):
        save(journal, full_state())
    with journal.session.transaction():
        journal.create_cutover(TARGET, name="again", legacy_role="legacy", legacy_oid=1, config="", steps=STEP_KEYS)
    assert journal.load_baseline(TARGET) is None


def test_it_is_read_once_while_nobody_else_can_change_it(journal: Journal) -> None:
    first, second = full_state(), replace(full_state(), roles={"a": RoleFacts(superuser=True)})
    save(journal, first)
    with operator_lock(journal.session):
        known = journal.load_baseline(TARGET)
        assert known == first
        assert journal.load_baseline(TARGET) is known
        with suppress(ZeroDivisionError), journal.session.transaction():
            journal.save_baseline(second)
            assert journal.load_baseline(TARGET) == second
            raise ZeroDivisionError
        assert journal.load_baseline(TARGET) == first
        save(journal, second)
        with operator_lock(journal.session):
            assert journal.load_baseline(TARGET) == second
    journal.session.driver.execute("DELETE FROM flatsplit.baseline WHERE section = 'roles'")
    assert journal.load_baseline(TARGET) == replace(first, roles={}), "without the lock it is read again"


def test_half_a_baseline_is_none(journal: Journal) -> None:
    with pytest.raises(RuntimeError):
        journal.save_baseline(full_state())

    def fail() -> None:
        with journal.session.transaction():
            journal.save_baseline(full_state())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert journal.load_baseline(TARGET) is None
