"""``group ROLE``: one of the new roles stops logging in itself, others log in for it, and there is no flag day.

Here are only the keys of its steps, for whoever names one: a step is the file of that name, the kind is in
:mod:`flatsplit.walks.group.kind`.
"""

from __future__ import annotations

from typing import Final

CREATE_LOGINS: Final = "create-logins"
OPEN_LOGINS: Final = "open-logins"
SWITCH_CONNECTIONS: Final = "switch-connections"
CLOSE_GROUP: Final = "close-group"
FORGET_PASSWORD: Final = "forget-password"
