"""What is new and nobody's breach: schemas beside the scope, tables of others. It is told until it is meant."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.support.walk import Walk, write_line


@pytest.fixture
def walk(database: Database, invoke_cli: InProcess) -> Walk:
    database.execute("create table orders (id serial primary key, note text)", database.legacy)
    return Walk(invoke_cli, database).init()


def verified(walk: Walk, exit_code: int = 0) -> Any:
    return walk("verify", "--json").check(exit_code).json


def test_what_no_step_takes_care_of_is_drift_too(walk: Walk) -> None:
    walk.forward()
    database = walk.database
    database.execute("create role other login; grant create on schema public to other; grant app_user to other")
    database.execute("create table theirs ()", "other")
    database.execute("create schema fresh authorization app_migrator; grant create on schema fresh to public")
    found = verified(walk, exit_code=4)
    assert [one["objects"] for one in found["notes"] if one["id"] == "public-create"] == [["schema fresh"]]
    strays = {stray["id"]: stray for stray in found["strays"]}
    assert set(strays) == {"schema-outside", "created-by-another", "membership-new"}
    assert strays["created-by-another"]["objects"] == ["table public.theirs"]
    assert "other became a member of app_user" in strays["membership-new"]["title"]
    (handed_over,) = strays["created-by-another"]["sql"]
    assert handed_over in strays["created-by-another"]["fix"]
    for one in ("schema-outside", "created-by-another"):
        write_line(walk.config, strays[one]["fix"])
    assert [one["id"] for one in verified(walk, exit_code=4)["strays"]] == ["membership-new"]
    decided = [one["text"] for one in walk.status()["away"]["items"] if one["then"] == "decision"]
    assert decided == ["membership appeared"]
    walk.config.write_text("".join(one for one in walk.config.read_text().splitlines(True) if "other_" not in one))
    database.execute("revoke app_user from other; drop schema fresh")
    database.execute(handed_over)
    walk("repair", "--yes").check()
    found = verified(walk)
    assert found["ok"]
    assert "public-create" not in {one["id"] for one in found["notes"]}


@pytest.mark.majors("two")
@pytest.mark.parametrize("meant", [True, False])
@pytest.mark.parametrize(
    ("after", "there", "back"),
    [
        ("grant-existing", 2, 0),
        ("default-privileges", 1, 1),
        ("transfer-ownership", 0, 1),
        ("enable-login", 0, 1),
        ("lock-legacy", 1, 1),
    ],
)
def test_it_is_told_until_somebody_has_decided(walk: Walk, after: str, there: int, back: int, meant: bool) -> None:
    """Steps that end meanwhile, ``there`` and ``back``, do not make it old.

    It goes to whoever owns the rest by then.
    """
    database = walk.database
    database.execute("create table given (); create table given_back ()", database.legacy)
    walk.forward(after)
    database.execute("create role other login; grant usage, create on schema public to other")
    database.execute("alter table given owner to other; alter table given_back owner to other")
    database.execute("create table theirs ()", "other")
    database.execute(f"create schema fresh authorization {owner_of(walk, 'orders')}")
    kinds = {"given-away", "created-by-another", "schema-outside"}
    assert told(walk).keys() == kinds
    for _ in range(there):
        walk.step(str(walk.next_step()))
    assert told(walk).keys() == kinds
    assert {item["then"] for item in walk.status()["away"]["items"] if "other" in item["text"]} == {"decision"}
    database.execute(f"alter table given_back owner to {owner_of(walk, 'orders')}")
    for _ in range(back):
        walk.rollback()
    now = told(walk)
    assert {one: now[one]["objects"] for one in now} == {
        "given-away": ["table public.given"],
        "created-by-another": ["table public.theirs"],
        "schema-outside": ["schema fresh"],
    }
    if meant:
        for one in kinds:
            write_line(walk.config, now[one]["fix"])
    else:
        for statement in (*now["given-away"]["sql"], *now["created-by-another"]["sql"]):
            database.execute(statement)
        assert {owner_of(walk, name) for name in ("given", "theirs")} == {owner_of(walk, "orders")}
        database.execute("drop schema fresh")
        walk("repair", "--yes").check()
    assert verified(walk)["ok"]
    walk.step(str(walk.next_step()))
    assert verified(walk)["ok"]


def owner_of(walk: Walk, table: str) -> str:
    row = walk.database.admin.execute("select relowner::regrole::text from pg_class where relname = %s", (table,))
    found = row.fetchone()
    assert found is not None
    return str(found[0])


def told(walk: Walk) -> dict[str, Any]:
    return {stray["id"]: stray for stray in verified(walk, 4)["strays"]}


def test_what_pg_upgrade_does_to_extensions_fails_nothing(walk: Walk) -> None:
    """No statement takes it back, so it would fail for ever. What else is given away meanwhile does fail."""
    database = walk.database
    database.execute("set role legacy; create extension pg_trgm; reset role")
    walk.forward("lock-legacy")
    assert owner_of(walk, "orders") == "app_migrator"
    database.execute("update pg_extension set extowner = 10 where extname = 'pg_trgm'")
    (one,) = verified(walk)["strays"]
    assert (one["id"], one["severity"], one["sql"]) == ("given-away", "note", [])
    assert walk("status", "--json").exit_code == 0
    database.execute("alter table orders owner to postgres")
    more, one = verified(walk, 4)["strays"]
    assert more["objects"] == ["sequence public.orders_id_seq", "table public.orders"]
    assert (one["objects"], one["severity"]) == (["extension pg_trgm"], "note")
