"""``tenants``: each tenant's connection gets a role that reaches only that tenant's rows; the server enforces it.

This module has only the names: of the steps and of the policies. Each step is in the file of that name, and the kind
of walk is in :mod:`flatsplit.walks.tenants.kind`.
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
"""In the order in which they are taken: the group gets rights only after row-level security is on, and a rollback
takes the rights away before it turns row-level security off.
"""

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
"""The policy for roles that see all rows, as before. It names each of them, and is never for PUBLIC."""
TENANT: Final = "tenant"
TENANT_ONLY: Final = "tenant_only"
OWN: Final = "own"
"""On the table that says which role is which tenant's: the policy by which a tenant sees its own row …"""
OPERATORS: Final = "operators"
"""… and the one by which operators who are not superusers see all rows."""
