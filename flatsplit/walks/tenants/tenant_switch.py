"""tenant-switch: people move the tenants' connections to their roles."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import tenants
from flatsplit.walks.kind import Step
from flatsplit.walks.tenants.context import Context


def apply(state: State, _: Context) -> State:
    """The same State: people move the connections, and the step changes nothing in the catalog."""
    return state


STEP = Step(
    key=tenants.TENANT_SWITCH,
    title="Switch the tenants' connections",
    purpose="People move each tenant's connections from the application's role to the tenant's, some tenants first. "
    "flatsplit changes nothing here.",
    apply=apply,
    gates=("tenants-seen", "soaked", "unrefused", "statistics"),
    by_people="people move the tenants' connections",
    watch=("Errors of the application with SQLSTATE 42501 (insufficient privilege).",),
    stop=("A tenant sees fewer rows than it should: its rows have no key, or another's.",),
)
