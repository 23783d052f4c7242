"""A migration uses what it has just made: rehearsed before any of it is there, then really run as app_migrator."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.walk import Walk

SCHEMA = """
create table things (id serial primary key, name text);
create table moved (a int);
"""
MIGRATION = """
CREATE TABLE made (a int);
INSERT INTO made SELECT id FROM things;
CREATE INDEX made_a ON made (a);
CREATE TABLE "As" AS SELECT 1 AS a;
DELETE FROM "As";
SELECT a INTO chosen FROM made;
TRUNCATE chosen;
ANALYZE chosen;
LOCK TABLE chosen IN EXCLUSIVE MODE;
ALTER TABLE things RENAME TO things_before;
UPDATE things_before SET name = 'x' WHERE EXISTS (SELECT FROM chosen);
ALTER TABLE things_before ADD COLUMN more int;
UPDATE things_before SET more = 1;
CREATE SCHEMA apart;
CREATE TABLE apart.inside (a int);
INSERT INTO apart.inside VALUES (1);
ALTER TABLE moved SET SCHEMA apart;
SELECT a FROM apart.moved;
ALTER TABLE made RENAME TO renamed;
MERGE INTO renamed USING chosen ON renamed.a = chosen.a WHEN MATCHED THEN DELETE;
CREATE SEQUENCE numbers;
SELECT setval('numbers', nextval('numbers'));
CREATE VIEW seen AS SELECT * FROM renamed;
ALTER VIEW seen RENAME TO seen_again;
SELECT * FROM seen_again FOR UPDATE;
CREATE MATERIALIZED VIEW kept AS SELECT 1 AS a;
REFRESH MATERIALIZED VIEW kept;
SELECT * FROM kept;
DO $$ BEGIN UPDATE renamed SET a = 2; END $$;
DROP VIEW seen_again;
DROP TABLE renamed, chosen
"""


@pytest.mark.majors("one")
def test_what_a_migration_makes_is_its_own(make_database: MakeDatabase, invoke_cli: InProcess, tmp_path: Path) -> None:
    database = make_database()
    database.execute("grant create on schema public to legacy")
    database.execute(SCHEMA, "legacy")
    walk = Walk(invoke_cli, database).init()
    file = tmp_path / "migration.sql"
    file.write_text(MIGRATION)
    statements = [each.strip() for each in MIGRATION.replace("; END", " END").split(";\n")]
    for _ in ("before the roles are there", "after"):
        found = walk("rehearse", "--file", str(file), "--as", "app_migrator", "--json").check(0).json
        assert [each for each in found["statements"] if each["verdict"] != "allowed"] == []
        assert found["summary"]["allowed"] == len(statements)
        walk.next("--through", "enable-login")
    as_user = walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]
    lost = {each["query"]: each["verdict"] for each in as_user}
    assert lost["TRUNCATE chosen"] == "unknown"  # by whom that is made cannot be told
    with psycopg.connect(database.conninfo("app_migrator"), autocommit=True) as migration:
        for statement in file.read_text().split(";\n"):
            with migration.transaction():  # for LOCK TABLE
                migration.execute(statement.encode())
