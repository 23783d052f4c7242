"""Walks in one chain: each is planned, checked and taken back with the others' facts where they are. No server."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from flatsplit.differ import diff
from flatsplit.model import SPLIT, Member, RoleFacts, State, StepRecord, WalkName
from flatsplit.planning.chain import KeptWalk
from flatsplit.planning.digest import digest
from flatsplit.planning.situation import Situation
from flatsplit.walks.kind import Kind
from flatsplit.walks.split.kind import SPLIT as SPLIT_KIND
from flatsplit.walks.split.remembered import reduce
from flatsplit.walks.undo import remembered
from tests.support import ledger
from tests.support.deputy import DEPUTY, HUSH, MAKE
from tests.support.ledger import Ledger
from tests.support.states import World, worlds

EXAMPLES = settings(max_examples=int(os.environ.get("FLATSPLIT_LAW_EXAMPLES", "15")))
ALL = len(SPLIT_KIND.steps)


def records(kind: Kind[Any], done: int, running: Sequence[str] = ()) -> dict[str, StepRecord]:
    return {
        key: StepRecord(
            key, place, "done" if place <= done else "running" if key in running else "pending", None, None, "d", False
        )
        for place, key in enumerate(kind.keys, start=1)
    }


def split_of(world: World, live: State, done: int) -> Situation[Any]:
    """The split of a world, by itself."""
    return Situation(SPLIT_KIND, live, reduce(world.state, world.config), world.config, records(SPLIT_KIND, done))


def with_deputy(split: Situation[Any], baseline: State, role: str, done: int, *running: str) -> Situation[Any]:
    """The same moment with a deputy's walk that began later."""
    name = WalkName("deputy", role)
    rows = records(DEPUTY, done, running)
    link = KeptWalk(name, DEPUTY, split.live, remembered(baseline, (role, f"{role}_deputy")), split.config, rows, False)
    return replace(split, others=(link,))


def walked(world: World, done: int) -> State:
    """What so many steps of the split make of a world."""
    state = world.state
    for count in range(1, done + 1):
        state = SPLIT_KIND.steps[count - 1].apply(state, split_of(world, state, count - 1).context)
    return state


def facts(state: State) -> set[ledger.Fact]:
    return set(ledger.facts(state))


@EXAMPLES
@given(worlds())
def test_what_a_later_walk_changed_is_no_drift(world: World) -> None:
    """The split wants app_readonly to log in, and the deputy's walk that it does not."""
    role, before = world.config.roles.app_readonly, walked(world, 5)
    for done in (1, 2):
        live = DEPUTY.through(before, DEPUTY.context(_moment(before, role)), done)
        split = with_deputy(split_of(world, live, 5), before, role, done)
        assert diff(live, split.desired(5)) == split_of(world, before, 5).drift
        deputy = split.turned(split.others[0].name)
        assert deputy.drift == split.drift
        assert deputy.name == split.others[0].name
        assert deputy.turned(SPLIT) == split


@EXAMPLES
@given(worlds())
def test_a_walk_goes_back_to_where_it_began(world: World) -> None:
    role, before = world.config.roles.app_readonly, walked(world, 5)
    live = DEPUTY.through(before, DEPUTY.context(_moment(before, role)), 2)
    deputy = with_deputy(split_of(world, live, 5), before, role, 2).turned(WalkName("deputy", role))
    for key in (HUSH, MAKE):
        want, _ = deputy.taken_back(key)
        back = Ledger(deputy.live).run(diff(deputy.live, want))
        assert back == facts(want)
        assert replace(deputy, live=want).rollback_plan(key).statements == (), "what is back asks for nothing more"
        deputy = replace(deputy, live=want, records=records(DEPUTY, 1 if key == HUSH else 0))
    assert facts(deputy.live) == facts(before)


@EXAMPLES
@given(worlds())
def test_the_split_goes_back_and_leaves_others_walks_alone(world: World) -> None:
    """Beside a split of so many steps ``third`` has a deputy, which neither sees the split's way back nor is seen."""
    role = "third"
    for done in (1, 3, 5, 7):
        before = walked(world, done)
        live = DEPUTY.through(before, DEPUTY.context(_moment(before, role)), 2)
        alone, beside = split_of(world, before, done), with_deputy(split_of(world, live, done), before, role, 2)
        assert beside.drift == alone.drift
        assert beside.above() is None
        want, _ = beside.taken_back(SPLIT_KIND.keys[0])
        plain, _ = alone.taken_back(SPLIT_KIND.keys[0])
        both = DEPUTY.through(plain, DEPUTY.context(_moment(plain, role)), 2)
        assert facts(want) == facts(both)


@EXAMPLES
@given(worlds())
def test_what_is_taken_back_exactly_leaves_nothing_to_take_back(world: World) -> None:
    """Step by step, as rollback does it: that one is not planned anew where what is there is what was wanted."""
    for done in (ALL - 1, 5):
        split = split_of(world, walked(world, done), done)
        for place in range(done, 0, -1):
            key = SPLIT_KIND.keys[place - 1]
            want, _ = split.taken_back(key)
            under_way = records(SPLIT_KIND, place - 1, (key,))
            assert replace(split, live=want, records=under_way).rollback_plan(key).statements == (), key
            split = replace(split, live=want, records=records(SPLIT_KIND, place - 1))


@EXAMPLES
@given(worlds())
def test_the_next_step_is_what_it_is_without_the_others(world: World) -> None:
    before = walked(world, 3)
    live = DEPUTY.through(before, DEPUTY.context(_moment(before, "third")), 1)
    alone, beside = split_of(world, before, 3), with_deputy(split_of(world, live, 3), before, "third", 1)
    key = SPLIT_KIND.keys[3]
    assert beside.plan(key).statements == alone.plan(key).statements
    assert beside.plan(key).digest == alone.plan(key).digest
    deputy = beside.turned(WalkName("deputy", "third"))
    assert [change.fact for one in deputy.plan(HUSH).statements for change in one.changes] in ([], ["attribute"] * 2)


def test_the_digest_covers_kind_and_subject() -> None:
    """Of the same statements; that of a split is what it was before there were others."""
    made = {
        digest(_target(), "legacy", 1, HUSH, (), *walk)
        for walk in ((), (WalkName("deputy", "a"),), (WalkName("deputy", "b"),), (WalkName("twin", "a"),))
    }
    assert len(made) == 4
    assert digest(_target(), "legacy", 1, HUSH, (), SPLIT) == digest(_target(), "legacy", 1, HUSH, ())


@EXAMPLES
@given(worlds())
def test_what_a_broken_off_step_of_another_walk_took_is_not_given_back(world: World) -> None:
    """``hush`` was killed when app_readonly could not log in any more: the split must not let it in again."""
    role, before = world.config.roles.app_readonly, walked(world, 5)
    live = DEPUTY.through(before, DEPUTY.context(_moment(before, role)), 2)
    split = with_deputy(split_of(world, live, 5), before, role, 1, HUSH)
    logins = [
        change for one in split.drift for change in one.changes if change.subject == role and "login" in change.detail
    ]
    assert logins == []
    assert split.plan(SPLIT_KIND.keys[5]).catch_up == split.drift


@EXAMPLES
@given(worlds())
def test_the_last_in_is_the_first_out(world: World) -> None:
    role, before = world.config.roles.app_readonly, walked(world, ALL)
    live = DEPUTY.through(before, DEPUTY.context(_moment(before, role)), 1)
    split = with_deputy(split_of(world, live, ALL), before, role, 1)
    above = split.above()
    assert above is not None
    assert (str(above.name), split.shared(above)) == (f"deputy:{role}", (role,))
    deputy = split.turned(above.name)
    assert deputy.above() is None
    assert deputy.beside() is None, "the split is done"
    under_way = with_deputy(split_of(world, live, 6), before, role, 0).turned(above.name)
    beside = under_way.beside()
    assert beside is not None
    assert beside.name == SPLIT
    assert (
        with_deputy(split_of(world, live, 6), before, "third", 0).turned(WalkName("deputy", "third")).beside() is None
    )


def test_two_walks_may_stand_on_the_same_role() -> None:
    live = State(_target(), roles={name: RoleFacts(login=True) for name in ("a", "b", "like")})
    kind = replace(DEPUTY, stands_on=lambda _: ("like",))
    rows = records(kind, 1)

    def shared(one: str, other: str) -> tuple[str, ...]:
        link = KeptWalk(WalkName("deputy", one), kind, live, live, _moment(live, one).config, rows, earlier=True)
        return link.shared(kind, kind.context(_moment(live, other)))

    assert shared("a", "b") == ()
    assert shared("a", "a") == ("a", "a_deputy")
    assert shared("like", "b") == ("like",)
    assert shared("a", "like") == ("like",)


def test_a_walk_has_the_steps_that_it_began_with() -> None:
    live = State(_target(), roles={"third": RoleFacts(login=True)}, members={}, settings={})
    older = DEPUTY.of((HUSH,))
    assert older.keys == (HUSH,)
    assert DEPUTY.of((MAKE, HUSH)) is DEPUTY
    context = older.context(_moment(live, "third"))
    assert older.through(live, context, 1).roles == {"third": RoleFacts()}
    assert Member("third", "third_deputy", "x") not in older.through(live, context, 1).members


def _moment(state: State, role: str) -> Any:
    from flatsplit.config import Config
    from flatsplit.walks.kind import Moment

    return Moment(state, state, Config("shop", "legacy", ("public",)), {}, role)


def _target() -> Any:
    from flatsplit.model import Target

    return Target("7", "shop", 5, 180000, "postgres", True, "postgres")


@EXAMPLES
@given(worlds())
def test_what_was_found_out_is_taken_over_where_it_is_the_same(world: World) -> None:
    """Of the same live State and the same walks before; another one's steps, or another State, are looked at anew."""
    role, before = world.config.roles.app_readonly, walked(world, 5)
    live = DEPUTY.through(before, DEPUTY.context(_moment(before, role)), 1)

    def moment(of: State, split_done: int = 5, deputy_done: int = 1) -> Situation[Any]:
        split = with_deputy(split_of(world, of, split_done), before, role, deputy_done)
        return replace(split.turned(WalkName("deputy", role)))

    former = moment(live)
    wanted = former.desired(1)
    again = moment(live)
    again.recall(former)
    assert again._own[0] is former._own[0]
    assert again.desired(1) == wanted
    for other in (moment(live, 4), moment(replace(live, roles=dict(live.roles)))):
        expected = replace(other).desired(1)  # which knows nothing of what another one found
        other.recall(former)
        assert "_own" not in other.__dict__
        assert other.desired(1) == expected
