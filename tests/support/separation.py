"""Asserts what must hold after the last step, for any schema and any way of retiring the old role."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from tests.support import rights
from tests.support.dependencies import dependencies_of
from tests.support.rights import Relation, Trial
from tests.support.snapshot import owned_by
from tests.support.walk import Walk


@dataclass(frozen=True)
class Possessions:
    """What legacy owned before the walk."""

    relations: tuple[Relation, ...]
    routines: tuple[str, ...]
    everything: frozenset[str]

    @classmethod
    def of(cls, conn: psycopg.Connection[Any], role: str) -> Possessions:
        return cls(
            tuple(rights.relations_of(conn, role)),
            tuple(rights.routines_of(conn, role)),
            frozenset(owned_by(conn, role)),
        )


def assert_separated(walk: Walk, had: Possessions) -> None:
    """The four roles can what they should and nothing more, and legacy is what ``retire`` says."""
    assert had.relations, "legacy owned nothing: this would prove nothing"
    wrong = _retired(walk) + _moved(walk, had)
    with ExitStack() as sessions:
        user, migrator, reader = (
            Trial(sessions.enter_context(walk.connect(role)))
            for role in (walk.app_user, walk.app_migrator, walk.app_readonly)
        )
        schemas = walk.schemas()
        rights.try_reading(user, had.relations)
        rights.try_writing(user, had.relations)
        rights.try_routines(user, had.routines, structure=False)
        rights.try_structure(user, had.relations)
        rights.try_granting(user, had.relations)
        rights.try_creating(user, schemas)

        rights.try_structure(migrator, had.relations, can=True)
        rights.try_routines(migrator, had.routines, structure=True)
        rights.try_creating(migrator, schemas, can=True)
        for schema in schemas:
            rights.try_new_table(migrator, user, reader, schema)

        rights.try_reading(reader, had.relations)
        rights.try_writing(reader, had.relations, can=False)
        rights.try_structure(reader, had.relations)
        rights.try_creating(reader, schemas)

        if walk.retire == "repurpose":
            legacy = Trial(sessions.enter_context(walk.connect(walk.database.legacy)))
            rights.try_reading(legacy, had.relations)
            rights.try_writing(legacy, had.relations)
            rights.try_structure(legacy, had.relations)
            rights.try_granting(legacy, had.relations)
            rights.try_creating(legacy, schemas)
            wrong += legacy.wrong
        wrong += user.wrong + migrator.wrong + reader.wrong
    shown = "\n".join(wrong[:40] + ([f"… {len(wrong) - 40} more"] if len(wrong) > 40 else []))
    assert not wrong, f"\n{shown}"


_FOR_SUPERUSERS = ("event trigger ", "foreign-data wrapper ", "publication ", "extension ")
"""Kinds of objects that only superusers may own: dba gets them, and the bootstrap superuser keeps its extensions."""


def _moved(walk: Walk, had: Possessions) -> list[str]:
    """Assert that app_migrator owns everything that legacy did, and nothing was dropped or given to somebody else."""
    lost = had.everything - set(owned_by(walk.database.admin, walk.app_migrator))
    if walk.legacy_was_superuser:
        lost -= {name for name in owned_by(walk.database.admin, walk.dba) if name.startswith(_FOR_SUPERUSERS)}
        lost -= {name for name in owned_by(walk.database.admin, walk.database.legacy) if name.startswith("extension ")}
    return [f"not owned by {walk.app_migrator}: {name}" for name in sorted(lost)]


def _retired(walk: Walk) -> list[str]:
    """Assert that legacy has what ``retire`` leaves to it, and no more."""
    conn, legacy = walk.database.admin, walk.database.legacy
    row = conn.execute("select oid::int, rolcanlogin, rolsuper from pg_roles where rolname = %s", [legacy]).fetchone()
    if walk.retire == "drop":
        return [] if row is None else [f"{legacy} still exists"]
    assert row is not None, f"{legacy} is gone"
    oid, login, superuser = row
    wrong = [
        f"{legacy} still owns {name}"
        for name in owned_by(conn, legacy)
        if oid != 10 or not name.startswith("extension ")
    ]
    if login != (walk.retire == "repurpose"):
        wrong.append(f"{legacy} {'can' if login else 'cannot'} log in")
    if oid == 10:
        return wrong  # pinned: nothing can be asked of pg_shdepend, and nobody can take SUPERUSER from it
    if superuser:
        wrong.append(f"{legacy} is still a superuser")
    if walk.retire == "revoke":
        wrong += [f"depends on {legacy}: {what}" for what in dependencies_of(conn, legacy)]
        members = conn.execute(
            """
            select m.roleid::regrole::text || ' ← ' || m.member::regrole::text from pg_auth_members m
            where m.member = %(oid)s
            """,
            {"oid": oid},
        ).fetchall()
        wrong += [f"still a membership: {name}" for (name,) in members]
        try:
            with conn.transaction(force_rollback=True):
                conn.execute(sql.SQL("drop role {}").format(sql.Identifier(legacy)))
        except psycopg.Error as error:
            wrong.append(f"DROP ROLE {legacy}: {error} {error.diag.message_detail}")
    return wrong
