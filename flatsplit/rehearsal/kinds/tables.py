"""Creating tables, views, sequences and indexes, and what belongs to tables."""

from __future__ import annotations

from flatsplit.model import ObjectRef
from flatsplit.rehearsal.grammar import Node, Parsed, inner, name_of, strings, walk
from flatsplit.rehearsal.kinds.checks import Ask
from flatsplit.rehearsal.statement_names import temporary
from flatsplit.rehearsal.uses import Uses, range_use
from flatsplit.rehearsal.values import Problem


def makes(ask: Ask, node: Node, *, replaces: bool = False, place: str = "") -> list[Problem]:
    """Problems with CREATE on the schema of a new relation, or with TEMPORARY on the database
    (RangeVarGetAndCheckCreationNamespace()).

    And with its tablespace, which views, sequences and composite types have as well (DefineRelation()). A temporary
    table that names none goes where temp_tablespaces says, and elsewhere where the role may not, without an error.
    """
    actor = ask.actor
    if temporary(node):
        if actor.holds(ask.database, "T"):
            return ask.tablespace(place)
        reason = f"{ask.what} of a temporary table needs TEMPORARY on the database, which {ask.role} has not"
        return [actor.lacks(ask.database, "T", reason)]
    schema = ask.creation_schema(node.schemaname)
    there = ask.world.relations.get((schema, node.relname))
    found = ask.creates_in(node.schemaname, exists=there is not None)
    if replaces and there is not None and not found:
        return found + ask.owns(there.ref)
    return found + ask.makes_in(place)


def table(ask: Ask) -> list[Problem]:
    """CREATE TABLE."""
    return _table(ask, ask.node)


def foreign_table(ask: Ask) -> list[Problem]:
    """CREATE FOREIGN TABLE: USAGE on the server too (CreateForeignTable() in foreigncmds.c)."""
    return _table(ask, ask.node.base_stmt) + ask.holds(ObjectRef("server", "", ask.node.servername), "U")


def _table(ask: Ask, node: Node) -> list[Problem]:
    parents = [one for each in node.inh_relations for one in ask.relation(each.range_var)[0]]
    places = [ask.world.tablespaces.get(one.oid, "") for one in parents] if node.HasField("partbound") else []
    found = makes(ask, node.relation, place=node.tablespacename or "".join(places[:1]))
    for each in node.inh_relations:
        found += ask.owns_relation(each.range_var)
    if node.HasField("of_typename"):
        found += ask.types(node.of_typename)
    for kind, each in map(inner, node.table_elts):
        if kind == "column_def":
            found += column(ask, each)
        elif kind == "constraint":
            found += constraint(ask, each)
        elif kind == "table_like_clause":
            found += reads(ask, each.relation)
    return found


def column(ask: Ask, node: Node) -> list[Problem]:
    """USAGE on its type, REFERENCES on what it refers to."""
    found = ask.types(node.type_name) if node.HasField("type_name") else []
    for each in node.constraints:
        found += constraint(ask, each.constraint)
    return found


def constraint(ask: Ask, node: Node) -> list[Problem]:
    """REFERENCES on the table of a foreign key or its columns (checkFkeyPermissions() in tablecmds.c)."""
    found = ask.makes_in(node.indexspace) if _has_index(node) else []
    if not node.HasField("pktable"):
        return found
    relations, problems = ask.relation(node.pktable)
    found += problems
    for relation in relations:
        columns = frozenset(strings(node.pk_attrs))
        if ask.actor.holds(relation.ref, "x"):
            continue
        if columns and ask.actor.rights.columns(relation.ref, "x", columns) == columns:
            continue
        found += ask.holds(relation.ref, "x")
    return found


def _has_index(node: Node) -> bool:
    from postgast import pg_query_pb2

    kind = pg_query_pb2.ConstrType.Name(node.contype)
    return not node.indexname and kind in ("CONSTR_PRIMARY", "CONSTR_UNIQUE", "CONSTR_EXCLUSION")


def reads(ask: Ask, node: Node) -> list[Problem]:
    """Problems with SELECT on a table that is only looked at (LIKE)."""
    names = tuple(filter(None, (node.schemaname, node.relname)))
    if not ask.actor.resolve(node.schemaname, node.relname, ask.path).relations and ask.refs(("type",), names):
        return ask.uses_type(names)
    use = range_use(node, "r")
    found = ask.judge.relation(use, Uses(columns={("", "*")}), ask.path)
    return [each._replace(planned=False) for each in found if each.outcome != "silent"]


def view(ask: Ask) -> list[Problem]:
    """CREATE VIEW. What it reads is checked when it is read, as its owner. A view of a temporary table is temporary."""
    node = ask.node
    parts = [each for each in walk(node.query) if name_of(each) == "RangeVar"]
    if any(each.schemaname == "" and each.relname in ask.actor.temporary for each in parts):
        made = type(node.view)()
        made.CopyFrom(node.view)
        made.relpersistence = "t"
        return makes(ask, made)
    return makes(ask, node.view, replaces=node.replace)


def table_as(ask: Ask) -> list[Problem]:
    """CREATE TABLE AS, CREATE MATERIALIZED VIEW: with their query, unless WITH NO DATA."""
    node = ask.node
    into = node.into
    schema = ask.creation_schema(into.rel.schemaname)
    if node.if_not_exists and (schema, into.rel.relname) in ask.world.relations:
        return ask.uses_schema((into.rel.schemaname, into.rel.relname)) if into.rel.schemaname else []
    found = makes(ask, into.rel, place=into.table_space_name)
    kind, query = inner(node.query)
    if kind and not into.skip_data:
        found += ask.judge.statement(Parsed(kind, query, ""), ask.path)
    return found


def into(ask: Ask) -> list[Problem]:
    """The table of SELECT INTO."""
    return makes(ask, ask.node.into_clause.rel)


def sequence(ask: Ask) -> list[Problem]:
    """CREATE SEQUENCE."""
    return makes(ask, ask.node.sequence)


def composite_type(ask: Ask) -> list[Problem]:
    """CREATE TYPE … AS (…)."""
    found = makes(ask, ask.node.typevar)
    for each in ask.node.coldeflist:
        found += column(ask, each.column_def)
    return found


def index(ask: Ask) -> list[Problem]:
    """CREATE INDEX: owner of the table, and CREATE on its schema (DefineIndex() in indexcmds.c)."""
    node = ask.node
    relations, found = ask.relation(node.relation)
    found += ask.makes_in(node.table_space) if relations else []
    for relation in relations:
        found += ask.owns(relation.ref) or ask.creates_in(relation.ref.schema)
    return found


def trigger(ask: Ask) -> list[Problem]:
    """TRIGGER on the table, EXECUTE on the routine (CreateTriggerFiringOn() in trigger.c)."""
    node = ask.node
    found: list[Problem] = []
    for each in (node.relation, node.constrrel):
        if not each.relname:
            continue
        relations, problems = ask.relation(each)
        found += problems
        for relation in relations:
            found += ask.holds(relation.ref, "t")
    return found + ask.executes(strings(node.funcname), 0)


def owners(ask: Ask) -> list[Problem]:
    """Policies and rules: the owner of their table."""
    node = ask.node
    return ask.owns_relation(node.table if "table" in node.DESCRIPTOR.fields_by_name else node.relation)


def statistics(ask: Ask) -> list[Problem]:
    """CREATE STATISTICS: the owner of the table, and CREATE on a schema (CreateStatistics() in statscmds.c)."""
    found: list[Problem] = []
    schema = ""
    for kind, each in map(inner, ask.node.relations):
        if kind == "range_var":
            found += ask.owns_relation(each)
            relations, _ = ask.relation(each)
            schema = relations[0].ref.schema if relations else ""
    names = strings(ask.node.defnames)
    return found + (ask.creates_named(names) if names else ask.creates_in(schema))
