"""Owners without all their rights, and objects that change their names on the way."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.integration.test_walk_operators import world
from tests.support.operators import SHAPES, OperatorsWalk, of_operator
from tests.support.snapshot import Snapshot
from tests.support.walk import Walk, assert_same
from tests.support.world import acting_as, trap_world

pytestmark = pytest.mark.usefixtures("partial_looks")

LESS = """
revoke insert, truncate on shop.product from legacy;
revoke all on shop.basket from legacy;
revoke select on shop.orders from legacy;
revoke execute on function shop.who() from legacy;
revoke usage on sequence shop.invoice_number from legacy;
revoke update (name) on shop.product from legacy;
revoke delete on shop.bestseller from legacy;
"""

RENAMES = (
    ("table", "shop.line", "rows"),
    ("table", "shop.product", "goods"),
    ("sequence", "shop.invoice_number", "bill_number"),
    ("view", "shop.cheap", "bargain"),
    ("materialized view", "shop.bestseller", "hit"),
    ("function", "shop.who()", "whoever"),
    ("type", "shop.mood", "temper"),
    ("table", "shop.document", "paper"),
)


def rename(database: Database, renames: Sequence[tuple[str, str, str]], *, back: bool = False) -> None:
    for kind, name, new in renames:
        schema, _, old = name.partition(".")
        bare, _, arguments = old.partition("(")
        tail = f"({arguments}" if arguments else ""
        old, new = (new, bare) if back else (bare, new)
        database.execute(f"alter {kind} {schema}.{old}{tail} rename to {new}")


def there_and_back(walk: Walk, start: Snapshot) -> None:
    walk.forward()
    walk("verify").check()
    walk.rollback("--all")
    assert_same(start, walk.snapshot(), "there and back")


@pytest.mark.slow
@pytest.mark.majors("two")
def test_owners_without_all_their_rights(database: Database, invoke_cli: InProcess) -> None:
    trap_world(database.admin, database.legacy, leave_out=["row_security"])
    with acting_as(database.admin, database.legacy):
        database.execute(LESS)
    walk = Walk(invoke_cli, database).init()

    there_and_back(walk, walk.snapshot())


@pytest.mark.slow
@pytest.mark.majors("all")
def test_owners_without_all_their_rights_under_an_operator(database: Database, invoke_cli: InProcess) -> None:
    world(database, SHAPES["createrole"])
    with acting_as(database.admin, database.legacy):
        database.execute(LESS)
    walk = OperatorsWalk(invoke_cli, database)
    operator = of_operator(database.admin)
    start = walk.snapshot()
    walk.init()

    there_and_back(walk, start)
    assert of_operator(database.admin) == operator


@pytest.mark.share(2)
@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("after", ["grant-existing", "transfer-ownership", "revoke-legacy"])
def test_objects_change_their_names_between_steps(after: str, database: Database, invoke_cli: InProcess) -> None:
    trap_world(database.admin, database.legacy)
    walk = Walk(invoke_cli, database)
    start = walk.snapshot()
    walk.init().forward(after)

    # Once legacy's rights are gone, what it held is known by the names that objects had then
    renames = [each for each in RENAMES if after != "revoke-legacy" or each[1] != "shop.document"]
    rename(database, renames)

    assert walk("verify").exit_code == 0
    walk.forward()
    walk("verify").check()
    walk.rollback("--all")
    rename(database, renames, back=True)
    assert_same(start, walk.snapshot(), "there and back, and the names too")
