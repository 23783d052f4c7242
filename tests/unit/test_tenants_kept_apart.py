"""What keeps tenants apart, over the random tables of test_tenants_laws: no state of the walk is without it. No server.

Whether the server then shows a tenant its own rows alone is tried in tests/integration/test_tenants_isolation.py.
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from flatsplit import ddl, privileges
from flatsplit.model import ObjectFacts, ObjectRef, RoleFacts, RowSecurity
from flatsplit.tenants.kinds import APART
from flatsplit.tenants.naming import role_of
from flatsplit.walks import marks, tenants
from flatsplit.walks.tenants import tenant_grants, tenant_rls
from tests.unit.test_tenants_laws import EXAMPLES, ROOT, World, worlds

READ, WRITE = "r", "awd"
LIMITED = {"root": READ, "own": READ + WRITE, "through": READ + WRITE, "shared": READ, "hidden": ""}
"""Rights that policies limit to a tenant's rows, and which of them tables of each kind give."""


@EXAMPLES
@given(worlds())
def test_each_command_of_a_tenant_is_held_by_two_policies(world: World) -> None:
    """A permissive and a restrictive one, each with the condition and for nobody but the group: one alone fails open.
    Rows without a key can at most be read.
    """
    state, context = world.states()[-2], world.context()
    for ref, one in context.apart.items():
        condition = one.condition(context.tenants.schema)
        assert condition is not None
        wide = context.tenants.null_rows == "read" and one.kind == "own"
        mine, nobodys = (ddl.condition(condition._replace(or_null=null), ref.name) for null in (False, True))
        found = {
            policy: facts
            for policy, facts in state.conditions.items()
            if (policy.schema, policy.name) == (ref.schema, ref.name) and context.group in state.policies[policy]
        }
        assert all(state.policies[policy] == {context.group} for policy in found)
        for command in READ + WRITE:
            binding = [facts for facts in found.values() if facts.command in ("*", command)]
            assert sorted(facts.permissive for facts in binding) == [False, True]
            for facts in binding:
                if command == READ:
                    assert facts.using == (nobodys if wide else mine)
                else:
                    assert (facts.using, facts.check or facts.using) in ((mine, mine), ("", mine))


@EXAMPLES
@given(worlds())
def test_tenants_get_the_rights_that_policies_limit_and_no_others(world: World) -> None:
    """On rows alone, by the table's kind, and never more than the application has. The owner stays exempt: no FORCE."""
    context = world.context()
    for state in world.states():
        for ref, one in context.told.items():
            found = [state.objects[ref].acl, *(acl for _, acl in context.columns_of(state, ref))]
            held = {letter for acl in found for letter in privileges.letters(acl, context.group)}
            has = set(privileges.letters(state.objects[ref].acl, context.application))
            assert held <= has & set(LIMITED[one.kind])
            assert not held or one.kind not in APART or ref in context.apart
            before = world.state.row_security.get(ref, RowSecurity())
            assert state.row_security.get(ref, RowSecurity()).forced == before.forced
            if before.enabled:  # a policy for all rows would show what those that are there hide
                everyone = ObjectRef("policy", ref.schema, ref.name, tenants.EVERYONE)
                assert everyone not in state.policies


@EXAMPLES
@given(worlds(), st.data())
def test_what_is_missing_leaves_a_table_closed(world: World, data: st.DataObject) -> None:
    """Whatever policies are gone, and wherever row-level security is off: no right is given there, and row-level
    security comes back on only where nobody would lose a row by it.
    """
    ready, context = world.states()[2], world.context()  # policies and no more
    gone = data.draw(st.sets(st.sampled_from(sorted(ready.policies)))) if ready.policies else set[ObjectRef]()
    left = {ref: named for ref, named in ready.policies.items() if ref not in gone}
    state = ready.but(policies=left, conditions={ref: one for ref, one in ready.conditions.items() if ref in left})
    secured = tenant_rls.apply(state, context)
    for ref, one in context.apart.items():
        if not context.policies(state, one).keys() <= left.keys():
            assert secured.row_security.get(ref) == state.row_security.get(ref)
    on = data.draw(st.sets(st.sampled_from(sorted(context.apart))))
    half = state.but(row_security={**state.row_security, **dict.fromkeys(context.apart, RowSecurity())})
    half = half.but(row_security={**half.row_security, **dict.fromkeys(on, RowSecurity(True))})
    given_ = tenant_grants.apply(half, context)
    for ref, one in context.apart.items():
        found = [given_.objects[ref].acl, *(acl for _, acl in context.columns_of(given_, ref))]
        if any(privileges.letters(acl, context.group) for acl in found):
            assert ref in on
            assert context.kept_apart(one).keys() <= left.keys()


@EXAMPLES
@given(worlds(), st.data())
def test_somebody_elses_table_is_left_alone(world: World, data: st.DataObject) -> None:
    told = sorted(world.context().told.keys() - {ROOT})
    if not told:
        return
    ref = data.draw(st.sampled_from(told))
    theirs = ObjectFacts("third", world.state.objects[ref].acl)
    other = replace(world, state=world.state.but(objects={**world.state.objects, ref: theirs}))
    for state in other.states():
        assert state.objects[ref] == theirs
        assert state.row_security.get(ref) == other.state.row_security.get(ref)
        policies = {policy for policy in state.policies if policy[1:3] == ref[1:3]}
        assert policies == {policy for policy in other.state.policies if policy[1:3] == ref[1:3]}


@EXAMPLES
@given(worlds())
def test_a_tenants_role_is_its_tenants_and_nothing_else(world: World) -> None:
    """A plain member of the group, which sees its own row of the mapping and writes none; a pool inherits nothing."""
    context, here = world.context(), world.state.target.database
    keys = world.state.structure.keys if world.state.structure is not None else ()
    state = world.states()[-1]
    assert state.tenants == {role_of(context.tenants, key): key for key in keys or ()}
    for role in state.tenants:
        plain = RoleFacts(connection_limit=state.roles[role].connection_limit, comment=marks.mark(here))
        assert state.roles[role]._replace(login=False, password=False) == plain
        assert {key.role for key in state.members if key.member == role} == {context.group}
    for key, options in state.members.items():
        assert key in world.state.members or not options.admin
        assert options.inherit in (None, key in world.state.members or key.member != context.pool)
    own = context.mapping._replace(kind="policy", args=tenants.OWN)
    assert state.policies[own] == {context.group}
    assert state.conditions[own].using == ddl.own_row()
    assert state.row_security[context.mapping].enabled
    assert privileges.letters(state.objects[context.mapping].acl, context.group) == READ
