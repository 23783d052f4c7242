"""Roles per tenant: what no gate and no hole of the proof names, and before the walk what its gates would wait for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from flatsplit.config import Tenants
from flatsplit.ddl import create_tenancy, tenancy_of
from tests.support.hazards import SHOP, Case, check, look

CONFIG = replace(SHOP, tenants=Tenants("public.accounts", ("account_id",), rings=(("-1",), ("rest",))))
TABLE = "SET ROLE legacy; CREATE TABLE accounts (id bigint PRIMARY KEY); RESET ROLE; "
ROOT = TABLE + "INSERT INTO accounts VALUES (-1); "
ORDERS = "CREATE TABLE orders (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, body text); "

LATE = """
ALTER TABLE orders ALTER CONSTRAINT orders_account_id_fkey DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE lines (id bigint PRIMARY KEY, order_id bigint NOT NULL REFERENCES orders DEFERRABLE INITIALLY DEFERRED);
"""
ALONE = """
DO $$ DECLARE one name; BEGIN FOR one IN SELECT datname FROM pg_database WHERE datname <> current_database() LOOP
EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', one); END LOOP; END $$
"""
SUBSCRIBED = """
CREATE SUBSCRIPTION news CONNECTION 'password=x' PUBLICATION news WITH (connect = false, slot_name = none);
ALTER ROLE vendor SUPERUSER; ALTER SUBSCRIPTION news OWNER TO vendor; ALTER ROLE vendor NOSUPERUSER;
DO $$ BEGIN IF current_setting('server_version_num')::int >= 160000 THEN
ALTER SUBSCRIPTION news SET (run_as_owner = true); END IF; END $$; SET allow_system_table_mods = on;
INSERT INTO pg_subscription_rel (srsubid, srrelid, srsubstate)
SELECT oid, 'orders'::regclass, 'r' FROM pg_subscription WHERE subname = 'news'; RESET allow_system_table_mods
"""
CASES = [
    Case(
        "tenant-publication-copy",
        ROOT + ORDERS + "CREATE PUBLICATION news FOR TABLE orders; ALTER ROLE vendor REPLICATION",
        ("public.orders",),
        cure='ALTER ROLE "vendor" BYPASSRLS;',
    ),
    Case(
        "tenant-subscription",
        ROOT + ORDERS + SUBSCRIBED,
        ("public.orders",),
        cure='ALTER ROLE "vendor" BYPASSRLS;',
        since=15,
    ),
    Case(
        "tenant-partition-by-key",
        ROOT + "CREATE TABLE events (account_id bigint NOT NULL REFERENCES accounts, body text) "
        "PARTITION BY LIST (account_id); "
        + "".join(f"CREATE TABLE events_{n} PARTITION OF events FOR VALUES IN ({n}); " for n in range(10)),
        ("public.events",),
        cure="DROP TABLE events_9",
    ),
    Case(
        "tenant-notify",
        ROOT + "CREATE FUNCTION tell() RETURNS void LANGUAGE sql AS $$ SELECT pg_notify('orders', 'all of it') $$; "
        "ALTER FUNCTION tell() OWNER TO legacy",
        ("public.tell",),
        cure="DROP FUNCTION tell()",
    ),
    Case(
        "tenant-skew",
        ROOT + ORDERS + "INSERT INTO accounts SELECT generate_series(1, 200); INSERT INTO orders "
        "SELECT n, CASE WHEN n % 2 = 0 THEN 1 ELSE 1 + n % 200 END FROM generate_series(1, 4000) AS n; ANALYZE orders",
        ("public.orders",),
        cure="UPDATE orders SET account_id = 1 + id % 200; ANALYZE orders",
    ),
    Case(
        "tenant-other-databases",
        "GRANT CONNECT ON DATABASE postgres TO PUBLIC",
        ("postgres",),
        severity="note",
        absent=f"{ROOT} {ALONE}",
        cure='REVOKE CONNECT ON DATABASE "postgres" FROM PUBLIC;',
    ),
    Case(
        "tenant-late-keys",
        f"{ROOT} {ORDERS} {LATE}",
        ("public.lines",),
        severity="warning",
        cure="ALTER TABLE lines ALTER CONSTRAINT lines_order_id_fkey NOT DEFERRABLE",
    ),
    Case(
        "schema-per-tenant",
        "".join(
            f"CREATE SCHEMA {s}; ALTER SCHEMA {s} OWNER TO legacy; SET ROLE legacy; CREATE TABLE {s}.bills (id int); "
            f"CREATE TABLE {s}.lines (id bigint); RESET ROLE; "
            for s in ("acme", "globex", "initech")
        ),
        ("acme", "globex", "initech"),
        severity="note",
        cure="DROP SCHEMA initech CASCADE",
        config=replace(SHOP, schemas=("acme", "globex", "initech", "public")),
    ),
    Case(
        "tenant-tree",
        ROOT + "ALTER TABLE accounts ADD parent_account_id bigint",
        ("public.accounts",),
        cure="ALTER TABLE accounts DROP parent_account_id",
    ),
    Case("tenant-in-the-way", ROOT + "CREATE SCHEMA tenancy", cure="DROP SCHEMA tenancy"),
    Case(
        "tenant-no-kind",
        ROOT + ORDERS + "CREATE TABLE memos (id bigint PRIMARY KEY, order_id bigint)",
        ("public.memos",),
        cure="ALTER TABLE memos ADD FOREIGN KEY (order_id) REFERENCES orders",
    ),
    Case(
        "tenant-uncovered",
        ROOT + ORDERS + "CREATE INDEX ON orders (account_id); GRANT SELECT ON orders TO PUBLIC; "
        "ALTER TABLE accounts FORCE ROW LEVEL SECURITY; CREATE TABLE notes (LIKE orders INCLUDING ALL); "
        "CREATE POLICY mine ON notes USING (body = current_setting('app.account', true))",
        ("public.orders", "public.accounts", "public.notes"),
        cure="REVOKE ALL ON orders FROM PUBLIC; ALTER TABLE accounts NO FORCE ROW LEVEL SECURITY; "
        "ALTER POLICY mine ON notes TO vendor",
    ),
    Case(
        "tenant-key",
        ROOT + ORDERS + "ALTER TABLE orders ALTER account_id DROP NOT NULL",
        ("public.orders",),
        cure="ALTER TABLE orders ALTER account_id SET NOT NULL; CREATE INDEX ON orders (account_id)",
    ),
    Case(
        "tenant-role-names",
        ROOT + "INSERT INTO accounts VALUES (17); CREATE ROLE tenant_17",
        ("'17': a role 'tenant_17' is there already, and is nobody's of this table",),
        cure="DROP ROLE tenant_17",
    ),
    Case(
        "tenant-ring-keys",
        TABLE + "INSERT INTO accounts VALUES (17)",
        ("'-1': write the key as the root has it, or leave it out",),
        cure="INSERT INTO accounts VALUES (-1)",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.hazard)
@pytest.mark.majors("two")
def test_each(patient: psycopg.Connection[Any], major: int, case: Case) -> None:
    if major >= case.since:
        check(patient, case._replace(config=CONFIG))


@pytest.mark.majors("two")
def test_the_remedy_as_it_is_printed(patient: psycopg.Connection[Any]) -> None:
    case = CASES[0]
    with patient.transaction(force_rollback=True):
        patient.execute(case.plant.encode())
        assert look(patient, CONFIG, case.hazard)[case.hazard].sql == (case.cure,)
        patient.execute(ALONE)
        patient.execute("GRANT CONNECT ON DATABASE postgres TO PUBLIC")
        said = look(patient, CONFIG, "tenant-other-databases")["tenant-other-databases"]
        assert "has to run it" not in said.fix, "a superuser may"
        lines = said.sql
        assert [line.partition(" TO ")[0] for line in lines[:1]] == ['GRANT CONNECT ON DATABASE "postgres"']
        patient.execute("".join(lines).encode())
        assert look(patient, CONFIG, "tenant-other-databases") == {}
        may = "select has_database_privilege('vendor', 'postgres', 'connect')"
        assert patient.execute(may).fetchone() == (True,), "nobody else is cut off"


@pytest.mark.majors("two")
def test_what_the_gates_would_wait_for_is_silent_once_they_do(patient: psycopg.Connection[Any]) -> None:
    tenancy = create_tenancy(tenancy_of("tenancy"), "bigint", "legacy", schema=True)
    with patient.transaction(force_rollback=True):
        patient.execute(f"{ROOT} {ORDERS} ALTER TABLE orders FORCE ROW LEVEL SECURITY".encode())
        lines = look(patient, CONFIG, "tenant-uncovered")["tenant-uncovered"].sql
        patient.execute(lines[0].encode())
        assert look(patient, CONFIG, "tenant-uncovered") == {}
        patient.execute("GRANT SELECT ON orders TO PUBLIC")
        lines = look(patient, CONFIG, "tenant-key")["tenant-key"].sql
        assert lines == ('CREATE INDEX CONCURRENTLY ON "public"."orders" ("account_id");',)
        patient.execute(lines[0].replace("CONCURRENTLY ", "").encode())
        assert look(patient, CONFIG, "tenant-key") == {}
        assert look(patient, CONFIG, "tenant-uncovered")
        patient.execute(f"CREATE ROLE app_tenant; {tenancy}".encode())
        assert look(patient, CONFIG, "tenant-uncovered") == {}
        assert look(patient, CONFIG, "tenant-in-the-way") == {}


@pytest.mark.majors("two")
def test_an_index_of_a_partitioned_table_is_printed_as_the_server_takes_it(patient: psycopg.Connection[Any]) -> None:
    """Which builds none concurrently."""
    with patient.transaction(force_rollback=True):
        patient.execute(ROOT.encode())
        patient.execute(
            "CREATE TABLE events (account_id bigint NOT NULL REFERENCES accounts, at date) PARTITION BY RANGE (at);"
            "CREATE TABLE events_now PARTITION OF events DEFAULT"
        )
        (line,) = look(patient, CONFIG, "tenant-key")["tenant-key"].sql
        patient.execute(line.encode())
        assert look(patient, CONFIG, "tenant-key") == {}
