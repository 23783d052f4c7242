"""Hazards in event triggers: they fire on flatsplit's own statements, on migrations and, since 17, on logins. Pure.

They are read and not tried. A trial of GRANT would run their code as the operator, and a rollback does not undo what
dblink or a notification to another session has done.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from flatsplit import blueprint, ddl
from flatsplit.config.grants import LETTERS
from flatsplit.hazards import routine_bodies
from flatsplit.hazards.registry import Found, Seen, as_lines, below, decide, granted_name, hazard
from flatsplit.hazards.remedy_sql import sequences_of
from flatsplit.model import ObjectFacts, ObjectRef, State
from flatsplit.rights.matrix import Rights
from flatsplit.walks import split
from flatsplit.walks.split.kind import through
from flatsplit.words import count

_MANUAL = "event-trigger-definition.html"
_WORDS = {letter: word for word, letter in LETTERS.items()}
_OURS = ("GRANT", "REVOKE", "ALTER")
"""How the tags of those of flatsplit's statements begin on which event triggers fire."""


class _Trigger(NamedTuple):
    name: str
    event: str
    tags: Sequence[str] | None
    function: str
    definer: bool
    source: str
    owner: str = ""
    """Of the function."""

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
    "event-trigger-shut",
    "warning",
    split.ENABLE_LOGIN,
    looks_at="functions of event triggers that fire on what is created or dropped and are not SECURITY DEFINER, for "
    "tables that a role which may create, if only temporary tables, may not use",
    why="The function runs with the rights of whoever creates or drops something. Where it writes to a log that this "
    "role may not write to, the statement fails: a migration, and CREATE TEMP TABLE of an application or a report too.",
    fix="Let the function run as its owner: ALTER ROUTINE … SECURITY DEFINER SET search_path = the schemas it needs, "
    "pg_temp; or, where the table's owner is somebody else, whose triggers would then act as that one, grant the roles "
    "what it uses.",
    manual=_MANUAL,
    questions=("event_trigger_bodies",),
)
def event_trigger_shut(seen: Seen) -> Iterator[Found]:
    """Event triggers that refuse a role what it may create, for want of a right of its own."""
    state = through(seen.state, seen.context, split.TRANSFER_OWNERSHIP)
    config = seen.context.config
    owner, creators = blueprint.owner(config), list(_creating(seen, state))
    found: list[tuple[_Trigger, list[_Refused]]] = []
    for one in _triggers(seen, "ddl_command_start", "ddl_command_end", "sql_drop"):
        temporary = "pg_temp" not in one.source and one.fires(_TEMPORARY)
        roles = [role for role in creators if role == owner or temporary]
        if one.definer or routine_bodies.catches_all(one.source):
            continue
        if refused := list(_refused(one, state, roles)):
            found.append((one, refused))
    if not found:
        return
    cures: list[str] = []
    lines: dict[tuple[str, str], list[str]] = {}
    for one, refused in found:
        if all(_keeps_apart(one, each.ref, state) for each in refused):
            cures.append(_as_owner(one, refused))
        else:
            _grants(refused, state, seen, lines)
    said = (
        [below("Let them run as their owner, with the schemas that they need, pg_temp last:", cures)] if cures else []
    )
    said += [decide("event-trigger-shut", lines)] if lines else []
    whom = dict.fromkeys(role for _, refused in found for each in refused for role in each.roles)
    yield Found(
        f"{count(len(found), 'event trigger')} would refuse {', '.join(whom)} what they may create",
        tuple(f"{one}: {each.said}" for one, refused in found for each in refused),
        severity="note" if set(whom) == {blueprint.reader(config)} else "warning",
        fix="\n".join(said),
        sql=tuple(dict.fromkeys(cures)),
        toml=as_lines(lines),
    )


def _keeps_apart(one: _Trigger, table: ObjectRef, state: State) -> bool:
    """Whether the function's owner may be given what the table's owner could make it do by a trigger there."""
    owner = state.objects[table].owner
    return owner == one.owner or (owner in state.roles and state.roles[owner].superuser)


def _grants(refused: Sequence[_Refused], state: State, seen: Seen, lines: dict[tuple[str, str], list[str]]) -> None:
    """Adds what the roles need instead: the right, and for an INSERT the sequences of the table's columns."""
    for each in refused:
        wanted = [(each.ref, _WORDS[each.letter]), (ObjectRef("schema", "", each.ref.schema), "usage")]
        if each.letter == "a":
            wanted += [(ref, "usage") for ref in sequences_of(state, each.ref)]
        for role in each.roles:
            rights = Rights(state, role)
            for ref, word in wanted:
                named = lines.setdefault((seen.context.config.roles.purpose(role), word), [])
                if LETTERS[word] not in rights.letters(state.objects[ref]) and granted_name(ref) not in named:
                    named.append(granted_name(ref))
    for key in [key for key, names in lines.items() if not names]:
        del lines[key]


_TEMPORARY = (
    "CREATE TABLE",
    "CREATE SEQUENCE",
    "CREATE VIEW",
    "SELECT INTO",
    "DROP TABLE",
    "DROP SEQUENCE",
    "DROP VIEW",
)
"""Commands that make and drop what is temporary."""


def _creating(seen: Seen, state: State) -> Iterator[str]:
    """app_migrator, and the new roles that may create temporary tables."""
    owner = blueprint.owner(seen.context.config)
    database = state.objects.get(ObjectRef("database", "", state.target.database))
    for role in seen.context.config.roles.new:
        may = database is not None and "T" in Rights(state, role).letters(database)
        if role in state.roles and (role == owner or may):
            yield role


def _as_owner(one: _Trigger, refused: Sequence[_Refused]) -> str:
    path = ", ".join(map(ddl.ident, dict.fromkeys(each.ref.schema for each in refused)))
    return f"ALTER ROUTINE {one.function} SECURITY DEFINER SET search_path = {path}, pg_temp;"


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
    return next(_refused(one, state, roles), _Refused()).said


class _Refused(NamedTuple):
    """A table that a function uses and some roles may not."""

    said: str = ""
    roles: tuple[str, ...] = ()
    ref: ObjectRef = ObjectRef("table", "", "")
    letter: str = ""


def _refused(one: _Trigger, state: State, roles: Sequence[str]) -> Iterator[_Refused]:
    for schema, name, letter in routine_bodies.tables_used(one.source):
        found = _table(state, schema, name)
        if found is None:
            continue
        ref, facts = found
        inside = state.objects.get(ObjectRef("schema", "", ref.schema))
        without = [
            role
            for role in roles
            if letter not in (has := Rights(state, role)).letters(facts)
            or (inside is not None and "U" not in has.letters(inside))
        ]
        if without:
            verb = {"a": "write to", "w": "change", "d": "delete from"}.get(letter, "read")
            yield _Refused(f"{', '.join(without)} may not {verb} {name}", tuple(without), ref, letter)


def _table(state: State, schema: str, name: str) -> tuple[ObjectRef, ObjectFacts] | None:
    places = [schema] if schema else [ref.name for ref in state.objects if ref.kind == "schema"]
    for kind in ("table", "partitioned_table", "view"):
        for place in places:
            ref = ObjectRef(kind, place, name)
            facts = state.objects.get(ref)
            if facts is not None and facts.note != "system":
                return ref, facts
    return None


def _functions(found: Sequence[_Trigger]) -> str:
    return ", ".join(dict.fromkeys(one.function for one in found))


def _disable(found: Sequence[_Trigger]) -> str:
    return " ".join(_disabling(found))


def _disabling(found: Sequence[_Trigger]) -> tuple[str, ...]:
    return tuple(f"ALTER EVENT TRIGGER {ddl.ident(one.name)} DISABLE;" for one in found)
