"""What enters and leaves the tables of tenants while their walk is under way, over random tables. No server, no I/O."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from flatsplit import privileges
from flatsplit.config import format_name, parse_name
from flatsplit.differ import diff
from flatsplit.model import TABLES, RoleFacts, RowSecurity, State
from flatsplit.walks.kind import Moment
from flatsplit.walks.tenants.kind import TENANTS
from tests.support import ledger
from tests.support.ledger import Ledger
from tests.unit.test_tenants_laws import ALL, EXAMPLES, ROOT, World, worlds


@st.composite
def changed_since(draw: st.DrawFn, world: World) -> World:
    """The same database after all steps, where tables have come and gone: of another kind by the configuration, a
    partition now, in no schema in scope, somebody else's, or dropped and made again.
    """
    done, config = world.states()[-1], world.config.tenants
    assert config is not None
    assert done.structure is not None
    tables, objects = dict(done.structure.tables), dict(done.objects)
    policies, security = dict(done.policies), dict(done.row_security)
    for ref in sorted(tables.keys() - {ROOT}):
        name = format_name(ref.schema, ref.name)
        config = replace(config, shared=tuple(one for one in config.shared if parse_name(one).parts != ref[1:3]))
        match draw(
            st.sampled_from(("same", "shared", "hidden", "partition", "out of scope", "stranger", "anew", "no key"))
        ):
            case "shared":
                config = replace(config, shared=(*config.shared, name))
            case "hidden":
                config = replace(config, hidden=(*config.hidden, name))
            case "partition":
                tables[ref] = replace(tables[ref], parent=True)
            case "out of scope":
                del tables[ref]
            case "stranger":
                objects[ref] = objects[ref]._replace(owner="third")
            case "no key":  # ALTER TABLE … DROP COLUMN … CASCADE
                tables[ref] = replace(tables[ref], columns=tables[ref].columns[:1], foreign_keys=())
                policies = {
                    one: named for one, named in policies.items() if one[1:3] != ref[1:3] or one.args == "everyone"
                }
            case "anew":
                objects[ref] = world.state.objects[ref]
                policies = {one: named for one, named in policies.items() if one[1:3] != ref[1:3]}
                security.pop(ref, None)
    structure = replace(done.structure, tables=tables, worked_out={})
    conditions = {ref: facts for ref, facts in done.conditions.items() if ref in policies}
    live = replace(
        done, structure=structure, objects=objects, policies=policies, conditions=conditions, row_security=security
    )
    return World(live, replace(world.config, tenants=config))


@EXAMPLES
@given(worlds(), st.data())
def test_what_has_come_and_gone_is_caught_up_with_as_if_begun_anew(first: World, data: st.DataObject) -> None:
    """But for USAGE on sequences of tables out of scope and on the schemas of these, by which alone no row is reached,
    and for tables of which nothing says any more what they are, with USAGE on their schemas: these stay as they
    are.
    """
    now = data.draw(changed_since(first))
    context = TENANTS.context(Moment(now.state, first.baseline, now.config, {}))
    origin = TENANTS.origin(now.state, context, TENANTS.keys)
    anew = TENANTS.through(origin, TENANTS.context(Moment(origin, first.baseline, now.config, {})), ALL)
    caught_up = TENANTS.through(now.state, context, ALL)
    assert now.state.structure is not None
    in_scope = {ref for table in now.state.structure.tables.values() for ref in (table.ref, *table.sequences)}
    nothing = {ref for ref in now.state.objects if ref.kind == "sequence" and ref not in in_scope}
    used = {ref.schema for ref in nothing if privileges.letters(now.state.objects[ref].acl, context.group)}
    used |= {ref.schema for ref in context.unsaid}
    nothing |= {ref for ref in now.state.objects if ref.kind == "schema" and ref.name in used}
    unsaid = {(ref.schema, ref.name) for ref in context.unsaid}

    def of_tables(state: State) -> set[ledger.Fact]:
        apart = replace(state, objects={ref: facts for ref, facts in state.objects.items() if ref not in nothing})
        return {fact for fact in ledger.facts(apart) if not any(f"{one}.{two}" in fact[1] for one, two in unsaid)}

    assert of_tables(caught_up) - of_tables(anew) == set()
    assert of_tables(anew) - of_tables(caught_up) == set()
    assert Ledger(now.state).run(diff(now.state, caught_up)) == ledger.facts(caught_up)


@EXAMPLES
@given(worlds())
def test_what_nothing_says_any_more_stays_closed_all_the_way_back(first: World) -> None:
    """A migration called the columns otherwise: as long as the group has a right on such a table, row-level security is
    on and all policies of the walk are there. With all steps it is as it is, without any as it was.
    """
    done = first.states()[-1]
    assert done.structure is not None
    tables = {
        ref: table
        if ref == ROOT
        else replace(
            table, columns=tuple(one._replace(name=f"new_{one.name}") for one in table.columns), foreign_keys=()
        )
        for ref, table in done.structure.tables.items()
    }
    live = replace(done, structure=replace(done.structure, tables=tables, worked_out={}))
    context = TENANTS.context(Moment(live, first.baseline, first.config, {}))
    origin = TENANTS.origin(live, context, TENANTS.keys)
    for count in range(ALL + 1):
        state = TENANTS.through(origin, context, count)
        for ref in context.unsaid:
            security, before = state.row_security.get(ref), first.state.row_security.get(ref)
            mine = {one for one in live.policies if one[1:3] == ref[1:3] and context.made_here(one)}
            if privileges.letters(state.objects[ref].acl, context.group):
                assert security is not None
                assert security.enabled
                assert mine <= state.policies.keys()
            if count == ALL:
                assert (state.objects[ref], security) == (live.objects[ref], live.row_security.get(ref))
            if not count:
                assert (security or RowSecurity()) == (before or RowSecurity())
                assert not mine & state.policies.keys()


@EXAMPLES
@given(worlds())
def test_what_is_shared_and_called_otherwise_now_stays_read(first: World) -> None:
    """A migration has renamed the tables that are said to be shared: until that is said again, tenants read them."""
    config = first.config.tenants
    assert config is not None
    shared = {parse_name(one).parts for one in config.shared}
    objects = {
        ref: facts._replace(acl=privileges.plus(facts.acl, "app_user", "r")) if ref[1:3] in shared else facts
        for ref, facts in first.state.objects.items()
    }
    first = replace(first, state=replace(first.state, objects=objects))
    done = first.states()[-1]
    assert done.structure is not None
    said = replace(config, shared=tuple(format_name("gone", parse_name(one).parts[-1]) for one in config.shared))
    live = replace(done, structure=replace(done.structure, worked_out={}))
    context = TENANTS.context(Moment(live, first.baseline, replace(first.config, tenants=said), {}))
    caught_up = TENANTS.through(live, context, ALL)
    for ref in (ref for ref in live.objects if ref.kind in TABLES and ref[1:3] in shared):
        one = context.survey.belongings.get(ref)
        if context.ours(ref) and (one is None or one.kind == "hidden"):
            assert "r" in privileges.letters(live.objects[ref].acl, context.group)
            assert caught_up.objects[ref] == live.objects[ref]


@EXAMPLES
@given(worlds(), st.data())
def test_a_role_that_is_another_now_gets_nothing_and_stays(first: World, data: st.DataObject) -> None:
    """Somebody dropped tenants' roles, and created others of their names."""
    done = first.states()[-1]
    others = data.draw(st.sets(st.sampled_from(sorted(done.tenants)))) if done.tenants else set()
    roles = {**done.roles, **{role: RoleFacts(login=data.draw(st.booleans()), comment="a person") for role in others}}
    members = {key: options for key, options in done.members.items() if not others & {key.member, key.role}}
    settings = {key: value for key, value in done.settings.items() if key.role not in others}
    live = replace(done, roles=roles, members=members, settings=settings)
    context = TENANTS.context(Moment(live, first.baseline, first.config, {}))
    origin = TENANTS.origin(live, context, TENANTS.keys)
    for count in range(ALL + 1):
        for state in (TENANTS.through(origin, context, count), TENANTS.through(live, context, count)):
            assert {role: state.roles.get(role) for role in others} == {role: roles[role] for role in others}
            assert not [key for key in state.members if others & {key.member, key.role}]
            assert not [key for key in state.settings if key.role in others]
