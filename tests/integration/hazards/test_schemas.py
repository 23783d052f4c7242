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


@pytest.mark.parametrize("schema", shared_schemas())
def test_counts(make_database: MakeDatabase, schema: str, major: int) -> None:
    check(make_database(schema), schema, major)


@pytest.mark.slow
@pytest.mark.parametrize("app", shared_apps())
def test_counts_of_applications(make_database: MakeDatabase, app: str, major: int) -> None:
    check(make_database(app=app), app, major)


def check(database: Database, schema: str, major: int) -> None:
    """FLATSPLIT_UPDATE_GOLDEN=1 writes the counts anew; read what is new first (FLATSPLIT_SHOW_FINDINGS=1)."""
    golden: dict[str, Any] = json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {"major": major, "schemas": {}}
    if golden["major"] != major and not UPDATE:
        pytest.skip(f"the counts are of PostgreSQL {golden['major']}")
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
    if UPDATE:
        golden["major"] = major
        golden["schemas"][schema] = counts
        GOLDEN.write_text(json.dumps(golden, indent=1, sort_keys=True) + "\n")
    assert counts == golden["schemas"][schema]
