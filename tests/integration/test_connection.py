"""The one connection: pinned, shared by driver and SQLAlchemy, and clear about why there is none."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime

import psycopg
import pytest
import sqlalchemy as sa
from psycopg import sql
from psycopg.conninfo import make_conninfo
from psycopg.pq import TransactionStatus

from flatsplit.connection import Session, as_flatsplit_error, connect_as, disturbed, open_session, session
from flatsplit.demo.server import Cluster
from flatsplit.errors import (
    ConnectFailed,
    MissingRights,
    StatementFailed,
    TargetError,
)
from tests.fixtures.databases import Database
from tests.support.patience import until


def show(made: Session, name: str) -> str:
    row = made.driver.execute("SELECT current_setting(%s, true)", (name,)).fetchone()
    assert row is not None
    return str(row[0])


# -- settings

HOSTILE = {
    "search_path": "evil, public",
    "TimeZone": "Asia/Tokyo",
    "DateStyle": "German",
    "IntervalStyle": "iso_8601",
    "quote_all_identifiers": "on",
    "standard_conforming_strings": "off",
    "client_min_messages": "error",
    "client_encoding": "LATIN1",
    "row_security": "off",
    "statement_timeout": "1ms",
    "lock_timeout": "1ms",
    "idle_in_transaction_session_timeout": "1ms",
    "default_transaction_isolation": "serializable",
    "default_transaction_read_only": "on",
    "default_transaction_deferrable": "on",
    "jit": "on",
}
PINNED = {
    "search_path": "pg_catalog, pg_temp",
    "TimeZone": "UTC",
    "DateStyle": "ISO, MDY",
    "IntervalStyle": "postgres",
    "quote_all_identifiers": "off",
    "standard_conforming_strings": "on",
    "client_min_messages": "notice",
    "client_encoding": "UTF8",
    "row_security": "on",
    "statement_timeout": "0",
    "lock_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "off",
    "jit": "off",
    "application_name": "flatsplit",
}


@pytest.mark.majors("two")
@pytest.mark.parametrize("where", ["DATABASE", "ROLE", "ROLE IN DATABASE"])
def test_nothing_is_left_to_the_settings_of_role_and_database(database: Database, where: str) -> None:
    name = sql.Identifier(database.name)
    database.execute("CREATE ROLE careful LOGIN")
    scope = {
        "DATABASE": sql.SQL("DATABASE {}").format(name),
        "ROLE": sql.SQL("ROLE careful"),
        "ROLE IN DATABASE": sql.SQL("ROLE careful IN DATABASE {}").format(name),
    }[where]
    for setting, value in HOSTILE.items():
        database.admin.execute(
            sql.SQL("ALTER {} SET {} = {}").format(scope, sql.Identifier(setting), sql.Literal(value))
        )
    with open_session(database.conninfo("careful")) as made:
        assert {setting: show(made, setting) for setting in PINNED} == PINNED
        with made.transaction():
            made.driver.execute("CREATE TEMP TABLE t ()")
        with connect_as(made, "careful", ""):
            pass  # flatsplit reads what it has to know of its own session as the role, whose settings are left alone
        (own,) = made.others
        assert own.began <= own.ended <= datetime.now(UTC)


@pytest.mark.majors("all")
def test_pins_that_came_with_later_versions(database: Database, major: int) -> None:
    with open_session(database.dsn) as made:
        later = {"idle_session_timeout": (14, "0"), "createrole_self_grant": (16, ""), "transaction_timeout": (17, "0")}
        for setting, (since, value) in later.items():
            if major >= since:
                assert show(made, setting) == value


def test_settings_in_the_connection_string_do_not_count_either(database: Database) -> None:
    with open_session(make_conninfo(database.dsn, options="-c search_path=evil -c statement_timeout=1")) as made:
        assert show(made, "search_path") == PINNED["search_path"]
        assert show(made, "statement_timeout") == "0"


def test_a_reading_session_cannot_write(database: Database) -> None:
    with open_session(database.dsn, write=False) as made:
        assert not made.write
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            made.driver.execute("CREATE TABLE public.t ()")


def test_sqlalchemy_asks_the_server_nothing_of_its_own(database: Database) -> None:
    with open_session(make_conninfo(database.dsn, options="-c log_statement=all")) as made:
        pid = made.driver.info.backend_pid
        made.sa.execute(sa.text("SELECT 'outside'"))
        with made.transaction():
            made.sa.execute(sa.text("SELECT 'inside'"))
            made.driver.execute("SELECT 'driver'")
    # The server ends the session after its last line is written
    while database.admin.execute("SELECT FROM pg_stat_activity WHERE pid = %s", (pid,)).rowcount:
        pass
    said = database.cluster.server_log.read_text()
    statements = re.findall(rf"\[{pid}\] LOG:  (?:statement|execute <unnamed>): (.*)", said)
    assert [text if len(text) < 50 else text[:11] for text in statements] == [
        "SELECT pg_catalog.pg_backend_pid()",  # whether a pooler answers instead
        "SET SESSION statement_timeout = 0",
        "SET SESSION",
        "SELECT 'outside'",
        "BEGIN",
        "SELECT 'inside'",
        "SELECT 'driver'",
        "COMMIT",
    ]


# -- transactions


def test_driver_and_sqlalchemy_share_a_transaction(opened: Session) -> None:
    opened.driver.execute("CREATE TEMP TABLE t (n int)")

    def fail() -> None:
        with opened.transaction():
            opened.driver.execute("INSERT INTO t VALUES (1)")
            opened.sa.execute(sa.text("INSERT INTO t VALUES (2)"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with opened.transaction():
        opened.sa.execute(sa.text("INSERT INTO t VALUES (3)"))
        opened.driver.execute("INSERT INTO t VALUES (4)")
    assert opened.driver.execute("SELECT n FROM t ORDER BY n").fetchall() == [(3,), (4,)]


def test_composed_ddl_runs_as_it_is(opened: Session) -> None:
    with opened.transaction():
        opened.driver.execute(b"""CREATE TEMP TABLE "a % b :c {d}" ("x%sy" text DEFAULT ':name %s {}')""")
        opened.driver.execute(b"""INSERT INTO "a % b :c {d}" DEFAULT VALUES""")
    assert opened.sa.execute(sa.text('SELECT * FROM pg_temp."a % b \\:c {d}"')).scalar() == ":name %s {}"


def test_nothing_stays_open_between_statements(opened: Session) -> None:
    opened.sa.execute(sa.text("SELECT 1"))
    opened.driver.execute("SELECT 1")
    assert opened.driver.info.transaction_status is TransactionStatus.IDLE
    with opened.transaction():
        assert opened.in_transaction
        opened.sa.execute(sa.text("SELECT 1"))
    assert not opened.in_transaction
    assert opened.driver.info.transaction_status is TransactionStatus.IDLE


def test_transactions_do_not_nest(opened: Session) -> None:
    with pytest.raises(RuntimeError), opened.transaction(), opened.transaction():
        pass
    with opened.transaction():
        pass


def test_a_failure_that_nobody_noticed_is_not_a_commit(opened: Session) -> None:
    def overlook() -> None:
        with opened.transaction():
            opened.driver.execute("CREATE TEMP TABLE t ()")
            with suppress(psycopg.Error):
                opened.driver.execute("SELECT 1/0")

    with pytest.raises(StatementFailed):
        overlook()
    with opened.transaction():
        assert opened.driver.execute("SELECT to_regclass('t')").fetchone() == (None,)


def test_the_session_is_of_use_after_a_failed_statement(opened: Session) -> None:
    with pytest.raises(sa.exc.DataError), opened.transaction():
        opened.sa.execute(sa.text("SELECT 1/0"))
    with opened.transaction():
        assert opened.sa.execute(sa.text("SELECT 1")).scalar() == 1


def test_a_connection_that_breaks_says_what_to_do(database: Database, opened: Session) -> None:
    def lose() -> None:
        with opened.transaction():
            database.admin.execute("SELECT pg_terminate_backend(%s)", (opened.driver.info.backend_pid,))
            opened.driver.execute("SELECT pg_sleep(10)")

    with pytest.raises(psycopg.OperationalError) as broken:
        lose()
    meant = as_flatsplit_error(broken.value)
    assert isinstance(meant, ConnectFailed)
    assert "run the same command again" in meant.fix
    opened.close()


def test_errors_that_an_operator_can_do_something_about(database: Database) -> None:
    with open_session(database.conninfo(database.legacy)) as made:
        with pytest.raises(sa.exc.ProgrammingError) as denied:
            made.sa.execute(sa.text("SELECT * FROM pg_authid"))
        assert isinstance(as_flatsplit_error(denied.value), MissingRights)
        with pytest.raises(psycopg.Error) as wrong:
            made.driver.execute("SELECT 1/0")
        assert as_flatsplit_error(wrong.value) is None
    assert as_flatsplit_error(ValueError()) is None
    ours = ConnectFailed("x")
    assert as_flatsplit_error(ours) is ours


# -- notices


@pytest.mark.majors("two")
def test_a_refused_grant_is_heard(database: Database) -> None:
    database.execute("CREATE TABLE public.t (); REVOKE ALL ON public.t FROM postgres; CREATE ROLE giver LOGIN")
    database.execute("CREATE ROLE other; GRANT SELECT ON public.t TO giver")
    with open_session(database.conninfo("giver")) as made:
        assert made.take_notices() == []
        made.driver.execute("GRANT SELECT ON public.t TO other")
        made.sa.execute(sa.text("REVOKE SELECT ON public.t FROM other"))
        codes = [code for code, _ in made.take_notices()]  # REVOKE warns for each system column too
        assert list(dict.fromkeys(codes)) == ["01007", "01006"]
        assert made.take_notices() == []


# -- servers that do not do


def test_a_standby_is_only_read(standby: tuple[Cluster, Cluster]) -> None:
    _, replica = standby
    with pytest.raises(TargetError) as refused:
        open_session(replica.conninfo())
    assert "standby" in refused.value.what
    assert refused.value.fix == "connect to the primary"
    with open_session(replica.conninfo(), write=False) as made:
        assert show(made, "transaction_read_only") == "on"


def test_old_servers_are_refused(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "OLDEST_VERSION", 990000)
    with pytest.raises(TargetError, match="needs 13 or newer"):
        open_session(database.dsn)


def test_a_server_answers_for_itself(opened: Session) -> None:
    assert not opened.pooled


@pytest.mark.majors("two")
def test_who_changed_the_same_row_is_told_by_no_text(database: Database) -> None:
    """The code is that of every internal error, and on a server in another language the text is another one."""
    waits = "select exists (select from pg_stat_activity where pid = %s and wait_event = 'transactionid')"
    with database.connect() as first, database.connect() as second, ThreadPoolExecutor(1) as pool:
        first.execute("begin; alter role legacy connection limit 7")
        later = pool.submit(second.execute, "alter role legacy connection limit 8")
        pid = second.info.backend_pid
        until(lambda: database.admin.execute(waits, [pid]).fetchone() == (True,), "the second one that waits")
        first.execute("commit")
        error = later.exception()
    assert isinstance(error, psycopg.Error)
    assert disturbed(error)
    with pytest.raises(psycopg.errors.DivisionByZero) as other:
        database.execute("select 1 / 0")
    assert not disturbed(other.value)
