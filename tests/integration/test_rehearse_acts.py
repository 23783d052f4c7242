"""What a rehearsal says of whatever can be done to a schema, compared with what happens when it is done.

The statements are made from the catalog (tests/support/acts.py): reads, writes and calls of all that the old role owns,
and those of an application where they are on record. Each is really run, as the old role before the split and as
app_user after it, and undone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase, shared_apps, shared_schemas
from tests.support.acts import acts, disagreements, outcomes, recorded
from tests.support.walk import Walk


def test_pagila(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = make_database("pagila")
    check(invoke_cli, database, acts(database.admin, database.legacy), tmp_path)


@pytest.mark.whole
@pytest.mark.majors("two")
@pytest.mark.parametrize("schema", [name for name in shared_schemas() if name != "pagila"])
def test_schemas(schema: str, make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = make_database(schema)
    check(invoke_cli, database, acts(database.admin, database.legacy), tmp_path)


@pytest.mark.whole
@pytest.mark.parametrize("app", shared_apps())
def test_applications(app: str, make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = make_database(app=app)
    check(invoke_cli, database, recorded(app), tmp_path)


def check(run: InProcess, database: Database, statements: list[str], folder: Path) -> None:
    with database.connect(database.legacy) as legacy:
        before = outcomes(legacy, statements)
    walk = Walk(run, database).init(rehearsal="off")
    file = folder / "statements.sql"
    file.write_text("".join(f"{statement};\n" for statement in statements))
    walk.next("--through", "enable-login")
    with walk.connect("app_user") as user:
        after = outcomes(user, statements)
    found = walk("rehearse", "--file", str(file), "--json").json["statements"]
    assert {each["query"] for each in found} >= set(statements)
    wrong = disagreements(found, before, after)
    assert not wrong, "\n".join(wrong[:40])
