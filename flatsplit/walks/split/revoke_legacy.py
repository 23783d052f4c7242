"""revoke-legacy: the old role has no rights any more."""

from __future__ import annotations

from flatsplit import blueprint, membership
from flatsplit.model import OWNER, AclItem, Member, ObjectFacts, SettingKey, State, intern_acl
from flatsplit.walks import rests, split, used_elsewhere
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.other_databases import abroad
from flatsplit.walks.split import default_privileges, members, restricted
from flatsplit.walks.split.context import Context


def apply(state: State, context: Context) -> State:
    """Legacy has no bridge, privileges, default privileges, memberships or attributes; with ``drop`` it does not exist.

    What another database uses of it stays (:mod:`flatsplit.walks.used_elsewhere`); the last database takes that away.
    """
    draft = Draft(state)
    legacy = context.legacy
    who = blueprint.who(context.config)
    if legacy not in draft.roles:
        return state
    _memberships(draft, context)
    if context.config.retire == "repurpose":
        members.hand_over(draft, context, structure=True)
    else:
        members.hand_over(draft, context)
    draft.rewrite(lambda _, facts: _stripped(facts, legacy))
    for ref, acl in list(draft.columns.items()):
        draft.columns[ref] = handed_over(acl, legacy)  # a column stays in the State when its list is empty
    default_privileges.revoked(draft, context)
    for ref, named in list(draft.policies.items()):
        if legacy in named:
            draft.policies[ref] = named - {legacy}
    draft.mappings = {ref for ref in draft.mappings if ref.args != legacy}
    if not context.bootstrap and not used_elsewhere.used(draft.before, legacy):
        draft.role(legacy, superuser=False, createdb=False, createrole=False, replication=False, bypassrls=False)
    if context.config.retire == "repurpose":
        draft.member(who.application, legacy)
    else:
        draft.settings.pop(SettingKey(legacy, draft.target.database), None)
    if context.config.retire == "drop" and not context.bootstrap:
        _drop(draft, legacy)
    return draft.state()


def _memberships(draft: Draft, context: Context) -> None:
    """Legacy is a member of no role, and has no members unless it goes on as the application's role. Memberships that
    it granted to others are granted by the operator; what a superuser grants is on record as the bootstrap superuser's,
    and so it stays where that is legacy.
    """
    legacy, heir = context.legacy, draft.target.grantor
    for key, options in sorted(draft.members.items()):
        granted = legacy not in (key.role, key.member) and key.grantor == legacy != heir
        if granted and draft.target.membership_options:
            again = Member(key.role, key.member, heir)
            draft.members[again] = options.joined(draft.members.get(again))
            del draft.members[key]
    # Memberships that another database's application uses through legacy, such as a bridge, are not this walk's
    kept = set(abroad(legacy, draft.before) - set(context.config.roles.new))
    if context.config.retire == "repurpose":
        kept.add(blueprint.application(context.config))
    else:
        kept |= restricted.left_behind(draft.before, context)
    migrator = blueprint.owner(context.config)
    for key in [key for key in draft.members if key.role == migrator and key.member in context.retiring - {legacy}]:
        if not used_elsewhere.matters(draft.before, key):
            del draft.members[key]
    apart = {legacy, *context.config.roles.new}
    for key in [key for key in draft.members if legacy in (key.role, key.member)]:
        if context.config.retire == "repurpose" and key.role == legacy and key.member not in apart:
            continue
        # An operator that is no superuser needs its own membership in legacy to finish, and to roll back, even where
        # another one is at work now
        if (
            key.member != draft.target.operator
            and not (key.role == legacy and membership.only_administers(draft.members[key]))
            and key.role not in kept
            and not used_elsewhere.matters(draft.before, key)
            and not _others_hang_on(draft, key, context)
        ):
            del draft.members[key]


def _others_hang_on(draft: Draft, key: Member, context: Context) -> bool:
    """Whether revoking this membership would revoke others'.

    That is so where the bootstrap superuser may give a role away and has given it to somebody: 16 and later take its
    other grants for granted by that right (plan_recursive_revoke(), user.c), although a superuser needs none.
    """
    if not (context.bootstrap and key.member == context.legacy and draft.members[key].admin):
        return False
    by_legacy = (each for each in draft.members if each.role == key.role and each.grantor == context.legacy)
    return draft.target.membership_options and any(each.member != context.legacy for each in by_legacy)


def handed_over(acl: tuple[AclItem, ...], legacy: str) -> tuple[AclItem, ...]:
    """The ACL without legacy as a grantee; what it granted to others is granted by the owner."""
    if not any(legacy in (item.grantee, item.grantor) for item in acl):
        return acl
    return intern_acl(
        item._replace(grantor=OWNER) if item.grantor == legacy else item for item in acl if item.grantee != legacy
    )


def _stripped(facts: ObjectFacts, legacy: str) -> ObjectFacts:
    if facts.owner == legacy:
        return facts
    acl = handed_over(facts.acl, legacy)
    if acl is facts.acl:
        return facts
    return facts._replace(acl=acl)


def _drop(draft: Draft, legacy: str) -> None:
    del draft.roles[legacy]
    for key in [key for key in draft.members if legacy in (key.role, key.member)]:
        del draft.members[key]  # the operators' own, which went on until now: DROP ROLE ends them
    draft.settings = {key: row for key, row in draft.settings.items() if key.role != legacy}


def _legacy(context: Context) -> Roles:
    return (context.legacy,)


def _emptied(context: Context) -> Roles:
    """Legacy, unless the configuration leaves it something."""
    config = context.config
    kept = "keep" in (config.database_owner, config.extension_owner)
    return () if kept or config.retire == "repurpose" else (context.legacy,)


def _dropped(context: Context) -> Roles:
    return (context.legacy,) if context.config.retire == "drop" else ()


def _begun(context: Context) -> bool:
    """Whether the step has begun: the bridge goes first, and :attr:`Context.retired` says that it is gone."""
    return context.retired


STEP = Step(
    key=split.REVOKE_LEGACY,
    title="Take the old role's rights away",
    purpose="Hands over what the old role created since ownership moved, then removes its membership in "
    "app_migrator, its privileges, default privileges, memberships and attributes.",
    apply=apply,
    gates=("soaked", "unrefused", "elsewhere"),
    rests=rests.soak,
    takes_all_of=_legacy,
    leaves_nothing_of=_emptied,
    in_part=_begun,
    drops=_dropped,
    watch=("Errors of the application with SQLSTATE 42501 (insufficient privilege).",),
    stop=("Somebody names a client, a job or a backup that still uses the old role.",),
)
