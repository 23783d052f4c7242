"""Passwords of roles in use: how they are kept, when they end, who else has them. Planted, seen to bite, cured."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from flatsplit.config import Group
from flatsplit.model import Finding
from flatsplit.server.holders import read_holders
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.hazards import CRON, SHOP, extension, look
from tests.support.patience import until

A, B = 'Web "a" %', "web\nb"
KEY = b64encode(b"k" * 32).decode()
DEAR = f"SCRAM-SHA-256$100000:{b64encode(b'salt').decode()}${KEY}:{KEY}"
HOURS = "select now() + interval '2 hours'"


@pytest.fixture
def twins(database: Database) -> Database:
    """app_user is a group; A logs in for it, and B rests."""
    for name, options in ((A, "login password 'of a'"), (B, "nologin")):
        made = sql.SQL("create role {} {}").format(sql.Identifier(name), sql.SQL(options))
        database.admin.execute(made)
    return database


def doctor(database: Database, id_: str, conn: psycopg.Connection[Any] | None = None) -> Finding | None:
    config = replace(SHOP, legacy_role=database.legacy, groups=(Group("app_user", (A, B)),))
    return look(conn or database.admin, config, id_, groups_by_walk=True).get(id_)


def alter(database: Database, name: str, options: str) -> None:
    database.admin.execute(sql.SQL("alter role {} {}").format(sql.Identifier(name), sql.SQL(options)))


@pytest.mark.majors("two")
def test_kept_as_md5(twins: Database) -> None:
    assert doctor(twins, "md5-stored") is None
    twins.execute("set password_encryption = 'md5'")
    alter(twins, A, "password 'of a'")
    found = doctor(twins, "md5-stored")
    assert found is not None
    assert found.objects == (A,)
    assert "flatsplit begin rotate app_user" in found.fix
    assert doctor(twins, "md5-password") is None  # that is about legacy, whose drivers may be old
    alter(twins, A, "nologin")
    assert doctor(twins, "md5-stored") is None
    twins.execute("set password_encryption = 'scram-sha-256'")
    alter(twins, A, "login password 'of a'")
    assert doctor(twins, "md5-stored") is None


@pytest.mark.majors("two")
def test_that_end_on_a_day(twins: Database) -> None:
    ((soon,),) = twins.admin.execute(HOURS).fetchall()
    for end, word in (("2001-01-01 UTC", "has been invalid since"), (str(soon), "is valid until")):
        alter(twins, A, f"valid until '{end}'")
        found = doctor(twins, "valid-until-near")
        assert found is not None
        assert word in found.title
        twins.admin.execute(found.sql[0].encode())
        assert doctor(twins, "valid-until-near") is None
    alter(twins, A, "valid until '2999-01-01'")
    assert doctor(twins, "valid-until-near") is None
    alter(twins, B, "valid until '2001-01-01'")
    assert doctor(twins, "valid-until-near") is None  # it rests
    twins.execute(f"alter role {twins.legacy} valid until '2001-01-01'")
    assert doctor(twins, "valid-until-near") is None  # valid-until says it


@pytest.mark.majors("two")
def test_that_are_dear_to_a_pool(twins: Database, major: int) -> None:
    assert doctor(twins, "scram-cost") is None
    alter(twins, A, f"password '{DEAR}'")
    found = doctor(twins, "scram-cost")
    assert found is not None
    assert (found.severity, found.objects) == ("warning", (f"{A}: 100,000 iterations",))
    assert KEY not in str(found)
    alter(twins, A, f"password '{DEAR.replace('100000', '1')}'")
    found = doctor(twins, "scram-cost")
    assert found is not None
    assert (found.severity, found.objects) == ("note", (f"{A}: 1 iterations",))
    alter(twins, A, "password 'of a'")
    assert doctor(twins, "scram-cost") is None
    if major >= 16:
        assert doctor(twins, "scram-iterations") is None
        alter(twins, "postgres", "set scram_iterations = 50000")
        try:
            with twins.connect() as conn:
                found = doctor(twins, "scram-iterations", conn)
                assert found is not None
                assert found.severity == "warning"
                made = conn.pgconn.encrypt_password(b"x", b"y", b"scram-sha-256")
                assert made.startswith(b"SCRAM-SHA-256$50000:"), "what enable-login would set"
            twins.admin.execute(found.sql[0].encode())
            with twins.connect() as conn:
                assert doctor(twins, "scram-iterations", conn) is None
        finally:
            alter(twins, "postgres", "reset scram_iterations")


def test_who_may_not_read_them_is_told_so(twins: Database) -> None:
    twins.execute("create role curious login")
    try:
        with twins.connect("curious") as conn:
            config = replace(SHOP, legacy_role=twins.legacy, groups=(Group("app_user", (A, B)),))
            found = look(conn, config)
        assert {"md5-stored", "scram-cost"} <= set(found["not-seen"].objects)
        assert not {"md5-stored", "scram-cost"} & found.keys()
    finally:
        twins.execute("drop role curious")


def test_who_else_has_them(twins: Database, make_database: MakeDatabase) -> None:
    """Replication, foreign servers, jobs here and elsewhere, subscriptions: each alone, and gone again."""

    def told() -> tuple[str, ...]:
        found = doctor(twins, "password-holders")
        if found is None:
            return ()
        assert (found.severity, "secret" in str(found)) == ("note", False)
        return found.objects

    assert told() == ()
    with twins.connect(A, application_name="puma"):
        assert told() == ()
    with twins.connect(A, application_name="postgres_fdw"):
        assert told() == (f"foreign tables: postgres_fdw from local as {A}",)
    alter(twins, A, "replication")
    with psycopg.connect(f"{twins.conninfo(A)} replication=database application_name=sub", autocommit=True):
        assert told() == (f"replication: sub from local as {A}",)
    until(lambda: told() == ())

    port = twins.admin.info.port
    twins.execute(
        f"create extension postgres_fdw; create server self foreign data wrapper postgres_fdw options (port '{port}')"
    )
    options = sql.SQL("create user mapping for public server self options (user {}, password 'secret')")
    twins.admin.execute(options.format(sql.Literal("vendor")))
    assert told() == ()
    twins.execute("drop user mapping for public server self")
    twins.admin.execute(options.format(sql.Literal(A)))
    assert told() == (f"mapping of PUBLIC on server self as {A}",)
    twins.execute("drop user mapping for public server self")

    nowhere = "'dbname=nowhere password=secret'"
    twins.execute(f"create subscription s connection {nowhere} publication p with (connect = false, slot_name = none)")
    assert told() == ()
    owner = sql.SQL("alter subscription s owner to {}").format(sql.Identifier(A))
    alter(twins, A, "superuser")
    twins.admin.execute(owner)
    alter(twins, A, "nosuperuser")
    assert told() == (f"subscription s in {twins.name} as {A}",)
    twins.execute("drop subscription s")

    other = make_database()
    other.execute(f"{CRON}; {extension('pg_cron', 'cron.job')}")
    twins.execute(f"set cron.database_name = '{other.name}'")
    assert told() == ()
    other.admin.execute("update cron.job set username = %s where jobid = 1", [A])
    assert told() == (f"job 1 nightly of pg_cron in shop as {A}",)
    other.admin.execute("update cron.job set username = 'vendor' where jobid = 1")
    twins.execute(f"reset cron.database_name; {CRON}; {extension('pg_cron', 'cron.job')}")
    twins.admin.execute("update cron.job set username = %s where jobid = 3", [A])
    assert told() == (f"job 3 of pg_cron in shop as {A}",)
    cure = re.sub(r"^in database \w+: ", "", _cure(twins))
    twins.admin.execute(cure.encode())
    assert told() == (f"job 3 of pg_cron in shop as {B}",)


def _cure(database: Database) -> str:
    held = read_holders(database.admin, [A])
    return held.holders[0].cure(B, held.jobs)
