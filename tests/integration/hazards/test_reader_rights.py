"""Traps in what runs with the rights of whoever reads: planted, bitten by, cured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from tests.support.hazards import SHOP, Case, check, extension

_GUARDED = (
    "CREATE FUNCTION mine(int) RETURNS bool LANGUAGE sql AS 'SELECT true'; "
    "REVOKE EXECUTE ON FUNCTION mine FROM PUBLIC; "
    "SET ROLE legacy; CREATE TABLE note (a int); ALTER TABLE note ENABLE ROW LEVEL SECURITY; RESET ROLE; "
    "GRANT SELECT ON note TO app_user, app_readonly; "
)

_THROUGH = (
    "CREATE FUNCTION masked(int) RETURNS int LANGUAGE sql AS 'SELECT 0 * $1'; ALTER FUNCTION masked OWNER TO {}; "
    "REVOKE EXECUTE ON FUNCTION masked FROM PUBLIC; SET ROLE legacy; CREATE TABLE t (a int); "
    "CREATE VIEW v AS SELECT masked(a) AS a FROM t; CREATE VIEW w AS SELECT a FROM v; RESET ROLE; "
    "GRANT SELECT ON v, w TO app_user, app_readonly; "
)

_COMPARED = (
    "SET ROLE legacy; CREATE TYPE pair AS (a int, b int); CREATE TABLE t (p {}); CREATE TABLE u (a int); "
    "CREATE FUNCTION same(pair, pair) RETURNS bool LANGUAGE sql AS 'SELECT true'; "
    "CREATE OPERATOR === (LEFTARG = pair, RIGHTARG = pair, FUNCTION = same); "
    "CREATE FUNCTION other(int, int) RETURNS bool LANGUAGE sql AS 'SELECT true'; "
    "CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = other); "
    "REVOKE EXECUTE ON FUNCTION same, other FROM PUBLIC; RESET ROLE; GRANT SELECT ON t, u TO app_readonly; "
)

CASES = (
    *(
        Case(
            "reader-operators",
            _COMPARED.format(column),
            ("table public.t",),
            role="app_readonly",
            bites=f"SELECT count(*) FROM t WHERE {value} === {value}",
            error="permission denied for function same",
            cure="GRANT EXECUTE ON FUNCTION same TO app_readonly",
        )
        for column, value in (("pair", "p"), ("pair[]", "p[1]"))
    ),
    Case(
        "reader-operators",
        _COMPARED.format("int") + "CREATE FUNCTION hashed(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1'; "
        "CREATE OPERATOR CLASS own FOR TYPE int USING hash AS OPERATOR 1 ===, FUNCTION 1 hashed(int); "
        "CREATE INDEX ON u USING hash (a own)",
        ("table public.u",),
        role="app_readonly",
        bites="SELECT count(*) FROM u WHERE a === 1",
        error="permission denied for function other",
        cure="GRANT EXECUTE ON FUNCTION other TO PUBLIC",
    ),
    Case(
        "reader-operators",
        f"ALTER ROLE legacy SUPERUSER; {_COMPARED.format('pair')} ALTER FUNCTION same OWNER TO vendor",
        ("table public.t",),
        role="app_readonly",
        bites="SELECT count(*) FROM t WHERE p === p",
        error="permission denied for function same",
        cure="GRANT EXECUTE ON FUNCTION same TO app_readonly",
    ),
    Case(
        "superuser-reach",
        f"""{_COMPARED.format("pair")} CREATE SCHEMA ext; GRANT SELECT ON t TO app_user; ALTER ROLE legacy SUPERUSER;
        CREATE FUNCTION ext.inside(internal) RETURNS int LANGUAGE internal AS 'int4in';
        CREATE FUNCTION ext.own() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION same OWNER TO vendor;
        REVOKE EXECUTE ON FUNCTION ext.inside, ext.own FROM PUBLIC; {extension("it")}
        ALTER EXTENSION it ADD FUNCTION ext.inside(internal); ALTER EXTENSION it ADD FUNCTION ext.own();
        ALTER EXTENSION it ADD FUNCTION same(pair, pair); DELETE FROM pg_init_privs WHERE objoid >= 16384;""",
        ("function ext.own()", "function public.same(public.pair, public.pair)"),
        bites="SELECT count(*) FROM t WHERE p === p",
        error="permission denied for function same",
        cure="GRANT EXECUTE ON FUNCTION same, ext.own TO PUBLIC",
    ),
    Case(
        "view-routines",
        _THROUGH.format("legacy"),
        ("public.v", "public.w"),
        "warning",
        role="app_readonly",
        bites="SELECT a FROM w",
        error="permission denied for function masked",
        cure="GRANT EXECUTE ON FUNCTION masked TO app_readonly",
    ),
    Case(
        "view-routines",
        "ALTER ROLE legacy SUPERUSER; " + _THROUGH.format("vendor"),
        ("public.v", "public.w"),
        bites="SELECT a FROM w",
        error="permission denied for function masked",
        cure="GRANT EXECUTE ON FUNCTION masked TO PUBLIC",
    ),
    Case(
        "view-routines",
        "ALTER ROLE legacy NOINHERIT; CREATE ROLE founder; GRANT founder TO legacy; "
        "GRANT ALL ON SCHEMA public TO founder; "
        + _THROUGH.format("founder").replace("SET ROLE legacy", "SET ROLE founder"),
        ("public.v", "public.w"),
        "warning",
        role="app_readonly",
        bites="SELECT a FROM w",
        error="permission denied for function masked",
        cure="GRANT EXECUTE ON FUNCTION masked TO app_readonly",
        config=replace(SHOP, owners=("founder",)),
    ),
    Case(
        "view-routines",
        "ALTER ROLE legacy SUPERUSER; SET ROLE legacy; CREATE TABLE t (a int); "
        "CREATE VIEW v WITH (security_invoker) AS SELECT a FROM t; "
        "CREATE VIEW w WITH (security_invoker = on) AS SELECT a FROM v; CREATE VIEW mine AS SELECT a FROM v; "
        "RESET ROLE; ALTER TABLE t OWNER TO vendor; GRANT SELECT ON v, w, mine TO app_user, app_readonly",
        ("public.v", "public.w"),
        bites="SELECT a FROM w",
        error="permission denied for table t",
        cure="GRANT SELECT ON t TO app_user, app_readonly",
        since=15,
    ),
    Case(
        "policy-rights",
        _GUARDED.replace("mine(int)", "mine(int, int)")
        + "CREATE OPERATOR ~== (LEFTARG = int, RIGHTARG = int, FUNCTION = mine); "
        "CREATE POLICY own ON note USING (a ~== 1)",
        ("public.note",),
        bites="SELECT count(*) FROM note",
        error="permission denied for function mine",
        cure="GRANT EXECUTE ON FUNCTION mine TO app_user, app_readonly",
    ),
    Case(
        "policy-rights",
        "SET ROLE legacy; CREATE TABLE note (a int) PARTITION BY LIST (a); "
        "CREATE TABLE secret (a int) PARTITION BY LIST (a); CREATE TABLE note_1 PARTITION OF note DEFAULT; RESET ROLE; "
        "ALTER TABLE secret OWNER TO vendor; ALTER TABLE note ENABLE ROW LEVEL SECURITY; "
        "CREATE POLICY own ON note USING (a IN (SELECT a FROM secret)); GRANT SELECT ON note TO app_user, app_readonly",
        ("public.note",),
        bites="SELECT count(*) FROM note",
        error="permission denied for table secret",
        cure="GRANT SELECT ON secret TO app_user, app_readonly",
    ),
    Case(
        "policy-rights",
        _GUARDED + "CREATE POLICY own ON note USING (mine(a))",
        ("public.note",),
        bites="SELECT count(*) FROM note",
        error="permission denied for function mine",
        cure="GRANT EXECUTE ON FUNCTION mine TO app_user, app_readonly",
    ),
    Case(
        "policy-rights",
        _GUARDED + "ALTER FUNCTION mine OWNER TO legacy; CREATE POLICY own ON note USING (mine(a))",
        ("public.note",),
        "warning",
        role="app_readonly",
        bites="SELECT count(*) FROM note",
        error="permission denied for function mine",
        cure="GRANT EXECUTE ON FUNCTION mine TO app_readonly",
    ),
    Case(
        "policy-rights",
        _GUARDED
        + "CREATE TABLE secret (a int); CREATE POLICY own ON note FOR SELECT USING (a IN (SELECT a FROM secret))",
        ("public.note",),
        bites="SELECT count(*) FROM note",
        error="permission denied for table secret",
        cure="GRANT SELECT ON secret TO app_user, app_readonly",
    ),
)


@pytest.mark.majors("two")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.hazard)
def test_trap(patient: psycopg.Connection[Any], case: Case, major: int) -> None:
    if major >= case.since:
        check(patient, case)
