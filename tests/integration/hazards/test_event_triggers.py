"""Event triggers found before the step that meets them, by what their functions say; harmless ones are no blockers."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from flatsplit.config.proposed import parsed
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


SHUT = "event-trigger-shut"
LOG = """
CREATE SCHEMA "The log"; CREATE TABLE "The log".ddl (id serial, what text);
CREATE FUNCTION "The log".f() RETURNS event_trigger LANGUAGE plpgsql AS
    $f$ BEGIN INSERT INTO "The log".ddl (what) VALUES (tg_tag); END $f$;
GRANT USAGE ON SCHEMA "The log" TO legacy, app_user, app_migrator;
GRANT INSERT ON "The log".ddl TO legacy, app_user, app_migrator;
GRANT USAGE ON SEQUENCE "The log".ddl_id_seq TO legacy, app_user, app_migrator;
"""
TEMP = "CREATE TEMP TABLE scratch (a int)"
MAKES = "CREATE TABLE public.made (a int)"


def refused(conn: psycopg.Connection[Any], role: str, statement: str) -> bool:
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(f"SET LOCAL ROLE {role}; {statement}".encode())
    except psycopg.errors.InsufficientPrivilege:
        return True
    return False


@pytest.mark.majors("two")
@pytest.mark.parametrize("owner", ["postgres", "legacy"])
def test_a_log_that_a_role_may_not_write_to(owner: str, patient: psycopg.Connection[Any]) -> None:
    """Its remedy as it is printed lets the role create, and lets nobody act as the function's owner by a trigger."""
    with patient.transaction(force_rollback=True):
        patient.execute(f'{LOG} ALTER TABLE "The log".ddl OWNER TO {owner}'.encode())
        patient.execute('CREATE EVENT TRIGGER log ON ddl_command_end EXECUTE FUNCTION "The log".f()')
        assert refused(patient, "app_readonly", TEMP)
        assert not refused(patient, "app_user", TEMP)
        found = look(patient, only=SHUT)[SHUT]
        assert found.severity == "note"
        assert found.objects == ('"log" on ddl_command_end runs "The log".f(): app_readonly may not write to ddl',)
        assert bool(found.sql) is (owner == "postgres")
        for line in found.toml:
            (_, section), values = parsed(line)
            [(word, names)] = values.items()
            for name in names:
                on = {"usage": "SCHEMA" if "." not in name else "SEQUENCE"}.get(word, "TABLE")
                patient.execute(f"GRANT {word} ON {on} {name} TO {section}".encode())
        for statement in found.sql:
            patient.execute(statement.encode())
        assert not refused(patient, "app_readonly", TEMP)
        assert SHUT not in look(patient, only=SHUT)


@pytest.mark.majors("two")
def test_whose_creating_a_log_refuses(patient: psycopg.Connection[Any]) -> None:
    """app_migrator's anything, others' what may be temporary, unless the function leaves that out."""
    cases = {
        ("ddl_command_end", ""): {"app_migrator", "app_readonly", "app_user", "dba"},
        ("sql_drop", ""): {"app_migrator", "app_readonly", "app_user", "dba"},
        ("ddl_command_end WHEN TAG IN ('CREATE INDEX')", ""): {"app_migrator"},
        ("ddl_command_end", "-- not in pg_temp"): {"app_migrator"},
    }
    for (on, remark), roles in cases.items():
        with patient.transaction(force_rollback=True):
            closed = LOG.partition("GRANT")[0].replace(" BEGIN", f"\n{remark}\nBEGIN")
            patient.execute(f"ALTER ROLE legacy SUPERUSER; {closed}".encode())
            patient.execute(f'CREATE EVENT TRIGGER log ON {on} EXECUTE FUNCTION "The log".f()'.encode())
            found = look(patient, only=SHUT)[SHUT]
            assert found.severity == "warning"
            said = found.objects[0].partition("f(): ")[2].partition(" may not")[0]
            assert {*said.split(", ")} | {"dba"} == roles | {"dba"}
            for statement in found.sql:
                patient.execute(statement.encode())
            assert SHUT not in look(patient, only=SHUT)
