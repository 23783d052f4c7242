"""Whose power a session has: whoever acts with a role's rights is that role.

A role's rights reach further than its name: to every member that inherits them or may SET ROLE to it, directly or
through others. Before 16 each member may SET ROLE, and inherits if it is INHERIT itself; since then each membership
says both for itself (manual, "Role Membership"; roles_is_member_of() in acl.c). Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from flatsplit.model import Member, MemberOptions, State


def inherits(state: State, key: Member, options: MemberOptions) -> bool:
    """Whether the member of this membership has the role's rights without asking."""
    if options.inherit is not None:
        return options.inherit
    member = state.roles.get(key.member)
    return member is None or member.inherit


def may_set(options: MemberOptions) -> bool:
    """Whether the member of this membership may SET ROLE."""
    return options.set is None or options.set


def acting(state: State, role: str, apart: Collection[str] = ()) -> frozenset[str]:
    """Every role whose sessions can do what ``role`` may, itself left out; not those that only lead there over one
    that stands ``apart``.

    A session acts as whom it can SET ROLE to, and as whom that one inherits from. Superusers are left out: what they
    do, they do not by a membership.
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
    """Roles that may log in and then act as ``role``, itself among them if it may; sorted."""
    found = {role, *acting(state, role, apart)}
    return tuple(sorted(name for name in found if name in state.roles and state.roles[name].login))


def may_become(state: State, role: str) -> tuple[str, ...]:
    """Roles that may log in and SET ROLE to ``role``, directly or through others, itself among them if it may; sorted.

    A session that has become it goes on as it when the membership is gone (check_role() looks only then).
    """
    found, todo = {role}, [role]
    while todo:
        one = todo.pop()
        more = {key.member for key, options in state.members.items() if key.role == one and may_set(options)} - found
        found |= more
        todo += more
    return tuple(sorted(name for name in found if name in state.roles and state.roles[name].login))


def becomes(state: State, role: str, apart: Collection[str] = ()) -> frozenset[str]:
    """Roles whose rights a session of ``role`` can use, itself left out: the other way round of :func:`acting`."""
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


def attributed(
    state: State, legacy: str, new: Collection[str], owners: Collection[str] = ()
) -> Mapping[str, tuple[str, ...]]:
    """For every role that acts as ``legacy`` (or as one of the ``owners``, which go its way) or as a ``new`` one: as
    which of them.

    Over the bridge legacy is a member of a new role, and so are its members. Whoever acts as legacy is no evidence of
    anybody working as a new role, so it counts for legacy alone. The operator's memberships are there for its work.
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
    """The way by which ``role`` is a member of ``member``, so that ``GRANT role TO member`` would be refused.

    Options do not matter to that (AddRoleMems() in user.c). Each is a member of the next; empty where there is none.
    """
    ways: dict[str, tuple[str, ...]] = {role: (role,)}
    todo = [role]
    while todo:
        one = todo.pop(0)
        if one == member:
            return ways[one]
        for above in sorted(_direct(state, one)):
            if above not in ways:
                ways[above] = (*ways[one], above)
                todo.append(above)
    return ()


def _direct(state: State, member: str) -> Iterator[str]:
    return (key.role for key in state.members if key.member == member)
