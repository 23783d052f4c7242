"""Recorded facts about roles, under the names that these roles have now."""

from __future__ import annotations

from hypothesis import given, settings

from flatsplit.model import OWNER, PUBLIC, called_now, mentioned
from tests.support.states import World, worlds

EXAMPLES = settings(max_examples=15)


@EXAMPLES
@given(worlds())
def test_who_is_called_as_before(world: World) -> None:
    assert called_now(world.state, {}) == world.state


@EXAMPLES
@given(worlds())
def test_other_names_and_back(world: World) -> None:
    names = {name: f"{name} of today" for name in {*mentioned(world.state)} - {OWNER, PUBLIC}}

    renamed = called_now(world.state, names)

    assert {*mentioned(renamed)} <= {*names.values(), OWNER, PUBLIC}
    back = called_now(renamed, {now: was for was, now in names.items()})
    assert back == world.state


@EXAMPLES
@given(worlds())
def test_who_is_gone_is_not_spoken_of(world: World) -> None:
    operator = world.state.target.grantor
    for name in sorted({*mentioned(world.state)} - {OWNER, PUBLIC, operator})[::3]:
        left = called_now(world.state, {name: None})
        assert name not in {*mentioned(left)}
        assert {*mentioned(left)} <= {*mentioned(world.state), operator}


@EXAMPLES
@given(worlds())
def test_before_16_a_membership_outlives_whoever_gave_it(world: World) -> None:
    given_by_one = {key._replace(grantor="gone"): options for key, options in world.state.members.items()}
    left = called_now(world.state.but(members=given_by_one), {"gone": None})
    expected = {key[:2] for key in given_by_one} if not world.state.target.membership_options else set()
    assert {key[:2] for key in left.members} == expected
