"""``tenants``: each tenant's connection gets a role that reaches only that tenant's rows, held by the server.

Here are only the keys of its steps, for whoever names one: a step is the file of that name, the kind is in
:mod:`flatsplit.walks.tenants.kind`.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

NAME: Final = "tenants"

StepKey: TypeAlias = Literal[
    "tenant-mapping",
    "tenant-policies",
    "tenant-rls",
    "tenant-grants",
    "tenant-roles",
    "tenant-proof",
    "tenant-login",
    "tenant-switch",
    "tenant-close",
]
"""In the order in which they are taken: rights come after what keeps rows apart, and go before it."""

STEP_KEYS: Final[tuple[StepKey, ...]] = get_args(StepKey)

TENANT_MAPPING: Final = "tenant-mapping"
TENANT_POLICIES: Final = "tenant-policies"
TENANT_RLS: Final = "tenant-rls"
TENANT_GRANTS: Final = "tenant-grants"
TENANT_ROLES: Final = "tenant-roles"
TENANT_PROOF: Final = "tenant-proof"
TENANT_LOGIN: Final = "tenant-login"
TENANT_SWITCH: Final = "tenant-switch"
TENANT_CLOSE: Final = "tenant-close"

EVERYONE: Final = "everyone"
"""The policy for those who see all rows, as before; it names them, and never PUBLIC."""
TENANT: Final = "tenant"
TENANT_ONLY: Final = "tenant_only"
OWN: Final = "own"
"""On the table that says which role is whose: a tenant sees its own row …"""
OPERATORS: Final = "operators"
"""… and operators who are no superusers see all."""
