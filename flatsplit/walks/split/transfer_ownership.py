"""transfer-ownership: the bridge, then app_migrator owns every object that legacy owned."""

from __future__ import annotations

from flatsplit import blueprint
from flatsplit.model import ROUTINES, ObjectFacts, ObjectRef, State, versions
from flatsplit.privileges import settle
from flatsplit.walks import split
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.ownership import superusers_only
from flatsplit.walks.split.context import Context


def heir(ref: ObjectRef, facts: ObjectFacts, state: State | Draft, context: Context) -> str:
    """The role that an object of legacy's goes to; the present owner where no suitable role may own it."""
    who = blueprint.who(context.config)
    if context.bootstrap and (facts.extension or ref.kind == "extension"):
        return facts.owner
    if facts.extension or ref.kind == "extension":
        owner = extension_heir(state, context)
        others = facts.owner in context.retiring and facts.owner != extensions_of(state, context)
        if others or owner == context.legacy:
            return facts.owner
        if not superusers_only(ref, facts):
            return owner
    if ref.kind == "database":
        chosen = context.config.database_owner
        return (facts.owner if chosen == "keep" else blueprint.named(context.config, chosen)) or who.owner
    if context.left(ref) and who.administrator in state.roles:
        return who.administrator
    if superusers_only(ref, facts):
        dba = state.roles.get(who.administrator)
        enters = dba is not None and (dba.login or who.administrator in context.config.entering)
        if dba is not None and dba.superuser and (enters or ref.kind != "subscription"):
            return who.administrator
        migrator = state.roles.get(who.owner)
        fit = (migrator is not None and migrator.superuser) or (
            ref.kind == "subscription" and state.target.major >= versions.SUBSCRIPTION_CREATORS
        )
        return who.owner if fit else facts.owner
    return who.owner


def extensions_of(state: State | Draft, context: Context) -> str:
    """The one role, of legacy and the owners that move like it, whose extensions move: legacy comes first.

    REASSIGN OWNED gives all extensions of a role to one other role. If those of two roles were merged, they could not
    be told apart at a rollback.
    """
    live = state.before if isinstance(state, Draft) else state
    for groups in (context.baseline.groups, live.groups):
        owning = {group.facts.owner for group in groups if group.kind == "extension"} & context.retiring
        if owning:
            return min(owning, key=lambda role: (role != context.legacy, role))
    return context.legacy


def extension_heir(state: State | Draft, context: Context) -> str:
    """The role that legacy's extensions go to: REASSIGN OWNED moves all of them to one.

    By default that is app_migrator, unless the owner of one of them could do more than an ordinary owner: then it is
    dba, and without a dba they stay.
    """
    chosen = context.config.extension_owner
    if chosen == "auto":
        powerful = any(
            group.facts.note == "powerful" and group.facts.owner in context.retiring
            for group in (state.before if isinstance(state, Draft) else state).groups
            if group.kind == "extension"
        )
        if powerful:
            return blueprint.administrator(context.config) or context.legacy
        return blueprint.owner(context.config)
    return context.legacy if chosen == "keep" else blueprint.named(context.config, chosen)


def apply(state: State, context: Context) -> State:
    """Legacy becomes a member of app_migrator, which owns what legacy owned. Legacy's members have its rights through
    that.
    """
    draft = Draft(state)
    who = blueprint.who(context.config)
    if who.owner not in draft.roles:
        return state
    for old in sorted(context.retiring & draft.roles.keys()):
        draft.member(who.owner, old)
    if sees_all_rows(context):  # before anything moves, so that what runs as its owner always sees all rows
        draft.role(who.owner, bypassrls=True)

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        mine = facts.owner in context.retiring or (facts.owner == who.owner and context.left(ref))
        if not mine or facts.note == "system" or (facts.follows and ref.kind in ROUTINES):
            return facts
        owner = heir(ref, facts, state, context)
        if owner == facts.owner or waits(ref, facts, state, context):
            return facts
        return facts._replace(owner=owner, acl=settle(facts.acl, owner))

    draft.rewrite(change, apart=context.left_of(state.objects))
    _columns(draft)
    return draft.state()


def _columns(draft: Draft) -> None:
    """The ACLs of columns after the owner of their table has changed (change_owner_fix_column_acls(), tablecmds.c)."""
    for ref, acl in list(draft.columns.items()):
        relation = draft.before.relation_of(ref)
        facts = draft.get(relation) if relation is not None else None
        if facts is not None:
            draft.columns[ref] = settle(acl, facts.owner)


def sees_all_rows(context: Context) -> bool:
    """Whether app_migrator gets BYPASSRLS: where legacy has the attribute, or where the configuration says so.

    A superuser does not have the attribute; then giving it to app_migrator is a decision ([owner-powers] bypassrls).
    Membership does not pass it on (manual, "Role Membership"), and an adopted role gets it only by that decision.
    """
    legacy = context.baseline.roles.get(context.legacy)
    as_legacy = legacy is not None and legacy.bypassrls and blueprint.owner(context.config) not in context.adopted
    return context.config.powers.bypassrls or as_legacy


def waits(ref: ObjectRef, facts: ObjectFacts, state: State | Draft, context: Context) -> bool:
    """Whether an object has to stay with legacy until its new owner may log in.

    The worker of a subscription starts as its owner, which InitializeSessionUserId() refuses to roles without LOGIN.
    """
    if ref.kind != "subscription":
        return False
    owner = state.roles.get(heir(ref, facts, state, context))
    return owner is not None and not owner.login


def late(draft: Draft, context: Context) -> None:
    """What had to wait goes to its new owner, which may log in now."""

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        if ref.kind != "subscription" or facts.owner not in context.retiring or waits(ref, facts, draft, context):
            return facts
        return facts._replace(owner=heir(ref, facts, draft, context))

    draft.rewrite(change)


def _legacy(context: Context) -> Roles:
    return (context.legacy,)


STEP = Step(
    key=split.TRANSFER_OWNERSHIP,
    title="Move ownership to app_migrator",
    purpose="Makes the old role a member of app_migrator (the bridge), then gives all its objects to app_migrator. "
    "As a member of the owner the running application keeps every right it had. "
    "ALTER … OWNER takes ACCESS EXCLUSIVE for a moment; no statement waits for that longer than lock_timeout.",
    apply=apply,
    gates=("bridge", "reach", "owner-powers"),
    takes_all_of=_legacy,
    watch=(
        "Statements of the application waiting for a lock (pg_stat_activity, wait_event_type = 'Lock').",
        "Replication lag of hot standbys: ACCESS EXCLUSIVE is replayed there.",
    ),
    stop=(
        (
            "Application statements wait longer than lock_timeout, or a standby falls behind and does not catch up "
            "between batches."
        ),
    ),
)
