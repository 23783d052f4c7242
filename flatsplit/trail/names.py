"""The names in a statement: of relations, roles, and objects of every other kind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import TypeAlias

from flatsplit.config import format_name
from flatsplit.rehearsal import grammar, statement_names
from flatsplit.rehearsal.grammar import Node, Parsed, strings

Name: TypeAlias = tuple[str, ...]
"""The parts of a name: schema and object, or the object alone."""


def shown(name: Name) -> str:
    """A name as SQL writes it; a routine of the server's with parentheses."""
    last = name[-1]
    if last.endswith("()"):
        return f"{format_name(*name[:-1], last[:-2])}()"
    return format_name(*name)


def relations(node: Node) -> tuple[Name, ...]:
    """The relations that a statement names."""
    found = (part for part in grammar.walk(node) if grammar.name_of(part) == "RangeVar" and part.relname)
    return each_once((part.schemaname, part.relname) for part in in_order(found))


def in_order(nodes: Iterable[Node]) -> list[Node]:
    """The nodes in the order of the text."""
    return sorted(nodes, key=lambda node: int(node.location))


def each_once(names: Iterable[Iterable[str]]) -> tuple[Name, ...]:
    """Each name once, without empty parts."""
    found = dict.fromkeys(tuple(part for part in name if part) for name in names)
    found.pop((), None)
    return tuple(found)


def names_of(parsed: Parsed) -> tuple[Name, ...]:
    """All names in a statement, those that it is about first."""
    node = parsed.node
    found: list[Iterable[str]] = []
    if parsed.kind == "drop_stmt":
        for each in node.objects:
            name = _dropped(each)
            if node.remove_type in _on_a_table() and len(name) > 1:
                found += [name[:-1], name[-1:]]  # for a trigger, rule or policy: its table, then its own name
            else:
                found.append(name)
    made = statement_names.made(parsed)
    if made is not None:
        found.append((made.schemaname, made.relname))
    found += _single(parsed)
    found += relations(node)
    created = statement_names.created_name(parsed)
    if created and not any(tuple(name)[-1:] == (created,) for name in found):
        found.append((created,))
    parts = list(grammar.walk(node))
    found += (strings(part.objname) for part in parts if grammar.name_of(part) == "ObjectWithArgs")
    roles = (part for part in parts if grammar.name_of(part) == "RoleSpec" and part.rolename)
    found += ((part.rolename,) for part in in_order(roles))
    return each_once(found)


@cache
def _on_a_table() -> frozenset[int]:
    from postgast import pg_query_pb2 as pb

    return frozenset({pb.OBJECT_TRIGGER, pb.OBJECT_RULE, pb.OBJECT_POLICY})


def _dropped(node: Node) -> Name:
    kind, value = grammar.inner(node)
    if kind == "string":
        return (value.sval,)
    if kind == "list":
        return tuple(strings(value.items))
    if kind == "object_with_args":
        return strings(value.objname)
    if kind == "type_name":
        return strings(value.names)
    return ()


_PLAIN = (
    *("subname", "dbname", "role", "schemaname", "name", "extname", "tablespacename", "servername", "fdwname"),
    *("policy_name", "pubname", "trigname", "rulename", "conname"),
)


def _single(parsed: Parsed) -> Iterator[Name]:
    """Names that a statement has as plain text or as a list in a field of its own."""
    node = parsed.node
    fields = {field.name: value for field, value in node.ListFields()}
    for key in ("granted_roles", "objects", "roles"):
        for each in fields.get(key, ()):
            kind, value = grammar.inner(each)
            if kind == "access_priv" and value.priv_name:
                yield (value.priv_name,)
            elif kind == "string":
                yield (value.sval,)
            elif kind == "list":
                yield tuple(strings(value.items))
    if "object" in fields and grammar.name_of(fields["object"]) == "Node":
        yield _dropped(fields["object"])
    for key in _PLAIN:
        value = fields.get(key)
        if isinstance(value, str) and value:
            yield (value,)
    for key in () if parsed.kind == "create_trig_stmt" else ("funcname", "domainname", "type_name", "defnames"):
        value = fields.get(key)
        if value is not None and not isinstance(value, str) and not hasattr(value, "DESCRIPTOR"):
            yield strings(value)
