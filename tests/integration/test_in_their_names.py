"""New roles with other names: advice uses these names, since app_user may be another application's role."""

from pathlib import Path

import pytest

from tests.fixtures.cli import InProcess
from tests.fixtures.databases import MakeDatabase
from tests.support.walk import Walk

OTHERS = ("shop_user", "shop_migrator", "shop_readonly", "shop_dba")


@pytest.fixture
def walk(make_database: MakeDatabase, invoke_cli: InProcess) -> Walk:
    """A walk beside which the usual names are taken."""
    database = make_database()
    database.execute("CREATE TABLE t (id int); CREATE MATERIALIZED VIEW mv AS SELECT * FROM t", "legacy")
    database.execute("CREATE ROLE app_user; CREATE ROLE app_migrator; CREATE ROLE app_readonly; CREATE ROLE dba")
    return Walk(invoke_cli, database, roles=OTHERS).init()


def test_what_doctor_says(walk: Walk) -> None:
    findings = walk("doctor", "--json").check().json["findings"]
    (refresh,) = [found for found in findings if found["id"] == "matview-refresh"]
    assert "shop_user may read them" in refresh["why"]
    assert "log in as shop_migrator" in refresh["fix"]
    if walk.database.admin.info.server_version >= 170000:
        assert '[grants.app_user]\nmaintain = ["public.mv"]' in refresh["fix"], "a key of flatsplit.toml keeps its name"


def test_what_the_gates_say(walk: Walk) -> None:
    walk.forward("enable-login")
    with walk.database.connect("legacy"):
        said = walk.next(exit_code=3).stdout
    assert "point the application at shop_user and the migration tool at shop_migrator" in said
    assert "switch them to shop_user" in said
    assert "app_user" not in said
    assert "app_migrator" not in said


def test_what_a_rehearsal_repeats_is_said_once(walk: Walk, tmp_path: Path) -> None:
    """Of a hundred statements of a migration each one had the same remedy and the same footnote."""
    file = tmp_path / "statements.sql"
    file.write_text("".join(f"CREATE TABLE made_{number} (id int);\n" for number in range(5)))
    said = walk("rehearse", "--file", str(file)).check(4).stdout
    assert said.count("remedy") == 1
    assert said.count("does not exist yet") == 1
    each = walk("rehearse", "--file", str(file), "--json").check(4).json["statements"]
    assert all(one["remedy"] for one in each)
