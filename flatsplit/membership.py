"""Which rights a session has: a session that acts with a role's rights counts as that role.

A role's rights extend to every member that inherits them or may SET ROLE to it, directly or through others. Before 16
each member may SET ROLE, and inherits if it is INHERIT itself; since then each membership has both options (manual,
"Role Membership"; roles_is_member_of() in acl.c). Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

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
    inheriting = _closure(state, {role}, inherits, down=True, apart=shut)
    return _closure(state, inheriting, _may_set, down=True, apart=shut) - {role}


def only_administers(options: MemberOptions) -> bool:
    """Whether a membership gives nothing of the role: its member may grant it, as 16 and later let whoever has made it.

    Such a member is an operator. It need not be the one who runs flatsplit now.
    """
    return options.admin and options.inherit is False and options.set is False


def logins_of(state: State, role: str, apart: Collection[str] = ()) -> tuple[str, ...]:
    """Roles, sorted, that may log in and then act as ``role``; itself too, if it may log in."""
    found = {role, *acting(state, role, apart)}
    return tuple(sorted(name for name in found if name in state.roles and state.roles[name].login))


def may_become(state: State, role: str) -> tuple[str, ...]:
    """Roles, sorted, that may log in and SET ROLE to ``role``, directly or through others; itself too, if it may log
    in.

    A session that has done so stays that role when the membership is gone (check_role() checks only then).
    """
    found = _closure(state, {role}, _may_set, down=True)
    return tuple(sorted(name for name in found if name in state.roles and state.roles[name].login))


def becomes(state: State, role: str, apart: Collection[str] = ()) -> frozenset[str]:
    """Other roles whose rights a session of ``role`` can use: the reverse of :func:`acting`."""
    become = _closure(state, {role}, _may_set, down=False, apart=apart)
    return _closure(state, become, inherits, down=False, apart=apart) - {role}


def inherited(state: State, role: str) -> frozenset[str]:
    """Other roles whose rights the role has without SET ROLE."""
    return _closure(state, {role}, inherits, down=False) - {role}


def reached(state: State, role: str) -> frozenset[str]:
    """Other roles whose rights the role has by inheritance or SET ROLE, in whatever order."""
    return _closure(state, {role}, _usable, down=False) - {role}


def can_set_role(state: State, role: str, wanted: str) -> bool:
    """Whether the role may SET ROLE to another (member_can_set_role() in acl.c; before 16 every member may)."""
    if role in state.roles and state.roles[role].superuser:
        return True
    return wanted in _closure(state, {role}, _may_set, down=False)


def _closure(
    state: State,
    start: Iterable[str],
    usable: Callable[[State, Member, MemberOptions], bool],
    *,
    down: bool,
    apart: Collection[str] = (),
) -> frozenset[str]:
    """``start``, and every role that comes to it (``down``) or that it comes to by ``usable`` memberships, directly or
    through others, except through a role in ``apart``.
    """
    ways: dict[str, list[tuple[str, Member, MemberOptions]]] = {}
    for key, options in state.members.items():
        one, other = (key.role, key.member) if down else (key.member, key.role)
        ways.setdefault(one, []).append((other, key, options))
    found, todo = set(start), list(start)
    while todo:
        for other, key, options in ways.get(todo.pop(), ()):
            if other not in found and other not in apart and usable(state, key, options):
                found.add(other)
                todo.append(other)
    return frozenset(found)


def _may_set(_: State, __: Member, options: MemberOptions) -> bool:
    return may_set(options)


def _usable(state: State, key: Member, options: MemberOptions) -> bool:
    return may_set(options) or inherits(state, key, options)


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
