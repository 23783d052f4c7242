"""``rotate ROLE``: another password for who logs in as ROLE, without an outage and with proof that the old one is dead.

Here are only the keys of its steps, for whoever names one: a step is the file of that name, the kind is in
:mod:`flatsplit.walks.rotate.kind`. Which of them a walk consists of is decided when it begins.
"""

from __future__ import annotations

from typing import Final

NAME: Final = "rotate"

PREPARE: Final = "prepare"
OPEN: Final = "open"
SWITCH_CONNECTIONS: Final = "switch-connections"
CLOSE: Final = "close"
RETIRE: Final = "retire"
SWITCH_AT_ONCE: Final = "switch-at-once"
CLOSE_AT_ONCE: Final = "close-at-once"
RETIRE_AT_ONCE: Final = "retire-at-once"
CHANGE: Final = "change"
RECONNECT: Final = "reconnect"

TWINS: Final = (PREPARE, OPEN, SWITCH_CONNECTIONS, CLOSE, RETIRE)
"""From the twin that logs in to the one that rests: nobody is without a password that works at any moment."""
LEAKED: Final = (PREPARE, OPEN, SWITCH_AT_ONCE, CLOSE_AT_ONCE, RETIRE_AT_ONCE)
"""The same where somebody else knows the password: an outage is cheaper than waiting."""
IN_PLACE: Final = (CHANGE, RECONNECT)
"""One login, whose password changes under those who use it."""
