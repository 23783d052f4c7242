"""The laws of a special role's walk, over random States of every major version, after a split. No server."""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from flatsplit import blueprint
from flatsplit.config import Config, Grant, Special, format_name
from flatsplit.differ import diff
from flatsplit.model import TABLES, AclItem, ObjectFacts, ObjectRef, State, StepRecord, WalkName
from flatsplit.planning.chain import KeptWalk
from flatsplit.planning.situation import Situation
from flatsplit.rights import special as rights
from flatsplit.rights.surplus import surplus
from flatsplit.walks import role as keys
from flatsplit.walks import used_elsewhere
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Kind, Moment
from flatsplit.walks.role.context import Context
from flatsplit.walks.role.kind import ROLE
from flatsplit.walks.split.kind import SPLIT
from flatsplit.walks.split.remembered import reduce
from flatsplit.walks.undo import remembered
from tests.support import ledger
from tests.support.ledger import Ledger
from tests.support.states import World, worlds

EXAMPLES = settings(max_examples=int(os.environ.get("FLATSPLIT_LAW_EXAMPLES", "10")))
NAME = "app_jobs"
ALL = len(SPLIT.steps)


def records(kind: Kind[Any], done: int) -> dict[str, StepRecord]:
    return {
        key: StepRecord(key, place, "done" if place <= done else "pending", None, None, "d", by_hand=False)
        for place, key in enumerate(kind.keys, start=1)
    }


def described(draw: st.DrawFn, world: World) -> Config:
    """A configuration with a special role of any sort."""
    state = world.state
    tables = sorted(ref for ref in state.objects if ref.kind in TABLES and ref.schema in world.config.schemas)
    names = tuple(format_name(ref.schema, ref.name) for ref in draw(st.permutations(tables))[:3])
    special = Special(
        NAME,
        like=draw(st.sampled_from(("", "app_user", "app_readonly"))),
        new_tables=draw(st.sampled_from(("none", "read", "write"))),
        connection_limit=draw(st.sampled_from((-1, 5))),
        settings=draw(st.sampled_from(((), (("work_mem", "8MB"),)))),
        create=draw(st.sampled_from(((), ("public",)))),
    )
    if special.new_tables == "read" and draw(st.booleans()):
        special = replace(special, schemas=world.config.schemas[:1])
    grants = tuple(Grant(NAME, word, names) for word in draw(st.sets(st.sampled_from(("select", "insert", "delete")))))
    return replace(world.config, special=(special,), grants=(*world.config.grants, *sorted(grants)))


@st.composite
def beginnings(draw: st.DrawFn, least: int = ALL) -> tuple[Situation[Any], Kind[Any], Context]:
    """A split of which so many steps are done, or more, and a special role that is about to be begun, of any sort."""
    return _beginning(draw, draw(worlds()), least)


@st.composite
def edited(draw: st.DrawFn) -> tuple[Situation[Any], Kind[Any], Context, Config]:
    """The same after the split, with another configuration that describes the role anew in every respect."""
    world = draw(worlds())
    return (*_beginning(draw, world, ALL), described(draw, world))


def _beginning(draw: st.DrawFn, world: World, least: int) -> tuple[Situation[Any], Kind[Any], Context]:
    state, config = world.state, described(draw, world)
    done = draw(st.integers(least, ALL))
    for count in range(1, done + 1):
        one = Situation(SPLIT, state, reduce(world.state, config), config, records(SPLIT, count - 1))
        state = SPLIT.steps[count - 1].apply(state, one.context)
    split = Situation(SPLIT, state, reduce(world.state, config), config, records(SPLIT, done))
    first = Moment(state, state, config, dict.fromkeys(ROLE.keys, "pending"), NAME)
    assert ROLE.picks is not None
    kind = ROLE.of(ROLE.picks(first, ()))
    baseline = remembered(state, (NAME, kind.context(first).source))
    return split, kind, kind.context(replace(first, baseline=baseline))


def beside(split: Situation[Any], kind: Kind[Any], context: Context, live: State, done: int) -> Situation[Any]:
    """The moment when so many steps of the role's walk are done."""
    name = WalkName(keys.NAME, NAME)
    link = KeptWalk(name, kind, live, context.baseline, split.config, records(kind, done), earlier=False)
    return replace(split, live=live, others=(link,))


def facts(state: State) -> set[ledger.Fact]:
    return set(ledger.facts(state))


@EXAMPLES
@given(beginnings())
def test_statements_change_what_the_steps_want_and_once_is_enough(
    found: tuple[Situation[Any], Kind[Any], Context],
) -> None:
    split, kind, context = found
    states = [kind.through(split.live, context, count) for count in range(len(kind.steps) + 1)]
    for one, two in pairwise(states):
        assert Ledger(one).run(diff(one, two)) == facts(two)
    for count, state in enumerate(states):
        assert diff(state, kind.through(state, context, count)) == ()


@EXAMPLES
@given(beginnings())
def test_it_is_nobodys_drift_and_goes_back_to_where_it_began(
    found: tuple[Situation[Any], Kind[Any], Context],
) -> None:
    split, kind, context = found
    before = split.live
    for done in range(1, len(kind.steps) + 1):
        live = kind.through(before, context, done)
        now = beside(split, kind, context, live, done)
        assert now.drift == split.drift
        mine = now.turned(WalkName(keys.NAME, NAME))
        for key in reversed(kind.keys[:done]):
            want, _ = mine.taken_back(key)
            assert Ledger(mine.live).run(diff(mine.live, want)) == facts(want)
            assert replace(mine, live=want).rollback_plan(key).statements == (), "what is back asks for nothing more"
            place = kind.place(key) - 1
            mine = replace(mine, live=want, records=records(kind, place))
        assert facts(mine.live) == facts(before)


@EXAMPLES
@given(beginnings(), st.booleans())
def test_one_that_another_database_uses_keeps_what_is_the_clusters_and_nothing_here(
    found: tuple[Situation[Any], Kind[Any], Context], over: bool
) -> None:
    """``over``: it works there over the bridge that was built here."""
    split, kind, context = found
    begun = [key for key in kind.keys if key != keys.NARROW and key != keys.VERIFY]
    live = kind.through(split.live, context, len(begun))
    users = {NAME, context.source} if over else {NAME}
    used = {name: live.roles[name]._replace(elsewhere=("other",)) for name in users & live.roles.keys()}
    live = live.but(roles={**live.roles, **used})
    mine = beside(split, kind, context, live, len(begun)).turned(WalkName(keys.NAME, NAME))
    want, gone = mine.taken_back(kind.keys[0])
    assert gone == []
    assert Ledger(live).run(diff(live, want)) == facts(want)
    as_role = split.live.but(roles={**split.live.roles, **{name: want.roles[name] for name in used}})
    bridges = {key: each for key, each in live.members.items() if NAME in key[:2] and used_elsewhere.matters(live, key)}
    assert facts(want) == facts(as_role.but(members={**as_role.members, **bridges}))


@EXAMPLES
@given(beginnings())
def test_only_what_is_the_roles_changes(found: tuple[Situation[Any], Kind[Any], Context]) -> None:
    split, kind, context = found
    after = kind.through(split.live, context, len(kind.steps))
    assert after.roles.keys() - split.live.roles.keys() == {NAME}
    for statement in diff(split.live, after):
        for change in statement.changes:
            mine = change.subject == NAME or change.detail.startswith(f"{NAME}=") or f"of {NAME} in" in change.subject
            taken = change.fact == "member" and change.detail.startswith(f"member of {NAME} ")
            assert mine or taken, (statement.sql, change)


@EXAMPLES
@given(beginnings())
def test_in_the_end_it_can_do_its_list_and_nothing_else(found: tuple[Situation[Any], Kind[Any], Context]) -> None:
    split, kind, context = found
    after = kind.through(split.live, context, len(kind.steps))
    assert {key.member for key in after.members if key.role == NAME} <= {blueprint.owner(split.config)}
    wrong = [check for check in rights.matrix(after, context) if not check.ok]
    assert [check for check in wrong if check.expected] == []
    assert [check.act for check in wrong if "read anything" in check.act or "truncate" in check.act] == []


@EXAMPLES
@given(beginnings(least=SPLIT.place(ROLE.joins)))
def test_the_split_goes_on_beneath_it_and_back(found: tuple[Situation[Any], Kind[Any], Context]) -> None:
    split, kind, context = found
    steps = len(kind.steps)
    now = beside(split, kind, context, kind.through(split.live, context, steps), steps)
    assert now.beside() is None
    assert now.turned(WalkName(keys.NAME, NAME)).beside() is None
    lives = [now.live]
    for key in SPLIT.keys[split.done :]:
        after = now.desired(SPLIT.place(key))
        assert Ledger(now.live).run(diff(now.live, after)) == facts(after)
        baseline = now.fresh_baseline() or now.baseline
        assert NAME not in baseline.roles
        assert not any(NAME in {row.role, row.member} for row in baseline.members)
        rows = records(SPLIT, SPLIT.place(key))
        now = replace(now, live=after, baseline=baseline, records=rows)
        assert now.drift == ()
        lives.append(after)
    for key in reversed(SPLIT.keys[split.done :]):
        lives.pop()
        if now.kind.step(key).final(now.context):
            return
        want, _ = now.taken_back(key)
        assert Ledger(now.live).run(diff(now.live, want)) == facts(want)
        assert facts(want) == facts(lives[-1])
        now = replace(now, live=want, records=records(SPLIT, SPLIT.place(key) - 1))


@EXAMPLES
@given(edited())
def test_what_is_edited_afterwards_is_told_and_put_right(
    found: tuple[Situation[Any], Kind[Any], Context, Config],
) -> None:
    """Whatever key of its two sections is added, changed or removed: what `repair` does, and what `verify` prints to be
    run, make the role what it would be by the new configuration.
    """
    split, kind, context, config = found
    steps = len(kind.steps)
    after = kind.through(split.live, context, steps)
    assert surplus(after, context) == ()
    let_in = Draft(after)
    for ref, letter in ((ObjectRef("schema", "", "flatsplit"), "U"), (ObjectRef("table", "flatsplit", "event"), "r")):
        let_in.make(ref, ObjectFacts("postgres", (AclItem(NAME, "", letter, ""),)))
    assert surplus(let_in.state(), context) == (), "whom flatsplit let into its own tables is to stay there"
    anew = replace(context, config=config)
    repaired = kind.through(after, anew, steps)
    told = surplus(repaired, anew)
    rest, wanted = Ledger(repaired).run(told), facts(kind.through(split.live, anew, steps))
    assert wanted <= rest
    assert anew.special is not None
    if anew.special.new_tables == "none":  # else what came later is its own by rule, and looks the same
        assert rest == wanted
    assert surplus(repaired, anew, bridged=True) == ()
