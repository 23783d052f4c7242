"""The tracking schema: made, owned, read, upgraded, refused."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from flatsplit.connection import Session, open_session
from flatsplit.errors import JournalError, MissingRights
from flatsplit.journal import HEAD, Journal, schema
from flatsplit.journal.layout import SCHEMA, TABLES, VERSION_TABLE
from flatsplit.journal.tables import metadata
from tests.fixtures.databases import Database
from tests.fixtures.servers import tool

# Everything about the tables that can differ, as the server prints it
CATALOG = """
WITH r AS (
  SELECT c.* FROM pg_class AS c WHERE c.relnamespace = 'flatsplit'::regnamespace AND c.relname NOT LIKE 'alembic%'
)
SELECT 'relation', r.relname, r.relkind::text, coalesce(obj_description(r.oid, 'pg_class'), '') FROM r
UNION ALL
SELECT 'column', r.relname || '.' || a.attname,
  concat_ws(' ', a.attnum, format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END,
            pg_get_expr(d.adbin, d.adrelid), a.attidentity),
  coalesce(col_description(r.oid, a.attnum), '')
FROM r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef AS d ON d.adrelid = r.oid AND d.adnum = a.attnum WHERE r.relkind = 'r'
UNION ALL
SELECT 'constraint', r.relname || '.' || k.conname, pg_get_constraintdef(k.oid), ''
FROM r JOIN pg_constraint AS k ON k.conrelid = r.oid
UNION ALL
SELECT 'index', r.relname, pg_get_indexdef(r.oid), '' FROM r WHERE r.relkind = 'i'
ORDER BY 1, 2, 3
"""


@pytest.fixture
def opened(database: Database) -> Iterator[Session]:
    with open_session(database.dsn) as made:
        yield made


@pytest.fixture
def journal(opened: Session, database: Database) -> Journal:
    made = Journal(opened)
    with opened.transaction():
        made.upgrade(None, [database.legacy])
    return made


def catalog(session: Session) -> list[tuple[Any, ...]]:
    return session.driver.execute(CATALOG.encode()).fetchall()


@pytest.mark.majors("two")
def test_the_migrations_lead_to_the_declared_tables(opened: Session, journal: Journal) -> None:
    assert journal.revision() == HEAD
    # Alembic looks for the foreign keys' targets by search_path
    context = MigrationContext.configure(
        opened.sa,
        opts={
            "include_schemas": True,
            "version_table_schema": SCHEMA,
            "include_name": lambda name, kind, _: kind != "schema" or name == SCHEMA,
            "compare_server_default": True,
        },
    )
    assert compare_metadata(context, metadata) == []
    assert tuple(table.name for table in metadata.sorted_tables) == TABLES
    migrated = catalog(opened)
    with opened.transaction():
        opened.driver.execute("DROP SCHEMA flatsplit CASCADE; CREATE SCHEMA flatsplit")
        metadata.create_all(opened.sa)
    assert catalog(opened) == migrated


def test_everything_is_explained_to_whoever_looks(opened: Session, journal: Journal) -> None:
    silent = [row[1] for row in catalog(opened) if row[0] == "column" and not row[3]]
    assert {name.split(".")[1] for name in silent} == {"id", "cutover_id", "step_id"}
    assert not [row[1] for row in catalog(opened) if row[0] == "relation" and row[2] == "r" and not row[3]]
    row = opened.driver.execute("SELECT obj_description('flatsplit'::regnamespace)").fetchone()
    assert row is not None
    assert "flatsplit forget removes it" in row[0]


def test_it_is_all_or_nothing(opened: Session, database: Database) -> None:
    journal = Journal(opened)

    def fail() -> None:
        with opened.transaction():
            journal.upgrade(None, [database.legacy])
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not journal.exists()
    assert journal.revision() is None
    assert journal.owner() is None
    with pytest.raises(RuntimeError):
        journal.upgrade(None, [])


def test_upgrading_what_is_up_to_date_changes_nothing(opened: Session, journal: Journal, database: Database) -> None:
    before = catalog(opened)
    with opened.transaction():
        journal.upgrade(None, [database.legacy])
    assert catalog(opened) == before
    journal.require_current([database.legacy])


@pytest.mark.majors("two")
def test_what_an_older_flatsplit_wrote_is_kept(
    opened: Session, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(opened)
    with monkeypatch.context() as older, opened.transaction():
        older.setattr(schema, "HEAD", "0002")
        older.setattr("flatsplit.journal.intact.require_intact", lambda *_, **__: None)  # it had fewer tables
        journal.upgrade(None, [database.legacy])
    rows = [("+", "owner", 'table public."a, b"', "x"), ("-", "owner", "{NULL}", "y"), ("+", "role", "", "")]
    with opened.driver.cursor() as cursor:
        cursor.executemany("INSERT INTO flatsplit.change VALUES (7, %s, %s, %s, %s)", rows)
    with opened.transaction():
        journal.upgrade(None, [database.legacy])
    assert [tuple(change) for change in journal.changes(7)] == rows


# -- who owns it and who may read it


def owners(session: Session) -> set[str]:
    rows = session.driver.execute(
        """SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relnamespace = 'flatsplit'::regnamespace
           UNION SELECT pg_get_userbyid(nspowner) FROM pg_namespace WHERE nspname = 'flatsplit'"""
    )
    return {name for (name,) in rows}


def test_it_belongs_to_the_operator(opened: Session, journal: Journal) -> None:
    assert owners(opened) == {"postgres"}
    assert journal.owner() == "postgres"


@pytest.mark.majors("two")
@pytest.mark.parametrize("superuser", [True, False], ids=["superuser", "createrole"])
def test_it_belongs_to_the_role_that_all_operators_share(database: Database, superuser: bool) -> None:
    options = "SUPERUSER" if superuser else "CREATEROLE"
    database.execute(f'CREATE ROLE "the ops"; CREATE ROLE anna LOGIN {options} IN ROLE "the ops"')
    database.execute('CREATE ROLE ben LOGIN IN ROLE "the ops"')
    if not superuser:
        database.execute(f'GRANT CREATE ON DATABASE "{database.name}" TO anna')
    with open_session(database.conninfo("anna")) as session:
        journal = Journal(session)
        with session.transaction():
            journal.upgrade("the ops", [database.legacy])
            assert session.driver.execute("SELECT current_user").fetchone() == ("anna",)
        assert owners(session) == {"the ops"}
        journal.require_current([database.legacy])
    with open_session(database.conninfo("ben")) as session:
        journal = Journal(session)
        journal.require_current([database.legacy])
        with session.transaction():
            journal.event("init", None, "it is ours")
        assert [event.db_user for event in journal.events()] == ["ben"]
        with session.transaction():
            journal.upgrade(None, [database.legacy])
        assert owners(session) == {"the ops"}


def test_it_can_be_given_to_another_role_later(opened: Session, journal: Journal, database: Database) -> None:
    database.execute("CREATE ROLE ops; GRANT ops TO postgres")
    with opened.transaction():
        journal.upgrade("ops", [database.legacy])
    assert owners(opened) == {"ops"}
    database.execute("REVOKE ops FROM postgres")


def test_its_owner_must_exist_and_be_the_operators(opened: Session, database: Database) -> None:
    journal = Journal(opened)
    with pytest.raises(MissingRights, match="no role nobody_at_all"), opened.transaction():
        journal.upgrade("nobody_at_all", [])
    database.execute("CREATE ROLE strangers")
    with pytest.raises(JournalError) as refused, opened.transaction():
        journal.upgrade("strangers", [])
    assert 'GRANT "strangers" TO "postgres"' in refused.value.fix
    with pytest.raises(JournalError, match="belongs to legacy"), opened.transaction():
        journal.upgrade(database.legacy, [database.legacy])


def test_an_operator_who_may_not_create_it_is_told_what_to_ask_for(database: Database) -> None:
    database.execute("CREATE ROLE carl LOGIN CREATEROLE")
    with open_session(database.conninfo("carl")) as session:
        with pytest.raises(MissingRights) as refused, session.transaction():
            Journal(session).upgrade(None, [])
        assert "CREATE SCHEMA flatsplit AUTHORIZATION" in refused.value.fix
        # The advice works
        database.execute("CREATE SCHEMA flatsplit AUTHORIZATION carl")
        with session.transaction():
            Journal(session).upgrade(None, [])
        Journal(session).require_current()


def test_an_operator_who_may_not_use_it_is_told_so(journal: Journal, database: Database) -> None:
    database.execute("CREATE ROLE dora LOGIN")
    with open_session(database.conninfo("dora")) as session, pytest.raises(MissingRights) as refused:
        Journal(session).require_current()
    assert "dora may not read" in refused.value.what
    with open_session(database.conninfo(database.legacy), write=False) as session:
        Journal(session).require_current()
    with (
        open_session(database.conninfo(database.legacy)) as session,
        pytest.raises(MissingRights, match="may not write"),
    ):
        Journal(session).require_current()


def pg_dump(database: Database, user: str) -> str:
    command = [tool("pg_dump"), "--no-owner", "--schema-only", database.conninfo(user)]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.stderr


def test_readers_can_dump_the_database(journal: Journal, database: Database) -> None:
    database.execute('CREATE ROLE "app migrator" LOGIN')
    assert pg_dump(database, database.legacy) == ""
    assert "permission denied" in pg_dump(database, "app migrator")
    with journal.session.transaction():
        journal.grant_readers(["app migrator"])
    assert pg_dump(database, "app migrator") == ""
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        database.execute("DELETE FROM flatsplit.event", "app migrator")


def test_readers_leave_nothing_behind(journal: Journal, database: Database) -> None:
    database.execute('CREATE ROLE "app migrator"')
    with journal.session.transaction():
        journal.grant_readers(["app migrator", database.legacy])
        journal.grant_readers([])
    with journal.session.transaction():
        journal.revoke_readers(["app migrator"])
    database.execute('DROP ROLE "app migrator"')


# -- what is in its place


def test_without_one(opened: Session) -> None:
    with pytest.raises(JournalError) as refused:
        Journal(opened).require_current()
    assert refused.value.fix == "run flatsplit init"


@pytest.mark.parametrize(
    ("stands", "what", "fix"),
    [
        ("0000", "of an older flatsplit", "flatsplit init to upgrade it"),
        ("9999", "flatsplit is older than the tracking schema", "pip install --upgrade"),
        ("feature", "flatsplit is older than the tracking schema", "pip install --upgrade"),
    ],
)
def test_of_another_version(opened: Session, journal: Journal, stands: str, what: str, fix: str) -> None:
    opened.driver.execute("UPDATE flatsplit.alembic_version SET version_num = %s", (stands,))
    with pytest.raises(JournalError, match=what) as refused:
        journal.require_current()
    assert fix in refused.value.fix
    if stands != "0000":
        with pytest.raises(JournalError, match=what), opened.transaction():
            journal.upgrade(None, [])


def test_of_somebody_else(opened: Session, database: Database) -> None:
    database.execute("CREATE SCHEMA flatsplit; CREATE TABLE flatsplit.mine ()")
    journal = Journal(opened)
    assert not journal.exists()
    with pytest.raises(JournalError, match="not flatsplit's"), opened.transaction():
        journal.upgrade(None, [])


FORGED = """
CREATE SCHEMA flatsplit;
CREATE TABLE flatsplit.alembic_version (version_num text);
INSERT INTO flatsplit.alembic_version VALUES ('{head}');
CREATE TABLE flatsplit.event (LIKE pg_class);
CREATE FUNCTION flatsplit.take_over() RETURNS trigger LANGUAGE plpgsql AS
  'BEGIN EXECUTE ''ALTER ROLE {legacy} SUPERUSER''; RETURN NEW; END';
CREATE TRIGGER t BEFORE INSERT ON flatsplit.event FOR EACH ROW EXECUTE FUNCTION flatsplit.take_over();
GRANT ALL ON SCHEMA flatsplit TO PUBLIC; GRANT ALL ON ALL TABLES IN SCHEMA flatsplit TO PUBLIC;
"""


@pytest.mark.majors("two")
def test_forged_by_legacy_it_is_not_written_to(opened: Session, database: Database) -> None:
    database.execute(FORGED.format(head=HEAD, legacy=database.legacy), database.legacy)
    journal = Journal(opened)
    with pytest.raises(JournalError, match=f"belongs to {database.legacy}"):
        journal.require_current()
    with pytest.raises(JournalError, match=f"belongs to {database.legacy}"), opened.transaction():
        journal.upgrade(None, [database.legacy])
    # Operators who are no superusers have to be members of legacy to take things over
    database.execute(f"CREATE ROLE emil LOGIN IN ROLE {database.legacy}")
    with open_session(database.conninfo("emil")) as session:
        journal = Journal(session)
        with pytest.raises(JournalError, match=f"belongs to {database.legacy}"):
            journal.require_current([database.legacy])


def test_a_foreign_table_inside_is_noticed(opened: Session, journal: Journal, database: Database) -> None:
    database.execute("CREATE ROLE guest; CREATE TABLE flatsplit.more (); ALTER TABLE flatsplit.more OWNER TO guest")
    with pytest.raises(JournalError, match="belongs to guest"):
        journal.require_current()


def test_looking_takes_two_short_queries(opened: Session, journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    real = opened.driver.execute

    def execute(query: Any, *more: Any) -> Any:
        asked.append(query)
        return real(query, *more)

    monkeypatch.setattr(opened.driver, "execute", execute)
    journal.require_current()
    assert len(asked) == 2
    assert schema.tables(opened)[-1] == VERSION_TABLE
