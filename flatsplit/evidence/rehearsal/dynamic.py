"""EXECUTE in PL/pgSQL: what can be told of a text that is put together at run time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from flatsplit.evidence.rehearsal.grammar import (
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
from flatsplit.evidence.rehearsal.values import Problem

if TYPE_CHECKING:
    from flatsplit.evidence.rehearsal.judge import Judge

_FORMAT = re.compile(r"%(?:\d+\$)?-?\d*([sIL%])")
_UNTOLD = "it runs a text that is put together at run time, what it does cannot be told"


def problems(judge: Judge, expression: str, path: tuple[str, ...] | None) -> list[Problem]:
    """What speaks against a dynamic statement. One whose names are all fixed is judged like any other."""
    try:
        text = _template(parse_one(f"SELECT ({expression})").node.target_list[0].res_target.val)
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
    # It fails in the middle of the application's statement: that is not the migration tool's work any more
    return [each._replace(outcome="denied") if each.outcome == "migrator" else each for each in found]


def _certain(problem: Problem) -> bool:
    """Whether it holds for whatever name: it owns nothing in that schema, where no temporary table can be meant."""
    text = problem.object + problem.reason
    return HOLE not in text or (problem.outcome == "migrator" and f".{HOLE}" in text and f"{HOLE}." not in text)


def _without_hole(problem: Problem) -> Problem:
    if HOLE not in problem.object + problem.reason:
        return problem
    return problem._replace(object="", reason=problem.reason.replace(HOLE, "…"))


def _has_hole(part: Node) -> bool:
    if name_of(part) == "RangeVar":
        return HOLE in (part.relname, part.schemaname)
    return name_of(part) == "String" and part.sval == HOLE


def _template(node: Node) -> str | None:
    """The text with holes in it; None where even that cannot be told."""
    kind, value = inner(node)
    if kind == "type_cast":
        return _template(value.arg)
    fixed = constant(node)
    if fixed is not None:
        return fixed
    if kind == "a_expr" and strings(value.name) == ("||",):
        left, right = _template(value.lexpr), _template(value.rexpr)
        if left is None:
            return None
        return left + (f'"{HOLE}"' if right is None else right)
    if kind == "func_call":
        name = strings(value.funcname)[-1]
        if name == "format" and value.args:
            pattern = constant(value.args[0])
            return None if pattern is None else _FORMAT.sub(_hole, pattern)
        if name == "concat" and value.args:
            parts = [_template(each) for each in value.args]
            return None if parts[0] is None else "".join(f'"{HOLE}"' if part is None else part for part in parts)
        if name == "quote_literal":
            return "NULL"
    return None


def _hole(match: re.Match[str]) -> str:
    return {"%": "%", "L": "NULL"}.get(match[1], f'"{HOLE}"')
