"""Roles per tenant: what no gate and no hole of the proof names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from flatsplit.config import Tenants
from tests.support.hazards import SHOP, Case, check, look

CONFIG = replace(SHOP, tenants=Tenants("public.accounts", ("account_id",)))
ROOT = "SET ROLE legacy; CREATE TABLE accounts (id bigint PRIMARY KEY); RESET ROLE; "
ORDERS = "CREATE TABLE orders (id bigint PRIMARY KEY, account_id bigint NOT NULL REFERENCES accounts, body text); "

CASES = [
    Case(
        "tenant-publication-copy",
        ROOT + ORDERS + "CREATE PUBLICATION news FOR TABLE orders; ALTER ROLE vendor REPLICATION",
        ("public.orders",),
        cure='ALTER ROLE "vendor" BYPASSRLS;',
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
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.hazard)
@pytest.mark.majors("two")
def test_each(patient: psycopg.Connection[Any], case: Case) -> None:
    check(patient, case._replace(config=CONFIG))


@pytest.mark.majors("two")
def test_the_remedy_as_it_is_printed(patient: psycopg.Connection[Any]) -> None:
    case = CASES[0]
    with patient.transaction(force_rollback=True):
        patient.execute(case.plant.encode())
        assert look(patient, CONFIG, case.hazard)[case.hazard].sql == (case.cure,)
