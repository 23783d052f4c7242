"""Odd databases of the field, walked there and back."""

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database
from tests.integration.test_walk_there_and_back import there_and_back
from tests.support.field import build


@pytest.mark.slow
@pytest.mark.majors("two")
def test_everything_odd(database: Database, invoke_cli: InProcess) -> None:
    build(database, leave_out=["passed_on", "passed_further"])

    there_and_back(invoke_cli, database)
