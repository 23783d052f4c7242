"""The demo's shop holds the traps it is meant to hold, and its traffic sees what goes wrong."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import psycopg
import pytest

from flatsplit.demo import flat
from flatsplit.demo.flat import Shop
from flatsplit.demo.traffic import Traffic
from flatsplit.demo.transactions import TRANSACTIONS, Run, Transaction
from tests.fixtures.servers import FreshCluster
from tests.support.patience import until

# Each finds at least one row where the trap is set
TRAPS = {
    "a schema named after the role": "SELECT FROM pg_namespace WHERE nspname = 'shop'",
    "partitions": "SELECT FROM pg_inherits JOIN pg_class ON oid = inhparent WHERE relname = 'orders'",
    "row-level security with a policy": "SELECT FROM pg_policy, pg_class c WHERE c.oid = polrelid AND relrowsecurity",
    "a routine that runs as its owner": "SELECT FROM pg_proc WHERE prosecdef AND proowner = 'shop'::regrole",
    "a routine not everybody may run": "SELECT FROM pg_proc WHERE proname = 'settle' AND proacl::text !~ '[{,]=X'",
    "a materialized view": "SELECT FROM pg_class WHERE relkind = 'm'",
    "triggers": "SELECT FROM pg_trigger WHERE NOT tgisinternal",
    "identity columns": "SELECT FROM pg_attribute WHERE attidentity <> ''",
    "serial columns": "SELECT FROM pg_depend, pg_class WHERE relkind = 'S' AND objid = oid AND deptype = 'a'",
    "large objects": "SELECT FROM pg_largeobject_metadata WHERE lomowner = 'shop'::regrole",
    "default privileges for a third role": "SELECT FROM pg_default_acl WHERE defaclacl::text ~ 'reporting'",
    "column grants to a third role": "SELECT FROM pg_attribute WHERE attacl::text ~ 'reporting'",
    "a third role that relies on PUBLIC": "SELECT FROM pg_class WHERE relowner = 'reporting'::regrole",
    "role settings": "SELECT FROM pg_db_role_setting WHERE setrole = 'shop'::regrole AND setdatabase > 0",
    "a connection limit": "SELECT FROM pg_roles WHERE rolname = 'shop' AND rolconnlimit > 0",
    "PUBLIC may create": "SELECT FROM pg_namespace WHERE nspname = 'public' AND nspacl::text ~ '[{,]=U?C'",
}


@pytest.fixture
def shop(fresh_cluster: FreshCluster) -> Shop:
    return flat.build(fresh_cluster(auth="scram"))


@pytest.mark.majors("two")
def test_shop_is_flat_and_full_of_traps(shop: Shop) -> None:
    with operator(shop) as conn:
        census = flat.census(conn)
        assert sum(count for _, count in census) >= 60
        missing = [trap for trap, query in TRAPS.items() if not conn.execute(query.encode()).rowcount]
        assert not missing
        roles = conn.execute("SELECT rolname FROM pg_roles WHERE rolcanlogin ORDER BY rolname").fetchall()
        assert [role for (role,) in roles] == ["operator", "postgres", "reporting", "shop"]


@pytest.mark.majors("two")
def test_every_transaction_is_served(shop: Shop) -> None:
    with psycopg.connect(shop.conninfo(flat.LEGACY)) as conn:

        def run(statement: str, parameters: Sequence[Any] = (), *, at_least: int = 0) -> list[tuple[Any, ...]]:
            cursor = conn.execute(statement.encode(), parameters)
            rows = cursor.fetchall() if cursor.description else []
            assert len(rows) >= at_least, statement
            return rows

        for transaction in TRANSACTIONS.values():
            for seed in range(5):
                transaction.act(run, Random(seed))
                conn.commit()


def test_traffic_moves_connection_by_connection(shop: Shop) -> None:
    with operator(shop) as conn:
        conn.execute("CREATE ROLE twin LOGIN PASSWORD 'twin-secret' IN ROLE shop")
        conn.execute("ALTER ROLE twin SET search_path = shop, public")
        with Traffic(shop.conninfo(flat.LEGACY), pause=0.005) as traffic:
            wait_for(traffic, flat.LEGACY)
            traffic.move(shop.conninfo("twin", "twin-secret"), interval=0.05)
            seen = conn.execute("SELECT count(*) FROM pg_stat_activity WHERE usename = 'shop'").fetchone()
            assert seen == (0,)
            wait_for(traffic, "twin")
        tally = traffic.tally()
        assert not tally.failures
        assert tally.total == tally.statements["shop"] + tally.statements["twin"] > tally.transactions > 0
        assert tally.slowest_ms > 0
        assert tally.slowest
        traffic.stop()
        assert traffic.tally() == tally


def test_traffic_reports_what_is_denied(shop: Shop) -> None:
    with operator(shop) as conn, Traffic(shop.conninfo(flat.LEGACY), pause=0.005) as traffic:
        wait_for(traffic, flat.LEGACY)
        conn.execute("ALTER TABLE shop.orders OWNER TO operator")
        until(lambda: traffic.tally().failures, "a failure")
    (failure, *_) = traffic.tally().failures
    assert failure.role == "shop"
    assert "permission denied" in failure.error
    assert "orders" in failure.statement


def test_traffic_reports_rows_that_row_level_security_hides(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_tickets(run: Run, pick: Random) -> None:
        run("SELECT id FROM tickets", at_least=1)

    monkeypatch.setattr("flatsplit.demo.traffic.TRANSACTIONS", {"read": Transaction(1, read_tickets)})
    with operator(shop) as conn, Traffic(shop.conninfo(flat.LEGACY), pause=0.005) as traffic:
        wait_for(traffic, flat.LEGACY)
        conn.execute("ALTER TABLE shop.tickets FORCE ROW LEVEL SECURITY")
        until(lambda: traffic.tally().failures, "a failure")
    assert {failure.error for failure in traffic.tally().failures} == {"0 rows instead of at least 1"}


def test_traffic_reports_a_login_that_fails(shop: Shop) -> None:
    with Traffic(shop.conninfo(flat.LEGACY, "wrong"), connections=1) as traffic:
        until(lambda: traffic.tally().failures, "a failure")
    (failure, *_) = traffic.tally().failures
    assert (failure.role, failure.statement) == ("shop", "connecting")
    assert "wrong" not in failure.error


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_traffic_that_ends_early_is_a_failure(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(run: Run, pick: Random) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("flatsplit.demo.traffic.TRANSACTIONS", {"broken": Transaction(1, broken)})
    with Traffic(shop.conninfo(flat.LEGACY), connections=1) as traffic:
        until(lambda: traffic.tally().failures, "a failure")
    assert [failure.error for failure in traffic.tally().failures] == ["ZeroDivisionError: a bug"]


def operator(shop: Shop) -> psycopg.Connection[Any]:
    return psycopg.connect(shop.conninfo(flat.OPERATOR), autocommit=True)


def wait_for(traffic: Traffic, role: str, statements: int = 50) -> None:
    until(lambda: traffic.tally().statements[role] >= statements, traffic.tally)
