"""Rights that a role has besides its list, as after a line was removed from it. Pure.

No step takes them away: somebody may have granted them for a reason. They are shown with the statements that would.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from flatsplit import blueprint, ddl, privileges
from flatsplit.config import Grant
from flatsplit.differ import diff
from flatsplit.model import JOURNAL_SCHEMA, ObjectFacts, ObjectRef, SettingKey, State, Statement
from flatsplit.walks.draft import Draft
from flatsplit.walks.role import create_role, grant_list
from flatsplit.walks.role.context import Context
from flatsplit.walks.split import grants, restricted
from flatsplit.walks.split.context import Context as SplitContext


def surplus(state: State, context: Context, *, bridged: bool = False) -> tuple[Statement, ...]:
    """Statements that leave the role the rights of its list, of those that it has itself; none while it is
    ``bridged``, and none about what may only have been renamed: the list is corrected first.
    """
    special, role = context.special, context.role
    if special is None or role not in state.roles or bridged:
        return ()
    given, draft = grant_list.rights(state, context), Draft(state)
    purpose = blueprint.READER if special.new_tables == "read" else blueprint.APPLICATION
    ruled, unclear = grant_list.ruled(context, given), grant_list.renamed(state, context)

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        held = privileges.letters(facts.acl, role)
        # Roles that can dump the database got the rights on flatsplit's own schema from flatsplit (cutover/snapshot.py)
        own = JOURNAL_SCHEMA in (ref.schema, ref.name if ref.kind == "schema" else "")
        if not held or own or facts.owner == role or ref in unclear:
            return facts
        later = blueprint.on_later(purpose, ref.kind, public=False, foreign=False) if ref.schema in ruled else ""
        acl = privileges.without(facts.acl, role, privileges.minus(held, given.objects.get(ref, "") + later))
        acl = privileges.not_passed_on(acl, role)
        return facts if acl == facts.acl else facts._replace(acl=acl)

    draft.rewrite(change, apart=frozenset((*given.objects, *unclear)))
    for ref, acl in state.columns.items():
        if ref in unclear:
            continue
        more = privileges.minus(privileges.letters(acl, role), given.columns.get(ref, ""))
        left = privileges.not_passed_on(privileges.without(acl, role, more), role)
        if left != acl:
            draft.columns[ref] = left
    rules = dict(grant_list.later(state, context, given))
    for row, acl in state.defaults.items():
        more = privileges.minus(privileges.letters(acl, role), rules.get(row, ""))
        if more and row.creator != role and ObjectRef("schema", "", row.schema) not in unclear:
            draft.default(row, privileges.without(acl, role, more))
    _of_what_it_creates(draft, context, unclear)
    _settings(draft, context)
    groups = {key.role for key in state.members if key.member == role}
    for group in groups.difference(grant_list.memberships(context.config, special)):
        draft.no_member(role=group, member=role)
    return diff(state, draft.state())


def _of_what_it_creates(draft: Draft, context: Context, unclear: Collection[ObjectRef]) -> None:
    """Where it creates no more: the default privileges for that, and the membership by which the owner could change
    what it created, once nothing is left of that. Not in schemas that are ``unclear``.
    """
    special, role, state = context.special, context.role, draft.before
    rules = {(row, grantee): letters for row, grantee, letters in grant_list.made(state, context)}
    for row, acl in state.defaults.items():
        known = row.creator == role and ObjectRef("schema", "", row.schema) not in unclear
        for grantee in context.config.roles.new if known else ():
            more = privileges.minus(privileges.letters(acl, grantee), rules.get((row, grantee), ""))
            if more:
                draft.default(row, privileges.without(draft.effective_default(row), grantee, more))
    owned = any(group.facts.owner == role for group in state.groups)
    if special is not None and not special.create and not owned:
        draft.no_member(role=role, member=blueprint.owner(context.config))


def _settings(draft: Draft, context: Context) -> None:
    """The settings for this database that its section does not say, or no more; what it had taken over of them comes
    back.
    """
    key = SettingKey(context.role, draft.before.target.database)
    row, said = draft.settings.get(key, ()), create_role.settings(context)
    # flatsplit.toml may not say a secret: it was set by hand, as the error about that advises
    left = tuple(
        (name, said.get(name.lower(), value)) for name, value in row if name.lower() in said or ddl.is_withheld(value)
    )
    if left:
        draft.settings[key] = left
    else:
        draft.settings.pop(key, None)


def without_lines(state: State, context: SplitContext, lines: Sequence[Grant]) -> State:
    """The State without what these lines of [grants], which flatsplit.toml does not have any more, gave to the four
    roles. What an adopted role had before flatsplit came stays.
    """
    draft = Draft(state)
    former = replace(context, config=replace(context.config, grants=tuple(lines)))
    for role, letter, refs in grants.extras(state, former):
        for ref in refs:
            if ref.kind == "column":
                before = privileges.letters(context.baseline.columns.get(ref, ()), role)
                draft.columns[ref] = privileges.without(draft.columns[ref], role, privileges.minus(letter, before))
                continue
            known = context.baseline.objects.get(ref)
            before = privileges.letters(known.acl, role) if known is not None else ""
            draft.revoke(ref, role, privileges.minus(letter, before))
    for role, group in restricted.configured(former):
        there = [key for key in draft.members if key[:2] == (group, role)]
        first = {key: context.baseline.members[key] for key in there if key in context.baseline.members}
        draft.no_member(role=group, member=role)
        draft.members.update(first)  # an adopted role's own, with the options that it had
    return draft.state()
