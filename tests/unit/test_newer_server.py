"""What pg_dumpall brings to a newer server: finished steps want nothing again there but what only that server knows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given

from flatsplit.differ import diff
from flatsplit.model import OWNER, AclItem, DefaultRef, ObjectFacts, ObjectRef, RoleFacts, State, Target, intern_acl
from flatsplit.model.versions import MEMBER_OPTIONS, NEWEST_TESTED
from flatsplit.walks.newer_server import as_of_now, first_known
from flatsplit.walks.split.kind import SPLIT
from tests.support.states import World, worlds
from tests.unit.test_laws import ALL, EXAMPLES, states_of


def carried(state: State, was: int) -> State:
    """The State on the newest server."""
    target = replace(state.target, version=NEWEST_TESTED * 10000)
    return as_of_now(state, State(target, roles=state.roles), was).but(target=target)


@EXAMPLES
@given(worlds())
def test_only_what_the_newer_server_knows_is_wanted_again(world: World) -> None:
    was = world.state.target.major
    for count, after in enumerate(states_of(world)):
        now = carried(after, was)
        context = world.context(retired=count == ALL)
        context = replace(context, baseline=carried(context.baseline, was))
        for statement in diff(now, SPLIT.through(now, context, count)):
            if was < MEMBER_OPTIONS and {change.fact for change in statement.changes} == {"member"}:
                continue  # options and grantor of a membership that is older than these are the newer server's guess
            assert first_known(statement, was), statement
            assert not first_known(statement, NEWEST_TESTED), statement


@pytest.mark.parametrize("name", ["x", "a=m/b", "b"])
def test_what_was_known_before_is_nothing_new(name: str) -> None:
    """Whatever the roles are called."""
    table = ObjectRef("table", "public", "t")
    roles = {role: RoleFacts() for role in (name, "other", "x")}
    state = State(Target("7", "shop", 5, 180000, "ops", True, "postgres"), roles=roles)

    def granting(letters: str) -> State:
        acl = intern_acl([AclItem(OWNER, OWNER, "arw"), AclItem("other", OWNER, letters)])
        defaults = {DefaultRef(name, "", "r"): acl}
        return state.but(objects={table: ObjectFacts(name, acl)}, defaults=defaults)

    for letters, new in (("m", True), ("r", False), ("mr", False)):
        found = [first_known(each, 13) for each in diff(granting(""), granting(letters))]
        assert found == [new] * 2, letters
        assert not any(first_known(each, 13) for each in diff(granting(letters), granting(""))), "taken away"


def test_procedures_are_known_by_the_names_that_14_gives_them() -> None:
    """What was first seen of one, such as who may not call it, is what a rollback brings back."""
    before, after = (
        (ObjectRef("procedure", "public", "p", args), ObjectRef("procedure", "public", 'q "IN x"', "INOUT a integer"))
        for args in ("a integer, IN_b text", "IN a integer, IN IN_b text")
    )
    closed = ObjectFacts("x", intern_acl([AclItem(OWNER, OWNER, "X")]))
    live = State(Target("7", "shop", 5, 180000, "ops", True, "postgres"), objects=dict.fromkeys(after, closed))
    seen = State(replace(live.target, version=130000), objects=dict.fromkeys(before, closed))
    assert as_of_now(seen, live, 13).objects == live.objects
