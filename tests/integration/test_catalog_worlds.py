"""Whole databases: nothing in them escapes the reader, for none of the roles in them."""

from __future__ import annotations

from dataclasses import replace

import psycopg
import pytest

from flatsplit import ddl, privileges
from flatsplit.catalog import read_state, remaining_dependencies, unknown_dependencies, with_objects
from flatsplit.demo.server import Cluster
from flatsplit.differ import diff
from flatsplit.model import OWNER, AclItem, DefaultRef, ObjectRef, State, intern_acl
from tests.fixtures.databases import Database, MakeDatabase, shared_apps, shared_schemas
from tests.support.patience import until
from tests.support.states import assert_grouped
from tests.support.world import trap_world


def _prove(database: Database, state: State) -> None:
    for role in state.roles:
        assert unknown_dependencies(database.admin, role, state) == (), role
    # And it is a proof: without any one of the objects it fails
    nothing = replace(state, objects={}, columns={}, defaults={}, policies={}, mappings=frozenset(), members={})
    for role in state.roles:
        told = unknown_dependencies(database.admin, role, nothing)
        left = remaining_dependencies(database.admin, role)
        assert set(told) <= set(left)
        assert len(left) - len(told) == sum(" pg_temp_" in each for each in left)


@pytest.mark.majors("all")
def test_trap_world(database: Database) -> None:
    trap_world(database.admin)
    state = read_state(database.admin)
    assert_grouped(state)
    _prove(database, state)


@pytest.mark.majors("two")
def test_what_is_given_on_objects_shows_in_them_alone(database: Database, major: int) -> None:
    """So whoever did nothing else needs to read nothing else anew."""
    trap_world(database.admin)
    database.execute("CREATE ROLE given")
    before = read_state(database.admin)
    objects = {
        ref: facts._replace(acl=intern_acl((*facts.acl, AclItem("given", OWNER, letters))))
        for ref, facts in before.objects.items()
        if (letters := privileges.owner_letters(ref.kind, major))
    }
    defaults = {DefaultRef(database.legacy, "", "r"): (AclItem("given", OWNER, "r"),)}
    want = before.but(objects={**before.objects, **objects}, defaults={**before.defaults, **defaults})
    statements = diff(before, want)
    facts = {(each.side, each.fact) for one in statements for each in one.changes}
    assert facts - {("-", "default_privilege")} == {("+", "privilege"), ("+", "default_privilege")}
    for statement in statements:
        database.execute(statement.sql)
    after = read_state(database.admin)
    looked = with_objects(database.admin, before)
    assert looked == after
    assert_grouped(looked)
    assert {ref.kind for ref in objects if after.objects[ref] != before.objects[ref]} == {ref.kind for ref in objects}
    assert len({ref.kind for ref in objects}) > 12


@pytest.mark.majors("two")
def test_owners_and_what_is_taken_show_in_objects_alone(database: Database) -> None:
    """Where no column has an ACL of its own."""
    trap_world(database.admin)
    database.execute("CREATE ROLE heir SUPERUSER")
    for ref, acl in read_state(database.admin).columns.items():
        for item in acl:
            database.execute(ddl.revoke_column(ref, item.privileges, item.grantee) + "\n")
    before = read_state(database.admin)
    assert not any(before.columns.values())
    moving = {
        ref: facts._replace(owner="heir")
        for ref, facts in before.objects.items()
        if facts.owner == database.legacy and ref.kind not in ("database", "extension", "tablespace", "subscription")
    }
    statements = diff(before, before.but(objects={**before.objects, **moving}))
    assert {each.fact for one in statements for each in one.changes} <= {"owner", "privilege"}
    for statement in statements:
        database.execute(statement.sql)
    after = read_state(database.admin)
    assert with_objects(database.admin, before) == after
    assert len({ref.kind for ref in moving if after.objects[ref].owner == "heir"}) > 8
    for statement in reversed(statements):
        database.execute(statement.undo)
    assert with_objects(database.admin, after) == read_state(database.admin) == before


@pytest.mark.majors("all")
@pytest.mark.parametrize("schema", shared_schemas())
def test_real_schemas(make_database: MakeDatabase, schema: str) -> None:
    database = make_database(schema)
    state = read_state(database.admin)
    _prove(database, state)
    assert sum(facts.owner == "legacy" for facts in state.objects.values()) > 10


@pytest.mark.majors("two")
@pytest.mark.parametrize("app", shared_apps())
def test_real_applications(make_database: MakeDatabase, app: str) -> None:
    database = make_database(app=app)
    _prove(database, read_state(database.admin))


@pytest.mark.majors("all")
def test_what_follows_and_what_does_not(database: Database, major: int) -> None:
    database.execute(
        "CREATE TABLE t (a serial, b int GENERATED ALWAYS AS IDENTITY, c int);"
        "CREATE SEQUENCE free; CREATE SEQUENCE owned; ALTER SEQUENCE owned OWNED BY t.c;"
        "CREATE SEQUENCE used; ALTER TABLE t ALTER c SET DEFAULT nextval('used');"
        "CREATE TYPE r AS RANGE (subtype = float8); CREATE TYPE e AS ENUM (); CREATE TYPE c AS (a int);"
        "CREATE STATISTICS st ON a, c FROM t; CREATE INDEX ON t (c); CREATE TABLE toasted (big text)"
    )
    state = read_state(database.admin)
    seen = {
        (ref.kind, ref.name, ref.args): facts.follows for ref, facts in state.objects.items() if ref.schema == "public"
    }
    expected = {
        ("table", "t", ""): False,
        ("table", "toasted", ""): False,
        ("sequence", "t_a_seq", ""): True,
        ("sequence", "t_b_seq", ""): True,
        ("sequence", "owned", ""): True,
        ("sequence", "free", ""): False,
        ("sequence", "used", ""): False,
        ("type", "r", ""): False,
        ("type", "e", ""): False,
        ("type", "c", ""): False,
        ("statistics", "st", ""): False,
        # Constructors of the range belong to the bootstrap superuser for ever
        ("function", "r", "double precision, double precision"): True,
        ("function", "r", "double precision, double precision, text"): True,
    }
    if major >= 14:
        expected |= {("function", "r_multirange", args): True for args in ("", "public.r", "VARIADIC public.r[]")}
    if 14 <= major < 17:
        expected["type", "r_multirange", ""] = False
    assert seen == expected


@pytest.mark.majors("all")
def test_temporary_objects_are_left_out(database: Database) -> None:
    with database.connect("legacy") as conn:
        conn.execute("CREATE TEMP TABLE tt (id serial primary key, v text); CREATE TEMP VIEW tv AS SELECT * FROM tt")
        conn.execute(
            "CREATE TYPE pg_temp.e AS ENUM (); CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql AS 'select 1'"
        )
        conn.execute("GRANT SELECT (v) ON tt TO PUBLIC; CREATE POLICY p ON tt TO legacy")
        conn.execute("GRANT SELECT (id) ON tt TO postgres")
        state = read_state(database.admin)
        assert {ref for ref, facts in state.objects.items() if facts.owner == "legacy"} == {
            ObjectRef("database", "", database.name)
        }
        assert not state.columns
        assert not state.policies
        assert not state.uses
        for role in state.roles:
            assert unknown_dependencies(database.admin, role, state) == ()
        left = remaining_dependencies(database.admin, "legacy")
        assert any("pg_temp_" in each for each in left)
        lasting = remaining_dependencies(database.admin, "legacy", temporary=False)
        assert lasting == (f"owner of database {database.name}",)


@pytest.mark.majors("all")
def test_extension_members(database: Database) -> None:
    database.execute("GRANT ALL ON SCHEMA public TO PUBLIC; ALTER ROLE legacy SUPERUSER; CREATE ROLE reader")
    database.execute("CREATE EXTENSION hstore; GRANT EXECUTE ON FUNCTION akeys(hstore) TO reader", "legacy")
    state = read_state(database.admin)
    extension = state.objects[ObjectRef("extension", "", "hstore")]
    assert (extension.owner, extension.extension, extension.note) == ("legacy", False, "")
    members = [facts for ref, facts in state.objects.items() if ref.schema == "public"]
    assert len(members) > 50
    assert all(facts.extension and facts.owner == "legacy" for facts in members)
    for role in ("legacy", "reader", "postgres"):
        assert unknown_dependencies(database.admin, role, state) == ()


@pytest.mark.majors("all")
def test_uses(database: Database, major: int) -> None:
    def relation(kind: str, name: str) -> ObjectRef:
        return ObjectRef(kind, "public", name)  # type: ignore[arg-type]

    database.execute(
        "CREATE TABLE a (x int); CREATE TABLE b (x int); CREATE TABLE log (x int); CREATE SEQUENCE s;"
        "CREATE VIEW v AS SELECT a.x FROM a JOIN b USING (x); CREATE VIEW w AS SELECT x, nextval('s') FROM v;"
        "CREATE MATERIALIZED VIEW m AS SELECT * FROM w; CREATE VIEW alone AS SELECT 1 AS x;"
        "CREATE RULE r AS ON INSERT TO a DO ALSO INSERT INTO log VALUES (NEW.x)"
    )
    expected = {
        relation("view", "v"): (relation("table", "a"), relation("table", "b")),
        relation("view", "w"): (relation("sequence", "s"), relation("view", "v")),
        relation("materialized_view", "m"): (relation("view", "w"),),
        relation("table", "a"): (relation("table", "log"),),
    }
    if major >= 15:
        database.execute("CREATE VIEW i WITH (security_invoker) AS SELECT * FROM a")
        database.execute("CREATE RULE r AS ON INSERT TO i DO INSTEAD INSERT INTO log VALUES (NEW.x)")
        expected[relation("view", "i")] = (relation("table", "log"),)
    assert read_state(database.admin).uses == expected


@pytest.mark.majors("two")
def test_reads_in_a_transaction_and_leaves_the_session_alone(database: Database) -> None:
    conn = database.connect(autocommit=False)
    conn.execute("SET search_path = public")
    conn.execute("SET timezone = 'Asia/Tokyo'")
    conn.execute("CREATE TABLE uncommitted (id int)")
    state = read_state(conn)
    assert ObjectRef("table", "public", "uncommitted") in state.objects
    assert unknown_dependencies(conn, "postgres", state) == ()
    assert conn.execute("SHOW search_path").fetchone() == ("public",)
    assert conn.execute("SHOW timezone").fetchone() == ("Asia/Tokyo",)
    assert conn.execute("SHOW transaction_read_only").fetchone() == ("off",)
    assert ObjectRef("table", "public", "uncommitted") not in read_state(database.admin).objects
    conn.commit()
    after = read_state(conn)
    assert conn.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    assert ObjectRef("table", "public", "uncommitted") in after.objects
    assert read_state(database.connect(row_factory=psycopg.rows.dict_row)) == after


@pytest.mark.majors("one")
def test_one_snapshot(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """What changes while we read is seen either wholly or not at all."""
    from flatsplit.catalog import objects

    real = objects.read_columns

    def meanwhile(*arguments):
        database.execute("CREATE TABLE late (a int); GRANT SELECT (a) ON late TO PUBLIC; CREATE ROLE late")
        return real(*arguments)

    monkeypatch.setattr(objects, "read_columns", meanwhile)
    state = read_state(database.connect())
    assert state.columns == {}
    assert "late" not in state.roles


@pytest.mark.majors("two")
def test_on_a_standby(standby: tuple[Cluster, Cluster]) -> None:
    primary, replica = standby
    with psycopg.connect(primary.conninfo(), autocommit=True) as conn:
        conn.execute("CREATE TABLE t (id int)")
        ((lsn,),) = conn.execute("SELECT pg_current_wal_lsn()::text").fetchall()
        expected = read_state(conn)
    with psycopg.connect(replica.conninfo(), autocommit=True) as conn:
        replayed = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
        until(lambda: conn.execute(replayed, [lsn]).fetchone() == (True,), "the standby")
        assert read_state(conn) == expected
