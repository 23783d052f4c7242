"""Values for the columns of any table."""

from __future__ import annotations

import random
import re
from typing import Any, NamedTuple


class Column(NamedTuple):
    """One column, as the catalog has it; a domain's as the type below it."""

    name: str
    type: str
    kind: str
    category: str
    needed: bool
    given: bool
    kept: bool
    labels: list[str] | None
    once: bool


def value(column: Column, n: int, tries: int, dice: random.Random, words: list[str]) -> Any:
    """Something of the column's type, another one for each ``n``. ``words``: what constraints of its table name."""
    type_ = column.type.partition("(")[0]
    if column.labels:
        return column.labels[n % len(column.labels)]
    if column.category == "A":
        return "{}"
    if column.category == "S":
        limit = re.search(r"\((\d+)\)", column.type)
        text = dice.choice(words) if tries > 1 and words and dice.random() < 0.7 else f"{n}"
        return text[: int(limit[1])] if limit else text
    fixed = {
        "uuid": f"{n:08x}-0000-4000-8000-000000000001",
        "boolean": str(n % 2 == 0),
        "json": "{}",
        "jsonb": "{}" if tries % 3 else f'{{"n": {n}}}',
        "bytea": f"\\x{n:016x}",
        "inet": "10.0.0.1",
        "cidr": "10.0.0.0/8",
        "date": f"2{n // 300 % 900:03}-0{n % 9 + 1}-{n % 27 + 1:02}",
        "interval": f"{n} seconds",
        "tsvector": "a",
        "xml": "<a/>",
        "point": "(1,1)",
        "bit": "1",
    }
    if type_ in fixed:
        return fixed[type_]
    if type_.startswith("timestamp"):
        return f"2024-01-01 {n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}"
    if type_.startswith("time"):
        return "10:00"
    if column.category == "R":
        return "empty"
    if type_ == "smallint":
        return str(n % 30000 if tries < 2 else dice.randrange(4))
    return str(n if tries < 2 else dice.randrange(1, 20))
