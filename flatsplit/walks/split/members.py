"""What happens to legacy's members: each becomes a member of one of the new roles. Pure.

Through the bridge they keep every right that legacy keeps. When the bridge goes, the application's logins become
members of app_user and those that change the structure members of app_migrator, as [members] of the configuration says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from flatsplit import blueprint, ddl, membership
from flatsplit.config import Group, RoleNames
from flatsplit.config.people import Groups
from flatsplit.model import Member, MemberOptions, State
from flatsplit.walks.draft import Draft
from flatsplit.walks.other_databases import abroad
from flatsplit.walks.split.context import Context


def heir(context: Context, member: str) -> str:
    """The new role that a member of legacy will be a member of; "" for none."""
    purpose = dict(context.config.members).get(member, blueprint.APPLICATION.key)
    return blueprint.named(context.config, purpose)


def members_of_legacy(state: State, context: Context) -> Mapping[Member, MemberOptions]:
    """Memberships in legacy, and in owners that move like it, of roles that belong neither to the cutover nor to its
    operators. Superusers need none.
    """
    old = context.retiring
    apart = {*context.config.roles.new, *old, state.target.operator}
    return {
        key: options
        for key, options in sorted(state.members.items())
        if key.role in old and key.member not in apart and key.member in state.roles
        if not (state.roles[key.member].superuser or membership.only_administers(options))
    }


def groups(state: State, roles: RoleNames, legacy: str) -> tuple[RoleNames, Groups]:
    """Which of the existing roles are groups: they may not log in, and others log in for them.

    For dba ``dba_login`` says so, for the others [group.ROLE].
    """
    found: dict[str, tuple[str, ...]] = {}
    for role in roles.new:
        facts = state.roles.get(role)
        if facts is not None and not facts.login:
            logins = membership.logins_of(state, role, (*roles.new, legacy, state.target.operator))
            found |= {roles.purpose(role): logins} if logins else {}
    if found.pop(blueprint.ADMINISTRATOR.key, None):
        roles = replace(roles, dba_login=False)
    return roles, tuple(Group(purpose, logins) for purpose, logins in found.items())


def hand_over(draft: Draft, context: Context, *, structure: bool = False) -> None:
    """Make legacy's members members of the new roles, with the same options; with ``structure`` only those that change
    the structure.

    Also those that are no members any more: the step may have been interrupted half-way.
    """
    uses = {role.name for role in blueprint.roles(context.config) if role.purpose.named}
    first_seen = {key: options for key, options in context.baseline.members.items() if key not in draft.before.members}
    for state in (draft.before, _with_members(draft.before, first_seen if context.retired else {})):
        for key, options in members_of_legacy(state, context).items():
            role = heir(context, key.member)
            if role and not (structure and role in uses):
                inherit = True if options.inherit is None else options.inherit
                set_ = True if options.set is None else options.set
                # From 16 on a role with CREATEROLE administers those it made: operators do not do so for each other's
                admin = options.admin and not state.roles[key.member].createrole
                draft.member(role, key.member, admin=admin, inherit=inherit, set_=set_)


def _with_members(state: State, members: Mapping[Member, MemberOptions]) -> State:
    return State(state.target, state.roles, members)


def leading(state: State, context: Context, login: str) -> str:
    """The direct member of legacy through which ``login`` acts as it; the login itself where there is none."""
    for old in context.retiring:
        way = membership.circle(state, login, old)
        if len(way) > 1:
            return way[-2]
    return login


def moving(state: State, context: Context, member: str) -> str:
    """Statements that make a member of legacy a member of its new role at once."""
    keys = [key for key in sorted(state.members) if key.member == member and key.role in context.retiring]
    options = [state.members[key] for key in keys]
    role = heir(context, member)
    admin = any(one.admin for one in options)
    by = state.target.membership_options
    given = f"GRANT {ddl.ident(role)} TO {ddl.ident(member)}{' WITH ADMIN OPTION' if admin else ''};" if role else ""
    return " ".join([given, *(ddl.revoke_member(key, by=by) for key in keys)]).strip()


def returning(state: State, context: Context, login: str, roles: Sequence[str]) -> str:
    """The reverse: statements that make a login that acts as these new roles act as legacy again.

    They are about the direct member of each role: the login itself, or the group that it belongs to. Every grant of the
    membership ends: since 16 a REVOKE without GRANTED BY ends only the grant of whoever runs it.
    """
    ways = {role: membership.circle(state, login, role) for role in roles}
    members = dict.fromkeys(way[-2] for way in ways.values() if len(way) > 1)
    given = (f"GRANT {ddl.ident(context.legacy)} TO {ddl.ident(member)};" for member in members)
    ended = (ddl.end_membership(state, role, way[-2]) for role, way in ways.items() if len(way) > 1)
    return " ".join((*given, *ended))


def wanted(state: State, context: Context) -> Iterator[tuple[State, str, str]]:
    """(memberships before it, role, member) of every membership that the steps would grant, in their order."""
    roles, old = context.config.roles, sorted(context.retiring & state.roles.keys())
    who = blueprint.who(context.config)
    edges: list[tuple[str, str]] = []
    dba = state.roles.get(who.administrator)
    if who.administrator and not (dba.superuser if dba is not None else state.target.operator_superuser):
        edges.append((who.owner, who.administrator))
    apart = abroad(context.legacy, state).union(roles.new, context.retiring)
    edges += [(key.role, who.owner) for key in sorted(state.members) if key.member == context.legacy]
    edges = [(role, member) for role, member in edges if role == who.owner or role not in apart]
    edges += [(who.owner, each) for each in old]
    if context.config.retire == "repurpose":
        edges.append((who.application, context.legacy))
    edges += [(heir(context, key.member), key.member) for key in members_of_legacy(state, context)]
    members = dict(state.members)
    for role, member in edges:
        yield State(state.target, state.roles, dict(members)), role, member
        members[Member(role, member, state.target.grantor)] = MemberOptions()
