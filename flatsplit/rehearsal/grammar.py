"""PostgreSQL's own grammar in Python.

postgast is libpg_query: the parser of PostgreSQL 18, extended for the texts of pg_stat_statements (``interval $1``). It
has the BSD licence; pglast, the better known binding, has the GPL. sqlglot has a grammar of its own, which knows
neither PL/pgSQL nor all of PostgreSQL's statements.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

from flatsplit.rehearsal import scripts

Node: TypeAlias = Any
"""A protobuf message of libpg_query. There are hundreds of types, and they say little."""

PLANNED = frozenset({"select_stmt", "insert_stmt", "update_stmt", "delete_stmt", "merge_stmt"})
"""Kinds of statements that the planner plans, so that EXPLAIN takes them."""

HOLE = "flatsplit:hole"
"""Stands for a name that is known only at run time."""


class Unparsable(Exception):
    """The text is no statement of PostgreSQL's, or one of a newer version."""


class Parsed(NamedTuple):
    """One statement."""

    kind: str
    """libpg_query's name for it, such as ``select_stmt``."""
    node: Node
    text: str


_NAMELESS = frozenset({"transaction_stmt", "deallocate_stmt", "fetch_stmt", "close_portal_stmt"})
"""Kinds in which pg_stat_statements replaces a name by ``$1`` (since 17, fetch since 19), which the grammar does not
allow.
"""

_PARAMETER = re.compile(r"\$\d+\b")


def parse(text: str) -> list[Parsed]:
    """The statements of a text. Raises Unparsable."""
    if text.startswith("\\"):
        raise Unparsable(f"holds {scripts.MORE[scripts.command(text)]}: rehearse that too, from a log or as a file")
    try:
        return _statements(text)
    except Unparsable:
        if scripts.has_variables(text):
            raise Unparsable("holds variables of psql's, whose values are not known: rehearse it from a log") from None
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
            # Protobuf allows a hundred levels, which an expression with fifty operators in a row reaches
            if len(text) > _DEEP:
                raise
            _allow_depth()
            return postgast.parse(text)
    except (postgast.PgQueryError, UnicodeError) as error:
        raise Unparsable(str(error).splitlines()[0]) from None
    except DecodeError:
        raise Unparsable("nested too deeply") from None


_DEEP = 30_000
"""Length in characters up to which a text may be nested to any depth: a level takes three, and some of the C stack."""


def _allow_depth() -> None:
    from google.protobuf.internal import api_implementation

    module: Any = getattr(api_implementation, "_c_module", None)
    if hasattr(module, "SetAllowOversizeProtos"):
        module.SetAllowOversizeProtos(True)  # this also lifts the limit on depth
    if sys.getrecursionlimit() < _DEEP:
        sys.setrecursionlimit(_DEEP)  # since 3.11, frames of Python take no C stack


def parse_one(text: str) -> Parsed:
    """The single statement of a text. Raises Unparsable where there are none or several."""
    found = parse(text)
    if len(found) != 1:
        raise Unparsable("holds no statement" if not found else "holds several statements")
    return found[0]


_ASSIGNED = re.compile(r"\A\s*[\w$.\"]+(?:\[[^\]]*\])?\s*:?=\s*")


def parse_nested(text: str) -> Parsed:
    """As parse_one(), also for an expression of PL/pgSQL, whose text is kept as it is. Raises Unparsable."""
    try:
        return parse_one(text)
    except Unparsable as why:
        try:
            return parse_one(f"SELECT {_ASSIGNED.sub('', text)}")
        except Unparsable:
            raise why from None


def split(text: str) -> list[str]:
    """The statements of a text, also where one of them cannot be parsed; a comment belongs to what follows it."""
    return list(scripts.statements(text, lambda piece: fingerprint(piece) is not None))


def normalized(text: str) -> str:
    """The text with ``$n`` for its constants, as pg_stat_statements keeps it; "…" where it cannot be parsed."""
    import postgast

    try:
        return str(postgast.normalize(text))
    except (postgast.PgQueryError, UnicodeError):
        return text.split(None, 1)[0] + " …" if text.split() else "…"


def fingerprint(text: str) -> str | None:
    """A hash that is the same for statements that differ in constants only; None where the text cannot be parsed."""
    import postgast

    try:
        return str(postgast.fingerprint(text).hex)
    except (postgast.PgQueryError, UnicodeError):
        return None


def written(kind: str, node: Node) -> str:
    """The text of a statement whose tree was changed. Raises Unparsable."""
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
    """The kind and message inside libpg_query's Node wrapper; "" for an empty one."""
    kind = node.WhichOneof("node")
    return (kind, getattr(node, kind)) if kind else ("", None)


_fields: dict[str, tuple[bool, bool] | None] = {}


def _field(field: Node) -> tuple[bool, bool] | None:
    """For a field of messages: whether they are wrapped, and whether there are several. None for other fields."""
    name = field.full_name
    try:
        return _fields[name]
    except KeyError:
        message = field.message_type
        known = _fields[name] = None if message is None else (message.name == "Node", bool(field.is_repeated))
        return known


def children(message: Node) -> Iterator[Node]:
    """The messages directly below this one, without wrappers."""
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
    """The texts of a list of String nodes, as names are."""
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
