"""A server that is newer than flatsplit, and objects of kinds that it does not know."""

from __future__ import annotations

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.fixtures.servers import FreshCluster
from tests.support.hazards import look
from tests.support.walk import Walk

TITLE = "is newer than what flatsplit was tried on"


def test_a_newer_server_is_said_by_init_doctor_and_status(
    database: Database, invoke_cli: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "server-untested" not in look(database.admin)
    monkeypatch.setattr("flatsplit.model.state.NEWEST_TESTED", 12)
    walk = Walk(invoke_cli, database)
    said = walk("init", "--legacy-role", "legacy", "--yes").check()
    assert TITLE in said.stdout + said.stderr
    assert TITLE in walk("doctor").check().stdout
    assert TITLE in walk("status").check().stdout
    walk("next", "--yes").check()
    assert TITLE in walk("status").check().stdout


@pytest.mark.parametrize("owner", ["legacy", "vendor"])
def test_an_unknown_kind_is_a_blocker_that_names_the_object(
    patient: psycopg.Connection[object], owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with patient.transaction(force_rollback=True):
        patient.execute(
            f"CREATE MATERIALIZED VIEW public.graph AS SELECT 1; ALTER TABLE graph OWNER TO {owner}".encode()
        )
        assert "unknown-kinds" not in look(patient)
        monkeypatch.setattr("flatsplit.catalog.RELATIONS", "rpfvS")
        found = look(patient)["unknown-kinds"]
    assert found.severity == "blocker"
    assert found.objects == ("public.graph (pg_class.relkind m)",)


def test_what_the_catalog_calls_a_new_kind(fresh_cluster: FreshCluster, invoke_cli: InProcess) -> None:
    """As a newer server would have it: legacy's is no silence of init either."""
    cluster = fresh_cluster()
    with psycopg.connect(cluster.conninfo(), autocommit=True) as conn:
        conn.execute("CREATE ROLE legacy LOGIN; CREATE ROLE other; SET allow_system_table_mods = on")
        conn.execute("CREATE VIEW graph AS SELECT 1; ALTER VIEW graph OWNER TO other")
        conn.execute("CREATE TABLE t (a int); ALTER TABLE t OWNER TO legacy")
        conn.execute("UPDATE pg_class SET relkind = 'g' WHERE relname = 'graph'")
        refused = invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=cluster.conninfo())
        assert "public.graph" in refused.stdout + refused.stderr
        assert "public.graph" in invoke_cli("next", "--yes", dsn=cluster.conninfo()).check(5).stderr
        conn.execute("UPDATE pg_class SET relowner = 'legacy'::regrole WHERE relname = 'graph'")
        conn.execute("UPDATE pg_shdepend SET refobjid = 'legacy'::regrole WHERE refobjid = 'other'::regrole")
        refused = invoke_cli("init", "--legacy-role", "legacy", "--yes", dsn=cluster.conninfo()).check(1)
        assert "the server knows of something of legacy's that flatsplit does not" in refused.stderr
