"""The tracking schema: whether it exists, has this version and can be trusted; creates, migrates and removes it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import psycopg
from psycopg import sql

from flatsplit import ddl
from flatsplit.connection import Session
from flatsplit.errors import JournalError, MissingRights, Waiting
from flatsplit.journal import intact, revisions
from flatsplit.journal.layout import HEAD, RECORDER, SCHEMA, TABLES, VERSION_TABLE
from flatsplit.walks import marks
from flatsplit.words import listed

LOCK_TIMEOUT = "5s"
"""How long ``forget`` waits for readers of the journal, and others wait behind it."""

_SCHEMA = sql.Identifier(SCHEMA)

_LOOK = """
WITH RECURSIVE
  home AS (SELECT oid, nspowner FROM pg_namespace WHERE nspname = %(schema)s),
  -- by membership rows, not pg_has_role(): a superuser is a "member" of every role, also of legacy
  mine AS (
    SELECT oid FROM pg_roles WHERE rolname IN (session_user, current_user)
    UNION
    SELECT m.roleid FROM pg_auth_members AS m JOIN mine ON m.member = mine.oid
  ),
  relation AS (
    SELECT c.oid, c.relname, c.relkind, c.relowner FROM pg_class AS c JOIN home ON c.relnamespace = home.oid
    WHERE c.relname <> %(recorder)s -- a superuser's, where the operator is none
  ),
  owner AS (SELECT nspowner AS oid FROM home UNION SELECT relowner FROM relation),
  theirs AS (
    SELECT oid FROM pg_roles WHERE rolname = ANY (%(untrusted)s)
    UNION
    SELECT m.roleid FROM pg_auth_members AS m JOIN theirs ON m.member = theirs.oid
  )
SELECT
  pg_get_userbyid(home.nspowner),
  (SELECT oid FROM relation WHERE relname = %(version)s AND relkind = 'r') IS NOT NULL,
  (SELECT count(*) FROM relation) > 0,
  has_schema_privilege(home.oid, 'USAGE')
    AND coalesce((SELECT bool_and(has_table_privilege(oid, 'SELECT')) FROM relation WHERE relkind = 'r'), true),
  coalesce((SELECT bool_and(has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE'))
            FROM relation WHERE relkind = 'r'), true),
  (SELECT min(r.rolname) FROM owner JOIN pg_roles AS r USING (oid)
   WHERE r.oid IN (SELECT oid FROM theirs) OR NOT r.rolsuper AND r.oid NOT IN (SELECT oid FROM mine)),
  current_user,
  coalesce((SELECT pg_get_userbyid(min(relowner::bigint)::oid) FROM relation
            WHERE relkind = 'r' AND NOT (has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT')
                                         AND has_table_privilege(oid, 'UPDATE'))), pg_get_userbyid(home.nspowner))
FROM home
"""

_MARKED_BY = ("cutover", "step", "action", "change", "baseline", VERSION_TABLE)
_RENAMED = """
SELECT n.nspname::text
FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname <> %s AND c.relname = ANY (%s) AND c.relkind = 'r'
GROUP BY 1 HAVING count(*) = %s ORDER BY 1
"""
"""Another schema with the tables that every release has had."""


class TrackingSchema(NamedTuple):
    """What was found under the name of the tracking schema."""

    owner: str
    tracking: bool
    """Whether it has a version table, so that it is flatsplit's or claims to be."""
    occupied: bool
    """Whether it contains anything."""
    readable: bool
    writable: bool
    stranger: str | None
    """An owner of anything in it whom the operator has no reason to trust."""
    operator: str
    closed_by: str
    """Whom the tables belong to that the operator may not read or write; the owner where there is none."""


def look(session: Session, untrusted: Sequence[str] = ()) -> TrackingSchema | None:
    """What is there; None where there is no schema of that name. Roles that ``untrusted`` could act as are
    strangers.
    """
    parameters = {"schema": SCHEMA, "version": VERSION_TABLE, "untrusted": list(untrusted), "recorder": RECORDER}
    row = session.driver.execute(_LOOK, parameters).fetchone()
    return TrackingSchema(*row) if row else None


def revision(session: Session) -> str | None:
    """The newest migration that the schema has seen."""
    query = sql.SQL("SELECT version_num FROM {}.{}").format(_SCHEMA, sql.Identifier(VERSION_TABLE))
    row = session.driver.execute(query).fetchone()
    return row[0] if row else None


def require_current(session: Session, untrusted: Sequence[str]) -> None:
    """Raise where the schema is missing, has another version, has an owner not to be trusted, or is closed to the
    operator.
    """
    found = look(session, untrusted)
    if found is None or not found.tracking:
        raise absent(session)
    _require_trust(found)
    if not found.readable or (session.write and not found.writable):
        raise MissingRights(
            f"{found.operator} may not {'write' if found.readable else 'read'} the tracking schema, "
            f"which belongs to {found.closed_by}",
            f"GRANT {_quoted(found.closed_by)} TO {_quoted(found.operator)}, or run flatsplit as {found.closed_by}",
        )
    _require_revision(revision(session))


def absent(session: Session) -> JournalError:
    """The error where there is no tracking schema: what became of it, as far as that can be told."""
    if (name := renamed(session)) is not None:
        return JournalError(
            f"the tracking schema of this database is called {name} now",
            f"ALTER SCHEMA {ddl.ident(name)} RENAME TO {SCHEMA};",
        )
    marked = "SELECT r.rolname FROM pg_roles AS r WHERE shobj_description(r.oid, 'pg_authid') = %s ORDER BY 1"
    made = [role for (role,) in session.driver.execute(marked, (marks.mark(session.driver.info.dbname),))]
    if not made:
        return JournalError("this database has no tracking schema", "run flatsplit init")
    return JournalError(
        f"this database has no tracking schema, and flatsplit has made {listed(made, 4)} for it",
        "restore the schema flatsplit from a backup: it knows how everything was before; flatsplit init begins anew, "
        "from how it is now",
    )


def renamed(session: Session) -> str | None:
    """The name of another schema that has the tables of a tracking schema."""
    row = session.driver.execute(_RENAMED, (SCHEMA, list(_MARKED_BY), len(_MARKED_BY))).fetchone()
    return row[0] if row else None


def _require_revision(stands: str | None) -> None:
    if stands == HEAD:
        return
    if stands is None or (stands.isdigit() and int(stands) < int(HEAD)):
        raise JournalError(
            f"the tracking schema is of an older flatsplit (revision {stands or 'none'}, this one needs {HEAD})",
            "run flatsplit init to upgrade it",
        )
    raise JournalError(
        f"this flatsplit is older than the tracking schema (revision {stands}, this one knows {HEAD})",
        "install the newest flatsplit: pip install --upgrade flatsplit",
    )


def _require_trust(found: TrackingSchema) -> None:
    # Whoever owns a table can put a trigger on it, which would run with the operator's rights. Legacy usually owns the
    # database and could have created this schema first.
    if found.stranger is not None:
        raise JournalError(
            f"the schema {SCHEMA} (or something in it) belongs to {found.stranger}, which is not the operators' role",
            f"if it is: GRANT {_quoted(found.stranger)} TO {_quoted(found.operator)}; "
            "else have the schema renamed or given to the operators",
        )


def upgrade(session: Session, owner: str | None, readers: Sequence[str]) -> None:
    """Create the schema or migrate it, give it to ``owner``, and let ``readers`` read it."""
    found = look(session, readers)
    if found and found.occupied and not found.tracking:
        raise JournalError(
            f"a schema named {SCHEMA} exists and is not flatsplit's", "rename it, then run flatsplit init"
        )
    if found is None:
        _create(session, owner)
    else:
        _require_trust(found)
        if found.tracking:
            stands = revision(session)
            if stands is not None and not (stands.isdigit() and int(stands) <= int(HEAD)):
                _require_revision(stands)
        if owner is not None and owner != found.owner:
            _give_to(session, owner)
    made = found is None
    found = look(session, readers)
    assert found is not None
    _require_trust(found)
    with _as_role(session, found.owner, found.operator):
        if found.tracking:
            revisions.upgrade(session)
        else:
            revisions.begin(session)
        if made:
            intact.narrow(session)
        grant_readers(session, readers)
        intact.require_intact(session, rights=made)


def _create(session: Session, owner: str | None) -> None:
    statement = sql.SQL("CREATE SCHEMA {}").format(_SCHEMA)
    if owner is not None:
        statement += sql.SQL(" AUTHORIZATION {}").format(sql.Identifier(owner))
    try:
        session.driver.execute(statement)
    except psycopg.errors.UndefinedObject:
        raise MissingRights(f"there is no role {owner}", "create it, or leave --owner out") from None
    except psycopg.errors.InsufficientPrivilege as error:
        raise MissingRights(
            f"the operator may not create the tracking schema: {error.diag.message_primary}",
            f"have the database's owner or a superuser run: {_lacking(session, owner)}",
        ) from None
    statement = sql.SQL("COMMENT ON SCHEMA {} IS {}").format(
        _SCHEMA, sql.Literal("Journal of flatsplit, which splits the rights of one role; flatsplit forget removes it")
    )
    session.driver.execute(statement)


def _lacking(session: Session, owner: str | None) -> str:
    """What the operator needs to make the schema; it asks nothing, since the transaction has failed."""
    info = session.driver.info
    operator = ddl.ident(info.user)
    needs = [f"GRANT CREATE ON DATABASE {ddl.ident(info.dbname)} TO {operator};"]
    if owner is not None and owner != info.user:
        needs.append(f"GRANT {ddl.ident(owner)} TO {operator};")
    return " ".join(needs)


def _give_to(session: Session, owner: str) -> None:
    heir = sql.Identifier(owner)
    session.driver.execute(sql.SQL("ALTER SCHEMA {} OWNER TO {}").format(_SCHEMA, heir))
    for table in tables(session):
        session.driver.execute(sql.SQL("ALTER TABLE {} OWNER TO {}").format(sql.Identifier(SCHEMA, table), heir))


def tables(session: Session) -> list[str]:
    """The tables of flatsplit that exist, those that refer to others after these."""
    query = "SELECT relname FROM pg_class WHERE relnamespace = %s::regnamespace AND relkind = 'r'"
    there = {name for (name,) in session.driver.execute(query, (SCHEMA,))}
    return [name for name in (*TABLES, VERSION_TABLE) if name in there]


@contextmanager
def _as_role(session: Session, role: str, operator: str) -> Iterator[None]:
    """Create as the owner, so that everything belongs to it and not to the operator of the upgrade."""
    if role == operator:
        yield
        return
    row = session.driver.execute("SELECT current_setting('role')").fetchone()
    assert row is not None
    try:
        session.driver.execute("SELECT set_config('role', %s, true)", (role,))
    except psycopg.errors.InsufficientPrivilege:
        raise MissingRights(
            f"{operator} may not act as {role}, which owns the tracking schema",
            f"GRANT {_quoted(role)} TO {_quoted(operator)}",
        ) from None
    yield
    session.driver.execute("SELECT set_config('role', %s, true)", row)  # after an error the rollback resets it


def grant_readers(session: Session, readers: Sequence[str]) -> None:
    """Let these roles ("": PUBLIC) read everything: without it their pg_dump of the database fails."""
    for statement in (
        "GRANT USAGE ON SCHEMA {schema} TO {roles}",
        "GRANT SELECT ON {tables} TO {roles}",
        "GRANT SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {roles}",
    ):
        _for_roles(session, statement, readers)


def admit(session: Session, readers: Sequence[str]) -> None:
    """The same at a later time, as the schema's owner."""
    found = look(session)
    if found is not None and readers:
        with _as_role(session, found.owner, found.operator):
            grant_readers(session, readers)


def revoke_readers(session: Session, readers: Sequence[str]) -> None:
    """Revoke that, so that nothing here depends on these roles."""
    for statement in (
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {roles}",
        "REVOKE ALL ON {tables} FROM {roles}",
        "REVOKE ALL ON SCHEMA {schema} FROM {roles}",
    ):
        _for_roles(session, statement, readers)


def _for_roles(session: Session, statement: str, roles: Sequence[str]) -> None:
    if roles:
        names = sql.SQL(", ").join(sql.Identifier(role) if role else sql.SQL("PUBLIC") for role in roles)
        own = sql.SQL(", ").join(sql.Identifier(SCHEMA, table) for table in tables(session))
        session.driver.execute(sql.SQL(statement).format(schema=_SCHEMA, tables=own, roles=names))


def lock_all(session: Session) -> list[str]:
    """Lock all tables until the transaction ends; returns their names."""
    names = tables(session)
    listed = sql.SQL(", ").join(sql.Identifier(SCHEMA, name) for name in names)
    session.driver.execute("SELECT set_config('lock_timeout', %s, true)", (LOCK_TIMEOUT,))
    try:
        session.driver.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(listed))
    except psycopg.errors.LockNotAvailable:
        raise Waiting("somebody is reading flatsplit's tables (a backup?)", "run the command again later") from None
    return names


def drop(session: Session) -> None:
    """Drop the schema, but nothing that others have built on it."""
    names = lock_all(session)
    listed = sql.SQL(", ").join(sql.Identifier(SCHEMA, name) for name in names)
    _drop_recorder(session)
    try:
        session.driver.execute(sql.SQL("DROP TABLE {}").format(listed))
        session.driver.execute(sql.SQL("DROP SCHEMA {}").format(_SCHEMA))
    except psycopg.errors.DependentObjectsStillExist as error:
        others = (error.diag.message_detail or "").splitlines()
        raise JournalError(
            f"something else uses the tracking schema: {others[0] if others else error.diag.message_primary}",
            "drop or move it, then run flatsplit forget again",
        ) from None


def _drop_recorder(session: Session) -> None:
    """Drop the recorder, its event triggers first: without the table they would warn at each command."""
    for statement in ddl.forget_recorder():
        try:
            session.driver.execute(statement.encode())
        except psycopg.errors.InsufficientPrivilege as error:
            raise MissingRights(
                f"structural changes are still recorded, and ending that is not the operator's: "
                f"{error.diag.message_primary}",
                f"have a superuser run: {' '.join(ddl.forget_recorder())}",
            ) from None


def _quoted(name: str) -> str:
    return sql.Identifier(name).as_string(None)
