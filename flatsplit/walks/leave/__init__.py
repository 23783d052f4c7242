"""``leave NAME``: a person goes. What she owned the application's owner has, what she gave stays, and then she is gone.

Here are only the keys of its steps, for whoever names one: a step is the file of that name, the kind is in
:mod:`flatsplit.walks.leave.kind`.
"""

from __future__ import annotations

from typing import Final

LOCK: Final = "lock"
HAND_OVER: Final = "hand-over"
DROP: Final = "drop"
