"""The transactions of the shop's application, by name. None of them names a schema."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from random import Random
from typing import Any, NamedTuple, Protocol, TypeAlias


class Run(Protocol):
    """Runs one statement of the application and counts it; fewer rows than ``at_least`` are a failure."""

    def __call__(
        self, statement: str, parameters: Sequence[Any] = ..., *, at_least: int = ...
    ) -> list[tuple[Any, ...]]:
        """Run it; its rows."""


Act: TypeAlias = Callable[[Run, Random], None]


class Transaction(NamedTuple):
    """A transaction of the application, and how often it runs compared with the others."""

    weight: int
    act: Act


CUSTOMERS = 60
PRODUCTS = 40
TENANTS = 3


def browse(run: Run, pick: Random) -> None:
    """Views on views, and a materialized one."""
    run("SELECT sku, name, price FROM available ORDER BY sku LIMIT 10", at_least=10)
    run("SELECT name, sold FROM best_sellers LIMIT 5", at_least=5)
    run("SELECT current_price(%s)", [pick.randint(1, PRODUCTS)])
    run("SELECT longest(name) FROM products WHERE sku ~== 'sku-007'", at_least=1)


def order(run: Run, pick: Random) -> None:
    """An order with its foreign keys, into the partition of a random month, numbered by sequences."""
    customer = pick.randint(1, CUSTOMERS)
    placed_on = date(2026, 1, 1) + timedelta(days=pick.randrange(200))
    ((number,),) = run(
        "INSERT INTO orders (placed_on, customer_id) VALUES (%s, %s) RETURNING id",
        [placed_on, customer],
        at_least=1,
    )
    # in the order of their numbers, or two orders could wait for each other's stock
    for line, product in enumerate(sorted(pick.sample(range(1, PRODUCTS + 1), 2)), start=1):
        run(
            "INSERT INTO order_items SELECT %s, %s, %s, id, 1, price FROM products WHERE id = %s",
            [number, placed_on, line, product],
        )
        run("SELECT reserve(%s, 1)", [product], at_least=1)
    ((payment,),) = run(
        "INSERT INTO payments (order_id, placed_on, kind, paid)"
        " SELECT order_id, placed_on, 'card', total FROM order_totals WHERE order_id = %s RETURNING id",
        [number],
        at_least=1,
    )
    run("SELECT settle(%s, %s)", [number, placed_on])
    run("INSERT INTO shipments (payment_id, warehouse_id) VALUES (%s, 1)", [payment])
    run("SELECT loyalty_points(%s)", [customer], at_least=1)


def sign_up(run: Run, pick: Random) -> None:
    """A domain, a composite type, an identity column."""
    run(
        "INSERT INTO customers (tenant_id, email, home) VALUES (%s, %s, %s::address) RETURNING id, (home).city",
        [pick.randint(1, TENANTS), f"new{pick.randrange(10**9)}@example.com", "(Quay 1,1100,Lisbon,PT)"],
        at_least=1,
    )


def history(run: Run, pick: Random) -> None:
    """What a customer ordered."""
    run(
        "SELECT id, placed_on, state, total FROM customer_orders WHERE customer_id = %s",
        [pick.randint(1, CUSTOMERS)],
    )
    run("SELECT count(*) FROM open_orders", at_least=1)


def complain(run: Run, pick: Random) -> None:
    """Row-level security: the owner of a table sees all rows, everybody else what the policy lets through."""
    tenant = pick.randint(1, TENANTS)
    run("SELECT set_config('shop.tenant', %s, true)", [str(tenant)], at_least=1)
    run(
        "INSERT INTO tickets (tenant_id, customer_id, subject) VALUES (%s, %s, 'The box was empty')",
        [tenant, pick.randint(1, CUSTOMERS)],
    )
    run("SELECT id, subject FROM tickets WHERE tenant_id = %s ORDER BY id LIMIT 5", [tenant], at_least=5)


def fill_basket(run: Run, pick: Random) -> None:
    """An unlogged table and a procedure."""
    customer = pick.randint(1, CUSTOMERS)
    run(
        "INSERT INTO baskets VALUES (%s, %s, 1)"
        " ON CONFLICT (customer_id, product_id) DO UPDATE SET quantity = baskets.quantity + 1",
        [customer, pick.randint(1, PRODUCTS)],
    )
    if pick.random() < 0.5:
        run("CALL empty_basket(%s)", [customer])


def read_sheet(run: Run, pick: Random) -> None:
    """A large object."""
    run("SELECT lo_get(sheet) FROM data_sheets WHERE product_id = %s", [pick.randint(1, 5)], at_least=1)


def reprice(run: Run, pick: Random) -> None:
    """Triggers: one changes the row, one writes the audit log."""
    run("UPDATE products SET price = 5 + %s WHERE id = %s", [pick.randint(1, 50), pick.randint(1, PRODUCTS)])
    run("SELECT who, what FROM audit_log ORDER BY id DESC LIMIT 1", at_least=1)


def exchange(run: Run, pick: Random) -> None:
    """What lives in schema public; and a view over another role's table."""
    run("UPDATE exchange_rates SET rate = %s WHERE currency = 'USD'", [1 + pick.random()])
    run("SELECT name, rate FROM rates", at_least=3)
    run("SELECT month, target, reached FROM revenue_by_month ORDER BY month", at_least=6)


TRANSACTIONS: Mapping[str, Transaction] = {
    "browse": Transaction(6, browse),
    "order": Transaction(6, order),
    "sign up": Transaction(1, sign_up),
    "history": Transaction(3, history),
    "complain": Transaction(2, complain),
    "fill basket": Transaction(2, fill_basket),
    "read a data sheet": Transaction(1, read_sheet),
    "reprice": Transaction(1, reprice),
    "exchange": Transaction(2, exchange),
}
