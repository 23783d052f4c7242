"""Traps in rows, names of the user and routines: planted, bitten by, cured."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.support.hazards import Case, check

_TABLE = "SET ROLE legacy; CREATE TABLE t (a int, by text); INSERT INTO t VALUES (1, 'legacy'); RESET ROLE; "
_GRANT = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO app_user; "
_DEFINER = "ALTER FUNCTION f() SECURITY DEFINER SET search_path = public, pg_temp; ALTER FUNCTION f() OWNER TO legacy"

_SECURED = _TABLE + "ALTER TABLE t ENABLE ROW LEVEL SECURITY; " + _GRANT
_OPEN = "CREATE POLICY everything ON t TO app_user USING (true)"
_MAPPING = (
    "SET ROLE legacy; CREATE TABLE tenant (name text, db_user name); INSERT INTO tenant VALUES ('legacy', 'tenant_a'); "
    "RESET ROLE; "
)

CASES = (
    Case(
        "rls-fails-open",
        f"{_SECURED} CREATE POLICY every ON t USING (true); CREATE POLICY own ON t AS RESTRICTIVE USING (by = 'x')",
        ("table public.t",),
        cure="DROP POLICY every ON t; CREATE POLICY every ON t USING (by = 'x')",
    ),
    Case(
        "policies-ask-who",
        f"{_SECURED} CREATE POLICY own ON t USING (by = current_user)",
        ("own on public.t",),
        bites="SELECT count(*) FROM t",
        value=0,
        cure=_OPEN,
    ),
    Case(
        "policies-ask-who",
        f"{_MAPPING}{_SECURED} CREATE POLICY own ON t TO legacy, app_user USING "
        "(by = (SELECT name FROM tenant WHERE db_user = session_user))",
        ("own on public.t",),
        bites="SELECT count(*) FROM t",
        value=0,
        cure="DROP POLICY own ON t; CREATE POLICY own ON t USING (by = 'legacy')",
    ),
    Case(
        "policies-ask-who",
        "SET ROLE legacy; CREATE FUNCTION me() RETURNS text LANGUAGE plpgsql AS 'begin return current_user; end'; "
        f"RESET ROLE; {_SECURED} CREATE POLICY own ON t FOR SELECT USING (by = me())",
        ("own on public.t",),
        bites="SELECT count(*) FROM t",
        value=0,
        cure="ALTER ROLE app_user BYPASSRLS",
    ),
    Case(
        "policies-ask-who",
        f"{_SECURED} CREATE POLICY pass ON t USING (true); "
        "CREATE POLICY own ON t AS RESTRICTIVE USING (pg_has_role('legacy', 'MEMBER'))",
        ("own on public.t",),
        bites="SELECT count(*) FROM t",
        value=0,
        cure="ALTER TABLE t DISABLE ROW LEVEL SECURITY",
    ),
    Case(
        "rls-zero-rows",
        _TABLE + "ALTER TABLE t ENABLE ROW LEVEL SECURITY; " + _GRANT,
        ("public.t",),
        bites="SELECT count(*) FROM t",
        value=0,
        cure="CREATE POLICY p ON t TO app_user USING (true) WITH CHECK (true); ALTER TABLE t FORCE ROW LEVEL SECURITY",
    ),
    Case(
        "rls-zero-rows",
        _TABLE + "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY deny ON t USING (false); " + _GRANT,
        ("public.t",),
        bites="SELECT count(*) FROM t",
        value=0,
        cure="ALTER ROLE app_user BYPASSRLS",
    ),
    Case(
        "rls-zero-rows",
        _TABLE + "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY pass ON t USING (true); "
        "CREATE POLICY deny ON t AS RESTRICTIVE USING (false); " + _GRANT,
        ("public.t",),
        bites="SELECT count(*) FROM t",
        value=0,
        cure="ALTER POLICY deny ON t TO pg_monitor",
    ),
    Case(
        "rls-fewer-rows",
        _TABLE + "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t USING (a > 1); " + _GRANT,
        ("public.t",),
        bites="SELECT count(*) FROM t",
        value=0,
        cure="ALTER TABLE t DISABLE ROW LEVEL SECURITY",
    ),
    Case(
        "policies-name-legacy",
        _TABLE + "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY p ON t TO legacy USING (true); " + _GRANT,
        ("policy p on public.t",),
        bites="SELECT count(*) FROM t",
        value=0,
        cure="ALTER POLICY p ON t TO app_user",
    ),
    Case(
        "current-user-defaults",
        "SET ROLE legacy; CREATE TABLE t (a int, by text DEFAULT current_user, s text DEFAULT session_user::text || "
        "'x', "
        "u text DEFAULT user, free text DEFAULT 'current_user', at timestamptz DEFAULT current_timestamp, "
        "c text DEFAULT current_schema); RESET ROLE; " + _GRANT,
        ("default public.t.by", "default public.t.s", "default public.t.u"),
        bites="INSERT INTO t (a) VALUES (1) RETURNING by",
        value="app_user",
        cure="ALTER TABLE t ALTER by SET DEFAULT 'legacy', ALTER s SET DEFAULT 'x', ALTER u DROP DEFAULT",
    ),
    Case(
        "current-user-defaults",
        "SET ROLE legacy; CREATE DOMAIN who AS text DEFAULT current_user; CREATE DOMAIN free AS text DEFAULT 'user'; "
        "CREATE TABLE t (a int, by who, f free); RESET ROLE; " + _GRANT,
        ("default of public.who",),
        bites="INSERT INTO t (a) VALUES (1) RETURNING by",
        value="app_user",
        cure="ALTER DOMAIN who SET DEFAULT 'legacy'",
    ),
    Case(
        "current-user-policies",
        "SET ROLE legacy; CREATE DOMAIN mine AS text CONSTRAINT own CHECK (value = current_user); "
        "CREATE TABLE t (by mine); RESET ROLE; " + _GRANT,
        ("constraint own on public.mine",),
        bites="INSERT INTO t VALUES ('legacy')",
        error='value for domain mine violates check constraint "own"',
        cure="ALTER DOMAIN mine DROP CONSTRAINT own",
    ),
    Case(
        "current-user-policies",
        _TABLE + "ALTER TABLE t ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON t USING (by = current_user); "
        "ALTER TABLE t ADD CONSTRAINT mine CHECK (by = session_user OR true); "
        "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'; "
        "CREATE TRIGGER who BEFORE INSERT ON t FOR EACH ROW WHEN (new.by <> current_user) EXECUTE FUNCTION g(); "
        + _GRANT,
        ("constraint mine on public.t", "policy own on public.t", "trigger who on public.t"),
        bites="SELECT count(*) FROM t",
        value=0,
        cure="DROP POLICY own ON t; CREATE POLICY own ON t USING (by = 'legacy'); DROP TRIGGER who ON t; "
        "ALTER TABLE t DROP CONSTRAINT mine",
    ),
    Case(
        "current-user-views",
        _TABLE + "SET ROLE legacy; CREATE VIEW v AS SELECT * FROM t WHERE by = current_user; "
        "CREATE MATERIALIZED VIEW m AS SELECT getpgusername() AS who; CREATE VIEW fine AS SELECT now(), "
        "current_date; CREATE TABLE log (a int, b name); "
        "CREATE RULE note AS ON INSERT TO log DO ALSO UPDATE log SET b = current_user WHERE a = new.a; "
        "RESET ROLE; " + _GRANT,
        ("rule note on public.log", "view public.m", "view public.v"),
        bites="SELECT count(*) FROM v",
        value=0,
        cure="DROP RULE note ON log; DROP VIEW v; DROP MATERIALIZED VIEW m; SET ROLE legacy; "
        "CREATE VIEW v AS SELECT * FROM t; RESET ROLE; " + _GRANT,
    ),
    Case(
        "current-user-routines",
        "SET ROLE legacy; CREATE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT current_user::text'; "
        "CREATE FUNCTION d() RETURNS text LANGUAGE plpgsql AS "
        "$$ DECLARE r text; BEGIN EXECUTE 'SELECT session_user::text' INTO r; RETURN r; END $$; "
        "CREATE FUNCTION n() RETURNS int LANGUAGE plpgsql AS $$ DECLARE users int; BEGIN -- current_user\n"
        "/* session_user */ users := 1; RAISE NOTICE 'current_user'; RETURN users; END $$; RESET ROLE",
        ("public.d()", "public.f()"),
        bites="SELECT f()",
        value="app_user",
        cure="DROP FUNCTION d(); CREATE OR REPLACE FUNCTION f() RETURNS text LANGUAGE sql AS 'SELECT text ''legacy'''",
    ),
    Case(
        "current-user-routines",
        "SET ROLE legacy; CREATE FUNCTION f(who text DEFAULT current_user) RETURNS text LANGUAGE sql AS 'SELECT who'; "
        "CREATE FUNCTION n(who text DEFAULT 'current_user') RETURNS text LANGUAGE sql AS 'SELECT who'; RESET ROLE",
        ("public.f(text)",),
        bites="SELECT f()",
        value="app_user",
        cure="CREATE OR REPLACE FUNCTION f(who text DEFAULT 'legacy') RETURNS text LANGUAGE sql AS 'SELECT who'",
    ),
    Case(
        "current-user-routines",
        "SET ROLE legacy; CREATE FUNCTION f() RETURNS text BEGIN ATOMIC SELECT current_user::text; END; RESET ROLE",
        ("public.f()",),
        since=14,
    ),
    Case(
        "definer-open",
        "SET ROLE legacy; CREATE FUNCTION f() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT "
        "current_user::text'; "
        "RESET ROLE; ALTER FUNCTION f() OWNER TO app_migrator",
        ("function public.f()",),
        role="trainee",
        bites="SELECT f()",
        value="app_migrator",
        cure="REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC",
    ),
    Case(
        "definer-owner",
        "SET ROLE legacy; CREATE FUNCTION f() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT "
        "current_user::text'; "
        "RESET ROLE",
        ("function public.f()",),
        bites="SELECT f()",
        value="legacy",
        cure="ALTER FUNCTION f() OWNER TO app_migrator",
    ),
    Case(
        "untrusted-routines",
        "CREATE FUNCTION h() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler'; "
        "CREATE LANGUAGE plwild HANDLER h; CREATE FUNCTION f(int) RETURNS int LANGUAGE plwild AS 'begin return 1; end'"
        "; ALTER FUNCTION f(int) OWNER TO legacy",
        ("function public.f(integer), in plwild",),
        bites="SELECT f(1)",
        value=1,
        cure="REVOKE EXECUTE ON FUNCTION f(int) FROM PUBLIC; ALTER FUNCTION f(int) OWNER TO dba",
    ),
    Case(
        "definer-search-path",
        _TABLE + "CREATE FUNCTION f() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER AS "
        "'BEGIN RETURN (SELECT count(*) FROM t); END'; ALTER FUNCTION f() OWNER TO legacy; "
        "CREATE TEMP TABLE t ON COMMIT DROP AS SELECT 1 AS a FROM generate_series(1, 7); GRANT SELECT ON pg_temp.t "
        "TO legacy",
        ("public.f()",),
        bites="SELECT f()",
        value=7,
        cure="ALTER FUNCTION f() SET search_path = public, pg_temp",
    ),
    Case(
        "runtime-ddl",
        _TABLE + "SET ROLE legacy; CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN TRUNCATE t; END'; "
        "CREATE PROCEDURE part(day date) LANGUAGE plpgsql AS "
        "$$ BEGIN EXECUTE format('CREATE TABLE IF NOT EXISTS %I (a int)', 'p_' || day); END $$; "
        "CREATE FUNCTION scratch() RETURNS void LANGUAGE plpgsql AS $$ BEGIN CREATE TEMP TABLE s (a int); "
        "CREATE INDEX ON s (a); TRUNCATE s; DROP TABLE s; -- DROP TABLE t\n PERFORM 'drop table t'; END $$; "
        "CREATE FUNCTION drops() RETURNS int LANGUAGE sql AS 'SELECT 1 AS truncate'; RESET ROLE",
        ("public.f(): TRUNCATE", "public.part(date): CREATE TABLE"),
        bites="SELECT f()",
        error="permission denied for table t",
        cure=_DEFINER + "; DROP PROCEDURE part(date)",
    ),
    Case(
        "trigger-ddl",
        _TABLE + "SET ROLE legacy; CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS "
        "'BEGIN CREATE TABLE IF NOT EXISTS t_2030 (); RETURN new; END'; "
        "CREATE FUNCTION idle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN DROP TABLE x; END'; "
        "CREATE TRIGGER part BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); RESET ROLE; " + _GRANT,
        ("public.f(): CREATE TABLE, on public.t",),
        bites="INSERT INTO t VALUES (2) RETURNING a",
        error="permission denied for schema public",
        cure=_DEFINER,
    ),
    Case(
        "dblink",
        "SET ROLE legacy; CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM dblink_connect('dbname=other user=legacy'); END $$; "
        "CREATE FUNCTION n() RETURNS int LANGUAGE sql AS 'SELECT 1 -- dblink'; RESET ROLE",
        ("public.f()",),
        cure="DROP FUNCTION f()",
    ),
)


@pytest.mark.majors("two")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.hazard)
def test_trap(patient: psycopg.Connection[Any], case: Case, major: int) -> None:
    if major >= case.since:
        check(patient, case)
