"""Hazards of special roles: planted, seen to bite without flatsplit, silent beside, and cured."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from flatsplit.config import Grant, Special
from flatsplit.hazards import REGISTRY
from flatsplit.model import Finding
from tests.support.hazards import SHOP, look

TABLE, LONG = 'public."Paid ""x"" %s"', "é" * 31
PLANT = f"""
CREATE ROLE audit; GRANT USAGE ON SCHEMA public TO audit;
CREATE TABLE {TABLE} (id int, "At %" int, card text); CREATE TABLE public."{LONG}" (id int, card text);
ALTER TABLE {TABLE} OWNER TO legacy; ALTER TABLE public."{LONG}" OWNER TO legacy;
"""
COLUMNS = f'{TABLE}(id, "At %")'


def said(conn: psycopg.Connection[object], id_: str, special: Special, *names: str) -> Finding | None:
    grants = (Grant(special.name, "select", names),) if names else ()
    return look(conn, replace(SHOP, special=(special,), grants=grants), id_).get(id_)


def may(conn: psycopg.Connection[object], statement: str, role: str = "audit") -> bool:
    try:
        with conn.transaction(force_rollback=True):
            conn.execute(f"SET LOCAL ROLE {role}; {statement}".encode())
    except psycopg.errors.InsufficientPrivilege:
        return False
    return True


@pytest.mark.majors("two")
def test_columns_are_no_row(patient: psycopg.Connection[object]) -> None:
    audit, id_ = Special("audit"), "columns-and-star"
    with patient.transaction(force_rollback=True):
        patient.execute(PLANT.encode())
        assert said(patient, id_, audit) is None
        assert said(patient, id_, audit, TABLE) is None, "the whole table"
        assert said(patient, id_, audit, COLUMNS, TABLE) is None, "both"
        found = said(patient, id_, audit, COLUMNS, f'public."{LONG}"(id)')
        assert found is not None
        assert found.severity == "warning"
        assert len(found.objects) == 2
        # In the raw
        patient.execute(f'GRANT SELECT (id, "At %") ON {TABLE} TO audit'.encode())
        assert may(patient, f'SELECT count(*), min("At %") FROM {TABLE}')
        for broken in (
            "SELECT * FROM {}",
            "SELECT t FROM {} AS t",
            "SELECT id FROM {} ORDER BY card",
            "COPY {} TO STDOUT",
        ):
            assert not may(patient, broken.format(TABLE)), broken
        # The way out, as it is printed
        assert found.fix.endswith("\n".join(found.sql))
        assert len(found.sql) == 2
        for cure in found.sql:
            patient.execute(cure.encode())
        view = 'public."Paid ""x"" %s_shown"'
        patient.execute(f"GRANT SELECT ON {view} TO audit".encode())
        assert may(patient, f"SELECT * FROM {view}")
        assert said(patient, id_, audit, view) is None


@pytest.mark.majors("two")
def test_settings_are_no_limits(patient: psycopg.Connection[object]) -> None:
    id_ = "settings-no-limit"
    firm = Special("audit", settings=(("search_path", "public"), ("temp_file_limit", "1GB")))
    soft = Special("audit", settings=(("Default_Transaction_Read_Only", "on"), ("temp_file_limit", "1GB")))
    with patient.transaction(force_rollback=True):
        patient.execute(PLANT.encode())
        assert said(patient, id_, firm) is None
        found = said(patient, id_, soft)
        assert found is not None
        assert (found.severity, found.objects) == ("note", ("Default_Transaction_Read_Only = on",))
        # In the raw: what reads only by its setting writes all the same, what has no such privilege does not
        insert = f"SET LOCAL default_transaction_read_only = off; INSERT INTO {TABLE} VALUES (1)"
        patient.execute(
            f"ALTER ROLE audit SET default_transaction_read_only = on; GRANT INSERT ON {TABLE} TO audit".encode()
        )
        assert may(patient, insert)
        patient.execute(f"REVOKE INSERT ON {TABLE} FROM audit".encode())
        assert not may(patient, insert)
        assert not may(patient, "SET temp_file_limit = -1")
    assert "temp_file_limit" in REGISTRY[id_].fix


@pytest.mark.majors("two")
def test_every_session_may_set_what_is_called_no_limit(patient: psycopg.Connection[object]) -> None:
    from flatsplit.hazards.special_roles import NO_LIMITS

    asked = "SELECT name FROM pg_settings WHERE name = ANY (%s) AND context <> 'user'"
    assert patient.execute(asked, [list(NO_LIMITS)]).fetchall() == []


@pytest.mark.majors("two")
def test_views_show_what_a_list_leaves_out(patient: psycopg.Connection[object], major: int) -> None:
    """A view on a view, and a materialized one; not those that are named, nor those that read as their reader."""
    reader, id_ = Special("audit", schemas=("Reports %",)), "views-show-more"
    with patient.transaction(force_rollback=True):
        patient.execute(PLANT.encode())
        patient.execute(
            f"""CREATE SCHEMA "Reports %" AUTHORIZATION legacy; GRANT CREATE ON SCHEMA public TO legacy;
            SET LOCAL ROLE legacy; CREATE TABLE "Reports %".own (a int);
            CREATE VIEW public.between AS SELECT card FROM {TABLE};
            CREATE VIEW "Reports %".seen AS SELECT card FROM public.between;
            CREATE MATERIALIZED VIEW "Reports %".kept AS SELECT card FROM {TABLE};
            CREATE VIEW "Reports %".harmless AS SELECT a FROM "Reports %".own; RESET ROLE;
            GRANT USAGE ON SCHEMA "Reports %" TO audit; GRANT SELECT ON ALL TABLES IN SCHEMA "Reports %" TO audit
            """.encode()
        )
        assert may(patient, 'SELECT card FROM "Reports %".seen')
        assert may(patient, 'SELECT card FROM "Reports %".kept')
        assert not may(patient, f"SELECT card FROM {TABLE}")
        found = said(patient, id_, reader)
        assert found is not None
        assert [one.partition(" shows ")[0] for one in found.objects] == [
            "materialized view Reports %.kept",
            "view Reports %.seen",
        ]
        assert all('Paid "x" %s' in one for one in found.objects)
        named = ('"Reports %".seen', '"Reports %".kept')
        assert said(patient, id_, reader, *named) is None, "they are meant"
        assert said(patient, id_, reader, TABLE) is None, "it may read that anyway"
        assert said(patient, id_, Special("audit"), *named) is None
        if major >= 15:
            patient.execute(
                'ALTER VIEW "Reports %".seen SET (security_invoker); DROP MATERIALIZED VIEW "Reports %".kept'
            )
            assert said(patient, id_, reader) is None
            assert not may(patient, 'SELECT card FROM "Reports %".seen')


@pytest.mark.majors("two")
def test_operators_on_what_a_list_reads(patient: psycopg.Connection[object]) -> None:
    """By the table or by the column that has the type; not where the list names other columns, or the routine."""
    audit, id_ = Special("audit"), "reader-operators"
    with patient.transaction(force_rollback=True):
        patient.execute(
            """CREATE ROLE audit; GRANT CREATE, USAGE ON SCHEMA public TO legacy; GRANT USAGE ON SCHEMA public TO audit;
            SET LOCAL ROLE legacy; CREATE TYPE pair AS (a int); CREATE TABLE t (id int, "P %" pair);
            CREATE FUNCTION "same %" (pair, pair) RETURNS bool LANGUAGE sql AS 'SELECT true';
            CREATE OPERATOR === (LEFTARG = pair, RIGHTARG = pair, FUNCTION = "same %");
            REVOKE EXECUTE ON FUNCTION "same %" FROM PUBLIC; GRANT EXECUTE ON FUNCTION "same %" TO app_readonly;
            GRANT SELECT ON t TO audit; GRANT SELECT (id, "P %") ON t TO audit; RESET ROLE"""
        )
        uses = 'SELECT FROM t WHERE "P %" === "P %"'
        assert not may(patient, uses)
        for names in (("public.t",), ('public.t("P %", id)',)):
            found = said(patient, id_, audit, *names)
            assert found is not None
            assert found.title.startswith("audit may not call 1 routine ")
            assert found.toml == ('[grants.audit] execute = ["public.\\"same %\\"(public.pair, public.pair)"]',)
        assert said(patient, id_, audit, "public.t(id)") is None
        listed = (
            Grant("audit", "select", ("public.t",)),
            Grant("audit", "execute", ('public."same %"(public.pair, public.pair)',)),
        )
        assert id_ not in look(patient, replace(SHOP, special=(audit,), grants=listed), id_)
        patient.execute('GRANT EXECUTE ON FUNCTION "same %" TO audit')
        assert may(patient, uses)
        assert said(patient, id_, audit, "public.t") is None
