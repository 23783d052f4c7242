"""The blast radius as a heat map, with the numbers that summarise it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flatsplit.render.radius import NAMED
from flatsplit.rights.exposure import Ability, BlastRadius, Exposure

_GRAVE = frozenset(
    (
        *("superuser", "programs", "files", "replication", "createrole", "drop_database"),
        *("create", "create_schema", "drop", "drop_routines", "truncate"),
    )
)
_MIDDLING = frozenset(("become", "write", "large_objects", "trigger", "definers", "servers"))
_HEADLINES = (
    ("drop", "tables, views and sequences it could drop"),
    ("truncate", "tables it could empty at one stroke"),
    ("drop_routines", "routines it could replace"),
    ("create", "schemas it could create objects in"),
)


@dataclass(frozen=True, slots=True)
class Cell:
    """What one role could do to one kind of thing."""

    text: str
    level: int
    """0 nothing, 1 harmless, 2 noticeable, 3 bad, 4 very bad."""


@dataclass(frozen=True, slots=True)
class HeatColumn:
    """One role at one moment."""

    role: str
    moment: str
    """before, today or after."""


@dataclass(frozen=True, slots=True)
class Heat:
    """The rows of cells, and the names behind some of them."""

    columns: tuple[HeatColumn, ...]
    rows: tuple[tuple[str, tuple[Cell, ...]], ...]
    names: tuple[tuple[str, str, tuple[str, ...], int], ...]


@dataclass(frozen=True, slots=True)
class Headline:
    """A number before and after, for an attacker with the application's password."""

    what: str
    before: int
    after: int


def heat(found: BlastRadius | None, first: Sequence[Exposure], legacy: str) -> Heat | None:
    """Legacy before anything was done, today if that differs, and every role at the end; None without data."""
    if found is None or not found.today + found.after:
        return None
    today = _of(found.today, legacy)
    before = _of(first, legacy) or today
    shown: list[tuple[HeatColumn, Exposure]] = []
    if before:
        shown.append((HeatColumn(legacy, "before"), before))
    if today and before and today.abilities != before.abilities:
        shown.append((HeatColumn(legacy, "today"), today))
    shown += [(HeatColumn(one.role, "after"), one) for one in found.after]
    if not shown:
        return None
    rows = [
        (ability.act, tuple(_cell(one.abilities[place]) for _, one in shown))
        for place, ability in enumerate(shown[0][1].abilities)
        if ability.key != "rows" and any(one.abilities[place].count for _, one in shown)
    ]
    names = [
        (one.role, ability.act, ability.names[:8], max(0, ability.count - 8))
        for one in found.after
        for ability in one.abilities
        if ability.key in NAMED and ability.names
    ]
    return Heat(tuple(column for column, _ in shown), tuple(rows), tuple(names))


def headlines(
    found: BlastRadius | None, first: Sequence[Exposure], legacy: str, application: str
) -> tuple[Headline, ...]:
    """What an injected statement could do before and at the end, without lines that were nothing before."""
    if found is None:
        return ()
    before = _of(first, legacy) or _of(found.today, legacy)
    after = _of(found.after, application)
    if before is None or after is None:
        return ()
    return tuple(
        Headline(what, count, _count(after, key)) for key, what in _HEADLINES if (count := _count(before, key)) > 0
    )


def _of(some: Sequence[Exposure], role: str) -> Exposure | None:
    return next((one for one in some if one.role == role), None)


def _count(one: Exposure, key: str) -> int:
    ability = one.ability(key)
    return ability.count if ability else 0


def _cell(ability: Ability) -> Cell:
    if not ability.count:
        return Cell(ability.text, 0)
    share = 1.0 if ability.flag or not ability.total else ability.count / ability.total
    if ability.key in _GRAVE:
        return Cell(ability.text, 4 if share > 0.5 else 3)
    if ability.key in _MIDDLING:
        return Cell(ability.text, 2 if ability.key in ("write", "large_objects") else 3)
    return Cell(ability.text, 1)
