"""Why a table is not known to belong to tenants."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flatsplit.config import format_name
from flatsplit.model import ObjectRef, Structure, Table
from flatsplit.tenants.kinds import APART, Belonging
from flatsplit.tenants.schemas import families_of
from flatsplit.tenants.similarity import must

_POLYMORPHIC = re.compile(r"(.+?)_?(?:type)", re.IGNORECASE)


def lonely(table: Table, structure: Structure, known: Mapping[ObjectRef, Belonging]) -> str:
    """The reason, in words, why neither keys nor names say whose rows a table has. ``known``: tables of known kind."""
    names = {column.name for column in table.columns}
    # A table with provider_type and provider_id and a required user_id belongs to its user and is not polymorphic
    declared = any(must(table, fk) for fk in table.foreign_keys)
    for name in sorted(names) if not declared else ():
        match = _POLYMORPHIC.fullmatch(name)
        stem = match[1] if match else ""
        others = {one.lower() for one in names - set(table.primary_key)}  # token_id of tokens is its own key
        if stem and {f"{stem}_id".lower(), f"{stem}id".lower()} & others:
            return f"polymorphic ({name}): no foreign key can say whose it is"
    for other, fk in structure.referring.get(table.ref[1:3], ()):
        one = known.get(other.ref)
        if one is not None and one.kind in APART:
            return f"named by {format_ref(one.ref)} ({', '.join(fk.columns)}), and nothing leads back"
    for family in families_of(structure):
        if table.ref.schema in family.schemas:
            return f"{family.said}: whose it is, its schema says, and no row"
    return "nothing leads from it to a tenant"


def format_ref(ref: ObjectRef) -> str:
    """A table's name as it is written in flatsplit.toml."""
    return format_name(ref.schema, ref.name)
