"""Past days are summed up: whatever gates ask of the journal is answered as it was before, or more cautiously."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import combinations, groupby, pairwise
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flatsplit.connection import Session
from flatsplit.evidence.coverage import Coverage, coverage, still
from flatsplit.journal import Journal
from tests.support.tracked import track

DAYS = 2
MINUTES = DAYS * 24 * 60


class Look(NamedTuple):
    """One look: the minute, whether legacy was seen, and how many statements it had run since the look before."""

    minute: int
    seen: bool
    growth: int


looks = st.lists(
    st.builds(Look, st.integers(0, MINUTES - 1), st.booleans(), st.sampled_from([0, 0, 0, 1])),
    min_size=2,
    max_size=12,
    unique_by=lambda look: look.minute,
)


@pytest.fixture
def journal(opened: Session) -> Journal:
    return track(opened)


def record(journal: Journal, made: Sequence[Look]) -> datetime:
    """Put these looks into the journal; returns the midnight from which their minutes count."""
    driver = journal.session.driver
    row = driver.execute("SELECT date_trunc('day', now()) - interval '6 days'").fetchone()
    assert row is not None
    start: datetime = row[0]
    driver.execute("TRUNCATE flatsplit.observation, flatsplit.counter")
    add = (
        "INSERT INTO flatsplit.observation (at, source, role, database, client, application, state, sessions)"
        " VALUES (%s, %s, %s, %s, '', '', '', %s)"
    )
    calls = 0
    for minute, seen, growth in sorted(made):
        at, calls = start + timedelta(minutes=minute), calls + growth
        driver.execute(add, (at, "look", "", "", int(seen)))
        for source in ("activity", "login") if seen else ():
            driver.execute(add, (at, source, "legacy", "shop", 1))
        driver.execute(
            "INSERT INTO flatsplit.counter (at, role, calls, growth, epoch) VALUES (%s, 'legacy', %s, %s, 'one')",
            (at, calls, growth),
        )
    return start


def watched(journal: Journal, start: datetime, largest: timedelta) -> Coverage:
    end = start + timedelta(minutes=MINUTES)
    return coverage(start, end, journal.look_times(start), largest)


def answers(journal: Journal) -> dict[str, Any]:
    """What has to be the same."""
    return {
        "seen": journal.last_seen("legacy", "shop"),
        "login": journal.last_login("legacy", "shop"),
        "active": journal.last_active("legacy"),
        "looks": (journal.looks(), journal.first_observed(), journal.last_observed()),
    }


def quiet(journal: Journal, start: datetime, made: Sequence[Look]) -> dict[tuple[int, int], bool]:
    """For each time between two looks, in minutes, whether the counters tell that legacy ran nothing in it."""
    counters, minutes = journal.counters("legacy"), sorted(look.minute for look in made)
    moments = {minute: start + timedelta(minutes=minute) for minute in minutes}
    return {(one, two): still(counters, moments[one], moments[two]) for one, two in combinations(minutes, 2)}


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=25
)
@given(looks, st.integers(1, MINUTES))
def test_sums_say_what_single_looks_said(journal: Journal, made: list[Look], largest: int) -> None:
    start = record(journal, made)
    hole, minutes = timedelta(minutes=largest), sorted(look.minute for look in made)
    expected, single, ran_nothing = answers(journal), watched(journal, start, hole), quiet(journal, start, made)

    with journal.session.transaction():
        journal.sum_up_observations(lambda begin, end: False)

    days = [list(of_day) for _, of_day in groupby(minutes, lambda minute: minute // (24 * 60))]
    assert len(journal.look_times()) == len(days), "one row a day"
    assert answers(journal) == expected
    for time, now in quiet(journal, start, made).items():
        assert not now or ran_nothing[time]
        if time in [(day[0], day[-1]) for day in days] + [(one[-1], two[0]) for one, two in pairwise(days)]:
            assert now == ran_nothing[time], "a whole day, or the night after it"
    summed = watched(journal, start, hole)
    assert summed.covered <= single.covered
    if all(later - earlier <= largest for earlier, later in pairwise(minutes)):
        assert summed == single


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None, max_examples=10
)
@given(looks)
def test_a_time_that_counters_bridge_is_no_hole_of_a_day(journal: Journal, made: list[Look]) -> None:
    start = record(journal, made)
    with journal.session.transaction():
        journal.sum_up_observations(lambda begin, end: True)
    assert {look.hole for look in journal.look_times(start)} == {timedelta()}
