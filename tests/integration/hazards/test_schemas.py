"""What doctor says about real schemas: every finding was read and judged, and the counts are kept."""

from __future__ import annotations

import json
import os
from typing import Any

import psycopg
import pytest

from flatsplit.config import Config
from tests.fixtures.databases import ROOT, Database, MakeDatabase, shared_apps, shared_schemas
from tests.support.hazards import look

GOLDEN = ROOT / "tests" / "golden" / "hazards.json"
UPDATE = bool(os.environ.get("FLATSPLIT_UPDATE_GOLDEN"))


@pytest.mark.majors("two")
@pytest.mark.parametrize("schema", shared_schemas())
def test_counts(make_database: MakeDatabase, schema: str, major: int) -> None:
    check(make_database(schema), schema, major)


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("app", shared_apps())
def test_counts_of_applications(make_database: MakeDatabase, app: str, major: int) -> None:
    check(make_database(app=app), app, major)


def check(database: Database, schema: str, major: int) -> None:
    """The counts, and what is another before 15, where everybody may create in schema public.

    FLATSPLIT_UPDATE_GOLDEN=1 writes them anew; read what is new first (FLATSPLIT_SHOW_FINDINGS=1).
    """
    golden: dict[str, Any] = json.loads(GOLDEN.read_text())
    with psycopg.connect(database.dsn, autocommit=True) as conn:
        rows = conn.execute("select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$' order by 1")
        config = Config("shop", "legacy", tuple(row[0] for row in rows))
        found = look(conn, config)
    if schema == "adventureworks":  # stand-ins for uuid-ossp, where the server has none, belong to the operator
        found.pop("third-role-objects", None)
    counts = {id_: [one.severity, len(one.objects)] for id_, one in sorted(found.items())}
    if os.environ.get("FLATSPLIT_SHOW_FINDINGS"):
        for one in found.values():
            print(f"{schema}: {one.severity} {one.id}: {one.title}: {'; '.join(one.objects[:12])}")
    usual = golden["schemas"].get(schema, {})
    if UPDATE:
        if major >= 15:
            usual = golden["schemas"][schema] = counts
        else:
            ids = counts.keys() | usual.keys()
            golden["before 15"][schema] = {id_: counts.get(id_) for id_ in ids if counts.get(id_) != usual.get(id_)}
        GOLDEN.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")
    expected = usual if major >= 15 else usual | golden["before 15"][schema]
    assert counts == {id_: count for id_, count in expected.items() if count}
