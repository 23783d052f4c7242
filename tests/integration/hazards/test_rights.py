"""Traps in privileges and roles: planted, bitten by, cured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from flatsplit.config import Grant
from tests.support.hazards import SHOP, Case, check, extension, look

_TABLE = "SET ROLE legacy; CREATE TABLE t (a int, b int); INSERT INTO t VALUES (1, 2); RESET ROLE; "
_TEMP = "REVOKE TEMPORARY ON DATABASE fs_hazards FROM PUBLIC"

CASES = (
    Case(
        "public-writes",
        _TABLE + "GRANT INSERT ON t TO PUBLIC; SET ROLE legacy; CREATE TABLE u (a int); RESET ROLE",
        ("table public.t",),
        role="app_readonly",
        bites="WITH made AS (INSERT INTO t VALUES (3, 3)) SELECT 'written'",
        value="written",
        cure="REVOKE INSERT ON t FROM PUBLIC",
    ),
    Case(
        "public-reads",
        _TABLE + "GRANT SELECT ON t TO PUBLIC",
        ("table public.t",),
        role="trainee",
        bites="SELECT b FROM t",
        value=2,
        cure="REVOKE SELECT ON t FROM PUBLIC",
    ),
    Case(
        "public-create",
        "CREATE SCHEMA open; GRANT CREATE, USAGE ON SCHEMA open TO PUBLIC",
        ("schema open",),
        absent="REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        bites="CREATE TABLE open.x (a int); SELECT 'created'",
        value="created",
        cure="REVOKE CREATE ON SCHEMA open FROM PUBLIC",
    ),
    Case(
        "public-create",
        "GRANT CREATE ON SCHEMA public TO PUBLIC",
        ("schema public (enable-login takes it away)",),
        "note",
        absent="REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        bites="CREATE TABLE x (a int); SELECT 'created'",
        value="created",
        cure="REVOKE CREATE ON SCHEMA public FROM PUBLIC",
    ),
    Case(
        "public-temp",
        "GRANT TEMPORARY ON DATABASE fs_hazards TO PUBLIC",
        ("fs_hazards",),
        absent=_TEMP,
        role="app_readonly",
        bites="CREATE TEMP TABLE x (a int); SELECT 'created'",
        value="created",
        cure=_TEMP,
    ),
    Case(
        "temp-revoked",
        _TEMP,
        ("fs_hazards",),
        bites="CREATE TEMP TABLE x (a int)",
        error="permission denied to create temporary tables",
        cure="GRANT TEMPORARY ON DATABASE fs_hazards TO app_user",
    ),
    Case(
        "grant-options",
        _TABLE + "GRANT SELECT ON t TO vendor WITH GRANT OPTION; SET ROLE vendor; GRANT SELECT ON t TO app_user; "
        "RESET ROLE; REVOKE SELECT ON t FROM app_user",
        ("vendor on table public.t",),
        bites="SELECT count(*) FROM t",
        value=1,
        cure="REVOKE GRANT OPTION FOR SELECT ON t FROM vendor CASCADE",
    ),
    Case(
        "grant-options",
        "SET ROLE vendor; CREATE TEMP TABLE nothing (a int) ON COMMIT DROP; RESET ROLE; CREATE TABLE v (a int); "
        "ALTER TABLE v OWNER TO vendor; GRANT SELECT ON v TO legacy WITH GRANT OPTION",
        ("legacy on table public.v",),
        cure="REVOKE GRANT OPTION FOR SELECT ON v FROM legacy",
    ),
    Case(
        "grant-options",
        _TABLE
        + "GRANT SELECT (b) ON t TO vendor WITH GRANT OPTION; SET ROLE vendor; GRANT SELECT (b) ON t TO app_user; "
        "RESET ROLE; REVOKE SELECT (b) ON t FROM app_user",
        ("vendor on column public.t.b",),
        bites="SELECT count(b) FROM t",
        value=1,
        cure="REVOKE GRANT OPTION FOR SELECT (b) ON t FROM vendor CASCADE",
    ),
    Case(
        "grant-options",
        "CREATE TABLE v (a int, b int); ALTER TABLE v OWNER TO vendor; "
        "GRANT INSERT (a) ON v TO legacy WITH GRANT OPTION; GRANT SELECT (b) ON v TO team WITH GRANT OPTION",
        ("legacy on column public.v.a",),
        cure="REVOKE GRANT OPTION FOR INSERT (a) ON v FROM legacy",
    ),
    Case(
        "column-grants",
        _TABLE + "GRANT SELECT (a) ON t TO app_readonly",
        ("column public.t.a",),
        role="app_readonly",
        bites="SELECT * FROM t",
        error="permission denied for table t",
        cure="REVOKE SELECT (a) ON t FROM app_readonly; GRANT SELECT ON t TO app_readonly",
    ),
    Case(
        "third-role-objects",
        "CREATE TABLE v (a int); ALTER TABLE v OWNER TO vendor; CREATE SEQUENCE s; ALTER SEQUENCE s OWNER TO team",
        ("sequence public.s", "table public.v"),
        role="app_migrator",
        bites="ALTER TABLE v ADD b int",
        error="must be owner of table v",
        cure="ALTER TABLE v OWNER TO app_migrator; DROP SEQUENCE s",
    ),
    Case(
        "outside-scope",
        "CREATE SCHEMA extra; CREATE TABLE extra.t (a int); ALTER TABLE extra.t OWNER TO legacy",
        ("table extra.t",),
        bites="SELECT * FROM extra.t",
        error="permission denied for schema extra",
        cure="GRANT USAGE ON SCHEMA extra TO app_user; GRANT SELECT ON extra.t TO app_user",
        stays=True,
    ),
    Case(
        "legacy-attributes",
        "ALTER ROLE legacy CREATEROLE REPLICATION; GRANT legacy TO app_migrator",
        ("CREATEROLE", "REPLICATION"),
        role="app_migrator",
        bites="CREATE ROLE made_by_a_member",
        error="permission denied to create role",
        cure="ALTER ROLE legacy NOCREATEROLE NOREPLICATION; ALTER ROLE app_migrator CREATEROLE",
    ),
    Case(
        "legacy-predefined-roles",
        "GRANT pg_read_all_settings TO legacy",
        ("pg_read_all_settings",),
        bites="SHOW hba_file",
        error="hba_file",
        cure="GRANT pg_read_all_settings TO app_user",
        stays=True,
    ),
    Case(
        "legacy-memberships",
        "GRANT team TO legacy; CREATE TABLE v (a int); ALTER TABLE v OWNER TO team",
        ("team",),
        role="legacy",
        bites="ALTER TABLE v ADD b int; SELECT 'altered'",
        value="altered",
        cure="REVOKE team FROM legacy",
    ),
    Case(
        "legacy-members",
        _TABLE + "GRANT legacy TO trainee; ALTER TABLE t OWNER TO app_migrator",
        ("trainee",),
        "warning",
        role="trainee",
        bites="SELECT a FROM t",
        error="permission denied for table t",
        cure="REVOKE legacy FROM trainee; GRANT app_user TO trainee; GRANT SELECT ON t TO app_user",
    ),
    Case(
        "legacy-members",
        _TABLE + "ALTER ROLE legacy NOLOGIN; GRANT legacy TO trainee",
        ("trainee",),
        "warning",
        role="trainee",
        bites="ALTER TABLE t ADD c int; SELECT 'altered'",
        value="altered",
        cure="REVOKE legacy FROM trainee; GRANT app_user TO trainee",
    ),
    Case(
        "legacy-makers",
        _TABLE + "ALTER ROLE trainee CREATEROLE; GRANT legacy TO trainee WITH ADMIN OPTION",
        ("trainee",),
        role="trainee",
        bites="CREATE ROLE lease IN ROLE legacy; SELECT 'made'",
        value="made",
        cure="REVOKE legacy FROM trainee; ALTER ROLE trainee NOCREATEROLE",
    ),
    Case(
        "roles-circle",
        "GRANT legacy TO app_migrator",
        ("app_migrator in legacy",),
        role="postgres",
        bites="GRANT app_migrator TO legacy",
        error='role "app_migrator" is a member of role "legacy"',
        cure="REVOKE legacy FROM app_migrator",
    ),
    Case(
        "legacy-acts-as",
        "GRANT team TO legacy; CREATE SCHEMA shop AUTHORIZATION team; SET ROLE team; CREATE TABLE shop.t (a int); "
        "RESET ROLE",
        ("schema shop: 2",),
        role="app_migrator",
        bites="ALTER TABLE shop.t ADD b int",
        error="permission denied for schema shop",
        cure="ALTER SCHEMA shop OWNER TO app_migrator; ALTER TABLE shop.t OWNER TO app_migrator",
    ),
    Case(
        "role-name-case",
        'CREATE ROLE "App_User"',
        ("app_user and App_User",),
        "warning",
        role="postgres",
        bites="GRANT CREATE ON SCHEMA public TO App_User; SELECT has_schema_privilege('App_User', 'public', 'create')",
        value=False,
        cure='GRANT CREATE ON SCHEMA public TO "App_User"',
        stays=True,
    ),
    Case(
        "grants-unmatched",
        "ALTER TABLE sessions RENAME TO user_sessions",
        ("[grants.app_user] truncate: public.sessions",),
        absent="CREATE TABLE sessions (a int)",
        bites="DO $$ BEGIN EXECUTE 'TRUNCATE ' || (SELECT oid::regclass FROM pg_class WHERE relname ~ 'sessions$'); "
        "END $$",
        error="permission denied for table user_sessions",
        cure="ALTER TABLE user_sessions RENAME TO sessions; GRANT TRUNCATE ON sessions TO app_user",
        config=replace(SHOP, grants=(Grant("app_user", "truncate", ("public.sessions",)),)),
    ),
)


@pytest.mark.majors("two")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.hazard)
def test_trap(patient: psycopg.Connection[Any], case: Case, major: int) -> None:
    if major >= case.since:
        check(patient, case)


def test_what_an_extension_made_is_as_its_makers_want_it(patient: psycopg.Connection[Any]) -> None:
    """pg_cron's tables have policies that ask who looks, and let PUBLIC write: no business of a walk."""
    made = (
        "SET ROLE legacy; CREATE TABLE jobs (who name); ALTER TABLE jobs ENABLE ROW LEVEL SECURITY; "
        "CREATE POLICY own ON jobs USING (who = current_user); GRANT INSERT, SELECT ON jobs TO PUBLIC; "
        "CREATE FUNCTION run() RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'; RESET ROLE; "
    )
    about = {"policies-ask-who", "rls-fewer-rows", "public-writes", "public-reads", "definer-open"}
    with patient.transaction(force_rollback=True):
        patient.execute(made.encode())
        assert about <= look(patient).keys()
        patient.execute(f"{extension('scheduler', 'jobs')} ALTER EXTENSION scheduler ADD FUNCTION run()".encode())
        assert not about & look(patient).keys()
