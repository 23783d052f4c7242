"""Special roles: made by their list, there and back exactly, and they can do it and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.support import journal
from tests.support.operators import SHAPES, OperatorsWalk, make_operator
from tests.support.special import AUDIT, JOBS, NO_SECRETS, READER, SCHEMAS, declare, flat, may
from tests.support.walk import Walk, assert_same

HOSTILE = 'Night: "job" %s\n🐘 select'
KEYS = ("create-role", "grant", "open", "verify")
CAN = {
    "jobs": ("insert into jobs (kind) values ('x')", "select * from jobs", "delete from jobs"),
    "audit": ("select * from audit_log", "select id, amount from payments where created_at < now()"),
    "reader": ("select * from billing.invoices",),
    "no-secrets": ("select * from jobs", "select id, amount from payments", "select * from billing.invoices"),
}
CANNOT = {
    "jobs": ("select * from secrets", "update jobs set done = true", "truncate jobs", "select card from payments"),
    "audit": ("select card from payments", "select * from payments", "select * from secrets", "delete from audit_log"),
    "reader": ("select * from jobs", "insert into billing.invoices (total) values (1)", "create table billing.x ()"),
    "no-secrets": ("select * from secrets", "select card from payments", "delete from jobs"),
}
KINDS: dict[str, dict[str, Any]] = {"jobs": JOBS, "audit": AUDIT, "reader": READER, "no-secrets": NO_SECRETS}


def made(walk: Walk, name: str) -> list[Any]:
    """There, with a snapshot after each step."""
    walk("begin", "role", name, "--yes").check()
    found = []
    for key in KEYS:
        before = walk.snapshot()
        walk.next("--walk", f"role:{name}")
        assert journal.states(walk.database.admin, "role")[key] == "done"
        found.append(before)
    return found


def back(walk: Walk, name: str, before: list[Any]) -> None:
    for key in reversed(KEYS):
        walk.rollback("--walk", f"role:{name}")
        assert_same(before.pop(), walk.snapshot(), f"rolled back {key}")


@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back_beside_the_split(kind: str, make_database: MakeDatabase, invoke_cli: InProcess) -> None:
    database = make_database()
    flat(database)
    walk = Walk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("transfer-ownership")
    declare(walk, HOSTILE, KINDS[kind])
    before = made(walk, HOSTILE) if kind in ("jobs", "audit") else after_the_split(walk)
    assert walk("verify", "--json").check().json["ok"]
    with walk.connect(HOSTILE) as session:
        session.execute("set search_path = public")
        assert [one for one in CAN[kind] if not may(session, one)] == []
        assert [one for one in CANNOT[kind] if may(session, one)] == []
    walk.wait_until_gone(HOSTILE)
    back(walk, HOSTILE, before)
    walk("verify").check()


def after_the_split(walk: Walk) -> list[Any]:
    """Roles that have their part in what app_migrator makes stand on it: the split is finished first."""
    refused = walk("begin", "role", HOSTILE, "--yes").check(5)
    assert "split is under way over the same roles (app_migrator)" in refused.stderr
    walk.forward()
    return made(walk, HOSTILE)


@pytest.mark.majors("two")
def test_by_an_operator_who_is_no_superuser(database: Database, invoke_cli: InProcess) -> None:
    flat(database)
    make_operator(database, SHAPES["createrole"])
    walk = OperatorsWalk(invoke_cli, database).init(schemas=list(SCHEMAS))
    walk.forward("transfer-ownership")
    declare(walk, "app_audit", AUDIT)
    before = made(walk, "app_audit")
    walk("verify").check()
    back(walk, "app_audit", before)
