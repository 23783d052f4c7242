"""TRUNCATE, REFRESH, VACUUM and the like: privileges on whole tables that a running application rarely needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit import blueprint
from flatsplit.model import ObjectRef, versions
from flatsplit.rehearsal import catalogs
from flatsplit.rehearsal.actor import Actor, Resolved
from flatsplit.rehearsal.grammar import Node
from flatsplit.rehearsal.relation_parts import Relation
from flatsplit.rehearsal.remedies import grant, shown
from flatsplit.rehearsal.uses import range_use
from flatsplit.rehearsal.values import Need, Outcome, Problem
from flatsplit.rights.inherited import Inherited

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge import Judge

Path = tuple[str, ...] | None

_SHARED = frozenset(
    {
        *("pg_authid", "pg_auth_members", "pg_database", "pg_db_role_setting", "pg_parameter_acl"),
        *("pg_replication_origin", "pg_shdepend", "pg_shdescription", "pg_shseclabel", "pg_subscription"),
        "pg_tablespace",
    }
)
"""Catalogs of the whole cluster (IsSharedRelation() in catalog.c), which the owner of a database may not vacuum."""


def meant(judge: Judge, node: Node, path: Path) -> tuple[Resolved, list[Problem]]:
    """The relations that a RangeVar means, and problems with its name."""
    found = judge.actor.resolve(node.schemaname, node.relname, path)
    dotted = f"{node.schemaname}.{node.relname}" if node.schemaname else node.relname
    unreached: list[Problem] = []
    if len(found.relations) == 1:
        unreached = judge.actor.schema(found.relations[0].ref.schema)
    elif not found.free and not found.relations:
        unreached = judge.actor.schema(node.schemaname) if node.schemaname else []
        unreached = unreached or [Problem("unknown", f"there is no relation {dotted} (any more)", dotted)]
    return found, [each._replace(planned=False) for each in unreached]


def needs(judge: Judge, node: Node, letters: str, letter: str, what: str, path: Path) -> list[Problem]:
    """Problems where the role has none of ``letters`` on a relation; ``letter`` is the one to suggest."""
    found, problems = meant(judge, node, path)
    if found.readers is not None:  # on the server's own relations everybody has SELECT at most
        readable = not catalogs.readable(judge.actor, range_use(node, "r"), found.readers)
        if "r" not in letters or not readable:
            problems += _servers_own(judge, node.relname, what, "denied")
    for relation in found.relations:
        if not judge.actor.holds(relation.ref, letters):
            reason = f"{what} needs a privilege that {judge.actor.role} has not on {shown(relation.ref)}"
            problems.append(judge.actor.lacks(relation.ref, letter, reason))
    return problems


def truncate(judge: Judge, node: Node, path: Path) -> list[Problem]:
    """TRUNCATE on each table named, and with CASCADE on those that refer to it (ExecuteTruncate() in tablecmds.c)."""
    from postgast import pg_query_pb2

    actor = judge.actor
    cascade = pg_query_pb2.DropBehavior.Name(node.behavior) == "DROP_CASCADE"
    problems: list[Problem] = []
    for each in node.relations:
        found, unreached = meant(judge, each.range_var, path)
        problems += unreached
        if found.readers is not None:
            name = each.range_var.relname
            reason = f"TRUNCATE of {name}, which is the server's own, is for nobody"
            problems.append(Problem("denied", reason, name, "SUPERUSER", "for the application's owner: leave it out"))
        for relation in found.relations:
            tables = _referring(judge, relation) if cascade else [relation]
            for table in tables:
                if not actor.holds(table.ref, "D"):
                    problems.append(actor.lacks(table.ref, "D", f"{actor.role} has no TRUNCATE on {shown(table.ref)}"))
                if node.restart_seqs:
                    problems += _restart(judge, table)
                for trigger in judge.world.triggers.get(table.oid, ()):
                    if trigger.fires("D"):
                        problems += judge.trigger(trigger)
    return problems


def _referring(judge: Judge, relation: Relation) -> list[Relation]:
    found: dict[int, Relation] = {}
    todo = [relation]
    while todo:
        one = todo.pop()
        if one.oid in found:
            continue
        found[one.oid] = one
        for key in judge.world.foreign_keys.get(one.oid, ()):
            other = judge.world.by_oid.get(key.referencing)
            if other is not None:
                todo.append(other)
    return list(found.values())


def _restart(judge: Judge, table: Relation) -> list[Problem]:
    """Problems of RESTART IDENTITY, which is for the owner of the sequences."""
    found = []
    for _, column, _, oid in judge.world.owned_sequences.get(table.oid, ()):
        sequence = judge.world.by_oid.get(oid)
        if sequence is not None and not judge.actor.owns(sequence.ref):
            reason = f"RESTART IDENTITY is for the owner of the sequence of {shown(table.ref)}.{column}"
            remedy = "for the application's owner: TRUNCATE without RESTART IDENTITY, or let app_migrator do it"
            found.append(Problem("denied", reason, shown(sequence.ref), "OWNERSHIP", remedy))
    return found


def refresh(judge: Judge, node: Node, path: Path) -> list[Problem]:
    """REFRESH: the owner, or MAINTAIN (17 and later)."""
    return _maintain(judge, node.relation, "REFRESH MATERIALIZED VIEW", path)


def reindex(judge: Judge, node: Node, path: Path) -> list[Problem]:
    """REINDEX: the table's owner, or MAINTAIN (17 and later); the owner of a schema or database. CREATE on a new
    tablespace.
    """
    named = (each.def_elem.arg.string.sval for each in node.params if each.def_elem.defname == "tablespace")
    return _reindexed(judge, node, path) + [each for name in named for each in _moved(judge, name)]


def _moved(judge: Judge, name: str) -> list[Problem]:
    actor, ref = judge.actor, ObjectRef("tablespace", "", name)
    if name == judge.world.tablespace or (ref in actor.goal.objects and actor.holds(ref, "C")):
        return []
    reason = f"REINDEX into {shown(ref)} needs CREATE on it, which {actor.role} has not"
    return [Problem("denied", reason, shown(ref), "CREATE", "let the dba do it, or leave the tablespace out")]


def _reindexed(judge: Judge, node: Node, path: Path) -> list[Problem]:
    from postgast import pg_query_pb2

    if pg_query_pb2.ReindexObjectType.Name(node.kind) == "REINDEX_OBJECT_SCHEMA":
        schema = ObjectRef("schema", "", node.name)
        if judge.actor.owns(schema) or "pg_maintain" in judge.actor.rights.closure:
            return []
        reason = f"REINDEX of a schema is for its owner, which {judge.actor.role} is not"
        return [Problem("denied", reason, shown(schema), "OWNERSHIP", "let app_migrator or the dba do it")]
    if node.HasField("relation") and node.relation.relname:
        found = judge.actor.resolve(node.relation.schemaname, node.relation.relname, path)
        if found.free or (found.relations and not found.hidden):
            return _maintain(judge, node.relation, "REINDEX", path, alone=_concurrently(node))
        return _index(judge, node)
    return _everything(judge, "REINDEX")


def _concurrently(node: Node) -> bool:
    return any(each.def_elem.defname == "concurrently" for each in node.params)


def _index(judge: Judge, reindex: Node) -> list[Problem]:
    """An index: as its table."""
    world, node = judge.world, reindex.relation
    if node.schemaname and (unreached := judge.actor.schema(node.schemaname)):
        return unreached
    places = [
        oid for schema, oid in world.droppable.get(("index", node.relname), ()) if node.schemaname in ("", schema)
    ]
    tables = [world.by_oid[oid] for oid in places if oid in world.by_oid]
    if ("system_index", node.relname) in world.droppable and node.schemaname in ("", "pg_catalog"):
        if judge.actor.rights.superuser or "pg_maintain" in judge.actor.rights.closure:
            return []
        reason = f"index {node.relname} is the server's own"
        return [Problem("denied", reason, f"pg_catalog.{node.relname}", "SUPERUSER", "for a superuser")]
    if not tables:
        return [Problem("unknown", f"there is no index {node.relname} (any more)", node.relname)]
    actor = judge.actor
    return [
        _lacks_maintain(judge, table.ref, "REINDEX", "denied", alone=_concurrently(reindex))
        for table in tables
        if not _maintains(actor, table.ref)
    ]


def cluster(judge: Judge, node: Node, path: Path) -> list[Problem]:
    """CLUSTER: the table's owner, or MAINTAIN (17 and later)."""
    if node.HasField("relation") and node.relation.relname:
        return _maintain(judge, node.relation, "CLUSTER", path)
    return _clustered(judge)


def _clustered(judge: Judge) -> list[Problem]:
    """Problems of CLUSTER without a name, which skips tables that the role may not maintain (get_tables_to_cluster() in
    cluster.c).
    """
    actor, world = judge.actor, judge.world
    refs = sorted(world.by_oid[oid].ref for oid in world.clustered if oid in world.by_oid)
    was = (ref for ref in refs if (facts := actor.live.objects.get(ref)) is not None and actor.legacy.owns(facts))
    what = "CLUSTER succeeds and does not do every table: it"
    return [_lacks_maintain(judge, ref, what, "silent", alone=True) for ref in was if not _maintains(actor, ref)]


def _maintains(actor: Actor, ref: ObjectRef) -> bool:
    return actor.owns(ref) or (actor.major >= versions.MAINTAIN and actor.holds(ref, "m"))


def _maintain(judge: Judge, node: Node, what: str, path: Path, *, alone: bool = False) -> list[Problem]:
    actor = judge.actor
    found, problems = meant(judge, node, path)
    if found.readers is not None:
        problems += _servers_own(judge, node.relname, what, "denied")
    for relation in found.relations:
        if not _maintains(actor, relation.ref):
            problems.append(_lacks_maintain(judge, relation.ref, what, "denied", alone=alone))
    return problems


def _servers_own(judge: Judge, name: str, what: str, outcome: Outcome) -> list[Problem]:
    """The problem with one of the server's own relations, which the bootstrap superuser owns."""
    if judge.actor.rights.superuser or "pg_maintain" in judge.actor.rights.closure:
        return []
    reason = f"{what} is for the owner of {name}, which is the server's own"
    remedy = "autovacuum does it by itself; else for a superuser" if outcome == "silent" else "for a superuser"
    return [Problem(outcome, reason, f"pg_catalog.{name}", "SUPERUSER", remedy)]


def _lacks_maintain(judge: Judge, ref: ObjectRef, what: str, outcome: str, *, alone: bool = False) -> Problem:
    """The problem of maintaining what belongs to somebody else; ``alone``: what can run in no transaction block."""
    actor = judge.actor
    late = actor.major >= versions.MAINTAIN
    reason = f"{what} is for the owner of {shown(ref)}" + (", or with MAINTAIN on it" if late else "")
    migrator = blueprint.owner(actor.context.config)
    job = f"a job that runs it as {migrator}"
    in_function = f"a SECURITY DEFINER function of {migrator}'s that does it, or {job}"
    remedy = grant(actor.section, actor.role, ref, "m", actor.major) or (
        f"for the application's owner: {f'{job}; no function can' if alone else in_function}"
    )
    privilege = "MAINTAIN" if late else "OWNERSHIP"
    # What only warns is run by roles that may not as well: there it is needed where it does something today
    facts = actor.live.objects.get(ref)
    lost = outcome != "silent" or (facts is not None and "m" in Inherited(actor.live, actor.role).letters(facts))
    needs = (Need(ref, "m", "", "it is maintained"),) if late and lost else ()
    return Problem("silent" if outcome == "silent" else "denied", reason, shown(ref), privilege, remedy, needs=needs)


def _everything(judge: Judge, what: str) -> list[Problem]:
    actor = judge.actor
    database = ObjectRef("database", "", actor.goal.target.database)
    if actor.owns(database):
        return []
    reason = f"{what} of more than a table is for its owner, which {actor.role} is not"
    return [Problem("denied", reason, shown(database), "OWNERSHIP", "let app_migrator or the dba do it")]


def vacuum(judge: Judge, node: Node, path: Path) -> list[Problem]:
    """Problems of VACUUM and ANALYZE, which skip what the role may not maintain, with a warning only
    (vacuum_is_permitted_for_relation()).
    """
    actor = judge.actor
    what = "VACUUM" if node.is_vacuumcmd else "ANALYZE"
    silently = f"{what} succeeds with a warning and does nothing: it"
    database = ObjectRef("database", "", actor.goal.target.database)
    owner = actor.owns(database)
    if not node.rels:
        if owner:
            return []
        reason = f"{silently} passes every table that {actor.role} does not own"
        remedy = f"autovacuum does it by itself; else let app_migrator run {what}"
        return [
            Problem(
                "silent",
                reason,
                shown(database),
                "MAINTAIN" if actor.major >= versions.MAINTAIN else "OWNERSHIP",
                remedy,
            )
        ]
    problems: list[Problem] = []
    for each in node.rels:
        named = each.vacuum_relation.relation
        found, unreached = meant(judge, named, path)
        problems += unreached
        if found.readers is not None and not (owner and named.relname not in _SHARED):
            problems += _servers_own(judge, named.relname, silently, "silent")
        for relation in found.relations:
            if not owner and not _maintains(actor, relation.ref):
                problems.append(_lacks_maintain(judge, relation.ref, silently, "silent", alone=node.is_vacuumcmd))
    return problems
