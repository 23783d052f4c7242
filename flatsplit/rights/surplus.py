"""Rights that a special role has besides its list, as after a line was removed from it. Pure.

No step takes them away: somebody may have granted them for a reason. They are shown with the statements that would.
"""

from __future__ import annotations

from flatsplit import blueprint, privileges
from flatsplit.differ import diff
from flatsplit.model import JOURNAL_SCHEMA, ObjectFacts, ObjectRef, State, Statement
from flatsplit.walks.draft import Draft
from flatsplit.walks.role import grant_list
from flatsplit.walks.role.context import Context


def surplus(state: State, context: Context, *, bridged: bool = False) -> tuple[Statement, ...]:
    """Statements that leave the role the rights of its list, of those that it has itself; none while it is
    ``bridged``.
    """
    special, role = context.special, context.role
    if special is None or role not in state.roles or bridged:
        return ()
    given, draft = grant_list.rights(state, context), Draft(state)
    purpose = blueprint.READER if special.new_tables == "read" else blueprint.APPLICATION
    ruled = grant_list.ruled(context, given)

    def change(ref: ObjectRef, facts: ObjectFacts) -> ObjectFacts:
        held = privileges.letters(facts.acl, role)
        # Roles that can dump the database got the rights on flatsplit's own schema from flatsplit (cutover/snapshot.py)
        own = JOURNAL_SCHEMA in (ref.schema, ref.name if ref.kind == "schema" else "")
        if not held or own or facts.owner == role:
            return facts
        later = blueprint.on_later(purpose, ref.kind, public=False, foreign=False) if ref.schema in ruled else ""
        acl = privileges.without(facts.acl, role, privileges.minus(held, given.objects.get(ref, "") + later))
        return facts if acl == facts.acl else facts._replace(acl=acl)

    draft.rewrite(change, apart=frozenset(given.objects))
    for ref, acl in state.columns.items():
        more = privileges.minus(privileges.letters(acl, role), given.columns.get(ref, ""))
        if more:
            draft.columns[ref] = privileges.without(acl, role, more)
    rules = dict(grant_list.later(state, context, given))
    for row, acl in state.defaults.items():
        more = privileges.minus(privileges.letters(acl, role), rules.get(row, ""))
        if more and row.creator != role:
            draft.default(row, privileges.without(acl, role, more))
    groups = {key.role for key in state.members if key.member == role}
    for group in groups.difference(grant_list.memberships(context.config, special)):
        draft.no_member(role=group, member=role)
    return diff(state, draft.state())
