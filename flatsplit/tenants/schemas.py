"""A schema per tenant: schemas with the same tables, where the schema says whose rows are, and no column does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from flatsplit.config import Grant, Special, format_name
from flatsplit.config.grants import render as render_grants
from flatsplit.config.special import render as render_special
from flatsplit.model import ObjectRef, Structure
from flatsplit.words import count

SCHEMAS = 3
"""From so many schemas on …"""
TABLES = 2
"""… with so many tables each; a copy or two beside the original are none per tenant."""
_ALIKE = 0.8
"""Where migrations run schema by schema, some lag behind: so much of their tables still has to be the same."""
_SAID = ("schema_name", "schema", "db_schema", "tenant_schema")
"""Usual names of a column that holds the name of a tenant's schema."""
_TABLES = ("table", "partitioned_table")


class Family(NamedTuple):
    """Schemas with the same tables."""

    schemas: tuple[str, ...]
    tables: tuple[str, ...]
    """Names of the tables in the one with most of them."""

    @property
    def said(self) -> str:
        """It in words: 14 schemas have the same 3 tables."""
        return f"{count(len(self.schemas), 'schema')} have the same {count(len(self.tables), 'table')}"


def families(tables: Iterable[ObjectRef]) -> list[Family]:
    """The families of schemas that these tables are in, the largest first."""
    within: dict[str, set[str]] = {}
    for ref in tables:
        within.setdefault(ref.schema, set()).add(ref.name)
    alike: dict[frozenset[str], list[str]] = {}
    for schema, names in within.items():
        if len(names) >= TABLES:
            alike.setdefault(frozenset(names), []).append(schema)
    merged: list[tuple[frozenset[str], list[str]]] = []
    for same, schemas in sorted(alike.items(), key=lambda each: (-len(each[1]), -len(each[0]), sorted(each[1]))):
        near = (one for one in merged if len(same & one[0]) >= _ALIKE * len(same | one[0]))
        if (there := next(near, None)) is not None:
            there[1].extend(schemas)
        else:
            merged.append((same, list(schemas)))
    found = [
        Family(tuple(sorted(schemas)), tuple(sorted(names))) for names, schemas in merged if len(schemas) >= SCHEMAS
    ]
    return sorted(found, key=lambda one: (-len(one.schemas), one.schemas))


def families_of(structure: Structure) -> list[Family]:
    """The same for the tables of a structure. Kept with it."""
    found = structure.worked_out.get(families_of)
    if not isinstance(found, list):
        found = families(ref for ref, table in structure.tables.items() if not table.parent)
        structure.worked_out[families_of] = found
    return found


def without_families(structure: Structure) -> Structure:
    """The tables that are in none of these schemas."""
    apart = {schema for family in families_of(structure) for schema in family.schemas}
    if not apart:
        return structure
    return Structure({ref: table for ref, table in structure.tables.items() if ref.schema not in apart}, structure.keys)


def naming(structure: Structure) -> list[tuple[ObjectRef, str]]:
    """Tables outside of these schemas with a column that is called like the name of a schema, with that column."""
    return [
        (ref, column.name)
        for ref, table in sorted(without_families(structure).tables.items())
        for column in table.columns
        if column.name.lower() in _SAID
    ]


def role_for(family: Family, objects: Iterable[ObjectRef]) -> list[str]:
    """The sections of flatsplit.toml for a special role that works in the first of these schemas and nowhere else.

    ``objects``: tables and sequences, of any schema.
    """
    schema = family.schemas[0]
    inside = sorted(ref for ref in objects if ref.schema == schema)
    tables = tuple(format_name(schema, ref.name) for ref in inside if ref.kind in _TABLES)
    sequences = tuple(format_name(schema, ref.name) for ref in inside if ref.kind == "sequence")
    name = f"tenant_{schema}"
    quoted = schema.replace('"', '""')
    role = Special(name, new_tables="write", settings=(("search_path", f'"{quoted}", public'),))
    grants = [Grant(name, privilege, tables) for privilege in ("select", "insert", "update", "delete")]
    used = [Grant(name, "usage", sequences)] if sequences else []
    return [*render_special((role,)), *render_grants((*grants, *used))][1:]
