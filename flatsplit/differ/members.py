"""Memberships: who becomes a member of which role, and who no longer is one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from flatsplit import ddl
from flatsplit.model import Change, Member, MemberOptions, State, Statement


def _detail(member: Member, options: MemberOptions) -> str:
    words = ["admin"] if options.admin else []
    words += ["inherit"] if options.inherit else []
    words += ["set"] if options.set else []
    return f"member of {member.role} ({', '.join(words) or 'plain'}) by {member.grantor}"


def _by(state: State, member: Member) -> bool:
    """Whether the statement needs GRANTED BY: on 16+, unless the server would record this grantor anyway."""
    return state.target.membership_options and (
        member.grantor != state.target.grantor or state.target.operator_superuser
    )


def _grant(state: State, member: Member, options: MemberOptions) -> str:
    """GRANT role TO member. Before 16 a superuser may put any role on record as the grantor, so it is named there as
    well.
    """
    target = state.target
    other = target.operator_superuser and member.grantor not in ("", target.operator) and member.grantor in state.roles
    return ddl.grant_member(member, options, by=_by(state, member) or other)


def _acts(state: State, member: Member) -> tuple[str, ...]:
    """The role to act as when a membership of another grantor is granted or revoked on 16+ (check_role_grantor(),
    user.c); empty where the operator may do it as itself.
    """
    target = state.target
    own = member.grantor in (target.grantor, target.operator, target.bootstrap)
    return () if own or not target.membership_options or member.grantor not in state.roles else (member.grantor,)


def _handed_on(members: Mapping[Member, MemberOptions]) -> Callable[[Member], tuple[int, Member]]:
    """A sort key by which a membership comes after the one that its grantor needed to be able to grant it (16+)."""
    grantors: dict[tuple[str, str], list[str]] = {}
    for member, options in members.items():
        if options.admin:
            grantors.setdefault((member.role, member.member), []).append(member.grantor)

    def hands(role: str, grantor: str, seen: frozenset[str]) -> int:
        above = grantors.get((role, grantor), ())
        return 1 + max((hands(role, each, seen | {grantor}) for each in above if each not in seen), default=0)

    return lambda member: (hands(member.role, member.grantor, frozenset()), member)


def _within(state: State) -> Callable[[Member], MemberOptions | None]:
    """A function that finds the membership in ``state``. Before 16 the grantor does not matter: a role is a member of
    another one at most once.
    """
    pairs: dict[tuple[str, str], MemberOptions] = {}
    if not state.target.membership_options:
        pairs = {(key.role, key.member): options for key, options in reversed(list(state.members.items()))}

    def find(member: Member) -> MemberOptions | None:
        found = state.members.get(member)
        return pairs.get((member.role, member.member)) if found is None else found

    return find


def granted(have: State, want: State) -> Iterator[Statement]:
    """GRANT role TO member, for new memberships and changed options."""
    within = _within(have)
    new = [member for member, options in want.members.items() if within(member) != options]
    for member in sorted(new, key=_handed_on(want.members) if new else None):
        options = want.members[member]
        now = within(member)
        if member.role not in want.roles or member.member not in want.roles:
            continue
        if now is not None and now.admin and not options.admin and options.inherit is None:
            continue  # Before 16 the admin option can only be taken away by REVOKE ADMIN OPTION FOR
        by = _by(want, member)
        yield Statement(
            description=f"{member.member} becomes a member of {member.role}",
            sql=_grant(want, member, options),
            undo=ddl.revoke_member(member, by=by) if now is None else _grant(want, member, now),
            lock="",
            changes=_changes(member, now, options),
            acts=_acts(want, member),
        )


def revoked(have: State, want: State) -> Iterator[Statement]:
    """REVOKE role FROM member. Nothing for roles that are dropped: their memberships go with them."""
    within = _within(want)
    other = [member for member, options in have.members.items() if within(member) != options]
    for member in sorted(other, key=_handed_on(have.members) if other else None, reverse=True):
        options = have.members[member]
        if member.role not in want.roles or member.member not in want.roles:
            continue
        then = within(member)
        by = _by(want, member)
        if then is None:
            yield Statement(
                description=f"{member.member} is no longer a member of {member.role}",
                sql=ddl.revoke_member(member, by=by),
                undo=_grant(want, member, options),
                lock="",
                changes=_changes(member, options, None),
                acts=_acts(have, member),  # a grantor that is dropped is so afterwards
            )
        elif options.inherit is None and options.admin and not then.admin:
            yield Statement(
                description=f"{member.member} may no longer give away membership in {member.role}",
                sql=ddl.revoke_member(member, by=by, admin_only=True),
                undo=_grant(want, member, options),
                lock="",
                changes=_changes(member, options, then),
            )


def _changes(member: Member, now: MemberOptions | None, then: MemberOptions | None) -> tuple[Change, ...]:
    found = []
    if now is not None:
        found.append(Change("-", "member", member.member, _detail(member, now)))
    if then is not None:
        found.append(Change("+", "member", member.member, _detail(member, then)))
    return tuple(found)
