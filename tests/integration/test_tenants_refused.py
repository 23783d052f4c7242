"""Tables of tenants that somebody gave away: an operator who cannot act as their owner is told before anything is done,
and with what is printed goes on.
"""

from __future__ import annotations

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, make_operator
from tests.support.snapshot import difference
from tests.support.tenanted import CONFIG, begun, counts, truth
from tests.support.tenants import ROWS, SHOP
from tests.support.walk import assert_same

GIVEN = "alter table public.drafts owner to keeper; alter table public.notes owner to keeper"
COMMANDS: dict[str, tuple[str, ...]] = {
    "sync": ("tenants", "--sync", "--yes"),
    "repair": ("repair", "--walk", "tenants", "--yes"),
    "next": ("next", "--yes", "--walk", "tenants", "--waive", "connections", "--reason", "a test"),
    "back": ("rollback", "--yes", "--walk", "tenants", "--all"),
}


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("keeper", ["superuser", "nosuperuser"])
def test_who_cannot_act_as_an_owner_is_told_before(
    database: Database, invoke_cli: InProcess, major: int, keeper: str
) -> None:
    database.execute(f"set role legacy; {SHOP} {ROWS} reset role")
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(f"{walk.config.read_text()}{CONFIG}")
    before = walk.snapshot()
    begun(walk, "tenant-proof")
    database.execute(f"create role keeper {keeper}; {GIVEN}")
    given = walk.snapshot()
    if keeper == "superuser" or major >= 16:  # else CREATEROLE is enough to become a member of anybody else
        for name, command in COMMANDS.items():
            said = walk(*command).check(1).stderr
            assert f"{OPERATOR} may not act as keeper, which " in said, name
            assert said.count("fix: ") == 1
            assert_same(given, walk.snapshot(), name)
            for table in ("drafts", "notes"):
                assert (f'ON TABLE "public"."{table}"' in said or f', "public"."{table}"' in said) == (
                    keeper == "superuser"
                ), name
        fix = walk(*COMMANDS["sync"]).stderr.rpartition("fix: ")[2].partition(" Then run the same")[0]
        database.execute(fix.split(" run: ", 1)[1])
    walk(*COMMANDS["sync"]).check()
    assert counts(database, "tenant_1", ("drafts", "notes")) == {"drafts": "refused", "notes": "refused"}

    for table in ("drafts", "notes"):
        database.execute(f"alter table {table} owner to app_migrator")
    walk(*COMMANDS["sync"]).check()
    assert counts(database, "tenant_1") == truth(database, 1)
    database.execute("drop role keeper")
    walk(*COMMANDS["back"]).check()
    assert not difference(before, walk.snapshot())
