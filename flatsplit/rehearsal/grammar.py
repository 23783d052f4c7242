"""PostgreSQL's own grammar, asked in Python.

postgast is libpg_query: the parser of PostgreSQL 18 itself, with the extensions that the texts of pg_stat_statements
need (``interval $1``). It is under the BSD licence, as PostgreSQL's own; pglast, the better known binding, is under the
GPL. sqlglot has a grammar of its own, which knows neither PL/pgSQL nor all of PostgreSQL's statements.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

Node: TypeAlias = Any
"""A protobuf message of libpg_query; its types say little and there are hundreds."""

PLANNED = frozenset({"select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"})
"""Kinds that the planner takes, and EXPLAIN with it."""

HOLE = "flatsplit:hole"
"""Stands in a text for a name that only the run time knows."""


class Unparsable(Exception):
    """The text is no statement of PostgreSQL's, or one of a newer version."""


class Parsed(NamedTuple):
    """One statement."""

    kind: str
    """libpg_query's name of it, such as ``select_stmt``."""
    node: Node
    text: str


_NAMELESS = frozenset({"transaction_stmt", "deallocate_stmt", "fetch_stmt", "close_portal_stmt"})
"""Kinds of which pg_stat_statements hides the name behind ``$1`` (17 and later, fetch 19), where none can stand."""

_PARAMETER = re.compile(r"\$\d+\b")


def parse(text: str) -> list[Parsed]:
    """The statements of a text. Raises Unparsable."""
    try:
        return _statements(text)
    except Unparsable:
        if not _PARAMETER.search(text):
            raise
        for name in ("hidden", "'hidden'", "1"):
            try:
                found = _statements(_PARAMETER.sub(name, text))
            except Unparsable:
                continue
            if all(each.kind in _NAMELESS for each in found):
                return found
        raise


def _statements(text: str) -> list[Parsed]:
    tree = _tree(text)
    found = []
    encoded = text.encode()
    for raw in tree.stmts:
        kind = raw.stmt.WhichOneof("node")
        if kind is None:
            continue
        end = raw.stmt_location + raw.stmt_len if raw.stmt_len else len(encoded)
        piece = encoded[raw.stmt_location : end].decode()
        found.append(Parsed(kind, getattr(raw.stmt, kind), piece))
    return found


def _tree(text: str) -> Node:
    import postgast
    from google.protobuf.message import DecodeError

    try:
        try:
            return postgast.parse(text)
        except DecodeError:
            # protobuf stops at a hundred levels, that is at an expression with fifty operators in a row
            if len(text) > _DEEP:
                raise
            _allow_depth()
            return postgast.parse(text)
    except (postgast.PgQueryError, UnicodeError) as error:
        raise Unparsable(str(error).splitlines()[0]) from None
    except DecodeError:
        raise Unparsable("nested too deeply") from None


_DEEP = 30_000
"""Characters of a text that may be nested as deeply as it likes; a level takes three, and some of the C stack."""


def _allow_depth() -> None:
    from google.protobuf.internal import api_implementation

    module: Any = getattr(api_implementation, "_c_module", None)
    if hasattr(module, "SetAllowOversizeProtos"):
        module.SetAllowOversizeProtos(True)  # which is also what lifts the limit on depth
    if sys.getrecursionlimit() < _DEEP:
        sys.setrecursionlimit(_DEEP)  # frames of Python's take no C stack since 3.11


def parse_one(text: str) -> Parsed:
    """The only statement of a text. Raises Unparsable also where there are several."""
    found = parse(text)
    if len(found) != 1:
        raise Unparsable("holds no statement" if not found else "holds several statements")
    return found[0]


_ASSIGNED = re.compile(r"\A\s*[\w$.\"]+(?:\[[^\]]*\])?\s*:?=\s*")


def parse_nested(text: str) -> Parsed:
    """As parse_one(); also an expression of PL/pgSQL, whose text is kept as it stands. Raises Unparsable."""
    try:
        return parse_one(text)
    except Unparsable as why:
        try:
            return parse_one(f"SELECT {_ASSIGNED.sub('', text)}")
        except Unparsable:
            raise why from None


def split(text: str) -> list[str]:
    """The pieces between semicolons, also where one of them is no statement; comments stay with what follows."""
    import postgast

    try:
        return list(postgast.split(text, method="scanner"))
    except postgast.PgQueryError:
        return [piece for piece in text.split(";\n") if piece.strip()]


def normalized(text: str) -> str:
    """The text with ``$n`` for its constants, as pg_stat_statements keeps it; "…" where that cannot be told."""
    import postgast

    try:
        return str(postgast.normalize(text))
    except (postgast.PgQueryError, UnicodeError):
        return text.split(None, 1)[0] + " …" if text.split() else "…"


def fingerprint(text: str) -> str | None:
    """The same for statements that differ in constants only."""
    import postgast

    try:
        return str(postgast.fingerprint(text).hex)
    except (postgast.PgQueryError, UnicodeError):
        return None


def written(kind: str, node: Node) -> str:
    """The text of a statement that was changed as a tree. Raises Unparsable."""
    import postgast
    from google.protobuf.message import EncodeError
    from postgast import pg_query_pb2

    tree: Any = pg_query_pb2.ParseResult()
    getattr(tree.stmts.add().stmt, kind).CopyFrom(node)
    try:
        return str(postgast.deparse(tree))
    except (postgast.PgQueryError, EncodeError, ValueError) as error:
        raise Unparsable(f"cannot be written down again: {error}") from None


def inner(node: Node) -> tuple[str, Node]:
    """What is inside libpg_query's Node wrapper; "" for nothing."""
    kind = node.WhichOneof("node")
    return (kind, getattr(node, kind)) if kind else ("", None)


_fields: dict[str, tuple[bool, bool] | None] = {}


def _field(field: Node) -> tuple[bool, bool] | None:
    """Whether a field holds wrapped nodes, and several; None where it holds no message."""
    name = field.full_name
    try:
        return _fields[name]
    except KeyError:
        message = field.message_type
        known = _fields[name] = None if message is None else (message.name == "Node", bool(field.is_repeated))
        return known


def children(message: Node) -> Iterator[Node]:
    """The messages right below one, wrappers taken off."""
    for field, value in message.ListFields():
        kind = _field(field)
        if kind is None:
            continue
        wrapped, repeated = kind
        for one in value if repeated else (value,):
            if not wrapped:
                yield one
            elif inside := one.WhichOneof("node"):
                yield getattr(one, inside)


def walk(message: Node) -> Iterator[Node]:
    """A message and everything below it."""
    todo = [message]
    while todo:
        one = todo.pop()
        yield one
        todo.extend(children(one))


def name_of(message: Node) -> str:
    """libpg_query's name of a message, such as ``FuncCall``."""
    return str(message.DESCRIPTOR.name)


def strings(nodes: Node) -> tuple[str, ...]:
    """A list of String nodes, as names are."""
    return tuple(node.string.sval for node in nodes if node.WhichOneof("node") == "string")


def constant(node: Node) -> str | None:
    """The text of a string, number or bit string (``x20000``), through casts; None for anything else."""
    kind, value = inner(node) if name_of(node) == "Node" else ("", node)
    if kind == "type_cast":
        return constant(value.arg)
    if kind == "a_const":
        if value.HasField("sval"):
            return str(value.sval.sval)
        if value.HasField("ival"):
            return str(value.ival.ival)
        if value.HasField("fval"):
            return str(value.fval.fval)
        if value.HasField("bsval"):
            return str(value.bsval.bsval)
    return None
