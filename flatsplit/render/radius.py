"""The blast radius as a table: what each role could do, before and after."""

from __future__ import annotations

from dataclasses import dataclass

from flatsplit.rights.exposure import BlastRadius

NAMED = ("become", "databases", "definers", "members", "rls", "servers")
"""Abilities for which the names are shown, since they say more than the number."""


@dataclass(frozen=True, slots=True)
class RadiusTable:
    """Rows of cells, and the names behind some of them."""

    columns: tuple[tuple[str, str], ...]
    """(role, "today" or "after")."""
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """What could be done, and a cell per column."""
    names: tuple[tuple[str, str, tuple[str, ...], int], ...]
    """After the cutover: role, what it could do, with what (first ones), how many more."""


def radius_table(found: BlastRadius | None, legacy: str) -> RadiusTable | None:
    """Legacy today and afterwards, then the new roles at the end, without lines that say no everywhere."""
    if found is None or not found.after + found.today:
        return None
    chosen = [(role, "today") for role in found.today if role.role == legacy]
    chosen += [(role, "after") for role in found.after]
    rows = [
        (ability.act, tuple(role.abilities[place].text for role, _ in chosen))
        for place, ability in enumerate(chosen[0][0].abilities)
        if ability.key != "rows"  # an estimate changes by itself, and no two runbooks would be equal
        and any(role.abilities[place].count for role, _ in chosen)
    ]
    names = [
        (role.role, ability.act, ability.names[:8], max(0, ability.count - 8))
        for role in found.after
        for ability in role.abilities
        if ability.key in NAMED and ability.names
    ]
    return RadiusTable(tuple((role.role, moment) for role, moment in chosen), tuple(rows), tuple(names))
