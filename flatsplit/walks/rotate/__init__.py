"""``rotate ROLE``: another password for who logs in as ROLE, without an outage and with proof that the old one is dead.

Here are only the keys of its steps, for whoever names one: a step is the file of that name, the kind is in
:mod:`flatsplit.walks.rotate.kind`. Which of them a walk consists of is decided when it begins.
"""

from __future__ import annotations

from typing import Final

NAME: Final = "rotate"

CHANGE_PASSWORD: Final = "change-password"
RECONNECT: Final = "reconnect"

IN_PLACE: Final = (CHANGE_PASSWORD, RECONNECT)
"""One login, whose password changes under those who use it."""
