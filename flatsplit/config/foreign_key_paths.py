"""How a foreign key to another table is written in flatsplit.toml: ``order_id -> public.orders(id)``."""

from __future__ import annotations

import re
from typing import NamedTuple

from flatsplit.config.grants import format_name, parse_name


class Way(NamedTuple):
    """A foreign key, declared or not: its columns, and the table it refers to; "" where the declared one is meant."""

    columns: tuple[str, ...]
    schema: str = ""
    table: str = ""
    targets: tuple[str, ...] = ()


_ANY = r'(?:"(?:[^"]|"")*"|[^"])'
_SHAPE = re.compile(
    rf"\s*(?P<columns>{_ANY}+?)\s*(?:->\s*(?P<table>{_ANY}+?)\s*\((?P<targets>{_ANY}+)\)\s*)?", re.DOTALL
)


def parse_way(text: str) -> Way:
    """Parse a value under ``through``; ValueError where it is not valid.

    Columns are separated by commas, each as it is or in double quotes where it has a comma, a parenthesis or an arrow
    in it.
    """
    match = _SHAPE.fullmatch(text)
    if match is None:
        raise ValueError(f"no way: {text!r}")
    columns = _pieces(match["columns"])
    if match["table"] is None:
        return Way(columns)
    name = parse_name(match["table"])
    targets = _pieces(match["targets"])
    if len(name.parts) != 2 or name.args is not None or len(targets) != len(columns):
        raise ValueError(f"no way: {text!r}")
    return Way(columns, *name.parts, targets)


def format_way(way: Way) -> str:
    """The text for it."""
    columns = ", ".join(map(_piece, way.columns))
    if not way.table:
        return columns
    return f"{columns} -> {format_name(way.schema, way.table)}({', '.join(map(_piece, way.targets))})"


_SPLIT = re.compile(r'\s*(?:"((?:[^"]|"")+)"|([^,"]+?))\s*(?:,|\Z)')


def _pieces(text: str) -> tuple[str, ...]:
    found, place = [], 0
    while place < len(text):
        match = _SPLIT.match(text, place)
        if match is None or re.search(r"->|[()]", match[2] or ""):
            raise ValueError(f"no column: {text!r}")
        found.append(match[1].replace('""', '"') if match[1] is not None else match[2])
        place = match.end()
    return tuple(found)


def _piece(column: str) -> str:
    plain = column == column.strip() and not re.search(r'[",()]|->', column)
    return column if plain else '"' + column.replace('"', '""') + '"'
