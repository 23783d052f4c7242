"""The laws of a group's walk, over random States of every major version, after a split that is done. No server."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flatsplit.config import Config, Group
from flatsplit.differ import diff
from flatsplit.model import (
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    RoleFacts,
    State,
    StepRecord,
    Target,
    WalkName,
)
from flatsplit.planning.chain import KeptWalk
from flatsplit.planning.situation import Situation
from flatsplit.privileges import default_acl
from flatsplit.walks.group.context import Context, ignores_role_setting
from flatsplit.walks.group.kind import GROUP
from flatsplit.walks.kind import Kind, Moment
from flatsplit.walks.split.kind import SPLIT
from flatsplit.walks.split.remembered import reduce
from flatsplit.walks.undo import remembered
from tests.support import ledger
from tests.support.ledger import Ledger
from tests.support.states import World, worlds

EXAMPLES = settings(max_examples=int(os.environ.get("FLATSPLIT_LAW_EXAMPLES", "10")))
ROLE = "app_user"
ALL = len(SPLIT.steps)


def records(kind: Kind[Any], done: int) -> dict[str, StepRecord]:
    return {
        key: StepRecord(key, place, "done" if place <= done else "pending", None, None, "d", by_hand=False)
        for place, key in enumerate(kind.keys, start=1)
    }


def split_of(world: World, live: State, config: Config, done: int) -> Situation[Any]:
    return Situation(SPLIT, live, reduce(world.state, config), config, records(SPLIT, done))


@st.composite
def splits(draw: st.DrawFn) -> tuple[World, Config, State]:
    """A world, the configuration with a group, and the State after the split, which knows it or not."""
    world = draw(worlds())
    logins = draw(st.sampled_from((("web_a", "web_b"), ("web",), ("third", "web_a", "web_b"))))
    limit = draw(st.sampled_from((None, 9)))
    config = replace(world.config, groups=(Group(ROLE, logins, draw(st.booleans()), limit),))
    early = draw(st.booleans())
    state = world.state
    if ROLE in state.roles and not state.roles[ROLE].login:
        early = False  # as a group that stays one it would have no walk
    for count in range(1, ALL + 1):
        one = split_of(world, state, config if early else world.config, count - 1)
        state = SPLIT.steps[count - 1].apply(state, one.context)
    return world, config, state


def context_of(state: State, config: Config) -> Context:
    names = (ROLE, *config.groups[0].logins)
    moment = Moment(state, remembered(state, names), config, dict.fromkeys(GROUP.keys, "pending"), ROLE)
    return GROUP.context(moment)


def with_group(split: Situation[Any], before: State, done: int) -> Situation[Any]:
    """The same moment with a walk of the group that began later."""
    baseline = context_of(before, split.config).baseline
    name = WalkName("group", ROLE)
    link = KeptWalk(name, GROUP, split.live, baseline, split.config, records(GROUP, done), earlier=False)
    return replace(split, others=(link,))


def facts(state: State) -> set[ledger.Fact]:
    return set(ledger.facts(state))


@EXAMPLES
@given(splits())
def test_the_role_may_log_in_until_the_walk_has_closed_it(found: tuple[World, Config, State]) -> None:
    _, config, before = found
    assert before.roles[ROLE].login
    context = context_of(before, config)
    may = [GROUP.through(before, context, count).roles[ROLE].login for count in range(len(GROUP.steps) + 1)]
    assert may == [True, True, True, True, False, False]


@EXAMPLES
@given(splits())
def test_statements_change_what_the_steps_want_and_once_is_enough(found: tuple[World, Config, State]) -> None:
    _, config, before = found
    context = context_of(before, config)
    states = [GROUP.through(before, context, count) for count in range(len(GROUP.steps) + 1)]
    for one, two in pairwise(states):
        assert Ledger(one).run(diff(one, two)) == facts(two)
    for count, state in enumerate(states):
        assert diff(state, GROUP.through(state, context, count)) == ()


@EXAMPLES
@given(splits())
def test_no_role_beside_the_group_and_its_logins_is_changed(found: tuple[World, Config, State]) -> None:
    _, config, before = found
    context = context_of(before, config)
    after = GROUP.through(before, context, len(GROUP.steps))
    subject = set(GROUP.subject(context))
    for statement in diff(before, after):
        for change in statement.changes:
            assert change.subject in subject, statement.sql
    assert after.roles.keys() - before.roles.keys() <= subject


@EXAMPLES
@given(splits())
def test_it_is_nobodys_drift_and_goes_back_to_where_it_began(found: tuple[World, Config, State]) -> None:
    world, config, before = found
    context = context_of(before, config)
    for done in range(1, len(GROUP.steps)):
        live = GROUP.through(before, context, done)
        split = with_group(split_of(world, live, config, ALL), before, done)
        assert split.drift == split_of(world, before, config, ALL).drift
        group = split.turned(WalkName("group", ROLE))
        for place in range(done, 0, -1):
            want, _ = group.taken_back(GROUP.keys[place - 1])
            assert Ledger(group.live).run(diff(group.live, want)) == facts(want)
            assert replace(group, live=want).rollback_plan(GROUP.keys[place - 1]).statements == ()
            group = replace(group, live=want, records=records(GROUP, place - 1))
        assert facts(group.live) == facts(before), done


@EXAMPLES
@given(splits())
def test_a_forgotten_password_is_all_that_does_not_come_back(found: tuple[World, Config, State]) -> None:
    world, config, before = found
    count = len(GROUP.steps)
    live = GROUP.through(before, context_of(before, config), count)
    group = with_group(split_of(world, live, config, ALL), before, count).turned(WalkName("group", ROLE))
    want, _ = group.taken_back(GROUP.keys[0])
    assert want.roles[ROLE] == before.roles[ROLE]._replace(password=False)
    assert {name: one for name, one in want.roles.items() if name != ROLE} == {
        name: one for name, one in before.roles.items() if name != ROLE
    }


def test_a_login_of_the_group_that_legacy_was_a_member_of_leads_nowhere_new() -> None:
    """The database's owner is a group of legacy's; that it logs in for app_user now, is another walk's."""
    target = Target("7", "shop", 5, 160000, "ops", operator_superuser=True, bootstrap="postgres")
    database = ObjectRef("database", "", "shop")
    state = State(
        target,
        roles={name: RoleFacts(login=True, bypassrls=name == "shop") for name in ("shop", "third", "ops")},
        members={Member("third", "shop", "ops"): MemberOptions(inherit=True, set=True)},
        objects={database: ObjectFacts("third", default_acl("database", 16))},
    )
    config = Config("shop", "shop", ("public",), groups=(Group(ROLE, ("third",)),))
    world, before = World(state, config, "bypassrls"), state
    for count, step in enumerate(SPLIT.steps):
        before = step.apply(before, split_of(world, before, config, count).context)
    assert before.roles[ROLE].bypassrls
    assert split_of(world, before, config, ALL).drift == ()
    context = context_of(before, config)
    for done in range(1, len(GROUP.steps)):
        split = with_group(split_of(world, GROUP.through(before, context, done), config, ALL), before, done)
        assert split.drift == (), done


def test_a_group_that_was_there_stays_one_and_one_that_logs_in_goes_on() -> None:
    """What [group.ROLE] says of a role, the split takes by what the role was and is."""
    config = Config("shop", "shop", ("public",), groups=(Group(ROLE, ("a", "b")),))
    for before, live, enters in (
        (None, None, True),
        (None, False, True),
        (None, True, True),
        (False, False, False),
        (False, True, True),
        (True, True, True),
        (True, False, True),
    ):
        moment = Moment(with_role(live), with_role(before), config, dict.fromkeys(SPLIT.keys, "pending"))
        for context in (SPLIT.context(moment), SPLIT.backward(moment)):
            assert (ROLE in context.config.entering) is enters, (before, live)


def with_role(login: bool | None) -> State:
    """A State in which app_user may log in, or not, or is not there."""
    roles = {"shop": RoleFacts(login=True)} | ({} if login is None else {ROLE: RoleFacts(login=login)})
    return State(Target("7", "shop", 5, 160000, "ops", operator_superuser=True, bootstrap="postgres"), roles=roles)


def test_the_releases_that_ignore_a_logins_role_are_those_and_no_neighbours() -> None:
    """Seen on 15.9, 16.5 and 17.1: test_group_acts.py, where such a server is named."""
    assert [version for version in range(130000, 190000) if ignores_role_setting(version)] == [
        *(130017, 140014, 150009, 160005, 170001),
    ]
