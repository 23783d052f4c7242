"""DDL: permanent objects are the migration tool's work, temporary ones the application's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.evidence.rehearsal.grammar import HOLE, Node, Parsed, inner, strings
from flatsplit.evidence.rehearsal.remedies import MIGRATORS, shown
from flatsplit.evidence.rehearsal.values import Problem
from flatsplit.model import ObjectRef

if TYPE_CHECKING:
    from flatsplit.evidence.rehearsal.judge import Judge

Path = tuple[str, ...] | None

_CREATED = {
    # kind → the field that holds the name of what is made in a schema
    "create_stmt": "relation",
    "create_foreign_table_stmt": "base_stmt",
    "create_seq_stmt": "sequence",
    "view_stmt": "view",
    "create_table_as_stmt": "into",
    "composite_type_stmt": "typevar",
}

_IN_SCHEMA = frozenset(
    {
        *("create_function_stmt", "create_domain_stmt", "create_enum_stmt", "create_range_stmt", "define_stmt"),
        *("create_op_class_stmt", "create_op_family_stmt", "create_conversion_stmt", "create_stats_stmt"),
    }
)
"""Made in the schema of their name, or the first one of the path."""

_ROLES = frozenset({"create_role_stmt", "alter_role_stmt", "drop_role_stmt", "grant_role_stmt", "alter_role_set_stmt"})
_CLUSTER = frozenset(
    {
        *("createdb_stmt", "dropdb_stmt", "alter_database_stmt", "alter_database_set_stmt", "alter_system_stmt"),
        *("create_table_space_stmt", "drop_table_space_stmt", "alter_table_space_options_stmt"),
        *("create_subscription_stmt", "alter_subscription_stmt", "drop_subscription_stmt", "create_fdw_stmt"),
        *("create_event_trig_stmt", "alter_event_trig_stmt", "create_am_stmt", "create_plang_stmt"),
    }
)


def temporary_name(parsed: Parsed) -> str:
    """Name of the temporary relation that a statement creates; "" for none."""
    node = _made(parsed)
    return node.relname if node is not None and _temporary(node) else ""


def created_name(parsed: Parsed) -> str:
    """Name of the permanent relation that a statement creates; "" for none."""
    node = _made(parsed)
    return node.relname if node is not None and not _temporary(node) else ""


def _made(parsed: Parsed) -> Node | None:
    if parsed.kind == "select_stmt" and parsed.node.HasField("into_clause"):
        return parsed.node.into_clause.rel
    field = _CREATED.get(parsed.kind)
    if field is None or parsed.kind == "composite_type_stmt":
        return None
    node = getattr(parsed.node, field)
    if parsed.kind == "create_table_as_stmt":
        return node.rel
    return node.relation if parsed.kind == "create_foreign_table_stmt" else node


def _temporary(node: Node) -> bool:
    return bool(node.relpersistence == "t") or str(node.schemaname).startswith("pg_temp")


_BETWEEN = frozenset(
    {
        *("or", "replace", "temp", "temporary", "global", "local", "unlogged", "unique", "recursive", "trusted"),
        *("procedural", "constraint"),
    }
)
"""Words between CREATE and what is created."""

_GOES_ON = {
    "materialized": ("view",),
    "foreign": ("table", "data"),
    "data": ("wrapper",),
    "text": ("search",),
    "search": ("configuration", "dictionary", "parser", "template"),
    "default": ("privileges",),
    "event": ("trigger",),
    "operator": ("class", "family"),
    "access": ("method",),
    "user": ("mapping",),
    "large": ("object",),
    "owned": ("by",),
}
"""Words that name a kind of object together with the next one."""


def word(parsed: Parsed) -> str:
    """The statement's kind as a person writes it: CREATE MATERIALIZED VIEW, ALTER TABLE, REINDEX."""
    words = parsed.text.lower().replace("(", " ").split()
    kept = words[:1]
    for each in words[1:8]:
        if len(kept) == 1 and each in _BETWEEN:
            continue
        if not each.isalpha() or (len(kept) > 1 and each not in _GOES_ON.get(kept[-1], ())):
            break
        kept.append(each)
    if not kept or not kept[0].isalpha():  # a comment, or no text at all
        return parsed.kind.removesuffix("_stmt").replace("_", " ").upper()
    return " ".join(kept).upper()


def creates(judge: Judge, node: Node, what: str, path: Path) -> list[Problem]:
    """CREATE on the schema of what is made, or TEMPORARY on the database."""
    actor = judge.actor
    if _temporary(node):
        database = ObjectRef("database", "", actor.goal.target.database)
        if actor.holds(database, "T"):
            return []
        reason = f"{what} of a temporary table needs TEMPORARY on the database, which {actor.role} has not"
        return [actor.lacks(database, "T", reason)]
    sight = actor.path if path is None else path
    schema = node.schemaname or (sight[0] if sight else "")
    exists = bool(actor.resolve(node.schemaname, node.relname, path).relations)
    return _in_schema(judge, schema, what, exists=exists)


def _in_schema(judge: Judge, schema: str, what: str, *, exists: bool = False) -> list[Problem]:
    actor = judge.actor
    ref = ObjectRef("schema", "", schema)
    if schema and ref in actor.goal.objects and actor.holds(ref, "C"):
        return []
    also = ", also where it exists already and IF NOT EXISTS is said" if exists else ""
    reason = f"{what} needs CREATE on schema {schema or '(none in the search_path)'}{also}, which {actor.role} has not"
    return [_migrators(judge, reason, f"schema {schema}", "CREATE")]


def _migrators(judge: Judge, reason: str, object_: str, privilege: str) -> Problem:
    migrator = judge.actor.context.config.roles.app_migrator
    remedy = f"{MIGRATORS}run it as {migrator}, not in the application"
    return Problem("migrator", reason, object_, privilege, remedy)


def problems(judge: Judge, parsed: Parsed, path: Path) -> list[Problem]:
    """What speaks against DDL."""
    actor, node, what = judge.actor, parsed.node, word(parsed)
    if actor.rights.superuser:
        return []
    made = _made(parsed)
    if made is not None:
        found = creates(judge, made, what, path)
        if parsed.kind == "create_stmt":
            for each in node.inh_relations:
                found += _owned(judge, each.range_var, what, path)
        if parsed.kind == "create_table_as_stmt":
            kind, query = inner(node.query)
            found += judge.statement(Parsed(kind, query, ""), path) if kind else []
        return found
    if parsed.kind in _ROLES or parsed.kind in _CLUSTER:
        return _elsewhere(judge, parsed, what)
    extension = parsed.kind == "create_extension_stmt"
    if extension and node.if_not_exists and node.extname in judge.world.extensions:
        return []  # CreateExtension() says so before it looks at privileges
    if parsed.kind == "create_schema_stmt":
        database = ObjectRef("database", "", actor.goal.target.database)
        if actor.holds(database, "C"):
            return []
        reason = f"CREATE SCHEMA needs CREATE on the database, which {actor.role} has not"
        return [_migrators(judge, reason, shown(database), "CREATE")]
    if parsed.kind == "composite_type_stmt":
        return creates(judge, node.typevar, what, path)
    if parsed.kind in _IN_SCHEMA:
        names = _names(node)
        sight = actor.path if path is None else path
        return _in_schema(judge, names[-2] if len(names) > 1 else (sight[0] if sight else ""), what)
    if parsed.kind == "drop_stmt":
        return _drop(judge, node, what, path)
    for field in ("relation", "sequence"):
        if field in node.DESCRIPTOR.fields_by_name and node.HasField(field) and getattr(node, field).relname:
            missing_ok = "missing_ok" in node.DESCRIPTOR.fields_by_name and node.missing_ok
            return _owned(judge, getattr(node, field), what, path, missing_ok=missing_ok)
    if actor.role == actor.context.config.roles.app_migrator:
        return []
    return [_migrators(judge, f"{what} is for the owner of what it changes", "", "OWNERSHIP")]


def _names(node: Node) -> tuple[str, ...]:
    for field in ("funcname", "domainname", "type_name", "defnames", "opclassname", "opfamilyname", "conversion_name"):
        if field in node.DESCRIPTOR.fields_by_name:
            value = getattr(node, field)
            if not isinstance(value, str) and value:
                return strings(value)
    return ()


def _owned(judge: Judge, node: Node, what: str, path: Path, *, missing_ok: bool = False) -> list[Problem]:
    """Ownership of one relation; with ``missing_ok``, IF EXISTS of what is not there does nothing."""
    actor = judge.actor
    found = actor.resolve(node.schemaname, node.relname, path)
    if found.free and found.readers is None:
        return []
    dotted = f"{node.schemaname}.{node.relname}" if node.schemaname else node.relname
    indexes = [] if found.relations else judge.world.droppable.get(("index", node.relname), [])
    if indexes:  # whoever owns the table owns its indexes
        tables = [judge.world.by_oid.get(oid) for schema, oid in indexes if node.schemaname in ("", schema)]
        if all(table is not None and actor.owns(table.ref) for table in tables):
            return []
    if not found.relations:
        made = node.relname in actor.created
        if missing_ok and not indexes and not made:
            return []
        if not indexes and actor.role == actor.context.config.roles.app_migrator:
            return [] if made else [Problem("unknown", f"there is no relation {dotted} (any more)", dotted)]
        return [_migrators(judge, f"{what} is for the owner of {dotted}", dotted, "OWNERSHIP")]
    return [
        _migrators(judge, f"{what} is for the owner of {shown(each.ref)}", shown(each.ref), "OWNERSHIP")
        for each in found.relations
        if not actor.owns(each.ref)
    ]


_RELATIONS = frozenset({"OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_SEQUENCE", "OBJECT_FOREIGN_TABLE"})
_ATTACHED = {"OBJECT_TRIGGER": "trigger", "OBJECT_RULE": "rule", "OBJECT_POLICY": "policy"}
_CALLED = frozenset({"OBJECT_FUNCTION", "OBJECT_PROCEDURE", "OBJECT_ROUTINE", "OBJECT_AGGREGATE"})


def _drop(judge: Judge, node: Node, what: str, path: Path) -> list[Problem]:
    """The owner of each object, or of its schema; IF EXISTS of what is not there does nothing."""
    from postgast import pg_query_pb2

    actor = judge.actor
    kind = pg_query_pb2.ObjectType.Name(node.remove_type)
    migrator = actor.context.config.roles.app_migrator
    found: list[Problem] = []
    for each in node.objects:
        names = _dropped(each)
        label = ".".join(names)
        if kind in _RELATIONS and names:
            meant = actor.resolve(names[-2] if len(names) > 1 else "", names[-1], path)
            gone = not meant.relations and names[-1] not in actor.created and names[-1] != HOLE
            mine = names[-1] == HOLE and actor.role == migrator
            if (meant.free and meant.readers is None) or (gone and node.missing_ok) or mine:
                continue
            if meant.relations and all(actor.owns(one.ref) for one in meant.relations):
                continue
            label = shown(meant.relations[0].ref) if meant.relations else label
        elif (node.missing_ok and names and _missing(judge, kind, names, path, each)) or actor.role == migrator:
            continue
        found.append(_migrators(judge, f"{what} is for the owner of {label or 'it'}", label, "OWNERSHIP"))
    return found


def _dropped(node: Node) -> tuple[str, ...]:
    """The parts of the name of what is dropped."""
    which, value = inner(node)
    if which == "list":
        return strings(value.items)
    if which == "string":
        return (value.sval,)
    if which == "type_name":
        return strings(value.names)
    return strings(value.objname) if which == "object_with_args" else ()


def _missing(judge: Judge, kind: str, names: tuple[str, ...], path: Path, dropped: Node) -> bool:
    """Whether there is nothing of that name; False where nobody can tell (get_object_address() in objectaddress.c)."""
    actor, world = judge.actor, judge.world
    schema = names[-2] if len(names) > 1 else ""
    sight = (schema,) if schema else actor.path if path is None else path
    if kind in _ATTACHED:
        meant = actor.resolve(names[-3] if len(names) > 2 else "", names[-2], path) if schema else None
        if meant is None or not meant.relations:
            return meant is not None and not meant.free
        there = {relation for _, relation in world.droppable.get((_ATTACHED[kind], names[-1]), ())}
        return not any(one.oid in there for one in meant.relations)
    if kind in ("OBJECT_INDEX", "OBJECT_TYPE", "OBJECT_DOMAIN"):
        word_ = "index" if kind == "OBJECT_INDEX" else "type"
        return not any(place in sight for place, _ in world.droppable.get((word_, names[-1]), ()))
    if kind in _CALLED:
        given = inner(dropped)[1]
        count = None if given.args_unspecified or kind != "OBJECT_FUNCTION" else len(given.objargs)
        return not any(
            one.schema in sight and count in (None, one.inputs) for one in world.routines_of.get(names[-1], ())
        )
    if kind == "OBJECT_SCHEMA":
        return not world.schema_exists(names[-1])
    return kind == "OBJECT_EXTENSION" and names[-1] not in world.extensions


def _elsewhere(judge: Judge, parsed: Parsed, what: str) -> list[Problem]:
    """What belongs to the cluster rather than to the database."""
    actor = judge.actor
    facts = actor.goal.roles.get(actor.role)
    if facts is not None and parsed.kind in ("createdb_stmt", "dropdb_stmt") and facts.createdb:
        return []
    if facts is not None and parsed.kind in _ROLES and facts.createrole:
        return []
    dba = actor.context.config.roles.dba or "the dba"
    privilege = "CREATEROLE" if parsed.kind in _ROLES else "SUPERUSER"
    reason = f"{what} is neither the application's nor the migration tool's work"
    return [Problem("migrator", reason, "", privilege, f"run it as {dba}")]
