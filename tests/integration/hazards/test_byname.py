"""Code that asks for the old role by its name: found in every place where an expression or a body can stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from psycopg import sql

from flatsplit.hazards import REGISTRY
from flatsplit.model import Finding
from tests.fixtures.databases import Database
from tests.support.hazards import CRON, SHOP, extension, look

DROP = replace(SHOP, retire="drop")
_TABLE = "SET ROLE legacy; CREATE TABLE t (a int, by text); RESET ROLE; "
_FALSE = "pg_has_role: false for app_user, and raises once it is dropped"
_NEVER = "compared with current_user: never legacy for app_user"
_IDLE = "CREATE FUNCTION g() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END'"
_EVENT = "CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS"

PLACES = (
    ("CREATE VIEW v AS SELECT * FROM t WHERE pg_has_role('legacy', 'MEMBER')", f"view public.v: {_FALSE}"),
    ("CREATE VIEW v AS SELECT a, CASE current_user WHEN 'legacy' THEN by END FROM t", f"view public.v: {_NEVER}"),
    ("CREATE VIEW v AS SELECT * FROM t WHERE 'legacy' = session_user::text", f"view public.v: {_NEVER}"),
    ("CREATE VIEW v AS SELECT * FROM t WHERE current_user IN ('x', 'legacy')", f"view public.v: {_NEVER}"),
    ("CREATE VIEW v AS SELECT * FROM t WHERE current_user = ANY ('{x,legacy}')", f"view public.v: {_NEVER}"),
    (
        "CREATE VIEW v AS SELECT oid FROM pg_class WHERE pg_get_userbyid(relowner) = 'legacy'",
        "view public.v: compared with pg_get_userbyid: never legacy for app_user",
    ),
    (
        "CREATE VIEW v AS SELECT 'legacy'::text::regrole AS who",
        "view public.v: regrole: as before, and raises once it is dropped",
    ),
    (
        "CREATE VIEW v AS SELECT has_table_privilege('legacy', 't', 'SELECT') AS may",
        "view public.v: has_table_privilege: false once legacy holds nothing, and raises once it is dropped",
    ),
    (
        "CREATE MATERIALIZED VIEW m AS SELECT pg_has_role('legacy', 'USAGE') AS is",
        f"materialized view public.m: {_FALSE}",
    ),
    (
        "CREATE RULE r AS ON DELETE TO t WHERE NOT pg_has_role('legacy', 'USAGE') DO INSTEAD NOTHING",
        f"rule r on public.t: {_FALSE}",
    ),
    ("CREATE POLICY p ON t USING (pg_has_role(current_user, 'legacy', 'USAGE'))", f"policy p on public.t: {_FALSE}"),
    ("CREATE POLICY p ON t WITH CHECK (current_user = 'legacy')", f"policy p on public.t: {_NEVER}"),
    ("ALTER TABLE t ADD c bool DEFAULT pg_has_role('legacy', 'USAGE')", f"default public.t.c: {_FALSE}"),
    ("ALTER TABLE t ADD CONSTRAINT k CHECK (current_user = 'legacy' OR a > 0)", f"constraint k on public.t: {_NEVER}"),
    (
        "CREATE DOMAIN d AS text CONSTRAINT k CHECK (current_user = 'legacy')",
        f"constraint k on public.d: {_NEVER}",
    ),
    ("CREATE DOMAIN d AS bool DEFAULT pg_has_role('legacy', 'USAGE')", f"default of public.d: {_FALSE}"),
    (
        f"{_IDLE}; CREATE TRIGGER w AFTER INSERT ON t FOR ROW WHEN (current_user = 'legacy') EXECUTE FUNCTION g()",
        f"trigger w on public.t: {_NEVER}",
    ),
    (
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS 'BEGIN SET ROLE legacy; END'",
        "public.f(): SET ROLE: permission denied for app_user, and raises once it is dropped",
    ),
    (
        "CREATE FUNCTION f() RETURNS int LANGUAGE sql SET role = 'legacy' AS 'SELECT 1'",
        "public.f(): SET role: permission denied for app_user, and raises once it is dropped",
    ),
    (
        "CREATE FUNCTION f(b bool DEFAULT pg_has_role('legacy', 'USAGE')) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        f"public.f(boolean): {_FALSE}",
    ),
    (
        f"{_EVENT} $$ BEGIN EXECUTE format('GRANT SELECT ON TABLE %s TO %I', 'x', 'legacy'); END $$",
        "public.e(): EXECUTE: still about legacy, and raises once it is dropped",
    ),
)


@pytest.fixture
def planted(patient: psycopg.Connection[Any]) -> Iterator[psycopg.Connection[Any]]:
    with patient.transaction(force_rollback=True):
        patient.execute(_TABLE.encode())
        yield patient


def plant(conn: psycopg.Connection[Any], statement: str) -> None:
    conn.execute(f"SET search_path = public, pg_catalog; {statement}".encode())


@pytest.mark.slow
@pytest.mark.majors("two")
def test_every_place(patient: psycopg.Connection[Any]) -> None:
    wrong = []
    for statement, expected in PLACES:
        with patient.transaction(force_rollback=True):
            plant(patient, _TABLE + statement)
            found = look(patient, DROP, "legacy-by-name").get("legacy-by-name")
            severity = "blocker" if "raises" in expected else "warning"
            if found is None or found.objects != (expected,) or found.severity != severity:
                wrong.append(f"{statement}: {found and (found.severity, found.objects)}")
            usual = look(patient, SHOP, "legacy-by-name").get("legacy-by-name")
            if usual is None or usual.severity != "warning":
                wrong.append(f"{statement}: {usual} without drop")
    assert "\n".join(wrong) == ""


def test_a_body_that_is_stored_as_a_tree(planted: psycopg.Connection[Any]) -> None:
    plant(planted, "CREATE FUNCTION f() RETURNS bool BEGIN ATOMIC SELECT pg_has_role('legacy', 'USAGE'); END")
    assert look(planted, DROP)["legacy-by-name"].objects == (f"public.f(): {_FALSE}",)


@pytest.mark.majors("two")
def test_words_that_only_look_like_it(planted: psycopg.Connection[Any]) -> None:
    plant(
        planted,
        "CREATE SCHEMA legacy; CREATE TABLE legacy.legacy (legacy text DEFAULT 'legacy'); "
        "CREATE VIEW v AS SELECT legacy.legacy AS legacy FROM legacy.legacy AS legacy WHERE current_user <> 'x'; "
        "CREATE VIEW n AS SELECT relname FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
        "WHERE nspname = 'legacy' AND pg_has_role('vendor', 'USAGE'); "
        "CREATE VIEW p AS SELECT has_schema_privilege('legacy', 'USAGE') AS may; "
        "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN -- SET ROLE legacy\n"
        "INSERT INTO legacy.legacy SELECT 'legacy' FROM legacy.legacy; EXECUTE 'TRUNCATE legacy.legacy'; "
        "GRANT SELECT ON legacy.legacy TO vendor; RAISE NOTICE 'SET ROLE legacy'; END $$; "
        "CREATE POLICY legacy ON t USING (by = 'legacy')",
    )
    found = look(planted, DROP)
    assert not {"legacy-by-name", "legacy-name-as-text"} & found.keys(), found


def test_a_text_alone_is_a_note(planted: psycopg.Connection[Any]) -> None:
    plant(planted, "ALTER TABLE t ADD who text DEFAULT 'legacy', ADD x text DEFAULT 'legacy system'")
    plant(planted, "CREATE INDEX i ON t (a) WHERE by = 'legacy'")
    found = look(planted, DROP)
    assert "legacy-by-name" not in found
    assert found["legacy-name-as-text"].objects == ("default public.t.who", "index i on public.t")


@pytest.mark.majors("two")
def test_names_of_every_kind(database: Database) -> None:
    for number, name in enumerate(("we\"ird's", "Größe %s:x", "na\\me", "group")):
        role, view = sql.Identifier(name), sql.Identifier(f"v{number}")
        database.admin.execute(sql.SQL("ALTER ROLE {} RENAME TO {}").format(sql.Identifier(database.legacy), role))
        try:
            text = sql.Literal(name).as_string(database.admin).strip()
            body = f"BEGIN PERFORM pg_has_role({text}, 'USAGE'); SET ROLE {role.as_string()}; END"
            database.admin.execute(
                sql.SQL("CREATE VIEW {} AS SELECT pg_has_role({}, 'USAGE')").format(view, sql.Literal(name))
            )
            database.admin.execute(
                sql.SQL("CREATE FUNCTION {}() RETURNS void LANGUAGE plpgsql AS {}").format(view, sql.Literal(body))
            )
            found = look(database.admin, replace(DROP, legacy_role=name))["legacy-by-name"]
            assert [one.count("raises") for one in found.objects] == [2, 1], found
            database.admin.execute(sql.SQL("DROP VIEW {}; DROP FUNCTION {}()").format(view, view))
        finally:
            database.admin.execute(sql.SQL("ALTER ROLE {} RENAME TO {}").format(role, sql.Identifier(database.legacy)))


def test_commands_of_pg_cron(planted: psycopg.Connection[Any]) -> None:
    def cron(command: str) -> Finding | None:
        with planted.transaction(force_rollback=True):
            plant(planted, CRON)
            planted.execute("UPDATE cron.job SET command = %s, database = current_database()", [command])
            planted.execute(extension("pg_cron", "cron.job").encode())
            return look(planted, DROP, "cron-commands").get("cron-commands")

    found = cron("SET ROLE legacy; SELECT 'secret'")
    assert found is not None
    assert found.severity == "blocker"
    assert len(found.objects) == 3
    assert "secret" not in str(found)
    assert cron("DELETE FROM legacy -- SET ROLE legacy") is None


def test_each_says_what_to_do() -> None:
    assert "retire" in REGISTRY["legacy-by-name"].fix
