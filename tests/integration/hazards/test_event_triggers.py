"""Event triggers found before the step that meets them, by what their functions say; harmless ones are no blockers."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.support.hazards import look

HEAD = (
    "CREATE TABLE public.logins (who text); ALTER TABLE public.logins OWNER TO legacy; "
    "GRANT ALL ON public.logins TO dba; "
)
REFUSES, HANDS, LOGIN = "event-trigger-refuses", "event-trigger-hands-over", "login-event-trigger"


def plant(conn: psycopg.Connection[Any], body: str, on: str, definer: str = "") -> None:
    conn.execute(
        f"{HEAD} CREATE FUNCTION public.f() RETURNS event_trigger LANGUAGE plpgsql {definer} AS $f$ {body} $f$; "
        f'CREATE EVENT TRIGGER "the ""trap" ON {on} EXECUTE FUNCTION public.f()'.encode()
    )


DDL = {
    ("BEGIN RAISE 'no'; END", "ddl_command_end WHEN TAG IN ('GRANT')"): REFUSES,
    ("BEGIN IF tg_tag = 'ALTER TABLE' THEN RAISE EXCEPTION USING MESSAGE = 'no'; END IF; END", "ddl_command_start"): (
        REFUSES
    ),
    ("BEGIN RAISE sqlstate '22012'; END", "ddl_command_start"): REFUSES,
    ("BEGIN RAISE NOTICE 'raise exception'; END", "ddl_command_end"): "",
    ("BEGIN /* RAISE 'x' */ PERFORM 1; EXCEPTION WHEN division_by_zero THEN RAISE; END", "ddl_command_end"): "",
    ("BEGIN IF tg_tag IN ('DROP TABLE', 'DROP VIEW') THEN RAISE 'no'; END IF; END", "ddl_command_start"): "",
    ("BEGIN RAISE 'no'; END", "ddl_command_start WHEN TAG IN ('CREATE INDEX')"): "",
    ("BEGIN RAISE 'no'; END", "sql_drop"): "",
    ("BEGIN EXECUTE format('ALTER TABLE %s OWNER TO legacy', 't'); END", "ddl_command_end"): HANDS,
    ("BEGIN ALTER TABLE public.logins OWNER TO vendor; END", "ddl_command_end WHEN TAG IN ('CREATE TABLE')"): HANDS,
    ("BEGIN EXECUTE 'ALTER TABLE t OWNER TO app_migrator'; END", "ddl_command_end"): "",
    ("BEGIN EXECUTE 'COMMENT ON TABLE t IS NULL'; END", "ddl_command_end WHEN TAG IN ('CREATE TABLE')"): "",
}


@pytest.mark.majors("two")
@pytest.mark.parametrize(("body", "on"), DDL)
def test_on_statements(body: str, on: str, patient: psycopg.Connection[Any]) -> None:
    with patient.transaction(force_rollback=True):
        plant(patient, body, on)
        found = {id_ for id_ in (REFUSES, HANDS) if id_ in look(patient, only=id_)}
        assert found == {DDL[body, on]} - {""}
        if found:
            said = look(patient, only=DDL[body, on])[DDL[body, on]]
            assert said.severity == "blocker"
            assert '"the ""trap"' in said.objects[0]
            assert "public.f()" in said.fix
            patient.execute('ALTER EVENT TRIGGER "the ""trap" DISABLE')
            assert look(patient, only=DDL[body, on]) == {}


LOGINS = {
    "BEGIN IF session_user NOT IN ('legacy') THEN RAISE 'not %', session_user; END IF; END": "raises an error",
    "BEGIN INSERT INTO public.logins VALUES (session_user); END": "app_readonly may not write to logins",
    "BEGIN DELETE FROM logins; END": "app_readonly may not delete from logins",
    "BEGIN RAISE LOG 'in: %', session_user; END": "",
    "BEGIN INSERT INTO public.logins VALUES ('x'); EXCEPTION WHEN OTHERS THEN NULL; END": "",
    "BEGIN PERFORM 1 FROM public.logins; END": "",
    "BEGIN PERFORM 1 FROM pg_catalog.pg_roles; END": "",
}


@pytest.mark.majors("two", since=17)
@pytest.mark.parametrize("body", LOGINS)
def test_on_login(body: str, patient: psycopg.Connection[Any]) -> None:
    with patient.transaction(force_rollback=True):
        plant(patient, body, "login")
        found = look(patient, only=LOGIN).get(LOGIN)
        assert (found is not None) is bool(LOGINS[body])
        if found:
            assert LOGINS[body] in found.objects[0]
    with patient.transaction(force_rollback=True):  # as its owner it may
        plant(patient, body, "login", "SECURITY DEFINER")
        assert (LOGIN in look(patient, only=LOGIN)) is ("raises" in LOGINS[body])


@pytest.mark.majors("two", since=17)
def test_a_table_of_a_third_role(patient: psycopg.Connection[Any]) -> None:
    with patient.transaction(force_rollback=True):
        patient.execute("CREATE TABLE public.allowed (who text); ALTER TABLE public.allowed OWNER TO vendor")
        plant(patient, "BEGIN PERFORM 1 FROM allowed AS a WHERE who = session_user; END", "login")
        found = look(patient, only=LOGIN)[LOGIN]
        assert "app_user, app_migrator, app_readonly, dba may not read allowed" in found.objects[0]
