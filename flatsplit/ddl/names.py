"""Names of objects: quoted for SQL, and in words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache

from psycopg import sql

from flatsplit.errors import FlatsplitError
from flatsplit.model import PUBLIC, RELATIONS, ROUTINES, TABLES, ObjectRef, OnDemand

CACHED = 1 << 15
"""How many rendered names are kept. The name of an object is in a statement, its undo and its record, for several
grantees. With more objects it is still kept between a statement and its undo; more would take too much memory.
"""

_PLAIN = re.compile(r"[A-Za-z0-9_]+")
_OPERATOR = re.compile(r"[-+*/<>=~!@#%^&|`?]+")

_LINES = ("\n", "\r")

_MODES = ("IN ", "OUT ", "INOUT ", "VARIADIC ")
"""Argument modes as the server writes them; an argument with such a name is printed in quotes."""

_ALTER_WORD: dict[str, str] = {
    "partitioned_table": "TABLE",
    "function": "ROUTINE",
    "procedure": "ROUTINE",
    "aggregate": "ROUTINE",
}


@lru_cache(maxsize=CACHED)
def ident(*parts: str) -> str:
    """One quoted, dotted identifier: ``ident("public", "a b")`` → ``"public"."a b"``."""
    if _PLAIN.fullmatch("".join(parts)) and all(parts):  # nothing has to be escaped, and there are thousands
        return '"' + '"."'.join(parts) + '"'
    return sql.Identifier(*parts).as_string(None)


def literal(value: str) -> str:
    """A quoted string constant, safe under any standard_conforming_strings."""
    if _PLAIN.fullmatch(value):
        return f"'{value}'"
    return sql.Literal(value).as_string(None).strip()


_UNLIMITED = {"character": "bpchar", "bit": '"bit"'}


def type_name(kind: str) -> str:
    """A type's name without a length, for SQL, from what format_type() prints without one.

    In SQL the standard names ``character`` and ``bit`` alone mean a length of one (CharacterWithoutLength in gram.y).
    """
    return _UNLIMITED.get(kind, kind)


def role(name: str) -> str:
    """A grantee: a quoted role name, or PUBLIC."""
    return "PUBLIC" if name == PUBLIC else ident(name)


def alter_word(kind: str) -> str:
    """The keyword after ALTER for a kind: ``materialized_view`` → ``MATERIALIZED VIEW``."""
    return _ALTER_WORD.get(kind) or kind.replace("_", " ").upper()


_PLURALS = {"statistics": "statistics", "operator_class": "operator classes", "operator_family": "operator families"}
_PLURALS |= {"text_search_dictionary": "text search dictionaries", "policy": "policies"}


def plural(kind: str) -> str:
    """``materialized_view`` → ``materialized views``. Not SQL."""
    return _PLURALS.get(kind) or kind.replace("_", " ") + "s"


def grant_word(kind: str) -> str:
    """The keyword after ON in GRANT for a kind."""
    if kind in TABLES or kind in ("view", "materialized_view"):
        return "TABLE"
    if kind == "server":
        return "FOREIGN SERVER"
    return "TYPE" if kind == "domain" else alter_word(kind)


@lru_cache(maxsize=CACHED)
def name(ref: ObjectRef) -> str:
    """The object's name as ALTER and GRANT want it."""
    kind, schema, plain, _ = ref
    if kind in RELATIONS and schema and plain and _PLAIN.fullmatch(schema + plain):
        return f'"{schema}"."{plain}"'  # as ident() returns it, and there are thousands
    if kind in ROUTINES:
        # For ROUTINE a list without modes may also match all arguments of another routine, OUT included, and be
        # ambiguous
        mode = "IN " if ref.args and not ref.args.startswith(_MODES) else ""
        return f"{ident(ref.schema, ref.name)}({mode}{ref.args})"
    if kind == "operator":
        if not _OPERATOR.fullmatch(ref.name):
            raise FlatsplitError(f"the server names an operator {ref.name!r}", "report this as a bug in flatsplit")
        return f"{ident(ref.schema)}.{ref.name} ({ref.args})"
    if kind in ("operator_class", "operator_family"):
        return f"{ident(ref.schema, ref.name)} USING {ident(ref.args)}"
    if kind == "large_object":
        return str(int(ref.name))
    if kind == "parameter":
        return ident(*ref.name.split("."))
    return ident(ref.schema, ref.name) if ref.schema else ident(ref.name)


def names(refs: Sequence[ObjectRef]) -> list[str]:
    """:func:`name` of each. Relations of one schema with nothing to escape are quoted in one go."""
    schema, plain = refs[0].schema, [ref.name for ref in refs]
    alike = schema and all(plain) and {ref.schema for ref in refs} == {schema} and _relations(refs)
    if alike and _PLAIN.fullmatch(schema + "".join(plain)):
        return [f'"{schema}"."{each}"' for each in plain]
    return list(map(name, refs))


def _relations(refs: Iterable[ObjectRef]) -> bool:
    return {ref.kind for ref in refs} <= RELATIONS


@lru_cache(maxsize=CACHED)
def label(ref: ObjectRef) -> str:
    """The object as a person would write it: ``table public.orders``. Not SQL; one line."""
    if ref.kind == "column":
        text = f"column {ref.schema}.{ref.name}.{ref.args}"
    elif ref.kind == "policy":
        text = f"policy {ref.args} on {ref.schema}.{ref.name}"
    elif ref.kind == "user_mapping":
        text = f"user mapping of {ref.args or 'PUBLIC'} on server {ref.name}"
    else:
        dotted = f"{ref.schema}.{ref.name}" if ref.schema else ref.name
        args = f"({ref.args})" if ref.kind in ROUTINES or ref.kind == "operator" else ""
        text = f"{_word(ref.kind)} {dotted}{args}"
    return text.replace("\n", "\\n").replace("\r", "\\r")


@cache
def _word(kind: str) -> str:
    return kind.replace("_", " ")


class Labels(OnDemand[str]):
    """The names of objects as a person would write them."""

    __slots__ = ("_refs",)

    def __init__(self, refs: Sequence[ObjectRef]) -> None:
        self._refs = refs

    def __len__(self) -> int:
        return len(self._refs)

    def __iter__(self) -> Iterator[str]:
        if len(self._refs) == 1:  # of most statements: ALTER … OWNER is about one object
            return iter((label(self._refs[0]),))
        alike = {(ref.kind, ref.schema) for ref in self._refs}
        if all(schema and kind in RELATIONS for kind, schema in alike):
            begins = {each: f"{_word(each[0])} {each[1]}." for each in alike}
            found = [begins[ref[:2]] + ref.name for ref in self._refs]
            text = "".join(found)
            if not any(line in text for line in _LINES):
                return iter(found)
        return map(label, self._refs)


def alter_owner(ref: ObjectRef, owner: str) -> str:
    """``ALTER TABLE … OWNER TO …``."""
    return f"ALTER {alter_word(ref.kind)} {name(ref)} OWNER TO {ident(owner)};"


def as_superuser(role_: str, statement: str) -> str:
    """The statement with SUPERUSER for the role around it, which nobody outside the transaction sees."""
    return f"ALTER ROLE {ident(role_)} SUPERUSER; {statement} ALTER ROLE {ident(role_)} NOSUPERUSER;"


def dollar_quote(body: str) -> str:
    """``body`` between dollar quotes whose tag does not occur in it."""
    tag = "flatsplit"
    while f"${tag}$" in body:
        tag += "_"
    return f"${tag}$\n{body}\n${tag}$"
