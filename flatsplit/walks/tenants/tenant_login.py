"""tenant-login: the tenants' roles become usable."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import tenants
from flatsplit.walks.draft import Draft
from flatsplit.walks.kind import Roles, Step
from flatsplit.walks.tenants.context import Context


def apply(state: State, context: Context) -> State:
    """LOGIN, with a password of its own each."""
    draft = Draft(state)
    for role in state.tenants:
        facts = draft.roles.get(role)
        if facts is not None and role in context.made and not facts.login:
            draft.role(role, login=True, password=facts.password or context.tenants.auth == "password")
    return draft.state()


def _tenants(context: Context) -> Roles:
    return tuple(sorted(context.live.tenants))


STEP = Step(
    key=tenants.TENANT_LOGIN,
    title="Let the tenants log in",
    purpose="Gives the tenants' roles LOGIN and, with auth = password, a password each.",
    apply=apply,
    vacates=_tenants,
    watch=("Connections: every tenant has a pool of its own from here on.",),
)
