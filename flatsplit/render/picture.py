"""A picture of the roles, before and after: who connects as which role, and what that role may do.

Boxes and arrows with their positions, which the template draws. What a role may do is read from the blast radius, so
that the picture agrees with the database.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flatsplit import blueprint
from flatsplit.config import Config
from flatsplit.rights.exposure import BlastRadius, Exposure
from flatsplit.words import clipped

WIDTH = 520
_WHO_X, _WHO_WIDTH = 4, 136
_ROLE_X, _ROLE_WIDTH = 190, 144
_THING_X, _THING_WIDTH = 388, 128
_TOP, _ROW, _BOX = 34, 74, 48

_THINGS = (
    ("drop", "structure", "could drop"),
    ("write", "rows", "could change"),
    ("read", "content", "could read"),
)
"""An ability, what it is about, and its verb."""


@dataclass(frozen=True, slots=True)
class Box:
    """A box with one or two lines of text."""

    x: int
    y: int
    width: int
    height: int
    title: str
    note: str
    kind: str
    """who, role, gone, or thing."""
    full: str
    """The whole title, where it was cut."""


@dataclass(frozen=True, slots=True)
class Arrow:
    """From the right edge of one box to the left edge of another."""

    path: str
    kind: str
    """connects, drop, write or read."""


@dataclass(frozen=True, slots=True)
class Panel:
    """The picture for one moment."""

    title: str
    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[Arrow, ...]
    told: str
    """The same in words, for readers who do not see it."""


def pictures(found: BlastRadius | None, first: Sequence[Exposure], config: Config) -> tuple[Panel, ...]:
    """The pictures before and after; empty without a blast radius."""
    if found is None or not found.after:
        return ()
    legacy, new = config.legacy_role, blueprint.who(config)
    before = next((one for one in (*first, *found.today) if one.role == legacy), None)
    if before is None:
        return ()
    after = {one.role: one for one in found.after}
    application = legacy if config.retire == "repurpose" else new.application
    who = (
        ("the application", application),
        ("the migration tool", new.owner),
        ("reports", new.reader),
        *((("people", new.administrator),) if new.administrator else ()),
    )
    shown = [(name, role, after.get(role)) for name, role in who]
    if config.retire != "repurpose":
        shown.append(("nobody", legacy, after.get(legacy)))
    return (
        _panel("Before", [(name, legacy, before) for name, _ in who]),
        _panel("After", shown),
    )


def _panel(title: str, shown: Sequence[tuple[str, str, Exposure | None]]) -> Panel:
    count = len(shown)
    height = _TOP + count * _ROW
    names = list(dict.fromkeys(role for _, role, _ in shown))
    exposures = {role: exposure for _, role, exposure in shown}
    boxes: list[Box] = []
    lines: list[Arrow] = []
    words: list[str] = []
    places = {role: _spread(place, len(names), height) for place, role in enumerate(names)}
    things = {key: _spread(place, len(_THINGS), height) for place, (key, _, _) in enumerate(_THINGS)}
    for place, (name, role, exposure) in enumerate(shown):
        y = _spread(place, count, height)
        if name != "nobody":
            boxes.append(_box(_WHO_X, y, _WHO_WIDTH, name, "", "who"))
            lines.append(_line(_WHO_X + _WHO_WIDTH, y, _ROLE_X, places[role], "connects"))
        if exposure is None:
            continue
        words.append(f"{name} connects as {role}" if name != "nobody" else f"nobody connects as {role}")
    for role in names:
        exposure = exposures[role]
        gone = exposure is None or not exposure.login
        note = "gone" if exposure is None else "no login" if gone else _power(exposure)
        boxes.append(_box(_ROLE_X, places[role], _ROLE_WIDTH, role, note, "gone" if gone else "role"))
        for key, _, verb in _THINGS:
            ability = exposure.ability(key) if exposure and not gone else None
            if ability and ability.count:
                lines.append(_line(_ROLE_X + _ROLE_WIDTH, places[role], _THING_X, things[key], key))
                words.append(f"{role} {verb} {ability.count:,}")
    for key, name, verb in _THINGS:
        boxes.append(_box(_THING_X, things[key], _THING_WIDTH, name, _total(shown, key, verb), f"thing {key}"))
    return Panel(title, WIDTH, height, tuple(boxes), tuple(lines), "; ".join(words) + ".")


def _power(exposure: Exposure) -> str:
    """The role's rights in two words."""

    def can(key: str) -> bool:
        ability = exposure.ability(key)
        return ability is not None and ability.count > 0

    if can("superuser"):
        return "everything"
    if can("drop"):
        return "owns, changes, reads"
    if can("write"):
        return "changes rows, reads"
    return "reads" if can("read") else "nothing"


def _total(shown: Sequence[tuple[str, str, Exposure | None]], key: str, verb: str) -> str:
    """How many of these things a role can reach."""
    counts = [ability.count for _, _, one in shown if one and (ability := one.ability(key)) and ability.count]
    things = {"drop": "objects", "write": "tables", "read": "tables"}[key]
    return f"{max(counts):,} {things}" if counts else f"nobody {verb}"


def _spread(place: int, count: int, height: int) -> int:
    """The middle of the box in this place, with the boxes of a column spread over the height."""
    room = (height - _TOP) / count
    return round(_TOP + room * (place + 0.5))


def _box(x: int, middle: int, width: int, title: str, note: str, kind: str) -> Box:
    most = (width - 10) // 7
    return Box(x, middle - _BOX // 2, width, _BOX, clipped(title, most), note, kind, title)


def _line(x1: int, y1: int, x2: int, y2: int, kind: str) -> Arrow:
    middle = (x1 + x2) // 2
    return Arrow(f"M{x1} {y1} C{middle} {y1} {middle} {y2} {x2 - 2} {y2}", kind)
