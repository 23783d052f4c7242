"""Roles that have the name of a tenant's and are others now. Pure."""

from __future__ import annotations

from flatsplit.model import State
from flatsplit.walks import marks


def strangers(live: State, group: str) -> frozenset[str]:
    """Roles that the mapping names, and that are neither made here nor members of the group.

    Somebody dropped the tenant's role, and somebody created one of that name. Nothing is given to it by itself, and it
    is not dropped.
    """
    inside = {key.member for key in live.members if key.role == group}
    others = (role for role in live.tenants if role in live.roles and role not in inside)
    return frozenset(role for role in others if marks.whose(live, role) != live.target.database)
