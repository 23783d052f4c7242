"""What was seen of sessions, and when somebody looked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flatsplit.connection import Session
from flatsplit.journal import Journal
from flatsplit.model import Backend
from tests.support.tracked import track

LEGACY = Backend("legacy", "shop", "10.0.0.1", "app", "idle", pid=1, backend_start="x")


@pytest.fixture
def journal(opened: Session) -> Journal:
    return track(opened)


def observe(journal: Journal, *seen: Backend) -> None:
    with journal.session.transaction():
        journal.observe(seen)


def test_nobody_looked_yet(journal: Journal) -> None:
    assert (journal.first_observed(), journal.last_observed(), journal.last_seen("legacy")) == (None, None, None)
    assert journal.looks() == 0


def test_having_seen_nobody_is_not_the_same_as_not_having_looked(journal: Journal) -> None:
    observe(journal)
    assert journal.looks() == 1
    assert journal.first_observed() == journal.last_observed() is not None
    assert journal.last_seen("legacy") is None
    assert journal.last_seen("") is None
    assert journal.observations("legacy") == journal.observations("") == []


def test_equal_sessions_are_counted(journal: Journal) -> None:
    observe(journal, LEGACY, replace(LEGACY, pid=2), replace(LEGACY, state="active"), replace(LEGACY, role="app_user"))
    seen = journal.observations("legacy")
    assert [(o.state, o.sessions) for o in seen] == [("active", 1), ("idle", 2)]
    assert {(o.role, o.database, o.client, o.application, o.source) for o in seen} == {
        ("legacy", "shop", "10.0.0.1", "app", "activity")
    }
    assert {o.at for o in seen} == {journal.last_observed()}
    assert [o.sessions for o in journal.observations("app_user")] == [1]


def test_last_seen_is_by_role_and_database(journal: Journal) -> None:
    observe(journal, LEGACY)
    first = journal.last_observed()
    observe(journal, replace(LEGACY, database="other"))
    second = journal.last_observed()
    observe(journal, replace(LEGACY, role="app_user"))
    assert journal.last_seen("legacy") == second
    assert journal.last_seen("legacy", "shop") == first
    assert journal.last_seen("legacy", "third") is None
    assert journal.first_observed() == first
    assert journal.looks() == 3
    assert journal.looks(second) == 2
    assert [o.database for o in journal.observations("legacy", since=second)] == ["other"]


def test_a_members_session_is_its_groups_and_its_login_is_kept_apart(journal: Journal) -> None:
    with journal.session.transaction():
        journal.observe([replace(LEGACY, role="member", acts_as=("legacy",))], logins=["member"])
    at = journal.last_observed()
    assert (journal.last_seen("legacy"), journal.last_seen("member")) == (at, None)
    assert (journal.last_login("legacy"), journal.last_login("member")) == (None, at)
    assert [len(journal.observations(role)) for role in ("legacy", "member")] == [1, 0]


def test_hostile_names_are_kept(journal: Journal) -> None:
    odd = Backend("l'é \\", 'd"b', "", "\\N\t%s:x", "idle in transaction")
    observe(journal, odd)
    (seen,) = journal.observations(odd.role)
    assert (seen.database, seen.client, seen.application) == (odd.database, "", odd.application)
