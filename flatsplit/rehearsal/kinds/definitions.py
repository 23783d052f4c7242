"""Reads the options of a statement: what follows WITH, and lists in parentheses."""

from __future__ import annotations

from flatsplit.rehearsal.grammar import Node, inner, strings


def definitions(nodes: Node) -> dict[str, Node]:
    """DefElem nodes by name."""
    return {each.def_elem.defname: each.def_elem.arg for each in nodes if inner(each)[0] == "def_elem"}


def names_in(node: Node) -> tuple[str, ...]:
    """The name that is the value of an option: of a routine, a type or an operator."""
    kind, value = inner(node)
    if kind == "type_name":
        return strings(value.names)
    if kind == "list":
        return strings(value.items)
    if kind == "string":
        return (str(value.sval),)
    return strings(value.objname) if kind == "object_with_args" else ()
