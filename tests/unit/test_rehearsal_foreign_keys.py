"""The queries behind foreign keys are told from the application's own."""

from __future__ import annotations

import pytest

from flatsplit.rehearsal.rehearse import _FOREIGN_KEY

ADDED = (
    'SELECT fk."b" FROM ONLY "public"."x" fk LEFT OUTER JOIN ONLY "public"."y" pk '
    'ON ( pk."id" OPERATOR(pg_catalog.=) fk."b") WHERE pk."id" IS NULL AND (fk."b" IS NOT NULL)'
)


@pytest.mark.parametrize(
    "query",
    [
        'SELECT 1 FROM ONLY "public"."y" x WHERE "id" OPERATOR(pg_catalog.=) $1 FOR KEY SHARE OF x',
        'DELETE FROM ONLY "public"."x" WHERE $1 OPERATOR(pg_catalog.=) "b"',
        'UPDATE ONLY "public"."x" SET "b" = NULL WHERE $1 OPERATOR(pg_catalog.=) "b"',
        ADDED,
        ADDED.replace("ONLY ", ""),  # of partitioned tables
    ],
)
def test_those_of_the_server(query: str) -> None:
    assert _FOREIGN_KEY.fullmatch(query)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT fk.b FROM x fk LEFT OUTER JOIN y pk ON ( pk.id = fk.b)",
        ADDED + "; DROP TABLE x",
        'DELETE FROM "public"."x" WHERE "b" = $1',
    ],
)
def test_those_of_applications(query: str) -> None:
    assert not _FOREIGN_KEY.fullmatch(query)
