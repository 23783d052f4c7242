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
