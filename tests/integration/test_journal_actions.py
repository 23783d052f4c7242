"""Actions, changes and events: written next to the statements, told in the order of time, streamed."""

from __future__ import annotations

import os
import socket
from collections import Counter
from itertools import pairwise

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flatsplit import __version__, ddl
from flatsplit.connection import Session, open_session
from flatsplit.errors import JournalError
from flatsplit.journal import ActionRecord, Direction, EventRecord, Journal, ledger, story
from flatsplit.model import OWNER, Change, Statement
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.tracked import statement, track

GRANT = Change("+", "privilege", "table public.t", f"app_user=arwd/{OWNER}")
DONE: tuple[Direction, ...] = ("forward", "catch-up", "repair", "by-hand")
"""Every direction but back."""


def password_of(role: str) -> Statement:
    return statement(ddl.change_password(role))


@pytest.fixture
def journal(opened: Session) -> Journal:
    return track(opened)


def test_a_statement_becomes_an_action_with_its_changes(journal: Journal) -> None:
    revoke = Change("-", "privilege", "table public.u", "x=r/y")
    with journal.session.transaction():
        ids = journal.record(
            "grant-existing", "forward", [statement("A", GRANT), statement("B", GRANT, revoke), statement("C")], ["why"]
        )
    actions = list(journal.actions("grant-existing"))
    assert [action.id for action in actions] == ids
    assert [action.sql for action in actions] == ["A", "B", "C"]
    assert [action.ordinal for action in actions] == [1, 2, 3]
    assert [action.note for action in actions] == ["why", None, None]
    first = actions[0]
    assert (first.step, first.direction, first.description) == ("grant-existing", "forward", "run A")
    assert (first.undo, first.lock, first.undone_at) == ("SELECT 2", "ACCESS EXCLUSIVE", None)
    assert journal.changes(ids[0]) == [GRANT._replace(detail="app_user=arwd/owner")]
    assert journal.changes(ids[1]) == [GRANT._replace(detail="app_user=arwd/owner"), revoke]
    assert journal.changes(ids[2]) == []


def test_ordinals_go_on_within_a_step(journal: Journal) -> None:
    with journal.session.transaction():
        journal.record("grant-existing", "forward", [statement("A"), statement("B")])
        journal.record("grant-existing", "catch-up", [statement("C")])
        journal.record("verify", "by-hand", [statement("D")])
        assert journal.record("verify", "repair", []) == []
    assert [(a.step, a.ordinal, a.direction) for a in journal.actions()] == [
        ("grant-existing", 1, "forward"),
        ("grant-existing", 2, "forward"),
        ("grant-existing", 3, "catch-up"),
        ("verify", 1, "by-hand"),
    ]


def test_the_record_and_the_change_share_their_fate(journal: Journal) -> None:
    session = journal.session

    def fail() -> None:
        with session.transaction():
            session.driver.execute(b"CREATE TABLE public.t ()")
            journal.record("grant-existing", "forward", [statement("CREATE TABLE public.t ()", GRANT)])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert list(journal.actions()) == []
    left = session.driver.execute("SELECT to_regclass('public.t'), count(*) FROM flatsplit.change").fetchone()
    assert left == (None, 0)
    with pytest.raises(RuntimeError):
        journal.record("grant-existing", "forward", [statement()])


def test_only_steps_of_the_active_cutover_have_actions(journal: Journal) -> None:
    with pytest.raises(JournalError, match="no step nonsense"), journal.session.transaction():
        journal.record("nonsense", "forward", [statement()])  # the step is not there
    cutover = journal.cutover()
    assert cutover is not None
    with journal.session.transaction():
        journal.end_cutover(cutover.id, "complete")
    with pytest.raises(JournalError, match="active cutover"), journal.session.transaction():
        journal.record("verify", "forward", [statement()])


odd = ["\\N", "\\.", "\\", "\\\\", "\t", "\n", "\r\n", "\\n", "\\t", "a\tb", "\\x41", "\\101", "\b\f\v", "", "'", '"']
letters = st.characters(exclude_characters="\0", exclude_categories=["Cs"])
anything = st.text(letters, max_size=30) | st.sampled_from(odd)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=60
)
@given(st.lists(st.tuples(*[anything] * 7), min_size=1, max_size=4))
def test_hostile_content_comes_back_as_it_was(journal: Journal, rows: list[tuple[str, ...]]) -> None:
    statements = [
        Statement(a, b, c, d, changes=(Change("+", e, f, g), Change("-", g, f, e)))  # type: ignore[arg-type]  # any text
        for a, b, c, d, e, f, g in rows
    ]
    with journal.session.transaction():
        ids = journal.record("grant-existing", "forward", statements, [row[0] for row in rows])
    found = [action for action in journal.actions() if action.id in set(ids)]
    assert [(a.description, a.sql, a.undo, a.lock, a.note) for a in found] == [(*row[:4], row[0]) for row in rows]
    # A set of facts: rows of one statement may fill holes that aborted transactions left, in any order
    assert [Counter(journal.changes(id_)) for id_ in ids] == [Counter(s.changes) for s in statements]


def test_what_was_rolled_back_counts_nowhere(journal: Journal) -> None:
    """Neither as done, nor among the tallies and the passwords; and what rolled it back never does."""

    def counted() -> tuple[dict[str, int], list[str]]:
        return {tally.step: tally.statements for tally in journal.tallies()}, [one.sql for one in journal.passwords()]

    with journal.session.transaction():
        for direction, name in zip(DONE, "abcd", strict=True):
            journal.record("grant-existing", direction, [password_of(name)])
        journal.record("verify", "forward", [password_of("e")])
        journal.record("grant-existing", "back", [password_of("f")])
    assert counted() == ({"grant-existing": 4, "verify": 1}, [password_of(name).sql for name in "abcde"])
    with journal.session.transaction():
        assert journal.mark_undone("grant-existing") == 4
    undone = {action.sql: action.undone_at for action in journal.actions()}
    assert {sql for sql, at in undone.items() if at} == {password_of(name).sql for name in "abcd"}
    assert counted() == ({"verify": 1}, [password_of("e").sql])
    with journal.session.transaction():
        journal.record("grant-existing", "forward", [password_of("a")])
    assert counted() == ({"grant-existing": 1, "verify": 1}, [password_of(name).sql for name in "ea"])
    with journal.session.transaction():
        assert journal.mark_undone("grant-existing") == 1
    assert undone[password_of("a").sql] == next(journal.actions()).undone_at, "when it was undone first"


# -- events


def test_an_event_says_who_from_where_and_when(journal: Journal, database: Database) -> None:
    said = "it's 3 a.m. \\ %s"
    details = {"gate": "soaked", "päth": ["a", None, 1.5], "quote'\"\\": "%s :x"}
    with journal.session.transaction():
        journal.event("waiver", "lock-legacy", said, details)
    (event,) = journal.events()
    assert (event.kind, event.step, event.message, event.details) == ("waiver", "lock-legacy", said, details)
    assert (event.db_user, event.client_addr, event.os_host) == ("postgres", "", socket.gethostname())
    assert (event.os_user, event.tool_version) == (story.os_user(), __version__)


def test_an_event_knows_the_address(make_database: MakeDatabase, fresh_cluster: FreshCluster) -> None:
    cluster = fresh_cluster(loopback=True)
    database = make_database(cluster=cluster)
    with open_session(database.conninfo(tcp=True)) as session:
        journal = track(session)
        journal.event("init")
        assert journal.events()[0].client_addr == "127.0.0.1"


def test_events_can_be_told_apart(journal: Journal) -> None:
    for kind, step in [("init", None), ("step", "verify"), ("step", "lock-legacy"), ("gate", "verify")]:
        journal.event(kind, step)
    assert [event.step for event in journal.events(kind="step")] == ["verify", "lock-legacy"]
    assert [event.kind for event in journal.events(step="verify")] == ["step", "gate"]
    assert len(journal.events()) == 4


def test_whoever_is_behind_sudo_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_USER", raising=False)
    alone = story.os_user()
    monkeypatch.setenv("SUDO_USER", "anna")
    assert story.os_user() == f"{alone} (sudo by anna)"
    monkeypatch.delenv("SUDO_USER")
    monkeypatch.setattr(os, "getuid", lambda: 987654)
    assert story.os_user() == "uid 987654"


def test_history_is_in_the_order_of_time(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_PAGE", 3)
    monkeypatch.setattr(story, "_PAGE", 2)
    for number in range(10):
        with journal.session.transaction():
            journal.event("step", "grant-existing", str(number))
            journal.record("grant-existing", "forward", [statement(f"{number}a"), statement(f"{number}b")])
    told = list(journal.history())
    assert all(one.at <= next_.at for one, next_ in pairwise(told))
    said = [record.message if isinstance(record, EventRecord) else record.sql for record in told]
    assert said == [word for number in range(10) for word in (str(number), f"{number}a", f"{number}b")]
    assert sum(isinstance(record, ActionRecord) for record in told) == 20
    # between two of its lines other questions can be asked
    for _ in journal.history():
        assert journal.cutover() is not None


# -- secrets


def test_no_verifier_reaches_the_journal(opened: Session, journal: Journal, database: Database) -> None:
    database.execute("CREATE ROLE app_user")
    verifier = opened.driver.pgconn.encrypt_password(b"s3cr3t-word", b"app_user", b"scram-sha-256").decode()
    sql = ddl.login_with_password("app_user")
    assert verifier not in sql
    enable = Statement("let app_user log in", sql, "ALTER ROLE app_user NOLOGIN", "", secrets=("app_user",))
    with opened.transaction():
        opened.driver.execute(ddl.fill_verifier(sql, "app_user", verifier).encode())
        journal.record("enable-login", "forward", [enable])
        journal.event("step", "enable-login", "done", {"roles": ["app_user"]})
    kept = opened.driver.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'app_user'").fetchone()
    assert kept == (verifier,)
    for table in ("cutover", "step", "action", "change", "baseline", "event", "observation"):
        rows = opened.driver.execute(f"SELECT t::text FROM flatsplit.{table} AS t".encode()).fetchall()
        assert not [row for (row,) in rows if "SCRAM-SHA-256" in row or "s3cr3t" in row]


@pytest.mark.majors("two")
def test_a_broken_connection_loses_both_or_none(database: Database, opened: Session, journal: Journal) -> None:
    with open_session(database.dsn) as doomed:

        def lose() -> None:
            with doomed.transaction():
                doomed.driver.execute(b"CREATE TABLE public.t ()")
                Journal(doomed).record("grant-existing", "forward", [statement("CREATE TABLE public.t ()")])
                opened.driver.execute("SELECT pg_terminate_backend(%s)", (doomed.driver.info.backend_pid,))
                doomed.driver.execute("SELECT pg_sleep(10)")

        with pytest.raises(psycopg.OperationalError):
            lose()
    assert list(journal.actions()) == []
    assert opened.driver.execute("SELECT to_regclass('public.t')").fetchone() == (None,)
