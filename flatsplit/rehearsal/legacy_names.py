"""Statements that ask about the old role by name, and how the answer changes.

The answer of ``pg_has_role('legacy', 'MEMBER')`` or of ``current_user = 'legacy'`` depends on who asks: the role that
replaces legacy gets another one, without an error. A routine that raises, or a CHECK, turns that answer into an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from flatsplit import membership
from flatsplit.config import parse_name
from flatsplit.rehearsal.conditions import asks_login, asks_who
from flatsplit.rehearsal.grammar import (
    Node,
    Unparsable,
    children,
    constant,
    inner,
    name_of,
    parse_one,
    strings,
    walk,
)
from flatsplit.rehearsal.plpgsql import Guard
from flatsplit.rehearsal.remedies import shown
from flatsplit.rehearsal.values import Outcome, Problem, within

if TYPE_CHECKING:
    from flatsplit.rehearsal.actor import Actor
    from flatsplit.rehearsal.relation_parts import Expression, Relation
    from flatsplit.rehearsal.uses import RelationUse

Truth: TypeAlias = tuple[bool | None, bool | None]
"""The value for legacy, and for the role that replaces it; None where it cannot be told."""

_UNTOLD: Truth = (None, None)
_ASKS = re.compile(r"has_\w+_privilege")


def problems(actor: Actor, node: Node) -> list[Problem]:
    """Every answer in a statement that changes."""
    if actor.role == actor.before:
        return []
    return [_problem(actor, "silent", told) for told in dict.fromkeys(_changes(actor, node))]


def guarded(actor: Actor, node: Node, guard: Guard, said: list[Problem]) -> list[Problem]:
    """Problems of an IF whose condition (as a SELECT of it) has the problems ``said``."""
    named = problems(actor, node)
    if not named or (guard.otherwise is False and not guard.then):
        return said
    rest = [each for each in said if each not in named]
    before, after = truth(actor, node.target_list[0].res_target.val)
    raised, raises = (None if each is None else guard.then if each else guard.otherwise for each in (before, after))
    if raises and not raised and not guard.caught:
        return rest + [each._replace(outcome="denied", reason=f"{each.reason}, so it raises") for each in named]
    if raises is None or guard.caught:
        return rest + [each._replace(outcome="unknown", reason=f"{each.reason}, so it may raise") for each in named]
    return said


def written(actor: Actor, oid: int, letter: str) -> list[Problem]:
    """Problems of what writing a table evaluates, except defaults: constraints, conditions of triggers, rules."""
    found: list[Problem] = []
    for each in actor.world.expressions.get(oid, ()):
        if letter in each.commands and each.what != "default":
            found += _evaluated(actor, each)
    return found


def defaults(actor: Actor, relation: Relation, use: RelationUse) -> list[Problem]:
    """Problems of the defaults that a statement uses."""
    found: list[Problem] = []
    for each in actor.world.expressions.get(relation.oid, ()):
        if each.what == "default" and use.takes_default(each.name, each.number):
            found += _evaluated(actor, each)
    return found


def _evaluated(actor: Actor, expression: Expression) -> list[Problem]:
    try:
        node = parse_one(expression.text if expression.statement else f"SELECT {expression.text}").node
    except Unparsable:
        return []
    said = problems(actor, node)
    if expression.what == "constraint" and said:
        _, after = truth(actor, node.target_list[0].res_target.val)
        outcome: Outcome = "denied" if after is False else "unknown"
        said = [one._replace(outcome=outcome) for one in said]
    table = actor.world.by_oid.get(expression.relation)
    where = f"{expression.what} {expression.name}" + (f" of {shown(table.ref)}" if table else "")
    return within(where, said)


def truth(actor: Actor, node: Node) -> Truth:
    """The two values of a condition, as far as the name decides it."""
    kind, value = inner(node) if name_of(node) == "Node" else (_FIELDS.get(name_of(node), ""), node)
    if kind == "a_const" and value.HasField("boolval"):
        return (bool(value.boolval.boolval),) * 2
    if kind == "bool_expr":
        return _combined(actor, value)
    if kind == "type_cast":
        return truth(actor, value.arg)
    if kind == "boolean_test":
        return _tested(truth(actor, value.arg), value)
    if kind == "func_call":
        return _called(actor, value)
    return _compared(actor, value) if kind == "a_expr" else _UNTOLD


def _combined(actor: Actor, node: Node) -> Truth:
    from postgast import pg_query_pb2

    operator = pg_query_pb2.BoolExprType.Name(node.boolop)
    each = [truth(actor, one) for one in node.args]
    if operator == "NOT_EXPR":
        return _not(each[0])
    decides: bool = operator == "OR_EXPR"

    def value(side: int) -> bool | None:
        values: list[bool | None] = [one[side] for one in each]
        if decides in values:
            return decides
        return None if None in values else not decides

    return value(0), value(1)


def _not(of: Truth) -> Truth:
    return (None if of[0] is None else not of[0]), (None if of[1] is None else not of[1])


def _tested(of: Truth, node: Node) -> Truth:
    from postgast import pg_query_pb2

    test = pg_query_pb2.BoolTestType.Name(node.booltesttype)
    if test in ("IS_TRUE", "IS_NOT_FALSE"):
        return of
    return _not(of) if test in ("IS_FALSE", "IS_NOT_TRUE") else _UNTOLD


def _called(actor: Actor, call: Node) -> Truth:
    """The values of pg_has_role() and similar functions (acl.c), which ask about the current user where
    none is named.
    """
    names = strings(call.funcname)
    if len(names) > 1 and names[-2] != "pg_catalog":
        return _UNTOLD
    name, arguments = names[-1], list(call.args)
    if _ASKS.fullmatch(name):
        full = 4 if name == "has_column_privilege" else 3
        mine = len(arguments) == full and _named(actor, arguments[0]) == actor.before
        return (True, False) if mine and actor.before == actor.context.legacy else _UNTOLD
    if name != "pg_has_role" or len(arguments) not in (2, 3):
        return _UNTOLD
    if len(arguments) == 3 and not _asks(actor, walk(arguments[0])):
        return _UNTOLD
    role = _named(actor, arguments[-2])
    words = {word.strip().upper() for word in (constant(arguments[-1]) or "").split(",")}
    if role is None or not words <= {"MEMBER", "USAGE", "SET"}:
        return _UNTOLD
    return _is(actor, actor.before, role, words, live=True), _is(actor, actor.role, role, words, live=False)


def _is(actor: Actor, who: str, role: str, words: set[str], *, live: bool) -> bool:
    state, rights = (actor.live, actor.legacy) if live else (actor.goal, actor.rights)
    inherits = rights.superuser or role in rights.closure
    if words == {"USAGE"}:
        return inherits
    return membership.can_set_role(state, who, role) or (inherits and words != {"SET"})


def _named(actor: Actor, node: Node) -> str | None:
    """The role that an argument names: as a text, a cast of one, or a query for it."""
    for text in _texts(node):
        for role in (text, _folded(text)):
            if role in actor.live.roles:
                return role
    return None


def _folded(text: str) -> str:
    """A role's name as regrole reads it."""
    try:
        return parse_name(text.strip()).parts[-1]
    except ValueError:
        return text


def _compared(actor: Actor, node: Node) -> Truth:
    """The values of a comparison of the current user with names and nothing else."""
    from postgast import pg_query_pb2

    matches = _matching(strings(node.name)[-1:], pg_query_pb2.A_Expr_Kind.Name(node.kind))
    if matches is None:  # before the sides are searched: a
        return _UNTOLD
    sides = [list(walk(side)) for side in (node.lexpr, node.rexpr)]
    who = [_asks(actor, side) for side in sides]
    if who[0] == who[1] or any(
        name_of(part) in ("ColumnRef", "SubLink", "ParamRef") for side in sides for part in side
    ):
        return _UNTOLD
    texts = _texts(node.rexpr if who[0] else node.lexpr)
    if not texts:
        return _UNTOLD
    match, positive = matches
    found = tuple(any(match(text, name) for text in texts) == positive for name in (actor.before, actor.role))
    return found[0], found[1]


def _asks(actor: Actor, parts: Iterable[Node]) -> bool:
    """Whether these ask who it is, and get another answer now."""
    return any(asks_who(part) and not (actor.login_stays and asks_login(part)) for part in parts)


def _matching(operator: tuple[str, ...], kind: str) -> tuple[Callable[[str, str], bool], bool] | None:
    sign = operator[0] if operator else ""
    if kind in ("AEXPR_DISTINCT", "AEXPR_NOT_DISTINCT"):
        return _equal, kind == "AEXPR_NOT_DISTINCT"
    if sign in ("=", "<>", "!="):
        return _equal, sign == "="
    if sign in ("~~", "~~*", "!~~", "!~~*"):
        return (lambda text, name: _like(text, name, fold=sign.endswith("*"))), not sign.startswith("!")
    return None


def _equal(text: str, name: str) -> bool:
    if text.startswith("{") and text.endswith("}"):  # an array written as a text
        return name in [each.strip('"') for each in text[1:-1].split(",")]
    return name in (text, _folded(text))


def _like(pattern: str, name: str, *, fold: bool) -> bool:
    written = "".join({"%": ".*", "_": "."}.get(each, re.escape(each)) for each in pattern)
    return re.fullmatch(written, name, re.DOTALL | (re.IGNORECASE if fold else 0)) is not None


def _changes(actor: Actor, node: Node) -> Iterator[str]:
    """In words, the answers below a node that change. Conditions whose value stays the same are left out entirely."""
    for part in children(node):
        before, after = truth(actor, part) if name_of(part) in _FIELDS else _UNTOLD
        if before is not None and before == after:
            continue
        kind = name_of(part)
        if before is not None and after is not None and kind in ("FuncCall", "A_Expr"):
            yield _told(actor, part, before, after)
        elif kind == "CaseExpr" and part.HasField("arg") and _asks(actor, walk(part.arg)):
            if any(constant(each.case_when.expr) == actor.before for each in part.args):
                yield f"CASE compares who asks with {actor.before}, which is {actor.role} now"
            yield from _changes(actor, part)
        elif kind == "TypeCast" and _drops(actor) and _casts(actor, part):
            yield f"'{actor.before}'::regrole is an error once {actor.before} is dropped"
        else:
            yield from _changes(actor, part)


_FIELDS = {"BoolExpr": "bool_expr", "FuncCall": "func_call", "A_Expr": "a_expr", "BooleanTest": "boolean_test"}


def _drops(actor: Actor) -> bool:
    return actor.context.config.retire == "drop" and actor.before == actor.context.legacy


def _casts(actor: Actor, part: Node) -> bool:
    return strings(part.type_name.names)[-1:] == ("regrole",) and _named(actor, part.arg) == actor.before


def _told(actor: Actor, part: Node, before: bool, after: bool) -> str:
    words = {True: "true", False: "false"}
    if name_of(part) == "FuncCall":
        what = f"{strings(part.funcname)[-1]}('{_argument(actor, part)}', …)"
        if _ASKS.fullmatch(strings(part.funcname)[-1]):
            return f"{what} is {words[after]} once {actor.before} holds nothing"
    else:
        what = f"the comparison of who asks with {', '.join(map(repr, _texts(part)))}"
    return f"{what} is {words[before]} for {actor.before} and {words[after]} for {actor.role}"


def _argument(actor: Actor, call: Node) -> str:
    found = (_named(actor, each) for each in call.args)
    return next((each for each in found if each is not None), actor.before)


def _texts(part: Node) -> list[str]:
    return [str(each.sval.sval) for each in walk(part) if name_of(each) == "A_Const" and each.HasField("sval")]


def _problem(actor: Actor, outcome: Outcome, told: str) -> Problem:
    remedy = f"for the application's owner: name {actor.role} there as well, or a setting of the application's"
    if "is dropped" in told:
        remedy = f'for the application\'s owner: name {actor.role} there, or retire = "revoke"'
        outcome = "denied"
    return Problem(outcome, told, actor.before, "", remedy, differs=True)
