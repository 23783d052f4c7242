"""grant-existing: what each new role may do with what is there."""

from __future__ import annotations

from flatsplit import privileges
from flatsplit.model import JOURNAL_SCHEMA, OWNER, PUBLIC, ROUTINES, TYPES, Acl, ObjectFacts, ObjectRef, State
from flatsplit.walks import split
from flatsplit.walks.abroad import abroad
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.split import restricted
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.grants import DML, blueprint, extras, groups_of, use_letters
from flatsplit.walks.split.owners import staying
from flatsplit.walks.split.transfer_ownership import extension_heir


def apply(state: State, context: Context) -> State:
    """Rights of the new roles on everything that exists."""
    draft = Draft(state)
    roles = context.config.roles
    holdings = context.holdings(state)
    apart = restricted.left_behind(state, context).union(roles.new)
    groups = groups_of(holdings, context.legacy, apart) | staying(state, context)
    alone = bool(restricted.memberships(draft.before, context))
    legacy_facts = context.baseline.roles.get(context.legacy)
    superuser = legacy_facts is not None and legacy_facts.superuser

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        if not facts.acl and ref.kind != "parameter":
            return facts
        in_scope = context.in_scope(ref)
        held = holdings.objects.get(ref) if context.retired else facts
        acl = facts.acl
        if context.left(ref) and facts.owner in (*context.owners, roles.dba):
            acl = _left(acl, ref, context, "" if superuser else privileges.owner_letters(ref.kind, state.target.major))
        elif context.ours(ref, facts):
            user, reader = blueprint(ref.kind, acl)
            acl = privileges.plus(acl, roles.app_user, user)
            acl = privileges.plus(acl, roles.app_readonly, reader)
        elif _taken_over(ref, facts, context):
            pass
        elif facts.owner not in context.owners and not facts.extension and held is not None:
            acl = _foreign(facts, held, ref, context, groups, in_scope, alone)
        return facts if acl is facts.acl else facts._replace(acl=acl)

    left = context.left_of(state.objects)
    draft.rewrite(change, apart=holdings.objects.keys() | left if context.retired else left)
    _extension_members(draft, context)
    _schemas(draft, context)
    _database(draft, context)
    _columns(draft, context, holdings)
    _memberships(draft, context, holdings)
    _policies(draft, context)
    _mappings(draft, context, holdings)
    for role, letter, refs in extras(draft.before, context):
        for ref in refs:
            if ref.kind == "column":
                draft.columns[ref] = privileges.plus(draft.columns.get(ref, ()), role, letter)
            else:
                draft.grant(ref, role, letter)
    return draft.state()


def _left(acl: Acl, ref: ObjectRef, context: Context, owners: str) -> Acl:
    """An object that goes to dba: used as before, but routines, which run with dba's powers, only by who is named.

    Legacy keeps its owner's privileges over the bridge; a superuser needs none.
    """
    roles = context.config.roles
    if ref.kind in ROUTINES:
        acl = privileges.without(acl, roles.app_user, "X")
    else:
        user, reader = blueprint(ref.kind, acl)
        acl = privileges.plus(acl, roles.app_user, user)
        acl = privileges.plus(acl, roles.app_readonly, reader)
    return privileges.plus(acl, roles.app_migrator, owners)


def _foreign(
    facts: ObjectFacts,
    held: ObjectFacts,
    ref: ObjectRef,
    context: Context,
    groups: frozenset[str],
    in_scope: bool,
    alone: bool,
) -> Acl:
    """Another role's object: the new roles get what legacy holds there, each the part that it is for.

    ``alone``: app_migrator is not a member of all that legacy is a member of, and needs what these hold by itself.
    """
    roles = context.config.roles
    limited = restricted.letters(ref, facts)
    own = privileges.minus(privileges.letters(held.acl, context.legacy), limited)
    use = use_letters(ref.kind)
    through = set(own)
    for group in groups:
        through.update(privileges.letters(held.acl, OWNER if held.owner == group else group))
    mine = "".join(sorted((through & set(use)).difference(limited)))
    option = privileges.minus(privileges.grantable(held.acl, context.legacy), limited)
    acl = privileges.plus(facts.acl, roles.app_migrator, own, option)
    if alone:
        acl = privileges.plus(acl, roles.app_migrator, mine)
    if JOURNAL_SCHEMA in (ref.schema, ref.name if ref.kind == "schema" else ""):
        # As it may read every row in scope, backups are what it is for; they fail on one schema that it may not read
        return privileges.plus(acl, roles.app_readonly, privileges.within(own, "rU"))
    acl = privileges.plus(acl, roles.app_user, mine)
    if in_scope:
        reading = privileges.within(mine, "rU" if ref.kind in ("schema", *TYPES) else "r")
        acl = privileges.plus(acl, roles.app_readonly, reading)
    return acl


def _extension_members(draft: Draft, context: Context) -> None:
    """Members of extensions are left alone, but for rights of legacy's that are not restricted (see :mod:`restricted`).

    It may hold them by a grant of its own, or because it installed the extension as a superuser: that one's tables are
    used like any other's. Where app_migrator does not become their owner, it can do what app_user can.
    """
    roles = context.config.roles
    holdings = context.holdings(draft.before)
    moves = not context.bootstrap and extension_heir(draft.before, context) == roles.app_migrator
    members = (
        (ref, group.facts)
        for group in draft.before.groups
        if group.facts.extension and group.facts.acl
        for ref in group.refs
    )
    for ref, facts in members:
        held = holdings.objects.get(ref, facts) if context.retired else facts
        limited = restricted.letters(ref, facts)
        own = privileges.letters(held.acl, context.legacy)
        if held.owner in context.owners and ref.kind not in ("schema", "language"):
            public = privileges.letters(facts.acl, PUBLIC)
            own = privileges.minus(use_letters(ref.kind), public)
        own = privileges.minus(own, limited)
        if own:
            if facts.owner != context.legacy or not moves:
                draft.grant(ref, roles.app_migrator, own)
            draft.grant(ref, roles.app_user, privileges.within(own, use_letters(ref.kind)))


def _schemas(draft: Draft, context: Context) -> None:
    """Schemas in scope: everybody may look inside, app_migrator may create."""
    roles = context.config.roles
    for schema in context.config.schemas:
        ref = ObjectRef("schema", "", schema)
        facts = draft.get(ref)
        if facts is None:
            continue
        draft.grant(ref, roles.app_user, "U")
        draft.grant(ref, roles.app_readonly, "U")
        if facts.owner not in context.owners:
            draft.grant(ref, roles.app_migrator, "CU")


def _database(draft: Draft, context: Context) -> None:
    """CONNECT for all; what the owner may do stays with app_migrator where it does not become the owner.

    A superuser dba needs no grant, but without one no other database's cutover could see that it is used here.
    """
    roles = context.config.roles
    ref = ObjectRef("database", "", draft.target.database)
    facts = draft.get(ref)
    if facts is None:
        return
    for role in roles.new:
        draft.grant(ref, role, "c")
    owner = facts.owner == context.legacy or (
        facts.owner in roles.new and _owned_before(context, ref) == context.legacy
    )
    if owner and context.config.database_owner != "app_migrator":
        draft.grant(ref, roles.app_migrator, "CTc")


def _taken_over(ref: ObjectRef, facts: ObjectFacts, context: Context) -> bool:
    """Whether it is legacy's database, which has gone to dba: no foreign one, on which legacy's groups would count."""
    mine = ref.kind == "database" and facts.owner in context.config.roles.new
    return mine and _owned_before(context, ref) == context.legacy


def _owned_before(context: Context, ref: ObjectRef) -> str:
    facts = context.baseline.objects.get(ref)
    return facts.owner if facts is not None else context.legacy


def _columns(draft: Draft, context: Context, holdings: State) -> None:
    """Column privileges of legacy on other roles' tables."""
    roles = context.config.roles
    for ref, acl in holdings.columns.items():
        own = privileges.letters(acl, context.legacy)
        table = restricted.table_of(draft.before, ref) if own else None
        if table is None:
            continue
        limited = restricted.letters(*table)
        own = privileges.minus(own, limited)
        if not own:
            continue
        now = draft.columns.get(ref, ())
        option = privileges.minus(privileges.grantable(acl, context.legacy), limited)
        now = privileges.plus(now, roles.app_migrator, own, option)
        now = privileges.plus(now, roles.app_user, privileges.within(own, DML))
        if ref.schema in context.scope:
            now = privileges.plus(now, roles.app_readonly, privileges.within(own, "r"))
        draft.columns[ref] = now


def _memberships(draft: Draft, context: Context, holdings: State) -> None:
    """app_migrator is a member of what legacy is a member of, as far as no restricted right lies behind it.

    app_user never is, it gets single privileges instead; [grants] may say otherwise of both.
    """
    roles = context.config.roles
    beyond = restricted.memberships(draft.before, context)
    apart = abroad(context.legacy, draft.before, holdings).union(roles.new, context.retiring, beyond)
    apart |= restricted.left_behind(draft.before, context)
    given = sorted(holdings.members.items())
    for key, options in given:
        if key.member == context.legacy and key.role not in apart:
            inherit = True if options.inherit is None else options.inherit
            set_ = True if options.set is None else options.set
            draft.member(key.role, roles.app_migrator, admin=options.admin, inherit=inherit, set_=set_)
    for role, becomes in context.config.become:
        for name in becomes:
            draft.member(name, str(getattr(roles, role)), inherit=False)  # SET; before 16 whatever the member's INHERIT
    for role, of in restricted.configured(context):
        draft.member(of, role)


def _policies(draft: Draft, context: Context) -> None:
    """Policies that were for legacy are for the roles that take over from it."""
    roles = context.config.roles
    for ref, now in list(draft.policies.items()):
        named = context.legacy in (context.baseline.policies.get(ref, now) if context.retired else now)
        if named:
            draft.policies[ref] = now | {roles.app_user, roles.app_migrator, roles.app_readonly}


def _mappings(draft: Draft, context: Context, holdings: State) -> None:
    """User mappings: without one, a foreign table fails for the new roles."""
    roles = context.config.roles
    for ref in sorted(holdings.mappings):
        if ref.args != context.legacy:
            continue
        for role in (roles.app_user, roles.app_migrator, roles.app_readonly):
            copy = ref._replace(args=role)
            if copy not in draft.mappings and role in draft.roles:
                draft.mappings.add(copy)
                live = ref in draft.before.mappings
                draft.copied_mappings[copy] = context.legacy if live else roles.app_migrator


STEP = Step(
    key=split.GRANT_EXISTING,
    title="Grant rights on everything that exists",
    purpose="Gives app_user, app_readonly and app_migrator the privileges they need on all existing objects, "
    "only where they are missing. GRANT takes no lock that readers or writers wait for.",
    apply=apply,
    watch=("Long VACUUM, CREATE INDEX or ALTER TABLE on the same tables: GRANT waits for them, briefly, and retries.",),
)
