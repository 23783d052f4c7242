"""What the executor does with one statement that meets a lock, a warning, or nothing: each seen in that moment.

Walks meet these seldom, and then in passing. Here the journal, the listener and another session say what happened.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from flatsplit.connection import Session
from flatsplit.errors import MissingRights, Waiting
from flatsplit.executor import Executor
from flatsplit.executor.run import LAG_CHECK_SECONDS, Budget
from flatsplit.journal import Journal
from flatsplit.model import ObjectRef, Statement
from flatsplit.server.locks import Holder, holders
from flatsplit.server.replication import worst_lag
from tests.fixtures.databases import Database
from tests.support.patience import until
from tests.support.tracked import track

STEP = "grant-existing"
BUDGET = Budget(timedelta(milliseconds=170), timedelta(minutes=10), timedelta(seconds=10))


def nothing() -> None:
    """Done at an event of the executor, where a test does not care about it."""


class Hears:
    """A listener: who was waited for, and what is done ``then``, or ``after`` each transaction."""

    def __init__(self, then: Callable[[], None] = nothing, after: Callable[[], None] = nothing) -> None:
        self.then = then
        self.after = after
        self.waits: list[str] = []
        self.notes: list[str] = []
        self.done: list[int] = []

    def batch_done(self, first: str, done: int, total: int) -> None:
        self.done.append(done)
        self.after()

    def waiting_for(self, description: str, holders: Sequence[Holder], waited: float, patience: float) -> None:
        self.waits.append(description)
        self.then()

    def note(self, text: str) -> None:
        self.notes.append(text)


@pytest.fixture
def journal(opened: Session) -> Journal:
    return track(opened)


def executor(journal: Journal, hears: Hears, budget: Budget = BUDGET) -> Executor:
    return Executor(journal.session, journal, budget, hears, superuser=True, verifiers={}, shows="flatsplit plan")


def grant(table: str) -> Statement:
    sql = f"GRANT SELECT ON public.{table} TO legacy;"
    return Statement(f"grant on {table}", sql, "", "", (ObjectRef("table", "public", table),))


def recorded(journal: Journal) -> list[str]:
    return [action.description for action in journal.actions(STEP)]


def holds(database: Database, table: str) -> bool:
    row = database.admin.execute("select has_table_privilege('legacy', %s, 'select')", [f"public.{table}"]).fetchone()
    return row == (True,)


def lock(name: str, before: str = "") -> Statement:
    sql = f"{before}LOCK TABLE public.{name} IN ACCESS EXCLUSIVE MODE;"
    return Statement(f"lock {name}", sql, "", "ACCESS EXCLUSIVE", (ObjectRef("table", "public", name),))


NOTED = (
    "SELECT setval('public.waited', last_value * 1000 + replace(current_setting('lock_timeout'), 'ms', '')::int)"
    " FROM public.waited; "
)
"""Leaves behind how long it would be waited for a lock, whatever becomes of the transaction: see waits_of."""


def waits_of(database: Database) -> list[int]:
    """The lock_timeout of each attempt with NOTED, in milliseconds. A sequence keeps what is rolled back."""
    row = database.admin.execute("select last_value::text from public.waited").fetchone()
    assert row is not None
    return [int(row[0][place : place + 3]) for place in range(1, len(row[0]), 3)]


def test_what_the_server_only_warns_of_is_a_refusal(database: Database, journal: Journal) -> None:
    """GRANT without grant option grants nothing and warns. What went before it in the batch stays, on record.

    A batch that fails after the warning, here at a lock, is not taken for one that was warned of.
    """
    database.execute("create table public.mine (); create table public.other (); create role giver login")
    database.execute("grant select on public.other to giver; alter table public.mine owner to giver")
    database.execute("create table public.busy ()")
    mine, other = grant("mine"), grant("other")
    by_giver = [one.but(sql=f"SET LOCAL ROLE giver; {one.sql} RESET ROLE;") for one in (mine, other)]
    with psycopg.connect(database.dsn) as holder:
        holder.execute("lock table public.busy in access share mode")
        with pytest.raises(MissingRights, match="grant on other: the server only warned: no privileges were granted"):
            executor(journal, Hears()).run(STEP, "forward", [*by_giver, lock("busy")])
    assert (holds(database, "mine"), holds(database, "other")) == (True, False)
    assert recorded(journal) == ["grant on mine"]


def test_what_is_gone_is_passed_over_and_told(database: Database, journal: Journal) -> None:
    database.execute("create table public.a (); create table public.c ()")
    hears = Hears()
    assert executor(journal, hears).run(STEP, "forward", [grant("a"), grant("b"), grant("c")]) == 2
    assert recorded(journal) == ["grant on a", "grant on c"]
    assert hears.notes == ["gone meanwhile, passed over: grant on b"]
    assert [event.message for event in journal.events("vanished")] == ["grant on b"]


def test_one_lock_that_does_not_come_holds_up_no_other_statement(database: Database, journal: Journal) -> None:
    """Nothing is waited for at first; then alone, and for as long as the budget says, with no lock held."""
    database.execute("create table public.a (); create table public.busy (); create sequence public.waited")
    with psycopg.connect(database.dsn) as holder:
        holder.execute("lock table public.busy in access share mode")
        seen: list[tuple[list[str], list[int]]] = []

        def then() -> None:
            with database.admin.transaction():
                database.admin.execute("lock table public.a in access exclusive mode nowait")
            seen.append((recorded(journal), waits_of(database)))
            holder.rollback()

        hears = Hears(then)
        first, last = grant("a"), grant("a").but(description="again", sql="GRANT UPDATE ON public.a TO legacy;")
        assert executor(journal, hears).run(STEP, "forward", [first, lock("busy", NOTED), last]) == 3
    assert hears.waits == ["lock busy"]
    assert seen == [(["grant on a", "again"], [10, 10, 10, 170])]
    assert recorded(journal) == ["grant on a", "again", "lock busy"]


def test_who_waits_for_a_lock_is_not_said_to_hold_it(database: Database) -> None:
    database.execute("create table public.busy ()")
    waits = "select count(*) from pg_locks where relation = 'public.busy'::regclass and not granted"
    with psycopg.connect(database.dsn) as holder, psycopg.connect(database.dsn) as other, ThreadPoolExecutor(1) as pool:
        holder.execute("lock table public.busy in access share mode")
        waiting = pool.submit(other.execute, "lock table public.busy in access exclusive mode")
        try:
            until(lambda: database.admin.execute(waits).fetchone() == (1,), "the second session's wait")
            found = holders(database.admin, [ObjectRef("table", "public", "busy")])
            assert [one.pid for one in found] == [holder.info.backend_pid]
        finally:
            holder.rollback()
            waiting.result()


class Clock:
    """Stands in for :mod:`time` in the executor: ten minutes pass in each pause, of which it keeps the length."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def go_on(self, seconds: float) -> None:
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += 600


def test_patience_counts_from_the_last_success(
    database: Database, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contended statements take turns. Each success begins the patience and the pauses anew; then patience ends."""
    database.execute("create table public.a (); create table public.one (); create table public.two ()")
    clock = Clock()
    monkeypatch.setattr("flatsplit.executor.run.time", clock)
    patient = Budget(BUDGET.lock_timeout, timedelta(minutes=45), BUDGET.max_replication_lag)
    with psycopg.connect(database.dsn) as first, psycopg.connect(database.dsn) as second:
        first.execute("lock table public.one in access share mode")
        second.execute("lock table public.two in access share mode")
        hears = Hears(lambda: first.rollback() if len(hears.waits) == 4 else None)
        with pytest.raises(Waiting, match=r"no lock for 50m.*: lock two"):
            executor(journal, hears, patient).run(STEP, "forward", [lock("one"), lock("two"), grant("a")])
    assert hears.waits == ["lock one", "lock two"] * 2 + ["lock two"] * 6
    assert recorded(journal) == ["grant on a", "lock one"]
    longest = [1.5 * 0.05 * 1.6**place for place in (0, 1, 2, 3, 0, 1, 2, 3, 4)]
    assert all(most / 3 <= pause <= most for pause, most in zip(clock.pauses, longest, strict=True)), clock.pauses


def test_how_far_standbys_are_is_asked_again_and_again(
    database: Database, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not before each transaction, but never longer ago than LAG_CHECK_SECONDS."""
    database.execute("create table public.a ()")
    clock, asked = Clock(), list[float]()
    monkeypatch.setattr("flatsplit.executor.run.time", clock)

    def ask(conn: psycopg.Connection[Any]) -> timedelta:
        asked.append(clock.now)
        return worst_lag(conn)

    monkeypatch.setattr("flatsplit.executor.run.worst_lag", ask)
    hears = Hears(after=lambda: clock.go_on(LAG_CHECK_SECONDS * 0.6))
    executor(journal, hears).run(STEP, "forward", [lock("a").but(alone=True)] * 5)
    assert len(hears.done) == 5
    assert asked == pytest.approx([1000 + LAG_CHECK_SECONDS * 1.2 * turn for turn in range(3)])
