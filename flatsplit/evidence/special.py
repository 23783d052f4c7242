"""Acts to try as a special role: some that its list allows, and some on what it does not name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from psycopg import sql

from flatsplit import ddl, privileges
from flatsplit.config import format_name
from flatsplit.evidence.trial import PROBE, TrialAct, sample
from flatsplit.model import PUBLIC, Kind, ObjectRef, State
from flatsplit.walks.role import grant_list
from flatsplit.walks.role.context import Context

TRIED = 3
"""Tables of each sort on which an act is tried. The catalog judges all of them."""


def acts(state: State, context: Context, *, bridged: bool = False) -> tuple[list[ObjectRef], list[TrialAct]]:
    """Tables, and the acts to try on them and on schemas: those that the list allows, and others that must
    be refused.
    """
    special = context.special
    if special is None:
        return [], []
    given = grant_list.rights(state, context)
    tables = {ref: letters for ref, letters in given.objects.items() if ref.kind in ("table", "view")}
    mine = sample(list(tables), TRIED)
    found: list[TrialAct] = []
    for ref in mine:
        found += _allowed(ref, tables[ref])
    for (schema, name), columns in list(_by_table(given.columns, "r").items())[:TRIED]:
        target = f"{format_name(schema, name)}({', '.join(columns)})"
        relation = next((ref for kind in _STORED if (ref := ObjectRef(kind, schema, name)) in state.objects), None)
        picked = sql.SQL("EXPLAIN SELECT {} FROM {}{}").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)),
            sql.SQL("ONLY " if relation is not None and relation.kind == "table" else ""),
            sql.Identifier(schema, name),
        )
        found.append(TrialAct("read", target, True, picked.as_string(None)))
        if relation is not None and "r" not in given.objects.get(relation, ""):
            found.append(TrialAct("read more than", target, False, _about(_MORE, schema, name)))
    if bridged:
        return mine, found
    others = _others(state, context, given)
    for ref in others:
        found += _refused(ref)
    for ref in mine:
        if ref.kind == "table":
            found += _structure(ref)
            if "d" not in tables[ref]:
                found.append(_act("delete rows of", _DELETE_NOTHING, ref, expected=False))
    shut = {ref.schema for ref in (*mine, *others)} - {*special.create, *_open(state)}
    for schema in sorted(shut)[:TRIED]:
        found.append(TrialAct("create in", f"schema {schema}", False, _about(_CREATE, schema, PROBE)))
    return [*mine, *others], found


def _open(state: State) -> Iterator[str]:
    """Schemas in which everybody may create."""
    for group in state.groups:
        if group.kind == "schema" and "C" in privileges.letters(group.facts.acl, PUBLIC):
            yield from (ref.name for ref in group.refs)


def _others(state: State, context: Context, given: grant_list.ListedRights) -> list[ObjectRef]:
    """Tables of the application that its list does not name, not by a column either."""
    partly, ruled = {ref[1:3] for ref in given.columns}, grant_list.ruled(context, given)
    refs = [
        ref
        for group in state.groups
        if group.kind == "table" and group.facts.owner in context.owners and not group.facts.extension
        if group.schema not in ruled and group.facts.owner != context.role
        if not privileges.letters(group.facts.acl, PUBLIC)
        for ref in group.refs
        if ref not in given.objects and ref[1:3] not in partly
    ]
    return sample(refs, TRIED)


def _by_table(columns: Mapping[ObjectRef, str], letter: str) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for ref, letters in columns.items():
        if letter in letters:
            found.setdefault((ref.schema, ref.name), []).append(ref.args)
    return found


# What is allowed must be planned as it would be run (blueprint/rows.py); what is refused is refused for the table
_READ, _DELETE = "EXPLAIN SELECT * FROM {}", "EXPLAIN DELETE FROM {}"
_READ_NOTHING, _DELETE_NOTHING = "EXPLAIN SELECT FROM {} WHERE false", "EXPLAIN DELETE FROM {} WHERE false"
_STORED: tuple[Kind, ...] = ("table", "partitioned_table", "materialized_view")
_MORE = "EXPLAIN SELECT ctid FROM {} WHERE false"
"""A system column. No list of columns names one, so it can only be read with SELECT on all of the table."""
_CREATE = "CREATE TABLE {} ()"
_STRUCTURE = {
    "truncate": "TRUNCATE {}",
    "alter": "ALTER TABLE {} SET (fillfactor = 100)",
    "drop": "DROP TABLE {}",
}
"""PostgreSQL refuses these before it takes their lock."""


def _about(statement: str, *name: str) -> str:
    return sql.SQL(statement).format(sql.Identifier(*name)).as_string(None)


def _act(act: str, statement: str, ref: ObjectRef, *, expected: bool) -> TrialAct:
    return TrialAct(act, ddl.label(ref), expected, _about(statement, ref.schema, ref.name))


def _allowed(ref: ObjectRef, letters: str) -> Iterator[TrialAct]:
    alone = "ONLY {}" if ref.kind == "table" else "{}"
    if "r" in letters:
        yield _act("read", _READ.replace("{}", alone), ref, expected=True)
    if "d" in letters and ref.kind == "table":
        yield _act("delete rows of", _DELETE.replace("{}", alone), ref, expected=True)


def _refused(ref: ObjectRef) -> Iterator[TrialAct]:
    yield _act("read", _READ_NOTHING, ref, expected=False)
    yield _act("delete rows of", _DELETE_NOTHING, ref, expected=False)
    yield from _structure(ref)


def _structure(ref: ObjectRef) -> Iterator[TrialAct]:
    return (_act(act, statement, ref, expected=False) for act, statement in _STRUCTURE.items())
