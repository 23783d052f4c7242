"""The law of rotations: no fact outside the twins of one role changes, over random States. No server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flatsplit.config import Config, Group
from flatsplit.differ import diff
from flatsplit.model import Member, MemberOptions, RoleFacts, SettingKey, State
from flatsplit.walks import rotate
from flatsplit.walks.kind import Kind, Moment
from flatsplit.walks.rotate.context import Context
from flatsplit.walks.rotate.kind import ROTATE
from flatsplit.walks.rotate.prepare import ALIKE, memberships
from tests.support import ledger
from tests.support.ledger import Ledger
from tests.support.states import World, worlds

EXAMPLES = settings(max_examples=10)
ROLE, TWINS = "app_user", ("web a", 'web "b"')


@st.composite
def rotations(draw: st.DrawFn) -> tuple[State, Kind[Any], Context]:
    """A State with twins that are more or less alike, and a walk that rotates them."""
    world: World = draw(worlds())
    config: Config = replace(world.config, groups=(Group(ROLE, TWINS),))
    state = world.state
    former, coming = draw(st.permutations(TWINS))
    roles = {**state.roles}
    roles.setdefault(ROLE, RoleFacts())
    roles[ROLE] = roles[ROLE]._replace(login=False)
    limits = st.sampled_from((-1, 5, 40))
    roles[former] = RoleFacts(login=True, password=True, connection_limit=draw(limits), createdb=draw(st.booleans()))
    roles[coming] = RoleFacts(connection_limit=draw(limits))
    members = {key: options for key, options in state.members.items() if not {key.role, key.member} & {*TWINS}}
    options = MemberOptions(False, True, True) if state.target.membership_options else MemberOptions()
    for name in TWINS:
        if draw(st.booleans()):
            members[Member(ROLE, name, state.target.grantor)] = options
    settings_ = dict(state.settings)
    for name in TWINS:
        if draw(st.booleans()):
            settings_[SettingKey(name, state.target.database)] = (("role", ROLE),)
    live = replace(state, roles=roles, members=members, settings=settings_)
    kind = ROTATE.of(draw(st.sampled_from((rotate.TWINS, rotate.LEAKED))))
    moment = Moment(live, live, config, dict.fromkeys(kind.keys, "pending"), ROLE)
    baseline = kind.remembers(moment, kind.context(moment), lambda: live)
    assert baseline is not None
    return live, kind, kind.context(replace(moment, baseline=baseline))


def facts(state: State) -> set[ledger.Fact]:
    return set(ledger.facts(state))


@EXAMPLES
@given(rotations())
def test_no_fact_outside_the_twins_changes(rotation: tuple[State, Kind[Any], Context]) -> None:
    """So app_migrator's password is app_migrator's alone, whoever rotates app_user's, and the other way round."""
    live, kind, context = rotation
    state = live
    for step in kind.steps:
        after = step.apply(state, context)
        plan = diff(state, after)
        for statement in (*plan, *step.adds(context)):
            assert {*statement.secrets, *statement.acts} <= {*TWINS, live.target.operator, state.target.grantor, ""}
            for change in statement.changes:
                assert change.subject in TWINS or any(name in change.detail for name in TWINS), change
        assert Ledger(state).run(plan) == ledger.facts(after)
        assert diff(after, step.apply(after, context)) == (), f"{step.key} twice"
        state = after
    assert state.objects is live.objects


@EXAMPLES
@given(rotations())
def test_twins_are_alike_and_change_over(rotation: tuple[State, Kind[Any], Context]) -> None:
    live, kind, context = rotation
    prepared = kind.through(live, context, 1)
    former, coming = (prepared.roles[name] for name in (context.former, context.coming))
    assert [getattr(former, name) for name in ALIKE] == [getattr(coming, name) for name in ALIKE]
    assert memberships(prepared, context.former) == memberships(prepared, context.coming)
    done = kind.through(live, context, len(kind.steps))
    assert [(done.roles[name].login, done.roles[name].password) for name in (context.former, context.coming)] == [
        (False, False),
        (True, True),
    ]
    # What it is once it is done, it stays: people care for the one that logs in
    assert diff(done, kind.through(done, context, len(kind.steps))) == ()


@EXAMPLES
@given(rotations())
def test_the_way_back_is_exact(rotation: tuple[State, Kind[Any], Context]) -> None:
    """Up to the step that forgets the password: that has none."""
    live, kind, context = rotation
    for count in range(len(kind.steps)):
        state = kind.through(live, context, count)
        assert facts(kind.origin(state, context, kind.keys[:count])) == facts(live), count


@pytest.mark.parametrize("keys", [rotate.TWINS, rotate.LEAKED, rotate.IN_PLACE])
def test_each_way_forgets_one_password(keys: tuple[str, ...]) -> None:
    kind = ROTATE.of(keys)
    forgetting = [step.key for step in kind.steps if step.forgets is not ROTATE.step(rotate.RECONNECT).forgets]
    assert len(forgetting) == 1


def test_the_ways_are_made_of_its_steps() -> None:
    assert {*rotate.TWINS, *rotate.LEAKED, *rotate.IN_PLACE} == set(ROTATE.keys)
