"""grant-existing: what each new role may do with existing objects."""

from __future__ import annotations

from flatsplit import blueprint, privileges
from flatsplit.model import JOURNAL_SCHEMA, PUBLIC, ROUTINES, Acl, ObjectFacts, ObjectRef, State
from flatsplit.walks import split
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.other_databases import abroad
from flatsplit.walks.split import restricted
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.grants import extras, groups_of, lent, of_the_database
from flatsplit.walks.split.owners import staying
from flatsplit.walks.split.transfer_ownership import extension_heir


def apply(state: State, context: Context) -> State:
    """The rights of the new roles on everything that exists."""
    draft = Draft(state)
    new, dba = blueprint.roles(context.config), blueprint.administrator(context.config)
    users = [role for role in new if role.purpose.named]
    holdings = context.holdings(state)
    apart = restricted.left_behind(state, context).union(role.name for role in new)
    groups = groups_of(holdings, context.legacy, apart) | staying(state, context)
    implied = of_the_database(holdings, context)
    alone = bool(restricted.memberships(draft.before, context))
    legacy_facts = context.baseline.roles.get(context.legacy)
    superuser = legacy_facts is not None and legacy_facts.superuser
    kinds = {group.kind for group in state.groups} - {"parameter"}
    without = {kind for kind in kinds if not privileges.owner_letters(kind, state.target.major)}

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        if not facts.acl and ref.kind in without:  # an empty list of another kind was emptied by the owner
            return facts
        in_scope = context.in_scope(ref)
        held = holdings.objects.get(ref) if context.retired else facts
        acl = facts.acl
        if context.left(ref) and facts.owner in (*context.owners, dba):
            acl = _left(acl, ref, context, "" if superuser else privileges.owner_letters(ref.kind, state.target.major))
        elif context.ours(ref, facts):
            for role in users:
                acl = privileges.plus(acl, role.name, blueprint.on_ours(role.purpose, ref.kind, facts.acl))
        elif _taken_over(ref, facts, context):
            pass
        elif facts.owner not in context.owners and not facts.extension and held is not None:
            # Schemas in scope are every new role's; out of it public, which belongs to it since 15, is PUBLIC's
            theirs = ref.kind == "schema" and (in_scope or facts.owner in implied)
            without_grant = frozenset[str]() if theirs else implied
            acl = _foreign(facts, held, ref, context, groups, without_grant, in_scope, alone)
        return facts if acl is facts.acl else facts._replace(acl=acl)

    left = context.left_of(state.objects)
    draft.rewrite(change, apart=holdings.objects.keys() | left if context.retired else left)
    _extension_members(draft, context)
    _schemas(draft, context)
    _database(draft, context)
    _columns(draft, context, holdings, groups, implied, alone)
    _memberships(draft, context, holdings)
    _policies(draft, context, groups | implied)
    _mappings(draft, context, holdings)
    for name, letter, refs in extras(draft.before, context):
        for ref in refs:
            if ref.kind == "column":
                draft.columns[ref] = privileges.plus(draft.columns.get(ref, ()), name, letter)
            else:
                draft.grant(ref, name, letter)
    return draft.state()


def _left(acl: Acl, ref: ObjectRef, context: Context, owners: str) -> Acl:
    """The ACL of an object that goes to dba. It can be used as before, except that routines, which then run as dba, may
    only be called by roles that are named.

    Legacy keeps its owner's privileges over the bridge; a superuser needs none.
    """
    config, before = context.config, acl
    if ref.kind in ROUTINES:
        acl = privileges.without(acl, blueprint.application(config), "X")
    else:
        for role in blueprint.roles(config):
            acl = privileges.plus(acl, role.name, blueprint.on_ours(role.purpose, ref.kind, before))
    return privileges.plus(acl, blueprint.owner(config), owners)


def _foreign(
    facts: ObjectFacts,
    held: ObjectFacts,
    ref: ObjectRef,
    context: Context,
    groups: frozenset[str],
    implied: frozenset[str],
    in_scope: bool,
    alone: bool,
) -> Acl:
    """The ACL of another role's object: each new role gets the part of legacy's rights that belongs to its purpose.

    ``alone``: the owner is not a member of all roles that legacy is a member of, so it gets their rights itself, as
    those of ``implied``, in which legacy is without a GRANT.
    """
    limited = restricted.letters(ref, facts)
    own = privileges.minus(privileges.letters(held.acl, context.legacy), limited)
    use = blueprint.of_use(ref.kind)

    def through(roles: frozenset[str]) -> str:
        return "".join(sorted((lent(held.acl, held.owner, roles) & set(use)).difference(limited)))

    given = through(implied)
    mine = "".join(sorted({*through(groups), *given, *(set(own) & set(use)).difference(limited)}))
    option = privileges.minus(privileges.grantable(held.acl, context.legacy), limited)
    tracking = JOURNAL_SCHEMA in (ref.schema, ref.name if ref.kind == "schema" else "")
    acl = facts.acl
    for name, purpose in blueprint.roles(context.config):
        if purpose.keeps_all:
            acl = privileges.plus(acl, name, own, option)
            acl = privileges.plus(acl, name, mine if alone else given)
        if tracking:
            acl = privileges.plus(acl, name, privileges.within(own, purpose.dumps))
        elif in_scope or purpose.beyond_scope:
            acl = privileges.plus(acl, name, privileges.within(mine, purpose.borrows.get(ref.kind, "")))
    return acl


def _extension_members(draft: Draft, context: Context) -> None:
    """Members of extensions stay as they are, except for rights of legacy that are not restricted (see
    :mod:`restricted`).

    Legacy may have such rights by a grant, or because it installed the extension as a superuser: that extension's
    tables are used like any other. Where app_migrator does not become their owner, it gets what app_user gets.
    """
    holdings = context.holdings(draft.before)
    moves = not context.bootstrap and extension_heir(draft.before, context) == blueprint.owner(context.config)
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
            own = privileges.minus(blueprint.of_use(ref.kind), public)
        own = privileges.minus(own, limited)
        for name, purpose in blueprint.roles(context.config) if own else ():
            if purpose.keeps_all and (facts.owner != context.legacy or not moves):
                draft.grant(ref, name, own)
            if purpose.beyond_scope:
                draft.grant(ref, name, privileges.within(own, purpose.borrows.get(ref.kind, "")))


def _schemas(draft: Draft, context: Context) -> None:
    """Schemas in scope: all new roles get USAGE, app_migrator CREATE."""
    for schema in context.config.schemas:
        ref = ObjectRef("schema", "", schema)
        facts = draft.get(ref)
        for role in blueprint.roles(context.config) if facts is not None else ():
            if facts is not None and not (role.purpose.duty == "owner" and facts.owner in context.owners):
                draft.grant(ref, role.name, role.purpose.around.get("schema", ""))


def _database(draft: Draft, context: Context) -> None:
    """CONNECT for all new roles; where app_migrator does not become the owner of the database, it gets an owner's
    rights.
    """
    roles = blueprint.roles(context.config)
    ref = ObjectRef("database", "", draft.target.database)
    facts = draft.get(ref)
    if facts is None:
        return
    for role in roles:
        draft.grant(ref, role.name, role.purpose.around.get("database", ""))
    taken = facts.owner in {role.name for role in roles} and _owned_before(context, ref) == context.legacy
    if (facts.owner == context.legacy or taken) and context.config.database_owner != blueprint.OWNER.key:
        everything = privileges.owner_letters("database", draft.target.major)
        draft.grant(ref, blueprint.owner(context.config), everything)


def _taken_over(ref: ObjectRef, facts: ObjectFacts, context: Context) -> bool:
    """Whether it is legacy's database, which now belongs to dba, and not another role's."""
    mine = ref.kind == "database" and facts.owner in context.config.roles.new
    return mine and _owned_before(context, ref) == context.legacy


def _owned_before(context: Context, ref: ObjectRef) -> str:
    facts = context.baseline.objects.get(ref)
    return facts.owner if facts is not None else context.legacy


def _columns(
    draft: Draft,
    context: Context,
    holdings: State,
    groups: frozenset[str],
    implied: frozenset[str],
    alone: bool,
) -> None:
    """Column privileges that legacy has on other roles' tables, as in :func:`_foreign`."""
    for ref, acl in holdings.columns.items():
        own, given = privileges.letters(acl, context.legacy), lent(acl, "", implied)
        through = lent(acl, "", groups) | given
        relation = draft.before.relation_of(ref) if own or through else None
        if relation is None:
            continue
        facts = draft.before.objects[relation]
        if facts.owner in context.owners or facts.extension:  # the table's own rights, and no group's, are what counts
            through = given = frozenset()
        limited = restricted.letters(relation, facts)
        own = privileges.minus(own, limited)
        mine = "".join(sorted(through.union(own).difference(limited)))
        if not mine:
            continue
        now = draft.columns.get(ref, ())
        option = privileges.minus(privileges.grantable(acl, context.legacy), limited)
        for name, purpose in blueprint.roles(context.config):
            if name == facts.owner:  # a column of an adopted role, to which its own table gives nothing
                continue
            if purpose.keeps_all:
                now = privileges.plus(now, name, own, option)
                now = privileges.plus(now, name, "".join(one for one in mine if alone or one in given))
            if ref.schema in context.scope or purpose.beyond_scope:
                now = privileges.plus(now, name, privileges.within(mine, purpose.borrows.get("column", "")))
        draft.columns[ref] = now


def _memberships(draft: Draft, context: Context, holdings: State) -> None:
    """app_migrator becomes a member of the roles that legacy is a member of, unless they lead to a restricted right.

    app_user does not, it gets single privileges instead; [grants] may decide otherwise for both.
    """
    config, beyond = context.config, restricted.memberships(draft.before, context)
    apart = abroad(context.legacy, draft.before, holdings).union(config.roles.new, context.retiring, beyond)
    apart |= restricted.left_behind(draft.before, context)
    given = sorted(holdings.members.items())
    for key, options in given:
        if key.member == context.legacy and key.role not in apart:
            inherit = True if options.inherit is None else options.inherit
            set_ = True if options.set is None else options.set
            for role in blueprint.taking(config, "memberships"):
                draft.member(key.role, role, admin=options.admin, inherit=inherit, set_=set_)
    for purpose, becomes in config.become:
        for name in becomes:
            draft.member(
                name, blueprint.named(config, purpose), inherit=False
            )  # SET; before 16 the attribute INHERIT of the member decides
    for role, of in restricted.configured(context):
        draft.member(of, role)


def _policies(draft: Draft, context: Context, groups: frozenset[str]) -> None:
    """Policies for legacy are for the roles that take over from it as well; on other roles' tables also those that hold
    for it through a group, or without them a restrictive one would hold no longer. Of its own it was exempt.
    """
    heirs = blueprint.taking(context.config, "policies")
    for ref, now in list(draft.policies.items()):
        first = context.baseline.policies.get(ref, now) if context.retired else now
        theirs = not groups.isdisjoint(first) and draft.before.relation_owner(ref) not in context.owners
        if context.legacy in first or theirs:
            draft.policies[ref] = now.union(heirs)


def _mappings(draft: Draft, context: Context, holdings: State) -> None:
    """User mappings for the new roles: without one, a foreign table cannot be read."""
    owner = blueprint.owner(context.config)
    for ref in sorted(holdings.mappings):
        if ref.args != context.legacy:
            continue
        for role in blueprint.taking(context.config, "mappings"):
            copy = ref._replace(args=role)
            if copy not in draft.mappings and role in draft.roles:
                draft.mappings.add(copy)
                live = ref in draft.before.mappings
                draft.copied_mappings[copy] = context.legacy if live else owner


STEP = Step(
    key=split.GRANT_EXISTING,
    title="Grant rights on everything that exists",
    purpose="Gives app_user, app_readonly and app_migrator the privileges they need on all existing objects, "
    "only where they are missing. GRANT takes no lock that readers or writers wait for.",
    apply=apply,
    watch=("Long VACUUM, CREATE INDEX or ALTER TABLE on the same tables: GRANT waits for them, briefly, and retries.",),
)
