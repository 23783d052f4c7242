"""Which part of a State has to be remembered to roll back."""

from __future__ import annotations

from dataclasses import replace

from flatsplit import privileges
from flatsplit.config import Config
from flatsplit.model import OWNER, Acl, ObjectFacts, ObjectRef, State
from flatsplit.walks.ownership import superusers_only
from flatsplit.walks.split.context import Context


def reduce(state: State, config: Config) -> State:
    """The facts of managed roles that cannot be inferred later.

    An object that legacy owns with all its privileges is the normal case and need not be remembered, unless it may go
    to dba.
    """
    legacy = config.legacy_role
    managed = {legacy, *config.roles.new}
    left = Context(config, state).left
    others = {*config.roles.new, *(config.owners or ())}
    major = state.target.major
    # Two grants of one membership become one when legacy's is taken over
    given = {key[:2] for key in state.members if key.grantor == legacy}

    def remembered(ref: ObjectRef, facts: ObjectFacts) -> bool:
        if ref.kind in ("schema", "database") or facts.owner in others:
            return True
        if any(item.grantee in managed or item.grantor in managed for item in facts.acl):
            return True
        if facts.owner != legacy:
            return False
        if facts.extension or ref.kind == "extension":
            return True
        return superusers_only(ref, facts) or not _full_owner(ref, facts.acl, major)

    return replace(
        state,
        roles={name: facts for name, facts in state.roles.items() if name in managed},
        members={
            key: options
            for key, options in state.members.items()
            if managed & {key.role, key.member, key.grantor} or key[:2] in given
        },
        settings={key: row for key, row in state.settings.items() if key.role in managed},
        objects={
            ref: group.facts
            for group in state.groups
            for ref in (group.refs if remembered(group.refs[0], group.facts) else filter(left, group.refs))
        },
        columns={
            ref: acl
            for ref, acl in state.columns.items()
            if any(managed & {item.grantee, item.grantor} for item in acl)
        },
        defaults={
            ref: acl
            for ref, acl in state.defaults.items()
            if ref.creator in managed or any(item.grantee in managed for item in acl)
        },
        policies={ref: named for ref, named in state.policies.items() if named & managed},
        mappings=frozenset(ref for ref in state.mappings if ref.args in managed),
        copied_mappings={},
        databases={},
        uses={},
    )


def _full_owner(ref: ObjectRef, acl: Acl, major: int) -> bool:
    return set(privileges.letters(acl, OWNER)) >= set(privileges.owner_letters(ref.kind, major))
