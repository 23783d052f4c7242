"""A State without what is gone at the end of a rollback: dropped roles, and passwords that no longer exist. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from flatsplit.model import Member, MemberOptions, ObjectFacts, ObjectRef, State
from flatsplit.walks.draft import Draft
from flatsplit.walks.ownership import superusers_only
from flatsplit.walks.undo import unmade


def without_roles(state: State, gone: Collection[str], heir: str) -> State:
    """``state`` after the ``gone`` roles were dropped: without their rights and memberships, their objects owned by
    ``heir``.
    """
    if not gone:
        return state
    draft = Draft(state)
    for role in gone:
        draft.roles.pop(role, None)
    draft.members = _memberships(state, frozenset(gone), heir)
    draft.settings = {key: row for key, row in draft.settings.items() if key.role not in gone}
    keeper = _keeper(state, heir)

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        if facts.owner not in gone:
            return facts
        strong = superusers_only(ref, facts) or ref.kind == "extension" or facts.extension
        return facts._replace(owner=keeper if strong else heir)

    draft.rewrite(change)
    return draft.state()


def handed_on(live: State, want: State, heir: str) -> State:
    """``want`` with the memberships whose grantor is no longer to have ADMIN OPTION granted by ``heir``, or where that
    has none either by the operator: since 16 they hold on the grantor's own membership, and keep it from being revoked.
    """
    if not want.target.membership_options:
        return want
    before, after = _administrators(live), _administrators(want)
    lost = [
        key
        for key in want.members
        if key in live.members and (key.role, key.grantor) in before and (key.role, key.grantor) not in after
    ]
    return want.but(members=_again(want, want.members, lost, heir)) if lost else want


def _again(
    state: State, members: Mapping[Member, MemberOptions], lost: Sequence[Member], heir: str
) -> dict[Member, MemberOptions]:
    """``members`` with those that are ``lost`` by their grantor granted by ``heir``, or else by the operator."""
    kept = {key: options for key, options in members.items() if key not in lost}
    able = {(key.role, key.member) for key, options in kept.items() if options.admin}
    for key in lost:
        grantor = heir if (key.role, heir) in able else state.target.grantor
        if key.member != grantor:  # who administers the role needs no membership from itself
            again = key._replace(grantor=grantor)
            kept[again] = members[key].joined(kept.get(again))
    return kept


def _administrators(state: State) -> set[tuple[str, str]]:
    """Roles, each with who may grant them by a membership of its own."""
    return {(key.role, key.member) for key, options in state.members.items() if options.admin}


def _keeper(state: State, heir: str) -> str:
    """The role that takes over what only a superuser may own: ``heir`` if it is one, else the operator if it is one."""
    facts = state.roles.get(heir)
    strong = facts is not None and facts.superuser
    return state.target.operator if state.target.operator_superuser and not strong else heir


def _memberships(state: State, gone: frozenset[str], heir: str) -> dict[Member, MemberOptions]:
    """Memberships without the dropped roles; those that they granted are granted by others."""
    left = {key: options for key, options in state.members.items() if not gone & {key.role, key.member}}
    if not state.target.membership_options:  # the grantor is only recorded and keeps nothing from being dropped
        return left
    return _again(state, left, [key for key in left if key.grantor in gone], heir)


def forgotten(live: State, want: State, first: State, made: Collection[str]) -> State:
    """``want`` without passwords that live does not have, and without the roles of ``made`` that somebody has dropped
    and that were not there ``first``: a rollback makes no password up and asks nobody for one.

    Where a step that is still done wants such a password or role, that is drift, and reported so.
    """
    want = unmade(want, first, [name for name in made if name not in live.roles])
    gone = {
        name: facts._replace(password=False)
        for name, facts in want.roles.items()
        if facts.password and name in live.roles and not live.roles[name].password
    }
    return want.but(roles={**want.roles, **gone}) if gone else want
