"""Columns, keys and indexes of the tables in scope, for the survey of tenants."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, cast

import psycopg
from psycopg import errors, sql

from flatsplit.catalog.memory import keep, recall
from flatsplit.catalog.session import PATIENCE, Look, look
from flatsplit.model import Column, ForeignKey, Kind, ObjectRef, Structure, Table


def read_structure(conn: psycopg.Connection[Any], schemas: Collection[str]) -> Structure:
    """The tables and partitioned tables of these schemas. Reads only catalogs: no rows of tables, nobody's code."""
    with look(conn) as at:
        wanted = list(schemas)
        before = recall(at)
        if before is not None and (known := before.structures.get(tuple(wanted))) is not None:
            return known
        keys = _grouped(at, "structure_keys", wanted)
        with at.hashing():
            indexes = _grouped(at, "structure_indexes", wanted)
        sequences = _grouped(at, "structure_sequences", wanted)
        tables = {}
        for oid, kind, schema, name, owner, part, rows, columns, inherits, shards in at.ask("structure_tables", wanted):
            ref = ObjectRef(cast(Kind, kind), schema, name)
            named = {number: name for number, name, *_ in columns}
            # Where an index has an expression as well, its columns tell only what it begins with
            mine = [
                (tuple(named[number] for number in numbers if number in named), named.get(numbers[0]), *row)
                for numbers, *row in indexes.get(oid, ())
            ]
            tables[ref] = Table(
                ref,
                owner,
                tuple(Column(*column) for _, *column in columns),
                next((index for index, _, _, primary, _ in mine if primary), ()),
                tuple(
                    ForeignKey(tuple(here), ObjectRef(cast(Kind, target_kind), target_schema, target), tuple(there))
                    for here, target_kind, target_schema, target, there in keys.get(oid, ())
                ),
                tuple(index for index, _, unique, *_ in mine if unique),
                frozenset(first for _, first, _, _, leads in mine if leads and first is not None),
                part,
                max(rows, 0.0),
                tuple(ObjectRef("sequence", *row) for row in sequences.get(oid, ())),
                shards,
                tuple((above, table) for above, table in inherits or ()),
            )
        found = Structure(tables)
        if (kept := keep(at, tables)) is not None:
            kept.structures[tuple(wanted)] = found
        return found


def read_keys(conn: psycopg.Connection[Any], root: Table) -> tuple[str, ...] | None:
    """The keys in the root table, as texts in their order; None where they are in several tables, may not be read, or
    the table is locked.

    An operator that is no superuser copies them as a member of the table's owner, and its membership ends right after
    that: policies do not apply to the owner, and would be planned.
    """
    schema, name = root.ref.schema, root.ref.name
    column = root.column(root.primary_key[0])
    if column is None or not column.builtin:
        return None
    with look(conn, writes=True) as at:
        plain, becomes = next(iter(at.ask("structure_plain", schema, name)), (False, False))
        if not plain or not (at.server.superuser or becomes):
            return None
        try:
            with at.letting_go():
                at.rows(PATIENCE)
                if not at.server.superuser:
                    at.join(root.owner)
                keys = at.copied(sql.Identifier(schema, name), column.name)
        except (errors.InsufficientPrivilege, errors.InvalidGrantOperation, errors.LockNotAvailable):
            return None
        at.only_reads()
        return tuple(at.texts(column.type, [key for (key,) in keys if key is not None]).values())


def spelled(conn: psycopg.Connection[Any], key_type: str, keys: Collection[str]) -> dict[str, str]:
    """These keys as the server prints them (``007`` as ``7``, a uuid in lower case), by how they are given.

    ``key_type``: that of the root's key. Those that are no values of it are left out.
    """
    wanted = list(dict.fromkeys(keys))
    try:
        with look(conn) as at:
            return at.texts(key_type, wanted)
    except (psycopg.DataError, UnicodeEncodeError):
        if len(wanted) == 1:
            return {}
    half = len(wanted) // 2
    return {**spelled(conn, key_type, wanted[:half]), **spelled(conn, key_type, wanted[half:])}


def _grouped(at: Look, question: str, schemas: list[str]) -> dict[int, list[tuple[Any, ...]]]:
    """Rows by the oid of their table, which is the first field."""
    found: dict[int, list[tuple[Any, ...]]] = {}
    rows: Iterable[tuple[Any, ...]] = at.ask(question, schemas)
    for oid, *row in rows:
        found.setdefault(oid, []).append(tuple(row))
    return found
