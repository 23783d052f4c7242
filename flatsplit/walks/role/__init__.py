"""``role NAME``: a special role with a list of its rights.

This file has only the keys of the steps. Each step is the file of its key; the kind is in
:mod:`flatsplit.walks.role.kind`.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

StepKey: TypeAlias = Literal[
    "create-role",
    "bridge",
    "open",
    "switch-connections",
    "learn",
    "grant",
    "narrow",
    "verify",
]
"""The keys in the order in which a role takes the steps that begins like another role."""

NAME: Final = "role"
"""The name of the kind."""

CREATE_ROLE: Final = "create-role"
BRIDGE: Final = "bridge"
OPEN: Final = "open"
SWITCH_CONNECTIONS: Final = "switch-connections"
LEARN: Final = "learn"
GRANT: Final = "grant"
NARROW: Final = "narrow"
VERIFY: Final = "verify"

PLAIN: Final[tuple[StepKey, ...]] = (CREATE_ROLE, GRANT, OPEN, VERIFY)
"""The steps of a role that begins with its own list."""
