"""What the server's own views show of an object: some only to its owner or to roles with a privilege on it.

Their definitions say it, and differ between versions: information_schema filters by ``pg_has_role(owner, 'USAGE') OR
has_table_privilege(…)`` or by the former alone; so do single columns of it (routine_definition, view_definition),
pg_stats and others. A query of such a view succeeds and returns less.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from flatsplit.model import ROUTINES, TABLES, TYPES
from flatsplit.rehearsal.grammar import Node, Unparsable, constant, inner, name_of, parse_one, strings, walk

_KINDS: dict[str, frozenset[str]] = {
    # column with the owner → kinds of what it owns
    "relowner": TABLES | {"view"},
    "tblowner": TABLES | {"view"},
    "proowner": ROUTINES,
    "typowner": TYPES,
    "nspowner": frozenset({"schema"}),
    "srvowner": frozenset({"server"}),
    "fdwowner": frozenset({"foreign_data_wrapper"}),
}
_FUNCTIONS: dict[str, frozenset[str]] = {
    "has_table_privilege": _KINDS["relowner"],
    "has_any_column_privilege": _KINDS["relowner"],
    "has_column_privilege": _KINDS["relowner"],
    "has_sequence_privilege": frozenset({"sequence"}),
    "has_function_privilege": _KINDS["proowner"],
    "has_type_privilege": _KINDS["typowner"],
    "has_schema_privilege": _KINDS["nspowner"],
    "has_server_privilege": _KINDS["srvowner"],
    "has_foreign_data_wrapper_privilege": _KINDS["fdwowner"],
}
_LETTERS = {
    "SELECT": "r",
    "INSERT": "a",
    "UPDATE": "w",
    "DELETE": "d",
    "TRUNCATE": "D",
    "REFERENCES": "x",
    "TRIGGER": "t",
    "EXECUTE": "X",
    "USAGE": "U",
    "CREATE": "C",
}


class Showing(NamedTuple):
    """One condition: objects of these kinds are shown to their owner and to roles with one of these privileges."""

    what: str
    """objects; rows of tables of which policies hide none (row_security_active()); grants by or to oneself; roles that
    one is."""
    kinds: frozenset[str] = frozenset()
    letters: str = ""


class Sight(NamedTuple):
    """How a view filters."""

    rows: tuple[Showing, ...] = ()
    columns: tuple[tuple[str, Showing], ...] = ()
    """Columns that are NULL where the condition does not hold."""


def read(definition: str) -> tuple[Sight, tuple[tuple[str, str], ...]]:
    """How a view filters, and the relations that it reads (schema, name), which may filter too."""
    try:
        node = parse_one(definition).node
    except Unparsable:
        return Sight(), ()
    rows: list[Showing] = []
    columns: list[tuple[str, Showing]] = []
    below: dict[tuple[str, str], None] = {}
    for part in walk(node):
        kind = name_of(part)
        if kind == "RangeVar":
            below[part.schemaname or "pg_catalog", part.relname] = None
        elif kind == "SelectStmt":
            grants = any(
                name_of(each) == "FuncCall" and strings(each.funcname)[-1] == "aclexplode" for each in walk(part)
            )
            if part.HasField("where_clause"):
                rows += _conjuncts(part.where_clause, grants)
            for target in part.target_list:
                found = _asked(target.res_target.val, grants)
                if found is not None:
                    columns.append((target.res_target.name, found))
        elif kind == "JoinExpr" and part.HasField("quals"):
            rows += _conjuncts(part.quals, False)
    return Sight(tuple(dict.fromkeys(rows)), tuple(dict.fromkeys(columns))), tuple(below)


def _conjuncts(node: Node, grants: bool) -> Iterator[Showing]:
    from postgast import pg_query_pb2

    kind, value = inner(node)
    if kind == "bool_expr" and pg_query_pb2.BoolExprType.Name(value.boolop) == "AND_EXPR":
        for each in value.args:
            yield from _conjuncts(each, grants)
        return
    found = _asked(node, grants)
    if found is not None:
        yield found


def _asked(node: Node, grants: bool) -> Showing | None:
    """What an expression tests about the reader, with its alternatives (OR)."""
    kinds: frozenset[str] = frozenset()
    owned: frozenset[str] = frozenset()
    letters: set[str] = set()
    secured = owner = False
    for part in walk(node):
        if name_of(part) != "FuncCall":
            continue
        name = strings(part.funcname)[-1]
        if name == "row_security_active":
            secured = True
        elif name in _FUNCTIONS:
            kinds |= _FUNCTIONS[name]
            for word in (constant(part.args[-1]) or "").upper().split(","):
                letters.update(_LETTERS.get(word.split(" WITH ")[0].strip(), ""))
        elif name == "pg_has_role" and len(part.args) == 2:
            owner = True
            owned |= _owned(part.args[0])
    if secured:
        return Showing("rows", _KINDS["relowner"])
    if owner and not kinds | owned:
        return Showing("grants" if grants else "roles")
    return Showing("objects", kinds or owned, "".join(sorted(letters))) if owner or kinds else None


def _owned(node: Node) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    for part in walk(node):
        if name_of(part) == "ColumnRef":
            found |= _KINDS.get(strings(part.fields)[-1:][0] if strings(part.fields) else "", frozenset())
    return found
