"""What flatsplit does to look, and takes back, stands in the server's log: it is nobody's attempt on anything."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.integration.test_who import wait_for_log
from tests.support.deeds import SETTINGS
from tests.support.operators import OPERATOR, SHAPES, OperatorsWalk, as_if_granted_by_operator, make_operator
from tests.support.tenanted import CONFIG, WAIVED
from tests.support.tenants import ROWS, SHOP

JOINS = "TO CURRENT_USER"
IMITATED = "GRANT app_migrator TO CURRENT_USER\n/* asked by flatsplit */"


@pytest.mark.majors("two")
def test_a_look_of_a_restricted_operators(
    make_database: MakeDatabase, fresh_cluster: FreshCluster, invoke_cli: InProcess
) -> None:
    """It becomes the owner's member for a moment, to read which role is whose, and which tenants there are: two GRANTs
    that are rolled back.
    """
    database = make_database(cluster=fresh_cluster(settings={**SETTINGS, "log_destination": "csvlog"}))
    make_operator(database, SHAPES["small-host"])
    database.execute("grant create on schema public to legacy")  # which is the operator's
    database.execute(f"set role legacy; {SHOP} {ROWS} reset role")
    as_if_granted_by_operator(database)
    walk = OperatorsWalk(invoke_cli, database).init()
    walk.forward()
    walk.config.write_text(walk.config.read_text() + CONFIG)
    walk("begin", "tenants", "--yes").check()
    walk("next", "--yes", "--walk", "tenants", "--through", "tenant-roles", *WAIVED).check()
    (log,) = wait_for_log(database, ["all.csv"])
    log.write_bytes(b"")
    walk("status", "--walk", "tenants").check()
    walk("plan", "--walk", "tenants").check()
    (log,) = wait_for_log(database, ["all.csv"])
    assert log.read_text(errors="replace").count(JOINS) == 2 * 2

    def joins(dsn: Any, *more: str) -> list[tuple[str, str, str]]:
        """Who is told of with it."""
        found = walk.run("who", "--log", str(log), "--json", *more, dsn=dsn).json["acts"]
        told = [one for one in found if JOINS in one["statement"] and one["act"] == "GRANT"]
        return [(one["login"], one["outcome"], one["judgement"]) for one in told]

    operator, administrator = database.conninfo(OPERATOR), database
    for dsn in (operator, administrator):
        assert joins(dsn) == joins(dsn, "--refused") == []

    # Who is no operator is told of, whatever the statement says of itself
    with walk.connect("app_user") as imitator, pytest.raises(psycopg.errors.InsufficientPrivilege):
        imitator.execute(IMITATED)
    database.execute("create role deputy login createrole")
    with database.connect("deputy", autocommit=False) as stranger:
        try:
            stranger.execute(IMITATED)
            outcome = "rolled back"
        except psycopg.errors.InsufficientPrivilege:
            outcome = "refused"  # since 16 CREATEROLE alone is not enough
        stranger.rollback()
        stranger.execute("select 1")  # what was logged before has ended
    wait_for_log(database, ["all.csv"])
    for dsn in (operator, administrator):
        assert joins(dsn) == [("app_user", "refused", "suspicious"), ("deputy", outcome, "look")]
