"""The laws of steps and differ, over random States of every major version and kind of old role. No server, no I/O."""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from flatsplit.config import Config
from flatsplit.differ import diff
from flatsplit.differ.column_grants import taken_along
from flatsplit.model import (
    OWNER,
    Acl,
    AclItem,
    Kind,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    RoleFacts,
    State,
    Statement,
    Target,
    intern_acl,
)
from flatsplit.rights.matrix import matrix
from flatsplit.walks.removed_roles import without_roles
from flatsplit.walks.split.kind import SPLIT
from flatsplit.walks.split.origin import Origin
from tests.support import ledger
from tests.support.ledger import Ledger
from tests.support.states import KINDS_OF_LEGACY, LEGACY, RETIRE, THIRD, World, assert_grouped, worlds

EXAMPLES = settings(max_examples=int(os.environ.get("FLATSPLIT_LAW_EXAMPLES", "15")))
ALL = len(SPLIT.steps)
GIVEN = MemberOptions(False, True, True)


def states_of(world: World) -> list[State]:
    """The State before the first step, and after each."""
    found = [world.state]
    for place, step in enumerate(SPLIT.steps, start=1):
        found.append(step.apply(found[-1], world.context(retired=place == ALL)))
    return found


def test_the_account_knows_every_field_of_a_state() -> None:
    assert ledger.unread() == set()


@EXAMPLES
@given(worlds())
def test_between_equal_states_there_is_nothing_to_do(world: World) -> None:
    for state in states_of(world):
        assert diff(state, state) == ()


@EXAMPLES
@given(worlds())
def test_what_is_kept_together_is_alike(world: World) -> None:
    for count, state in enumerate(states_of(world)):
        assert_grouped(state)
        if count < ALL or not SPLIT.steps[-1].drops(world.context()):
            assert_grouped(Origin(state, world.context(retired=count == ALL), world.progress(count)).state())


@EXAMPLES
@given(worlds())
def test_statements_change_what_the_step_wants_and_say_so(world: World) -> None:
    states = states_of(world)
    for before, after in pairwise(states):
        assert Ledger(before).run(diff(before, after)) == ledger.facts(after)


@EXAMPLES
@given(worlds())
def test_several_steps_at_once_are_the_same(world: World) -> None:
    states = states_of(world)
    for after in states[1:]:
        plan = diff(world.state, after)
        assert Ledger(world.state).run(plan) == ledger.facts(after)
        assert [each.phase for each in plan] == sorted(each.phase for each in plan), "one that is through comes again"


@EXAMPLES
@given(worlds())
def test_a_step_twice_is_the_step_once(world: World) -> None:
    states = states_of(world)
    for place, step in enumerate(SPLIT.steps, start=1):
        after = states[place]
        assert diff(after, step.apply(after, world.context(retired=place == ALL))) == (), step.key


@EXAMPLES
@given(worlds())
def test_finished_steps_want_nothing_more(world: World) -> None:
    for count, state in enumerate(states_of(world)):
        assert diff(state, SPLIT.through(state, world.context(retired=count == ALL), count)) == ()


@pytest.mark.parametrize("kind", ["table", "view", "sequence", "function", "type", "large_object", "schema"])
def test_what_an_owner_took_from_itself_is_given_all_the_same(kind: Kind) -> None:
    """An empty list of privileges is one: REVOKE ALL ON t FROM shop."""
    ref = ObjectRef(kind, "" if kind in ("large_object", "schema") else "public", "1", "")
    world = there_and_back(adopted=(), objects={ref: ObjectFacts(LEGACY, ())})
    for count, after in enumerate(states_of(world)):
        assert [check for check in matrix(after, world.context(retired=count == ALL), count) if not check.ok] == []


def test_a_database_that_goes_to_dba_stays_the_applications() -> None:
    """What a group of legacy's may do there is no reason to give app_user more once ownership has moved."""
    target = Target("7", "shop", 5, 130000, "ops", False, "postgres")
    acl = [AclItem(OWNER, OWNER, "CTc"), AclItem("audit", OWNER, "T", "T"), AclItem("nightly", "audit", "T")]
    state = State(
        target,
        roles={name: RoleFacts() for name in (LEGACY, *THIRD, "ops")},
        members={Member("audit", LEGACY, "ops"): MemberOptions()},
        objects={ObjectRef("database", "", "shop"): ObjectFacts(LEGACY, intern_acl(acl))},
    )
    world = World(state, Config("shop", LEGACY, ("public",), database_owner="dba"), "plain")
    for count, after in enumerate(states_of(world)):
        assert diff(after, SPLIT.through(after, world.context(retired=count == ALL), count)) == ()


def test_rights_on_a_column_become_the_owners_with_the_table() -> None:
    """What app_migrator, adopted, held on a column is its own with the table (change_owner_fix_column_acls())."""
    table, column = ObjectRef("table", "public", "t"), ObjectRef("column", "public", "t", "c")
    there_and_back(
        objects={table: ObjectFacts(LEGACY, intern_acl([AclItem(OWNER, OWNER, "Dadrtwx")]))},
        columns={column: intern_acl([AclItem("app_migrator", OWNER, "w", "w"), AclItem("audit", "app_migrator", "w")])},
    )


def test_rights_on_columns_stay_where_those_on_the_table_go() -> None:
    """REVOKE on a table takes those of its columns along, and is refused where they were passed on."""
    table, column = ObjectRef("table", "public", "t"), ObjectRef("column", "public", "t", "c")
    theirs, other = ObjectRef("table", "public", "theirs"), ObjectRef("column", "public", "theirs", "d")
    held = [
        AclItem("app_user", OWNER, "r", "r"),
        AclItem("audit", "app_user", "r"),
        AclItem("app_migrator", OWNER, "x"),
    ]
    mine = [AclItem(LEGACY, OWNER, "r", "r"), AclItem("app_user", LEGACY, "r")]
    every = AclItem(OWNER, OWNER, "Dadrtwx")
    there_and_back(
        adopted=("app_user", "app_migrator"),
        objects={
            table: ObjectFacts(LEGACY, intern_acl([every])),
            theirs: ObjectFacts("audit", intern_acl([every, AclItem(LEGACY, OWNER, "rw", "rw")])),
        },
        columns={column: intern_acl(held), other: intern_acl(mine)},
    )


def test_revoking_a_grant_option_on_a_table_leaves_columns_without_one_alone() -> None:
    """REVOKE GRANT OPTION FOR takes options alone: what is held without one needs no statement to stay."""
    table, column = ObjectRef("table", "public", "t"), ObjectRef("column", "public", "t", "c")
    for held, lost in ((AclItem("app_user", OWNER, "r"), 0), (AclItem("app_user", OWNER, "r", "r"), 1)):
        columns = {("public", "t"): [(column, intern_acl([held]))]}
        assert len(taken_along(columns, [table], "r", "app_user", OWNER, option=True)) == lost
        assert len(taken_along(columns, [table], "r", "app_user", OWNER, option=False)) == 1


def test_a_membership_without_inherit_becomes_the_bridge_and_goes_back() -> None:
    there_and_back(members={Member("app_migrator", LEGACY, "postgres"): MemberOptions(False, False, True)})


def test_before_16_an_admin_option_is_taken_by_one_statement_and_given_by_one() -> None:
    """A GRANT without it would change nothing there."""
    state = State(Target("7", "shop", 5, 150000, "ops", True, "postgres"), roles={"a": RoleFacts(), "b": RoleFacts()})
    with_admin, without = (
        state.but(members={Member("a", "b", "ops"): MemberOptions(admin)}) for admin in (True, False)
    )
    assert [each.sql for each in diff(with_admin, without)] == ['REVOKE ADMIN OPTION FOR "a" FROM "b";']
    assert [each.sql for each in diff(without, with_admin)] == ['GRANT "a" TO "b" WITH ADMIN OPTION;']


def there_and_back(adopted: Iterable[str] = ("app_migrator",), **more: Any) -> World:
    """Each step of a small world with an adopted app_migrator: what at random is met too seldom."""
    target = Target("7", "shop", 5, 160000, "ops", True, "postgres")
    roles = {name: RoleFacts() for name in (LEGACY, *adopted, "audit", "ops", "postgres")}
    world = World(State(target, roles=roles, **more), Config("shop", LEGACY, ("public", "1")), "plain")
    for before, after in pairwise(states_of(world)):
        assert Ledger(before).run(diff(before, after)) == ledger.facts(after)
        assert Ledger(after).run(diff(after, before)) == ledger.facts(before)
    return world


@EXAMPLES
@given(worlds())
def test_without_flatsplit_everything_is_as_it_was(world: World) -> None:
    for count, state in enumerate(states_of(world)):
        if count == ALL and SPLIT.steps[-1].drops(world.context()):
            continue
        origin = Origin(state, world.context(retired=count == ALL), world.progress(count)).state()
        gone = [name for name in world.config.roles.new if name in state.roles and name not in origin.roles]
        back = without_roles(origin, gone, LEGACY)
        assert ledger.facts(back) == ledger.facts(world.state), count


@EXAMPLES
@given(worlds())
def test_the_way_back_runs(world: World) -> None:
    states = states_of(world)
    for count, state in enumerate(states):
        if count == ALL and SPLIT.steps[-1].drops(world.context()):
            continue
        assert Ledger(state).run(diff(state, world.state)) == ledger.facts(world.state), count


@EXAMPLES
@given(worlds())
def test_undo_is_the_difference_turned_round(world: World) -> None:
    states = states_of(world)
    for step, (before, after) in zip(SPLIT.steps, pairwise(states), strict=True):
        if before.roles.keys() != after.roles.keys():
            continue  # a role that goes takes along what it was
        there, back = ([s for s in diff(*pair) if not _copies(s)] for pair in ((before, after), (after, before)))
        if _owners(before) != _owners(after):  # moving rewrites rights as well, which no single statement undoes
            there, back = ([each for each in some if _moves(each)] for some in (there, back))
        undo = {_plain(part.undo) for each in there for part in (each.split() if each.split else (each,))}
        assert undo == {_plain(part.sql) for each in back for part in (each.split() if each.split else (each,))}, (
            step.key
        )


def _owners(state: State) -> dict[ObjectRef, str]:
    return {ref: facts.owner for ref, facts in state.objects.items()}


def _copies(statement: Statement) -> bool:
    """A user mapping comes back with the options of whoever has the same, which depends on who is there."""
    return any(change.fact == "user_mapping" for change in statement.changes)


def _moves(statement: Statement) -> bool:
    return any(change.fact == "owner" for change in statement.changes) and not statement.alone


def _plain(sql: str) -> str:
    """Without the lock that who is no superuser takes first, so as not to wait long."""
    return sql.rpartition("; ")[2]


@EXAMPLES
@given(worlds())
def test_what_no_step_is_about_never_changes(world: World) -> None:
    before = _others(world, world.state)
    for step, state in zip(SPLIT.steps, states_of(world)[1:], strict=True):
        assert _others(world, state) == before, step.key


@EXAMPLES
@given(worlds())
def test_nobody_else_loses_anything(world: World) -> None:
    """What third roles are members of, and may do, they are and may after each step, whoever is the grantor then."""
    before = _held(world.state)
    for step, state in zip(SPLIT.steps, states_of(world)[1:], strict=True):
        assert before <= _held(state), step.key


def _held(state: State) -> set[tuple[str, ...]]:
    """Memberships of third roles in each other by their options, and their privileges."""
    members = {
        (key.role, key.member, option)
        for key, options in state.members.items()
        if {key.role, key.member} <= {*THIRD}
        for option in ("member", *(name for name, has in options._asdict().items() if has))
    }
    acls = [(ref, facts.acl) for ref, facts in state.objects.items()] + [*state.columns.items()]
    return members | {
        (str(ref), item.grantee, letter, option)
        for ref, acl in acls
        for item in acl
        if item.grantee in THIRD
        for letter in item.privileges
        for option in ("", "with grant option")[: 1 + (letter in item.grantable)]
    }


@EXAMPLES
@given(worlds())
def test_what_others_did_to_their_own_meanwhile_stays(world: World) -> None:
    """An owner takes from itself, or a new major version of the server gives it, a right on what is its own. Somebody
    gives one of them away.
    """
    for count, state in enumerate(states_of(world)):
        if count == ALL and SPLIT.steps[-1].drops(world.context()):
            continue
        changed = {
            ref: facts._replace(acl=_turned(facts.acl)) if facts.owner in THIRD else facts
            for ref, facts in state.objects.items()
        }
        given = Member("third", "nightly", state.target.grantor)
        members = {key: options for key, options in state.members.items() if key != given}
        meanwhile = state.but(objects=changed, members=members if given in state.members else {**members, given: GIVEN})
        origin = Origin(meanwhile, world.context(retired=count == ALL), world.progress(count)).state()
        assert _others(world, origin) == _others(world, meanwhile), count
        assert (given in origin.members) == (given in meanwhile.members), count


def _turned(acl: Acl) -> Acl:
    """The owner's rights with the first one less, or one where there was none."""
    own = next((item for item in acl if item.grantee == OWNER), None)
    rest = [item for item in acl if item is not own]
    less = own.privileges[1:] if own else "r"
    return intern_acl([*rest, AclItem(OWNER, OWNER, less)] if less else rest)


def _others(world: World, state: State) -> set[ledger.Fact]:
    """Facts that speak of third roles alone: what they are, own, hold of each other, and may be given by default.

    Without memberships that one of ours gave: these stay, by another grantor (:func:`test_nobody_else_loses_anything`).
    """
    third = {*THIRD, "PUBLIC", "postgres", "pg_database_owner"}
    apart = {*world.config.roles.new, LEGACY, "ops"}
    owned = {fact[1] for fact in ledger.facts(state) if fact[0] == "owner" and fact[2] in third}
    given = {(key.member, key.role) for key in world.state.members if key.grantor in apart}
    found = set()
    for fact in ledger.facts(state):
        if apart & {*fact[1:]} or fact[0] == "policy" or (fact[0] == "member" and fact[1:3] in given):
            continue
        is_third = fact[0] in ("attribute", "role", "setting", "member") or (fact[0] == "owner" and fact[2] in third)
        theirs = fact[0] == "privilege" and fact[1] in owned and fact[3] != "C"  # CREATE is narrowed
        later = fact[0] == "default_privilege" and not any(f" of {name}" in fact[1] for name in apart)
        if is_third or theirs or later:
            found.add(fact)
    return found


def test_every_kind_of_old_role_is_tried() -> None:
    tried = set()

    @settings(max_examples=150, phases=[Phase.generate])
    @given(worlds())
    def collect(world: World) -> None:
        tried.add((world.kind, world.config.retire, world.state.target.major))

    collect()
    for place, every in enumerate((KINDS_OF_LEGACY, RETIRE, range(13, 19))):
        assert {each[place] for each in tried} == set(every)
