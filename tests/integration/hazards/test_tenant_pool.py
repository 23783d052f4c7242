"""A pool that may become too many roles."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.support.hazards import Case, check

MANY = (
    "CREATE ROLE pool NOINHERIT; DO $$ BEGIN FOR n IN 1..1001 LOOP "
    "EXECUTE format('CREATE ROLE many_%s ROLE pool', n); END LOOP; END $$"
)


@pytest.mark.majors("two")
def test_a_pool_of_too_many(patient: psycopg.Connection[Any]) -> None:
    check(patient, Case("tenant-pooler-members", MANY, ("pool",), cure="REVOKE many_1 FROM pool"))
