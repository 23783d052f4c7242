"""How many rows of tenants tables have, counted only on request."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import psycopg
from psycopg import sql

from flatsplit.evidence.as_owner import answers
from flatsplit.model import ObjectRef
from flatsplit.tenants import Belonging, Survey


class Rows(NamedTuple):
    """The numbers of one table."""

    total: int
    nobodys: int = 0
    """Rows whose key, or whose way to it, is NULL."""
    strangers: int = 0
    """Rows whose key is in no row of the root."""
    crossing: int = 0
    """Rows with a foreign key to a row of another tenant."""
    largest: int = 0
    """Rows of the tenant that has most of them."""
    tenants: int = 0
    """Tenants that have rows."""


def count(conn: psycopg.Connection[Any], found: Survey, owners: dict[ObjectRef, str]) -> dict[ObjectRef, Rows]:
    """The numbers of every table with a kind; the tables of an owner are counted together."""
    assert found.root is not None
    counted: dict[ObjectRef, Rows] = {}
    by_owner: dict[str, list[Belonging]] = {}
    for one in found.belongings.values():
        by_owner.setdefault(owners[one.ref], []).append(one)
    for owner, some in sorted(by_owner.items()):
        rows = answers(conn, owner, [_question(one, found) for one in some])
        counted.update((one.ref, Rows(*row[0])) for one, row in zip(some, rows, strict=True))
    return counted


def keys(conn: psycopg.Connection[Any], found: Survey) -> tuple[str, ...]:
    """The keys of all tenants, in their order."""
    root = found.root
    assert root is not None
    key, table = sql.Identifier(root.primary_key[0]), sql.Identifier(root.ref.schema, root.ref.name)
    question = sql.SQL("SELECT to_json(t.{key}::text) FROM {table} AS t ORDER BY t.{key}").format(key=key, table=table)
    return tuple(answers(conn, root.owner, [question])[0])


def _question(one: Belonging, found: Survey) -> sql.Composable:
    table = sql.Identifier(one.ref.schema, one.ref.name)
    if one.kind in ("shared", "hidden", "root"):
        return sql.SQL("SELECT json_build_array(count(*)) FROM {}").format(table)
    assert found.root is not None
    root = sql.Identifier(found.root.ref.schema, found.root.ref.name)
    keys = sql.SQL("SELECT {key} AS key, {crossing} AS crosses FROM {table} AS t {joins}").format(
        key=_key(one), crossing=_crossing(one, found), table=table, joins=joins(one)
    )
    return sql.SQL(
        "WITH k AS MATERIALIZED (SELECT q.key, count(*) AS rows, count(*) FILTER (WHERE q.crosses) AS crossing "
        "FROM ({keys}) AS q GROUP BY 1) "
        "SELECT json_build_array(coalesce(sum(k.rows), 0), coalesce(sum(k.rows) FILTER (WHERE k.key IS NULL), 0), "
        "coalesce(sum(k.rows) FILTER (WHERE k.key IS NOT NULL AND r.{id} IS NULL), 0), coalesce(sum(k.crossing), 0), "
        "coalesce(max(k.rows) FILTER (WHERE k.key IS NOT NULL), 0), count(k.key)) "
        "FROM k LEFT JOIN {root} AS r ON r.{id} = k.key"
    ).format(keys=keys, root=root, id=sql.Identifier(found.root.primary_key[0]))


def _key(one: Belonging) -> sql.Composable:
    return sql.Identifier(f"p{len(one.links)}" if one.links else "t", one.column)


def joins(one: Belonging, prefix: str = "p", first: str = "t") -> sql.Composable:
    """The joins from the rows of a table (``first``) to its key, which is in the last of ``p1``, ``p2`` and so on."""
    parts: list[sql.Composable] = []
    before = first
    for place, link in enumerate(one.links, start=1):
        alias = f"{prefix}{place}"
        pairs = sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(sql.Identifier(alias, there), sql.Identifier(before, here))
            for here, there in zip(link.columns, link.targets, strict=True)
        )
        table = sql.Identifier(link.schema, link.table)
        parts.append(sql.SQL("LEFT JOIN {} AS {} ON {}").format(table, sql.Identifier(alias), pairs))
        before = alias
    return sql.SQL(" ").join(parts)


def _crossing(one: Belonging, found: Survey) -> sql.Composable:
    """The condition that a row refers to one of another tenant, by a foreign key to a table with a key of its own."""
    tests = list(_tests(one, found))
    return sql.SQL(" OR ").join(tests) if tests else sql.SQL("false")


def _tests(one: Belonging, found: Survey) -> Iterable[sql.Composable]:
    table = found.structure.tables[one.ref]
    for fk in table.foreign_keys:
        target = found.belongings.get(fk.target)
        if target is None or target.kind != "own" or (one.links and one.links[0].columns == fk.columns):
            continue
        pairs = sql.SQL(" AND ").join(
            sql.SQL("{} = {}").format(sql.Identifier("x", there), sql.Identifier("t", here))
            for here, there in zip(fk.columns, fk.targets, strict=True)
        )
        yield sql.SQL("EXISTS (SELECT FROM {} AS x WHERE {} AND {} <> {})").format(
            sql.Identifier(target.ref.schema, target.ref.name), pairs, sql.Identifier("x", target.column), _key(one)
        )
