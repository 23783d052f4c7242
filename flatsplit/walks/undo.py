"""The way back of a walk that makes roles: the live State without them. Pure.

What a kind says of other roles' facts, such as LOGIN of one that was there before, its own ``origin`` puts back.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import replace

from flatsplit.model import OWNER, Acl, ObjectFacts, ObjectRef, State, intern_acl
from flatsplit.walks import shared
from flatsplit.walks.draft import Draft


def remembered(state: State, roles: Collection[str]) -> State:
    """What is to be known of these roles later: which of them there were, as what, of whom they were members."""
    wanted = frozenset(roles)  # there may be thousands
    return State(
        state.target,
        roles={name: facts for name, facts in state.roles.items() if name in wanted},
        members={key: options for key, options in state.members.items() if not wanted.isdisjoint(key[:2])},
        settings={key: row for key, row in state.settings.items() if key.role in wanted},
    )


def unmade(live: State, baseline: State, roles: Collection[str]) -> State:
    """``live`` as if nobody had made these roles: those that were not there before, and that no other database uses."""
    gone = frozenset(
        name for name in roles if name in live.roles and name not in baseline.roles and not shared.used(live, name)
    )
    if not gone:
        return live
    draft = Draft(live)
    for name in gone:
        del draft.roles[name]
    draft.members = {key: options for key, options in live.members.items() if not gone & {key.role, key.member}}
    draft.settings = {key: row for key, row in live.settings.items() if key.role not in gone}
    draft.columns = {ref: without(row, gone) for ref, row in live.columns.items()}  # emptied, it is there all the same
    draft.mappings = {ref for ref in live.mappings if ref.args not in gone}
    draft.policies = {ref: left for ref, named in live.policies.items() if (left := named - gone) or not named & gone}
    for ref, row in live.defaults.items():
        if ref.creator in gone:
            del draft.defaults[ref]
        elif (acl := without(row, gone)) is not row:
            draft.default(ref, acl)

    def change(_: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        acl = without(facts.acl, gone)
        return facts if acl is facts.acl else facts._replace(acl=acl)

    draft.rewrite(change)
    return replace(draft.state())


def without(acl: Acl, gone: AbstractSet[str]) -> Acl:
    """What they held goes with them; what they passed on, others have from the owner."""
    if not any(gone & {item.grantee, item.grantor} for item in acl):
        return acl
    return intern_acl(
        item._replace(grantor=OWNER) if item.grantor in gone else item for item in acl if item.grantee not in gone
    )
