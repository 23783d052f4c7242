"""Odd things found in real databases, besides those in the trap world: field.sql, part by part."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from tests.fixtures.databases import Database
from tests.support.world import Part, acting_as

FIELD = Path(__file__).with_suffix(".sql")
ROLES = ("vendor", "reporting", "newcomer", "team")
_HEAD = re.compile(r"^-- part (\w+) by (\w+)(?: since (\d+))?(?: until (\d+))?(?: for (\w+))?$", re.MULTILINE)


def parts(path: Path = FIELD) -> Iterator[Part]:
    """The parts of a file, in the order in which they are made."""
    found = _HEAD.split(path.read_text())[1:]
    for name, actor, since, until, condition, statements in zip(*[iter(found)] * 6, strict=True):
        yield Part(name, actor, statements, int(since or 13), int(until or 99), condition or "")


def build(database: Database, *, leave_out: Collection[str] = ()) -> None:
    """Make the parts in an empty database, in a cluster that has no other roles than legacy."""
    admin, major = database.admin, database.cluster.major
    names: dict[str, sql.Composable] = {
        "database": sql.Identifier(database.name),
        "legacy": sql.Identifier(database.legacy),
        "block": sql.SQL("int8" if major >= 14 else "int4"),
        **{role: sql.Identifier(role) for role in ROLES},
    }
    for role in ROLES:
        admin.execute(sql.SQL("create role {} login").format(sql.Identifier(role)))
    admin.execute(sql.SQL("grant create on database {database} to {legacy}").format(**names))
    admin.execute(sql.SQL("grant create on schema public to {legacy}").format(**names))
    known = set()
    for part in parts():
        known.add(part.name)
        if part.name in leave_out or part.since > major:
            continue
        actor = {"superuser": None, "legacy": database.legacy}.get(part.actor, part.actor)
        with acting_as(admin, actor):
            try:
                admin.execute(sql.SQL(part.statements).format(**names))
            except psycopg.Error as error:
                error.add_note(f"while building part {part.name!r}")
                raise
    assert set(leave_out) <= known
