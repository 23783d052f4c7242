"""Traps in objects, replication, extensions and settings: planted, bitten by, cured."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from flatsplit.config import RoleNames
from tests.support.hazards import CRON, SHOP, Case, check, distributed, extension

_NO_DBA = replace(SHOP, roles=RoleNames(dba=""))
_ALTER_DATABASE = "ALTER DATABASE fs_hazards SET "


CASES = (
    # Objects
    Case(
        "superuser-objects",
        "CREATE PUBLICATION everything FOR ALL TABLES; ALTER PUBLICATION everything OWNER TO legacy; "
        "GRANT app_migrator TO legacy; GRANT CREATE ON DATABASE fs_hazards TO app_migrator",
        ("publication everything",),
        role="legacy",
        bites="ALTER PUBLICATION everything OWNER TO app_migrator",
        error="permission denied to change owner of publication",
        cure="ALTER PUBLICATION everything OWNER TO postgres; CREATE PUBLICATION fine; ALTER PUBLICATION fine OWNER "
        "TO legacy; "
        "ALTER PUBLICATION everything RENAME TO other; ALTER PUBLICATION fine RENAME TO everything",
        config=_NO_DBA,
    ),
    Case(
        "all-tables-publication",
        "CREATE PUBLICATION everything FOR ALL TABLES; CREATE TABLE made_later (a int)",
        ("everything",),
        role="postgres",
        bites="SELECT count(*) FROM pg_publication_tables WHERE tablename = 'made_later'",
        value=1,
        cure="DROP PUBLICATION everything",
    ),
    Case(
        "detach-pending",
        "SET ROLE legacy; CREATE TABLE split (k int) PARTITION BY LIST (k); "
        "CREATE TABLE split_1 PARTITION OF split FOR VALUES IN (1); RESET ROLE; "
        "UPDATE pg_inherits SET inhdetachpending = true WHERE inhrelid = 'split_1'::regclass",
        ("table public.split_1",),
        role="legacy",
        bites="ALTER TABLE split_1 SET (fillfactor = 50)",
        error="incomplete detach",
        cure="ALTER TABLE split DETACH PARTITION split_1 FINALIZE",
        since=14,
    ),
    Case(
        "extensions-owned",
        extension("made_up") + "UPDATE pg_extension SET extowner = 'legacy'::regrole WHERE extname = 'made_up'",
        ("made_up",),
        role="postgres",
        bites="ALTER EXTENSION made_up OWNER TO app_migrator",
        error="syntax error",
    ),
    Case(
        "extension-relations",
        "ALTER ROLE legacy SUPERUSER; CREATE TABLE inner_table (a int); " + extension("made_up", "public.inner_table"),
        ("table public.inner_table",),
        bites="SELECT count(*) FROM inner_table",
        error="permission denied for table inner_table",
        cure="GRANT SELECT ON inner_table TO PUBLIC",
    ),
    Case(
        "large-objects",
        "SET ROLE legacy; SELECT lo_from_bytea(4242, 'x'); RESET ROLE",
        ("large object 4242",),
        bites="SELECT lo_get(4242)",
        error="permission denied for large object 4242",
        cure="GRANT SELECT ON LARGE OBJECT 4242 TO app_user",
        stays=True,
    ),
    Case(
        "matview-refresh",
        "SET ROLE legacy; CREATE MATERIALIZED VIEW m AS SELECT 1 AS a; RESET ROLE; GRANT SELECT ON m TO app_user",
        ("materialized view public.m",),
        bites="REFRESH MATERIALIZED VIEW m",
        error="m",
        cure="DO $$ BEGIN IF current_setting('server_version_num')::int >= 170000 THEN "
        "GRANT MAINTAIN ON m TO app_user; ELSE ALTER MATERIALIZED VIEW m OWNER TO app_user; END IF; END $$",
    ),
    Case(
        "migration-tables",
        "SET ROLE legacy; CREATE TABLE alembic_version (v text); CREATE TABLE version (v text); "
        "CREATE TABLE queue_migrations (); CREATE TABLE migrations_of_birds (); CREATE TABLE queue_schema_version (); "
        "INSERT INTO alembic_version VALUES ('a1'); RESET ROLE; GRANT SELECT, UPDATE ON alembic_version TO app_user",
        ("table public.alembic_version", "table public.queue_migrations", "table public.queue_schema_version"),
        bites="UPDATE alembic_version SET v = '00'; SELECT v FROM alembic_version",
        value="00",
        cure="REVOKE UPDATE ON alembic_version FROM app_user",
        stays=True,
    ),
    Case(
        "migrations-out-of-reach",
        'ALTER ROLE legacy SUPERUSER; CREATE SCHEMA "A tool"; CREATE TABLE "A tool".__drizzle_migrations (id serial); '
        "CREATE TABLE alembic_version (v text); ALTER TABLE alembic_version OWNER TO legacy; "
        "CREATE TABLE other (a int); CREATE TABLE schema_migrations (v text); "
        "GRANT SELECT, INSERT, UPDATE, DELETE ON schema_migrations TO legacy",
        ("table A tool.__drizzle_migrations",),
        role="app_migrator",
        bites='INSERT INTO "A tool".__drizzle_migrations DEFAULT VALUES',
        error="permission denied for schema A tool",
        cure='GRANT USAGE ON SCHEMA "A tool" TO app_migrator; GRANT USAGE ON ALL SEQUENCES IN SCHEMA "A tool" TO '
        'app_migrator; GRANT SELECT, INSERT, UPDATE, DELETE ON "A tool".__drizzle_migrations TO app_migrator',
    ),
    # Replication
    Case(
        "subscriptions",
        "CREATE SUBSCRIPTION feed CONNECTION 'host=feed.invalid dbname=x' PUBLICATION p "
        "WITH (connect = false, slot_name = none, enabled = false)",
        ("feed of postgres (disabled)",),
        "note",
        cure="DROP SUBSCRIPTION feed",
    ),
    Case(
        "event-trigger-code",
        "CREATE FUNCTION public.e() RETURNS event_trigger LANGUAGE plpgsql AS "
        "$$ BEGIN IF session_user = 'postgres' THEN EXECUTE 'ALTER ROLE legacy SUPERUSER'; END IF; END $$; "
        "ALTER FUNCTION e() OWNER TO legacy; "
        "CREATE EVENT TRIGGER trap ON ddl_command_end WHEN tag IN ('GRANT') EXECUTE FUNCTION e()",
        ("trap runs public.e() of legacy",),
        role="postgres",
        bites="GRANT CREATE ON SCHEMA public TO team; SELECT rolsuper FROM pg_roles WHERE rolname = 'legacy'",
        value=True,
        cure="ALTER EVENT TRIGGER trap DISABLE",
    ),
    Case(
        "event-triggers",
        "CREATE TABLE log (tag text); CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS "
        "'BEGIN INSERT INTO log VALUES (tg_tag); END'; CREATE EVENT TRIGGER audit ON ddl_command_end EXECUTE "
        "FUNCTION e()",
        ("audit on ddl_command_end runs public.e() with the rights of whoever migrates",),
        role="app_migrator",
        bites="CREATE TABLE x (a int)",
        error="permission denied for table log",
        cure="GRANT INSERT ON log TO app_migrator",
        stays=True,
    ),
    # What reaches out
    Case(
        "legacy-labels",  # no provider of labels can be had either
        "INSERT INTO pg_shseclabel SELECT oid, 'pg_authid'::regclass, 'anon', 'MASKED' FROM pg_roles "
        "WHERE rolname IN ('legacy', 'app_migrator')",
        ("app_user: no label of anon", "app_readonly: no label of anon"),
        absent="INSERT INTO pg_shseclabel SELECT oid, 'pg_authid'::regclass, provider, 'x' FROM pg_roles, "
        "(VALUES ('legacy', 'pgaadauth'), ('vendor', 'anon')) AS other (name, provider) WHERE rolname = name",
        role="postgres",
        bites="SELECT count(*) FROM pg_shseclabel WHERE objoid = 'app_user'::regrole",
        value=0,
        cure="INSERT INTO pg_shseclabel SELECT oid, 'pg_authid'::regclass, 'anon', 'MASKED' FROM pg_roles "
        "WHERE rolname IN ('app_user', 'app_readonly')",
    ),
    Case(
        "legacy-entra",  # the label stands here as it does on Azure, whose provider of labels cannot be had
        "INSERT INTO pg_shseclabel SELECT oid, 'pg_authid'::regclass, 'pgaadauth', 'aadauth,oid=1,type=service' "
        "FROM pg_roles WHERE rolname = 'legacy'",
        ("legacy",),
        absent="INSERT INTO pg_shseclabel SELECT oid, 'pg_authid'::regclass, provider, 'x' FROM pg_roles, "
        "(VALUES ('legacy', 'selinux'), ('vendor', 'pgaadauth')) AS other (name, provider) WHERE rolname = name",
        role="postgres",
        bites="SELECT count(*) FROM pg_shseclabel WHERE objoid = 'app_user'::regrole",
        value=0,
        cure="UPDATE pg_shseclabel SET objoid = 'app_user'::regrole "
        "WHERE objoid = 'legacy'::regrole AND provider = 'pgaadauth'",
    ),
    Case(
        "user-mappings",
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w; CREATE SERVER unused FOREIGN DATA "
        "WRAPPER w; "
        "CREATE USER MAPPING FOR legacy SERVER far OPTIONS (password 'never-shown')",
        ("mapping of legacy on server far",),
        "note",
        role="postgres",
        bites="SELECT count(*) FROM pg_user_mappings WHERE usename = 'app_user'",
        value=0,
        cure="DROP USER MAPPING FOR legacy SERVER far; CREATE USER MAPPING FOR app_user SERVER far",
    ),
    Case(
        "user-mappings",
        "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER far FOREIGN DATA WRAPPER w; CREATE FOREIGN TABLE f (a int) "
        "SERVER far; "
        "ALTER FOREIGN TABLE f OWNER TO legacy",
        ("server far: 1 foreign table without a mapping",),
        cure="CREATE USER MAPPING FOR PUBLIC SERVER far",
    ),
    Case(
        "user-mappings",
        "CREATE EXTENSION postgres_fdw; CREATE SERVER far FOREIGN DATA WRAPPER postgres_fdw; "
        "CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (user 'x'); ALTER ROLE legacy SUPERUSER; "
        "CREATE FOREIGN TABLE f (a int) SERVER far; ALTER FOREIGN TABLE f OWNER TO legacy",
        ("server far",),
        cure="ALTER USER MAPPING FOR PUBLIC SERVER far OPTIONS (ADD password_required 'false')",
    ),
    Case(
        "cron-jobs",
        CRON + extension("pg_cron", "cron.job"),
        ("job 1 nightly: 0 3 * * * in shop", "job 3: * * * * * in shop"),
        cure="UPDATE cron.job SET username = 'app_user'",
    ),
    Case(
        "workers-log-in-as-legacy",
        "SET LOCAL pg_partman_bgw.role = 'legacy'; SET LOCAL squeeze.worker_role = 'vendor'",
        ("pg_partman_bgw.role",),
        absent="SET LOCAL pg_partman_bgw.role = 'vendor'",
        cure="SET LOCAL pg_partman_bgw.role = 'app_migrator'",
    ),
    Case(
        "citus",
        "CREATE TABLE t (a int); ALTER TABLE t OWNER TO legacy; " + distributed("t"),
        ("public.t",),
        cure="DELETE FROM pg_catalog.pg_dist_partition",
    ),
    Case(
        "timescaledb",
        "CREATE SCHEMA _timescaledb_catalog; CREATE TABLE _timescaledb_catalog.hypertable (schema_name name, "
        "table_name name); "
        "CREATE TABLE readings (a int); CREATE TABLE c1 () INHERITS (readings); CREATE TABLE c2 () INHERITS "
        "(readings); "
        "ALTER TABLE readings OWNER TO legacy; ALTER TABLE c1 OWNER TO legacy; ALTER TABLE c2 OWNER TO vendor; "
        "INSERT INTO _timescaledb_catalog.hypertable VALUES ('public', 'readings'); "
        + extension("timescaledb", "_timescaledb_catalog.hypertable"),
        ("public.readings: 2 chunks, 1 of another owner",),
        "warning",
        role="legacy",
        bites="ALTER TABLE readings ADD b int",
        error="must be owner of table c2",
        cure="ALTER TABLE c2 OWNER TO legacy",
        stays=True,
    ),
    Case(
        "timescaledb",
        "CREATE SCHEMA _timescaledb_catalog; CREATE TABLE _timescaledb_catalog.hypertable (schema_name name, "
        "table_name name); CREATE TABLE readings (a int); CREATE TABLE c1 () INHERITS (readings); "
        "ALTER TABLE readings OWNER TO legacy; ALTER TABLE c1 OWNER TO legacy; "
        "INSERT INTO _timescaledb_catalog.hypertable VALUES ('public', 'readings'); "
        + extension("timescaledb", "_timescaledb_catalog.hypertable"),
        ("public.readings: 1 chunk",),
        cure="DELETE FROM _timescaledb_catalog.hypertable",
    ),
    # Settings
    Case(
        "role-settings",
        "ALTER ROLE legacy SET work_mem = '77MB'; ALTER ROLE legacy IN DATABASE fs_hazards SET app.key = "
        "'never-shown'; "
        "GRANT legacy TO app_user",
        ("app.key", "work_mem"),
        role="postgres",
        bites="SELECT count(*) FROM pg_db_role_setting WHERE setrole = 'app_user'::regrole",
        value=0,
        cure="ALTER ROLE legacy RESET ALL; ALTER ROLE legacy IN DATABASE fs_hazards RESET ALL; "
        "ALTER ROLE app_user IN DATABASE fs_hazards SET work_mem = '77MB'",
    ),
    Case(
        "role-setting-role",
        "GRANT team TO legacy; ALTER ROLE legacy SET role = 'team'",
        ("role = team",),
        cure="ALTER ROLE legacy RESET role",
    ),
    Case(
        "user-schema",
        "CREATE SCHEMA legacy; CREATE TABLE legacy.only_here (a int); GRANT USAGE ON SCHEMA legacy TO app_user; "
        'GRANT SELECT ON legacy.only_here TO app_user; SET LOCAL search_path = "$user", public',
        ("schema legacy",),
        bites="SELECT count(*) FROM only_here",
        error='relation "only_here" does not exist',
        cure="SET LOCAL search_path = legacy, public",
        stays=True,
    ),
    Case(
        "valid-until",
        "ALTER ROLE legacy VALID UNTIL '2001-01-01 UTC'",
        ("legacy",),
        cure="ALTER ROLE legacy VALID UNTIL 'infinity'",
    ),
    Case("valid-until", "ALTER ROLE legacy VALID UNTIL '2999-01-01'", ("legacy",), "note"),
    Case(
        "connection-limits",
        "ALTER ROLE legacy CONNECTION LIMIT 7; ALTER DATABASE fs_hazards CONNECTION LIMIT 99; GRANT legacy TO app_user",
        ("role legacy: 7", "database fs_hazards: 99"),
        role="postgres",
        bites="SELECT rolconnlimit FROM pg_roles WHERE rolname = 'app_user'",
        value=-1,
        cure="ALTER ROLE legacy CONNECTION LIMIT -1; ALTER DATABASE fs_hazards CONNECTION LIMIT -1; "
        "ALTER ROLE app_user CONNECTION LIMIT 7",
    ),
    Case(
        "short-timeouts",
        "ALTER ROLE legacy SET statement_timeout = '55s'; ALTER ROLE legacy IN DATABASE fs_hazards SET lock_timeout "
        "= '150ms'; " + _ALTER_DATABASE + "statement_timeout = '10ms'",
        ("lock_timeout = 150ms of role legacy in database fs_hazards",),
        cure="ALTER ROLE legacy IN DATABASE fs_hazards SET lock_timeout = '2s'",
    ),
    Case(
        "short-timeouts",
        _ALTER_DATABASE + "statement_timeout = 90",
        ("statement_timeout = 90 of database fs_hazards",),
        cure=_ALTER_DATABASE + "statement_timeout = 0",
    ),
    Case(
        "md5-password",
        "SET LOCAL password_encryption = 'md5'; ALTER ROLE legacy PASSWORD 'x'",
        ("legacy",),
        role="postgres",
        bites="ALTER ROLE legacy RENAME TO older; SELECT rolpassword FROM pg_authid WHERE rolname = 'older'",
        value=None,
        cure="SET LOCAL password_encryption = 'scram-sha-256'; ALTER ROLE legacy PASSWORD 'x'",
    ),
    Case(
        "password-encryption",
        "SET LOCAL password_encryption = 'md5'; ALTER ROLE app_user PASSWORD 'x'",
        absent="SET LOCAL password_encryption = 'scram-sha-256'",
        role="postgres",
        bites="SELECT left(rolpassword, 3) FROM pg_authid WHERE rolname = 'app_user'",
        value="md5",
        cure="SET LOCAL password_encryption = 'scram-sha-256'; ALTER ROLE app_user PASSWORD 'x'",
    ),
    Case(
        "lock-budget",
        "SET LOCAL deadlock_timeout = '150ms'",
        cure="SET LOCAL deadlock_timeout = '1s'",
    ),
    Case(
        "backup-role",
        "CREATE ROLE night_backup; CREATE ROLE streams REPLICATION",
        ("role night_backup", "role streams"),
        "note",
        cure="DROP ROLE night_backup, streams",
    ),
)


@pytest.mark.majors("two")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.hazard)
def test_trap(patient: psycopg.Connection[Any], case: Case, major: int) -> None:
    if major >= case.since:
        check(patient, case)
