"""create-logins: the logins of the group exist, and nobody can use them."""

from __future__ import annotations

from flatsplit.model import RoleFacts, SettingKey, State
from flatsplit.walks import group, marks
from flatsplit.walks.draft import Draft
from flatsplit.walks.group.context import Context
from flatsplit.walks.kind import Step


def apply(state: State, context: Context) -> State:
    """The logins, NOLOGIN, members of the role (INHERIT and SET, no ADMIN), with its settings and limits."""
    draft = Draft(state)
    facts = state.roles.get(context.role)
    if facts is None:
        return state
    for login in context.logins:
        draft.new_role(login, _like(facts, context, state.target.database))
        draft.member(context.role, login)
        key = SettingKey(login, state.target.database)
        everywhere, here = dict(draft.settings.get(SettingKey(login, ""), ())), dict(draft.settings.get(key, ()))
        for name, value in sorted(context.settings(state).items()):
            if everywhere.get(name) != value or (name == "role" and here.get(name, value) != value):
                draft.setting(key, name, value, over=name == "role")  # other settings that a login has stay
        if not (context.group.as_group or state.target.membership_options):
            draft.role(
                login, inherit=True
            )  # else it has none of the role's rights: whoever inherits nothing has no part
    return draft.state()


def _like(facts: RoleFacts, context: Context, database: str) -> RoleFacts:
    """Facts with what membership does not pass on: limits, and attributes unless sessions act as the role anyway."""
    limit, mine = context.group.connection_limit, not context.group.as_group
    return RoleFacts(
        connection_limit=facts.connection_limit if limit is None else limit,
        valid_until=facts.valid_until,
        bypassrls=mine and facts.bypassrls,
        createdb=mine and facts.createdb,
        comment=marks.mark(database),
    )


def _made(state: State, context: Context) -> bool:
    return bool(context.made(state))


STEP = Step(
    key=group.CREATE_LOGINS,
    title="Create the logins",
    purpose="Creates the roles that log in for the group, without the right to log in: members of it, with its "
    "settings and limits. Nobody can use them yet and nothing else changes.",
    apply=apply,
    gates=("no-blockers",),
    by_hand=_made,
    watch=("Nothing: the application cannot notice this step.",),
)
