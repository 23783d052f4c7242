"""hand-over: what she owned is the application's, what she gave others have from the owner, what she held is gone.

As REASSIGN OWNED and DROP OWNED would, but object by object and with a way back. On 16+ DROP OWNED would also end the
memberships that she granted, without a word; here they go on, granted by the operator.
"""

from __future__ import annotations

from flatsplit import blueprint
from flatsplit.model import (
    JOURNAL_SCHEMA,
    ROUTINES,
    TABLES,
    Acl,
    Member,
    MemberOptions,
    ObjectFacts,
    ObjectRef,
    State,
)
from flatsplit.privileges import settle
from flatsplit.walks import leave
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.leave.context import Context
from flatsplit.walks.leave.lock import herself, soak
from flatsplit.walks.ownership import superusers_only
from flatsplit.walks.undo import without

CONTAINERS = ("schema", "database")


def apply(state: State, context: Context) -> State:
    """She owns nothing and holds nothing; what she gave to others they keep.

    Her memberships, and what she may in schemas, end with the role: her grants are revoked in her name, which has to
    reach them, and who gets an object back has to be allowed to create in its schema.
    """
    if context.person not in state.roles:
        return state
    draft = Draft(state)
    memberships(draft, context)
    draft.rewrite(lambda ref, facts: handed(ref, facts, state, context))
    for ref, acl in list(draft.columns.items()):
        draft.columns[ref] = column(ref, acl, draft, context)
    draft.columns = {ref: acl for ref, acl in draft.columns.items() if acl}
    for default, acl in list(draft.defaults.items()):
        if default.creator == context.person:
            del draft.defaults[default]
        elif (left := without(acl, {context.person})) is not acl:
            draft.default(default, left)
    draft.policies = {ref: policy(named, context) for ref, named in draft.policies.items()}
    return draft.state()


def memberships(draft: Draft, context: Context) -> None:
    """Those that she granted are the operator's grants (16+); before, a membership has one grantor, who may be gone."""
    person, target = context.person, draft.target
    for key, options in sorted(draft.members.items()):
        if key.grantor == person and person not in key[:2] and target.membership_options:
            del draft.members[key]
            again = Member(key.role, key.member, target.grantor)
            draft.members[again] = both(options, draft.members.get(again))


def both(one: MemberOptions, other: MemberOptions | None) -> MemberOptions:
    """What either membership gives."""
    if other is None:
        return one
    return MemberOptions(
        one.admin or other.admin, bool(one.inherit) or bool(other.inherit), bool(one.set) or bool(other.set)
    )


def heir(ref: ObjectRef, facts: ObjectFacts, state: State, context: Context) -> str:
    """Who gets an object of hers: the application's owner, unless it is for superusers only or flatsplit's own."""
    if JOURNAL_SCHEMA in (ref.schema, ref.name if ref.kind == "schema" else ""):
        return state.target.operator
    if superusers_only(ref, facts) or facts.note == "powerful":
        administrator = blueprint.administrator(context.config)
        able = administrator in state.roles and state.roles[administrator].superuser
        return administrator if able else state.target.bootstrap if state.target.operator_superuser else context.heir
    return context.heir


def handed(ref: ObjectRef, facts: ObjectFacts, state: State, context: Context) -> ObjectFacts:
    """What becomes of one object."""
    acl = facts.acl if ref.kind in CONTAINERS else without(facts.acl, {context.person})
    if facts.owner != context.person or facts.note == "system" or (facts.follows and ref.kind in ROUTINES):
        return facts if acl is facts.acl else facts._replace(acl=acl)
    owner = heir(ref, facts, state, context)
    return facts._replace(owner=owner, acl=settle(acl, owner))


def column(ref: ObjectRef, acl: Acl, draft: Draft, context: Context) -> Acl:
    """Entries of a table's columns follow its owner (change_owner_fix_column_acls(), tablecmds.c)."""
    acl = without(acl, {context.person})
    for kind in (*sorted(TABLES), "view", "materialized_view"):
        relation = ObjectRef(kind, ref.schema, ref.name)  # type: ignore[arg-type]  # kinds of relations
        facts = draft.get(relation)
        if facts is not None and facts.owner != draft.before.objects[relation].owner:
            return settle(acl, facts.owner)
    return acl


def policy(named: frozenset[str], context: Context) -> frozenset[str]:
    """Whom a policy is for; one that was for her alone is the owner's, to whom it means nothing."""
    if context.person not in named:
        return named
    return named - {context.person} or frozenset({context.heir})


STEP = Step(
    key=leave.HAND_OVER,
    title="Hand over what was hers",
    purpose="Gives what the person owns in this database to the owner of the application's objects, takes away what "
    "she was granted, and lets go on what she granted to others: privileges as the owner's, memberships as the "
    "operator's. What runs with its owner's rights would run with more than hers: it closes a gate.",
    apply=apply,
    gates=("no-blockers", "soaked", "elsewhere"),
    rests=soak,
    leaves=herself,
    takes_all_of=herself,
    watch=("Errors with SQLSTATE 42501 (insufficient privilege) in jobs and views that were hers.",),
)
