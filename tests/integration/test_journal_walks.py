"""Several walks in one journal: each has steps, actions, events and a baseline of its own."""

from __future__ import annotations

import pytest

from flatsplit.connection import Session
from flatsplit.errors import JournalError
from flatsplit.journal import Journal, revisions
from flatsplit.model import SPLIT, RoleFacts, State, WalkName
from tests.fixtures.databases import Database
from tests.support.tracked import CONFIG, TARGET, statement, track

HOSTILE = WalkName("group", 'a:b "c" %')


@pytest.fixture
def split(opened: Session) -> Journal:
    return track(opened)


def begin(session: Session, walk: WalkName, steps: tuple[str, ...] = ("one", "two")) -> Journal:
    journal = Journal(session, walk)
    with session.transaction():
        journal.create_cutover(TARGET, name="shop", legacy_role="legacy", legacy_oid=1, config=CONFIG, steps=steps)
    return journal


def test_a_name_is_what_people_type() -> None:
    assert [str(SPLIT), str(HOSTILE), HOSTILE.words, SPLIT.words] == [
        "split",
        'group:a:b "c" %',
        'group a:b "c" %',
        "split",
    ]
    assert WalkName.parse(str(HOSTILE)) == HOSTILE
    assert WalkName.parse("split") == SPLIT


@pytest.mark.majors("two")
def test_each_walk_has_its_own(split: Journal) -> None:
    session = split.session
    group = begin(session, HOSTILE)
    assert [record.walk for record in split.walks()] == [SPLIT, HOSTILE]
    states = [State(TARGET, roles={name: RoleFacts()}) for name in ("legacy", "app_user")]
    with session.transaction():
        for journal, key, state in zip((split, group), ("verify", "two"), states, strict=True):
            journal.transition(key, ["pending"], "running")
            journal.record(key, "forward", [statement(f"SELECT '{key}'")])
            journal.event("started", key, "here")
            journal.save_baseline(state)
            journal.save_snapshot(key, {}, {}, {})

    for journal, key, state in zip((split, group), ("verify", "two"), states, strict=True):
        again = Journal(session, journal.walk)
        assert {step.key for step in again.steps() if step.state == "running"} == {key}
        assert [action.step for action in again.actions()] == [key]
        assert [(event.step, event.walk) for event in again.events()] == [(key, str(journal.walk))]
        assert [tally.step for tally in again.tallies()] == [key]
        assert again.load_baseline(TARGET) == state
        snapshot = again.last_snapshot()
        assert snapshot is not None
        assert snapshot.step == "two", "what another walk changed is no news"
    assert {record.walk for record in split.history()} == {"split", str(HOSTILE)}
    assert {record.walk for record in group.history(everybody=False)} == {str(HOSTILE)}
    with pytest.raises(JournalError, match="no step verify"), session.transaction():
        group.record("verify", "forward", [statement()])


def test_there_is_one_of_each_name(split: Journal) -> None:
    session = split.session
    group = begin(session, HOSTILE)
    begin(session, WalkName("group", "other"))
    with pytest.raises(JournalError, match='group a:b "c" % of this database is under way'):
        begin(session, HOSTILE)
    record = group.cutover()
    assert record is not None
    with session.transaction():
        group.end_cutover(record.id, "rolled_back")
    assert group.cutover() is None
    assert group.steps() == []
    with pytest.raises(JournalError, match="no step one"), session.transaction():
        group.record("one", "forward", [statement()])
    again = begin(session, HOSTILE, ("one", "between", "two"))
    assert [step.key for step in again.steps()] == ["one", "between", "two"]
    assert [step.key for step in again.steps(record.id)] == ["one", "two"]


@pytest.mark.majors("two")
def test_what_happened_before_there_were_kinds_is_the_splits(opened: Session, database: Database) -> None:
    journal = Journal(opened)
    with opened.transaction():
        opened.driver.execute("CREATE SCHEMA flatsplit")
        revisions.upgrade(opened, "0003")
    former = """
        INSERT INTO flatsplit.cutover
          (name, legacy_role, legacy_oid, database_oid, system_identifier, config, tool_version, state, created_at)
        VALUES ('shop', 'legacy', 1, 5, '7', '', '0.1.0', '{}', '{}')
    """
    told = """
        INSERT INTO flatsplit.event (at, kind, message, os_user, os_host, tool_version)
        VALUES ('{}', 'init', '{}', '', '', '')
    """
    database.execute(former.format("complete", "2026-01-01") + ";" + former.format("active", "2026-02-01"))
    database.execute(told.format("2026-01-02", "former") + ";" + told.format("2026-02-02", "present"))
    record = journal.cutover()
    assert record is not None
    assert record.walk == SPLIT, "an older schema can be read"
    assert journal.steps() == []

    with opened.transaction():
        journal.upgrade(None, [database.legacy])

    assert [(record.walk, record.state) for record in journal.cutovers()] == [(SPLIT, "complete"), (SPLIT, "active")]
    assert [event.message for event in journal.events()] == ["present"]
    assert [record.walk for record in journal.history()] == ["split", "split"]
