"""Which rights a session has: a session that acts with a role's rights counts as that role.

A role's rights extend to every member that inherits them or may SET ROLE to it, directly or through others. Before 16
each member may SET ROLE, and inherits if it is INHERIT itself; since then each membership has both options (manual,
"Role Membership"; roles_is_member_of() in acl.c). Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from flatsplit.model import Member, MemberOptions, State


def inherits(state: State, key: Member, options: MemberOptions) -> bool:
    """Whether the member has the role's rights without SET ROLE."""
    if options.inherit is not None:
        return options.inherit
    member = state.roles.get(key.member)
    return member is None or member.inherit


def may_set(options: MemberOptions) -> bool:
    """Whether the member of this membership may SET ROLE."""
    return options.set is None or options.set


def acting(state: State, role: str, apart: Collection[str] = ()) -> frozenset[str]:
    """Every other role whose sessions can do what ``role`` may, except through a role in ``apart``.

    A session acts as any role to which it can SET ROLE, and as those from which that one inherits. Superusers are left
    out: they need no membership.
    """
    shut = {*apart, role, *(name for name, facts in state.roles.items() if facts.superuser)}
    below: dict[str, list[tuple[Member, MemberOptions]]] = {}
    for key, options in state.members.items():
        below.setdefault(key.role, []).append((key, options))

    def more(start: frozenset[str], inheriting: bool) -> frozenset[str]:
        found, todo = set(start), list(start)
        while todo:
            for key, options in below.get(todo.pop(), ()):
                usable = inherits(state, key, options) if inheriting else may_set(options)
                if usable and key.member not in found and key.member not in shut:
                    found.add(key.member)
                    todo.append(key.member)
        return frozenset(found)

    return more(more(frozenset({role}), inheriting=True), inheriting=False) - {role}


def logins_of(state: State, role: str, apart: Collection[str] = ()) -> tuple[str, ...]:
    """Roles, sorted, that may log in and then act as ``role``; itself too, if it may log in."""
    found = {role, *acting(state, role, apart)}
    return tuple(sorted(name for name in found if name in state.roles and state.roles[name].login))


def may_become(state: State, role: str) -> tuple[str, ...]:
    """Roles, sorted, that may log in and SET ROLE to ``role``, directly or through others; itself too, if it may log
    in.

    A session that has done so stays that role when the membership is gone (check_role() checks only then).
    """
    found, todo = {role}, [role]
    while todo:
        one = todo.pop()
        more = {key.member for key, options in state.members.items() if key.role == one and may_set(options)} - found
        found |= more
        todo += more
    return tuple(sorted(name for name in found if name in state.roles and state.roles[name].login))


def becomes(state: State, role: str, apart: Collection[str] = ()) -> frozenset[str]:
    """Other roles whose rights a session of ``role`` can use: the reverse of :func:`acting`."""
    above: dict[str, list[tuple[Member, MemberOptions]]] = {}
    for key, options in state.members.items():
        above.setdefault(key.member, []).append((key, options))

    def more(start: frozenset[str], inheriting: bool) -> frozenset[str]:
        found, todo = set(start), list(start)
        while todo:
            for key, options in above.get(todo.pop(), ()):
                usable = inherits(state, key, options) if inheriting else may_set(options)
                if usable and key.role not in found and key.role not in apart:
                    found.add(key.role)
                    todo.append(key.role)
        return frozenset(found)

    return more(more(frozenset({role}), inheriting=False), inheriting=True) - {role}


def inherited(state: State, role: str) -> frozenset[str]:
    """Other roles whose rights the role has without SET ROLE."""
    found: set[str] = set()
    todo = [role]
    while todo:
        one = todo.pop()
        for key, options in state.members.items():
            if key.member == one and key.role not in found and inherits(state, key, options):
                found.add(key.role)
                todo.append(key.role)
    return frozenset(found)


def attributed(
    state: State, legacy: str, new: Collection[str], owners: Collection[str] = ()
) -> Mapping[str, tuple[str, ...]]:
    """Every role that acts as ``legacy`` (or as one of the ``owners``, which count as legacy) or as a ``new`` role,
    with the roles it acts as.

    Over the bridge legacy is a member of a new role, and so are its members. A role that acts as legacy counts for
    legacy alone, since it is no evidence of anybody using a new role. The operator's memberships do not count.
    """
    managed = (legacy, *owners, *new)
    apart = {*managed, state.target.operator}
    found: dict[str, tuple[str, ...]] = {}
    for role in new:
        for member in acting(state, role, apart):
            found[member] = (*found.get(member, ()), role)
    for role in (legacy, *owners):
        found |= dict.fromkeys({role, *acting(state, role, apart)}, (legacy,))
    return {**found, **{role: (role,) for role in (legacy, *new)}}


def circle(state: State, role: str, member: str) -> tuple[str, ...]:
    """The path by which ``role`` is a member of ``member``, so that ``GRANT role TO member`` would be refused.

    Each role is a member of the next one; empty where there is no path.
    """
    return path(state.members, role, member)


def path(members: Collection[Member], role: str, other: str, apart: Collection[str] = ()) -> tuple[str, ...]:
    """The shortest path by which ``role`` is a member of ``other``, over no role in ``apart``; empty where there is
    none.

    Options do not matter for whether a GRANT would close a circle (AddRoleMems() in user.c).
    """
    ways: dict[str, tuple[str, ...]] = {role: (role,)}
    todo = [role]
    while todo:
        one = todo.pop(0)
        if one == other:
            return ways[one]
        for above in sorted(key.role for key in members if key.member == one):
            if above not in ways and above not in apart:
                ways[above] = (*ways[one], above)
                todo.append(above)
    return ()
