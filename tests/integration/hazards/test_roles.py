"""Traps in roles that need more than one database, an operator without rights, or another configuration."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from flatsplit import hazards
from flatsplit.catalog import read_state
from flatsplit.config import Config, RoleNames
from flatsplit.walks.split.context import Context
from flatsplit.walks.split.remembered import reduce
from tests.fixtures.cli import InProcess
from tests.fixtures.databases import Database, MakeDatabase
from tests.fixtures.servers import FreshCluster
from tests.support.hazards import SHOP, look
from tests.support.walk import Walk


def found(database: Database, user: str | None = None, config: Config = SHOP) -> dict[str, Any]:
    """What doctor says to this operator before anything was begun: roles that are there count as adopted."""
    with psycopg.connect(database.conninfo(user), autocommit=True) as conn:
        conn.execute("SET search_path = pg_catalog, pg_temp")
        state = read_state(conn)
        return {one.id: one for one in hazards.find(conn, state, Context(config, reduce(state, config)))}


@pytest.mark.majors("two")
def test_roles_that_are_there_already(make_database: MakeDatabase, major: int) -> None:
    database = make_database()
    quiet = found(database)
    for id_ in ("roles-adopted", "adopted-elsewhere", "adopted-powerful", "legacy-elsewhere", "role-name-case"):
        assert id_ not in quiet
    other = make_database(name="fs_other_shop")
    database.execute("create role app_user login createrole; create role app_readonly; grant legacy to app_readonly")
    other.execute("create table t (a int); grant select on t to app_user")
    both = found(database)
    assert both["roles-adopted"].objects == ("app_readonly", "app_user")
    assert both["adopted-elsewhere"].objects == ("app_user in database fs_other_shop",)
    assert both["adopted-powerful"].objects == ("app_user is CREATEROLE", "app_readonly is a member of legacy")
    assert both["legacy-elsewhere"].objects == ("fs_other_shop",)
    # In the raw: the role that should only read drops what legacy owns; the other database opens to the same name
    database.execute("create table mine (a int); alter table mine owner to legacy")
    with database.connect() as conn:
        conn.execute("set role app_readonly")
        conn.execute("drop table mine")
    with psycopg.connect(other.conninfo("app_user"), autocommit=True) as conn:
        assert conn.execute("select count(*) from t").fetchone() == (0,)
    other.connect("legacy").close()
    database.execute("alter role legacy nologin")
    with pytest.raises(psycopg.OperationalError, match='role "legacy" is not permitted to log in'):
        other.connect("legacy")
    # The fixes
    database.execute("revoke legacy from app_readonly; alter role app_user nocreaterole; alter role legacy login")
    other.execute("drop table t; alter database fs_other_shop owner to postgres")
    cured = found(database)
    assert not {"adopted-elsewhere", "adopted-powerful", "legacy-elsewhere"} & cured.keys()
    own = found(
        database, config=replace(SHOP, roles=RoleNames("Shop_User", "shop_migrator", "shop_readonly", "shop_dba"))
    )
    assert "roles-adopted" not in own
    assert own["role-name-case"].severity == "note"
    assert own["role-name-case"].objects == ("Shop_User",)


@pytest.mark.majors("all")
def test_an_operator_without_rights(make_database: MakeDatabase, major: int) -> None:
    database = make_database()
    as_superuser = found(database)
    assert not {"operator-self-grants", "operator-lacks", "dba-not-superuser", "not-seen"} & set(as_superuser)
    option = " with admin option" if major >= 16 else ""
    database.execute(
        f"create role op login createrole; grant legacy to op{option}; grant create on schema public to public"
    )
    database.execute("alter schema public owner to postgres")
    if major >= 15:
        database.execute(
            "create publication whole for tables in schema public; alter publication whole owner to legacy"
        )
    said = found(database, "op")
    assert said["operator-self-grants"].severity == "note"
    assert said["operator-lacks"].severity == "blocker"
    assert 'ALTER ROLE "op" CREATEDB;' in said["operator-lacks"].objects
    assert said["dba-not-superuser"].severity == "note"
    hidden = said["not-seen"]
    assert {"hba-app-user", "hba-names-legacy", "long-transactions", "md5-password"} <= set(hidden.objects)
    assert "pg_read_all_stats TO op" in hidden.fix
    assert ("schema-publications" in said) == (major >= 15)
    assert "operator-monitor" in said
    # In the raw
    database.execute("create role app login")
    sees = "select query from pg_stat_activity where usename = 'app'"
    with psycopg.connect(database.conninfo("op"), autocommit=True) as conn, database.connect("app") as busy:
        busy.execute("select 'busy'")
        assert conn.execute(sees).fetchall() == [("<insufficient privilege>",)]
        database.execute("grant pg_read_all_stats to op")
        assert conn.execute(sees).fetchall() == [("select 'busy'",)]
    with psycopg.connect(database.conninfo("op"), autocommit=True) as conn:
        conn.execute("create role app_migrator")
        conn.execute("grant app_migrator to op")
        for statement, error in (
            (f"alter database {database.name} owner to app_migrator", "permission denied"),
            ("select * from pg_hba_file_rules()", "permission denied"),
            ("create role dba superuser", "superuser|permission denied"),
            *([("alter publication whole owner to app_migrator", "permission denied")] if major >= 15 else []),
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match=error):
                conn.execute(statement.encode())
        conn.execute("revoke create on schema public from public")  # only a warning
        assert conn.execute("select has_schema_privilege('public', 'public', 'create')").fetchone() == (True,)
    # The fixes, as an administrator
    database.execute(
        "alter role op createdb; revoke create on schema public from public; grant create on schema public to legacy"
    )
    database.execute("grant execute on function pg_hba_file_rules() to op")
    if major >= 15:
        database.execute("alter publication whole owner to postgres")
    cured = found(database, "op")
    assert not {"operator-lacks", "operator-monitor", "schema-publications"} & cured.keys()
    assert set(cured["not-seen"].objects) == {"md5-password", "md5-stored", "scram-cost"}
    with psycopg.connect(database.conninfo("op"), autocommit=True) as conn:
        conn.execute(f"alter database {database.name} owner to app_migrator".encode())
        conn.execute("select * from pg_hba_file_rules()")


class Guarded(psycopg.Connection[Any]):
    """A session on a service that guards one statement and not its opposite, as PostgreSQL itself never does."""

    def execute(self, query: Any, *arguments: Any, **options: Any) -> psycopg.Cursor[Any]:
        if query == b'ALTER ROLE "legacy" CREATEDB;':
            query = "do $$ begin raise insufficient_privilege using message = 'not here'; end $$"
        return super().execute(query, *arguments, **options)


@pytest.mark.majors("two")
def test_an_operator_who_cannot_give_back(database: Database, major: int) -> None:
    option = " with admin option" if major >= 16 else ""
    database.execute(
        f"alter role legacy createdb; create role op login createrole createdb; grant legacy to op{option}"
    )
    assert "operator-way-back" not in found(database, "op")
    with Guarded.connect(database.conninfo("op"), autocommit=True) as conn:
        conn.execute("SET search_path = pg_catalog, pg_temp")
        state = read_state(conn)
        (said,) = hazards.find(
            conn, state, Context(SHOP, reduce(state, SHOP)), lambda one: one.id == "operator-way-back"
        )
        assert (said.step, said.objects) == ("revoke-legacy", ('ALTER ROLE "legacy" CREATEDB;',))
        assert "not here" in said.why
        # In the raw: the step could be taken, and its rollback could not
        conn.execute(b'ALTER ROLE "legacy" NOCREATEDB;')
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(said.objects[0].encode())
    # The fix: somebody else has to
    database.execute(said.objects[0])
    assert "operator-way-back" not in found(database, "op")


@pytest.mark.majors("two")
def test_a_bridge_that_bears_nothing(database: Database, major: int) -> None:
    assert "bridge-noinherit" not in found(database)
    database.execute("alter role legacy noinherit; create role app_migrator; create table t (a int)")
    database.execute("alter table t owner to app_migrator; grant app_migrator to legacy")
    assert ("bridge-noinherit" in found(database)) == (major < 16)
    with database.connect("legacy") as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
        conn.execute("select * from t")
    database.execute("alter role legacy inherit")
    if major >= 16:
        database.execute("grant app_migrator to legacy with inherit true")
    assert "bridge-noinherit" not in found(database)
    with database.connect("legacy") as conn:
        conn.execute("select * from t")


def test_a_database_that_is_kept(database: Database) -> None:
    keep = replace(SHOP, database_owner="keep")
    assert "database-kept" not in found(database)
    assert found(database, config=keep)["database-kept"].severity == "warning"
    kept = found(database, config=replace(keep, retire="drop"))["database-kept"]
    assert kept.severity == "blocker"
    with pytest.raises(psycopg.errors.DependentObjectsStillExist):
        database.execute("drop role legacy")


def test_the_bootstrap_superuser(fresh_cluster: FreshCluster, make_database: MakeDatabase) -> None:
    cluster = fresh_cluster(superuser="shop")
    database = make_database(name="shop", legacy="shop", operator="admin", cluster=cluster)
    config = Config("shop", "shop", ("public",), retire="drop")
    said = found(database, config=config)
    assert said["bootstrap-retire"].severity == "blocker"
    assert said["legacy-bootstrap"].severity == "warning"
    assert "legacy-attributes" not in said
    with pytest.raises(psycopg.errors.DependentObjectsStillExist, match="required by the database system"):
        database.execute("drop role shop")
    assert said["bootstrap-retire"].toml == ('[cutover] retire = "revoke"',)
    assert "bootstrap-retire" not in found(database, config=replace(config, retire="revoke"))


@pytest.mark.majors("two")
def test_a_tablespace(database: Database, major: int) -> None:
    assert "tablespaces-owned" not in found(database)
    create = "create tablespace fs_fast owner legacy location ''"
    database.admin.execute("set allow_in_place_tablespaces = on")
    database.admin.execute(create)
    database.execute("create role app_migrator login")
    try:
        assert found(database)["tablespaces-owned"].objects == ("tablespace fs_fast",)
        # In the raw: legacy cannot go, and whoever migrates one database can drop what all of them may use
        with pytest.raises(psycopg.errors.DependentObjectsStillExist, match="owner of tablespace fs_fast"):
            database.execute("drop role legacy")
        database.execute("reassign owned by legacy to app_migrator")
        database.execute("drop tablespace fs_fast", "app_migrator")
        database.admin.execute(create)
        database.admin.execute("alter tablespace fs_fast owner to postgres")
        assert "tablespaces-owned" not in found(database)
        database.execute("reassign owned by legacy to app_migrator")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="must be owner of tablespace"):
            database.execute("drop tablespace fs_fast", "app_migrator")
        database.execute("drop role legacy")
    finally:
        database.admin.execute("drop tablespace if exists fs_fast")


def test_new_hazards_do_not_stop_a_walk(database: Database, invoke_cli: InProcess) -> None:
    """With warnings and notes the walk begins all the same; a blocker stops it, an accepted one does not."""
    database.execute("create table t (a int); alter table t owner to legacy; grant insert on t to public")
    walk = Walk(invoke_cli, database).init("--schema", "public")
    walk.next("--dry-run")
    assert "public-writes" in look(database.admin)
    database.execute("alter table t enable row level security")
    assert "app_user would see no row" in walk.next(exit_code=5).stderr
    before = walk("doctor", "--json").check(5).json
    assert before["blockers"] == 1
    config = walk.config.read_text() + "\n[hazards.accept]\n"
    walk.config.write_text(config + '"rls-zero-rows" = "policies come with release 7"\n')
    after = walk("doctor", "--json").check(0).json
    assert after["blockers"] == 0
    accepted = next(one for one in after["findings"] if one["id"] == "rls-zero-rows")
    assert accepted["accepted"] == "policies come with release 7"
    assert accepted["objects"] == ["public.t"]
    assert accepted["manual"].endswith("ddl-rowsecurity.html")
    shown = walk("doctor").check(0).stdout
    assert "accepted blocker" in shown
    assert "accepted: policies come with release 7" in shown
    assert "policies come with release 7" in walk("doctor", "--format", "md").check(0).stdout
    walk("runbook", "--out", "book").check()
    assert "policies come with release 7" in (walk.run.cwd / "book" / "runbook.md").read_text()
    walk.next()
    assert walk.states()["create-roles"] == "done"
    walk.config.write_text(config + '"rls-zero-row" = "x"\n')
    wrong = walk("doctor").check(1)
    assert "[hazards.accept] rls-zero-row: there is no such hazard" in wrong.stderr
    assert 'did you mean "rls-zero-rows"?' in wrong.stderr
    walk.config.write_text(config + '"rls-zero-rows" = " "\n')
    assert "has no reason" in walk("status").check(1).stderr
