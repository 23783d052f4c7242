"""GRANT and REVOKE of privileges: the owner, or who holds them with grant option (aclchk.c)."""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit import privileges
from flatsplit.model import RELATIONS, ROUTINES, Kind, ObjectRef
from flatsplit.rehearsal.catalog_lookup import SYSTEM
from flatsplit.rehearsal.grammar import Node, inner, strings
from flatsplit.rehearsal.kinds import named
from flatsplit.rehearsal.kinds.checks import Ask
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.values import Problem

_ALL_IN_SCHEMA: dict[str, frozenset[str]] = {
    "OBJECT_TABLE": RELATIONS - {"sequence"},
    "OBJECT_SEQUENCE": frozenset({"sequence"}),
    "OBJECT_FUNCTION": frozenset({"function", "aggregate"}),
    "OBJECT_PROCEDURE": frozenset({"procedure"}),
    "OBJECT_ROUTINE": ROUTINES,
}
_PLAIN: dict[str, Kind] = {
    "OBJECT_SCHEMA": "schema",
    "OBJECT_DATABASE": "database",
    "OBJECT_LANGUAGE": "language",
    "OBJECT_FDW": "foreign_data_wrapper",
    "OBJECT_FOREIGN_SERVER": "server",
    "OBJECT_TABLESPACE": "tablespace",
    "OBJECT_LARGEOBJECT": "large_object",
    "OBJECT_PARAMETER_ACL": "parameter",
}


def grant(ask: Ask) -> list[Problem]:
    """GRANT and REVOKE without a grant option: an error for a role with no privilege on the object, else a warning.

    Whose work it is does not depend on that: for app_user both are reported in the same way.
    """
    from postgast import pg_query_pb2

    node = ask.node
    found: list[Problem] = []
    if node.HasField("grantor") and ask.named_role(node.grantor) != ask.role:
        found += ask.unknown("GRANTED BY somebody else", ask.named_role(node.grantor))
    kind = pg_query_pb2.ObjectType.Name(node.objtype)
    everything = pg_query_pb2.GrantTargetType.Name(node.targtype) == "ACL_TARGET_ALL_IN_SCHEMA"
    for each in node.objects:
        found += _one(ask, kind, each) if not everything else _all(ask, kind, each.string.sval)
    return found


def _all(ask: Ask, kind: str, schema: str) -> list[Problem]:
    ref = ObjectRef("schema", "", schema)
    if ref not in ask.actor.goal.objects:
        return ask.unknown(f"there is no schema {schema} (any more)", schema)
    kinds = _ALL_IN_SCHEMA.get(kind, frozenset())
    found = [each._replace(planned=False) for each in ask.actor.schema(schema)]
    refs = [each for one in kinds for each in ask.world.in_schema.get((one, schema), ())]
    return found + [problem for each in refs for problem in _checked(ask, each)]


def _one(ask: Ask, kind: str, node: Node) -> list[Problem]:
    if kind in ("OBJECT_TABLE", "OBJECT_SEQUENCE"):
        meant = ask.actor.resolve(node.range_var.schemaname, node.range_var.relname, ask.path)
        if meant.readers is not None and "" in meant.readers:
            return _unheard(ask, node.range_var.relname)
        relations, found = ask.relation(node.range_var)
        return found + [problem for each in relations for problem in _checked(ask, each.ref)]
    if kind in _PLAIN:
        which, value = inner(node)
        name = value.sval if which == "string" else str(getattr(value, "ival", ""))
        return _plain(ask, _PLAIN[kind], name.lower() if kind == "OBJECT_PARAMETER_ACL" else name)
    refs = list(_named(ask, kind, node))
    if not refs and (named.dropped(node) or ("",))[-1] in ask.world.restricted:
        return ask.superuser(f"function {named.dropped(node)[-1]} is the server's own")
    if not refs:
        return named.owns(ask, kind, node)
    each = [_checked(ask, ref) for ref in refs]
    return each[0] if all(each) else []


def _named(ask: Ask, kind: str, node: Node) -> Iterator[ObjectRef]:
    if kind in ("OBJECT_TYPE", "OBJECT_DOMAIN"):
        which, value = inner(node)
        yield from ask.refs(("type", "domain"), strings(value.items) if which == "list" else named.dropped(node))
    else:
        yield from named.refs(ask, kind, node)
        if kind == "OBJECT_FUNCTION":  # GRANT counts aggregates as functions; other statements do not
            yield from named.refs(ask, "OBJECT_AGGREGATE", node)


def _plain(ask: Ask, kind: Kind, name: str) -> list[Problem]:
    ref = ObjectRef(kind, "", name)
    if ref not in ask.actor.goal.objects:
        if kind == "parameter" or (kind == "schema" and name == "pg_toast"):
            return ask.superuser()
        if (kind == "schema" and name in SYSTEM) or (kind == "database" and name in ask.world.databases):
            return _unheard(ask, shown(ref)) if named.database(ask, name) or kind == "schema" else []
        return named.database(ask, name) if kind == "database" else ask.owns_plain(kind, name)
    return _checked(ask, ref)


def _unheard(ask: Ask, label: str) -> list[Problem]:
    """The warning on an object on which everybody has a privilege and only the server may grant. Legacy got it too."""
    if not ask.actor.legacy.superuser:
        return []
    reason = f"{ask.what} on {label} succeeds with a warning and does nothing: that is for a superuser"
    return [Problem("silent", reason, label, "GRANT OPTION", "for a superuser")]


def _checked(ask: Ask, ref: ObjectRef) -> list[Problem]:
    """restrict_and_check_grant()."""
    facts, rights = ask.facts(ref), ask.actor.rights
    if facts is None or rights.owns(facts) or rights.may_grant(facts):
        return []
    every = privileges.owner_letters(ref.kind, ask.actor.major)
    some = any(
        key[1:3] == ref[1:3] and any(item.grantee in ("", *rights.closure) for item in acl)
        for key, acl in ask.actor.goal.columns.items()
    )
    if not ask.is_migrator or (not rights.has(facts, every) and not some):
        return ask.lacking(f"{ask.what} is for the owner of {shown(ref)}", shown(ref))
    live = ask.actor.live.objects.get(ref)
    if live is not None and not ask.actor.legacy.may_grant(live):
        return []  # legacy got the same warning
    reason = f"{ask.what} succeeds with a warning and does nothing: {ask.role} holds no grant option on {shown(ref)}"
    remedy = f"let the owner of {shown(ref)} run it, or grant {ask.role} its privileges WITH GRANT OPTION"
    return [Problem("silent", reason, shown(ref), "GRANT OPTION", remedy)]
