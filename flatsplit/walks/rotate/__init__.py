"""``rotate ROLE``: another password for the role, without an outage and with proof that the old one does not work.

This file has only the keys of the steps. Each step is the file of its key; the kind is in
:mod:`flatsplit.walks.rotate.kind`. Which steps a walk has is decided when it begins.
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
"""From the login in use to the resting one of the pair: at every moment there is a password that works."""
LEAKED: Final = (PREPARE, OPEN, SWITCH_AT_ONCE, CLOSE_AT_ONCE, RETIRE_AT_ONCE)
"""The same where somebody else knows the password: then an outage is better than waiting."""
IN_PLACE: Final = (CHANGE, RECONNECT)
"""For a single login, whose password changes while it is used."""
