"""DROP, COMMENT, RENAME, OWNER TO, SET SCHEMA, SECURITY LABEL, DEPENDS ON: of objects of every kind."""

from __future__ import annotations

from flatsplit.rehearsal.grammar import Node
from flatsplit.rehearsal.kinds import altering, named
from flatsplit.rehearsal.kinds.checks import Ask
from flatsplit.rehearsal.values import Problem


def _kind(value: int) -> str:
    from postgast import pg_query_pb2

    return str(pg_query_pb2.ObjectType.Name(value))


def _relation(node: Node) -> Node | None:
    return node.relation if node.HasField("relation") else None


def drop(ask: Ask) -> list[Problem]:
    """DROP: the owner of each object, or of its schema (RemoveObjects() in dropcmds.c)."""
    node = ask.node
    found: list[Problem] = []
    for each in node.objects:
        found += named.owns(ask, _kind(node.remove_type), each, missing_ok=node.missing_ok, schema=True)
    return found


def comment(ask: Ask) -> list[Problem]:
    """COMMENT ON (CommentObject() in comment.c)."""
    return named.owns(ask, _kind(ask.node.objtype), ask.node.object)


def label(ask: Ask) -> list[Problem]:
    """SECURITY LABEL: the owner. What else a label provider requires is not known."""
    return named.owns(ask, _kind(ask.node.objtype), ask.node.object)


def depends(ask: Ask) -> list[Problem]:
    """ALTER … DEPENDS ON EXTENSION: the owner of the object."""
    node = ask.node
    return named.owns(ask, _kind(node.object_type), node.object, relation=_relation(node))


def rename(ask: Ask) -> list[Problem]:
    """RENAME: the owner, with CREATE on its schema or, for a schema, on the database (alter.c, tablecmds.c)."""
    node = ask.node
    kind = _kind(node.rename_type)
    if kind == "OBJECT_ATTRIBUTE":
        return named.owns_type(ask, (*filter(None, (node.relation.schemaname, node.relation.relname)),))
    if kind == "OBJECT_DATABASE":
        return named.database(ask, node.subname) + _createdb(ask)
    if kind == "OBJECT_ROLE":
        return named.role(ask, node.subname)
    if kind == "OBJECT_COLUMN":
        ask.children = bool(node.relation.inh)
    if kind == "OBJECT_TABCONSTRAINT":
        return ask.owns_relation(node.relation, missing_ok=node.missing_ok)
    if kind == "OBJECT_SCHEMA":
        return ask.owns_plain("schema", node.subname) + ask.holds(ask.database, "C")
    if not node.HasField("object") and not node.HasField("relation") and node.subname:
        return (
            ask.owns_plain(named.PLAIN[kind], node.subname) if kind in named.PLAIN else ask.unknown("it names nothing")
        )
    found = named.owns(ask, kind, node.object, relation=_relation(node), missing_ok=node.missing_ok)
    if found or kind in named.ATTACHED or kind in named.TYPES:
        return found
    schema = _schema(ask, kind, node)
    return found + (ask.creates_in(schema) if schema else [])


def _schema(ask: Ask, kind: str, node: Node) -> str:
    """The schema of the named object; "" where it is in none."""
    if kind in named.RELATIONS:
        relations, _ = ask.relation(node.relation, missing_ok=True)
        return relations[0].ref.schema if relations else ""
    return next((ref.schema for ref in named.refs(ask, kind, node.object)), "")


def _createdb(ask: Ask) -> list[Problem]:
    if ask.attribute("createdb"):
        return []
    return ask.lacking(f"{ask.what} needs CREATEDB, which {ask.role} has not", "", "CREATEDB")


def schema(ask: Ask) -> list[Problem]:
    """SET SCHEMA: the owner, with CREATE on the new schema (AlterObjectNamespace_internal())."""
    node = ask.node
    kind = _kind(node.object_type)
    if node.HasField("relation") and node.missing_ok and ask.missing(node.relation):
        return ask.relation(node.relation, missing_ok=True)[1]
    there = named.refs(ask, kind, node.object)
    found: list[Problem] = []
    if kind in named.TYPES or not there or not all(ref.schema == node.newschema for ref in there):
        # Where nothing changes, ownership is checked for types only
        found = named.owns(ask, kind, node.object, relation=_relation(node), missing_ok=node.missing_ok)
    return found or ask.creates_in(node.newschema)


def owner(ask: Ask) -> list[Problem]:
    """OWNER TO: the owner, who can become the new owner, who may create there (AlterObjectOwner_internal())."""
    node = ask.node
    kind = _kind(node.object_type)
    if kind in ("OBJECT_FDW", "OBJECT_EVENT_TRIGGER"):
        found = named.owns(ask, kind, node.object)
        return found or ask.superuser(f"{ask.what} OWNER TO is for superusers only, and to them")
    refs = named.refs(ask, kind, node.object)
    role = ask.named_role(node.newowner)
    if refs and all((facts := ask.facts(ref)) is not None and facts.owner == role for ref in refs):
        return []
    found = named.owns(ask, kind, node.object, relation=_relation(node))
    if found:
        return found
    if kind == "OBJECT_DATABASE":
        return ask.becomes(node.newowner) + _createdb(ask)
    for ref in refs:
        found += altering.new_owner(ask, ref, node.newowner)
    if not refs:
        found += ask.becomes(node.newowner)
    if kind in ("OBJECT_SCHEMA", "OBJECT_PUBLICATION"):
        found += ask.holds(ask.database, "C")
    if kind == "OBJECT_PUBLICATION" and any((f := ask.facts(ref)) and f.note == "all_tables" for ref in refs):
        found += ask.superuser("a publication FOR ALL TABLES has a superuser for an owner")
    return found


def contents(ask: Ask) -> list[Problem]:
    """ALTER EXTENSION … ADD and DROP: the owner of the extension and of the object."""
    node = ask.node
    found = ask.owns_plain("extension", node.extname)
    return found or named.owns(ask, _kind(node.objtype), node.object)


def family(ask: Ask) -> list[Problem]:
    """ALTER OPERATOR FAMILY ADD and DROP (AlterOpFamily() in opclasscmds.c)."""
    return ask.superuser()


def extension(ask: Ask) -> list[Problem]:
    """ALTER EXTENSION … UPDATE: the owner, and whoever may install it."""
    from flatsplit.rehearsal.kinds import foreign

    found = ask.owns_plain("extension", ask.node.extname)
    return found or foreign.installs(ask, ask.node.extname)
