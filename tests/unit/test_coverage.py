"""How much of a period was covered by looks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from flatsplit.evidence.coverage import coverage, still
from flatsplit.journal import CounterRecord, LookRecord
from flatsplit.server.counters import Counter, growth

START = datetime(2030, 1, 1, tzinfo=UTC)
HOLE = timedelta(minutes=15)


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def look(minutes: float, until: float | None = None, hole: float = 0) -> LookRecord:
    return LookRecord(at(minutes), at(minutes if until is None else until), timedelta(minutes=hole))


def counter(minutes: float, calls: int, epoch: str = "one") -> CounterRecord:
    return CounterRecord(at(minutes), "legacy", calls, None, epoch)


def test_without_a_look_only_a_short_time_counts() -> None:
    assert coverage(at(0), at(10), [], HOLE).covered == timedelta(minutes=10)
    found = coverage(at(0), at(60), [], HOLE)
    assert (found.covered, found.holes, found.open_hole) == (timedelta(), ((at(0), at(60)),), True)


def test_holes_are_left_out_and_named() -> None:
    found = coverage(at(0), at(60), [look(10), look(20), look(50), look(55)], HOLE)
    assert found.covered == timedelta(minutes=30)
    assert found.holes == ((at(20), at(50)),)
    assert not found.open_hole


def test_looks_before_the_beginning_do_not_count() -> None:
    assert coverage(at(0), at(10), [look(-500), look(-3), look(0)], HOLE).covered == timedelta(minutes=10)


def test_sums_count_as_long_as_they_have_no_large_hole_and_only_from_the_beginning_on() -> None:
    assert coverage(at(0), at(600), [look(-100, 590, 5)], HOLE).covered == timedelta(minutes=600)
    found = coverage(at(0), at(600), [look(-100, 590, 16)], HOLE)
    assert (found.covered, found.holes) == (timedelta(minutes=10), ((at(0), at(590)),))


def test_a_hole_as_long_as_is_allowed_counts_as_watched() -> None:
    assert coverage(at(0), at(30), [look(15)], HOLE).holes == ()
    assert coverage(at(0), at(30), [look(14.9)], HOLE).holes == ((at(14.9), at(30)),)


def test_a_look_during_a_sum_ends_nothing_and_counts_no_time_twice() -> None:
    found = coverage(at(0), at(600), [look(0, 590, 5), look(100)], HOLE)
    assert (found.covered, found.holes) == (timedelta(minutes=600), ())


def test_a_counter_that_stands_still_bridges_a_hole() -> None:
    looks = [look(0), look(100)]
    assert coverage(at(0), at(100), looks, HOLE, [counter(0, 7), counter(100, 7)]).holes == ()
    for other in (counter(100, 8), counter(100, 7, "two")):
        assert coverage(at(0), at(100), looks, HOLE, [counter(0, 7), other]).holes == ((at(0), at(100)),)
    assert coverage(at(0), at(100), looks, HOLE, [counter(0, 7, ""), counter(100, 7, "")]).covered == timedelta()
    assert coverage(at(0), at(100), looks, HOLE, [counter(50, 7)]).covered == timedelta()


def test_a_counter_that_came_back_to_its_value_did_not_stand_still() -> None:
    assert not still([counter(0, 7), counter(5, 0, "two"), counter(10, 7)], at(0), at(10))
    assert still([counter(0, 7), counter(5, 7), counter(10, 7)], at(1), at(9))


def test_growth_is_known_or_said_to_be_unknown() -> None:
    def grown(calls: int, epoch: str) -> int | None:
        return growth((7, "start|reset|0"), Counter("legacy", calls, epoch))

    assert growth(None, Counter("legacy", 7, "x")) is None
    assert grown(9, "start|reset|0") == 2
    assert grown(7, "start|reset|0") == 0
    assert grown(9, "start|reset|1") == 2  # entries went, and yet there are more calls
    assert grown(5, "start|reset|1") is None
    assert grown(3, "start|later|0") == 3  # counted since the reset
    assert grown(0, "start|later|0") is None
