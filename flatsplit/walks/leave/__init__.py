"""``leave NAME``: a person leaves. Their objects go to the application's owner, what they granted stays, and the role
is dropped.

This file has only the keys of the steps. Each step is the file of its key; the kind is in
:mod:`flatsplit.walks.leave.kind`.
"""

from __future__ import annotations

from typing import Final

NAME: Final = "leave"
LOCK: Final = "lock"
HAND_OVER: Final = "hand-over"
DROP: Final = "drop"
