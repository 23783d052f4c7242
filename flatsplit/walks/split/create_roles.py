"""create-roles: the new roles exist, and nobody can use them."""

from __future__ import annotations

from flatsplit.model import RoleFacts, State
from flatsplit.walks import marks, split
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.provider import strongest
from flatsplit.walks.split.context import Context


def apply(state: State, context: Context) -> State:
    """The four roles, NOLOGIN; dba as strong as the operator can make it."""
    draft = Draft(state)
    roles = context.config.roles
    operator = state.roles.get(state.target.operator, RoleFacts())
    mark = marks.mark(state.target.database)
    for name in roles.new:
        facts = RoleFacts(comment=mark)
        if name == roles.dba:
            facts = (
                RoleFacts(superuser=True, comment=mark)
                if state.target.operator_superuser
                else RoleFacts(createdb=operator.createdb, createrole=operator.createrole, comment=mark)
            )
        draft.new_role(name, facts)
    if roles.dba and not draft.roles[roles.dba].superuser:
        draft.member(roles.app_migrator, roles.dba)
        if group := strongest(state):
            draft.member(group, roles.dba)
    return draft.state()


STEP = Step(
    key=split.CREATE_ROLES,
    title="Create the four roles",
    purpose="Creates the new roles without the right to log in. Nobody can use them yet and nothing else changes.",
    apply=apply,
    gates=("no-blockers",),
    watch=("Nothing: the application cannot notice this step.",),
)
