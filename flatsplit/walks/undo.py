"""Rolls back a walk that made roles: the live State without them. Pure.

Facts of other roles, such as LOGIN of one that existed before, are restored by the kind's own ``origin``.
"""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Set as AbstractSet
from dataclasses import replace

from flatsplit.model import OWNER, Acl, Member, ObjectFacts, ObjectRef, State, intern_acl
from flatsplit.walks import used_elsewhere
from flatsplit.walks.draft import Draft


def remembered(state: State, roles: Collection[str]) -> State:
    """What will be needed of these roles: which of them exist, their facts and their memberships."""
    wanted = frozenset(roles)  # there may be thousands
    return State(
        state.target,
        roles={name: facts for name, facts in state.roles.items() if name in wanted},
        members={key: options for key, options in state.members.items() if not wanted.isdisjoint(key[:2])},
        settings={key: row for key, row in state.settings.items() if key.role in wanted},
    )


_CLUSTERS = frozenset({"parameter", "tablespace"})
"""Kinds of objects that every database of the cluster shares."""


def unmade(live: State, baseline: State, roles: Collection[str]) -> State:
    """``live`` without these roles, unless they existed before.

    A role that another database uses stays, with the facts of the cluster that matter there, and without its rights in
    this database.
    """
    made = [name for name in roles if name in live.roles and name not in baseline.roles]
    if not made:
        return live
    staying = frozenset(name for name in made if used_elsewhere.used(live, name))
    out = frozenset(made)
    gone = out - staying
    draft = Draft(live)
    for name in gone:
        del draft.roles[name]
    draft.members = {key: options for key, options in live.members.items() if not _ends(key, live, baseline, gone, out)}
    here = live.target.database
    draft.settings = {
        key: row
        for key, row in live.settings.items()
        if not (key.role in gone or (key.role in staying and key.database == here))
    }
    # A column stays in the State when its list is empty
    draft.columns = {ref: without(row, out) for ref, row in live.columns.items()}
    draft.mappings = {ref for ref in live.mappings if ref.args not in out}
    draft.policies = {ref: left for ref, named in live.policies.items() if (left := named - out) or not named & out}
    for ref, row in live.defaults.items():
        if ref.creator in out:
            del draft.defaults[ref]
        elif (acl := without(row, out)) is not row:
            draft.default(ref, acl)

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        acl = without(facts.acl, gone if ref.kind in _CLUSTERS else out)
        return facts if acl is facts.acl else facts._replace(acl=acl)

    draft.rewrite(change)
    return replace(draft.state())


def _ends(key: Member, live: State, baseline: State, gone: AbstractSet[str], out: AbstractSet[str]) -> bool:
    """Whether a membership ends with them. Of a role that another database uses, only if it does not matter there."""
    ours = {key.role, key.member}
    return bool(gone & ours or (out & ours and key not in baseline.members and not used_elsewhere.matters(live, key)))


def without(acl: Acl, gone: AbstractSet[str]) -> Acl:
    """The ACL without what these roles held; what they granted is granted by the owner."""
    if not any(gone & {item.grantee, item.grantor} for item in acl):
        return acl
    return intern_acl(
        item._replace(grantor=OWNER) if item.grantor in gone else item for item in acl if item.grantee not in gone
    )
