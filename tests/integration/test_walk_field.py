"""Odd databases of the field, walked there and back."""

from itertools import pairwise

import pytest

from flatsplit.walks.split import STEP_KEYS
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.integration.test_walk_there_and_back import there_and_back
from tests.support.field import build
from tests.support.operators import SHAPES, OperatorsWalk, as_if_granted_by_operator, make_operator


@pytest.mark.slow
@pytest.mark.majors("two")
def test_everything_odd(database: Database, invoke_cli: InProcess) -> None:
    build(database, leave_out=["passed_on", "passed_further"])

    there_and_back(invoke_cli, database)


LEFT_OUT = (
    "passed_on",
    "passed_further",
    "parameters",
    "parameters_passed_on",
    "policies",
    "exotic_acls",
    "publications_filtered",
    "foreign_tables",
)
"""What only a superuser can hand over, and policies, of which an operator without BYPASSRLS may not carry all."""


@pytest.mark.slow
@pytest.mark.majors("two")
def test_everything_odd_under_an_operator(database: Database, invoke_cli: InProcess) -> None:
    """What somebody else has to run, doctor prints as that one pastes it into psql, and the walk goes on from there."""
    build(database, leave_out=LEFT_OUT)
    make_operator(database, SHAPES["createrole"], reach=("vendor", "reporting", "newcomer", "team"))
    as_if_granted_by_operator(database)
    walk = OperatorsWalk(invoke_cli, database).init()
    told = walk("doctor", "--json").json["findings"]
    lacking = [one for each in told if each["id"] == "operator-lacks" for one in each["objects"]]
    others = {each["step"]: each["objects"] for each in told if each["id"] == "operator-statements"}
    assert all(one.startswith("BEGIN; ") for one in others["grant-existing"] if "ROLE" in one)
    database.psql("\n".join(lacking))

    for before, step in pairwise(STEP_KEYS):
        walk.forward(before)
        database.psql("\n".join(others.get(step, ())))
    walk.forward()

    walk("verify").check()
