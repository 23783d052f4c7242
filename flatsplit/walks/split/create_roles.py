"""create-roles: the new roles exist, and nobody can use them."""

from __future__ import annotations

from flatsplit import blueprint
from flatsplit.model import RoleFacts, State
from flatsplit.walks import marks, split
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Step
from flatsplit.walks.provider import strongest
from flatsplit.walks.split.context import Context


def apply(state: State, context: Context) -> State:
    """The four roles, NOLOGIN; dba as strong as the operator can make it."""
    draft = Draft(state)
    dba = blueprint.administrator(context.config)
    operator = state.roles.get(state.target.operator, RoleFacts())
    mark = marks.mark(state.target.database)
    for name, purpose in blueprint.roles(context.config):
        facts = RoleFacts(comment=mark)
        if purpose.duty == "administrator":
            facts = (
                RoleFacts(superuser=True, comment=mark)
                if state.target.operator_superuser
                else RoleFacts(createdb=operator.createdb, createrole=operator.createrole, comment=mark)
            )
        draft.new_role(name, facts)
    if dba and not draft.roles[dba].superuser:
        draft.member(blueprint.owner(context.config), dba)
        if group := strongest(state):
            draft.member(group, dba)
    return draft.state()


STEP = Step(
    key=split.CREATE_ROLES,
    title="Create the four roles",
    purpose="Creates the new roles without the right to log in. Nobody can use them yet and nothing else changes.",
    apply=apply,
    gates=("no-blockers",),
    watch=("Nothing: the application cannot notice this step.",),
)
