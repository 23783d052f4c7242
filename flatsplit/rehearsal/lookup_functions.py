"""More of the server's own functions that check more than EXECUTE: those about indexes, settings, and texts
they run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flatsplit.config import parse_name
from flatsplit.rehearsal.grammar import Unparsable, parse_one
from flatsplit.rehearsal.remedies import grant, shown
from flatsplit.rehearsal.uses import RelationUse, RoutineUse, Uses
from flatsplit.rehearsal.values import Problem

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge_protocol import Judging

Path = tuple[str, ...] | None

# brin_summarize_range() and brin_desummarize_range() in brin.c, gin_clean_pending_list() in ginfast.c
_INDEXES = frozenset(
    {"brin_summarize_new_values", "brin_summarize_range", "brin_desummarize_range", "gin_clean_pending_list"}
)

# xml.c, tsvector_op.c, tsquery_rewrite.c: which argument is a query and which a table
_QUERIES = {"query_to_xml": 0, "query_to_xmlschema": 0, "query_to_xml_and_xmlschema": 0, "ts_stat": 0, "ts_rewrite": 1}
# Which argument, counted from the end, is a name that is looked up at run time (LookupExplicitNamespace() in
# namespace.c)
_NAMES = {
    **{f"to_reg{kind}": 1 for kind in ("class", "type", "proc", "procedure", "oper", "operator", "collation")},
    **{f"has_{kind}_privilege": 2 for kind in ("table", "sequence", "any_column", "function", "type")},
    "has_column_privilege": 3,
}
_ADDRESS = "pg_get_object_address"

_SCHEMAS = ("schema_to_xml", "schema_to_xmlschema", "schema_to_xml_and_xmlschema")
_DATABASE = ("database_to_xml", "database_to_xmlschema", "database_to_xml_and_xmlschema")
_SHOWN = frozenset({"table", "view", "materialized_view"})
_TABLES = {"currtid2": 0, "table_to_xml": 0, "table_to_xmlschema": 0, "table_to_xml_and_xmlschema": 0}


def problems(judge: Judging, call: RoutineUse, path: Path) -> list[Problem]:
    """Problems of the call at run time."""
    if call.schema not in ("", "pg_catalog") or judge.actor.rights.superuser:
        return []
    if call.name in _INDEXES:
        return _index(judge, call)
    if call.name == "set_config":
        return _setting(judge, call)
    if call.name in _NAMES and call.arguments >= _NAMES[call.name]:
        return _named(judge, call.constants[-_NAMES[call.name]])
    if call.name == _ADDRESS:
        return [Problem("unknown", f"{call.name}() looks up whatever it is given, also in schemas without USAGE")]
    if call.name in _QUERIES and call.arguments > _QUERIES[call.name]:
        if call.name == "ts_rewrite" and call.arguments != 2:
            return []
        return _query(judge, call, call.constants[_QUERIES[call.name]], path)
    if call.name in _TABLES and call.constants:  # currtid_byrelname() in tid.c is one of them
        return _table(judge, call, call.constants[0], path)
    if (call.name in _SCHEMAS and call.constants) or call.name in _DATABASE:
        return _schemas(judge, call)
    return []


def _index(judge: Judging, call: RoutineUse) -> list[Problem]:
    """Problems with ownership of an index, that is, of its table."""
    actor, world = judge.actor, judge.world
    if call.constants and call.constants[0] is not None:
        name = _parts(call.constants[0])
        places = world.droppable.get(("index", name[-1]), []) if name else []
        oids = {oid for schema, oid in places if len(name) == 1 or schema == name[-2]}
    else:
        oids = {oid for (kind, _), places in world.droppable.items() if kind == "index" for _, oid in places}
    tables = [world.by_oid[oid] for oid in oids if oid in world.by_oid]
    others = [table for table in tables if not actor.owns(table.ref)]
    reason = f"{call.name}() is for the owner of the index"
    if not others:
        return [] if tables else [Problem("unknown", f"{reason}, and which one it is cannot be told")]
    if len(others) < len(tables):
        return [Problem("unknown", f"{reason}; which one it is the text does not say", "", "OWNERSHIP")]
    remedy = "for the application's owner: leave it to autovacuum, or let a job do it that runs as app_migrator"
    return [Problem("denied", reason, shown(others[0].ref) if len(others) == 1 else "", "OWNERSHIP", remedy)]


def _setting(judge: Judging, call: RoutineUse) -> list[Problem]:
    name = (call.constants[:1] or (None,))[0]
    return judge.actor.setting(name.lower()) if name is not None else []


def _named(judge: Judging, text: str | None) -> list[Problem]:
    """Problems with USAGE on the schema of a name."""
    name = _parts(text.split("(")[0]) if text else ()
    found = judge.actor.schema(name[-2]) if len(name) > 1 else []
    return [each._replace(planned=False) for each in found]


def _query(judge: Judging, call: RoutineUse, text: str | None, path: Path) -> list[Problem]:
    """Problems of a query that is passed as a text, which runs with the caller's rights."""
    if text is None:
        return [Problem("unknown", f"{call.name}() runs a query that the text of the statement does not show")]
    try:
        found = judge.statement(parse_one(text), path)
    except Unparsable as why:
        return [Problem("unknown", f"{call.name}() runs a query that {why}")]
    return [each._replace(planned=False) for each in found]


def _table(judge: Judging, call: RoutineUse, text: str | None, path: Path) -> list[Problem]:
    if text is None:
        return [Problem("unknown", f"{call.name}() reads a table that the text of the statement does not name")]
    name = _parts(text)
    if not name:
        return []
    use = RelationUse(name[-2] if len(name) > 1 else "", name[-1], name[-1], {"r"})
    return [each._replace(planned=False) for each in judge.relation(use, Uses(columns={("", "*")}), path)]


def _schemas(judge: Judging, call: RoutineUse) -> list[Problem]:
    """Problems of mapping a schema, or all schemas that the role may use; tables that it may not read are left out
    (schema_get_xml_visible_tables() in xml.c).
    """
    actor = judge.actor
    name = call.constants[0] if call.name in _SCHEMAS else None
    if name is not None and (found := actor.schema(name)):
        return [each._replace(planned=False) for each in found]
    for ref, facts in sorted(actor.goal.objects.items()):
        if ref.kind not in _SHOWN or name not in (None, ref.schema) or not ref.schema:
            continue
        was = actor.live.objects.get(ref)
        if was is None or not actor.legacy.has(was, "r"):
            continue
        if actor.schema(ref.schema) or not actor.rights.has(facts, "r"):
            reason = f"{call.name}() leaves out what {actor.role} may not read, such as {shown(ref)}"
            if name is None and call.name in _SCHEMAS:
                return [Problem("unknown", f"{reason}; which schema it is the text does not say")]
            remedy = grant(actor.section, actor.role, ref, "r", actor.major)
            remedy = remedy or "for the application's owner: name the tables that are meant"
            return [Problem("silent", reason, shown(ref), "SELECT", remedy)]
    return []


def _parts(text: str) -> tuple[str, ...]:
    try:
        return tuple(parse_name(text.strip()).parts)
    except ValueError:
        return ()
