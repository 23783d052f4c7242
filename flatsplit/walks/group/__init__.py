"""``group ROLE``: a new role becomes a group. Other roles log in for it, without an outage, and then it does not.

This file has only the keys of the steps. Each step is the file of its key; the kind is in
:mod:`flatsplit.walks.group.kind`.
"""

from __future__ import annotations

from typing import Final

NAME: Final = "group"
CREATE_LOGINS: Final = "create-logins"
OPEN_LOGINS: Final = "open-logins"
SWITCH_CONNECTIONS: Final = "switch-connections"
CLOSE_GROUP: Final = "close-group"
FORGET_PASSWORD: Final = "forget-password"
