"""The laws of the walk ``tenants``, over random tables and rights. No server, no I/O."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from flatsplit.config import Config, Tenants
from flatsplit.differ import diff
from flatsplit.model import (
    OWNER,
    AclItem,
    Column,
    ForeignKey,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    PolicyFacts,
    RoleFacts,
    RowSecurity,
    State,
    Statement,
    Structure,
    Table,
    Target,
    intern_acl,
)
from flatsplit.walks import tenants
from flatsplit.walks.kind import Moment
from flatsplit.walks.removed_roles import without_roles
from flatsplit.walks.tenants.context import Context
from flatsplit.walks.tenants.kind import TENANTS
from flatsplit.walks.tenants.tenant_login import holding, inside
from tests.support import ledger
from tests.support.ledger import Ledger

EXAMPLES = settings(max_examples=int(os.environ.get("FLATSPLIT_LAW_EXAMPLES", "25")))
ALL = len(TENANTS.steps)
OWN, KINDS = "app_migrator", ("own", "through", "shared", "hidden")
ROOT = ObjectRef("table", "public", "accounts")
READS_ALL = "pg_read_all_data"


@dataclass(frozen=True)
class World:
    state: State
    config: Config

    def context(self, live: State | None = None) -> Context:
        moment = Moment(live or self.state, self.baseline, self.config, {})
        return TENANTS.context(moment)

    @property
    def baseline(self) -> State:
        moment = Moment(self.state, State(self.state.target), self.config, {})
        kept = TENANTS.remembers(moment, TENANTS.context(moment), lambda: self.state)
        assert kept is not None
        return kept

    def states(self) -> list[State]:
        """Before the first step, and after each."""
        found = [self.state]
        for step in TENANTS.steps:
            found.append(step.apply(found[-1], self.context()))
        return found


@st.composite
def worlds(draw: st.DrawFn) -> World:
    major = draw(st.sampled_from((13, 15, 16, 18)))
    target = Target("7", "shop", 5, major * 10000, "ops", draw(st.booleans()), "postgres")
    roles = {name: RoleFacts(login=True) for name in ("app_user", OWN, "app_readonly", "dba", "third", "reader")}
    roles |= {"ops": RoleFacts(superuser=target.operator_superuser), "postgres": RoleFacts(superuser=True)}
    if major >= 14:
        roles[READS_ALL] = RoleFacts()
    members = {}
    options = MemberOptions(False, True, True) if major >= 16 else MemberOptions()
    for role in ("reader", READS_ALL):
        if role in roles and draw(st.booleans()):
            members[Member(role, "third", target.grantor)] = options
    names = draw(st.lists(st.sampled_from(("orders", "lines", 'a "b"', "events")), unique=True, max_size=4))
    objects = {ObjectRef("schema", "", "public"): _facts(draw, "CU", ("app_user",))}
    objects[ROOT] = _facts(draw, "Dadrtwx", ("app_user", "app_readonly", "third"))
    tables = {ROOT: Table(ROOT, OWN, (Column("id", "bigint", True),), ("id",))}
    config = Tenants(
        "public.accounts",
        ("account_id",),
        connect=draw(st.sampled_from(("login", "pool"))),
        null_rows=draw(st.sampled_from(("hidden", "read"))),
    )
    policies, conditions, row_security, columns = {}, {}, {}, {}
    before = ROOT
    for name in names:
        ref = ObjectRef(draw(st.sampled_from(("table", "partitioned_table"))), "public", name)
        kind = draw(st.sampled_from(KINDS))
        objects[ref] = _facts(draw, "Dadrtwx", ("app_user", "app_readonly", "third", "reader"))
        keys: tuple[ForeignKey, ...] = ()
        found: tuple[Column, ...] = (Column("id", "bigint", True), Column("x", "text", False))
        if kind == "own" or (kind == "through" and before == ROOT):
            found += (Column("account_id", "bigint", draw(st.booleans())),)
        elif kind == "through":
            found += (Column("far_id", "bigint", True),)
            keys = (ForeignKey(("far_id",), before, ("id",)),)
        elif kind == "shared":
            config = replace(config, shared=(*config.shared, f'public."{name.replace(chr(34), chr(34) * 2)}"'))
        sequence = ObjectRef("sequence", "public", f"{name}_id_seq")
        objects[sequence] = _facts(draw, "Urw", ("app_user",))
        tables[ref] = Table(ref, OWN, found, ("id",), keys, sequences=(sequence,))
        if kind in ("own", "through"):
            before = ref
        if draw(st.integers(0, 3)) == 0:
            policy = ObjectRef("policy", "public", name, draw(st.sampled_from(("theirs", "tenant"))))
            policies[policy] = frozenset(draw(st.lists(st.sampled_from(("", "third")), min_size=1, max_size=1)))
            conditions[policy] = PolicyFacts(draw(st.booleans()), "*", "false")
            if draw(st.booleans()):
                row_security[ref] = RowSecurity(True, draw(st.booleans()))
        if draw(st.integers(0, 3)) == 0:
            columns[ObjectRef("column", "public", name, "x")] = intern_acl([AclItem("third", OWNER, "r")])
    structure = Structure(tables, tuple(draw(st.lists(st.sampled_from(("1", "17", "ü'%")), unique=True))))
    state = State(
        target,
        roles=roles,
        members=members,
        objects=objects,
        columns=columns,
        policies=policies,
        conditions=conditions,
        row_security=row_security,
        structure=structure,
    )
    return World(state, Config("shop", "legacy", ("public",), tenants=config))


def _facts(draw: st.DrawFn, letters: str, grantees: tuple[str, ...]) -> ObjectFacts:
    items = [AclItem(OWNER, OWNER, "".join(sorted(letters)))]
    some = st.text(letters, min_size=1, max_size=4).map(lambda text: "".join(sorted(set(text))))
    items += [AclItem(each, OWNER, draw(some)) for each in grantees if draw(st.booleans())]
    return ObjectFacts(OWN, intern_acl(items))


@EXAMPLES
@given(worlds())
def test_statements_change_what_the_step_wants_and_say_so(world: World) -> None:
    for before, after in pairwise(world.states()):
        assert Ledger(before).run(diff(before, after)) == ledger.facts(after)
        assert diff(after, after) == ()


@EXAMPLES
@given(worlds())
def test_several_steps_at_once_are_the_same(world: World) -> None:
    for after in world.states()[1:]:
        assert Ledger(world.state).run(diff(world.state, after)) == ledger.facts(after)


@EXAMPLES
@given(worlds())
def test_a_step_twice_is_the_step_once(world: World) -> None:
    states = world.states()
    for place, step in enumerate(TENANTS.steps, start=1):
        assert diff(states[place], step.apply(states[place], world.context(states[place]))) == (), step.key


@EXAMPLES
@given(worlds())
def test_finished_steps_want_nothing_more(world: World) -> None:
    for count, state in enumerate(world.states()):
        assert diff(state, TENANTS.through(state, world.context(state), count)) == ()


@EXAMPLES
@given(worlds())
def test_without_the_walk_everything_is_as_it_was(world: World) -> None:
    for state in world.states():
        context = world.context(state)
        origin = TENANTS.origin(state, context, TENANTS.keys)
        gone = [name for name in context.made if name in state.roles and name not in origin.roles]
        assert ledger.facts(without_roles(origin, gone, OWN)) == ledger.facts(world.state)


@EXAMPLES
@given(worlds())
def test_the_way_back_runs(world: World) -> None:
    states = world.states()
    for place, after in enumerate(states):
        for before in states[:place]:
            assert Ledger(after).run(diff(after, before)) == ledger.facts(before)


@EXAMPLES
@given(worlds())
def test_rights_come_last_and_go_first(world: World) -> None:
    """Also where several steps are caught up with at once, or taken back."""
    states = world.states()
    group = world.context().group
    last = states[-1]
    for before in states[:-1]:
        there, back = diff(before, last), diff(last, before)
        for ref in world.context().apart:
            table = f"{ref.schema}.{ref.name}"
            given, on = _places(there, table, group, "+")
            taken, off = _places(back, table, group, "-")
            if given and on:
                assert min(given) > max(on)
            if taken and off:
                assert max(taken) < min(off)


def _places(plan: tuple[Statement, ...], table: str, group: str, side: str) -> tuple[list[int], list[int]]:
    """Where rights of the group's are given or taken, and where what keeps rows apart comes or goes."""
    rights, apart = [], []
    for place, statement in enumerate(plan):
        for change in statement.changes:
            if change.side != side or not change.subject.endswith(table):
                continue
            if change.fact in ("privilege", "column_privilege") and change.detail.startswith(f"{group}="):
                rights.append(place)
            elif change.fact == "row_security" or (change.fact == "policy" and change.detail == group):
                apart.append(place)
    return rights, apart


@EXAMPLES
@given(worlds())
def test_nobody_else_is_touched(world: World) -> None:
    """Facts that speak of nobody of this walk's: they stay through all steps."""
    context = world.context()
    ours = {*context.made, f"table {context.mapping.schema}.{context.mapping.name}", "schema tenancy"}

    def others(state: State) -> set[ledger.Fact]:
        names = {f"policy {ref.args} on {ref.schema}.{ref.name}" for ref in state.policies if context.made_here(ref)}
        return {
            fact
            for fact in ledger.facts(state)
            if not {*fact[1:]} & ours
            and fact[0] != "row_security"
            and fact[1] not in names
            and "tenancy" not in fact[1]
        }

    before = others(world.state)
    for step, state in zip(TENANTS.steps, world.states()[1:], strict=True):
        assert others(state) == before, step.key


@EXAMPLES
@given(worlds())
def test_everybody_with_a_right_is_named_and_nobody_else(world: World) -> None:
    state = world.states()[-1]
    context = world.context()
    for ref in context.apart:
        policy = ObjectRef("policy", ref.schema, ref.name, tenants.EVERYONE)
        if context.guarded(ref) or policy in world.state.policies:
            continue
        held = {item.grantee for item in world.state.objects[ref].acl} - {OWNER, ""}
        held |= {key.role for key in world.state.members if key.role == READS_ALL}
        held |= {
            item.grantee
            for column, acl in world.state.columns.items()
            if (column.schema, column.name) == (ref.schema, ref.name)
            for item in acl
        }
        assert world.states()[-2].policies.get(policy, frozenset()) == held
        assert state.policies.get(policy, frozenset()) == held - {"app_user"}, "closed at last"
        assert state.row_security[ref].enabled or not held


@EXAMPLES
@given(worlds(), st.integers(0, 3))
def test_who_is_held_back_stays_so_and_comes_again(world: World, chosen: int) -> None:
    """Whatever step is taken or taken back meanwhile, and nobody else is let in or out."""
    done = world.states()[-1]
    some = sorted(done.tenants)[:chosen]
    back = holding(done, world.context(done), some, held=True)
    held = world.context(back)
    assert inside(back, held) == done.tenants.keys() - set(some)
    assert Ledger(done).run(diff(done, back)) == ledger.facts(back)
    assert diff(back, TENANTS.through(back, held, ALL)) == ()
    origin = TENANTS.origin(back, held, TENANTS.keys)
    assert inside(TENANTS.through(origin, held, ALL), held) == inside(back, held)
    again = holding(back, held, some, held=False)
    assert ledger.facts(again) == ledger.facts(done)
    assert again.roles == done.roles


@EXAMPLES
@given(worlds())
def test_rows_on_other_servers_are_refused_by_name(world: World) -> None:
    moment = Moment(world.state, State(world.state.target), world.config, {})
    assert TENANTS.refuses(moment) is None or world.state.policies
    citus = ObjectRef("extension", "", "citus")
    sharded = replace(moment, live=replace(world.state, objects={**world.state.objects, citus: ObjectFacts("dba", ())}))
    refused = TENANTS.refuses(sharded)
    assert refused is not None
    assert "citus" in refused[0]


def test_the_kind_has_the_steps_that_its_keys_name_in_their_order() -> None:
    assert TENANTS.keys == tenants.STEP_KEYS
