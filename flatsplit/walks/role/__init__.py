"""``role NAME``: a special role of its own, with a list of what it may.

Here are only the keys of its steps: a step is the file of that name, the kind is in :mod:`flatsplit.walks.role.kind`.
"""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

StepKey: TypeAlias = Literal["create-role", "grant", "open", "verify"]

NAME: Final = "role"
"""Of the kind."""

CREATE_ROLE: Final = "create-role"
GRANT: Final = "grant"
OPEN: Final = "open"
VERIFY: Final = "verify"
