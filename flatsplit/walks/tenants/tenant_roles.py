"""tenant-roles: a role per tenant, without LOGIN yet."""

from __future__ import annotations

from flatsplit.model import Member, MemberOptions, RoleFacts, SettingKey, State
from flatsplit.walks import marks, tenants
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.tenants.context import Context
from flatsplit.walks.tenants.strangers import strangers

_NOT_CARRIED = frozenset({"role", "session_authorization"})


def apply(state: State, context: Context) -> State:
    """The State with a role per tenant, each a member of the group only, with the settings of the application's role.

    A role that is another now by the name of a tenant's gets nothing. With a pool the pool gets the settings instead.
    Unchanged where the group or the mapping is missing.
    """
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
    if context.pool:  # the server applies a role's settings at login, not at SET ROLE
        draft.new_role(context.pool, RoleFacts(inherit=False, comment=marks.mark(here)))
        for name, value in settings.items():
            draft.setting(SettingKey(context.pool, here), name, value)
        settings = {}
    limit = -1 if context.pool else context.tenants.connection_limit
    facts = RoleFacts(connection_limit=limit, comment=marks.mark(here))
    held = facts._replace(comment=marks.mark(here, held=True))
    inside: dict[str, bool] = {}  # members of the group: whether the membership has INHERIT and SET
    for key_, have in state.members.items():
        if key_.role == context.group:
            enough = have.inherit is None or (bool(have.inherit) and bool(have.set))
            inside[key_.member] = inside.get(key_.member, False) or enough
    options = MemberOptions(False, True, True) if state.target.membership_options else MemberOptions()
    others = strangers(context.live, context.group)
    for role, key in context.wanted.items():
        draft.tenants[role] = key
        if role in others:
            continue
        if role not in draft.roles:
            draft.new_role(role, held if role in context.held else facts)
        if role in inside:
            if not inside[role]:
                draft.member(context.group, role)
        else:  # not draft.member(), which searches all memberships: there may be thousands of roles
            draft.members[Member(context.group, role, state.target.grantor)] = options
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
