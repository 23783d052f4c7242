"""Hazards in event triggers: they fire on flatsplit's own statements, on migrations and, since 17, on logins. Pure.

They are read and not tried. A trial of GRANT would run their code as the operator, and a rollback does not undo what
dblink or a notification to another session has done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flatsplit import blueprint, ddl
from flatsplit.hazards import routine_bodies
from flatsplit.hazards.registry import Found, Seen, hazard
from flatsplit.model import ObjectFacts, ObjectRef, State
from flatsplit.rights.matrix import Rights
from flatsplit.walks import split
from flatsplit.walks.split.kind import through
from flatsplit.words import count

_MANUAL = "event-trigger-definition.html"
_OURS = ("GRANT", "REVOKE", "ALTER")
"""How the tags of those of flatsplit's statements begin on which event triggers fire."""


class _Trigger(NamedTuple):
    name: str
    event: str
    tags: Sequence[str] | None
    function: str
    definer: bool
    source: str

    def __str__(self) -> str:
        return f"{ddl.ident(self.name)} on {self.event} runs {self.function}"

    def fires(self, beginnings: Sequence[str]) -> bool:
        """Whether it fires on one of these commands, by its own tags and those that its function names."""
        named = routine_bodies.command_tags(self.source)
        return all(
            tags is None or any(tag.startswith(tuple(beginnings)) for tag in tags)
            for tags in (self.tags, named or None)
        )


def _triggers(seen: Seen, *events: str) -> list[_Trigger]:
    found = [_Trigger(*row) for row in seen.rows("event_trigger_bodies")]
    return [one for one in found if one.event in events]


@hazard(
    "event-trigger-refuses",
    "blocker",
    split.GRANT_EXISTING,
    looks_at="functions of event triggers that fire on GRANT, REVOKE or ALTER, for RAISE; they are read, not run",
    why="The step stops at the first statement that one of them refuses with an error.",
    fix="Read the functions; have them let these statements pass, or ALTER EVENT TRIGGER … DISABLE for the walk.",
    manual=_MANUAL,
    questions=("event_trigger_bodies",),
)
def event_trigger_refuses(seen: Seen) -> Iterator[Found]:
    """Event triggers that may refuse what the steps run."""
    found = [
        one
        for one in _triggers(seen, "ddl_command_start", "ddl_command_end")
        if one.fires(_OURS) and routine_bodies.raises(one.source)
    ]
    if found:
        yield Found(
            f"{count(len(found), 'event trigger')} may refuse GRANT or ALTER",
            tuple(map(str, found)),
            fix=f"Read {_functions(found)}. If it is in the way: {_disable(found)} and ENABLE after the walk. "
            "If it lets these statements pass, accept this.",
            sql=_disabling(found),
        )


@hazard(
    "event-trigger-hands-over",
    "blocker",
    split.TRANSFER_OWNERSHIP,
    looks_at="functions of event triggers that fire on CREATE or ALTER, for OWNER TO",
    why="They give new objects to a role that they name. What app_migrator creates would go back to the old role, or "
    "fail: app_migrator may not give anything to a role that it is no member of.",
    fix="Have the functions give it to app_migrator, or drop the event triggers: app_migrator owns what it creates.",
    manual=_MANUAL,
    questions=("event_trigger_bodies",),
)
def event_trigger_hands_over(seen: Seen) -> Iterator[Found]:
    """Event triggers that change owners."""
    migrator = blueprint.owner(seen.context.config)
    found = [
        one
        for one in _triggers(seen, "ddl_command_end")
        if one.fires(("CREATE", "ALTER")) and routine_bodies.changes_owner(one.source) and migrator not in one.source
    ]
    if found:
        yield Found(
            f"{count(len(found), 'event trigger')} give{'s' if len(found) == 1 else ''} new objects away",
            tuple(map(str, found)),
            fix=f"Have {_functions(found)} give it to {migrator}, or leave it with who made it: {_disable(found)}",
            sql=_disabling(found),
        )


@hazard(
    "login-event-trigger",
    "blocker",
    split.ENABLE_LOGIN,
    looks_at="functions of event triggers on login, for RAISE and for tables that a new role may not use",
    why="An error in it is the end of every new session of the role: the new roles could not log in.",
    fix="Have the functions let the new roles in, or make them SECURITY DEFINER with a search_path of their own.",
    manual=_MANUAL,
    questions=("event_trigger_bodies",),
    since=17,
)
def login_event_trigger(seen: Seen) -> Iterator[Found]:
    """Event triggers that would keep a new role out."""
    state = through(seen.state, seen.context, split.TRANSFER_OWNERSHIP)
    roles = [name for name in seen.context.config.sessions_of if name in state.roles]
    found: dict[_Trigger, str] = {}
    for one in _triggers(seen, "login"):
        if routine_bodies.catches_all(one.source):
            continue
        if routine_bodies.raises(one.source):
            found[one] = "raises an error"
        elif not one.definer and (shut := _shut(one, state, roles)):
            found[one] = shut
    if found:
        yield Found(
            f"{count(len(found), 'event trigger')} on login would keep new roles out",
            tuple(f"{one}: {what}" for one, what in found.items()),
            fix=f"Have {_functions(list(found))} let {', '.join(roles)} in, SECURITY DEFINER where it uses tables; "
            f"or: {_disable(list(found))}",
            sql=_disabling(list(found)),
        )


def _shut(one: _Trigger, state: State, roles: Sequence[str]) -> str:
    """The first table that its function uses and a new role may not; "" where there is none."""
    for schema, name, letter in routine_bodies.tables_used(one.source):
        facts = _table(state, schema, name)
        if facts is None:
            continue
        without = [role for role in roles if letter not in Rights(state, role).letters(facts)]
        if without:
            verb = {"a": "write to", "w": "change", "d": "delete from"}.get(letter, "read")
            return f"{', '.join(without)} may not {verb} {name}"
    return ""


def _table(state: State, schema: str, name: str) -> ObjectFacts | None:
    places = [schema] if schema else [ref.name for ref in state.objects if ref.kind == "schema"]
    for kind in ("table", "partitioned_table", "view"):
        for place in places:
            facts = state.objects.get(ObjectRef(kind, place, name))
            if facts is not None and facts.note != "system":
                return facts
    return None


def _functions(found: Sequence[_Trigger]) -> str:
    return ", ".join(dict.fromkeys(one.function for one in found))


def _disable(found: Sequence[_Trigger]) -> str:
    return " ".join(_disabling(found))


def _disabling(found: Sequence[_Trigger]) -> tuple[str, ...]:
    return tuple(f"ALTER EVENT TRIGGER {ddl.ident(one.name)} DISABLE;" for one in found)
