"""The story of a role per tenant ends without a failed statement, and shows what it is about."""

from __future__ import annotations

import pytest

from tests.fixtures.cli import Process


@pytest.mark.slow
def test_everybodys_before_and_one_companys_after(run_cli: Process) -> None:
    told = run_cli("demo", "tenants").check().stdout
    assert "tickets of 5 companies" in told
    assert "tickets of 1 company\n" in told
    assert "5 tenants kept apart" in told
    assert "\n       0 failed" in told
    assert told.index("5 companies\n") < told.index("5 tenants kept apart") < told.index("1 company\n")
