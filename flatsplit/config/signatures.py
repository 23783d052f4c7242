"""The arguments of a routine, as people write them and as the catalog prints them. Pure.

pg_get_function_identity_arguments() prints modes and names as well, and types as format_type() does. PostgreSQL
identifies a routine by the types of its input arguments (manual, ALTER FUNCTION, "Parameters"), by any of their names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_SAME = {
    "int": "integer",
    "int2": "smallint",
    "int4": "integer",
    "int8": "bigint",
    "bool": "boolean",
    "float": "double precision",
    "float4": "real",
    "float8": "double precision",
    "decimal": "numeric",
    "dec": "numeric",
    "varchar": "character varying",
    "char varying": "character varying",
    "char": "character",
    "bpchar": "character",
    "varbit": "bit varying",
    "timestamptz": "timestamp with time zone",
    "timestamp": "timestamp without time zone",
    "timetz": "time with time zone",
    "time": "time without time zone",
}
"""Types that the grammar and pg_type spell differently from format_type()."""
_WORDS = frozenset({*_SAME.values()})
_MODES = re.compile(r"(?:in|inout|variadic) +", re.IGNORECASE)
_PRECISION = re.compile(r" *\( *\d+(?: *, *-?\d+)? *\)")


def same_arguments(written: str, printed: str) -> bool:
    """Whether these are the arguments of that routine: types alone, or with names and modes, which are ignored."""
    given, there = _going_in(written), _going_in(printed)
    return len(given) == len(there) and all(
        any(other == one or other.endswith(f" {one}") for one in _readings(each))
        for each, other in zip(given, there, strict=True)
    )


def _going_in(args: str) -> list[str]:
    return [each for each in _split(args) if not each.upper().startswith(("OUT ", "TABLE "))]


def _readings(argument: str) -> Iterator[str]:
    """An argument as written, its type as printed, and the same without what may be its name."""
    yield argument
    text = _MODES.sub("", argument, count=1) if _MODES.match(argument) else argument
    text = _PRECISION.sub("", text.replace("pg_catalog.", ""))
    text = " ".join(text.split()) if '"' in text else " ".join(text.lower().split())
    brackets = text[len(text.rstrip("[]")) :]
    text = text.removesuffix(brackets).rstrip()
    yield _SAME.get(text, text) + brackets
    name, _, rest = text.partition(" ")
    if rest and text not in _SAME and text not in _WORDS and name:
        yield _SAME.get(rest, rest) + brackets


def _split(args: str) -> list[str]:
    """The arguments between commas that are outside parentheses and quotes."""
    found, depth, quoted, start = [], 0, False, 0
    for place, char in enumerate(args):
        if char == '"':
            quoted = not quoted
        elif not quoted and char in "()[]":
            depth += 1 if char in "([" else -1
        elif char == "," and not quoted and depth == 0:
            found.append(args[start:place].strip())
            start = place + 1
    last = args[start:].strip()
    return [*found, last] if last else found
