"""Conditions that become slower under row-level security, because they might reveal hidden rows.

Only leakproof operators and functions are evaluated before a policy (manual, "Rules and Privileges";
order_qual_clauses() in createplan.c). The others, among them LIKE, numeric, jsonb, arrays and full text, only see rows
that pass the policy: no index can serve them, and each reads all rows of the tenant.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from flatsplit.model import ObjectRef
from flatsplit.rehearsal.actor import Actor
from flatsplit.rehearsal.grammar import PLANNED, Node, Unparsable, inner, name_of, parse_one, strings, walk
from flatsplit.rehearsal.relation_parts import Relation
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.uses import uses_of

_WORDS = {"~~": "LIKE", "~~*": "ILIKE", "!~~": "NOT LIKE", "!~~*": "NOT ILIKE"}


def slower(actor: Actor, text: str, tables: Collection[ObjectRef]) -> tuple[str, ...]:
    """A line for each condition of a statement that an index served and that no index can serve any more."""
    try:
        parsed = parse_one(text)
    except Unparsable:
        return ()
    if parsed.kind not in PLANNED:
        return ()
    asked = {
        use.alias: relation
        for use in uses_of(parsed.node).relations
        for relation in actor.resolve(use.schema, use.name).relations
        if relation.ref in tables
    }
    return tuple(dict.fromkeys(_told(actor, parsed.node, asked))) if asked else ()


def _told(actor: Actor, node: Node, asked: dict[str, Relation]) -> Iterator[str]:
    for operator, function, alias, column in _conditions(node):
        for relation in [asked[alias]] if alias in asked else asked.values() if not alias else ():
            found = actor.world.leaky(operator, function, relation.oid, column)
            if found and found[0] and found[1]:
                what = _WORDS.get(operator, operator) or f"{function}()"
                where = f"{shown(relation.ref)}.{column}"
                yield f"{what} on {where} is not leakproof: behind a policy {found[1]} does not serve it"


def _conditions(node: Node) -> Iterator[tuple[str, str, str, str]]:
    """(operator, function, alias or "", column) of each condition on rows."""
    for part in walk(node):
        for field in ("where_clause", "quals"):
            if field in part.DESCRIPTOR.fields_by_name and part.HasField(field):
                for each in walk(getattr(part, field)):
                    yield from _asked(each)


def _asked(part: Node) -> Iterator[tuple[str, str, str, str]]:
    kind = name_of(part)
    if kind == "A_Expr" and part.HasField("lexpr"):
        yield from ((strings(part.name)[-1], "", *each) for each in _column(part.lexpr))
    elif kind == "FuncCall":
        for argument in part.args:
            yield from (("", strings(part.funcname)[-1], *each) for each in _column(argument))


def _column(node: Node) -> Iterator[tuple[str, str]]:
    kind, value = inner(node)
    names = strings(value.fields) if kind == "column_ref" else ()
    if names and len(names) == len(value.fields):
        yield (names[-2] if names[1:] else "", names[-1])
