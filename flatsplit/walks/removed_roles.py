"""A State without what is gone at the end of the way back: roles that are dropped, passwords that are no more. Pure."""

from __future__ import annotations

from collections.abc import Collection

from flatsplit.model import Member, MemberOptions, ObjectFacts, ObjectRef, State
from flatsplit.walks.draft import Draft
from flatsplit.walks.ownership import superusers_only


def without_roles(state: State, gone: Collection[str], heir: str) -> State:
    """``state`` after ``gone`` roles were dropped: their privileges and memberships with them, objects to ``heir``."""
    if not gone:
        return state
    draft = Draft(state)
    for role in gone:
        draft.roles.pop(role, None)
    draft.members = _memberships(draft, frozenset(gone))
    draft.settings = {key: row for key, row in draft.settings.items() if key.role not in gone}
    keeper = _keeper(state, heir)

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        if facts.owner not in gone:
            return facts
        strong = superusers_only(ref, facts) or ref.kind == "extension" or facts.extension
        return facts._replace(owner=keeper if strong else heir)

    draft.rewrite(change)
    return draft.state()


def _keeper(state: State, heir: str) -> str:
    """Who takes over what only a superuser may own, and what one has installed: whoever runs the rollback as one."""
    facts = state.roles.get(heir)
    strong = facts is not None and facts.superuser
    return state.target.operator if state.target.operator_superuser and not strong else heir


def _memberships(draft: Draft, gone: frozenset[str]) -> dict[Member, MemberOptions]:
    """Theirs go with them; what they gave to others is by the operator's grant from then on."""
    found = {key: options for key, options in draft.members.items() if not gone & set(key)}
    if draft.target.membership_options:  # before, a grantor is a remark that stands in nobody's way
        for key, options in draft.members.items():
            if key.grantor in gone and not gone & {key.role, key.member}:
                found.setdefault(key._replace(grantor=draft.target.grantor), options)
    else:
        found |= {key: options for key, options in draft.members.items() if not gone & {key.role, key.member}}
    return found


def forgotten(live: State, want: State) -> State:
    """Without the passwords that are no more: going back makes none, and waits for nobody to think of one.

    What misses it afterwards is drift of the steps that are still done, and told as such.
    """
    gone = {
        name: facts._replace(password=False)
        for name, facts in want.roles.items()
        if facts.password and name in live.roles and not live.roles[name].password
    }
    return want.but(roles={**want.roles, **gone}) if gone else want
