"""tenant-roles: a role per tenant, which nobody can use yet."""

from __future__ import annotations

from flatsplit.model import Member, MemberOptions, RoleFacts, SettingKey, State
from flatsplit.walks import marks, tenants
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.tenants.context import Context

_NOT_CARRIED = frozenset({"role", "session_authorization"})


def apply(state: State, context: Context) -> State:
    """Each a member of the group and of nothing else, with the settings of the application's role."""
    draft = Draft(state)
    if context.group not in state.roles or context.mapping not in state.tenancies:
        return draft.state()
    here = state.target.database
    settings = {
        name: value
        for database in ("", here)
        for name, value in state.settings.get(SettingKey(context.application, database), ())
        if name not in _NOT_CARRIED
    }
    if context.pool:  # a setting of a role counts at its login, and not at SET ROLE
        draft.new_role(context.pool, RoleFacts(inherit=False, comment=marks.mark(here)))
        for name, value in settings.items():
            draft.setting(SettingKey(context.pool, here), name, value)
        settings = {}
    limit = -1 if context.pool else context.tenants.connection_limit
    facts = RoleFacts(connection_limit=limit, comment=marks.mark(here))
    held = facts._replace(comment=marks.mark(here, held=True))
    inside: dict[str, bool] = {}  # whether they inherit, and may become it
    for key_, have in state.members.items():
        if key_.role == context.group:
            enough = have.inherit is None or (bool(have.inherit) and bool(have.set))
            inside[key_.member] = inside.get(key_.member, False) or enough
    options = MemberOptions(False, True, True) if state.target.membership_options else MemberOptions()
    for role, key in context.wanted.items():
        if role not in draft.roles:
            draft.new_role(role, held if role in context.held else facts)
        if role in inside:
            if not inside[role]:
                draft.member(context.group, role)
        else:  # there are thousands, and none of them has to be compared with the others
            draft.members[Member(context.group, role, state.target.grantor)] = options
        draft.tenants[role] = key
        for name, value in settings.items():
            draft.setting(SettingKey(role, here), name, value)
    return draft.state()


def _connects(context: Context) -> Roles:
    return context.connects


STEP = Step(
    key=tenants.TENANT_ROLES,
    title="Create a role per tenant",
    purpose="Creates the tenants' roles without the right to log in, and says whose each is. A role without a row sees "
    "nothing.",
    apply=apply,
    gates=("names",),
    vacates=_connects,
    watch=("Nothing: nobody can use the roles.",),
)
