"""The application does not notice: not one error as legacy during all steps up to the switch, and on the way back.

The traffic has foreign keys, views on views, functions, partitions, sequences, materialized views being refreshed and
short transactions; a reporting session meanwhile holds its locks for as long as it likes.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess, Process
from tests.fixtures.databases import Database, MakeDatabase
from tests.support.traffic import Pgbench, Traffic
from tests.support.walk import Walk
from tests.support.world import APPLICATION, trap_world

UPTO = STEP_KEYS.index("switch-connections")

# One statement each, then transactions of several that touch the same tables in the same order
SHOP = (
    # Two writers of one large object disturb each other by themselves ("tuple concurrently updated")
    *((statement,) for statement in APPLICATION if "lo_put" not in statement),
    ("refresh materialized view shop.bestseller",),
    ("refresh materialized view concurrently shop.bestseller",),
    (
        "insert into shop.orders (customer) values (2)",
        "insert into shop.line values (currval('shop.orders_id_seq'), 1, 1)",
        "select * from shop.good_customer",
    ),
    ("create temporary table work on commit drop as select * from shop.line", "select count(*) from work"),
    ("lock table shop.basket in row exclusive mode", "delete from shop.basket where id % 7 = 0"),
)


@contextmanager
def reporting(database: Database, tables: list[str], seconds: float, role: str) -> Iterator[threading.Event]:
    """Within, a transaction that reads these tables stays open for so many seconds; the event says that it is over."""
    over = threading.Event()
    session = database.connect(role, autocommit=False)
    for table in tables:
        session.execute(f"select from {table} limit 1")

    def wait() -> None:
        over.wait(seconds)
        session.rollback()
        over.set()

    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    try:
        yield over
    finally:
        over.set()
        thread.join()
        session.close()


def walk_under_traffic(walk: Walk, traffic: Traffic | Pgbench) -> None:
    with traffic:
        for key in STEP_KEYS[:UPTO]:
            walk.step(key)
            traffic.check()
        for _ in STEP_KEYS[:UPTO]:
            walk.rollback()
            traffic.check()


@pytest.mark.majors("two")
def test_nothing_fails_on_the_way_to_the_switch(database: Database, run_cli: Process, invoke_cli: InProcess) -> None:
    trap_world(database.admin, database.legacy)
    walk = Walk(run_cli, database, aside=invoke_cli).init()
    traffic = Traffic(database.conninfo(database.legacy), SHOP)

    walk_under_traffic(walk, traffic)
    traffic.check()

    assert traffic.seen.transactions > 500
    # A refresh takes as long as it takes; beyond that nobody waits longer than the lock budget and a bit
    assert traffic.seen.slowest < 2, traffic.seen.slowest_was


def transfer_while_somebody_reads(
    database: Database, run: Process, aside: InProcess, seconds: float, pause: float = 0.01
) -> None:
    trap_world(database.admin, database.legacy)
    walk = Walk(run, database, aside=aside).init()
    walk.forward("default-privileges")
    traffic = Traffic(database.conninfo(database.legacy), SHOP, pause=pause)
    tables = ["shop.product", "shop.line", "shop.reading_2024", "shop.revenue", "shop.price_list"]
    with traffic, reporting(database, tables, seconds, "reporting_holder"):
        began = time.monotonic()
        walk.step("transfer-ownership")
        took = time.monotonic() - began
        walk.step("enable-login")
    traffic.check()
    assert seconds - 1 < took < seconds + 30
    # 0.2 s of the lock budget, one short transaction, and a machine that does other things too
    assert traffic.seen.slowest < 1.5, traffic.seen.slowest_was


@pytest.fixture
def holder(database: Database) -> Database:
    """The database, with somebody who may read everything in it for a long time."""
    database.admin.execute("create role reporting_holder superuser login")
    return database


@pytest.mark.slow
@pytest.mark.majors("two")
def test_while_a_report_runs(holder: Database, run_cli: Process, invoke_cli: InProcess) -> None:
    transfer_while_somebody_reads(holder, run_cli, invoke_cli, 5)


@pytest.mark.slow
def test_while_a_long_report_runs(holder: Database, run_cli: Process, invoke_cli: InProcess) -> None:
    # Seventy transactions a second are as busy as an application for a minute needs to be
    transfer_while_somebody_reads(holder, run_cli, invoke_cli, 60, pause=0.05)


def test_whoever_holds_the_lock_is_named(holder: Database, invoke_cli: InProcess) -> None:
    """While retrying, and when patience ends: by pid, role, application, state and query."""
    trap_world(holder.admin, holder.legacy)
    walk = Walk(invoke_cli, holder).init(retry_for="3s")
    walk.forward("default-privileges")
    with reporting(holder, ["shop.product"], 60, "reporting_holder"):
        holder.opened[-1].execute("set local application_name = 'quarterly report'")
        stopped = walk("next", "--yes")
        assert stopped.exit_code == 3
        for part in ("reporting_holder", "quarterly report", str(holder.opened[-1].info.backend_pid)):
            assert part in stopped.stderr
        assert "product" in stopped.stderr or "parcel" in stopped.stderr  # whichever was tried last
        # Everything else of the same layer is done; what stands on these tables (views, tables with rules) has to wait
        owners = "select relname from pg_class where relowner = 'legacy'::regrole and relkind in ('r', 'p')"
        left = {name for (name,) in holder.admin.execute(owners)}
        assert left == {"product", "parcel", "note"}
        assert walk.states()["transfer-ownership"] != "done"
    walk.step("transfer-ownership")


@pytest.mark.slow
def test_a_real_schema_while_it_is_read_and_written(
    make_database: MakeDatabase, run_cli: Process, invoke_cli: InProcess
) -> None:
    database = make_database("pagila")
    scripts = (
        ("select count(*) from payment",),
        ("select * from customer_list limit 5",),
        ("select * from film_list limit 5",),
        ("select * from sales_by_store",),
        ("select inventory_in_stock(1), last_day(now())",),
        ("insert into actor (first_name, last_name) values ('A', 'B')",),
        ("insert into category (name) values ('new')", "select currval('category_category_id_seq')"),
    )
    walk = Walk(run_cli, database, aside=invoke_cli).init()
    traffic = Traffic(database.conninfo(database.legacy), scripts)
    walk_under_traffic(walk, traffic)
    traffic.check()


def test_pgbench_goes_on(database: Database, invoke_cli: InProcess) -> None:
    database.execute(f"grant create on schema public to {database.legacy}")
    pgbench = Pgbench(database.conninfo(database.legacy))

    walk_under_traffic(Walk(invoke_cli, database).init(), pgbench)
