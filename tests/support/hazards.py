"""Tests one hazard in a transaction: plants it, asks doctor, shows the failure, applies the fix, and rolls back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from flatsplit import hazards
from flatsplit.catalog import read_state
from flatsplit.catalog.structure import read_keys, read_structure
from flatsplit.config import PURPOSES, Config
from flatsplit.model import Finding
from flatsplit.tenants import survey
from flatsplit.walks.kind import Moment
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import SPLIT
from flatsplit.walks.split.remembered import reduce
from tests.fixtures.databases import Database

SHOP = Config("shop", "legacy", ("public",))
ROLES = PURPOSES

CRON = (
    "CREATE SCHEMA cron; CREATE TABLE cron.job (jobid bigint, schedule text, command text, database text, "
    "username text, jobname text); "
    "INSERT INTO cron.job VALUES (1, '0 3 * * *', 'secret', 'shop', 'legacy', 'nightly'), "
    "(2, '0 4 * * *', 'x', 'shop', 'vendor', NULL), (3, '* * * * *', 'x', 'shop', 'legacy', NULL); "
)
"""A table like pg_cron's, with two jobs of legacy's."""


def extension(name: str, *tables: str) -> str:
    """SQL that puts into the catalog what an extension that is not available here would, with these tables."""
    adopt = "".join(f"ALTER EXTENSION {name} ADD TABLE {table}; " for table in tables)
    return (
        "INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion) "
        f"VALUES (99999, '{name}', 10, 'public'::regnamespace, false, '1'); {adopt}"
    )


def look(
    conn: psycopg.Connection[Any], config: Config = SHOP, only: str = "", *, groups_by_walk: bool = False
) -> dict[str, Finding]:
    """What doctor says about the database as this session sees it, by hazard. The roles count as not adopted.

    With ``only`` one hazard is looked for, which is faster. ``groups_by_walk``: a walk of their own makes the groups,
    or has made them; otherwise they count as such before the split.
    """
    with pinned(conn):
        state = read_state(conn)
        if config.tenants is not None:
            structure = read_structure(conn, config.schemas)
            root = survey(config.tenants, structure).root
            keys = read_keys(conn, root) if root is not None and root.primary_key else None
            state = replace(state, structure=replace(structure, keys=keys))
        first = reduce(state, config)
        adopted = {name: facts for name, facts in first.roles.items() if name not in ROLES}
        before = replace(first, roles=adopted)
        moment = Moment(state, before, config, dict.fromkeys(SPLIT.keys, "pending"))
        context = SPLIT.context(moment) if groups_by_walk else Context(config, before)
        found = hazards.find(conn, state, context, lambda hazard: only in ("", hazard.id))
        for each in found:
            _runs(conn, each)
        return {one.id: one for one in found}


_ALONE = ("ALTER SYSTEM", "BEGIN;", "COMMIT PREPARED", "ROLLBACK PREPARED")
"""Statements that cannot run in the transaction of a test."""
_LASTING = re.compile(r"\bpg_(?:terminate_backend|drop_replication_slot|reload_conf)\b")
"""Functions whose effect is not undone by rolling back."""


_STATEMENT = re.compile(r"\b(?:ALTER|COMMENT|CREATE|DROP|GRANT|REASSIGN|REVOKE|SELECT|SET|UPDATE) .*", re.DOTALL)
"""A statement, alone or at the end of a sentence, which may have an apostrophe before it."""


def _runs(conn: psycopg.Connection[Any], finding: Finding) -> None:
    """Assert that a fix can be executed as printed: run the statements on lines of their own, and roll back."""
    assert "…" not in finding.fix, finding
    if "DO $" in finding.fix:
        return  # one statement of many lines, which has a test of its own
    said, *lines = _lines(finding.fix)
    later = re.search(r"\bafter (create-roles|grant-existing|enable-login|the last step)\b", said, re.IGNORECASE)
    statements = [] if later else [line for line in lines if line.endswith(";")]
    statements = [line for line in statements if not line.startswith(_ALONE) and not _LASTING.search(line)]
    if not statements:
        return
    refused = (psycopg.errors.LockNotAvailable, psycopg.errors.ReadOnlySqlTransaction)  # on a standby
    with ExitStack() as stack:
        runs = conn
        if "administrator run" in said:
            runs = stack.enter_context(psycopg.connect(make_conninfo(conn.info.dsn, user="postgres")))
        for line in statements:
            with suppress(*refused), runs.transaction(force_rollback=True):
                runs.execute(line.encode())


def _lines(text: str) -> list[str]:
    """The lines of a text, where a quoted name or constant with line breaks does not end a line."""
    found: list[str] = []
    for line in text.split("\n"):
        statement = _STATEMENT.search(found[-1]) if found else None
        if statement and any(statement[0].count(quote) % 2 for quote in "\"'"):
            found[-1] += f"\n{line}"
        else:
            found.append(line)
    return found


@contextmanager
def pinned(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Make the connection like flatsplit's own: with the login's role and the pinned search_path."""
    path = "SELECT current_setting('search_path'), current_setting('role')"
    row = conn.execute(path).fetchone()
    assert row is not None
    setting, role = row
    conn.execute("RESET ROLE; SET search_path = pg_catalog, pg_temp")
    yield
    conn.execute("SELECT set_config('search_path', %s, false)", [setting])
    conn.execute(sql.SQL("SET ROLE {}").format(sql.Identifier(role) if role != "none" else sql.SQL("NONE")))


def distributed(table: str) -> str:
    """SQL that puts into the catalog what Citus, which is not available here, would for a distributed table."""
    return (
        f"CREATE TABLE pg_dist (logicalrelid oid); INSERT INTO pg_dist VALUES ('{table}'::regclass); "
        f"{extension('citus', 'public.pg_dist')}"
        "UPDATE pg_class SET relname = 'pg_dist_partition', relnamespace = 'pg_catalog'::regnamespace "
        "WHERE relname = 'pg_dist'"
    )


class Case(NamedTuple):
    """A hazard, and how to test it."""

    hazard: str
    plant: str
    """SQL that makes the hazard, run as a superuser."""
    objects: tuple[str, ...] = ()
    severity: str = ""
    bites: str = ""
    """A statement that goes wrong because of the hazard, without flatsplit's help."""
    role: str = "app_user"
    """The role that runs it."""
    error: str = ""
    """The error that it gets; "" where it returns a wrong value instead."""
    value: Any = None
    """The wrong value."""
    cure: str = ""
    """The fix that doctor names, as SQL."""
    stays: bool = False
    """True where doctor cannot see the fix, and reports the hazard afterwards too."""
    absent: str = ""
    """SQL run first, as a superuser, where an empty database has the hazard already."""
    since: int = 13
    config: Config = SHOP


_empty: WeakKeyDictionary[psycopg.Connection[Any], dict[str, Finding]] = WeakKeyDictionary()
"""The findings in each database before anything is planted, read once for all cases."""


def check(conn: psycopg.Connection[Any], case: Case) -> None:
    """Assert that doctor reports the hazard only while it is there, and that the failure is there only as long.

    Everything is rolled back.
    """
    with conn.transaction(force_rollback=True):
        if case.absent:
            conn.execute(case.absent.encode())
        if case.absent or case.config is not SHOP:
            before = look(conn, case.config, case.hazard)
        else:
            before = _empty.setdefault(conn, {}) or look(conn)
            _empty[conn] = before
        assert case.hazard not in before, before[case.hazard]
        conn.execute(case.plant.encode())
        found = look(conn, case.config, case.hazard).get(case.hazard)
        assert found is not None, f"{case.hazard} is not found"
        assert found.objects == case.objects
        assert found.severity == (case.severity or hazards.REGISTRY[case.hazard].severity)
        assert found.why
        assert found.fix
        if case.bites:
            assert bitten(conn, case), f"{case.hazard} does not bite"
        if case.cure:
            conn.execute(case.cure.encode())
            if not case.stays:
                after = look(conn, case.config, case.hazard)
                assert case.hazard not in after, after[case.hazard]
            if case.bites:
                assert not bitten(conn, case), f"the fix of {case.hazard} does not help"


def bitten(conn: psycopg.Connection[Any], case: Case) -> bool:
    """Whether the statement fails as expected, or gives the wrong value."""
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(case.role)))
            cursor = conn.execute(case.bites.encode())
            while cursor.nextset():
                pass
            row = cursor.fetchone() if cursor.description else None
    except psycopg.Error as error:
        if case.error and case.error in str(error):
            return True
        if not case.error and isinstance(error, psycopg.errors.InsufficientPrivilege):
            return False  # the hazard was that it was allowed
        raise
    return not case.error and row is not None and row[0] == case.value


def doctor(database: Database, id_: str) -> Finding | None:
    """The finding of this hazard in a database whose old role may have any name; None where there is none."""
    return look(database.admin, replace(SHOP, legacy_role=database.legacy), id_).get(id_)
