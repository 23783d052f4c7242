"""Which columns a statement gives a value, and which their default."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from flatsplit.rehearsal.grammar import Node, inner

ALL = 1600
"""As many columns as a table may have (MaxHeapAttributeNumber)."""


def reset(targets: Iterable[Node]) -> frozenset[str]:
    """The columns that SET gives DEFAULT."""
    return frozenset(each.res_target.name for each in targets if _given(each.res_target.val) == "set_to_default")


def _given(value: Node) -> str:
    """What kind of value a column is given, also by SET (a, b) = (…, …)."""
    kind, node = inner(value)
    if kind == "multi_assign_ref":
        source, row = inner(node.source)
        return inner(row.args[node.colno - 1])[0] if source == "row_expr" else source
    return kind


def defaulted(insert: Node) -> frozenset[str | int]:
    """The columns for which some row says DEFAULT."""
    kind, select = inner(insert.select_stmt) if insert.HasField("select_stmt") else ("", None)
    rows = [each.list.items for each in select.values_lists] if select is not None and kind == "select_stmt" else []
    return defaults_in(rows, [each.res_target.name for each in insert.cols])


def defaults_in(rows: Iterable[Sequence[Node]], names: Sequence[str]) -> frozenset[str | int]:
    """The columns, by name or else by number, for which one of the rows says DEFAULT."""
    places = {place for row in rows for place, value in enumerate(row) if inner(value)[0] == "set_to_default"}
    return frozenset(names[place] if names else place + 1 for place in places if not names or place < len(names))


def width(insert: Node) -> int | None:
    """How many columns an INSERT fills; 0 for DEFAULT VALUES, None where that cannot be told."""
    if not insert.HasField("select_stmt"):
        return 0
    kind, select = inner(insert.select_stmt)
    while kind == "select_stmt" and select.HasField("larg"):  # UNION and the like
        select = select.larg
    if kind != "select_stmt":
        return None
    if select.values_lists:
        return len(select.values_lists[0].list.items)
    given = [each.res_target.val for each in select.target_list]
    return None if not given or any(map(_is_star, given)) else len(given)


def _is_star(value: Node) -> bool:
    """Whether it stands for several columns: ``*``, ``t.*`` or ``(row).*``."""
    kind, node = inner(value)
    parts = node.fields if kind == "column_ref" else node.indirection if kind == "a_indirection" else ()
    return any(inner(part)[0] == "a_star" for part in parts)
