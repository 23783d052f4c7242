"""Other texts for a statement whose parameters have lost their types.

pg_stat_statements replaces constants by ``$1``, and with a constant its type is lost: ``$1 + $2`` is ambiguous,
``interval $1`` and ``extract($1 from …)`` are syntax errors, and ``GROUP BY date_trunc($2, …)`` is not the expression
that is selected.
"""

from __future__ import annotations

from collections.abc import Iterator

from flatsplit.rehearsal.grammar import Node, Parsed, Unparsable, inner, name_of, walk, written

WORTHWHILE = frozenset(
    {"42P18", "42725", "42883", "42804", "42803", "42601", "42846", "42P10", "22P02", "22023", "42P08"}
)
"""SQLSTATEs that a missing type can cause: indeterminate type, ambiguous or unknown function, grouping …"""

_TYPES = ("int4", "text", "timestamptz", "interval", "numeric", "jsonb", "float8", "bool", "uuid", "_text", "_int4")


def texts(parsed: Parsed) -> Iterator[str]:
    """Texts to try one after the other."""
    try:
        fixed = _copy(parsed.node)
        _fix_extract(fixed)
        yield written(parsed.kind, fixed)
        merged = _copy(fixed)
        _merge_groups(merged)
        yield written(parsed.kind, merged)
        for type_ in _TYPES:
            typed = _copy(merged)
            for holder in _untyped(typed):
                _cast(holder, type_)
            yield written(parsed.kind, typed)
    except Unparsable:
        return


def _copy(node: Node) -> Node:
    copy = type(node)()
    copy.CopyFrom(node)
    return copy


def _wrappers(node: Node) -> Iterator[Node]:
    """Every Node wrapper below a message."""
    for part in walk(node):
        for field, value in part.ListFields():
            if field.message_type is not None and field.message_type.name == "Node":
                yield from value if field.is_repeated else (value,)


def _fix_extract(node: Node) -> None:
    """Give ``extract($1 from x)`` a field. Which one does not matter for privileges."""
    for part in walk(node):
        if name_of(part) == "FuncCall" and part.funcname[-1].string.sval in ("extract", "date_part") and part.args:
            first = part.args[0]
            if inner(first)[0] == "param_ref":
                first.a_const.sval.sval = "epoch"


def _merge_groups(node: Node) -> None:
    """Make expressions in GROUP BY, ORDER BY and DISTINCT the same as those that are selected."""
    wanted = []
    for part in walk(node):
        if name_of(part) == "SelectStmt":
            for clause in (part.group_clause, part.sort_clause, part.distinct_clause, part.target_list):
                wanted += [each for each in clause if inner(each)[0]]
    for each in wanted:
        for holder in (each, *_wrappers(inner(each)[1])):
            kind, value = inner(holder)
            if kind == "param_ref" and value.number > 1:
                value.number = 1


def _untyped(node: Node) -> list[Node]:
    """Parameters that stand beside nothing with a type: another parameter, a constant, a call."""
    found: list[Node] = []
    for part in walk(node):
        if name_of(part) == "A_Expr":
            sides = [side for side in (part.lexpr, part.rexpr) if inner(side)[0]]
            kinds = [inner(side)[0] for side in sides]
            if "column_ref" not in kinds and "type_cast" not in kinds:
                found += [side for side, kind in zip(sides, kinds, strict=True) if kind == "param_ref"][:1]
        elif name_of(part) == "FuncCall":
            found += [each for each in part.args if inner(each)[0] == "param_ref"]
    if found:
        return found
    return [holder for holder in _wrappers(node) if inner(holder)[0] == "param_ref"]


def _cast(holder: Node, type_: str) -> None:
    number = holder.param_ref.number
    cast = holder.type_cast
    cast.arg.param_ref.number = number
    cast.type_name.names.add().string.sval = type_
    cast.type_name.typemod = -1
