"""``role NAME``: a special role of its own, with a list of what it may.

Here are only the keys of its steps: a step is the file of that name, the kind is in :mod:`flatsplit.walks.role.kind`.
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
"""In the order in which they are taken by a role that begins like another one."""

NAME: Final = "role"
"""Of the kind."""

CREATE_ROLE: Final = "create-role"
BRIDGE: Final = "bridge"
OPEN: Final = "open"
SWITCH_CONNECTIONS: Final = "switch-connections"
LEARN: Final = "learn"
GRANT: Final = "grant"
NARROW: Final = "narrow"
VERIFY: Final = "verify"

PLAIN: Final[tuple[StepKey, ...]] = (CREATE_ROLE, GRANT, OPEN, VERIFY)
"""Of a role that begins with its own list."""
