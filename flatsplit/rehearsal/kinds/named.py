"""Whatever a statement names by kind and name: DROP, COMMENT, RENAME, OWNER TO, SET SCHEMA, SECURITY LABEL.

check_object_ownership() in objectaddress.c says who may.
"""

from __future__ import annotations

from flatsplit.model import Kind, ObjectRef, versions
from flatsplit.rehearsal.catalog_lookup import SYSTEM
from flatsplit.rehearsal.grammar import HOLE, Node, inner, strings
from flatsplit.rehearsal.kinds.checks import Ask
from flatsplit.rehearsal.kinds.definitions import names_in
from flatsplit.rehearsal.values import Problem

RELATIONS = frozenset(
    {
        *("OBJECT_TABLE", "OBJECT_VIEW", "OBJECT_MATVIEW", "OBJECT_SEQUENCE", "OBJECT_FOREIGN_TABLE", "OBJECT_INDEX"),
    }
)
ATTACHED = frozenset({"OBJECT_COLUMN", "OBJECT_RULE", "OBJECT_TRIGGER", "OBJECT_POLICY", "OBJECT_TABCONSTRAINT"})
_ROUTINES: dict[str, tuple[Kind, ...]] = {
    "OBJECT_FUNCTION": ("function",),
    "OBJECT_PROCEDURE": ("procedure",),
    "OBJECT_ROUTINE": ("function", "procedure", "aggregate"),
    "OBJECT_AGGREGATE": ("aggregate",),
}
_IN_SCHEMAS: dict[str, Kind] = {
    "OBJECT_OPERATOR": "operator",
    "OBJECT_OPCLASS": "operator_class",
    "OBJECT_OPFAMILY": "operator_family",
    "OBJECT_COLLATION": "collation",
    "OBJECT_CONVERSION": "conversion",
    "OBJECT_TSDICTIONARY": "text_search_dictionary",
    "OBJECT_TSCONFIGURATION": "text_search_configuration",
    "OBJECT_STATISTIC_EXT": "statistics",
}
PLAIN: dict[str, Kind] = {
    "OBJECT_SCHEMA": "schema",
    "OBJECT_EXTENSION": "extension",
    "OBJECT_FDW": "foreign_data_wrapper",
    "OBJECT_FOREIGN_SERVER": "server",
    "OBJECT_EVENT_TRIGGER": "event_trigger",
    "OBJECT_LANGUAGE": "language",
    "OBJECT_PUBLICATION": "publication",
    "OBJECT_SUBSCRIPTION": "subscription",
    "OBJECT_TABLESPACE": "tablespace",
    "OBJECT_LARGEOBJECT": "large_object",
}
_SUPERUSERS = frozenset({"OBJECT_TSPARSER", "OBJECT_TSTEMPLATE", "OBJECT_ACCESS_METHOD", "OBJECT_PARAMETER_ACL"})
_REMEMBERED = {"OBJECT_TRIGGER": "trigger", "OBJECT_RULE": "rule", "OBJECT_POLICY": "policy"}
_SUPERUSERS_OWN = {
    "OBJECT_TSPARSER": "text_search_parser",
    "OBJECT_TSTEMPLATE": "text_search_template",
    "OBJECT_ACCESS_METHOD": "access_method",
}
TYPES = frozenset({"OBJECT_TYPE", "OBJECT_DOMAIN", "OBJECT_ATTRIBUTE", "OBJECT_DOMCONSTRAINT"})


def owns(
    ask: Ask, kind: str, node: Node, *, relation: Node | None = None, missing_ok: bool = False, schema: bool = False
) -> list[Problem]:
    """Ownership of an object by libpg_query's name of its kind; ``schema``: owning its schema is as good (DROP)."""
    if relation is not None and relation.relname:
        return ask.owns_relation(relation, missing_ok=missing_ok)
    names = dropped(node)
    if kind in RELATIONS or kind in ATTACHED:
        count = 1 if kind in RELATIONS else 2
        if missing_ok and kind in _REMEMBERED and _never_was(ask, _REMEMBERED[kind], names):
            return []
        return _relation(ask, names, count, missing_ok=missing_ok, schema=schema and count == 1)
    if kind in _SUPERUSERS:
        there = (
            kind not in _SUPERUSERS_OWN or (_SUPERUSERS_OWN[kind], names[-1] if names else "") in ask.world.droppable
        )
        return [] if missing_ok and not there else ask.superuser()
    if kind in PLAIN:
        name = _number(node) if kind == "OBJECT_LARGEOBJECT" else names[-1] if names else ""
        return ask.owns_plain(PLAIN[kind], name, missing_ok=missing_ok)
    if kind == "OBJECT_DATABASE":
        return database(ask, names[-1] if names else "", missing_ok=missing_ok)
    if kind == "OBJECT_ROLE":
        return role(ask, names[-1] if names else "")
    if kind in TYPES:
        if kind in ("OBJECT_DOMCONSTRAINT", "OBJECT_ATTRIBUTE") and inner(node)[0] == "list":
            names = names_in(inner(node)[1].items[0]) or names[:-1]
        return owns_type(ask, names, missing_ok=missing_ok, schema=schema)
    if kind in ("OBJECT_CAST", "OBJECT_TRANSFORM"):
        return _types(ask, node, one=kind == "OBJECT_CAST", missing_ok=missing_ok)
    if kind in _ROUTINES:
        return _routine(
            ask, kind, names, inner(node)[1] if _wrapped(node) else node, missing_ok=missing_ok, schema=schema
        )
    if kind in _IN_SCHEMAS:
        if kind in ("OBJECT_OPCLASS", "OBJECT_OPFAMILY"):
            names = names[1:]  # the access method comes first
        return owns_schema_object(ask, _IN_SCHEMAS[kind], names, missing_ok=missing_ok, schema=schema)
    return ask.unknown(f"{ask.what}: no rule tells who may")


def refs(ask: Ask, kind: str, node: Node) -> list[ObjectRef]:
    """The objects that a name of this kind may mean; for kinds that are no relations."""
    names = dropped(node)
    if kind in PLAIN:
        ref = ObjectRef(PLAIN[kind], "", _number(node) if kind == "OBJECT_LARGEOBJECT" else names[-1])
        return [ref] if ref in ask.actor.goal.objects else []
    if kind in TYPES:
        return ask.refs(("type", "domain"), names)
    if kind in ("OBJECT_OPCLASS", "OBJECT_OPFAMILY"):
        names = names[1:]
    if kind in _IN_SCHEMAS:
        return ask.refs((_IN_SCHEMAS[kind],), names)
    return ask.refs(_ROUTINES[kind], names) if kind in _ROUTINES else []


def _wrapped(node: Node) -> bool:
    return str(node.DESCRIPTOR.name) == "Node"


def dropped(node: Node) -> tuple[str, ...]:
    """The parts of the name of the dropped object."""
    if not _wrapped(node):
        return strings(node.objname)
    return names_in(node)


def _number(node: Node) -> str:
    kind, value = inner(node)
    return str(value.fval if kind == "float" else value.ival if kind == "integer" else getattr(value, "sval", ""))


def _relation(ask: Ask, names: tuple[str, ...], parts: int, *, missing_ok: bool, schema: bool) -> list[Problem]:
    from postgast import pg_query_pb2

    if parts == 2:
        names = names[:-1]
    if not names:
        return ask.unknown(f"{ask.what} names nothing")
    if parts == 2 and ask.refs(("type",), names):
        return owns_type(ask, names)  # a composite type has columns as well
    node = pg_query_pb2.RangeVar(schemaname=names[-2] if len(names) > 1 else "", relname=names[-1], inh=True)
    found = ask.owns_relation(node, missing_ok=missing_ok)
    if found and schema and all(each.outcome == "denied" and each.privilege == "OWNERSHIP" for each in found):
        relations, _ = ask.relation(node, missing_ok=True)
        schemas = {each.ref.schema for each in relations} or {place for place, _ in ask.indexes(node)}
        if schemas and all(ask.actor.owns(ObjectRef("schema", "", each)) for each in schemas):
            return []
    return found


def _never_was(ask: Ask, kind: str, names: tuple[str, ...]) -> bool:
    """Whether the table has nothing of that name, which is an error before ownership is checked
    (get_object_address_relobject()).
    """
    if len(names) < 2:
        return False
    meant = ask.actor.resolve(names[-3] if len(names) > 2 else "", names[-2], ask.path)
    there = {relation for _, relation in ask.world.droppable.get((kind, names[-1]), ())}
    return bool(meant.relations) and not any(each.oid in there for each in meant.relations)


def owns_schema_object(
    ask: Ask, kind: Kind | tuple[Kind, ...], names: tuple[str, ...], *, missing_ok: bool = False, schema: bool = False
) -> list[Problem]:
    """Ownership of something in a schema, by its name alone where several have it."""
    kinds = kind if isinstance(kind, tuple) else (kind,)
    found = ask.uses_schema(names)
    refs = ask.refs(kinds, names)
    if not refs:
        return found + _absent(ask, kinds[0], names, missing_ok=missing_ok)
    return found + _any(ask, refs, schema=schema)


def _any(ask: Ask, refs: list[ObjectRef], *, schema: bool) -> list[Problem]:
    each = [[] if schema and ask.actor.owns(ObjectRef("schema", "", ref.schema)) else ask.owns(ref) for ref in refs]
    if all(each):
        return each[0]
    return ask.unknown(f"there are several of the name {refs[0].name}, of different owners") if any(each) else []


def _absent(ask: Ask, kind: str, names: tuple[str, ...], *, missing_ok: bool) -> list[Problem]:
    label = f"{kind.replace('_', ' ')} {'.'.join(names)}"
    if missing_ok:
        return []
    if names[-1:] == (HOLE,) or (names and names[-1] in ask.actor.created):
        return [] if ask.is_migrator else ask.lacking(f"{ask.what} is for the owner of {label}", label)
    if (len(names) > 1 and names[-2] in SYSTEM) or (len(names) == 1 and ask.world.servers_own(kind, names[0])):
        return ask.superuser(f"{label} is the server's own")
    return ask.unknown(f"there is no {label} (any more)", label)


def owns_type(ask: Ask, names: tuple[str, ...], *, missing_ok: bool = False, schema: bool = False) -> list[Problem]:
    """Problems with ownership of a type, or of the table whose row type it is."""
    found = ask.uses_schema(names)
    refs = ask.refs(("type", "domain"), names)
    if refs:
        return found + _any(ask, refs, schema=schema)
    if names:
        meant = ask.actor.resolve(names[-2] if len(names) > 1 else "", names[-1], ask.path)
        if meant.free and meant.readers is None:
            return found
        if meant.relations:
            return found + ask.owns(meant.relations[0].ref)
        if names[-2:-1] in ((), ("pg_catalog",)) and names[-1] in ask.world.system_types:
            return found + ask.superuser(f"type {names[-1]} is the server's own")
    return found + _absent(ask, "type", names, missing_ok=missing_ok)


def _types(ask: Ask, node: Node, *, one: bool, missing_ok: bool) -> list[Problem]:
    """Problems with ownership of a cast (owning either type is enough) or a transform (owning the type)."""
    parts = inner(node)[1].items
    kinds = [value for kind, value in map(inner, parts) if kind == "type_name"]
    label = " ".join(
        strings(inner(part)[1].names)[-1] if inner(part)[0] == "type_name" else names_in(part)[-1] for part in parts
    )
    if missing_ok and ("cast" if one else "transform", label) not in ask.world.droppable:
        return []
    each = [owns_type(ask, strings(value.names), missing_ok=missing_ok) for value in kinds[: 2 if one else 1]]
    return [] if not all(each) else next((found for found in each if found[0].outcome == "denied"), each[0])


def _routine(
    ask: Ask, kind: str, names: tuple[str, ...], node: Node, *, missing_ok: bool, schema: bool
) -> list[Problem]:
    found = ask.uses_schema(names)
    refs = ask.refs(_ROUTINES[kind], names)
    count = None if node.args_unspecified or kind != "OBJECT_FUNCTION" else len(node.objargs)
    if count is not None and refs:
        inputs = {routine.ref: routine.inputs for routine in ask.world.routines_of.get(names[-1], ())}
        refs = [ref for ref in refs if inputs.get(ref, count) == count]
    if missing_ok and not node.args_unspecified:
        refs = [ref for ref in refs if _takes(ref, node.objargs)]
    if not refs:
        return found + _absent(ask, _ROUTINES[kind][0], names, missing_ok=missing_ok)
    return found + _any(ask, refs, schema=schema)


# names that format_type() in format_type.c spells differently from the grammar
_SPELLED = {
    "bool": "boolean",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "float4": "real",
    "float8": "double precision",
    "bpchar": "character",
    "varchar": "character varying",
    "varbit": "bit varying",
    "time": "time without time zone",
    "timetz": "time with time zone",
    "timestamp": "timestamp without time zone",
    "timestamptz": "timestamp with time zone",
}


def _takes(ref: ObjectRef, arguments: Node) -> bool:
    """Whether a routine may be the one with these arguments; True where that cannot be told."""
    own = [each for each in ref.args.split(", ") if each and not each.startswith("OUT ")]
    if len(own) != len(arguments):
        return True
    for mine, each in zip(own, arguments, strict=True):
        name = strings(each.type_name.names)[-1:]
        if name and _SPELLED.get(name[0], name[0]) not in mine:
            return False
    return True


def partners(ask: Ask, options: dict[str, Node], types: list[Node | None]) -> list[Problem]:
    """Ownership of the operators that another is linked with, as far as they are there (OperatorCreate())."""
    found: list[Problem] = []
    for option, operands in (("commutator", types[::-1]), ("negator", types)):
        if option in options:
            found += _partner(
                ask, names_in(options[option]), [strings(each.names) if each is not None else () for each in operands]
            )
    return found


def _partner(ask: Ask, names: tuple[str, ...], types: list[tuple[str, ...]]) -> list[Problem]:
    if not names:
        return []
    spelled = [_SPELLED.get(each[-1], each[-1]) if each else "NONE" for each in types]
    for ref in ask.refs(("operator",), names):
        if all(mine.endswith(each) for mine, each in zip(ref.args.split(","), spelled, strict=False)):
            return ask.owns(ref)
    own = all(not each or each[-1] in ask.world.system_types for each in types)
    operands = [each[-1] if each else "" for each in types]
    if own and names[:-1] in ((), ("pg_catalog",)) and ask.world.system_operator(names[-1], *operands):
        return ask.superuser(f"operator {names[-1]}, which it is linked with, is the server's own", names[-1])
    return []


def database(ask: Ask, name: str, *, missing_ok: bool = False) -> list[Problem]:
    """Ownership of a database, this one or another."""
    if name in ("", ask.database.name):
        return ask.owns(ask.database)
    owner = next((role for role, names in ask.actor.goal.databases.items() if name in names), None)
    if owner is not None and owner in ask.actor.rights.closure:
        return []
    if name not in ask.world.databases:  # made and dropped again by a test runner, say, and so its maker's
        made = missing_ok or ask.attribute("createdb")
        what = f"{ask.what} is for who made database {name}; to make one takes CREATEDB, which {ask.role} has not"
        return [] if made else ask.lacking(what, f"database {name}", "CREATEDB")
    return ask.lacking(f"{ask.what} is for the owner of database {name}", f"database {name}")


def role(ask: Ask, name: str) -> list[Problem]:
    """Problems with changing a role: CREATEROLE, since 16 ADMIN on the role as well. Superusers need a superuser."""
    goal = ask.actor.goal
    facts = goal.roles.get(name)
    if facts is not None and facts.superuser:
        return ask.superuser(f"{name} is a superuser", name)
    if not ask.attribute("createrole"):
        return ask.lacking(f"{ask.what} needs CREATEROLE, which {ask.role} has not", name, "CREATEROLE")
    if goal.target.major >= versions.CREATEROLE_WITH_ADMIN and not admin(ask, name):
        return ask.lacking(f"{ask.what} needs ADMIN on {name}, which {ask.role} has not", name, "ADMIN")
    return []


def admin(ask: Ask, name: str) -> bool:
    """Whether the role holds ADMIN OPTION on another, by whatever membership."""
    return any(
        key.role == name and options.admin and key.member in ask.actor.rights.closure
        for key, options in ask.actor.goal.members.items()
    )
