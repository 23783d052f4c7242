"""What the condition of a row-level security policy depends on: who asks, settings of the session, or
nothing at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from flatsplit.rehearsal.grammar import (
    Node,
    Unparsable,
    constant,
    inner,
    name_of,
    parse,
    parse_one,
    strings,
    walk,
)
from flatsplit.rehearsal.plpgsql import pieces
from flatsplit.rehearsal.plpgsql_tokens import NoBody


class Called(Protocol):
    """A routine of the application's, as far as conditions call it."""

    @property
    def oid(self) -> int:
        """Its oid in pg_proc."""

    @property
    def schema(self) -> str:
        """The schema it is in."""

    @property
    def language(self) -> str:
        """The language it is written in."""


class Routines(Protocol):
    """The part of the catalog that has the routines."""

    @property
    def routines_of(self) -> Mapping[str, Sequence[Called]]:
        """Routines by name."""

    def body(self, oid: int) -> tuple[str, str | None]:
        """The source, and for one in SQL the definition."""


_ROLE_SETTINGS = frozenset({"role", "session_authorization", "is_superuser"})
_FUNCTIONS = frozenset({"pg_has_role", "getpgusername", "row_security_active"})
_SET = re.compile(
    r"\bset_config\s*\(\s*(?:'([^']+)'|([^'\s]))|\bset\s+(?:local\s+|session\s+)?(\w+\s*\.\s*[\w.]+)\s*(?:=|to\b)",
    re.IGNORECASE,
)
_LEFT_OUT = {
    # functions → number of arguments of the form that names a role; with one less they ask about the current user
    # (acl.c)
    "has_table_privilege": 3,
    "has_any_column_privilege": 3,
    "has_column_privilege": 4,
    "has_sequence_privilege": 3,
    "has_schema_privilege": 3,
    "has_function_privilege": 3,
    "has_database_privilege": 3,
    "has_type_privilege": 3,
    "has_server_privilege": 3,
}


def settings_set(text: str) -> Iterator[str]:
    """The application's own settings that a text seems to set; "" where it may be any."""
    for match in _SET.finditer(text):
        constant_, expression, plain = match.groups()
        if expression:
            yield ""
        elif "." in (name := re.sub(r"\s", "", constant_ or plain).lower()):
            yield name


class PolicyCondition(NamedTuple):
    """A policy's condition, parsed."""

    text: str
    node: Node | None
    """None where it could not be parsed."""
    value: bool | None
    """Its value where that is the same for every row."""
    who: bool
    """Whether it depends on who asks."""
    settings: frozenset[str]
    """The application's own settings without which it fails."""


def read(routines: Routines, text: str) -> PolicyCondition:
    """Parse a condition as pg_get_expr() prints it."""
    try:
        node = parse_one(f"SELECT {text}").node.target_list[0].res_target.val
    except (Unparsable, IndexError):
        return PolicyCondition(text, None, None, True, frozenset())
    parts = list(_parts(routines, node, set()))
    settings = {name for part in parts for name in (_setting(part),) if name}
    return PolicyCondition(text, node, _truth(node), any(map(asks_who, parts)), frozenset(settings))


def asks_who(part: Node) -> bool:
    """Whether the value of this node depends on the role."""
    kind = name_of(part)
    if kind == "SQLValueFunction":
        from postgast import pg_query_pb2

        word = pg_query_pb2.SQLValueFunctionOp.Name(part.op)
        return word in ("SVFOP_CURRENT_ROLE", "SVFOP_CURRENT_USER", "SVFOP_USER", "SVFOP_SESSION_USER")
    if kind != "FuncCall":
        return False
    names = strings(part.funcname)
    if len(names) > 1 and names[-2] != "pg_catalog":
        return False
    if names[-1] == "current_setting":
        return bool(part.args) and (constant(part.args[0]) or "").lower() in _ROLE_SETTINGS
    return names[-1] in _FUNCTIONS or len(part.args) < _LEFT_OUT.get(names[-1], 0)


def asks_login(part: Node) -> bool:
    """Whether a node that asks who it is asks for the session's user, as which SECURITY DEFINER changes nothing."""
    from postgast import pg_query_pb2

    if name_of(part) == "SQLValueFunction":
        return bool(pg_query_pb2.SQLValueFunctionOp.Name(part.op) == "SVFOP_SESSION_USER")
    return name_of(part) == "FuncCall" and strings(part.funcname)[-1] == "current_setting"


def _setting(part: Node) -> str:
    """The application's own setting that the node reads and that is an error where it is not set
    (missing_ok is false).
    """
    if name_of(part) != "FuncCall" or strings(part.funcname)[-1:] != ("current_setting",) or not part.args:
        return ""
    name = constant(part.args[0]) or ""
    missing_ok = len(part.args) > 1 and _truth(part.args[1]) is not False
    return name.lower() if "." in name and not missing_ok else ""


def _truth(node: Node) -> bool | None:
    """The value of a boolean constant; None for anything else."""
    kind, value = inner(node) if name_of(node) == "Node" else ("", node)
    if kind == "type_cast":
        text = (constant(value.arg) or "").lower()
        return {"t": True, "true": True, "f": False, "false": False}.get(text, _truth(value.arg))
    if kind == "a_const" and value.HasField("boolval"):
        return bool(value.boolval.boolval)
    return None


def _parts(routines: Routines, node: Node, seen: set[int]) -> Iterator[Node]:
    """The nodes of the condition and of the application's functions that it calls."""
    for part in walk(node):
        yield part
        if name_of(part) != "FuncCall":
            continue
        names = strings(part.funcname)
        for routine in routines.routines_of.get(names[-1], ()):
            if routine.oid in seen or (len(names) > 1 and routine.schema != names[-2]):
                continue
            seen.add(routine.oid)
            for statement in _statements(routines, routine.oid, routine.language):
                yield from _parts(routines, statement, seen)


def _statements(routines: Routines, oid: int, language: str) -> Iterator[Node]:
    source, definition = routines.body(oid)
    if language == "plpgsql":
        try:
            texts = [piece.sql for piece in pieces(source)]
        except NoBody:
            return
    else:
        texts = [definition or source] if language == "sql" else []
    for text in texts:
        try:
            for parsed in parse(text):
                yield parsed.node.sql_body if definition is not None else parsed.node
        except Unparsable:
            continue
