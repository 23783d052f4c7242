"""``blast-radius`` as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flatsplit.cli.output import Printer, one_line
from flatsplit.words import more

if TYPE_CHECKING:
    from flatsplit.config import RoleNames
    from flatsplit.rights.exposure import Ability, BlastRadius, Exposure

FEW = 6
"""Names shown per line."""

_NAMED = ("become", "databases", "definers", "members", "rls", "servers")
"""Abilities for which the names are shown, since they say more than the number."""


def show(printer: Printer, found: BlastRadius) -> None:
    """Print one table for today and one for afterwards; one alone when the cutover is complete."""
    _matrix(printer, f"Database {found.database}, today", found.today)
    _names(printer, found.today)
    if not found.complete:
        _matrix(printer, "With every step of the cutover done", found.after)
        _names(printer, found.after)
    for tenant in found.tenants:
        printer.say(f"  {one_line(tenant)} stands for all tenants: of tables with policies, only its own rows", "dim")
    for pool in found.pools:
        printer.say(f"  {one_line(pool)} may become any tenant: of tables with policies, the rows of all of them")


def _matrix(printer: Printer, title: str, roles: Sequence[Exposure]) -> None:
    rows = []
    for place, ability in enumerate(roles[0].abilities if roles else ()):
        cells = [role.abilities[place].text for role in roles]
        if any(role.abilities[place].count for role in roles):
            rows.append((ability.act, *cells))
    columns = ("could", *(role.role + ("" if role.login else " (no login)") for role in roles))
    printer.table(one_line(title), columns, rows)


def _names(printer: Printer, roles: Sequence[Exposure]) -> None:
    for role in roles:
        for ability in role.abilities:
            if ability.key in _NAMED and ability.names:
                printer.say(f"  {one_line(role.role)} could {ability.act}: {_shown(ability)}", "dim")


def _shown(ability: Ability) -> str:
    names = ", ".join(map(one_line, ability.names[:FEW]))
    return names + more(ability.count - FEW)


def show_compared(printer: Printer, found: BlastRadius) -> None:
    """Print role by role, today beside afterwards, without lines that say no both times."""
    today = {role.role: role for role in found.today}
    after = {role.role: role for role in found.after}
    rows = []
    for name in dict.fromkeys([*today, *after]):
        first = True
        for act, before, then in _lines(today.get(name), after.get(name)):
            rows.append((name if first else "", act, before, then))
            first = False
    printer.table(one_line(f"Database {found.database}"), ("role", "could", "today", "after"), rows)


def _lines(before: Exposure | None, then: Exposure | None) -> list[tuple[str, str, str]]:
    """(act, today, after) for everything that is possible at one of the two moments."""
    sample = before or then
    lines = []
    for place, ability in enumerate(sample.abilities if sample else ()):
        pair = [role.abilities[place] if role else None for role in (before, then)]
        if any(one is not None and one.count for one in pair):
            lines.append((ability.act, *(one.text if one else "no such role" for one in pair)))
    return [(act, one, other) for act, one, other in lines]


def shape(found: BlastRadius, roles: RoleNames, legacy: str) -> dict[str, Any]:
    """``blast-radius --json``."""

    def purpose(role: str) -> str:
        return "legacy" if role == legacy else "tenant" if role in found.tenants else roles.purpose(role)

    def moment(exposures: Sequence[Exposure]) -> dict[str, Any]:
        return {
            role.role: {
                "purpose": purpose(role.role),
                "login": role.login,
                "abilities": {
                    ability.key: {
                        "act": ability.act,
                        "can": bool(ability.count),
                        "count": ability.count,
                        "total": ability.total,
                        "names": list(ability.names),
                    }
                    for ability in role.abilities
                },
            }
            for role in exposures
        }

    return {
        "database": found.database,
        "complete": found.complete,
        "today": moment(found.today),
        "after": moment(found.after),
    }
