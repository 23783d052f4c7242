"""``split``: one role that does everything becomes four that each do one thing.

This file has only the keys of the steps. Each step is the file of its key; the kind is in
:mod:`flatsplit.walks.split.kind`.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias, get_args

StepKey: TypeAlias = Literal[
    "create-roles",
    "grant-existing",
    "default-privileges",
    "transfer-ownership",
    "enable-login",
    "switch-connections",
    "verify",
    "lock-legacy",
    "revoke-legacy",
]
"""The keys in the order in which the steps are taken."""

STEP_KEYS: Final[tuple[StepKey, ...]] = get_args(StepKey)
ORDINAL: Final[dict[StepKey, int]] = {key: place for place, key in enumerate(STEP_KEYS, start=1)}

CREATE_ROLES: Final = "create-roles"
GRANT_EXISTING: Final = "grant-existing"
DEFAULT_PRIVILEGES: Final = "default-privileges"
TRANSFER_OWNERSHIP: Final = "transfer-ownership"
ENABLE_LOGIN: Final = "enable-login"
SWITCH_CONNECTIONS: Final = "switch-connections"
VERIFY: Final = "verify"
LOCK_LEGACY: Final = "lock-legacy"
REVOKE_LEGACY: Final = "revoke-legacy"
