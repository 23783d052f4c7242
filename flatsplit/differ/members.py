"""Memberships."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import ddl
from flatsplit.model import Change, Member, MemberOptions, State, Statement

_GRANT_PHASE = 502
_REVOKE_PHASE = 505


def _detail(member: Member, options: MemberOptions) -> str:
    words = ["admin"] if options.admin else []
    words += ["inherit"] if options.inherit else []
    words += ["set"] if options.set else []
    return f"member of {member.role} ({', '.join(words) or 'plain'}) by {member.grantor}"


def _by(state: State, member: Member) -> bool:
    """Whether GRANTED BY has to name the grantor: on 16+ unless it is the one the server records anyway."""
    return state.target.membership_options and (
        member.grantor != state.target.grantor or state.target.operator_superuser
    )


def _in(state: State, member: Member) -> MemberOptions | None:
    """The same membership in another State. Before 16 there is one, whoever is on record as its grantor."""
    found = state.members.get(member)
    if found is None and not state.target.membership_options:
        return next((options for key, options in state.members.items() if key[:2] == member[:2]), None)
    return found


def granted(have: State, want: State) -> Iterator[Statement]:
    """GRANT role TO member, for new memberships and changed options."""
    for member, options in sorted(want.members.items()):
        now = _in(have, member)
        if now == options or member.role not in want.roles or member.member not in want.roles:
            continue
        if now is not None and now.admin and not options.admin and options.inherit is None:
            continue  # before 16 an option only goes away by REVOKE ADMIN OPTION FOR
        by = _by(want, member)
        yield Statement(
            description=f"{member.member} becomes a member of {member.role}",
            sql=ddl.grant_member(member, options, by=by),
            undo=ddl.revoke_member(member, by=by) if now is None else ddl.grant_member(member, now, by=by),
            lock="",
            changes=_changes(member, now, options),
            phase=_GRANT_PHASE,
        )


def revoked(have: State, want: State) -> Iterator[Statement]:
    """REVOKE role FROM member; a role that is dropped takes its memberships with it."""
    for member, options in sorted(have.members.items()):
        if member.role not in want.roles or member.member not in want.roles:
            continue
        then = _in(want, member)
        by = _by(want, member)
        if then is None:
            yield Statement(
                description=f"{member.member} is no longer a member of {member.role}",
                sql=ddl.revoke_member(member, by=by),
                undo=ddl.grant_member(member, options, by=by),
                lock="",
                changes=_changes(member, options, None),
                phase=_REVOKE_PHASE,
            )
        elif options.inherit is None and options.admin and not then.admin:
            yield Statement(
                description=f"{member.member} may no longer give away membership in {member.role}",
                sql=ddl.revoke_member(member, by=by, admin_only=True),
                undo=ddl.grant_member(member, options, by=by),
                lock="",
                changes=_changes(member, options, then),
                phase=_REVOKE_PHASE,
            )


def _changes(member: Member, now: MemberOptions | None, then: MemberOptions | None) -> tuple[Change, ...]:
    found = []
    if now is not None:
        found.append(Change("-", "member", member.member, _detail(member, now)))
    if then is not None:
        found.append(Change("+", "member", member.member, _detail(member, then)))
    return tuple(found)
