"""The laws of the walk ``trail``, over random States with settings of every kind. No server."""

from __future__ import annotations

import os
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from flatsplit.config import TrailWishes
from flatsplit.differ import diff
from flatsplit.model import Member, MemberOptions, SettingKey, State
from flatsplit.walks.kind import Moment
from flatsplit.walks.trail.context import ENOUGH, SETTING, Context, in_force, told_of
from flatsplit.walks.trail.kind import TRAIL
from tests.support.states import World, worlds

EXAMPLES = settings(max_examples=int(os.environ.get("FLATSPLIT_LAW_EXAMPLES", "15")))
PLAIN = MemberOptions(admin=False, inherit=True, set=True)
VALUES = st.sampled_from(("none", "ddl", "mod", "all"))


@st.composite
def moments(draw: st.DrawFn) -> tuple[State, Context]:
    """A State in which some roles and databases have log_statement set, and what a walk begun there knows."""
    world: World = draw(worlds())
    state = world.state
    logins = [
        role for role in dict.fromkeys(told_of(state, world.config, {state.target.operator})) if state.roles[role].login
    ]
    keys = [SettingKey(role, database) for role in ("", *logins) for database in ("", "shop")]
    for key in draw(st.lists(st.sampled_from(keys), max_size=4, unique=True)):
        row = dict(state.settings.get(key, ())) | {SETTING: draw(VALUES)}
        state = replace(state, settings={**state.settings, key: tuple(sorted(row.items()))})
    wishes = TrailWishes(log=draw(st.sampled_from((True, True, False))), table=draw(st.booleans()))
    moment = Moment(state, state, replace(world.config, trail=wishes), dict.fromkeys(TRAIL.keys, "pending"))
    before = TRAIL.remembers(moment, TRAIL.context(moment), lambda: state)
    assert before is not None
    return state, Context(moment.config, before)


@EXAMPLES
@given(moments())
def test_it_does_what_it_says_and_goes_back_exactly(found: tuple[State, Context]) -> None:
    state, context = found
    after = TRAIL.through(state, context, 2)
    assert TRAIL.through(after, context, 2) == after, "twice is once"
    assert TRAIL.origin(after, context, TRAIL.keys) == state
    forward = diff(state, after)
    assert sum(each.sql.startswith("ALTER ROLE") for each in forward) == len(forward) - (
        5 if context.config.trail.table else 0
    )


@EXAMPLES
@given(moments())
def test_nobody_is_logged_less_than_before(found: tuple[State, Context]) -> None:
    state, context = found
    after = TRAIL.through(state, context, 2)
    for role in told_of(state, context.config, {state.target.operator}):
        before, now = in_force(state, role), in_force(after, role)
        assert now == before or (before == "none" and now == "ddl")
        if context.config.trail.log and state.roles[role].login:
            assert now in ENOUGH


@EXAMPLES
@given(moments(), st.permutations(("ops", "nightly")))
def test_another_operator_takes_it_back_exactly(found: tuple[State, Context], operators: list[str]) -> None:
    """Whoever runs it is not logged. The one who takes it back may have been, and the other way round."""
    state, context = found
    legacy = context.config.legacy_role
    state = state.but(members={**state.members, **{Member(legacy, each, "postgres"): PLAIN for each in operators}})
    one, other = (state.but(target=replace(state.target, operator=name)) for name in operators)
    after = TRAIL.through(one, context, 2)
    assert TRAIL.origin(after.but(target=other.target), context, TRAIL.keys) == other
