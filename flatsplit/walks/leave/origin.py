"""Rolls back a person's leaving: the live State with what was theirs; what others did meanwhile stays. Pure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from flatsplit.model import OWNER, Acl, AclItem, Member, ObjectFacts, ObjectRef, State, intern_acl
from flatsplit.privileges import settle
from flatsplit.walks import leave
from flatsplit.walks.draft import Draft
from flatsplit.walks.leave import hand_over
from flatsplit.walks.leave.context import Context
from flatsplit.walks.undo import remembered, without


def reduce(state: State, person: str) -> State:
    """The part of a State that is about the person."""

    def hers(acl: Acl) -> bool:
        return any(person in (item.grantee, item.grantor) for item in acl)

    given = {key[:2] for key in state.members if key.grantor == person}
    own = remembered(state, (person,))
    return replace(
        own,
        members={key: options for key, options in state.members.items() if person in key or key[:2] in given},
        objects={
            ref: group.facts
            for group in state.groups
            if group.facts.owner == person or hers(group.facts.acl)
            for ref in group.refs
        },
        columns={ref: acl for ref, acl in state.columns.items() if hers(acl) or state.relation_owner(ref) == person},
        defaults={ref: acl for ref, acl in state.defaults.items() if ref.creator == person or hers(acl)},
        policies={ref: named for ref, named in state.policies.items() if person in named},
    )


def origin(live: State, context: Context, begun: Collection[str]) -> State:
    """``live`` without what these steps did."""
    if leave.LOCK not in begun or context.person not in live.roles:
        return live
    draft = Draft(live)
    draft.role(context.person, login=context.before.login)
    if leave.HAND_OVER in begun:
        _given_back(draft, context)
    return draft.state()


def _given_back(draft: Draft, context: Context) -> None:
    base, person, live = context.baseline, context.person, draft.before
    _members(draft, context)

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        before = base.objects.get(ref)
        if before is None:
            return facts
        then = hand_over.handed(ref, before, live, context)
        owner = before.owner if facts.owner in (before.owner, then.owner) else facts.owner
        halfway = settle(before.acl, then.owner) if then.owner != before.owner else before.acl
        now = facts.acl if before.owner == then.owner else _unshared(facts.acl, then.acl, context)
        acl = before.acl if now in (then.acl, halfway) else _merged(now, before.acl, person)
        if owner == facts.owner and acl == facts.acl:
            return facts
        return facts._replace(owner=owner, acl=acl)

    draft.rewrite(change, apart=base.objects.keys())
    for ref, acl in base.columns.items():
        now = draft.columns.get(ref, ())
        left = without(acl, {person})
        as_left = (acl, left, settle(left, context.heir), settle(acl, context.heir))
        draft.columns[ref] = acl if now in as_left else _merged(now, acl, person)
    for default, acl in base.defaults.items():
        if default.creator == person:
            draft.defaults[default] = acl
        elif default in draft.defaults or without(acl, {person}) != acl:
            now = draft.effective_default(default)
            draft.default(default, acl if now == without(acl, {person}) else _merged(now, acl, person))
    for ref, named in base.policies.items():
        if ref in draft.policies:
            now_named = draft.policies[ref]
            draft.policies[ref] = named if now_named == hand_over.policy(named, context) else now_named | {person}


def _unshared(acl: Acl, then: Acl, context: Context) -> Acl:
    """The ACL without what the split granted on the object once it was the application's: it is the person's again."""
    new = {*context.config.roles.new}
    return intern_acl(
        [*(item for item in acl if item.grantee not in new), *(item for item in then if item.grantee in new)]
    )


def _members(draft: Draft, context: Context) -> None:
    """The person's memberships as they were; those that the operator took over are granted by the person again."""
    base, person, grantor = context.baseline.members, context.person, draft.target.grantor
    for key, options in base.items():
        if key.member not in draft.roles or key.role not in draft.roles:
            continue
        if key.grantor == person and person not in key[:2]:
            draft.members[key] = options
            ours = Member(key.role, key.member, grantor)
            if draft.target.membership_options and ours not in base:
                draft.members.pop(ours, None)
            elif ours in base:
                draft.members[ours] = base[ours]


def _merged(acl: Acl, before: Acl, person: str) -> Acl:
    """The present ACL with the entries that involved the person. What others had from the person and got from the owner
    instead is removed.
    """
    restored = [item for item in before if person in (item.grantee, item.grantor)]
    kept = [item for item in acl if person not in (item.grantee, item.grantor)]
    for item in restored:
        if item.grantor == person:
            kept = [_less(each, item, before) for each in kept]
    return intern_acl([*kept, *restored])


def _less(item: AclItem, restored: AclItem, before: Acl) -> AclItem:
    if (item.grantee, item.grantor) != (restored.grantee, OWNER):
        return item
    own = next((each for each in before if each[:2] == (item.grantee, OWNER)), None)
    was, passed = (own.privileges, own.grantable) if own else ("", "")
    return item._replace(
        privileges="".join(c for c in item.privileges if c not in restored.privileges or c in was),
        grantable="".join(c for c in item.grantable if c not in restored.privileges or c in passed),
    )
