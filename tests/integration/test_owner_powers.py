"""What runs as its owner: judged before ownership moves, and the same rows for the application at every moment."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from flatsplit.catalog import read_state
from flatsplit.config import Config, OwnerPowers
from flatsplit.rehearsal.powers.found import Powers
from flatsplit.rehearsal.powers.lost import lost
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.kind import through
from flatsplit.walks.split.remembered import reduce
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase, shared_schemas
from tests.support.hazards import pinned
from tests.support.walk import NEW_ROLES, Walk

DEFINER = "LANGUAGE {} SECURITY DEFINER SET search_path = public, pg_temp AS $$ {} $$"


def found_in(database: Database, powers: OwnerPowers | None = None, schemas: tuple[str, ...] = ("public",)) -> Powers:
    """What would change its outcome."""
    config = Config("shop", database.legacy, schemas, powers=powers or OwnerPowers())
    with pinned(database.admin):
        state = read_state(database.admin)
        first = reduce(state, config)
        first = replace(first, roles={name: one for name, one in first.roles.items() if name not in NEW_ROLES})
        context = Context(config, first)
        return lost(database.admin, state, through(state, context, "transfer-ownership"), context)


def names(powers: Powers) -> set[str]:
    return {each.object.name for each in powers.lost}


def plpgsql(name: str, body: str, args: str = "") -> str:
    return f"CREATE FUNCTION {name}({args}) RETURNS void {DEFINER.format('plpgsql', f'BEGIN {body}; END')};"


def sql(name: str, body: str, returns: str = "text", args: str = "") -> str:
    return f"CREATE FUNCTION {name}({args}) RETURNS {returns} {DEFINER.format('sql', body)};"


BYPASSED = [
    "CREATE VIEW v AS SELECT * FROM forced;",
    'CREATE VIEW "V ""%:" AS SELECT v.a FROM v, forced;',
    "CREATE MATERIALIZED VIEW mv AS SELECT * FROM forced;",
    "CREATE MATERIALIZED VIEW far AS SELECT * FROM theirs;",
    "CREATE TABLE ruled (a int); CREATE RULE r AS ON INSERT TO ruled DO ALSO INSERT INTO forced VALUES (new.a);",
    sql("reads", "SELECT count(*) FROM forced", "bigint"),
    sql("writes", "INSERT INTO forced VALUES (1)", "void"),
    plpgsql("copies", "COPY forced FROM '/dev/null'"),
]
"""What row security changes: for who bypassed it by attribute."""

POWERFUL = [
    sql("lookup", "SELECT rolpassword FROM pg_authid WHERE rolname = who", args="who text"),
    sql("shadow", "SELECT passwd FROM pg_shadow"),
    plpgsql("makes_role", "CREATE ROLE x"),
    plpgsql("alters_role", "EXECUTE format('ALTER ROLE %I PASSWORD %L', who, who)", "who text"),
    plpgsql("grants_role", "GRANT third TO legacy"),
    sql("reads_file", "SELECT pg_read_file('PG_VERSION')"),
    plpgsql("runs_program", "COPY plain TO PROGRAM 'cat'"),
    plpgsql("alters_system", "ALTER SYSTEM SET work_mem = '4MB'"),
    plpgsql("sets", "SET LOCAL session_replication_role = replica"),
    plpgsql("sets_too", "PERFORM set_config('session_replication_role', 'replica', true)"),
    "CREATE FUNCTION brings() RETURNS void LANGUAGE sql SECURITY DEFINER SET session_replication_role = replica AS '';",
    sql("kills", "SELECT pg_terminate_backend(1)", "boolean"),
    sql("watches", "SELECT query FROM pg_stat_activity LIMIT 1"),
    sql("shows", "SELECT current_setting('data_directory')"),
    sql("away", "SELECT count(*) FROM apart.secret", "bigint"),
    plpgsql("triggers", "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f()"),
    (
        "CREATE TABLE parent (a int PRIMARY KEY); CREATE TABLE child (a int REFERENCES parent ON DELETE CASCADE); "
        "CREATE FUNCTION fired() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN ALTER SYSTEM RESET work_mem; RETURN old; END'; "
        "CREATE TRIGGER fired BEFORE DELETE ON child FOR EACH ROW EXECUTE FUNCTION fired();"
    ),
    "CREATE MATERIALIZED VIEW files AS SELECT pg_ls_dir('.') AS name;",
]
"""What only a superuser may, each by itself."""

HARMLESS = [
    sql("counts", "SELECT count(*) FROM plain", "bigint"),
    plpgsql("makes", "CREATE TABLE IF NOT EXISTS made (a int); ALTER TABLE plain ADD COLUMN b int; DROP TABLE made"),
    plpgsql("empties", "TRUNCATE plain"),
    sql("open_rows", "SELECT count(*) FROM open", "bigint"),
    sql("own_rows", "SELECT count(*) FROM mine", "bigint"),
    "CREATE VIEW plain_view AS SELECT * FROM plain;",
    "CREATE VIEW open_view AS SELECT * FROM open;",
    "CREATE VIEW sessions AS SELECT pid, query FROM pg_stat_activity;",
    "CREATE MATERIALIZED VIEW sums AS SELECT count(*), now() FROM plain;",
    (
        "CREATE TABLE other (a int REFERENCES mine_too); CREATE FUNCTION calm() RETURNS trigger LANGUAGE plpgsql "
        "AS 'BEGIN ALTER SYSTEM RESET work_mem; RETURN old; END'; "
        "CREATE TRIGGER calm BEFORE DELETE ON other FOR EACH ROW EXECUTE FUNCTION calm();"
    ),
    "CREATE FUNCTION invoker() RETURNS text LANGUAGE sql AS 'SELECT rolpassword FROM pg_authid LIMIT 1';",
]

WORLD = """
CREATE ROLE third;
CREATE TABLE theirs (a int); ALTER TABLE theirs OWNER TO third; ALTER TABLE theirs ENABLE ROW LEVEL SECURITY;
CREATE SCHEMA apart; CREATE TABLE apart.secret (a int);
SET ROLE legacy;
CREATE TABLE plain (a int); CREATE TABLE mine (a int);
CREATE TABLE mine_too (a int PRIMARY KEY); CREATE TABLE open (a int); CREATE TABLE forced (a int);
ALTER TABLE mine ENABLE ROW LEVEL SECURITY;
ALTER TABLE open ENABLE ROW LEVEL SECURITY; ALTER TABLE open FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON open USING (true);
ALTER TABLE forced ENABLE ROW LEVEL SECURITY; ALTER TABLE forced FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON forced USING (a > 5);
"""


def planted(database: Database, *statements: str) -> None:
    database.execute("SET check_function_bodies = off;" + WORLD + "".join(statements))


def planted_names(database: Database) -> set[str]:
    rows = database.admin.execute(
        "SELECT proname FROM pg_proc WHERE proowner = 'legacy'::regrole AND prosecdef UNION ALL "
        "SELECT relname FROM pg_class WHERE relowner = 'legacy'::regrole AND relkind IN ('v', 'm') "
        "OR relname IN ('ruled', 'child')"
    )
    return {row[0] for row in rows}


@pytest.mark.majors("two")
def test_what_only_a_superuser_may(make_database: MakeDatabase) -> None:
    """Each planted fault is found, and names itself; what an ordinary owner may is not."""
    database = make_database(legacy_options="SUPERUSER")
    planted(database, *BYPASSED, *POWERFUL)
    bad = planted_names(database)
    database.execute("SET check_function_bodies = off; SET ROLE legacy;" + "".join(HARMLESS))

    found = found_in(database)

    assert names(found) == bad
    assert len(bad) == len(BYPASSED) + len(POWERFUL)
    assert all(each.object.name.split('"')[0] in each.reason for each in found.lost)
    rows = {each.object.name for each in found.lost if each.rows}
    assert rows == {"v", 'V "%:', "mv", "far", "ruled", "reads", "writes", "copies"}


@pytest.mark.majors("two")
def test_what_bypassing_policies_gave(make_database: MakeDatabase) -> None:
    """An adopted app_migrator is not given the attribute by itself; then what needs it is found."""
    database = make_database(legacy_options="BYPASSRLS")
    database.execute("GRANT USAGE, CREATE ON SCHEMA public TO legacy")
    planted(database, *HARMLESS)
    database.execute("RESET ROLE; GRANT SELECT ON theirs TO legacy; SET ROLE legacy;" + "".join(BYPASSED[:-1]))
    wanted = {"v", 'V "%:', "mv", "far", "ruled", "reads", "writes"}
    assert names(found_in(database)) == set()
    config = Config("shop", database.legacy, ("public",))
    database.execute("RESET ROLE; CREATE ROLE app_migrator")
    with pinned(database.admin):
        state = read_state(database.admin)
        context = Context(config, reduce(state, config))
        found = lost(database.admin, state, through(state, context, "transfer-ownership"), context)
        assert names(found) == wanted
        context = replace(context, config=replace(config, powers=OwnerPowers(bypassrls=True)))
        found = lost(database.admin, state, through(state, context, "transfer-ownership"), context)
        assert names(found) == set()


@pytest.mark.majors("two")
def test_an_ordinary_owner_loses_nothing(database: Database) -> None:
    """What fails as legacy's too is no change; that legacy's own sessions are another's is one."""
    planted(database, "RESET ROLE; GRANT SELECT ON theirs TO legacy; SET ROLE legacy;", *HARMLESS, *BYPASSED)
    database.execute("".join(each for each in POWERFUL[:-1] if "brings" not in each))

    assert names(found_in(database)) == {"kills"}


@pytest.mark.majors("two")
@pytest.mark.parametrize("schema", shared_schemas())
def test_real_schemas(schema: str, make_database: MakeDatabase) -> None:
    database = make_database(schema)
    found = database.admin.execute("SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_|^information_schema$'")
    schemas = tuple(row[0] for row in found)

    assert found_in(database, schemas=schemas).lost == ()

    database.execute("ALTER ROLE legacy SUPERUSER")
    assert found_in(database, schemas=schemas).lost == ()


def test_schemas_that_its_tables_lie_in(make_database: MakeDatabase) -> None:
    """Checks of foreign keys run as the owner of the table, who needs USAGE on the schema."""
    database = make_database(legacy_options="SUPERUSER")
    database.execute(
        'CREATE SCHEMA "Else"; CREATE TABLE "Else".t (a int primary key); ALTER TABLE "Else".t OWNER TO legacy'
    )

    (found,) = found_in(database).lost

    assert (found.object.name, found.fix) == ("Else", 'GRANT USAGE ON SCHEMA "Else" TO "app_migrator";')


def test_connections_that_only_a_superuser_makes(make_database: MakeDatabase) -> None:
    """Without a password dblink and postgres_fdw serve superusers only."""
    database = make_database(legacy_options="SUPERUSER")
    try:
        database.execute("CREATE EXTENSION dblink; CREATE EXTENSION postgres_fdw")
    except psycopg.errors.FeatureNotSupported:
        pytest.skip("this server came without dblink or postgres_fdw")
    for name, options in (("bare", ""), ("kept", " OPTIONS (password 'secret')")):
        database.psql(
            f"CREATE SERVER {name} FOREIGN DATA WRAPPER postgres_fdw; "
            f"CREATE USER MAPPING FOR legacy SERVER {name}{options};"
            f"CREATE FOREIGN TABLE {name} (a int) SERVER {name}; CREATE VIEW v_{name} AS SELECT * FROM {name};",
            database.legacy,
        )
    database.psql(
        sql("dials", "SELECT dblink_connect('dbname=shop')")
        + sql("dials_so", "SELECT dblink_connect('c', 'dbname=shop password=secret')")
        + sql("dials_where", "SELECT dblink_connect('c', 'dbname=' || current_database())")
        + sql("reads_bare", "SELECT count(*) FROM bare", "bigint"),
        database.legacy,
    )

    found = found_in(database)

    assert names(found) == {"v_bare", "dials", "reads_bare"}
    assert [ref.name for ref in found.unread] == ["dials_where"]
    assert "secret" not in str(found)


def test_what_cannot_be_read_is_said(make_database: MakeDatabase) -> None:
    database = make_database(legacy_options="SUPERUSER")
    planted(database, plpgsql("runs", "EXECUTE q", "q text"))
    assert [ref.name for ref in found_in(database).unread] == ["runs"]

    database.execute("ALTER ROLE legacy NOSUPERUSER")
    assert found_in(database).unread == ()


@pytest.mark.majors("two")
@pytest.mark.parametrize("options", ["", "SUPERUSER"])
def test_a_routine_that_hands_on_to_the_old_role(options: str, make_database: MakeDatabase) -> None:
    """By name, in a text that is put together, and called by a trigger."""
    database = make_database(legacy_options=options)
    database.execute("CREATE ROLE third; GRANT third TO legacy; CREATE ROLE stranger")
    planted = {
        role: plpgsql(
            f"to_{role}",
            f"EXECUTE format('CREATE TABLE %I (LIKE m)', name); EXECUTE format('ALTER TABLE %I OWNER TO {role}', name)",
            "name text",
        )
        for role in ("legacy", "third", "current_user", "stranger")
    }
    database.psql("CREATE TABLE m (a int); CREATE ROLE x;" if options else "CREATE TABLE m (a int)", database.legacy)
    database.psql("".join(planted.values()), database.legacy)

    assert names(found_in(database)) == {"to_legacy"} | ({"to_stranger"} if options else set())


@pytest.mark.majors("two")
def test_a_setting_can_be_granted_instead(make_database: MakeDatabase, invoke_cli: InProcess, major: int) -> None:
    """The line that is printed settles it, where the server has GRANT SET ON PARAMETER."""
    database = make_database(legacy_options="SUPERUSER")
    brings = next(each for each in POWERFUL if "brings" in each)
    database.execute("SET ROLE legacy;" + brings + plpgsql("sets", "SET LOCAL session_replication_role = replica"))
    walk = Walk(invoke_cli, database).init()

    def told() -> list[str]:
        said = walk("doctor", "--json").json["findings"]
        return [one["fix"] for one in said if one["id"] == "owner-powers"]

    (fix,) = told()
    line = '[grants.app_migrator] set = ["session_replication_role"]'
    assert (f"{line} in flatsplit.toml lets app_migrator set that; or leave them with dba" in fix) == (major >= 15)
    if major >= 15:
        with walk.config.open("a") as file:
            file.write("\n" + line.replace("] set", "]\nset") + "\n")
        assert told() == []
        database.execute("SET ROLE legacy;" + plpgsql("more", "ALTER SYSTEM RESET work_mem"))
        (fix,) = told()
        assert "lets app_migrator set" not in fix
