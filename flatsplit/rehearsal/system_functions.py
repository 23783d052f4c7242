"""The server's own functions that check more than EXECUTE, at run time and not in planning."""

from __future__ import annotations

from flatsplit import blueprint, privileges
from flatsplit.config import format_name, parse_name
from flatsplit.config.special import heading
from flatsplit.model import TABLES, Kind, ObjectRef, versions
from flatsplit.rehearsal import catalogs, protected_settings, set_role
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.remedies import member, shown, together
from flatsplit.rehearsal.uses import RoutineUse
from flatsplit.rehearsal.values import Problem

# sequence.c: nextval_internal(), currval_oid(), do_setval()
_SEQUENCES = {"nextval": "Uw", "currval": "Ur", "setval": "w"}

# be-fsstubs.c and inv_api.c: inv_open() and the like
_LARGE_OBJECTS = {
    "lo_put": "w",
    "lo_get": "r",
    "lo_unlink": "owner",
}
_DESCRIPTORS = {"lowrite": "w", "lo_truncate": "w", "lo_truncate64": "w", "loread": "r"}
"""Functions of a descriptor: lo_open() has checked the privileges, which are not checked again."""
_INV_WRITE = 0x20000

# dbsize.c: calculate_tablespace_size() and calculate_database_size()
_SIZES: dict[str, tuple[Kind, str]] = {"pg_tablespace_size": ("tablespace", "C"), "pg_database_size": ("database", "c")}

_REPLICATION = frozenset(
    {
        *("pg_create_logical_replication_slot", "pg_create_physical_replication_slot", "pg_drop_replication_slot"),
        *("pg_logical_slot_get_changes", "pg_logical_slot_peek_changes", "pg_logical_slot_get_binary_changes"),
        *("pg_logical_slot_peek_binary_changes", "pg_replication_slot_advance"),
        *("pg_copy_logical_replication_slot", "pg_copy_physical_replication_slot", "pg_sync_replication_slots"),
    }
)
_SUPERUSERS = frozenset(
    {
        *("pg_import_system_collations", "pg_nextoid", "pg_stop_making_pinned_objects"),
        *("pg_read_file_old", "pg_rotate_logfile_old"),
    }
)
_ORIGINS = ("pg_replication_origin_", "pg_show_replication_origin_")
"""How functions begin that ask for a superuser before 14; since then they ask for EXECUTE like others."""

# brin.c and ginfast.c
_INDEX_OWNERS = frozenset(
    {"brin_summarize_new_values", "brin_summarize_range", "brin_desummarize_range", "gin_clean_pending_list"}
)

# stat_utils.c, RangeVarCallbackForStats(): MAINTAIN, since 18
_STATISTICS = frozenset(
    {"pg_restore_relation_stats", "pg_restore_attribute_stats", "pg_clear_relation_stats", "pg_clear_attribute_stats"}
)


def problems(actor: Actor, call: RoutineUse) -> list[Problem]:
    """Problems of the call at run time."""
    if call.schema not in ("", "pg_catalog") or actor.rights.superuser:
        return []
    if call.name in _SEQUENCES:
        return _sequence(actor, call, _SEQUENCES[call.name])
    if call.name in _DESCRIPTORS:
        return _descriptor(actor, call)
    if call.name in _LARGE_OBJECTS:
        return _large_object(actor, call, _LARGE_OBJECTS[call.name])
    if call.name == "lo_open":
        return _opened(actor, call)
    if call.name == "set_config" and (call.constants[:1] or (None,))[0] in ("role", "session_authorization"):
        role = call.constants[1] if len(call.constants) > 1 else None
        if role is not None and call.constants[0] == "role":
            return set_role.problems(actor, role, "set_config('role', …)")
        return [Problem("unknown", "it changes the role of its session, to which one cannot be told", actor.role)]
    if call.name in _SIZES:
        return _size(actor, call)
    if call.name in ("pg_terminate_backend", "pg_cancel_backend"):
        return catalogs.signals(actor, call)
    if call.name in ("current_setting", "pg_show_all_settings"):
        return protected_settings.called(actor, call)
    if call.name in _REPLICATION:
        facts = actor.goal.roles.get(actor.role)
        if facts is not None and not facts.replication:
            reason = f"{call.name}() needs the attribute REPLICATION, which {actor.role} has not"
            remedy = f"ALTER ROLE {format_name(actor.role)} REPLICATION"
            return [Problem("denied", reason, actor.role, "REPLICATION", remedy)]
    if call.name in _SUPERUSERS or (actor.major < versions.ORIGINS_BY_EXECUTE and call.name.startswith(_ORIGINS)):
        return [Problem("denied", f"{call.name}() is for superusers only", call.name, "SUPERUSER", "for a superuser")]
    if call.name in _INDEX_OWNERS:
        return _of_index(actor, call)
    if call.name in _STATISTICS:
        return _statistics(actor, call)
    return []


def _of_index(actor: Actor, call: RoutineUse) -> list[Problem]:
    """Problems with the upkeep of an index, which is for its owner. Which table it belongs to decides only where the
    role owns some of the application's tables and not others.
    """
    owned = {actor.owns(ref) for ref in _tables(actor)}
    if False not in owned:
        return []
    reason = f"{call.name}() is for the owner of the index"
    remedy = f"autovacuum does it by itself; else let {blueprint.owner(actor.context.config)} do it"
    return [Problem("unknown" if True in owned else "denied", reason, "", "OWNERSHIP", remedy)]


def _statistics(actor: Actor, call: RoutineUse) -> list[Problem]:
    """Problems with writing or clearing the planner's statistics of a table."""
    given = call.constants
    if call.name.startswith("pg_clear"):
        schema, name = (*given, None, None)[:2]
    else:  # pairs of a name and a value
        pairs = dict(zip(given[::2], given[1::2], strict=False))
        schema, name = pairs.get("schemaname"), pairs.get("relname")
    lacking = [ref for ref in _tables(actor) if not actor.holds(ref, "m")]
    if schema is None or name is None:
        reason = f"{call.name}() needs MAINTAIN on the table; which one it is the text does not say"
        return [Problem("unknown", reason, "", "MAINTAIN")] if lacking else []
    reason = f"{call.name}() needs MAINTAIN on {format_name(schema, name)}, which {actor.role} has not"
    return [actor.lacks(ref, "m", reason) for ref in lacking if (ref.schema, ref.name) == (schema, name)]


def _tables(actor: Actor) -> list[ObjectRef]:
    """The application's tables."""
    kinds = TABLES | {"materialized_view"}
    return [ref for ref, facts in actor.goal.objects.items() if ref.kind in kinds and actor.context.ours(ref, facts)]


def _sequence(actor: Actor, call: RoutineUse, letters: str) -> list[Problem]:
    named, candidates = _sequences(actor, call)
    if named and not candidates and _free(actor, named):
        return []
    if named and not candidates:
        return [Problem("unknown", f"there is no sequence {named} (any more)", named, planned=True)]
    lacking = [ref for ref in candidates if not actor.holds(ref, letters)]
    if not lacking:
        return []
    letter = "w" if letters == "w" else "U"
    word = "UPDATE" if letters == "w" else "USAGE"
    reason = f"{call.name}() needs {word} on the sequence"
    if named or len(candidates) == 1:
        return [actor.lacks(lacking[0], letter, f"{reason}, which {actor.role} has not on {shown(lacking[0])}")]
    untold = f"{reason}; which of {len(candidates)} it is the text does not say"
    if len(lacking) < len(candidates):
        special = actor.context.config.special_role(actor.special)
        if special is not None and special.sequences == "listed":
            return []
        remedy = (
            f'{heading(special.name)} sequences = "listed", where its list names all that it uses' if special else ""
        )
        return [Problem("unknown", untold, "", word, remedy)]
    each = [actor.lacks(ref, letter, reason) for ref in lacking]
    remedy = together(one.remedy for one in each)
    # Without needs: none of the sequences is one for certain
    return [Problem("denied", f"{untold}, and {actor.role} has it on none of them", "", word, remedy)]


def _size(actor: Actor, call: RoutineUse) -> list[Problem]:
    """Problems of asking for a size; members of pg_read_all_stats may ask for all of them."""
    kind, letter = _SIZES[call.name]
    name = (call.constants[:1] or (None,))[0]
    ref = ObjectRef(kind, "", name or "")
    free = name == actor.world.tablespace or (kind == "database" and ref not in actor.goal.objects)
    if catalogs.sees_sessions(actor.rights) or (name is not None and free):
        return []
    word, group = privileges.names(letter), member(actor.section, actor.role, "pg_read_all_stats")
    if ref in actor.goal.objects and actor.holds(ref, letter):
        return []
    reason = f"{call.name}() needs {word} on {shown(ref)}, which {actor.role} has not"
    if name is not None:
        return [Problem("denied", reason, shown(ref), word, group)]
    every = any(use.name == "pg_tablespace" for use in call.beside)  # also pg_global, which is refused
    if kind == "database" or not (every or catalogs.sees_sessions(actor.legacy)):
        return []
    reason = f"{call.name}() needs {word} on the {kind}, and {actor.role} has it on few"
    return [Problem("unknown", reason, "", word, group, differs=True)]


def _sequences(actor: Actor, call: RoutineUse) -> tuple[str, list[ObjectRef]]:
    """The name in the call, "" for none, and the sequences that it may mean."""
    text = call.constants[0] if call.constants else None
    nested = call.calls[0] if call.calls else None
    if nested is not None and nested.name == "pg_get_serial_sequence" and all(nested.constants[:2]):
        table, column = str(nested.constants[0]), nested.constants[1]
        relation = _relation(actor, table)
        world = actor.world
        for _, name, _, oid in world.owned_sequences.get(relation, ()):
            if name == column and oid in world.by_oid:
                return f"of {table}.{column}", [world.by_oid[oid].ref]
        text = None
    if text is not None:
        found = actor.world.by_oid.get(_relation(actor, text))
        return text, [found.ref] if found and found.ref.kind == "sequence" else []
    everything = [
        ref for ref, facts in actor.goal.objects.items() if ref.kind == "sequence" and actor.context.ours(ref, facts)
    ]
    return "", sorted(everything)


def _free(actor: Actor, text: str) -> bool:
    """Whether the name is that of a temporary sequence of the session."""
    try:
        parts = parse_name(text.strip()).parts
    except ValueError:
        return False
    return actor.resolve(parts[0] if len(parts) == 2 else "", parts[-1]).free


def _relation(actor: Actor, text: str) -> int:
    """The oid of the relation that a regclass constant means; 0 for none."""
    try:
        parts = parse_name(text.strip()).parts
    except ValueError:
        return 0
    meant = actor.resolve(parts[0] if len(parts) == 2 else "", parts[-1])
    return meant.relations[0].oid if len(meant.relations) == 1 else 0


OTHERS = "ownership of what app_user makes"
"""Stands for a privilege where app_migrator uses large objects: it owns the existing ones."""


def _opened(actor: Actor, call: RoutineUse) -> list[Problem]:
    mode = _number(call.constants[1]) if len(call.constants) > 1 and call.constants[1] else None
    reads = _large_object(actor, call, "r")
    if mode is None:  # without the right to read it is refused in any case
        return reads or [each._replace(outcome="unknown") for each in _large_object(actor, call, "w")]
    return _large_object(actor, call, "w") if mode & _INV_WRITE else reads


def _number(text: str) -> int | None:
    """The integer; also of a bit string, as in PostgreSQL's own examples: x'20000'::int."""
    base = {"x": 16, "b": 2}.get(text[:1], 10)
    try:
        return int(text if base == 10 else text[1:], base)
    except ValueError:
        return None


def _descriptor(actor: Actor, call: RoutineUse) -> list[Problem]:
    """Problems with a descriptor. The text tells which object it is only where the same call opens it."""
    if call.calls[:1] and call.calls[0] is not None and call.calls[0].name == "lo_open":
        return []  # that is a call of its own, judged by itself
    return [each._replace(outcome="unknown") for each in _large_object(actor, call, _DESCRIPTORS[call.name])]


def _large_object(actor: Actor, call: RoutineUse, letter: str) -> list[Problem]:
    """Problems with large objects. Those that the role creates are its own; the existing ones have an owner and an ACL
    each.
    """
    if actor.free_of_large_objects():
        return []
    text = call.constants[0] if call.constants and call.name not in _DESCRIPTORS else None
    objects = [ref for ref in actor.goal.objects if ref.kind == "large_object" and text in (None, ref.name)]
    if letter == "owner":
        lacking = [ref for ref in objects if not actor.owns(ref)]
        word = "ownership"
    else:
        needed = "wr" if letter == "w" else "r"  # inv_open(): writing also needs SELECT
        lacking = [ref for ref in objects if not all(actor.holds(ref, one) for one in needed)]
        word = "UPDATE" if any(not actor.holds(ref, letter) for ref in lacking) and letter == "w" else "SELECT"
    who = blueprint.who(actor.context.config)
    remedy = (
        f"ALTER ROLE {format_name(actor.special or who.application)} SET lo_compat_privileges = on -- as a superuser, "
        f"so that no large object asks for privileges; or make and remove them in routines that run as {who.owner}"
    )
    if not lacking:
        if actor.role != who.owner or (text is not None and objects):
            return []
        reason = f"{call.name}() is refused to {actor.role} for large objects that {who.application} makes"
        return [Problem("unknown", reason, "large objects", OTHERS, remedy)]
    reason = (
        f"{call.name}() needs {word} of the large object; {actor.role} has it not for {len(lacking)} that are there"
    )
    which = shown(sorted(lacking)[0]) if len(lacking) == 1 else "large objects"
    if len(lacking) < len(objects):  # the text does not say which object, and some are its own
        return [Problem("unknown", f"{reason}, of {len(objects)}", which, word, remedy, differs=True)]
    return [Problem("denied", reason, which, word, remedy)]
