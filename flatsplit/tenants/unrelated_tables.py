"""Tables of which nothing says whose their rows are, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flatsplit.config import format_name
from flatsplit.model import ObjectRef, Structure, Table
from flatsplit.tenants.kinds import APART, Belonging
from flatsplit.tenants.similarity import must

_POLYMORPHIC = re.compile(r"(.+?)_?(?:type)", re.IGNORECASE)


def lonely(table: Table, structure: Structure, known: Mapping[ObjectRef, Belonging]) -> str:
    """Why nothing says whose its rows are."""
    names = {column.name for column in table.columns}
    declared = any(must(table, fk) for fk in table.foreign_keys)  # an account of a provider, say, is its user's
    for name in sorted(names) if not declared else ():
        match = _POLYMORPHIC.fullmatch(name)
        stem = match[1] if match else ""
        if stem and names & {f"{stem}_id", f"{stem}Id"}:
            return f"polymorphic ({name}): no foreign key can say whose it is"
    for other, fk in structure.referring.get(table.ref[1:3], ()):
        one = known.get(other.ref)
        if one is not None and one.kind in APART:
            return f"named by {format_ref(one.ref)} ({', '.join(fk.columns)}), and nothing leads back"
    return "nothing leads from it to a tenant"


def format_ref(ref: ObjectRef) -> str:
    """As it is written in flatsplit.toml."""
    return format_name(ref.schema, ref.name)
