"""EXECUTE in PL/pgSQL: what can be told of a statement whose text is made at run time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from flatsplit import ddl
from flatsplit.rehearsal.grammar import (
    HOLE,
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
from flatsplit.rehearsal.values import Problem

if TYPE_CHECKING:
    from flatsplit.rehearsal.judge_protocol import Judging

_FORMAT = re.compile(r"%(?:(\d+)\$)?-?\d*([sIL%])")
_HOLE = f'"{HOLE}"'
_UNTOLD = "it runs a text that is put together at run time, what it does cannot be told"


class Known(NamedTuple):
    """What can be told of the names in an expression."""

    variables: Mapping[str, str | None]
    """Variables that the body sets: the expression, or None where there are several."""
    given: Mapping[str, str]
    """Parameters for which the call has constants."""


def problems(judge: Judging, expression: str, path: tuple[str, ...] | None, known: Known) -> list[Problem]:
    """Problems of a dynamic statement. One whose names are all fixed is judged like any other."""
    try:
        text = _template(_parsed(expression), known)
        statements = parse(text) if text else []
    except Unparsable:
        statements = []
    if not statements:
        return [Problem("unknown", _UNTOLD)]
    found: list[Problem] = []
    for parsed in statements:
        holes = any(_has_hole(part) for part in walk(parsed.node))
        said = judge.statement(parsed, path)
        certain = [_without_hole(each) for each in said if _certain(each)]
        if holes and parsed.kind not in ("create_stmt", "index_stmt", "create_table_as_stmt"):
            certain = [each for each in certain if each.outcome in ("denied", "migrator")]
            if not certain:
                return [Problem("unknown", _UNTOLD)]
        found += certain or [each._replace(object="") for each in said if each.outcome != "unknown"]
    # It fails in the middle of the application's statement, so it is not the migration tool's work
    return [each._replace(outcome="denied") if each.outcome == "migrator" else each for each in found]


def _certain(problem: Problem) -> bool:
    """Whether a problem holds for any name: the role owns nothing in that schema, and no temporary table
    can be meant.
    """
    text = problem.object + problem.reason
    return HOLE not in text or (problem.outcome == "migrator" and f".{HOLE}" in text and f"{HOLE}." not in text)


def _without_hole(problem: Problem) -> Problem:
    if HOLE not in problem.object + problem.reason:
        return problem
    return problem._replace(object="", reason=problem.reason.replace(HOLE, "…"))


def _has_hole(part: Node) -> bool:
    if name_of(part) == "RangeVar":
        return HOLE in (part.relname, part.schemaname)
    if name_of(part) == "Alias":  # the part behind a name may belong to it
        return bool(part.aliasname == HOLE)
    return name_of(part) == "String" and part.sval == HOLE


def _parsed(expression: str) -> Node:
    return parse_one(f"SELECT ({expression})").node.target_list[0].res_target.val


def _template(node: Node, known: Known) -> str | None:
    """The text with holes for what is not known; None where even that cannot be told."""
    kind, value = inner(node)
    if kind == "type_cast":
        return _template(value.arg, known)
    fixed = constant(node)
    if fixed is not None:
        return fixed
    if kind in ("column_ref", "param_ref"):
        return _variable(strings(value.fields) if kind == "column_ref" else (f"${value.number}",), known)
    if kind == "a_expr" and strings(value.name) == ("||",):
        left, right = _template(value.lexpr, known), _template(value.rexpr, known)
        if left is None:
            return None
        return left + (_HOLE if right is None else right)
    return _called(value, known) if kind == "func_call" else None


def _called(call: Node, known: Known) -> str | None:
    name = strings(call.funcname)[-1]
    arguments = [_template(each, known) for each in call.args]
    if name == "format" and arguments and arguments[0] is not None:
        return _formatted(arguments[0], arguments[1:])
    if name == "concat" and arguments and arguments[0] is not None:
        return "".join(_HOLE if part is None else part for part in arguments)
    if name == "quote_ident" and len(arguments) == 1 and arguments[0] is not None:
        return _ident(arguments[0])
    return "NULL" if name == "quote_literal" else None


def _variable(names: tuple[str, ...], known: Known) -> str | None:
    """What a variable or parameter holds. Its expression is followed as long as it does not refer to itself."""
    name = names[0] if len(names) == 1 else ""
    if name not in known.variables:
        return known.given.get(name)
    expression = known.variables[name]
    if expression is None:
        return None
    try:
        return _template(_parsed(expression), Known({**known.variables, name: None}, known.given))
    except Unparsable:
        return None


def _ident(value: str) -> str:
    return _HOLE if HOLE in value else ddl.ident(value)


def _formatted(pattern: str, arguments: list[str | None]) -> str:
    place = iter(range(len(arguments)))

    def filled(match: re.Match[str]) -> str:
        if match[2] == "%":
            return "%"
        number = int(match[1]) - 1 if match[1] else next(place, -1)
        value = arguments[number] if 0 <= number < len(arguments) else None
        if match[2] == "L":
            return "NULL"
        if value is None:
            return _HOLE
        return _ident(value) if match[2] == "I" else value

    return _FORMAT.sub(filled, pattern)
