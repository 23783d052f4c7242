"""What doctor says about real schemas: every finding was read and judged, and the counts are kept.

For an old role that is a plain owner, for a superuser, and for the bootstrap superuser, as container images make it.
"""

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


KINDS = {
    "plain": ("legacy", "", "postgres"),
    "superuser": ("legacy", "SUPERUSER", "postgres"),
    "bootstrap": ("postgres", "", "keeper"),
}
"""Name and attributes of the old role, and the operator."""


@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("schema", shared_schemas())
def test_counts(make_database: MakeDatabase, schema: str, kind: str, major: int) -> None:
    legacy, options, operator = KINDS[kind]
    check(make_database(schema, legacy=legacy, legacy_options=options, operator=operator), schema, kind, major)


@pytest.mark.slow
@pytest.mark.majors("two")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("app", shared_apps())
def test_counts_of_applications(make_database: MakeDatabase, app: str, kind: str, major: int) -> None:
    legacy, options, operator = KINDS[kind]
    check(make_database(app=app, legacy=legacy, legacy_options=options, operator=operator), app, kind, major)


def check(database: Database, schema: str, kind: str, major: int) -> None:
    """The counts, and what is another before 15, where everybody may create in schema public.

    FLATSPLIT_UPDATE_GOLDEN=1 writes them anew; read what is new first (FLATSPLIT_SHOW_FINDINGS=1).
    """
    everything: dict[str, Any] = json.loads(GOLDEN.read_text())
    golden = everything.setdefault(kind, {"schemas": {}, "before 15": {}})
    with psycopg.connect(database.dsn, autocommit=True) as conn:
        rows = conn.execute("select nspname from pg_namespace where nspname !~ '^pg_|^information_schema$' order by 1")
        config = Config("shop", database.legacy, tuple(row[0] for row in rows))
        found = look(conn, config)
    if schema == "adventureworks":  # stand-ins for uuid-ossp, where the server has none, belong to the operator
        found.pop("third-role-objects", None)
    if kind == "bootstrap":  # it owns the templates of these tests
        found.pop("legacy-elsewhere", None)
    counts = {id_: [one.severity, len(one.objects)] for id_, one in sorted(found.items())}
    if os.environ.get("FLATSPLIT_SHOW_FINDINGS"):
        for one in found.values():
            print(f"{kind} {schema}: {one.severity} {one.id}: {one.title}: {'; '.join(one.objects[:12])}")
    usual = golden["schemas"].get(schema, {})
    if UPDATE:
        if major >= 15:
            usual = golden["schemas"][schema] = counts
        else:
            ids = counts.keys() | usual.keys()
            golden["before 15"][schema] = {id_: counts.get(id_) for id_ in ids if counts.get(id_) != usual.get(id_)}
        GOLDEN.write_text(json.dumps(everything, indent=1, sort_keys=True) + "\n")
    expected = usual if major >= 15 else usual | golden["before 15"][schema]
    assert counts == {id_: count for id_, count in expected.items() if count}
