"""What sessions of a role begin with. Pure."""

from __future__ import annotations

from flatsplit import ddl
from flatsplit.model import State

_OFF = ("off", "false", "no", "0")
"""How a setting is switched off; the first letters do (parse_bool() in bool.c)."""


def row_security_off(state: State, role: str) -> str:
    """The statement by which sessions of a role no longer begin with row_security off; "" where they do not now. With
    it the server refuses what policies apply to, whatever they say (check_enable_rls() in rls.c).
    """
    found = state.setting_of(role, "row_security")
    if found is None or not found[1] or not any(word.startswith(found[1].lower()) for word in _OFF):
        return ""
    return ddl.reset_setting(*found[0], "row_security")
