"""The tracking schema: whose it is, and who may read it."""

from __future__ import annotations

import subprocess

import psycopg
import pytest

from flatsplit.connection import Session, open_session
from flatsplit.errors import JournalError, MissingRights
from flatsplit.journal import Journal
from tests.fixtures.databases import Database
from tests.fixtures.servers import tool


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
        database.execute(refused.value.fix.partition(" run: ")[2])  # the advice works
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
