"""hand-over: the person's objects go to the application's owner, what the person granted is granted by that owner, and
the person's own rights are revoked.

The effect is that of REASSIGN OWNED and DROP OWNED, but object by object and with an undo. On 16+ DROP OWNED would also
silently end the memberships that the person granted; here they stay, granted by the operator.
"""

from __future__ import annotations

from flatsplit import blueprint
from flatsplit.model import (
    JOURNAL_SCHEMA,
    ROUTINES,
    Acl,
    Member,
    ObjectFacts,
    ObjectRef,
    State,
)
from flatsplit.privileges import settle
from flatsplit.walks import leave, rests
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.leave.context import Context
from flatsplit.walks.leave.lock import herself
from flatsplit.walks.ownership import superusers_only
from flatsplit.walks.undo import without

CONTAINERS = ("schema", "database")


def apply(state: State, context: Context) -> State:
    """The person owns nothing and has no rights, and roles that had rights from the person keep them.

    Memberships and rights in schemas last until the role is dropped: the person's grants are revoked in the person's
    name, which needs the schema, and a rollback may only give an object back to a role that may create in its schema.
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
    """Memberships that the person granted become the operator's grants (16+). Before 16 the grantor does not matter and
    may be dropped.
    """
    person, target = context.person, draft.target
    for key, options in sorted(draft.members.items()):
        if key.grantor == person and person not in key[:2] and target.membership_options:
            del draft.members[key]
            again = Member(key.role, key.member, target.grantor)
            draft.members[again] = options.joined(draft.members.get(again))


def heir(ref: ObjectRef, facts: ObjectFacts, state: State, context: Context) -> str:
    """The role that gets an object of the person's: the application's owner, unless only a superuser may own the object
    or it is flatsplit's own.
    """
    if JOURNAL_SCHEMA in (ref.schema, ref.name if ref.kind == "schema" else ""):
        return state.target.operator
    if superusers_only(ref, facts) or facts.note == "powerful":
        administrator = blueprint.administrator(context.config)
        able = administrator in state.roles and state.roles[administrator].superuser
        return administrator if able else state.target.bootstrap if state.target.operator_superuser else context.heir
    return context.heir


def handed(ref: ObjectRef, facts: ObjectFacts, state: State, context: Context) -> ObjectFacts:
    """The facts of one object after the hand-over."""
    acl = facts.acl if ref.kind in CONTAINERS else without(facts.acl, {context.person})
    if facts.owner != context.person or facts.note == "system" or (facts.follows and ref.kind in ROUTINES):
        return facts if acl is facts.acl else facts._replace(acl=acl)
    owner = heir(ref, facts, state, context)
    return facts._replace(owner=owner, acl=settle(acl, owner))


def column(ref: ObjectRef, acl: Acl, draft: Draft, context: Context) -> Acl:
    """The ACL of a column after the hand-over: it follows the owner of its table (change_owner_fix_column_acls(),
    tablecmds.c).
    """
    acl = without(acl, {context.person})
    relation = draft.before.relation_of(ref)
    facts = draft.get(relation) if relation is not None else None
    if relation is None or facts is None or facts.owner == draft.before.objects[relation].owner:
        return acl
    return settle(acl, facts.owner)


def policy(named: frozenset[str], context: Context) -> frozenset[str]:
    """The roles of a policy. One that was for the person alone is for the owner, who is exempt from it."""
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
    rests=rests.soak,
    leaves=herself,
    takes_all_of=herself,
    watch=("Errors with SQLSTATE 42501 (insufficient privilege) in jobs and views that were hers.",),
)
