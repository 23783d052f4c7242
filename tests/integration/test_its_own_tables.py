"""The tracking schema belongs to the operator after init, whatever event triggers and default privileges exist."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk

ADD_TRIGGER = (
    "CREATE TRIGGER audit BEFORE UPDATE ON %s FOR EACH ROW "
    "EXECUTE FUNCTION pg_catalog.suppress_redundant_updates_trigger()"
)
EACH_TABLE = """
CREATE FUNCTION public.meddle() RETURNS event_trigger LANGUAGE plpgsql AS $$ DECLARE o record; BEGIN
  FOR o IN SELECT DISTINCT object_identity FROM pg_event_trigger_ddl_commands() WHERE object_type = 'table' LOOP
    EXECUTE format('{}', o.object_identity); END LOOP; END $$;
CREATE EVENT TRIGGER "the Meddler" ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION public.meddle();
CREATE FUNCTION public.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN RAISE DEBUG ''seen''; END';
CREATE EVENT TRIGGER bystander ON ddl_command_end EXECUTE FUNCTION public.watch();
"""
MEDDLING = {
    "hands over": ("ALTER TABLE %s OWNER TO {legacy}", "belongs to"),
    "adds a trigger": (ADD_TRIGGER, "has a trigger audit"),
    "hides rows": ("ALTER TABLE %s ENABLE ROW LEVEL SECURITY", "has row-level security"),
    "refuses": ("DO $q$ BEGIN RAISE ''no tables today''; END $q$", "no tables today"),
}


@pytest.mark.majors("two")
@pytest.mark.parametrize("how", MEDDLING)
def test_an_event_trigger_that_meddles_is_named(how: str, database: Database, invoke_cli: InProcess) -> None:
    statement, said = MEDDLING[how]
    database.execute("CREATE TABLE t (a int)", database.legacy)
    database.execute(EACH_TABLE.format(statement.format(legacy=database.legacy)))
    result = invoke_cli("init", "--legacy-role", database.legacy, "--yes", dsn=database).check(1)
    assert said in result.stderr
    assert '"the Meddler"' in result.stderr
    assert "bystander" not in result.stderr
    assert "public.meddle()" in result.stderr
    assert database.admin.execute("SELECT to_regnamespace('flatsplit')").fetchone() == (None,)
    assert not (invoke_cli.cwd / "flatsplit.toml").exists()
    database.execute('ALTER EVENT TRIGGER "the Meddler" DISABLE')
    Walk(invoke_cli, database).init()


GIVING = {
    "default privileges": "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO {legacy}; "
    "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO PUBLIC; ALTER DEFAULT PRIVILEGES GRANT ALL ON SEQUENCES TO PUBLIC",
    "an event trigger": EACH_TABLE.format("GRANT ALL ON TABLE %s TO {legacy}, PUBLIC"),
}


@pytest.mark.majors("two")
@pytest.mark.parametrize("how", GIVING)
def test_what_is_granted_on_every_new_table_is_not_on_these(
    how: str, database: Database, invoke_cli: InProcess
) -> None:
    database.execute("CREATE TABLE t (a int)", database.legacy)
    database.execute(GIVING[how].replace("{legacy}", database.legacy))
    Walk(invoke_cli, database).init()
    rights = (
        "SELECT has_table_privilege(%(who)s, 'flatsplit.step', 'UPDATE'), "
        "has_sequence_privilege(%(who)s, 'flatsplit.action_id_seq', 'UPDATE'), "
        "has_table_privilege(%(who)s, 'flatsplit.step', 'SELECT')"
    )
    assert database.admin.execute(rights, {"who": database.legacy}).fetchone() == (False, False, True)
