"""ALTER TABLE and its like, and ALTER of what is no table."""

from __future__ import annotations

from flatsplit.model import ObjectRef, versions
from flatsplit.rehearsal.grammar import Node, inner, strings
from flatsplit.rehearsal.kinds import named, tables
from flatsplit.rehearsal.kinds.checks import Ask
from flatsplit.rehearsal.kinds.definitions import definitions, names_in
from flatsplit.rehearsal.kinds.settings import sets
from flatsplit.rehearsal.relation_parts import Relation
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.values import Problem

_ALONE = frozenset(
    {
        *("AT_ChangeOwner", "AT_ClusterOn", "AT_DropCluster", "AT_SetLogged", "AT_SetUnLogged", "AT_SetAccessMethod"),
        *("AT_SetTableSpace", "AT_SetRelOptions", "AT_ResetRelOptions", "AT_ReplaceRelOptions", "AT_EnableRule"),
        *(
            "AT_EnableAlwaysRule",
            "AT_EnableReplicaRule",
            "AT_DisableRule",
            "AT_AddInherit",
            "AT_DropInherit",
            "AT_AddOf",
        ),
        *("AT_DropOf", "AT_ReplicaIdentity", "AT_EnableRowSecurity", "AT_DisableRowSecurity", "AT_ForceRowSecurity"),
        *("AT_NoForceRowSecurity", "AT_GenericOptions", "AT_AttachPartition", "AT_DetachPartition", "AT_AddIndex"),
        *(
            "AT_DetachPartitionFinalize",
            "AT_EnableTrig",
            "AT_EnableAlwaysTrig",
            "AT_EnableReplicaTrig",
            "AT_DisableTrig",
        ),
        *("AT_EnableTrigAll", "AT_DisableTrigAll", "AT_EnableTrigUser", "AT_DisableTrigUser"),
        *("AT_AddIndexConstraint", "AT_AlterConstraint", "AT_SetOptions", "AT_ResetOptions"),
    }
)
"""What ATPrepCmd() in tablecmds.c does to the table alone and not to its children."""

_SPARED = frozenset({"AT_DropColumn", "AT_DropConstraint"})
"""Commands that do not check an inheriting table which has the column itself (ATExecDropColumn())."""

_TRIGGERS = frozenset(
    {
        *("AT_EnableTrig", "AT_EnableAlwaysTrig", "AT_EnableReplicaTrig", "AT_DisableTrig"),
        *("AT_EnableTrigAll", "AT_DisableTrigAll"),
    }
)


def relation(ask: Ask) -> list[Problem]:
    """ALTER TABLE, INDEX, VIEW, SEQUENCE, TYPE: the owner, and what each command needs besides."""
    from postgast import pg_query_pb2

    node = ask.node
    if pg_query_pb2.ObjectType.Name(node.objtype) == "OBJECT_TYPE":
        parts = tuple(filter(None, (node.relation.schemaname, node.relation.relname)))
        found = named.owns_type(ask, parts, missing_ok=node.missing_ok)
        return found + [each for one in node.cmds for each in _command(ask, one.alter_table_cmd, [])]
    if node.missing_ok and ask.missing(node.relation):
        return ask.relation(node.relation, missing_ok=True)[1]
    relations, found = ask.relation(node.relation, missing_ok=True)
    commands = [each.alter_table_cmd for each in node.cmds]
    kinds = [pg_query_pb2.AlterTableType.Name(each.subtype) for each in commands]
    ask.children = node.relation.inh and not all(map(_alone, kinds, commands))
    if "AT_SetNotNull" in kinds and ask.actor.major < versions.NOT_NULL_CONSTRAINTS:
        ask.children = True  # with ONLY too, the children are checked (ATPrepSetNotNull())
    spared = _SPARED.union(_ALONE).issuperset(kinds) and all(one.ref.kind == "table" for one in relations)
    found = ask.owns_relation(node.relation, missing_ok=node.missing_ok)
    if ask.children and spared and found and all(ask.actor.owns(one.ref) for one in relations):
        found = ask.unknown(f"{found[0].reason}, unless that one has it in its own right", found[0].object)
    for each in commands:
        found += _command(ask, each, relations)
    return found


def _alone(kind: str, node: Node) -> bool:
    inside, definition = inner(getattr(node, "def"))
    return kind in _ALONE or (inside == "constraint" and definition.is_no_inherit)


def _command(ask: Ask, node: Node, relations: list[Relation]) -> list[Problem]:
    from postgast import pg_query_pb2

    kind = pg_query_pb2.AlterTableType.Name(node.subtype)
    inside, definition = inner(getattr(node, "def"))
    if kind == "AT_ChangeOwner":
        if not relations:  # created by an earlier command, or named at run time: nothing is known of it
            return ask.becomes(node.newowner)
        return [each for one in relations for each in new_owner(ask, one.ref, node.newowner)]
    if kind == "AT_SetTableSpace":
        return ask.tablespace(node.name)
    if kind in _TRIGGERS:
        return [each for one in relations for each in _trigger(ask, one, kind, node.name)]
    if kind in ("AT_AddInherit", "AT_AttachPartition", "AT_DropInherit"):
        other = definition.name if inside == "partition_cmd" else definition
        return [] if kind == "AT_DropInherit" or other is None else ask.owns_relation(other)
    if inside == "column_def":
        return tables.column(ask, definition)
    if inside == "constraint":
        return tables.constraint(ask, definition)
    return ask.types(definition) if inside == "type_name" else []


def new_owner(ask: Ask, ref: ObjectRef, spec: Node) -> list[Problem]:
    """Problems of giving it away: the role has to be able to become the new owner, which may create there
    (AlterObjectOwner_internal()).
    """
    facts, role = ask.facts(ref), ask.named_role(spec)
    if facts is not None and facts.owner == role:
        return []
    found = ask.becomes(spec)
    schema = ObjectRef("schema", "", ref.schema)
    there = ask.facts(schema)
    if found or not ref.schema or there is None:
        return found
    from flatsplit.rights.inherited import Inherited

    if role in ask.actor.goal.roles and not Inherited(ask.actor.goal, role).has(there, "C"):
        return ask.lacking(
            f"{ask.what}: the new owner {role} has no CREATE on {shown(schema)}", shown(schema), "CREATE"
        )
    return []


def _trigger(ask: Ask, relation: Relation, kind: str, name: str) -> list[Problem]:
    """Problems of ENABLE and DISABLE: triggers behind constraints are for superusers (EnableDisableTrigger() in
    trigger.c).
    """
    theirs = ask.world.system_triggers.get(relation.oid, frozenset())
    if (kind.endswith("All") and theirs) or name in theirs:
        reason = f"triggers behind constraints of {shown(relation.ref)} are for superusers only (USER leaves them out)"
        return ask.superuser(reason, shown(relation.ref))
    return []


def sequence(ask: Ask) -> list[Problem]:
    """ALTER SEQUENCE."""
    return ask.owns_relation(ask.node.sequence, missing_ok=ask.node.missing_ok)


def type_(ask: Ask) -> list[Problem]:
    """ALTER DOMAIN, ALTER TYPE … ADD VALUE and SET (…)."""
    node = ask.node
    found = named.owns_type(ask, strings(node.type_name))
    if "options" in node.DESCRIPTOR.fields_by_name and definitions(node.options).keys() - {"storage"}:
        found += ask.superuser(f"{ask.what} SET of what belongs to the type's code is for superusers only")
    return found


def routine(ask: Ask) -> list[Problem]:
    """ALTER FUNCTION: LEAKPROOF and SUPPORT are for superusers (AlterFunction() in functioncmds.c)."""
    from postgast import pg_query_pb2

    found = named.owns(ask, pg_query_pb2.ObjectType.Name(ask.node.objtype), ask.node.func)
    actions = definitions(ask.node.actions)
    if "leakproof" in actions and actions["leakproof"].boolean.boolval:
        found += ask.superuser("only a superuser may make a function LEAKPROOF")
    for each in ask.node.actions:
        if each.def_elem.defname == "set":
            found += sets(ask, each.def_elem.arg.variable_set_stmt)
    if "support" in actions:
        found += ask.superuser("only a superuser may give a function a support function")
    return found


def operator(ask: Ask) -> list[Problem]:
    """ALTER OPERATOR … SET: EXECUTE on the estimators too (AlterOperator() in operatorcmds.c)."""
    found = named.owns(ask, "OBJECT_OPERATOR", ask.node.opername)
    options = definitions(ask.node.options)
    for name, value in options.items():
        if name in ("restrict", "join") and names_in(value):
            found += ask.estimates(names_in(value))
    types = [each.type_name if inner(each)[0] == "type_name" else None for each in ask.node.opername.objargs]
    return found + named.partners(ask, options, types)


def statistics(ask: Ask) -> list[Problem]:
    """ALTER STATISTICS."""
    return named.owns_schema_object(ask, "statistics", strings(ask.node.defnames), missing_ok=ask.node.missing_ok)


def collation(ask: Ask) -> list[Problem]:
    """ALTER COLLATION … REFRESH VERSION."""
    return named.owns_schema_object(ask, "collation", strings(ask.node.collname))


def text_search(ask: Ask) -> list[Problem]:
    """ALTER TEXT SEARCH DICTIONARY and CONFIGURATION."""
    node = ask.node
    if "cfgname" in node.DESCRIPTOR.fields_by_name:
        return named.owns_schema_object(ask, "text_search_configuration", strings(node.cfgname))
    return named.owns_schema_object(ask, "text_search_dictionary", strings(node.dictname))
